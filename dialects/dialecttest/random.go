package dialecttest

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

var part = regexp.MustCompile(`<[a-z ]+>`)

// Random makes n different fragments from a file of rules, the same ones each
// time. A rule is a line "= name" with its alternatives below, one a line, of
// which one is taken; <name> in an alternative is replaced by what another rule
// makes. The first rule makes the fragment. A line that is empty or begins with
// # means nothing, and – is an alternative of no words.
func Random(t testing.TB, file string, n int) []string {
	t.Helper()
	rules := map[string][]string{}
	first, rule := "", ""
	for _, line := range lines(t, file) {
		if name, ok := strings.CutPrefix(line, "= "); ok {
			rule = "<" + name + ">"
			if first == "" {
				first = rule
			}
			continue
		}
		if line == "–" {
			line = ""
		}
		rules[rule] = append(rules[rule], line)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var make func(text string, depth int) string
	make = func(text string, depth int) string {
		return part.ReplaceAllStringFunc(text, func(name string) string {
			alternatives := rules[name]
			if len(alternatives) == 0 {
				t.Fatalf("%s has no rule %s", file, name)
			}
			choice := alternatives[random.IntN(len(alternatives))]
			if depth > 5 { // the first is the simplest
				choice = alternatives[0]
			}
			return make(choice, depth+1)
		})
	}
	var all []string
	seen := map[string]bool{}
	for tries := 0; len(all) < n; tries++ {
		if tries > 20*n {
			t.Fatalf("%s makes only %d different fragments", file, len(all))
		}
		fragment := strings.Join(strings.Fields(make(first, 0)), " ")
		if !seen[fragment] {
			seen[fragment] = true
			all = append(all, fragment)
		}
	}
	return all
}
