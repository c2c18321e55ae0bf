package dialecttest

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
)

//go:embed clauses.txt
var clauses string

// Marked is a fragment in which « and » mark where a refusal may point, and ⏎
// and ⇥ stand for a line break and a tab.
type Marked struct {
	Text  string          // without the marks
	Marks []dialects.Span // what stood between them
}

// ReadMarked takes the marks out of a text.
func ReadMarked(text string) (m Marked) {
	text = strings.NewReplacer("⏎", "\n", "⇥", "\t").Replace(text)
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "«")
		b.WriteString(before)
		if !found {
			return Marked{b.String(), m.Marks}
		}
		inside, after, _ := strings.Cut(rest, "»")
		m.Marks = append(m.Marks, dialects.Span{Offset: b.Len(), Length: len(inside)})
		b.WriteString(inside)
		text = after
	}
}

// points reports whether a problem points at the beginning of a mark.
func (m Marked) points(p dialects.Problem) bool {
	for _, mark := range m.Marks {
		if p.Offset == mark.Offset {
			return true
		}
	}
	return false
}

// Combination is a fragment of the combined corpus.
type Combination struct {
	Marked
	Type   string
	Parent string // the table that it references; its id has the type
}

// Combinations combines the types in a file, one a line, with all clauses.
func Combinations(t testing.TB, types string) (all []Combination) {
	t.Helper()
	for i, typ := range lines(t, types) {
		parent := fmt.Sprintf("p%d", i)
		for clause := range strings.Lines(clauses) {
			clause = strings.TrimSuffix(clause, "\n")
			if strings.HasPrefix(clause, "#") {
				continue
			}
			clause = strings.NewReplacer(" p(", " "+parent+"(", " p (", " "+parent+" (", "«p»", "«"+parent+"»", "⇥p(", "⇥"+parent+"(", "»p(", "»"+parent+"(", " TABLE p", " TABLE "+parent).Replace(clause)
			c := Combination{ReadMarked(strings.TrimSpace("x «" + typ + "» " + clause)), typ, parent}
			c.Marks = append(c.Marks, wordsOf(typ)...)
			all = append(all, c)
		}
	}
	return all
}

// wordsOf gives the places of a type's further words behind "x ": a refusal may
// point at any of them.
func wordsOf(typ string) (spans []dialects.Span) {
	for i := range typ {
		if i > 0 && (typ[i-1] == ' ' || typ[i-1] == '(') {
			spans = append(spans, dialects.Span{Offset: 2 + i})
		}
	}
	return spans
}

// lines reads a file's lines that are neither empty nor begin with #.
func lines(t testing.TB, file string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// Rule is a line of a corpus of rules: the verdict, the fragment, the source.
type Rule struct {
	Accept bool
	Marked
	Source string // a manual's section or a server's error number
}

// Rules reads a file with a rule in each line: "accept | fragment | source" or
// "refuse | fragment with «a mark» | source".
func Rules(t testing.TB, file string) (rules []Rule) {
	t.Helper()
	for _, line := range lines(t, file) {
		parts := strings.Split(line, " | ")
		if len(parts) != 3 || parts[0] != "accept" && parts[0] != "refuse" || parts[2] == "" {
			t.Fatalf("%s: %q is not verdict | fragment | source", file, line)
		}
		rule := Rule{parts[0] == "accept", ReadMarked(parts[1]), parts[2]}
		if rule.Accept != (len(rule.Marks) == 0) {
			t.Fatalf("%s: %q: what is refused has a mark, and nothing else", file, line)
		}
		rules = append(rules, rule)
	}
	return rules
}

// combined holds that every fragment of the combined corpus is either
// understood, and reads back as itself, or refused at a mark.
func combined(t *testing.T, d dialects.Dialect) {
	all := Combinations(t, "testdata/corpus/types.txt")
	accepted := 0
	for _, c := range all {
		Check(t, d, c.Text)
		_, problems := d.ParseOwner(c.Text)
		if len(problems) == 0 {
			accepted++
		}
		for _, p := range problems {
			if !c.points(p) {
				t.Errorf("%s refuses %q elsewhere than expected:\n%s", d.Name(), c.Text, problemText(c.Text, p))
			}
		}
	}
	if len(all) < 400 || accepted < 100 || accepted == len(all) {
		t.Errorf("%d fragments, %d accepted", len(all), accepted)
	}
}

// rules holds the verdicts and places in the corpus of rules.
func rules(t *testing.T, d dialects.Dialect) {
	for _, r := range Rules(t, filepath.Join("testdata", "corpus", d.Name()+".txt")) {
		Check(t, d, r.Text)
		_, problems := d.ParseOwner(r.Text)
		switch {
		case r.Accept && len(problems) > 0:
			t.Errorf("%s accepts %q (%s), and adkgen refuses it:\n%s", d.Name(), r.Text, r.Source, problemText(r.Text, problems[0]))
		case !r.Accept && len(problems) == 0:
			t.Errorf("%s refuses %q (%s), and adkgen accepts it", d.Name(), r.Text, r.Source)
		case !r.Accept && problems[0].Offset != r.Marks[0].Offset:
			t.Errorf("%s refuses %q elsewhere than expected:\n%s", d.Name(), r.Text, problemText(r.Text, problems[0]))
		}
	}
}
