package mysql_test

import (
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
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

// TestMariaDBHasNoRegexpLike refuses in a backfill a function that MySQL has and MariaDB has not (error 1305).
func TestMariaDBHasNoRegexpLike(t *testing.T) {
	const backfill = "CASE WHEN regexp_like(user_id, '^[0-9]+$') THEN 1 END"
	sessions := dialects.Sessions{Table: "adk_sessions", Columns: []string{"app_name", "user_id", "id"}, Keys: []string{"app_name", "user_id", "id"}}
	if _, problems := mysql.MySQL().ParseBackfill(backfill, sessions); len(problems) > 0 {
		t.Errorf("MySQL: %+v", problems)
	}
	_, problems := mysql.MariaDB().ParseBackfill(backfill, sessions)
	want := dialects.Problem{Offset: strings.Index(backfill, "regexp_like"), Length: len("regexp_like"), Message: "MariaDB has no function REGEXP_LIKE", Hint: "write the operator REGEXP, as in name REGEXP '^[a-z]+$'"}
	if len(problems) != 1 || problems[0] != want {
		t.Errorf("MariaDB: got %+v, want %+v", problems, want)
	}
}
