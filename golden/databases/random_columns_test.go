package databases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/generator"
)

// TestRandomColumns gives thousands of random columns of the user's own to adkgen
// and to the real databases. What adkgen accepts, the database accepts, as it is
// and as adkgen writes it; what it refuses and the database accepts is on the
// list of TestOwnerCorpus, with a reason.
func TestRandomColumns(t *testing.T) {
	const n = 5500
	for _, dialect := range []string{"mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			db.SetMaxOpenConns(1)
			others := "y INTEGER, z VARCHAR(20), j JSON, "
			for parent, typ := range map[string]string{"pi": "BIGINT", "pv": "VARCHAR(36)", "pd": "DATETIME(6)"} {
				exec1(t, db, fmt.Sprintf("CREATE TABLE %s (id %s PRIMARY KEY)", parent, typ))
			}
			accepts := func(column string) error {
				kind := "TEMPORARY" // which costs no file, and has no foreign key
				if strings.Contains(column, "REFERENCES") {
					kind = ""
				}
				exec1(t, db, "DROP TABLE IF EXISTS adk_sessions")
				if _, err := db.Exec("CREATE " + kind + " TABLE adk_sessions (" + others + column + ")"); err != nil {
					return err
				}
				exec1(t, db, "DROP TABLE adk_sessions")
				return nil
			}
			accepted, both, computed, reasons := 0, 0, 0, map[string]int{}
			folder := "../../dialects/" + strings.ReplaceAll(dialect, "mariadb", "mysql")
			for _, fragment := range dialecttest.Random(t, folder+"/testdata/corpus/random.txt", n) {
				column, problems := d.ParseColumn(fragment)
				if strings.Contains(strings.Join(column.Uses, " "), "nosuchcolumn") {
					continue // the generator knows the table's columns
				}
				raw := accepts(fragment)
				switch {
				case len(problems) > 0 && raw != nil:
					both++
				case len(problems) > 0:
					reason := reasonFor(problems[0].Message)
					if reason == "" {
						t.Errorf("%q: the database accepts it, and adkgen refuses it without a listed reason: %s", fragment, problems[0].Message)
					}
					reasons[reason]++
				case raw != nil && strings.HasPrefix(column.Default, "(") && strings.Contains(raw.Error(), "1067"):
					computed++ // MariaDB computes a constant call, which is too long; elsewhere a row that is written finds out
				case raw != nil:
					t.Errorf("%q is accepted, and the database refuses it: %v", fragment, raw)
				default:
					accepted++
					if again, problems := d.ParseColumn(dialects.Definition(d, column)); len(problems) > 0 || dialects.Definition(d, again) != dialects.Definition(d, column) {
						t.Errorf("%q becomes %s, which reads as %s, %v", fragment, dialects.Definition(d, column), dialects.Definition(d, again), problems)
					}
					if err := accepts(dialects.Definition(d, column)); err != nil {
						t.Errorf("%q becomes %s, which the database refuses: %v", fragment, dialects.Definition(d, column), err)
					}
				}
			}
			t.Logf("of %d, %d are accepted, %d refused by both; refused though the database accepts: %v", n, accepted, both, reasons)
			if computed > n/50 {
				t.Errorf("%d defaults are too long only when they are computed", computed)
			}
			if accepted < n/5 || both < n/10 {
				t.Errorf("of %d, %d are accepted, %d refused by both", n, accepted, both)
			}
		})
	}
}
