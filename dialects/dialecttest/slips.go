package dialecttest

import (
	_ "embed"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
)

//go:embed slips.txt
var slipsText string

// vague are the words of a grammar, which do not help.
var vague = []string{"syntax error", "ends too early", "grammar", "write one column definition", "close every quote"}

// slips holds that the commonest mistakes are answered at their place, in words,
// with a hint; and that a hint that shows a definition shows one that is taken.
func slips(t *testing.T, d dialects.Dialect) {
	typ := strings.Split(strings.Split(d.Traits().ExampleTypes, ",")[0], " ")[0]
	withType := func(text string) string {
		words := strings.Split(text, " ")
		for i, word := range words {
			if strings.Trim(word, "«»,;") == "T" {
				words[i] = strings.Replace(word, "T", typ, 1)
			}
		}
		return strings.Join(words, " ")
	}
	for line := range strings.Lines(slipsText) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, takes, _ := strings.Cut(line, " | ")
		text, want, found := strings.Cut(line, " =>")
		if !found {
			t.Fatalf("no => in %q", line)
		}
		m := ReadMarked(withType(text))
		_, problems := d.ParseOwner(m.Text)
		if slices.Contains(strings.Fields(takes), d.Name()) {
			continue
		}
		if len(problems) == 0 {
			t.Errorf("%q is accepted", m.Text)
			continue
		}
		p := problems[0]
		if !m.points(p) {
			t.Errorf("%q: %q points at %d, behind %q", m.Text, p.Message, p.Offset, m.Text[:p.Offset])
		}
		for _, word := range vague {
			if strings.Contains(p.Message+p.Hint, word) && word != "syntax error" || strings.Contains(p.Hint, word) {
				t.Errorf("%q: %q, hint %q", m.Text, p.Message, p.Hint)
			}
		}
		if want = withType(strings.TrimSpace(want)); want != "" && p.Hint != "write "+want {
			t.Errorf("%q: the hint is %q, and not to write %q", m.Text, p.Hint, want)
		}
		if shown, isDefinition := strings.CutPrefix(p.Hint, "write account_id "); isDefinition {
			if _, problems := d.ParseOwner("account_id " + shown); len(problems) > 0 {
				t.Errorf("%q: the hint shows %q, which is refused: %v", m.Text, p.Hint, problems)
			}
		}
	}
}
