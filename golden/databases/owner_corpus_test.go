package databases

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator"
)

// ownerTypes are the types that owner columns are combined from, those that
// are no good included.
var ownerTypes = map[string][]string{
	"postgres": {"UUID", "BIGINT", "int4", "SMALLINT", "TEXT", "VARCHAR(36)", "character varying", "CHAR(3)", "NUMERIC(10, 2)", "DECIMAL", "TIMESTAMPTZ(3)", "timestamp without time zone",
		"DATE", "TIME", "BOOLEAN", "BYTEA", "INET", "BIT(3)", "BIT VARYING(9)", "DOUBLE PRECISION", "real", `"char"`, "name", "oid", "JSON", "JSONB", "POINT", "XML", "INTERVAL", "INT[]", "BIGSERIAL", "DATETIME", "NUMBER(10)", "UUID(3)"},
	"mariadb": {"BIGINT", "INT UNSIGNED", "INTEGER", "TINYINT(1)", "SMALLINT(5)", "MEDIUMINT", "DECIMAL(20, 0)", "NUMERIC(5)", "CHAR(36)", "VARCHAR(36)", "VARCHAR(768)", "BINARY(16)", "VARBINARY(255)",
		"DATE", "DATETIME(6)", "TIMESTAMP", "TIME(3)", "YEAR", "CHAR(36) CHARACTER SET ascii", "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "UUID", "TEXT", "JSON", "BLOB", "ENUM('a','b')", "VARCHAR", "DECIMAL(66)", "DATETIME(7)", "SERIAL", "NUMBER(10)", "BOOLEAN", "DOUBLE", "FLOAT", "BIT(8)", "INT ZEROFILL", "GEOMETRY", "no_such_type"},
	"sqlite": {"INTEGER", "INT", "BIGINT", "SMALLINT", "TEXT", "VARCHAR(36)", "BLOB", "REAL", "NUMERIC(10, 2)", "BOOLEAN", "DATE", "DATETIME", "CLOB", "TEXT COLLATE NOCASE", "UUID", "JSON", "SERIAL", "no_such_type", ""},
}

// ownerClauses are what follows the type; P is a table with an id of the type.
var ownerClauses = []string{
	"", "NOT NULL", "NULL", "NOT NULL NULL", "DEFAULT NULL", "NOT NULL DEFAULT NULL", "DEFAULT 1", "DEFAULT '1' NOT NULL", "DEFAULT 1 DEFAULT 2", "DEFAULT CURRENT_TIMESTAMP",
	"REFERENCES P(id)", "REFERENCES P (id) ON DELETE CASCADE", "NOT NULL\n REFERENCES P(id)\n ON DELETE CASCADE", "REFERENCES P(id) NOT NULL", "REFERENCES P(id) ON DELETE SET NULL", "NOT NULL REFERENCES P(id) ON DELETE SET NULL",
	"REFERENCES P(id) ON DELETE RESTRICT ON UPDATE CASCADE", "REFERENCES P(id) ON UPDATE SET NULL ON DELETE NO ACTION", "REFERENCES P", "REFERENCES P(id) ON DELETE SET DEFAULT", "DEFAULT 1 REFERENCES P(id) ON DELETE SET DEFAULT",
	"REFERENCES P(id) DEFERRABLE INITIALLY DEFERRED", "REFERENCES P(id) NOT DEFERRABLE", "REFERENCES P(id) MATCH FULL", "CONSTRAINT fk_owner REFERENCES P(id)", "CONSTRAINT nn NOT NULL",
	"REFERENCES P(id, id)", "REFERENCES P(id) REFERENCES P(id)", "REFERENCES P(id) ON DELETE", "UNIQUE", "PRIMARY KEY", "CHECK (x IS NOT NULL)", "COLLATE nonsense.x y", "-- comment", "/* comment */ NOT NULL", ", y INT", "garbage",
	"GENERATED ALWAYS AS (1) STORED", "AUTO_INCREMENT", "DEFAULT (SELECT 1)", "DEFAULT x", "DEFAULT :bind", "DEFERRABLE",
}

// acceptedByEngines says why adkgen refuses what a database takes: by the
// refusal's words, with the reason. Everything else that adkgen refuses, the
// database must refuse too.
var acceptedByEngines = map[string]string{
	"the sessions table has its primary key already":      "the raw table of this test has none",
	"UNIQUE would allow an owner one session only":        "it is a mistake in this table",
	"adkgen does not take a CHECK on the owner column":    "the model has no check yet",
	"only the foreign key can have a name here":           "the model has no name for it",
	"comments are not allowed in an owner column":         "a comment could hide a clause",
	"an owner column is exactly one column":               "the fragment is one column",
	"ON DELETE SET NULL needs a column that can be NULL":  "PostgreSQL and SQLite take it, and deleting an owner then fails",
	"ON UPDATE SET NULL needs a column that can be NULL":  "as ON DELETE",
	"ON DELETE SET DEFAULT needs a DEFAULT":               "the default is then NULL: SET NULL says so",
	"MATCH makes no difference":                           "it is the same without",
	"can have no index and no foreign key":                "the index would fail",
	"an owner is one value, not an array":                 "it is no ID",
	"is not an owner's ID":                                "it is no ID",
	"this column would count by itself":                   "the application gives the owner",
	"a generated column cannot be written":                "the application gives the owner",
	"is not a type for an owner's ID":                     "it is no ID, or cannot be compared exactly",
	"column cannot be indexed":                            "the index would fail",
	"has no type UUID that adkgen can use":                "MariaDB has it from 10.7; sqlc does not know it",
	"has no type NUMBER that adkgen can use":              "only in MariaDB's Oracle mode",
	"ZEROFILL is deprecated":                              "it pads what an ID is shown as",
	"the column is NULL and NOT NULL at once":             "MariaDB and SQLite let one win",
	"the column has two defaults":                         "MariaDB and SQLite let one win",
	"an owner column has one foreign key":                 "one is enough",
	"the type is missing":                                 "SQLite takes a column without type",
	"SQLite has no type":                                  "SQLite takes any word, and keeps numbers under most",
	"a default cannot refer to a column":                  "SQLite takes the name for text",
	"adkgen does not understand this default":             "an unusual default",
	"InnoDB has no SET DEFAULT":                           "MariaDB parses it and does nothing",
	"a constraint inside a column has no name in MariaDB": "MariaDB drops the name; MySQL refuses it",
	"wants named": "MariaDB finds the primary key; MySQL wants the column",
	"CURRENT_TIMESTAMP is a default for DATETIME": "MariaDB converts it; MySQL refuses it",
	"is not a default for a column of type":       "MariaDB converts it",
	"only a foreign key can be deferrable":        "SQLite ignores it",
	"a default cannot contain a subquery":         "MariaDB parses it",
}

// place strips from the catalog what raw and written tables may differ in: the
// position of the column, the name of the key.
var place = regexp.MustCompile(`column \d\d |(foreign key) [^:]*:`)

// displayWidth is what MariaDB shows of an integer's width, which means nothing
// and is not kept, but for TINYINT(1).
var displayWidth = regexp.MustCompile(`\b((?:small|medium|big)?int)\(\d+\)`)

// ownerLines are the lines of the catalog that concern the owner column.
func ownerLines(c catalog) catalog {
	var result catalog
	for _, line := range c {
		isIndex := strings.Contains(line, " index ") // InnoDB adds one for a foreign key; adkgen's own is tested elsewhere
		if !isIndex && (strings.Contains(line, " x: ") || strings.Contains(line, ": x -> ")) {
			line = place.ReplaceAllString(line, "$1 ")
			result = append(result, displayWidth.ReplaceAllString(line, "$1"))
		}
	}
	slices.Sort(result)
	return result
}

// TestOwnerCorpus gives hundreds of owner columns to adkgen and to the real
// databases. What adkgen accepts, the database must accept as adkgen writes it,
// and its catalog must then show the same as for the fragment itself. What
// adkgen refuses and the database accepts must be on the list, with a reason.
func TestOwnerCorpus(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			db.SetMaxOpenConns(1)
			fragments, accepted, reasons := 0, 0, map[string]int{}
			for i, typ := range ownerTypes[dialect] {
				parent := fmt.Sprintf("p%d", i)
				_, parentErr := db.Exec(fmt.Sprintf("CREATE TABLE %s (id %s PRIMARY KEY)", parent, typ))
				for _, clause := range ownerClauses {
					if parentErr != nil && strings.Contains(clause, "P") && strings.Contains(clause, "REFERENCES") {
						continue
					}
					fragment := strings.TrimSpace("x " + typ + " " + strings.ReplaceAll(clause, "REFERENCES P", "REFERENCES "+parent))
					fragments++
					_, rawErr := db.Exec("CREATE TABLE adk_sessions (" + fragment + "\n)")
					var raw catalog
					if rawErr == nil {
						raw = ownerLines(found(t, h, db, ""))
						exec1(t, db, "DROP TABLE adk_sessions")
					}
					owner, err := generator.ParseOwner("fragment", d, fragment)
					if err == nil {
						accepted++
						compareOwner(t, h, d, fragment, owner, raw, rawErr, func() catalog { return ownerLines(found(t, h, db, "")) }, func(sql string) error { _, err := db.Exec(sql); return err })
						continue
					}
					if rawErr == nil {
						reason := reasonFor(err.Error())
						if reason == "" {
							t.Errorf("%q: the database accepts it, and adkgen refuses it without a listed reason: %v", fragment, err)
						}
						reasons[reason]++
					}
				}
			}
			if fragments < 400 || accepted < 60 {
				t.Errorf("%d fragments, %d accepted", fragments, accepted)
			}
			t.Logf("%d fragments, %d accepted; refused though the database accepts: %v", fragments, accepted, reasons)
		})
	}
}

func reasonFor(refusal string) string {
	for words, reason := range acceptedByEngines {
		if strings.Contains(refusal, words) && reason != "" {
			return reason
		}
	}
	return ""
}

// compareOwner creates the sessions table with an accepted owner column, and
// compares the catalog with that of the fragment itself.
func compareOwner(t *testing.T, h *host, d dialects.Dialect, fragment string, owner dialects.Owner, raw catalog, rawErr error, read func() catalog, run func(string) error) {
	t.Helper()
	sql, err := generator.OwnerSQL(d, owner)
	if err != nil {
		t.Fatal(err)
	}
	create, _, _ := strings.Cut(sql, ";\n") // the indexes come behind, and go with the table
	if err := run(sql); err != nil {
		t.Errorf("%q is accepted, and the database says: %v\n%s", fragment, err, create)
		_ = run("DROP TABLE IF EXISTS adk_sessions")
		return
	}
	written := read()
	if err := run("DROP TABLE adk_sessions"); err != nil {
		t.Fatal(err)
	}
	if rawErr != nil {
		t.Errorf("%q is accepted, and the database refuses the fragment itself: %v", fragment, rawErr)
		return
	}
	if written.String() != raw.String() {
		t.Errorf("%q: the catalog shows\n%s\nand for what adkgen writes\n%s", fragment, raw, written)
	}
}
