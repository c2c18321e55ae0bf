package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"gopkg.in/yaml.v3"
)

// generated runs adkgen in a folder, and gives the lock that it leaves.
func generated(t testing.TB, folder string, config []byte) generator.LockTarget {
	t.Helper()
	return generatedUntil(t, folder, config, "")
}

// generatedUntil leaves the migrations of later phases for a later run.
func generatedUntil(t testing.TB, folder string, config []byte, until generator.Phase) generator.LockTarget {
	t.Helper()
	input := generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), config)
	input.AllowDestructive, input.Until = true, until
	out, err := generator.Generate(input)
	if err != nil {
		t.Fatal(err)
	}
	if err := generator.Write(folder, out.Files); err != nil {
		t.Fatal(err)
	}
	return lockIn(t, folder)
}

// lockIn reads the lock in a folder.
func lockIn(t testing.TB, folder string) generator.LockTarget {
	t.Helper()
	var lock generator.Lock
	if err := yaml.Unmarshal(readFile(t, filepath.Join(folder, "adkgen.lock")), &lock); err != nil {
		t.Fatal(err)
	}
	return lock.Targets[0]
}

// evolve runs adkgen on a case of evolution in a folder: what was generated
// before, or what an adkgen of before has left in have, then what is asked for now.
func evolve(t testing.TB, folder, dir string) (before, after generator.LockTarget) {
	t.Helper()
	befores, err := filepath.Glob(dir + "/before*.yaml")
	must(t, err)
	if _, err := os.Stat(dir + "/have/adkgen.lock"); err == nil { // an adkgen of before has generated it
		must(t, os.CopyFS(folder, os.DirFS(dir+"/have")))
		before = lockIn(t, folder)
	} else if len(befores) == 0 {
		t.Fatal("nothing of before")
	}
	for _, file := range befores {
		before = generated(t, folder, readFile(t, file))
	}
	return before, generated(t, folder, readFile(t, dir+"/adkgen.yaml"))
}

// gooseTo goes up or down to a version.
func gooseTo(t testing.TB, h *host, name, dir string, up bool, version int) {
	t.Helper()
	provider := gooseProvider(t, h.dialect, h.open(t, name), dir, "ext_adk_migrations")
	var err error
	if up {
		_, err = provider.UpTo(context.Background(), int64(version))
	} else {
		_, err = provider.DownTo(context.Background(), int64(version))
	}
	if err != nil {
		t.Fatalf("goose to %d: %v", version, err)
	}
}

// numbers is a table of the numbers from 1 to n.
func numbers(dialect string, n int) string {
	switch dialect {
	case "postgres":
		return fmt.Sprintf("generate_series(1, %d) AS s (n)", n)
	case "mariadb":
		return fmt.Sprintf("(SELECT seq AS n FROM seq_1_to_%d) AS s", n)
	case "mysql":
		return fmt.Sprintf("(WITH RECURSIVE s (n) AS (SELECT /*+ SET_VAR(cte_max_recursion_depth = 1000000) */ 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) AS s", n)
	}
	return fmt.Sprintf("(WITH RECURSIVE s (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s) AS s", n)
}

var (
	ownerID = map[string]string{"postgres": "'00000000-0000-0000-0000-000000000001'", "mariadb": "1", "mysql": "1", "sqlite": "1"}
	moment  = map[string]string{"postgres": "'2026-01-31 12:00:00.123456Z'", "mariadb": "'2026-01-31 12:00:00.123456'", "mysql": "'2026-01-31 12:00:00.123456'", "sqlite": "1769860800123456"}
)

// fillSessions writes sessions with an event each; with an owner column they are the
// owner's.
func fillSessions(t testing.TB, h *host, db *sql.DB, schema generator.Schema, sessions int) {
	t.Helper()
	exec1(t, db, "INSERT INTO users (id) VALUES ("+ownerID[h.dialect]+")")
	exec1(t, db, "INSERT INTO teams (id) VALUES ("+ownerID[h.dialect]+")")
	prefix := ""
	if schema.Namespace != "" {
		prefix = schema.Namespace + "."
	}
	table := map[generator.Role]string{}
	owner, value := "", ""
	for _, r := range schema.Tables {
		table[r.Role] = prefix + r.Name
		for _, c := range r.Columns {
			if c.Owner {
				owner, value = ", "+c.Name, ", "+ownerID[h.dialect]
			}
		}
	}
	from := numbers(h.dialect, sessions)
	exec1(t, db, fmt.Sprintf(`INSERT INTO %s (app_name, user_id, id, state, revision, create_time, update_time%s)
		SELECT 'app', CONCAT('user', n %% 7), CONCAT('session', n), '{"n":1}', 1, %s, %[3]s%s FROM %s`, table[generator.RoleSessions], owner, moment[h.dialect], value, from))
	exec1(t, db, fmt.Sprintf(`INSERT INTO %s (app_name, user_id, session_id, id, seq, invocation_id, author, branch, timestamp, event_data)
		SELECT 'app', CONCAT('user', n %% 7), CONCAT('session', n), 'e', 1, 'i', 'model', '', %s, '{"text":"hello"}' FROM %s`, table[generator.RoleEvents], moment[h.dialect], from))
}

// keepsSomething reports whether an old column or table is still there.
func keepsSomething(schema generator.Schema) bool {
	return slices.ContainsFunc(schema.Tables, func(t generator.Table) bool {
		return t.Retired || slices.ContainsFunc(t.Columns, func(c generator.Column) bool { return c.Retired })
	})
}

// counted gives how many sessions with their event there are.
func counted(t *testing.T, db *sql.DB, schema generator.Schema) int {
	t.Helper()
	prefix := ""
	if schema.Namespace != "" {
		prefix = schema.Namespace + "."
	}
	var n int
	if err := db.QueryRow(fmt.Sprintf(`SELECT COUNT(*) FROM %s%s s JOIN %s%s e ON e.app_name = s.app_name AND e.user_id = s.user_id AND e.session_id = s.id
		WHERE s.revision = 1 AND e.seq = 1 AND e.author = 'model'`, prefix, schema.Tables[0].Name, prefix, schema.Tables[1].Name)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEvolution takes 10,000 sessions through every change: they are all there
// afterwards, the catalog is that of a database made from scratch, and the way
// down leads back to the catalog of before.
func TestEvolution(t *testing.T) {
	for _, dialect := range []string{"mariadb", "mysql", "postgres", "sqlite"} {
		for _, dir := range evolutionCases(t, dialect) {
			t.Run(filepath.Base(dir), func(t *testing.T) { evolution(t, dialect, dir) })
		}
	}
}

// evolutionCases are the golden cases of a dialect's evolutions with goose.
func evolutionCases(t *testing.T, dialect string) []string {
	t.Helper()
	cases, err := filepath.Glob(casesDir + "/evolve-" + dialect + "-*")
	cases = slices.DeleteFunc(cases, func(dir string) bool {
		return slices.ContainsFunc(generator.Tools, func(tool string) bool { return strings.HasSuffix(dir, "-"+tool) })
	})
	if err != nil || len(cases) < 15 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	return cases
}

func evolution(t *testing.T, dialect, dir string) {
	name := filepath.Base(dir)
	work := t.TempDir()
	before, after := evolve(t, work, dir)
	migrations := filepath.Join(work, after.Dir)
	h, database := hostFor(t, dialect)
	db := h.open(t, database)
	besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")

	gooseTo(t, h, database, migrations, true, len(before.Migrations))
	old := found(t, h, db, before.Schema.Namespace, besides...)
	sessions := 10_000
	if strings.HasSuffix(name, "unique") {
		sessions = 1
	}
	fillSessions(t, h, db, before.Schema, sessions)
	gooseTo(t, h, database, migrations, true, len(after.Migrations))
	if n := counted(t, db, after.Schema); n != sessions {
		t.Errorf("%d sessions with their event are left of %d", n, sessions)
	}
	same(t, "the catalog", found(t, h, db, after.Schema.Namespace, besides...), meant(dialect, after.Schema))
	if !keepsSomething(after.Schema) {
		scratch := t.TempDir()
		fresh := generated(t, scratch, readFile(t, dir+"/adkgen.yaml"))
		_, other := hostFor(t, dialect)
		otherDB := h.open(t, other)
		createRequired(t, h, otherDB, generator.Schema{Tables: []generator.Table{{}}})
		gooseTo(t, h, other, filepath.Join(scratch, fresh.Dir), true, 1)
		same(t, "the catalog against one made from scratch", found(t, h, db, after.Schema.Namespace, besides...), found(t, h, otherDB, fresh.Schema.Namespace, besides...))
	}
	if strings.HasSuffix(name, "drop-owner") { // the column comes back, and is NOT NULL: only an empty table can have it
		exec1(t, db, "DELETE FROM "+after.Schema.Tables[0].Name)
		sessions = 0
	}
	gooseTo(t, h, database, migrations, false, len(before.Migrations))
	same(t, "the catalog after going down", found(t, h, db, before.Schema.Namespace, besides...), old)
	if n := counted(t, db, before.Schema); n != sessions {
		t.Errorf("%d sessions with their event are left after going down", n)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
