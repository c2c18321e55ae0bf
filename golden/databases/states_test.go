package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
)

// createOwners creates the tables that owner columns reference.
func createOwners(t *testing.T, h *host, db *sql.DB) {
	t.Helper()
	for _, table := range []string{"users", "teams"} {
		exec1(t, db, fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY)", table, ownerOf[h.dialect]))
	}
}

// putState writes a state of a user, of an owner where there is one.
func putState(t *testing.T, h *host, db *sql.DB, table, user, owner, state string) {
	t.Helper()
	column, value := "", ""
	if owner != "" {
		column, value = ", account_id", ", "+owner
		if strings.HasPrefix(table, "adk_team") {
			column = ", team_id"
		}
	}
	if h.driver == "mysql" {
		state = strings.ReplaceAll(state, `\`, `\\`)
	}
	exec1(t, db, fmt.Sprintf("INSERT INTO %s (app_name, user_id%s, state, update_time) VALUES ('app', '%s'%s, '%s', %s)", table, column, user, value, state, moment[h.dialect]))
}

// count gives the number of rows of a table.
func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	must(t, db.QueryRow("SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

// wantState compares a state as JSON; "" for none.
func wantState(t *testing.T, db *sql.DB, what, table, where, want string) {
	t.Helper()
	var state string
	err := db.QueryRow("SELECT state FROM " + table + " WHERE " + where).Scan(&state)
	if err == sql.ErrNoRows {
		state, err = "", nil
	}
	must(t, err)
	equal(t, what, state, want)
}

// shared has the databases with states that all owners share: one user of two
// owners, one of one, one without a session.
func shared(t *testing.T, dialect string) (h *host, name string, db *sql.DB, work string, steps []generator.LockMigration) {
	t.Helper()
	h, name = hostFor(t, dialect)
	db = h.open(t, name)
	work = t.TempDir()
	before, after := evolve(t, work, casesDir+"/evolve-"+dialect+"-shared-states")
	createOwners(t, h, db)
	gooseTo(t, h, name, filepath.Join(work, after.Dir), true, 1)
	for i, owner := range []string{ownerID[dialect], newOwner(h)} {
		exec1(t, db, "INSERT INTO users (id) VALUES ("+owner+")")
		for _, s := range []string{"two", "one", "two"}[i : i+2] {
			if i == 1 && s == "one" {
				continue
			}
			exec1(t, db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, account_id, id, state, revision, create_time, update_time) VALUES ('app', '%s', %s, 's%d%[1]s', '{}', 0, %[4]s, %[4]s)", s, owner, i, moment[dialect]))
		}
	}
	putState(t, h, db, "adk_user_states", "two", "", `{"kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`)
	putState(t, h, db, "adk_user_states", "one", "", `{"k": [1, {"x": true}], "yes": true, "no": false, "half": 0.5}`)
	putState(t, h, db, "adk_user_states", "none", "", `{"k": "of nobody"}`)
	return h, name, db, work, after.Migrations[len(before.Migrations):]
}

// created is the number of the migration that creates the new table.
func created(t *testing.T, steps []generator.LockMigration) int {
	t.Helper()
	i := slices.IndexFunc(steps, func(m generator.LockMigration) bool { return m.Name == "create_owner_states" })
	if i < 0 {
		t.Fatal("no migration creates the new table")
	}
	return steps[i].Number
}

// TestSharedStatesUpgrade takes states that owners share to a table in which each
// owner has one, and back.
func TestSharedStatesUpgrade(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name, db, work, steps := shared(t, dialect)
			migrations := filepath.Join(work, "db", "migrations", "adk")
			last := steps[len(steps)-1].Number
			one, two := ownerID[dialect], newOwner(h)
			gooseTo(t, h, name, migrations, true, created(t, steps))
			putState(t, h, db, "adk_owner_states", "two", one, `{"kept": 2, "new": true, "nested": {"b": 2}, "list": [1]}`) // by the new program, before the copy
			old := lines(t, db, "SELECT state FROM adk_user_states ORDER BY user_id")
			check := func(when string) {
				t.Helper()
				wantState(t, db, when+" the state of the owner who had written one", "adk_owner_states", "user_id = 'two' AND account_id = "+one, `{"kept": 2, "new": true, "nested": {"b": 2}, "list": [1], "null": null, "a.b \"c\" é": "text"}`)
				wantState(t, db, when+" the state of the other owner", "adk_owner_states", "user_id = 'two' AND account_id = "+two, `{"kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`)
				wantState(t, db, when+" the state of a user of one owner", "adk_owner_states", "user_id = 'one' AND account_id = "+one, `{"k": [1, {"x": true}], "yes": true, "no": false, "half": 0.5}`)
				equal(t, when+" the number of states", count(t, db, "adk_owner_states"), 3)
			}
			gooseTo(t, h, name, migrations, true, last)
			check("after the copy")
			equal(t, "the old states", lines(t, db, "SELECT state FROM adk_user_states ORDER BY user_id"), old)

			// Down: what one owner has comes back, and nobody gets another's.
			exec1(t, db, `UPDATE adk_owner_states SET state = '{"k": "newer"}' WHERE user_id = 'one'`)
			exec1(t, db, `UPDATE adk_owner_states SET state = '{"secret": 1}' WHERE user_id = 'two' AND account_id = `+two)
			gooseTo(t, h, name, migrations, false, created(t, steps))
			wantState(t, db, "the old state of a user of one owner", "adk_user_states", "user_id = 'one'", `{"k": "newer"}`)
			wantState(t, db, "the old state of a user of two", "adk_user_states", "user_id = 'two'", `{"kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`)
			wantState(t, db, "the old state of a user of none", "adk_user_states", "user_id = 'none'", `{"k": "of nobody"}`)

			// Up again: nothing that is there is overwritten.
			gooseTo(t, h, name, migrations, true, last)
			wantState(t, db, "the state that was newer", "adk_owner_states", "user_id = 'two' AND account_id = "+two, `{"secret": 1, "kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`)

			// An owner who goes takes the states along.
			exec1(t, db, "DELETE FROM users WHERE id = "+two)
			equal(t, "states of the owner who is left", count(t, db, "adk_owner_states"), 2)
			gooseTo(t, h, name, migrations, false, 1)
			equal(t, "the old states are there", count(t, db, "adk_user_states"), 3)
		})
	}
}

// TestCopyOfStatesWaitsForNobody has a transaction that keeps a state locked, and
// one that keeps an owner: all others are copied, and those when the locks are gone.
func TestCopyOfStatesWaitsForNobody(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		for _, lock := range []string{"SELECT 1 FROM adk_owner_states WHERE app_name = 'app' AND user_id = 'two' AND account_id = %s FOR UPDATE", "SELECT 1 FROM users WHERE id = %s FOR UPDATE"} {
			t.Run(dialect+"/"+strings.Fields(lock)[3], func(t *testing.T) {
				h, name, db, work, steps := shared(t, dialect)
				migrations := filepath.Join(work, "db", "migrations", "adk")
				last := steps[len(steps)-1].Number
				gooseTo(t, h, name, migrations, true, created(t, steps))
				if strings.Contains(lock, "adk_owner_states") {
					putState(t, h, db, "adk_owner_states", "two", newOwner(h), `{"new": 1}`)
				}
				tx, err := db.Begin()
				must(t, err)
				defer func() { _ = tx.Rollback() }()
				var n int
				must(t, tx.QueryRow(fmt.Sprintf(lock, newOwner(h))).Scan(&n))
				done := make(chan error, 1)
				provider := gooseProvider(t, h.dialect, h.open(t, name), migrations, "ext_adk_migrations")
				go func() {
					_, err := provider.UpTo(context.Background(), int64(last))
					done <- err
				}()
				began := time.Now()
				for {
					var copied int
					must(t, db.QueryRow("SELECT COUNT(*) FROM adk_owner_states WHERE account_id = "+ownerID[dialect]).Scan(&copied))
					if copied == 2 {
						break
					}
					if time.Since(began) > 20*time.Second {
						t.Fatalf("%d of 2 states are copied while another is locked", copied)
					}
					time.Sleep(50 * time.Millisecond)
				}
				select {
				case err := <-done:
					t.Fatalf("the migration ended before the lock: %v", err)
				case <-time.After(time.Second):
				}
				must(t, tx.Rollback())
				must(t, <-done)
				wantState(t, db, "whether the locked state is copied", "adk_owner_states", "user_id = 'two' AND account_id = "+newOwner(h), map[bool]string{
					true: `{"new": 1, "kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`, false: `{"kept": 1, "null": null, "nested": {"a": 1}, "a.b \"c\" é": "text"}`}[strings.Contains(lock, "adk_owner_states")])
			})
		}
	}
}

// TestStatesTooDeepToMerge has a state of the new program that MariaDB cannot merge
// the old one into: it is not passed over in silence.
func TestStatesTooDeepToMerge(t *testing.T) {
	deep := `{"deep": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`
	h, name, db, work, steps := shared(t, "mariadb")
	migrations := filepath.Join(work, "db", "migrations", "adk")
	gooseTo(t, h, name, migrations, true, created(t, steps))
	putState(t, h, db, "adk_owner_states", "two", newOwner(h), deep)
	provider := gooseProvider(t, h.dialect, h.open(t, name), migrations, "ext_adk_migrations")
	_, err := provider.Up(context.Background())
	if err == nil || !strings.Contains(err.Error(), "4040") {
		t.Fatalf("the copy ends with %v", err)
	}
	wantState(t, db, "the deep state of the new program", "adk_owner_states", "user_id = 'two' AND account_id = "+newOwner(h), deep)
	exec1(t, db, `UPDATE adk_owner_states SET state = '{"kept": 1, "null": null, "nested": 1, "a.b \\"c\\" é": 1}' WHERE user_id = 'two' AND account_id = `+newOwner(h))
	_, err = provider.Up(context.Background())
	must(t, err)
}

// TestStatesWithoutOwner takes the states of owners to a table without them: only
// where one owner has one.
func TestStatesWithoutOwner(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			work := t.TempDir()
			before, after := evolve(t, work, casesDir+"/evolve-"+dialect+"-drop-owner")
			createOwners(t, h, db)
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, len(before.Migrations))
			for _, owner := range []string{ownerID[dialect], newOwner(h)} {
				exec1(t, db, "INSERT INTO users (id) VALUES ("+owner+")")
				putState(t, h, db, "adk_owner_states", "two", owner, `{"secret": 1}`)
			}
			putState(t, h, db, "adk_owner_states", "one", ownerID[dialect], `{"k": 1}`)
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, after.Migrations[len(after.Migrations)-1].Number)
			wantState(t, db, "the state of a user of one owner", "adk_user_states", "user_id = 'one'", `{"k": 1}`)
			wantState(t, db, "the state of a user of two owners", "adk_user_states", "user_id = 'two'", "")
			equal(t, "the states of owners, which are kept", count(t, db, "adk_owner_states"), 3)
		})
	}
}

// TestStatesOfAnotherOwner replaces the owner column: the new owner of a user's
// sessions gets the states of those who had them before.
func TestStatesOfAnotherOwner(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			work := t.TempDir()
			before, after := evolve(t, work, casesDir+"/evolve-"+dialect+"-backfill-replacement")
			createOwners(t, h, db)
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, len(before.Migrations))
			for i, owner := range []string{ownerID[dialect], newOwner(h)} {
				exec1(t, db, "INSERT INTO users (id) VALUES ("+owner+")")
				exec1(t, db, "INSERT INTO teams (id) VALUES ("+owner+")")
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, account_id, id, state, revision, create_time, update_time) VALUES ('app', 'u', %s, 's%d', '{}', 0, %[3]s, %[3]s)", owner, i, moment[dialect]))
				putState(t, h, db, "adk_owner_states", "u", owner, fmt.Sprintf(`{"of": %d}`, i))
			}
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, after.Migrations[len(after.Migrations)-1].Number)
			for i, owner := range []string{ownerID[dialect], newOwner(h)} {
				wantState(t, db, "the state of a team", "adk_team_states", "user_id = 'u' AND team_id = "+owner, fmt.Sprintf(`{"of": %d}`, i))
			}
		})
	}
}

// TestStatesAfterBackfill has sessions without owners: when the backfill has given
// them theirs, each owner has the state of the users of those sessions.
func TestStatesAfterBackfill(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			work := t.TempDir()
			before, after := evolve(t, work, casesDir+"/evolve-"+dialect+"-backfill")
			createOwners(t, h, db)
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, len(before.Migrations))
			fillSessions(t, h, db, before.Schema, 10)
			putState(t, h, db, "adk_user_states", "user1", "", `{"k": 1}`)
			putState(t, h, db, "adk_user_states", "nobody", "", `{"k": 2}`)
			gooseTo(t, h, name, filepath.Join(work, after.Dir), true, after.Migrations[len(after.Migrations)-1].Number)
			wantState(t, db, "the state of the owner", "adk_owner_states", "user_id = 'user1' AND account_id = "+ownerID[dialect], `{"k": 1}`)
			equal(t, "states", count(t, db, "adk_owner_states"), 1)
		})
	}
}

// TestSharedStatesAreDropped lets go what is kept, by a later run that may drop.
func TestSharedStatesAreDropped(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name, db, work, steps := shared(t, dialect)
			config := readFile(t, casesDir+"/evolve-"+dialect+"-shared-states/adkgen.yaml")
			later := generated(t, work, config)
			if n := len(later.Migrations) - 1 - len(steps); n != 1 {
				t.Fatalf("%d migrations", n)
			}
			if last := later.Migrations[len(later.Migrations)-1]; last.Phase != generator.Contract {
				t.Errorf("%s is of the phase %s", last.Name, last.Phase)
			}
			gooseTo(t, h, name, filepath.Join(work, later.Dir), true, 9999)
			if _, err := db.Exec("SELECT * FROM adk_user_states"); err == nil {
				t.Error("the old table is still there")
			}
			gooseTo(t, h, name, filepath.Join(work, later.Dir), false, 1)
			equal(t, "the states of a user of one owner, who gets them back", count(t, db, "adk_user_states"), 1)
		})
	}
}

// TestLongestOwner holds that the longest text that adkgen takes for an owner fits
// into the key of the states, and that one character more would not.
func TestLongestOwner(t *testing.T) {
	for _, dialect := range []string{"mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			folder := t.TempDir()
			locked := generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+"\n    owner_id_column: tenant VARCHAR(512) NOT NULL\n    migrations: {tool: goose, dir: db/migrations}\n"))
			gooseTo(t, h, name, filepath.Join(folder, locked.Dir), true, 1)
			_, err := db.Exec("ALTER TABLE adk_owner_states MODIFY COLUMN tenant VARCHAR(513) NOT NULL")
			if err == nil || !strings.Contains(err.Error(), "1071") {
				t.Errorf("a longer key: %v", err)
			}
		})
	}
}

// TestSessionsWithoutOwner have no state of a user, and can write none.
func TestSessionsWithoutOwner(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			folder := t.TempDir()
			locked := generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+"\n    owner_id_column: tenant VARCHAR(64)\n    migrations: {tool: goose, dir: db/migrations}\n    queries: {dir: db/queries}\n"))
			gooseTo(t, h, name, filepath.Join(folder, locked.Dir), true, 1)
			exec1(t, db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, id, state, revision, create_time, update_time) VALUES ('app', 'u0', 's0', '{}', 0, %[1]s, %[1]s)", moment[dialect]))
			exec1(t, db, fmt.Sprintf("INSERT INTO adk_owner_states (app_name, user_id, tenant, state, update_time) VALUES ('app', 'u0', 'acme', '{\"secret\": 1}', %s)", moment[dialect]))
			queries := queriesIn(t, folder+"/db/queries")
			get := withValues(t, dialect, queries["GetSession"], "", 0)
			var state string
			must(t, db.QueryRow("SELECT user_state FROM ("+strings.TrimSuffix(strings.TrimSpace(get[strings.Index(get, "SELECT"):]), ";")+") got").Scan(&state))
			equal(t, "the user's state", state, "{}")
			if dialect == "postgres" {
				_, err := db.Exec(withValues(t, dialect, strings.ReplaceAll(queries["AppendEvent"], "@user_delta", `'{"k": 1}'`), "", 0))
				if err == nil || !strings.Contains(err.Error(), "23502") {
					t.Errorf("a state of a session without an owner: %v", err)
				}
			}
		})
	}
}

// TestStatesTooDeepForSQLite has states that SQLite's functions on JSON do not read, of the old program, of the new one, and of
// both: the copy neither stops nor loses a key, and what the new program has written wins.
func TestStatesTooDeepForSQLite(t *testing.T) {
	deep := func(levels int) string {
		return strings.Repeat(`[{"k":`, levels/2) + "1" + strings.Repeat("}]", levels/2)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"the old one":              {`{"deep":` + deep(1_500) + `,"both":"old","only old":1.50}`, `{"both":"new","only new":2}`, `{"deep":` + deep(1_500) + `,"both":"new","only old":1.50,"only new":2}`},
		"the new one":              {`{"both":"old","only old":[{}]}`, `{"deep":` + deep(3_000) + `,"both":"new"}`, `{"both":"new","only old":[{}],"deep":` + deep(3_000) + `}`},
		"both":                     {`{"old":` + deep(4_998) + `,"both":"old"}`, `{"both":"new","new":` + deep(2_500) + `}`, `{"old":` + deep(4_998) + `,"new":` + deep(2_500) + `,"both":"new"}`},
		"both, of one key":         {`{"k":` + deep(3_000) + `}`, `{"k":` + deep(2_500) + `}`, `{"k":` + deep(2_500) + `}`},
		"the old one, new is {}":   {`{"k":` + deep(3_000) + `}`, `{}`, `{"k":` + deep(3_000) + `}`},
		"the new one, old is {}":   {`{}`, `{"k":` + deep(3_000) + `}`, `{"k":` + deep(3_000) + `}`},
		"the old one, with blanks": {" {\n\"k\":" + deep(3_000) + ", \"l\": 1\n}\n", `{"n":1}`, `{"k":` + deep(3_000) + `,"l":1,"n":1}`},
		"the new one, with blanks": {` { "l":1 } `, "\n{ \"k\":" + deep(3_000) + " }\t", `{"k":` + deep(3_000) + `,"l":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			h, database, db, work, steps := shared(t, "sqlite")
			migrations := filepath.Join(work, "db", "migrations", "adk")
			last := steps[len(steps)-1].Number
			exec1(t, db, "DELETE FROM adk_user_states WHERE user_id = 'two'")
			putState(t, h, db, "adk_user_states", "two", "", c.old)
			gooseTo(t, h, database, migrations, true, created(t, steps))
			putState(t, h, db, "adk_owner_states", "two", newOwner(h), c.new)
			where := "user_id = 'two' AND account_id = "
			gooseTo(t, h, database, migrations, true, last)
			wantState(t, db, "the state of the owner who had none", "adk_owner_states", where+ownerID["sqlite"], c.old)
			wantState(t, db, "the state of the owner who had one", "adk_owner_states", where+newOwner(h), c.want)
			gooseTo(t, h, database, migrations, false, created(t, steps))
			gooseTo(t, h, database, migrations, true, last)
			wantState(t, db, "the state after down and up", "adk_owner_states", where+newOwner(h), c.want)
		})
	}
	t.Run("what is no JSON stops the copy", func(t *testing.T) {
		h, database, db, work, steps := shared(t, "sqlite")
		migrations := filepath.Join(work, "db", "migrations", "adk")
		gooseTo(t, h, database, migrations, true, created(t, steps))
		exec1(t, db, `UPDATE adk_user_states SET state = '{"k": no}' WHERE user_id = 'two'`)
		putState(t, h, db, "adk_owner_states", "two", newOwner(h), `{"n": 1}`)
		_, err := gooseProvider(t, h.dialect, h.open(t, database), migrations, "ext_adk_migrations").Up(context.Background())
		if err == nil || !strings.Contains(err.Error(), "malformed JSON") {
			t.Errorf("the copy ends with %v", err)
		}
		wantState(t, db, "the state of the new program", "adk_owner_states", "user_id = 'two' AND account_id = "+newOwner(h), `{"n": 1}`)
	})
}

// TestCopyOfStatesKeepsNumbers copies states with the sqlite3 of the machine, which writes a number that it has read with 15
// digits: the numbers are copied as they are written.
func TestCopyOfStatesKeepsNumbers(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3 on this machine")
	}
	_, database, db, work, steps := shared(t, "sqlite")
	const old = `{"pi":3.141592653589793,"most":1.7976931348623157e308,"third":0.30000000000000004,"in":{"a":[-0.12345678901234567]},"zero":-0,"written":1.50,"both":1}`
	exec1(t, db, "UPDATE adk_user_states SET state = '"+old+"' WHERE user_id = 'two'")
	for i, step := range steps {
		if i > 0 && steps[i-1].Name == "create_owner_states" {
			putState(t, sqlite, db, "adk_owner_states", "two", newOwner(sqlite), `{"both":2.718281828459045}`)
		}
		files, err := filepath.Glob(filepath.Join(work, "db", "migrations", "adk", fmt.Sprintf("%04d_*.sql", step.Number)))
		if err != nil || len(files) != 1 {
			t.Fatalf("the files of migration %d: %v, %v", step.Number, files, err)
		}
		up, _, _ := strings.Cut(string(readFile(t, files[0])), "-- +goose Down")
		cmd := exec.Command(program, "-bail", database)
		cmd.Stdin = strings.NewReader("PRAGMA foreign_keys = ON; BEGIN IMMEDIATE;\n" + up + "\nCOMMIT;\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", step.Name, err, out)
		}
	}
	for owner, want := range map[string]string{
		ownerID["sqlite"]: old,
		newOwner(sqlite):  `{"both":2.718281828459045,` + strings.TrimSuffix(old[1:], `,"both":1}`) + "}",
	} {
		var state string
		must(t, db.QueryRow("SELECT state FROM adk_owner_states WHERE user_id = 'two' AND account_id = "+owner).Scan(&state))
		if state != want {
			t.Errorf("the state of owner %s is\n%s, not\n%s", owner, state, want)
		}
	}
}
