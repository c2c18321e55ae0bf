package postgres

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adkgen/adkgen/dialects"
)

// TestBlankComments compares the tokens of PostgreSQL's scanner with and without
// the comments, on texts that are put together at random.
func TestBlankComments(t *testing.T) {
	parts := []string{"/*", "*/", "/", "*", "'", "''", "\"", "e'", "E'", "xe'", `\`, "$$", "$a$", "$1", "x$$", "a", " ", "\n", "--", "-", "+", ";", "1", "ä", "$ä$", "U&'", "n'", "b'", "\n'", "-- x\n"}
	random := rand.New(rand.NewPCG(1, 2))
	compared, comments := 0, 0
	for range 20000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		sql := b.String()
		tokens, problem := tokenize(sql)
		blanked, open := blankComments(sql)
		if problem != nil {
			continue // it is reported with or without its comments
		}
		if open >= 0 {
			t.Errorf("%q has no comment that is open", sql)
			continue
		}
		all := len(tokens)
		tokens = slices.DeleteFunc(tokens, func(t dialects.Token) bool {
			return t.Kind == dialects.TokenComment && strings.HasPrefix(sql[t.Offset:], "/*")
		})
		comments += all - len(tokens)
		got, problem := tokenize(blanked)
		if problem != nil || !slices.Equal(got, tokens) {
			t.Errorf("%q has the tokens %v, and as %q %v (%v)", sql, tokens, blanked, got, problem)
		}
		compared++
	}
	if compared < 1000 || comments < 100 {
		t.Errorf("only %d texts were compared, with %d comments", compared, comments)
	}
}

// TestLongCommentsAreReadInTime reads a megabyte of what took the square of its
// length: an hour.
func TestLongCommentsAreReadInTime(t *testing.T) {
	for _, part := range []string{"/*", "/**/", "/*/*+*/*/"} {
		start := time.Now()
		h := &dialects.HostSchema{Types: map[string]bool{}}
		problems := Dialect{}.ReadSchema(h, "1.sql", strings.Repeat(part, 1<<20/len(part)))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("a megabyte of %s takes %v", part, took)
		}
		if (part == "/*") != (len(problems) == 1 && strings.Contains(problems[0].Message, "unterminated /* comment")) {
			t.Errorf("%s: %v", part, problems)
		}
	}
}
