package databases

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"github.com/aymanbagabas/go-udiff"
	"gopkg.in/yaml.v3"
)

const casesDir = "../cases"

// each calls do for every target of every golden case in one of the dialects.
func each(t *testing.T, dialects []string, do func(t *testing.T, dir string, target generator.LockTarget)) {
	locks, err := filepath.Glob(casesDir + "/*/want/adkgen.lock")
	if err != nil || len(locks) < 40 {
		t.Fatalf("%d golden cases: %v", len(locks), err)
	}
	for _, file := range locks {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var lock generator.Lock
		if err := yaml.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		for _, target := range lock.Targets {
			if slices.Contains(dialects, target.Dialect) {
				dir := filepath.Dir(file)
				t.Run(filepath.Base(filepath.Dir(dir))+"/"+strings.ReplaceAll(target.Dir, "/", "_"), func(t *testing.T) { do(t, dir, target) })
			}
		}
	}
}

// hostFor gives the server for a dialect, with a new database.
func hostFor(t testing.TB, dialect string) (*host, string) {
	t.Helper()
	switch dialect {
	case "postgres":
		h := need(t, postgres, "PostgreSQL")
		return h, h.database(t)
	case "mariadb":
		h := need(t, mariadb, "MariaDB")
		return h, h.database(t)
	case "mysql":
		h := need(t, mysqlServer, "MySQL")
		return h, h.database(t)
	}
	return sqlite, filepath.Join(t.TempDir(), "test.db")
}

// quotedBy writes a name in any dialect's quotes.
func quotedBy(dialect, name string) string {
	if dialect == "mysql" || dialect == "mariadb" {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// ownerOf is the type of the owner columns in the cases of evolution.
var ownerOf = map[string]string{"postgres": "UUID", "mysql": "BIGINT", "mariadb": "BIGINT", "sqlite": "INTEGER"}

// evolved are the tables that the cases of evolution reference at any time.
func evolved(t *testing.T) []string {
	if strings.Contains(t.Name(), "/evolve-") || strings.HasPrefix(t.Name(), "TestEvolution") || strings.HasPrefix(t.Name(), "TestRandomWalks") || strings.HasPrefix(t.Name(), "TestInterrupted") {
		return []string{"users", "teams"}
	}
	return nil
}

// createRequired creates what the schema's owner column references, and gives
// the names of the tables.
func createRequired(t *testing.T, h *host, db *sql.DB, schema generator.Schema) (tables []string) {
	t.Helper()
	namespace := ""
	for _, name := range evolved(t) {
		if !slices.ContainsFunc(schema.Tables[0].ForeignKeys, func(k generator.ForeignKey) bool { return k.Table == name }) {
			tables = append(tables, name)
			exec1(t, db, fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY)", name, ownerOf[h.dialect]))
		}
	}
	for _, k := range schema.Tables[0].ForeignKeys {
		owner := schema.Tables[0].Columns[slices.IndexFunc(schema.Tables[0].Columns, func(c generator.Column) bool { return c.Name == k.Columns[0] })]
		name := quotedBy(h.dialect, k.Table)
		if k.Namespace != "" {
			namespace = k.Namespace
			exec1(t, db, "CREATE SCHEMA "+namespace)
			name = namespace + "." + name
			if strings.HasPrefix(owner.Type, namespace+".") { // a type of the user's own
				exec1(t, db, "CREATE DOMAIN "+owner.Type+" AS TEXT")
			}
		} else {
			tables = append(tables, k.Table)
		}
		column := "id"
		if len(k.Referenced) > 0 {
			column = k.Referenced[0]
		}
		exec1(t, db, fmt.Sprintf("CREATE TABLE %s (%s %s %s NOT NULL PRIMARY KEY)", name, quotedBy(h.dialect, column), owner.Type, owner.Collation))
	}
	if h.dialect == "mariadb" || h.dialect == "mysql" {
		t.Cleanup(func() { // databases beside the test's own
			for _, name := range []string{schema.Namespace, namespace} {
				if name != "" {
					exec1(t, db, "DROP DATABASE IF EXISTS "+name)
				}
			}
		})
	}
	return tables
}

// same fails with a diff when two catalogs differ.
func same(t *testing.T, what string, got, want catalog) {
	t.Helper()
	if strings.Contains(t.Name(), "/evolve-") || strings.HasPrefix(t.Name(), "TestEvolution") || strings.HasPrefix(t.Name(), "TestRandomWalks") || strings.HasPrefix(t.Name(), "TestInterrupted") { // a column that is added stands last
		got, want = withoutOrder(got), withoutOrder(want)
		if strings.Contains(t.Name(), "sqlite") { // where a table that is renamed keeps the names of its constraints
			got, want = withoutCheckNames(got), withoutCheckNames(want)
		}
	}
	if diff := udiff.Unified("want", "got", want.String()+"\n", got.String()+"\n"); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}

var checkName = regexp.MustCompile(` check \S+: `)

func withoutCheckNames(c catalog) (result catalog) {
	for _, line := range c {
		result = append(result, checkName.ReplaceAllString(line, " check: "))
	}
	return result
}

var ordinal = regexp.MustCompile(` column \d\d `)

// withoutOrder takes the places of columns out of a catalog.
func withoutOrder(c catalog) (result catalog) {
	for _, line := range c {
		result = append(result, ordinal.ReplaceAllString(line, " column "))
	}
	slices.Sort(result)
	return result
}

// TestUpDownUp applies every golden tree with the tool it was written for,
// compares the catalog with what was meant, goes down, finds nothing left, and
// goes up again.
func TestUpDownUp(t *testing.T) {
	each(t, []string{"postgres", "mariadb", "mysql", "sqlite"}, func(t *testing.T, dir string, target generator.LockTarget) {
		h, name := hostFor(t, target.Dialect)
		db := h.open(t, name)
		const bookkeeping = "ext_adk_migrations"
		tool := migrators[target.Tool]
		migrations := filepath.Join(dir, target.Dir)
		besides := append(createRequired(t, h, db, target.Schema), bookkeeping)
		if strings.Contains(dir, "-shared-directory") {
			migrations = withHostMigrations(t, dir, migrations)
			exec1(t, db, "DROP TABLE users") // the host's own migration creates it
		}
		for _, round := range []string{"first", "second"} {
			tool.up(t, h, name, migrations, bookkeeping)
			same(t, "the catalog after the "+round+" up", found(t, h, db, target.Schema.Namespace, besides...), meant(target.Dialect, target.Schema))
			tool.down(t, h, name, migrations, bookkeeping)
			same(t, "what the "+round+" down leaves", found(t, h, db, target.Schema.Namespace, besides...), nil)
		}
	})
}

// withHostMigrations puts a case's own and the generated migrations into one folder.
func withHostMigrations(t *testing.T, dir, migrations string) string {
	t.Helper()
	both := t.TempDir()
	for _, from := range []string{filepath.Join(filepath.Dir(dir), "have", "db", "migrations"), migrations} {
		for _, file := range numbered(t, from, "*.s*") { // the generated atlas.sum replaces the host's
			if err := os.WriteFile(filepath.Join(both, filepath.Base(file)), readFile(t, file), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(filepath.Join(from, "down")); err == nil {
			if err := os.CopyFS(filepath.Join(both, "down"), os.DirFS(filepath.Join(from, "down"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return both
}

// TestHalfAppliedUp stops the way up after each statement; the way down must
// then leave nothing, and the whole must apply afterwards. Where a migration
// promises that it can be run again, that is tried as well.
func TestHalfAppliedUp(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			dir := filepath.Join(casesDir, dialect+"-owner-plain", "want", "db", "migrations", "adk")
			statements := upStatements(t, dir)
			if len(statements) < 4 {
				t.Fatalf("%d statements", len(statements))
			}
			for n := range len(statements) {
				h, name := hostFor(t, dialect)
				db := h.open(t, name)
				owner := map[string]string{"sqlite": "CREATE TABLE tenants (id INTEGER PRIMARY KEY)", "postgres": "CREATE TABLE users (id UUID PRIMARY KEY)"}[dialect]
				if owner == "" {
					owner = "CREATE TABLE users (id BIGINT PRIMARY KEY)"
				}
				exec1(t, db, owner)
				for _, s := range statements[:n] {
					exec1(t, db, s)
				}
				if dialect == "mariadb" || dialect == "mysql" {
					plain(".up.sql")(t, h, name, dir, "")
				}
				plain(".down.sql")(t, h, name, dir, "")
				plain(".up.sql")(t, h, name, dir, "")
				plain(".down.sql")(t, h, name, dir, "")
			}
		})
	}
}

// TestSnapshot applies the snapshot of each case that has one, twice, and
// finds the schema that the migrations make.
func TestSnapshot(t *testing.T) {
	snapshots := 0
	each(t, []string{"postgres", "mariadb", "mysql", "sqlite"}, func(t *testing.T, dir string, target generator.LockTarget) {
		file := filepath.Join(dir, "db", "adk_schema.sql")
		if _, err := os.Stat(file); err != nil {
			return
		}
		snapshots++
		h, name := hostFor(t, target.Dialect)
		db := h.open(t, name)
		besides := createRequired(t, h, db, target.Schema)
		for range 2 {
			runFile(t, db, file)
		}
		wanted := target.Schema // a snapshot has no table that is only kept
		wanted.Tables = slices.DeleteFunc(slices.Clone(wanted.Tables), func(t generator.Table) bool { return t.Retired })
		same(t, "the catalog", found(t, h, db, wanted.Namespace, besides...), meant(target.Dialect, wanted))
	})
	if snapshots < 10 {
		t.Errorf("only %d snapshots", snapshots)
	}
}
