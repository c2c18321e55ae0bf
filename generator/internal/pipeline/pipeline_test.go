package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

// disk is a folder in memory.
type disk map[string]string

func (d disk) input(config string) Input {
	return Input{ConfigFile: "adkgen.yaml", Config: []byte(config), Read: func(name string) ([]byte, error) {
		if text, ok := d[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}, List: func(folder string) (names []string, err error) {
		for name := range d {
			if path.Dir(name) == folder {
				names = append(names, path.Base(name))
			}
		}
		if names == nil {
			return nil, fs.ErrNotExist
		}
		return names, nil
	}}
}

// generate runs Generate and writes the result to the disk.
func (d disk) generate(t *testing.T, config string) {
	t.Helper()
	out, err := Generate(d.input(config))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		d[f.Path] = string(f.Content)
	}
}

// refusal is what Generate says of a configuration that it refuses.
func (d disk) refusal(t *testing.T, config string) string {
	t.Helper()
	_, err := Generate(d.input(config))
	var problems problem.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("the error is %v", err)
	}
	return problems.Error()
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}

const simple = `version: 1
targets:
  - dialect: postgres
    owner_id_column: account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE
    migrations: {tool: goose, dir: db/migrations}
    queries: {dir: db/queries}
`

const lockName = "adkgen.lock"

const firstMigration = "db/migrations/0001_ext_adk_create_adk_tables.sql"

func TestAnEditedMigrationIsRefused(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	d[firstMigration] += "-- a small improvement\n"
	wants(t, d.refusal(t, simple), firstMigration+":1:1: this migration was edited after adkgen emitted it", "git checkout COMMIT -- "+firstMigration, "a migration of your own")
}

func TestAMissingMigrationIsRefused(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	delete(d, firstMigration)
	wants(t, d.refusal(t, simple), firstMigration+": this migration is gone, but adkgen.lock says that it was emitted", "if it was never applied anywhere")
}

func TestLineEndsDoNotCountAsAnEdit(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	for name, text := range d {
		d[name] = strings.ReplaceAll(text, "\n", "\r\n")
	}
	out, err := Generate(d.input(simple))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		if f.State != output.Unchanged {
			t.Errorf("%s would be %s", f.Path, f.State)
		}
	}
}

func TestALostLockIsWrittenAgain(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	lock := d[lockName]
	delete(d, lockName)
	d.generate(t, simple)
	if d[lockName] != lock {
		t.Error("the lock differs")
	}
}

// TestTargetsThatCannotGoOn changes the configuration after the first migration
// to one that no migration leads to, and wants that told; starting again works.
// What migrations lead to is in golden/cases/evolve-*.
func TestTargetsThatCannotGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		old, new, says string
	}{
		"owner's type": {"UUID NOT NULL", "BIGINT NOT NULL", "owner_id_column: adk_sessions.account_id would change from UUID to BIGINT, for which every row has to be written again under a lock"},

		"no scoped state": {"    migrations:", "    scoped_state: false\n    migrations:", "table adk_app_states with its rows"},
		"no owner":        {"    owner_id_column: account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE\n", "", "column adk_sessions.account_id with its values"},
		"another tool":    {"tool: goose", "tool: dbmate", "were emitted for goose"},
		"another dialect": {"dialect: postgres\n    owner_id_column: account_id UUID", "dialect: mysql\n    owner_id_column: account_id BIGINT", "were emitted for postgres"},
	} {
		t.Run(name, func(t *testing.T) {
			d := disk{}
			d.generate(t, simple)
			changed := strings.Replace(simple, c.old, c.new, 1)
			if changed == simple {
				t.Fatal("nothing changed")
			}
			wants(t, d.refusal(t, changed), c.says, "adkgen.yaml:", "if the migrations were never applied anywhere, adkgen generate --redo-since REV plans them again")
			in := d.input(changed)
			in.Since = &Since{Revision: "REV", Files: disk{}.files} // which has no lock
			if _, err := Generate(in); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAnotherTool changes the tool together with the directory: the old
// migrations must be as they were emitted, the user's own are listed, and a target
// of other tables takes nothing over.
func TestAnotherTool(t *testing.T) {
	const custom = "0002_ext_adk_count_them.sql"
	changed := strings.Replace(simple, "{tool: goose, dir: db/migrations}", "{tool: dbmate, dir: db/dbmate}", 1)
	d := disk{}
	d.generate(t, simple)
	out, err := NewMigration(d.input(simple), "", "count them")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		d[f.Path] = string(f.Content)
	}
	emitted := d[firstMigration]
	d[firstMigration] += "-- a small improvement\n"
	wants(t, d.refusal(t, changed), firstMigration+":1:1: this migration was edited after adkgen emitted it")
	d[firstMigration] = emitted
	wants(t, d.refusal(t, strings.Replace(changed, "    migrations:", "    session_table: conversations\n    migrations:", 1)), "no target of adkgen.yaml writes there")

	if out, err = Generate(d.input(changed)); err != nil {
		t.Fatal(err)
	}
	wants(t, strings.Join(out.Notes, "\n"), "dbmate takes over from goose", "your own SQL in "+custom)
	for _, f := range out.Files {
		d[f.Path] = string(f.Content)
	}
	if d[firstMigration] != emitted {
		t.Error("the old migration has changed")
	}
	delete(d, firstMigration) // when every database is marked
	delete(d, "db/migrations/"+custom)
	d.generate(t, strings.Replace(changed, "    migrations:", "    indexes: [update_time]\n    migrations:", 1))
	if _, found := d["db/dbmate/0002_ext_adk_index_sessions_app_name_update_time.sql"]; !found {
		t.Error("no migration follows the first one")
	}
}

// TestATargetThatIsForgottenIsRefused takes a target out of the configuration.
func TestATargetThatIsForgottenIsRefused(t *testing.T) {
	d := disk{}
	d.generate(t, manyTargets(2))
	one := manyTargets(1)
	wants(t, d.refusal(t, one), "adkgen.lock: migrations in db/migrations/tenant_1 (from number 1) were emitted, but no target of adkgen.yaml writes there", "git mv db/migrations/tenant_1 OTHER")
	d["old/0001_ext_adk_create_adk_tables.sql"] = d["db/migrations/tenant_1/0001_ext_adk_create_adk_tables.sql"]
	delete(d, "db/migrations/tenant_1/0001_ext_adk_create_adk_tables.sql")
	out, err := Generate(d.input(one))
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "adkgen.lock no longer has the migrations in db/migrations/tenant_1") {
		t.Errorf("the notes are %q", out.Notes)
	}
	d.generate(t, one)
	if strings.Contains(d[lockName], "tenant_1") {
		t.Error("the lock still has it")
	}
}

// TestADirectoryThatMoved changes the directory in the configuration, and moves
// none, one and both of its migrations.
func TestADirectoryThatMoved(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	indexed := strings.Replace(simple, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
	d.generate(t, indexed)
	moved := strings.Replace(indexed, "dir: db/migrations", "dir: db/moved", 1)
	move := func(name string) {
		d["db/moved/"+name] = d["db/migrations/"+name]
		delete(d, "db/migrations/"+name)
	}
	one := func(parts ...string) {
		t.Helper()
		text := d.refusal(t, moved)
		wants(t, text, parts...)
		if strings.Count(text, "hint:") != 1 {
			t.Errorf("more than one problem:\n%s", text)
		}
	}
	one("adkgen.yaml:6:17: migrations: the migrations of this target were emitted to db/migrations, and the directory is db/moved now\n",
		"hint: write dir: db/migrations again, or move all of them: git mv db/migrations db/moved")
	move("0001_ext_adk_create_adk_tables.sql")
	one("adkgen.yaml:6:17: migrations: some migrations of this target are in db/moved now, and some are in db/migrations\n",
		"hint: move the rest: mv db/migrations/0002_ext_adk_index_sessions_app_name_update_time.sql db/moved")
	move("0002_ext_adk_index_sessions_app_name_update_time.sql")
	out, err := Generate(d.input(moved))
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Notes) != 1 || out.Notes[0] != "The migrations of db/migrations are in db/moved now, and the lock says so, too.\n" {
		t.Errorf("the notes are %q", out.Notes)
	}
	d.generate(t, moved)
	if strings.Contains(d[lockName], "db/migrations") {
		t.Error("the lock still has the old directory")
	}
	d["db/moved/0002_ext_adk_index_sessions_app_name_update_time.sql"] += "-- edited\n"
	wants(t, d.refusal(t, moved), "was edited")
}

// TestALockThatIsGone holds that one that cannot be written again in the same
// words is one problem, and that no file is said to be superfluous.
func TestALockThatIsGone(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	indexed := strings.Replace(simple, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
	d.generate(t, indexed)
	delete(d, lockName)
	text := d.refusal(t, indexed)
	wants(t, text, "adkgen.lock: the lock is gone, and there are migrations that only it knows: db/migrations/0001_ext_adk_create_adk_tables.sql, db/migrations/0002", "git checkout COMMIT -- adkgen.lock", "adkgen lock rebuild")
	if strings.Count(text, "hint:") != 1 || strings.Contains(text, "delete") {
		t.Errorf("not one problem, or a file is to be deleted:\n%s", text)
	}
}

// TestMigrationsThatAreGone holds that all of them are one problem.
func TestMigrationsThatAreGone(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	indexed := strings.Replace(simple, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
	d.generate(t, indexed)
	second := "db/migrations/0002_ext_adk_index_sessions_app_name_update_time.sql"
	delete(d, firstMigration)
	delete(d, second)
	text := d.refusal(t, indexed)
	wants(t, text, "db/migrations: 2 files of migrations are gone, but adkgen.lock says that they were emitted: "+firstMigration+", "+second, "git checkout COMMIT -- "+firstMigration+" "+second)
	if strings.Count(text, "hint:") != 1 {
		t.Errorf("more than one problem:\n%s", text)
	}
}

// TestAConflictInTheConfiguration leaves git's marks in adkgen.yaml.
func TestAConflictInTheConfiguration(t *testing.T) {
	text := disk{}.refusal(t, strings.Replace(simple, "    migrations:", "<<<<<<< HEAD\n    snapshot: a.sql\n=======\n    snapshot: b.sql\n>>>>>>> feature\n    migrations:", 1))
	wants(t, text, "adkgen.yaml:5:1: two branches have both changed this file, and the conflict is not resolved\n    <<<<<<< HEAD\n    ^\nhint: keep what you want of both sides")
	if strings.Count(text, "hint:") != 1 {
		t.Errorf("more than one problem:\n%s", text)
	}
}

func TestAMachineErrorIsNotAProblem(t *testing.T) {
	broken := errors.New("the disk is on fire")
	_, err := Generate(Input{ConfigFile: "adkgen.yaml", Config: []byte(simple), Read: func(string) ([]byte, error) { return nil, broken }})
	var problems problem.Problems
	if !errors.Is(err, broken) || errors.As(err, &problems) {
		t.Errorf("the error is %v", err)
	}
}

// TestASnapshotAmongMigrations writes the snapshot where the tool looks for
// migrations.
func TestASnapshotAmongMigrations(t *testing.T) {
	wants(t, disk{}.refusal(t, simple+"    snapshot: db/migrations/schema.sql\n"), "adkgen.yaml:7:15: snapshot: db/migrations is a directory of migrations")
}

// TestAliasesInLists writes entries of lists as aliases of YAML.
func TestAliasesInLists(t *testing.T) {
	const plain = `version: 1
targets:
  - dialect: postgres
    host_schema: [host.sql]
    columns: {sessions: [note TEXT], events: [note TEXT]}
    indexes: [{table: sessions, columns: [note]}, {table: events, columns: [note]}, update_time]
    migrations: {tool: goose, dir: db}
`
	const aliased = `version: 1
targets:
  - &target
    dialect: postgres
    host_schema: [&host host.sql]
    columns: {sessions: [&note note TEXT], events: [*note]}
    indexes: [{table: sessions, columns: [&column note]}, &events {table: events, columns: [*column]}, update_time]
    migrations: {tool: goose, dir: db}
`
	d := disk{"host.sql": "CREATE TABLE users (id UUID);"}
	d.generate(t, plain)
	out, err := Generate(d.input(aliased))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		if f.State != output.Unchanged {
			t.Errorf("%s would be %s", f.Path, f.State)
		}
	}
	const tenants = `version: 1
targets:
  - dialect: sqlite
    tenants: [&word acme, globex]
    session_table: s_$tenant
    events_table: e_$tenant
    scoped_state: false
    migrations: {tool: goose, dir: db/$tenant}
  - dialect: postgres
    host_schema: [&path host.sql, *path]
    tenants: [*word]
    schema: t_$tenant
    migrations: {tool: goose, dir: pg/$tenant}
`
	host := disk{"host.sql": d["host.sql"]}
	if _, err := Generate(host.input(tenants)); err != nil {
		t.Error(err)
	}
	wants(t, host.refusal(t, strings.Replace(plain, "targets:\n  - dialect", "targets:\n  - &t\n    dialect", 1)+"  - *t\n"), "target 1 writes to db as well")
}

// TestTablesThatSQLCCannotName gives tables names that make queries or Go that do
// not compile, and some that are close to them.
func TestTablesThatSQLCCannotName(t *testing.T) {
	const alias, taken = "sqlc does not tell a table of that name from it", "sqlc makes a type of the table "
	for names, says := range map[string]string{
		"session_table: s":                               "adkgen.yaml:5:20: session_table: the queries have an alias s, and " + alias,
		"session_table: u":                               alias,
		"events_table: S":                                alias,
		"app_state_table: a":                             alias,
		"session_table: New":                             taken + "new, and the package has something else of the name New",
		"user_state_table: news":                         "",
		"user_state_table: new":                          taken + "new, and the package has something else of the name New",
		"session_table: '\"DBTX\"'":                      taken + "DBTX, and the package has something else of the name DBTX",
		"session_table: d_b_t_x":                         taken + "d_b_t_x, and the package has something else of the name DBTX",
		"session_table: create_session_params":           "",
		"session_table: x.s":                             "",
		"session_table: new_session_service":             "something else of the name NewSessionService",
		"session_table: err_session_stale":               "something else of the name ErrSessionStale",
		"session_table: event\n    events_table: events": "sqlc makes a type of each table, and two would have the name Event",
		"session_table: app_state":                       "",
		"session_table: dbtx":                            "",
		"session_table: queries":                         "",
		"session_table: event":                           "",
		"session_table: x.new":                           "",
	} {
		t.Run(names, func(t *testing.T) {
			config := "version: 1\ntargets:\n  - dialect: postgres\n    owner_id_column: account_id UUID NOT NULL\n    " + names + "\n    migrations: {tool: goose, dir: db}\n    queries: {dir: queries}\n    sqlc: {}\n    service: {}\n"
			_, err := Generate(disk{}.input(config))
			switch {
			case err == nil && says != "":
				t.Error("no error")
			case err != nil && says == "":
				t.Error(err)
			case err != nil:
				wants(t, err.Error(), says)
			}
			if _, err := Generate(disk{}.input(strings.Split(config, "    queries:")[0])); err != nil {
				t.Errorf("without queries: %v", err)
			}
		})
	}
}

// manyTargets is a configuration with n tenants of one database.
func manyTargets(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\ntargets:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - dialect: postgres
    owner_id_column: account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE
    schema: tenant_%d
    migrations: {tool: goose, dir: db/migrations/tenant_%d}
    queries: {dir: db/queries/tenant_%d}
`, i, i, i)
	}
	return b.String()
}

// TestSameBytes holds that the output depends on nothing but the input, also
// when targets are rendered on several cores at once.
func TestSameBytes(t *testing.T) {
	config := manyTargets(40)
	first, err := Generate(disk{}.input(config))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := Generate(disk{}.input(config))
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Files) != len(first.Files) {
			t.Fatalf("%d files, then %d", len(first.Files), len(again.Files))
		}
		for i, f := range again.Files {
			if f.Path != first.Files[i].Path || !bytes.Equal(f.Content, first.Files[i].Content) {
				t.Fatalf("%s and %s differ", f.Path, first.Files[i].Path)
			}
		}
	}
}

// TestDerivedNamesNeverCollide cuts names of tables that differ at their end only.
func TestDerivedNamesNeverCollide(t *testing.T) {
	for _, dialect := range config.DialectNames {
		d, _ := config.NewDialect(dialect, config.DialectOptions{})
		limit := d.Traits().IdentifierLimit
		if limit == 0 {
			continue
		}
		seen := map[string]bool{}
		for i := range 1000 {
			table := d.Fold(strings.Repeat("ä", limit/2-4) + fmt.Sprint(1000+i))
			for _, part := range []string{"pk", "session_fk", "order_idx"} {
				name := schema.DerivedName(d, table, part)
				length := len(name)
				if d.Traits().IdentifierInRunes {
					length = len([]rune(name))
				}
				if length > limit || seen[name] {
					t.Fatalf("%s: %s (%d) is too long, or not the only one", dialect, name, length)
				}
				seen[name] = true
			}
		}
	}
}

// TestImports holds the direction of the house: cmd → generator → its stages, each
// of which looks at those before it → dialects and templates; a dialect imports only
// dialects; nothing imports cmd.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}`, "github.com/adkgen/adkgen/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	const root = "github.com/adkgen/adkgen/"
	const internal = "generator/internal/"
	// Each stage may look at those before it.
	stages := []string{internal + "parallel", internal + "problem", internal + "store", internal + "config", internal + "schema", internal + "output",
		internal + "plan", internal + "lock", internal + "host", internal + "render", internal + "pipeline"}
	allowed := map[string][]string{
		"cmd/adkgen": {"generator", "dialects"},
		"generator":  append([]string{"dialects", "templates"}, stages...),
		"dialects":   {}, "templates": {}, "golden": {},
		"dialects/postgres": {"dialects"}, "dialects/mysql": {"dialects"}, "dialects/sqlite": {"dialects"}, "dialects/oracle": {"dialects"},
		"dialects/dialecttest": {"dialects"},
	}
	for i, stage := range stages {
		allowed[stage] = append([]string{"dialects", "templates"}, stages[:i]...)
	}
	allowed[internal+"config"] = append(allowed[internal+"config"], "dialects/postgres", "dialects/mysql", "dialects/sqlite", "dialects/oracle")
	allowed[internal+"treetest"] = nil
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		name = strings.TrimPrefix(name, root)
		may, known := allowed[name]
		if !known {
			t.Errorf("package %s has no rule: add one", name)
		}
		for _, i := range strings.Fields(imports) {
			if ours, is := strings.CutPrefix(i, root); is && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s", name, ours)
			}
		}
	}
}

// TestTheNextCommandKeepsItsTable holds that migrations go on being counted where
// the first one was, after the tables got other names: also with a lock of before,
// which does not say it.
func TestTheNextCommandKeepsItsTable(t *testing.T) {
	for _, old := range []bool{false, true} {
		d := disk{}
		d.generate(t, simple)
		if old {
			d["adkgen.lock"] = strings.Replace(d["adkgen.lock"], "    bookkeeping: ext_adk_migrations\n", "", 1)
		}
		if strings.Contains(d["adkgen.lock"], "bookkeeping") == old {
			t.Fatal(d["adkgen.lock"])
		}
		out, err := Generate(d.input(strings.Replace(simple, "    migrations:", "    session_table: conversations\n    migrations:", 1)))
		if err != nil {
			t.Fatal(err)
		}
		next := strings.Join(out.Next, "\n")
		wants(t, next, "-table ext_adk_migrations up")
	}
}
