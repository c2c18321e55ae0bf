package databases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/generator"
)

// TestAcceptedOwnerColumns creates the sessions table with every owner column
// that the dialects' own tests accept: the real databases must accept it too.
func TestAcceptedOwnerColumns(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			folder := strings.ReplaceAll(dialect, "mariadb", "mysql") // the flavours accept the same
			accepted := 0
			for _, fragment := range dialecttest.Fragments(t, "../../dialects/"+folder+"/testdata/owner") {
				owner, _, err := generator.ParseOwner("fragment", d, fragment, nil)
				if err != nil || strings.HasPrefix(owner.Type, "app.") {
					continue // refused, or of a type that is the user's
				}
				accepted++
				h, name := hostFor(t, dialect)
				db := h.open(t, name)
				if ref := owner.Reference; ref != nil {
					target, column := d.Quote(ref.Table), "id"
					if ref.Schema != "" {
						exec1(t, db, "CREATE SCHEMA "+ref.Schema)
						target = ref.Schema + "." + target
					}
					if ref.Column != "" {
						column = d.Quote(ref.Column)
					}
					collation := ""
					if owner.Collation != "" {
						collation = "COLLATE " + owner.Collation
					}
					exec1(t, db, fmt.Sprintf("CREATE TABLE %s (%s %s %s NOT NULL PRIMARY KEY)", target, column, owner.Type, collation))
				}
				sql, err := generator.OwnerSQL(d, owner)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := db.Exec(sql); err != nil {
					t.Errorf("%s is accepted, and the server says %v\n%s", fragment, err, sql)
				}
				if owner.Reference != nil && owner.Reference.Schema != "" && dialect == "mariadb" {
					exec1(t, db, "DROP TABLE adk_sessions")
					exec1(t, db, "DROP DATABASE "+owner.Reference.Schema)
				}
			}
			if accepted < 10 {
				t.Errorf("only %d were accepted", accepted)
			}
		})
	}
}

// TestReservedWords creates tables and columns with the names of all words that
// PostgreSQL and MariaDB know, as Quote writes them: a word that Quote leaves
// alone must do without quotes, and a word is left alone unless it must not be.
func TestReservedWords(t *testing.T) {
	words := map[string]bool{}
	h, name := hostFor(t, "postgres")
	for _, word := range lines(t, h.open(t, name), "SELECT word FROM pg_get_keywords()") {
		words[strings.ToLower(word)] = true
	}
	h, name = hostFor(t, "mariadb")
	for _, word := range lines(t, h.open(t, name), "SELECT word FROM information_schema.keywords WHERE word REGEXP '^[A-Za-z_]+$'") {
		words[strings.ToLower(word)] = true
	}
	if len(words) < 700 {
		t.Fatalf("%d words", len(words))
	}
	for _, dialect := range []string{"postgres", "mariadb", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			for word := range words {
				quoted := d.Quote(word)
				if _, err := db.Exec(fmt.Sprintf("CREATE TABLE %s (%[1]s INT)", quoted)); err != nil {
					t.Errorf("CREATE TABLE %s (%[1]s INT): %v", quoted, err)
					continue
				}
				for _, sql := range []string{"INSERT INTO %[1]s (%[1]s) VALUES (1)", "UPDATE %[1]s SET %[1]s = 2 WHERE %[1]s = 1", "SELECT %[1]s FROM %[1]s ORDER BY %[1]s", "DROP TABLE %[1]s"} {
					if _, err := db.Exec(fmt.Sprintf(sql, quoted)); err != nil {
						t.Errorf("%v: %v", fmt.Sprintf(sql, quoted), err)
					}
				}
			}
		})
	}
}
