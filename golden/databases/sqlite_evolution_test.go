package databases

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	"github.com/adkgen/adkgen/generator"
)

// everything is all that a database has: its catalog, and the rows of all tables.
func everything(t testing.TB, db *sql.DB) string {
	t.Helper()
	all := lines(t, db, "SELECT type || ' ' || name || ' on ' || tbl_name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY rowid")
	for _, table := range lines(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'ext\\_%' ESCAPE '\\' ORDER BY name") {
		columns := strings.Join(lines(t, db, "SELECT 'coalesce(' || name || ', ''NULL'')' FROM pragma_table_info(?) ORDER BY cid", strings.TrimSpace(table)), " || ' ' || ")
		all = append(all, "rows of "+table)
		all = append(all, lines(t, db, "SELECT "+columns+" FROM \""+table+"\" ORDER BY 1")...)
	}
	return all.String()
}

// TestSQLiteBackfillIsForItsColumn goes down from an owner column that has
// replaced another: a session that was created in between has no value for the
// old one, and gets none that nobody gave it.
func TestSQLiteBackfillIsForItsColumn(t *testing.T) {
	folder := t.TempDir()
	dir := casesDir + "/evolve-sqlite-backfill-replacement"
	before := generated(t, folder, readFile(t, dir+"/before.yaml"))
	config := readFile(t, dir+"/adkgen.yaml")
	expression := bytes.Replace(config, []byte("(SELECT t.id FROM teams AS t WHERE t.id = adk_sessions.account_id)"), []byte("COALESCE((SELECT t.id FROM teams AS t WHERE t.id = adk_sessions.account_id), 1)"), 1)
	if bytes.Equal(config, expression) {
		t.Fatal("the case has another expression")
	}
	after := generated(t, folder, expression)
	migrations := filepath.Join(folder, after.Dir)
	h, name := hostFor(t, "sqlite")
	db := h.open(t, name)
	for _, s := range []string{"CREATE TABLE users (id INTEGER PRIMARY KEY)", "CREATE TABLE teams (id INTEGER PRIMARY KEY)", "INSERT INTO users VALUES (1), (2)", "INSERT INTO teams VALUES (1), (2)"} {
		exec1(t, db, s)
	}
	gooseTo(t, h, name, migrations, true, len(before.Migrations))
	exec1(t, db, "INSERT INTO adk_sessions (app_name, user_id, account_id, id, create_time, update_time) VALUES ('a', 'u', 1, 'old', 1, 1)")
	gooseTo(t, h, name, migrations, true, len(after.Migrations))
	exec1(t, db, "INSERT INTO adk_sessions (app_name, user_id, team_id, id, create_time, update_time) VALUES ('a', 'u', 2, 'new', 1, 1)")
	gooseTo(t, h, name, migrations, false, len(before.Migrations)+1) // what is left is the copied tables
	was := everything(t, db)

	down := func(t testing.TB) { gooseTo(t, h, name, migrations, false, len(before.Migrations)) }
	if got := failure(t, down); !strings.Contains(got, "NOT NULL constraint failed") || !strings.Contains(got, "account_id") {
		t.Errorf("the way down with a session that has no account: %q", got)
	}
	if now := everything(t, db); now != was {
		t.Fatalf("the way down that was refused changed\n%s\ninto\n%s", was, now)
	}
	exec1(t, db, "UPDATE adk_sessions SET account_id = 2 WHERE id = 'new'")
	down(t)
	if got := lines(t, db, "SELECT id || ' ' || account_id FROM adk_sessions ORDER BY id"); !slices.Equal(got, []string{"new 2", "old 1"}) {
		t.Errorf("the accounts are %v", got)
	}
	if text := read(t, numbered(t, migrations, "0002*")[0]); !strings.Contains(text, "-- A row whose account_id is NULL stops this") {
		t.Error("the migration does not say what to do")
	}
}

// TestSQLiteCopiesNoOrphans migrates with foreign keys off, when SQLite looks at
// none: a session is not given an owner that does not exist.
func TestSQLiteCopiesNoOrphans(t *testing.T) {
	folder := t.TempDir()
	dir := casesDir + "/evolve-sqlite-backfill"
	before := generated(t, folder, readFile(t, dir+"/before.yaml"))
	after := generated(t, folder, bytes.Replace(readFile(t, dir+"/adkgen.yaml"), []byte("backfill: "), []byte("backfill: CAST(adk_sessions.user_id AS INTEGER) # "), 1))
	migrations := filepath.Join(folder, after.Dir)
	_, name := hostFor(t, "sqlite")
	h := onSQLite("foreign_keys(0)")
	db := h.open(t, name)
	exec1(t, db, "CREATE TABLE users (id INTEGER PRIMARY KEY)")
	exec1(t, db, "INSERT INTO users VALUES (1)")
	gooseTo(t, h, name, migrations, true, len(before.Migrations))
	exec1(t, db, "INSERT INTO adk_sessions (app_name, user_id, id, create_time, update_time) VALUES ('a', '7', 's', 1, 1)")
	was := everything(t, db)
	up := func(t testing.TB) { gooseTo(t, h, name, migrations, true, len(after.Migrations)) }
	if got := failure(t, up); !strings.Contains(got, "A row of adk_sessions references a row that is not there, in users") {
		t.Errorf("the copy of a session whose owner does not exist: %q", got)
	}
	if now := everything(t, db); now != was {
		t.Fatalf("the migration that stopped changed\n%s\ninto\n%s", was, now)
	}
	exec1(t, db, "INSERT INTO users VALUES (7)")
	up(t)
}

// built are things of the user's that would go with a table that is copied.
var built = []struct {
	name   string // as the error has it
	create string
	drop   string // "" for a foreign key, which needs foreign_keys = OFF
}{
	{"trigger host_audit", `CREATE TRIGGER host_audit AFTER INSERT ON "ADK_Sessions" BEGIN UPDATE users SET id = id; END`, "DROP TRIGGER host_audit"},
	{"trigger host_sweep", `CREATE TRIGGER host_sweep AFTER DELETE ON users BEGIN DELETE FROM [adk_events] WHERE user_id = OLD.id; END`, "DROP TRIGGER host_sweep"},
	{"trigger host_temporary", `CREATE TEMP TRIGGER host_temporary AFTER INSERT ON main.adk_sessions BEGIN SELECT 1; END`, "DROP TRIGGER host_temporary"},
	{"view host_view", "CREATE VIEW host_view AS SELECT id FROM main.adk_events", "DROP VIEW host_view"},
	{"view host_view_end", "CREATE VIEW host_view_end AS SELECT id FROM adk_sessions", "DROP VIEW host_view_end"},
	{"view host_temporary", "CREATE TEMP VIEW host_temporary AS SELECT id FROM Adk_Sessions", "DROP VIEW host_temporary"},
	{"index host_idx", "CREATE INDEX host_idx ON adk_sessions (state)", "DROP INDEX host_idx"},
	{"index host_key", "CREATE UNIQUE INDEX host_key ON `Adk_Events` (id, user_id) WHERE user_id = 'x'", "DROP INDEX host_key"},
	{"table host_search", "CREATE VIRTUAL TABLE host_search USING fts5(event_data, content='adk_events')", "DROP TABLE host_search"},
	{"column adk_sessions.note", "ALTER TABLE adk_sessions ADD COLUMN note TEXT", "ALTER TABLE adk_sessions DROP COLUMN note"},
	{"column adk_events.Size", "ALTER TABLE adk_events ADD COLUMN Size INTEGER AS (length(event_data))", "ALTER TABLE adk_events DROP COLUMN Size"},
	{"foreign key of notes", "CREATE TABLE notes (a, u, s, FOREIGN KEY (a, u, s) REFERENCES ADK_Sessions (app_name, user_id, id) ON DELETE CASCADE)", ""},
	{"foreign key of notes", "CREATE TABLE notes (a, u, s, FOREIGN KEY (a, u, s) REFERENCES adk_sessions ON DELETE SET NULL)", ""},
	{"foreign key of notes", "CREATE TABLE notes (a, u, s, FOREIGN KEY (a, u, s) REFERENCES adk_sessions ON DELETE RESTRICT)", ""},
	{"foreign key of notes", "CREATE TABLE notes (a, u, s, FOREIGN KEY (a, u, s) REFERENCES adk_sessions DEFERRABLE INITIALLY DEFERRED)", ""},
	{"foreign key of notes", "CREATE TABLE notes (a, u, s, e DEFAULT 'e', PRIMARY KEY (a, u, s), FOREIGN KEY (a, u, s, e) REFERENCES \"adk_events\" ON DELETE CASCADE) WITHOUT ROWID", ""},
}

// bystanders are things of the user's that a migration has nothing to do with,
// although their names are like its tables'.
var bystanders = []string{
	"CREATE TABLE adk_sessions_archive (id INTEGER PRIMARY KEY, state UNIQUE)",
	"CREATE TABLE my_adk_sessions (id INTEGER PRIMARY KEY REFERENCES adk_sessions_archive ON DELETE CASCADE)",
	"CREATE TABLE adkxsessions (id INTEGER PRIMARY KEY)",
	"CREATE INDEX archive_idx ON adk_sessions_archive (state, id)",
	"CREATE VIEW archived AS SELECT adkxsessions.id FROM adk_sessions_archive JOIN my_adk_sessions JOIN adkxsessions",
	"CREATE TRIGGER archiving AFTER INSERT ON adk_sessions_archive BEGIN DELETE FROM my_adk_sessions; END",
	"INSERT INTO adk_sessions_archive VALUES (1, 'x')",
	"INSERT INTO my_adk_sessions VALUES (1)",
}

// TestSQLiteKeepsWhatIsBuiltOnItsTables migrates, up and down, where somebody
// has built on the tables that are copied: the migration names what is in the
// way and changes nothing; when that is out of the way, it works, and every row
// is kept.
func TestSQLiteKeepsWhatIsBuiltOnItsTables(t *testing.T) {
	folder := t.TempDir()
	before, after := evolve(t, folder, casesDir+"/evolve-sqlite-add-owner")
	migrations := filepath.Join(folder, after.Dir)
	for i, b := range built {
		for _, up := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d-%s/%v", i, strings.ReplaceAll(b.name, " ", "-"), up), func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "test.db")
				from, to := len(before.Migrations), len(before.Migrations)+1 // the copied tables
				if !up {
					from, to = to, from
				}
				h := onSQLite("foreign_keys(1)")
				db := h.open(t, name)
				db.SetMaxOpenConns(1) // which has what is temporary
				migrate := func(t testing.TB, db *sql.DB, version int) {
					t.Helper()
					provider := gooseProvider(t, "sqlite", db, migrations, "ext_adk_migrations")
					var err error
					if up {
						_, err = provider.UpTo(t.Context(), int64(version))
					} else {
						_, err = provider.DownTo(t.Context(), int64(version))
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				for _, s := range append([]string{"CREATE TABLE users (id INTEGER PRIMARY KEY)", "CREATE TABLE teams (id INTEGER PRIMARY KEY)"}, bystanders...) {
					exec1(t, db, s)
				}
				gooseTo(t, h, name, migrations, true, from)
				fillSessions(t, h, db, before.Schema, 10)
				exec1(t, db, b.create)
				if strings.HasPrefix(b.name, "foreign key") {
					exec1(t, db, "INSERT INTO notes (a, u, s) SELECT app_name, user_id, id FROM adk_sessions")
				}
				was := everything(t, db)
				if got := failure(t, func(t testing.TB) { migrate(t, db, to) }); !strings.Contains(got, "In the way: "+b.name+". The migration says what to do.") {
					t.Errorf("the error is %q", got)
				}
				if now := everything(t, db); now != was {
					t.Fatalf("what was stopped changed\n%s\ninto\n%s", was, now)
				}
				if b.drop != "" {
					exec1(t, db, b.drop)
				} else {
					db = onSQLite("foreign_keys(0)").open(t, name)
				}
				migrate(t, db, to)
				if b.drop != "" {
					exec1(t, db, b.create)
				}
				if n := counted(t, db, before.Schema); n != 10 {
					t.Errorf("%d sessions with their event are left of 10", n)
				}
				if broken := lines(t, db, `SELECT "table" FROM pragma_foreign_key_check`); len(broken) > 0 {
					t.Errorf("broken foreign keys of %v", broken)
				}
				if b.drop == "" {
					if got := lines(t, db, "SELECT COUNT(*) FROM notes WHERE s IS NOT NULL"); got[0] != "10" {
						t.Errorf("%s notes are left of 10", got[0])
					}
					if got := lines(t, db, "SELECT sql FROM sqlite_master WHERE name = 'notes'"); got[0] != b.create {
						t.Errorf("the table of notes is now %s", got[0])
					}
				}
				if got := lines(t, db, "SELECT COUNT(*) FROM my_adk_sessions"); got[0] != "1" {
					t.Error("a row of a bystander is gone")
				}
			})
		}
	}
}

// TestSQLiteNamesAllThatIsInTheWay finds several things in one run, and leaves
// nothing on the connection.
func TestSQLiteNamesAllThatIsInTheWay(t *testing.T) {
	folder := t.TempDir()
	config := bytes.Replace(readFile(t, casesDir+"/evolve-sqlite-add-owner/before.yaml"), []byte("dialect: sqlite\n"),
		[]byte("dialect: sqlite\n    session_table: '\"it''s [a] \"\"chat\"\"*\"'\n"), 1)
	generated(t, folder, config)
	after := generated(t, folder, append(bytes.TrimRight(config, "\n"), []byte("\n    columns: {sessions: [\"title TEXT CHECK (title <> '')\"]}\n")...))
	h, name := hostFor(t, "sqlite")
	db := h.open(t, name)
	gooseTo(t, h, name, filepath.Join(folder, after.Dir), true, 1)
	for _, s := range []string{
		`CREATE INDEX host_idx ON "IT'S [a] ""chat""*" (state)`,
		`CREATE VIEW host_view AS SELECT id FROM "it's [a] ""chat""*"`,
		"CREATE VIEW other_view AS SELECT id FROM `it's [a] \"chat\"*`",
		"CREATE VIEW no_view AS SELECT 'chat' AS x",
	} {
		exec1(t, db, s)
	}
	got := failure(t, func(t testing.TB) { gooseTo(t, h, name, filepath.Join(folder, after.Dir), true, 2) })
	if !strings.Contains(got, "In the way: index host_idx, view host_view, view other_view. The migration says what to do.") {
		t.Errorf("the error is %q", got)
	}
}

// TestSQLiteKeepsReferencesInLegacyMode renames and copies tables on a
// connection on which SQLite would leave the foreign keys as they are.
func TestSQLiteKeepsReferencesInLegacyMode(t *testing.T) {
	for _, c := range []string{"rename-tables", "add-owner"} {
		t.Run(c, func(t *testing.T) {
			folder := t.TempDir()
			before, after := evolve(t, folder, casesDir+"/evolve-sqlite-"+c)
			migrations := filepath.Join(folder, after.Dir)
			name := filepath.Join(t.TempDir(), "test.db")
			h, legacy := onSQLite("foreign_keys(0)"), onSQLite("foreign_keys(0)", "legacy_alter_table(1)")
			db := h.open(t, name)
			createRequired(t, h, db, before.Schema)
			gooseTo(t, h, name, migrations, true, len(before.Migrations))
			for _, up := range []bool{true, false} {
				version := len(before.Migrations) + 1 // the renamed or copied tables
				if !up {
					version = len(before.Migrations)
				}
				was := everything(t, db)
				if got := failure(t, func(t testing.TB) { gooseTo(t, legacy, name, migrations, up, version) }); !strings.Contains(got, "legacy_alter_table") {
					t.Errorf("up %v: the error is %q", up, got)
				}
				if now := everything(t, db); now != was {
					t.Fatalf("what was stopped changed\n%s\ninto\n%s", was, now)
				}
				gooseTo(t, h, name, migrations, up, version)
			}
		})
	}
}

// TestSQLiteDropsNoRowsOfOthers goes down to nothing, and drops the tables of
// scoped state, where tables of the user's reference them.
func TestSQLiteDropsNoRowsOfOthers(t *testing.T) {
	for _, c := range []struct{ name, references string }{
		{"bare", "adk_sessions"}, {"bare", "adk_events"}, {"evolve-scoped-state-off", "adk_user_states"},
	} {
		t.Run(c.name+"/"+c.references, func(t *testing.T) {
			folder := t.TempDir()
			from, to, up := 1, 0, false
			var target generator.LockTarget
			if change, evolves := strings.CutPrefix(c.name, "evolve-"); evolves {
				before, after := evolve(t, folder, casesDir+"/evolve-sqlite-"+change)
				target, from, to, up = after, len(before.Migrations), len(after.Migrations), true
			} else {
				target = generated(t, folder, readFile(t, casesDir+"/sqlite-"+c.name+"/adkgen.yaml"))
			}
			migrations := filepath.Join(folder, target.Dir)
			h, name := hostFor(t, "sqlite")
			db := h.open(t, name)
			gooseTo(t, h, name, migrations, true, from)
			exec1(t, db, "INSERT INTO adk_sessions (app_name, user_id, id, create_time, update_time) VALUES ('a', 'u', 's', 1, 1)")
			exec1(t, db, "INSERT INTO adk_events VALUES ('a', 'u', 's', 'e', 1, 'i', 'a', '', 1, '{}')")
			exec1(t, db, "INSERT INTO adk_user_states (app_name, user_id, state, update_time) VALUES ('a', 'u', '{}', 1)")
			key := strings.Join(lines(t, db, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", c.references), ", ")
			exec1(t, db, fmt.Sprintf("CREATE TABLE notes (app_name, user_id, session_id, id, FOREIGN KEY (%s) REFERENCES %s ON DELETE CASCADE)", key, c.references))
			exec1(t, db, fmt.Sprintf("INSERT INTO notes (%s) SELECT %[1]s FROM %s", key, c.references))
			was := everything(t, db)
			if got := failure(t, func(t testing.TB) { gooseTo(t, h, name, migrations, up, to) }); !strings.Contains(got, "In the way: foreign key of notes. The migration says what to do.") {
				t.Errorf("the error is %q", got)
			}
			if now := everything(t, db); now != was {
				t.Fatalf("what was stopped changed\n%s\ninto\n%s", was, now)
			}
			gooseTo(t, onSQLite("foreign_keys(0)"), name, migrations, up, to)
			if got := lines(t, db, "SELECT COUNT(*) FROM notes"); got[0] != "1" {
				t.Error("the note is gone")
			}
		})
	}
}

// secondOnly copies the second migration of a folder into one of its own.
func secondOnly(t testing.TB, dir string) string {
	t.Helper()
	folder := t.TempDir()
	for _, file := range numbered(t, dir, "*0002_*.sql") {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), readFile(t, file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	local, err := atlas.NewLocalDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := local.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	if err := atlas.WriteSumFile(local, sum); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestSQLiteToolsStop runs the migration in the form of each tool, and by
// SQLite's own shell: they all stop, say why, and change nothing.
func TestSQLiteToolsStop(t *testing.T) {
	for _, tool := range generator.Tools {
		if tool == "tern" {
			continue
		}
		t.Run(tool, func(t *testing.T) {
			folder := t.TempDir()
			config := func(file string) []byte {
				return bytes.Replace(readFile(t, casesDir+"/evolve-sqlite-add-owner/"+file), []byte("tool: goose"), []byte("tool: "+tool), 1)
			}
			before := generated(t, folder, config("before.yaml"))
			h, name := hostFor(t, "sqlite")
			db := h.open(t, name)
			exec1(t, db, "CREATE TABLE users (id INTEGER PRIMARY KEY)")
			migrators[tool].up(t, h, name, filepath.Join(folder, before.Dir), "ext_adk_migrations")
			generated(t, folder, config("adkgen.yaml"))
			only := filepath.Join(folder, before.Dir)
			if slices.Contains([]string{"atlas", "flyway", "liquibase", "plain"}, tool) { // they are run by our own hand, without a bookkeeping table
				only = secondOnly(t, only)
			}
			exec1(t, db, "CREATE INDEX host_idx ON adk_sessions (state)")
			was := everything(t, db)
			run := func(t testing.TB) { migrators[tool].up(t, h, name, only, "ext_adk_migrations") }
			if got := failure(t, run); !strings.Contains(got, "In the way: index host_idx.") {
				t.Errorf("the error is %q", got)
			}
			if now := everything(t, db); now != was {
				t.Fatalf("what was stopped changed\n%s\ninto\n%s", was, now)
			}
			if tool == "plain" {
				shell, err := exec.LookPath("sqlite3")
				if err != nil {
					t.Skip("no sqlite3")
				}
				file := numbered(t, only, "*.up.sql")[0]
				out, err := exec.Command(shell, "-bail", name, "PRAGMA foreign_keys = ON", "BEGIN", ".read "+file, "COMMIT").CombinedOutput()
				if err == nil || !strings.Contains(string(out), "In the way: index host_idx.") || everything(t, db) != was {
					t.Errorf("sqlite3: %v: %s", err, out)
				}
			}
		})
	}
}
