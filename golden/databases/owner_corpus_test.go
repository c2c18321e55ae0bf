package databases

import (
	"cmp"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/generator"
)

// acceptedByEngines says why adkgen refuses what a database takes: by the
// refusal's words, with the reason. Everything else that adkgen refuses, the
// database must refuse too.
var acceptedByEngines = map[string]string{
	"the table has its primary key already":   "the raw table of this test has none",
	"this clause has no name in the database": "PostgreSQL and SQLite drop the name",
	"a name has 6":                                       "PostgreSQL cuts it without a word",
	"a CHECK is a condition":                             "MariaDB takes a number; MySQL does not",
	"two constraints have the":                           "SQLite does not compare names",
	"is not a value of an UN":                            "MariaDB converts it",
	"UNIQUE stands here twice":                           "one is enough",
	"COMMENT stands here twice":                          "one is enough",
	"the column has two CHECKs":                          "AND joins them",
	"adkgen takes UNIQUE without options":                "older servers do not have them",
	"the CHECK of a column looks at this column only":    "it would no longer be about the owner",
	"adkgen does not take this clause on a column":       "the model has no place for it",
	"a CHECK stands before REFERENCES":                   "MariaDB takes it behind; MySQL does not",
	"a hidden column":                                    "the queries use it",
	"cannot be a column's name without quotes":           "reserved in other places",
	"is a reserved word of M":                            "reserved in another of the server's versions, or in other places",
	"is read as an escape by many":                       "many tools read it as an escape",
	"cannot call a function whose result changes":        "MariaDB and SQLite find out when a row is written, and MySQL at once",
	"the sessions table has a column":                    "the raw table of this test has no other column",
	"an aggregate or window function":                    "the error comes with the first row",
	"comments are not allowed in a column definition":    "a comment could hide a clause",
	"this is one column definition":                      "the fragment is one column",
	"ON DELETE SET NULL needs a column that can be NULL": "PostgreSQL and SQLite take it, and deleting an owner then fails",
	"ON UPDATE SET NULL needs a column that can be NULL": "as ON DELETE",
	"ON DELETE SET DEFAULT needs a DEFAULT":              "the default is then NULL: SET NULL says so",
	"MATCH makes the database ignore":                    "MariaDB drops it; MySQL ignores ON DELETE then",
	"MATCH PARTIAL exists in no database":                "SQLite reads any word there",
	"can have no index and no foreign key":               "the index would fail",
	"an owner is one value, not an array":                "it is no ID",
	"is not an owner's ID":                               "it is no ID",
	"this column would count by itself":                  "the application gives the owner",
	"a generated column cannot be written":               "the application gives the owner",
	"is not a type for an owner's ID":                    "it is no ID, or cannot be compared exactly",
	"column cannot be indexed":                           "the index would fail",
	"that adkgen can use":                                "sqlc does not know the type, or the parser of the fragment does not",
	"ZEROFILL is deprecated":                             "it pads what an ID is shown as",
	"the column is NULL and NOT NULL at once":            "MariaDB and SQLite let one win",
	"the column has two defaults":                        "MariaDB and SQLite let one win",
	"a column has one foreign key":                       "one is enough",
	"the type is missing":                                "SQLite takes a column without type",
	"no brackets around a name":                          "SQLite takes the quotes of other databases",
	"SQLite has no type":                                 "SQLite takes any word, and keeps numbers under most",
	"a default cannot refer to a column":                 "SQLite takes the name for text",
	"adkgen does not understand this expression":         "an unusual default or condition",
	"InnoDB has no SET DEFAULT":                          "MariaDB parses it and does nothing",
	"only a CHECK can have a name inside a column":       "MariaDB drops the name; MySQL refuses it",
	"wants named":                                        "MariaDB finds the primary key; MySQL wants the column",
	"CURRENT_TIMESTAMP is a default for DATETIME":        "MariaDB converts it; MySQL refuses it",
	"is not a value of type":                             "MariaDB converts it",
	"only a foreign key can be deferrable":               "SQLite ignores it",
	"a column definition cannot contain a subquery":      "MariaDB parses it",
	"one IS follows another":                             "PostgreSQL's grammar in pure Go does not read it",
	"read the ? of this operator":                        "some drivers read it as a parameter",
	"looks at no other column":                           "a DEFAULT says the same",
	"can be neither unique nor a foreign key":            "the model has no index on arrays",
	"is a word of SQL from PostgreSQL 17 on":             "PostgreSQL 17 reads it otherwise",
	"PostgreSQL takes others from 15 on":                 "older servers do not",
	"takes 0 to 6":                                       "PostgreSQL cuts it to 6 with a warning",
	"a type's length or precision is a whole number":     "PostgreSQL takes a text as well",
	"syntax error near":                                  "an unusual word for a type, or a clause of MariaDB's or MySQL's own",
	"only a text has a collation":                        "MySQL and MariaDB forget it",
	"|| means OR":                                        "it depends on the SQL mode",
	"adkgen takes no function":                           "MySQL 9 does not, or the list of functions would be too long",
	"has another number of arguments":                    "MariaDB has more forms of some",
	"has no literal default (error 1101)":                "MariaDB takes it; MySQL does not",
	"matches no bytes with a regular":                    "MariaDB does",
	"generates a ":                                       "MySQL does, as the session says",
	"takes this literal for an":                          "MariaDB takes it without parentheses",
	"of these arguments in every build":                  "SQLite finds out when a row is written, or the function is new",
	"an owner does not change with the time":             "it is for columns: only",
	"YEAR has four digits":                               "MariaDB takes two, and warns",
	"has room for nothing":                               "no index can be on it in MySQL",
	"adkgen does not take the type":                      "sqlc, or a driver, has no Go type for it",
	"does not fit into":                                  "MySQL finds out when a row is written",
	"is more than an index or the type":                  "the index would fail",
	"takes nothing but a comment behind a generated":     "MariaDB takes no NOT NULL there",
	"the default has":                                    "the value comes of a function or of MariaDB's conversion",
	"CHARACTER SET":                                      "the collations of other character sets ignore spaces",
	"BINARY after a character type":                      "deprecated",
	"a backslash in a text":                              "it depends on the SQL mode",
	"adkgen writes a CHECK that is enforced":             "it would check nothing",
	"takes no length and no options":                     "the model has no place for it",
	"is a number, and the column takes texts":            "the databases write it in ways of their own",
	"COLLATE stands here twice":                          "one is enough",
	"spaces at the end of a value":                       "they are lost",
	"may not have every character":                       "the list of characters would be long",
	"is no regular expression":                           "MySQL and PostgreSQL find out when a row is written",
	"has the value":                                      "under a collation in which capitals differ",
}

// place strips from the catalog what raw and written tables may differ in: the
// position of the column, the name of the key.
var place = regexp.MustCompile(`column \d\d |(foreign key|unique|check) [^:]*:`)

// displayWidth is what MariaDB shows of an integer's width, which means nothing
// and is not kept, but for TINYINT(1).
var displayWidth = regexp.MustCompile(`\b((?:small|medium|big)?int)\(\d+\)`)

// collationOf is a column's type and collation in the catalog.
var collationOf = regexp.MustCompile(`(: [a-z]+\(\d+\)) [a-z0-9]+_[a-z0-9_]+,`)

// forSQLC is how a default is written that sqlc cannot read otherwise.
var forSQLC = regexp.MustCompile(`default ifnull\((.*),NULL\)`)

// ownerLines are the lines of the catalog that concern the owner column.
func ownerLines(c catalog, column string) catalog {
	var result catalog
	for _, line := range c {
		if strings.HasSuffix(line, " check state: 1") { // of adkgen's own column, on MariaDB
			continue
		}
		isIndex := strings.Contains(line, " index ") // InnoDB adds one for a foreign key; adkgen's own is tested elsewhere
		if !isIndex && strings.HasPrefix(line, "adk_sessions ") &&
			(strings.Contains(line, " "+column+": ") || strings.Contains(line, ": "+column+" -> ") || strings.HasSuffix(line, ": "+column) || strings.Contains(line, " check ")) {
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
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			db.SetMaxOpenConns(1)
			folder := "../../dialects/" + strings.ReplaceAll(dialect, "mariadb", "mysql") + "/testdata/corpus/"
			if d.Traits().Namespaces != "" {
				exec1(t, db, "CREATE SCHEMA x")
				t.Cleanup(func() { // MariaDB keeps it beside the test's database; PostgreSQL drops it with that
					_, _ = db.Exec("DROP SCHEMA x")
				})
			}
			c := corpusRun{t, h, db, d, map[string]int{}, 0, 0}
			parent := ""
			var parentErr error
			for _, combination := range dialecttest.Combinations(t, folder+"types.txt") {
				if combination.Parent != parent {
					parent = combination.Parent
					_, parentErr = db.Exec(fmt.Sprintf("CREATE TABLE %s (id %s PRIMARY KEY)", parent, combination.Type))
					if d.Traits().Namespaces != "" {
						_, _ = db.Exec(fmt.Sprintf("CREATE TABLE x.%s (id %s PRIMARY KEY)", parent, combination.Type)) // fails as the other
					}
				}
				if parentErr == nil || !strings.Contains(combination.Text, "REFERENCES") {
					c.compare(combination.Text)
				}
			}
			for _, rule := range dialecttest.Rules(t, folder+dialect+".txt") {
				c.rule(rule)
			}
			for _, sql := range randomNeeds[dialect] {
				exec1(t, db, sql)
			}
			if n := randomFragments[dialect]; n > 0 {
				for _, fragment := range dialecttest.Random(t, folder+"random.txt", n) {
					c.compare(fragment)
				}
			}
			if c.fragments < 400 || c.accepted < 100 {
				t.Errorf("%d fragments, %d accepted", c.fragments, c.accepted)
			}
			t.Logf("%d fragments, %d accepted; refused though the database accepts: %v", c.fragments, c.accepted, c.reasons)
		})
	}
}

// randomFragments is how many random fragments each database gets, and
// randomNeeds what of the user's own those name.
var (
	randomFragments = map[string]int{"postgres": 6000}
	randomNeeds     = map[string][]string{
		"postgres": {"CREATE DOMAIN city_name AS text", "CREATE DOMAIN nosuchtype AS text", `CREATE COLLATION nowhere FROM "C"`, "CREATE SEQUENCE nosuch"},
	}
)

// corpusRun gives fragments to adkgen and to one database.
type corpusRun struct {
	t                   *testing.T
	h                   *host
	db                  *sql.DB
	d                   dialects.Dialect
	reasons             map[string]int // why adkgen refuses what the database accepts
	fragments, accepted int
}

// compare gives one fragment to both, with its references in place. Statements
// that a fragment smuggles in are for the database alone: a table that one
// drops is created again.
func (c *corpusRun) compare(fragment string) {
	c.fragments++
	owner, _, err := generator.ParseOwner("fragment", c.d, fragment, nil)
	if strings.Contains(fragment, ";") { // a second statement: nothing to compare
		if err == nil {
			c.t.Errorf("%q is accepted", fragment)
		}
		return
	}
	_, rawErr := c.db.Exec("CREATE TABLE adk_sessions (" + fragment + "\n)")
	var raw catalog
	if rawErr == nil {
		raw = ownerLines(found(c.t, c.h, c.db, ""), owner.Name)
		exec1(c.t, c.db, "DROP TABLE adk_sessions")
	}
	if err == nil && owner.UserType && rawErr != nil {
		return // only the database knows what its operators are
	}
	if err == nil {
		c.accepted++
		compareOwner(c.t, c.h, c.d, fragment, owner, raw, rawErr, func() catalog { return ownerLines(found(c.t, c.h, c.db, ""), owner.Name) }, func(sql string) error { _, err := c.db.Exec(sql); return err })
		return
	}
	if rawErr == nil {
		reason := reasonFor(err.Error())
		if reason == "" {
			c.t.Errorf("%q: the database accepts it, and adkgen refuses it without a listed reason: %v", fragment, err)
		}
		c.reasons[reason]++
	}
}

// rule gives a fragment of the written corpus to both: what it references is
// created first.
func (c *corpusRun) rule(r dialecttest.Rule) {
	if owner, _, err := generator.ParseOwner("fragment", c.d, r.Text, nil); err == nil {
		if owner.UserType || strings.Contains(owner.Default, "owners") || owner.Type == "CITEXT" {
			return // needs what is the user's own
		}
		if ref := owner.Reference; ref != nil {
			defer c.dropTarget(ref)
			c.createTarget(owner)
		}
	}
	c.compare(r.Text)
}

func (c *corpusRun) createTarget(owner dialects.Owner) {
	ref := owner.Reference
	if ref.Schema != "" {
		exec1(c.t, c.db, "CREATE SCHEMA "+ref.Schema)
	}
	collation := ""
	if owner.Collation != "" {
		collation = "COLLATE " + owner.Collation
	}
	exec1(c.t, c.db, fmt.Sprintf("CREATE TABLE %s (%s %s %s NOT NULL PRIMARY KEY)", dialects.Qualified(c.d.Quote, ref.Schema, ref.Table), c.d.Quote(cmp.Or(ref.Column, "id")), owner.Type, collation))
}

func (c *corpusRun) dropTarget(ref *dialects.Reference) {
	exec1(c.t, c.db, "DROP TABLE "+dialects.Qualified(c.d.Quote, ref.Schema, ref.Table))
	if ref.Schema != "" {
		exec1(c.t, c.db, "DROP SCHEMA "+ref.Schema)
	}
}

// TestColumnCorpus gives random columns of the user's own to adkgen and to
// PostgreSQL, beside the columns that the sessions table has: both accept what
// either does, but for what is on the list, and the catalog shows the same.
func TestColumnCorpus(t *testing.T) {
	h, name := hostFor(t, "postgres")
	db := h.open(t, name)
	db.SetMaxOpenConns(1)
	d, _ := generator.NewDialect("postgres", generator.DialectOptions{})
	create := func(column string) (catalog, error) {
		_, err := db.Exec(`CREATE TABLE adk_sessions (app_name VARCHAR(128) COLLATE "C", user_id VARCHAR(128) COLLATE "C", state JSONB, revision BIGINT, create_time TIMESTAMPTZ, update_time TIMESTAMPTZ, ` + column + ")")
		if err != nil {
			return nil, err
		}
		shown := ownerLines(found(t, h, db, ""), "x")
		exec1(t, db, "DROP TABLE adk_sessions")
		return shown, nil
	}
	accepted, refused := 0, map[string]int{}
	for _, fragment := range dialecttest.Random(t, "../../dialects/postgres/testdata/corpus/columns.txt", 3000) {
		raw, rawErr := create(fragment)
		column, problems := d.ParseColumn(fragment)
		known := !slices.ContainsFunc(column.Uses, func(name string) bool { return name == "nosuch" }) // the generator knows the columns
		switch {
		case len(problems) == 0 && known && rawErr != nil:
			t.Errorf("%q is accepted, and the database refuses it: %v", fragment, rawErr)
		case len(problems) == 0 && known:
			accepted++
			written, err := create(dialects.Definition(d, column))
			if err != nil || written.String() != raw.String() {
				t.Errorf("%q: the catalog shows\n%s\nand for %s\n%s%v", fragment, raw, dialects.Definition(d, column), written, err)
			}
		case len(problems) > 0 && rawErr == nil && reasonFor(problems[0].Message) == "":
			t.Errorf("%q: the database accepts it, and adkgen refuses it without a listed reason: %v", fragment, problems)
		case len(problems) > 0 && rawErr == nil:
			refused[reasonFor(problems[0].Message)]++
		}
	}
	if accepted < 500 {
		t.Errorf("%d accepted", accepted)
	}
	t.Logf("%d accepted; refused though the database accepts: %v", accepted, refused)
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
	if owner.CollationFrom == dialects.FromDefault { // the fragment itself gets the database's
		for i := range raw {
			raw[i] = collationOf.ReplaceAllString(raw[i], "$1 "+owner.Collation+",")
		}
	}
	for i := range written {
		written[i] = forSQLC.ReplaceAllString(written[i], "default $1")
	}
	if written.String() != raw.String() {
		t.Errorf("%q: the catalog shows\n%s\nand for what adkgen writes\n%s", fragment, raw, written)
	}
}
