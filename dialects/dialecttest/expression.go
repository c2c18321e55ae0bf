package dialecttest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/adkgen/adkgen/dialects"
	"github.com/aymanbagabas/go-udiff"
)

// ours are the columns of the sessions table, as a dialect stores them.
func ours(d dialects.Dialect) (table string, columns []string) {
	for _, name := range []string{"app_name", "user_id", "id", "state", "revision"} {
		columns = append(columns, d.Fold(name))
	}
	return d.Fold("adk_sessions"), columns
}

// written is what a dialect makes of a line: the expression or column as it is
// written, or what is wrong with it behind a !.
func written(d dialects.Dialect, kind, text string) string {
	var sql string
	var problems []dialects.Problem
	if kind == "backfill" {
		table, columns := ours(d)
		sql, problems = d.ParseBackfill(text, table, columns)
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
	table, columns := ours(d)
	f.Fuzz(func(t *testing.T, source string) {
		sql, problems := d.ParseBackfill(source, table, columns)
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
		again, problems := d.ParseBackfill(sql, table, columns)
		tooLong := slices.ContainsFunc(problems, func(p dialects.Problem) bool {
			return strings.Contains(p.Message, "adkgen reads at most") || strings.Contains(p.Message, "more than") || strings.Contains(p.Message, "deeper")
		})
		if again != sql && !tooLong {
			t.Errorf("%q becomes %q, and that %q %v", source, sql, again, problems)
		}
	})
}
