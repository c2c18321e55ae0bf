package dialecttest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/adkgen/adkgen/dialects"
	"github.com/aymanbagabas/go-udiff"
)

// ours is the sessions table, as a dialect stores its names.
func ours(d dialects.Dialect) (s dialects.Sessions) {
	for _, name := range []string{"app_name", "user_id", "id", "state", "revision"} {
		s.Columns = append(s.Columns, d.Fold(name))
	}
	s.Table, s.Keys = d.Fold("adk_sessions"), s.Columns[:3]
	return s
}

// written is what a dialect makes of a line: the expression or column as it is
// written, or what is wrong with it behind a !.
func written(d dialects.Dialect, kind, text string) string {
	var sql string
	var problems []dialects.Problem
	if kind == "backfill" {
		var b dialects.Backfill
		b, problems = d.ParseBackfill(text, ours(d))
		sql = b.SQL
		for _, w := range b.Warnings {
			sql += " ? " + w.Message + "; " + w.Hint
		}
	} else {
		var column dialects.Owner
		if column, problems = d.ParseColumn(text); len(problems) == 0 {
			sql = dialects.Definition(d, column)
			if column.Unindexed {
				sql += " -- no index"
			}
		}
	}
	for _, p := range problems {
		sql += "! " + p.Message
		if kind == "backfill" {
			sql += fmt.Sprintf(" [%s]", text[p.Offset:p.Offset+p.Length])
		}
	}
	return sql
}

// expressions holds what becomes of the lines of testdata/<kind>.txt, each with
// => and the result behind it.
func expressions(t *testing.T, d dialects.Dialect, kind string) {
	file := "testdata/" + kind + ".txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			want.WriteString(line + "\n")
			continue
		}
		source, _, _ := strings.Cut(line, " => ")
		want.WriteString(source + " => " + written(d, kind, source) + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want.String() != string(text) {
		t.Error(udiff.Unified(file, "now", string(text), want.String()))
	}
}

// FuzzBackfill holds that what is accepted is one expression in a line, which
// is read again as itself.
func FuzzBackfill(f *testing.F, d dialects.Dialect) {
	text, err := os.ReadFile("testdata/backfill.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		source, _, _ := strings.Cut(strings.TrimSpace(line), " => ")
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		b, problems := d.ParseBackfill(source, ours(d))
		sql := b.SQL
		for _, p := range problems {
			if p.Offset < 0 || p.Offset+p.Length > len(source) || p.Message == "" {
				t.Errorf("%q: %+v", source, p)
			}
		}
		if len(problems) > 0 {
			return
		}
		if sql == "" || strings.ContainsFunc(sql, unicode.IsControl) {
			t.Errorf("%q becomes %q", source, sql)
		}
		if name := bareName(sql); name != "" {
			t.Errorf("%q becomes %q, in which %s has no table", source, sql, name)
		}
		again, problems := d.ParseBackfill(sql, ours(d))
		tooLong := slices.ContainsFunc(problems, func(p dialects.Problem) bool {
			return strings.Contains(p.Message, "adkgen reads at most") || strings.Contains(p.Message, "more than") || strings.Contains(p.Message, "deeper")
		})
		if again.SQL != sql && !tooLong {
			t.Errorf("%q becomes %q, and that %q %v", source, sql, again.SQL, problems)
		}
	})
}

var (
	columnNames = regexp.MustCompile(`(?i)^(app_name|user_id|id|state|revision|login|name|account_id)$`)
	sqlTokens   = regexp.MustCompile(`'(?:[^']|'')*'|"[^"]*"|\x60[^\x60]*\x60|\[[^\]]*\]|[\pL\d_$#]+|\S`)
	beforeNames = dialects.Words("SELECT DISTINCT WHERE AND OR NOT ON BY HAVING WHEN THEN ELSE CASE IN LIKE BETWEEN LIMIT OFFSET")
	endsFrom    = dialects.Words("SELECT WHERE ON GROUP HAVING ORDER LIMIT FETCH")
)

// bareName finds the name of a column without its table in an expression; ""
// when there is none. It knows some names, and nothing of grammars.
func bareName(sql string) string {
	tokens := append(sqlTokens.FindAllString(sql, -1), "", "")
	from, before := false, ""
	for i, t := range tokens[:len(tokens)-2] {
		word := strings.ToUpper(t)
		from = (from || word == "FROM" || word == "JOIN") && !endsFrom[word]
		operand := before == "" || beforeNames[strings.ToUpper(before)] || strings.Contains("(,=<>+-*/|%", before)
		if operand && !from && columnNames.MatchString(strings.Trim(t, "\"`[]")) && tokens[i+1] != "." && tokens[i+1] != "(" {
			return t
		}
		before = t
	}
	return ""
}
