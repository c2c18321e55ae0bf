package dialecttest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
)

// Listing says what becomes of every fragment and expression of a dialect's
// testdata and of n random ones, a line each,
// sorted: the SQL, or "refused". Two builds of a dialect must list the same.
func Listing(t testing.TB, d dialects.Dialect, n int) []string {
	t.Helper()
	fragments := Fragments(t, "testdata/owner")
	for _, c := range Combinations(t, "testdata/corpus/types.txt") {
		fragments = append(fragments, c.Text)
	}
	for _, r := range Rules(t, filepath.Join("testdata", "corpus", d.Name()+".txt")) {
		fragments = append(fragments, r.Text)
	}
	fragments = append(fragments, sources(t, "column")...)
	fragments = append(fragments, Random(t, "testdata/corpus/random.txt", n)...)
	fragments = append(fragments, Random(t, "testdata/corpus/columns.txt", n/2)...)
	var all []string
	for _, fragment := range fragments {
		for kind, parse := range map[string]func(string) (dialects.Owner, []dialects.Problem){"owner": d.ParseOwner, "column": d.ParseColumn} {
			sql := "refused"
			if column, problems := parse(fragment); len(problems) == 0 {
				sql = dialects.Definition(d, column)
			}
			all = append(all, fmt.Sprintf("%s: %q => %s", kind, fragment, sql))
		}
	}
	for _, expression := range sources(t, "backfill") {
		b, problems := d.ParseBackfill(expression, ours(d))
		if len(problems) > 0 {
			b.SQL = "refused"
		}
		all = append(all, fmt.Sprintf("backfill: %q => %s", expression, b.SQL))
	}
	slices.Sort(all)
	return all
}

// sources are what stands before => in the lines of testdata/<kind>.txt.
func sources(t testing.TB, kind string) (all []string) {
	t.Helper()
	for _, line := range lines(t, filepath.Join("testdata", kind+".txt")) {
		source, _, _ := strings.Cut(line, " => ")
		all = append(all, source)
	}
	return all
}
