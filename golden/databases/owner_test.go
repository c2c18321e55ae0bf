package databases

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/generator"
)

// TestAcceptedOwnerColumns creates the sessions table with every owner column
// that the dialects' own tests accept: the real databases must accept it too.
func TestAcceptedOwnerColumns(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
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
				if owner.Reference != nil && owner.Reference.Schema != "" && (dialect == "mariadb" || dialect == "mysql") {
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
// PostgreSQL, MariaDB and MySQL know, as Quote writes them: a word that Quote leaves
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
	h, name = hostFor(t, "mysql")
	for _, word := range lines(t, h.open(t, name), "SELECT word FROM information_schema.keywords") {
		words[strings.ToLower(word)] = true
	}
	if len(words) < 1000 {
		t.Fatalf("%d words", len(words))
	}
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			db.SetMaxOpenConns(1) // which has the temporary tables
			for word := range words {
				quoted := d.Quote(word)
				if _, err := db.Exec(fmt.Sprintf("CREATE TEMPORARY TABLE %s (%[1]s INT)", quoted)); err != nil {
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

// TestCollations holds that adkgen takes exactly the collations that MySQL and
// MariaDB list, but for binary, which makes another type of the column.
func TestCollations(t *testing.T) {
	all := map[string]bool{}
	have := map[string]map[string]bool{}
	for _, dialect := range []string{"mariadb", "mysql"} {
		h, name := hostFor(t, dialect)
		have[dialect] = map[string]bool{}
		for _, collation := range lines(t, h.open(t, name), "SELECT collation_name FROM information_schema.collations WHERE collation_name <> 'binary'") {
			all[collation], have[dialect][collation] = true, true
		}
		if len(have[dialect]) < 200 {
			t.Fatalf("%s has %d collations", dialect, len(have[dialect]))
		}
	}
	for dialect := range have {
		d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
		for collation := range all {
			_, problems := d.ParseOwner("x VARCHAR(9) COLLATE " + collation)
			if taken := len(problems) == 0; taken != have[dialect][collation] {
				t.Errorf("%s has the collation %s: %v; adkgen takes it: %v %v", dialect, collation, have[dialect][collation], taken, problems)
			}
		}
	}
}

// TestPatterns matches with regular expressions: what adkgen refuses, no database
// can match with. PostgreSQL and MySQL find that out only here.
func TestPatterns(t *testing.T) {
	patterns := []string{"[", "(", "a)", "*a", "+", "(?", "[[:alpha:]", "[]a", "[^", "a|*b", "a{2,1}", "x", "^[a-z]+$", "[]a]", "[[:alpha:]]+", "(?=a)b", "(?<!a)b", "(?i)a", "a{,3}", "a{2}", "[a-]", "}", "]", "a(b(c))", "(?:a|b)*", "(a", "a*+", "[[]", "(?#[)a", "(*UTF8)a", "()"}
	for dialect, sql := range map[string]string{"postgres": "SELECT 'a' ~ '%s'", "mariadb": "SELECT 'a' REGEXP '%s'", "mysql": "SELECT 'a' REGEXP '%s'"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			refused := 0
			for _, pattern := range patterns {
				why := dialects.CheckPattern(pattern)
				var is bool
				err := db.QueryRow(fmt.Sprintf(sql, pattern)).Scan(&is)
				if why.Message != "" && err == nil {
					t.Errorf("%q is refused, and the database matches with it: %v", pattern, why)
				}
				if why.Message != "" {
					refused++
				}
			}
			if refused < 8 {
				t.Errorf("%d are refused", refused)
			}
		})
	}
}

// TestNamesThatAreReserved gives each word that MySQL or MariaDB knows as the name
// of a column: adkgen takes it where the server does.
func TestNamesThatAreReserved(t *testing.T) {
	words := map[string]bool{}
	for _, dialect := range []string{"mariadb", "mysql"} {
		h, name := hostFor(t, dialect)
		for _, word := range lines(t, h.open(t, name), "SELECT word FROM information_schema.keywords WHERE word REGEXP '^[A-Za-z_]+$'") {
			words[strings.ToLower(word)] = true
		}
	}
	for _, dialect := range []string{"mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			db.SetMaxOpenConns(1) // which has the temporary tables
			stricter := 0
			for word := range words {
				_, problems := d.ParseOwner(word + " BIGINT")
				_, err := db.Exec("CREATE TEMPORARY TABLE t (" + word + " BIGINT)")
				if err == nil {
					exec1(t, db, "DROP TABLE t")
				}
				switch {
				case err != nil && len(problems) == 0:
					t.Errorf("%s is accepted, and the database says %v", word, err)
				case err == nil && len(problems) > 0 && reasonFor(problems[0].Message) == "":
					t.Errorf("%s: the database accepts it, and adkgen refuses it without a listed reason: %v", word, problems)
				case err == nil && len(problems) > 0:
					stricter++
				}
			}
			if stricter > 20 {
				t.Errorf("adkgen refuses %d words that the database takes", stricter)
			}
		})
	}
}

// TestHostTypes references columns of every type from columns of every other:
// where adkgen finds that the types fit, the database must agree, and where it
// finds that they differ, there must be a reason other than the database's.
func TestHostTypes(t *testing.T) {
	types := map[string][]string{
		"postgres": {"UUID", "SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "NUMERIC(10)", "TEXT", "VARCHAR(10)", "VARCHAR(40)", "CHAR(10)", "BYTEA", "DATE", "TIMESTAMP", "TIMESTAMPTZ(3)", "INET", "BIT(3)", "BOOLEAN"},
		"mariadb": {"TINYINT", "SMALLINT", "INT", "INT UNSIGNED", "BIGINT", "BIGINT UNSIGNED", "DECIMAL(10, 0)", "DECIMAL(12, 2)", "CHAR(10)", "VARCHAR(10)", "VARCHAR(40)", "VARCHAR(40) CHARACTER SET ascii",
			"VARCHAR(40) COLLATE utf8mb4_bin", "VARCHAR(40) COLLATE utf8mb4_unicode_ci", "BINARY(16)", "VARBINARY(40)", "DATE", "DATETIME(6)", "TIMESTAMP", "YEAR"},
	}
	types["mysql"] = types["mariadb"]
	for dialect, list := range types {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			fits, stricter := 0, 0
			for i, theirs := range list {
				parent := fmt.Sprintf("parent%d", i)
				create := fmt.Sprintf("CREATE TABLE %s (id %s PRIMARY KEY)", parent, theirs)
				exec1(t, db, create)
				schema, err := generator.ReadHost(d, generator.Input{Read: func(string) ([]byte, error) { return []byte(create), nil }}, []string{"x.sql"})
				if err != nil || len(schema.Warnings) > 0 {
					t.Fatal(err, schema)
				}
				for _, ours := range list {
					_, warnings, err := generator.ParseOwner("fragment", d, fmt.Sprintf("x %s REFERENCES %s", ours, parent), schema)
					_, serverErr := db.Exec(fmt.Sprintf("CREATE TABLE child (x %s, FOREIGN KEY (x) REFERENCES %s (id))", ours, parent))
					if serverErr == nil {
						exec1(t, db, "DROP TABLE child")
					}
					switch {
					case err == nil && serverErr != nil && len(warnings) == 0:
						t.Errorf("%s references %s: adkgen finds that it fits, and the server says %v", ours, theirs, serverErr)
					case err == nil && serverErr == nil:
						fits++
					case serverErr == nil:
						stricter++
					}
					if ours == theirs && err != nil {
						t.Errorf("%s does not fit itself: %v", ours, err)
					}
				}
			}
			t.Logf("%d pairs fit; %d that the server takes are refused: another type, or too narrow for every value", fits, stricter)
			if fits < len(list) || stricter == 0 {
				t.Errorf("%d pairs fit, %d are refused that the server takes", fits, stricter)
			}
		})
	}
}
