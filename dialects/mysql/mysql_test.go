package mysql_test

import (
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/dialects/mysql"
)

func TestDialect(t *testing.T) { dialecttest.Run(t, mysql.MySQL()) }

func TestMariaDB(t *testing.T) { dialecttest.RunCorpus(t, mysql.MariaDB()) }

func FuzzParseOwner(f *testing.F) { dialecttest.Fuzz(f, mysql.MySQL()) }

func BenchmarkParseOwner(b *testing.B) {
	dialecttest.Benchmark(b, mysql.MySQL(), "account_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE")
}

// TestMariaDBReadsAsMySQLDoes holds that the flavours understand every
// fragment alike: they differ in what they write.
func TestMariaDBReadsAsMySQLDoes(t *testing.T) {
	for _, fragment := range dialecttest.Fragments(t, "testdata/owner") {
		if strings.Contains(fragment, "UUID_TO_BIN") {
			if name, _ := dialecttest.Text(mysql.MariaDB(), fragment); name != "problems" {
				t.Errorf("%s: MariaDB has no such function", fragment)
			}
			continue
		}
		name, text := dialecttest.Text(mysql.MariaDB(), fragment)
		wantName, want := dialecttest.Text(mysql.MySQL(), fragment)
		if text = strings.NewReplacer("MariaDB", "MySQL", "utf8mb4_nopad_bin", "utf8mb4_0900_bin").Replace(text); name != wantName || text != want {
			t.Errorf("%s\nMariaDB: %s\n%s\nMySQL: %s\n%s", fragment, name, text, wantName, want)
		}
		dialecttest.Check(t, mysql.MariaDB(), fragment)
	}
}

func FuzzReadSchema(f *testing.F) { dialecttest.FuzzSchema(f, mysql.MySQL()) }

func FuzzParseBackfill(f *testing.F) { dialecttest.FuzzBackfill(f, mysql.MySQL()) }
