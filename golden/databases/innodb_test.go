package databases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
	"github.com/go-sql-driver/mysql"
)

// isMySQLError reports whether a server of MySQL's kind gave one of some errors.
func isMySQLError(err error, numbers ...uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && slices.Contains(numbers, e.Number)
}

// onInnoDB runs a test on MySQL and on MariaDB.
func onInnoDB(t *testing.T, test func(t *testing.T, dialect string)) {
	for _, dialect := range []string{"mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) { test(t, dialect) })
	}
}

// An evolving is a database before an evolution.
type evolving struct {
	*host
	name, folder  string
	before, after generator.LockTarget
	db            *sql.DB
}

// startEvolving generates an evolution, and applies what was there before it to a
// new database that has users and teams.
func startEvolving(t *testing.T, dialect string, evolve func(folder string) (before, after generator.LockTarget)) *evolving {
	t.Helper()
	e := &evolving{folder: t.TempDir()}
	e.before, e.after = evolve(e.folder)
	e.host, e.name = hostFor(t, dialect)
	e.db = e.open(t, e.name)
	for _, table := range []string{"users", "teams"} {
		exec1(t, e.db, "CREATE TABLE "+table+" (id BIGINT NOT NULL PRIMARY KEY)")
	}
	gooseTo(t, e.host, e.name, e.migrations(), true, len(e.before.Migrations))
	return e
}

// evolvingCase is that of a golden case.
func evolvingCase(t *testing.T, dialect, change string) *evolving {
	t.Helper()
	return startEvolving(t, dialect, func(folder string) (before, after generator.LockTarget) {
		return evolve(t, folder, filepath.Join(casesDir, "evolve-"+dialect+"-"+change))
	})
}

// evolvingOwner changes one owner column into another.
func evolvingOwner(t *testing.T, dialect, from, to string) *evolving {
	t.Helper()
	return startEvolving(t, dialect, func(folder string) (before, after generator.LockTarget) {
		for _, owner := range []string{from, to} {
			config := "version: 1\ntargets:\n  - dialect: " + dialect + "\n    migrations: {tool: goose, dir: db/migrations}\n"
			if owner != "" {
				config += "    owner_id_column: " + owner + "\n"
			}
			before, after = after, generated(t, folder, []byte(config))
		}
		return before, after
	})
}

func (e *evolving) migrations() string { return filepath.Join(e.folder, e.after.Dir) }

// steps are the numbers of the evolution's migrations.
func (e *evolving) steps() (numbers []int) {
	for _, m := range e.after.Migrations[len(e.before.Migrations):] {
		numbers = append(numbers, m.Number)
	}
	return numbers
}

// session is a connection with settings of its own.
func (e *evolving) session(t *testing.T) *sql.DB {
	t.Helper()
	db := e.open(t, e.name)
	db.SetMaxOpenConns(1)
	exec1(t, db, "SET SESSION lock_wait_timeout = 77, sql_mode = "+sessionMode)
	return db
}

// sessionMode is none that a server begins with.
const sessionMode = "'NO_AUTO_VALUE_ON_ZERO'"

// migrate goes to a version on a connection.
func (e *evolving) migrate(t *testing.T, db *sql.DB, up bool, version int) error {
	t.Helper()
	provider := gooseProvider(t, e.dialect, db, e.migrations(), "ext_adk_migrations")
	var err error
	if up {
		_, err = provider.UpTo(context.Background(), int64(version))
	} else {
		_, err = provider.DownTo(context.Background(), int64(version))
	}
	return err
}

// keepsSettings fails where a session has other settings than session gave it.
func keepsSettings(t *testing.T, what string, db *sql.DB) {
	t.Helper()
	var wait, checks int
	var mode string
	if err := db.QueryRow("SELECT @@SESSION.lock_wait_timeout, @@SESSION.foreign_key_checks, @@SESSION.sql_mode").Scan(&wait, &checks, &mode); err != nil {
		t.Fatal(err)
	}
	if wait != 77 || checks != 1 || "'"+mode+"'" != sessionMode {
		t.Errorf("%s, lock_wait_timeout is %d, foreign_key_checks %d and sql_mode %q", what, wait, checks, mode)
	}
}

// tables are those that are there, but for the tool's.
func (e *evolving) tables(t *testing.T) []string {
	t.Helper()
	return lines(t, e.db, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> 'ext_adk_migrations'")
}

// reading begins a transaction that has read from every table, and so keeps
// them as they are until it ends.
func (e *evolving) reading(t *testing.T) (end func()) {
	t.Helper()
	tx, err := e.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range e.tables(t) {
		if _, err := tx.Exec("SELECT COUNT(*) FROM " + table); err != nil {
			t.Fatal(err)
		}
	}
	return func() { _ = tx.Rollback() }
}

// TestLocksAreNotWaitedForLong holds that no migration waits long for a
// transaction that has read from its tables, nor makes others wait that come
// behind it; that it can be run again then; and that it leaves the session as it
// was.
func TestLocksAreNotWaitedForLong(t *testing.T) {
	changes := []string{"own-columns", "own-columns-off", "own-columns-change", "narrower", "rename-tables", "change-owner", "check-and-unique", "scoped-state-off"}
	onInnoDB(t, func(t *testing.T, dialect string) {
		t.Parallel()
		var all sync.WaitGroup
		some := make(chan struct{}, 12) // at a time: they wait most of it
		var mu sync.Mutex
		count := map[bool]int{}
		waited := func(has bool) {
			mu.Lock()
			defer mu.Unlock()
			count[has]++
		}
		for _, change := range changes {
			steps := evolvingCase(t, dialect, change).steps()
			if change == "change-owner" {
				steps = append([]int{1}, steps...)
			}
			for _, step := range steps {
				some <- struct{}{}
				all.Go(func() {
					defer func() { <-some }()
					t.Run(fmt.Sprintf("%s/%d", change, step), func(t *testing.T) {
						e := evolvingCase(t, dialect, change)
						gooseTo(t, e.host, e.name, e.migrations(), step > len(e.before.Migrations), step-1)
						db := e.session(t)
						waited(e.isBounded(t, "up", db, true, step))
						waited(e.isBounded(t, "down", db, false, step-1))
					})
				})
			}
		}
		all.Wait()
		if count[true] < 40 {
			t.Errorf("only %d migrations have met a lock, %d have not", count[true], count[false])
		}
	})
}

// isBounded runs a migration against a transaction that has read, and again when
// that is over. It reports whether the migration had to wait.
func (e *evolving) isBounded(t *testing.T, what string, db *sql.DB, up bool, version int) (waited bool) {
	const bound = 8 * time.Second // 5, and what a machine that is busy takes besides
	end := e.reading(t)
	defer end()
	tables := e.tables(t)
	done := make(chan error, 1)
	begin := time.Now()
	go func() { done <- e.migrate(t, db, up, version) }()
	time.Sleep(time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	for _, table := range tables { // behind it
		if _, err := e.db.ExecContext(ctx, "SELECT COUNT(*) FROM "+table); err != nil && !isMySQLError(err, 1146) { // it was renamed or dropped
			t.Errorf("%s: a reader of %s: %v", what, table, err)
		}
	}
	if took := time.Since(begin); took > bound {
		t.Errorf("%s: readers waited %v", what, took)
	}
	var err error
	select {
	case err = <-done:
	case <-time.After(time.Until(begin.Add(bound))):
		end()
		t.Errorf("%s: it waits longer than %v; then: %v", what, bound, <-done)
		return true
	}
	end()
	if err == nil {
		keepsSettings(t, what, db)
		return false
	}
	if !isMySQLError(err, 1205) {
		t.Errorf("%s: %v", what, err)
	}
	if err := e.migrate(t, db, up, version); err != nil {
		t.Errorf("%s, again: %v", what, err)
	}
	keepsSettings(t, what+", again", db)
	return true
}

// TestForeignKeysHaveNoGap holds that a row without its parent is refused at any
// time while a foreign key is replaced, and afterwards.
func TestForeignKeysHaveNoGap(t *testing.T) {
	orphans := map[string]string{ // the columns that name the parent come first
		"sessions": "INSERT INTO %s (account_id, app_name, user_id, id, state, create_time, update_time) VALUES (999, 'app', 'user', UUID(), '{}', NOW(), NOW())",
		"events": `INSERT INTO %s (app_name, user_id, session_id, id, seq, invocation_id, author, branch, timestamp, event_data)
			VALUES ('app', 'user', 'no session', UUID(), 1, 'i', 'user', '', NOW(), '{}')`,
	}
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, change := range []string{"change-owner", "rename-tables"} {
			t.Run(change, func(t *testing.T) {
				e := evolvingCase(t, dialect, change)
				fillSessions(t, e.host, e.db, e.before.Schema, 5000)
				names := map[string][]string{}
				for i, table := range e.before.Schema.Tables[:2] {
					names[string(table.Role)] = []string{table.Name, e.after.Schema.Tables[i].Name}
				}
				stop, done := make(chan struct{}), make(chan int)
				go func() { // writes orphans until it is stopped, and tells how many were refused
					refused := 0
					defer func() { done <- refused }()
					for {
						select {
						case <-stop:
							return
						default:
						}
						for role, orphan := range orphans {
							for _, name := range names[role] {
								switch _, err := e.db.Exec(fmt.Sprintf(orphan, name)); {
								case isMySQLError(err, 1452):
									refused++
								case err == nil:
									t.Errorf("%s has an orphan", name)
									return
								case !isMySQLError(err, 1146, 1213): // the other name; a deadlock with the DDL
									t.Error(err)
									return
								}
							}
						}
					}
				}()
				for _, up := range []bool{true, false} {
					for _, step := range e.steps() { // one by one, as a tool may be stopped behind each
						if !up {
							step = len(e.before.Migrations) + len(e.after.Migrations) - step
						}
						gooseTo(t, e.host, e.name, e.migrations(), up, step)
						time.Sleep(20 * time.Millisecond)
					}
				}
				close(stop)
				if refused := <-done; refused < 20 {
					t.Errorf("only %d orphans were refused", refused)
				}
			})
		}
	})
}

// TestForeignKeyToNoTable holds that a key to a table that is not there is an
// error before anything is changed.
func TestForeignKeyToNoTable(t *testing.T) {
	onInnoDB(t, func(t *testing.T, dialect string) {
		for name, e := range map[string]*evolving{
			"added":    evolvingCase(t, dialect, "add-owner"),
			"replaced": evolvingOwner(t, dialect, "account_id BIGINT REFERENCES teams(id)", "account_id BIGINT REFERENCES users(id) ON DELETE CASCADE"),
		} {
			fillSessions(t, e.host, e.db, e.before.Schema, 3)
			exec1(t, e.db, "DROP TABLE users")
			before := lines(t, e.db, "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() ORDER BY table_name, constraint_name")
			db := e.session(t)
			if err := e.migrate(t, db, true, len(e.after.Migrations)); !isMySQLError(err, 1146) || !strings.Contains(err.Error(), "users") {
				t.Errorf("%s: %v", name, err)
			}
			keepsSettings(t, name, db)
			same(t, name, lines(t, e.db, "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() ORDER BY table_name, constraint_name"), before)
			exec1(t, e.db, "UPDATE adk_sessions SET revision = revision + 1")
			exec1(t, e.db, "CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY)")
			exec1(t, e.db, "INSERT INTO users (id) VALUES (1)")
			if err := e.migrate(t, db, true, len(e.after.Migrations)); err != nil {
				t.Errorf("%s, again: %v", name, err)
			}
		}
	})
}

// TestOrphansStopAForeignKey holds that rows that break a new key are an error
// that tells their number, their table and the key, when they were there and
// when they are written while the migration looks; and that the migration can be
// run again when they are gone.
func TestOrphansStopAForeignKey(t *testing.T) {
	const complaint = "adk_sessions_account_id_fk: 2 rows of adk_sessions have no match in teams"
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, from := range []string{"", "account_id BIGINT", "account_id BIGINT REFERENCES users(id)"} {
			e := evolvingOwner(t, dialect, from, "account_id BIGINT REFERENCES teams(id) ON DELETE CASCADE")
			for _, table := range []string{"users", "teams"} {
				exec1(t, e.db, "INSERT INTO "+table+" (id) VALUES (1)")
			}
			exec1(t, e.db, "INSERT INTO users (id) VALUES (2)")
			last := len(e.after.Migrations)
			for e.after.Migrations[last-1].Name != "reference_sessions_account_id" && e.after.Migrations[last-1].Name != "change_reference_sessions_account_id" {
				last--
			}
			db := e.session(t)
			if err := e.migrate(t, db, true, last-1); err != nil {
				t.Fatal(err)
			}
			write := func(on interface {
				Exec(string, ...any) (sql.Result, error)
			}, owner int) {
				for range 2 {
					if _, err := on.Exec("INSERT INTO adk_sessions (account_id, app_name, user_id, id, state, create_time, update_time) VALUES (?, 'app', 'user', UUID(), '{}', NOW(), NOW())", owner); err != nil {
						t.Fatal(err)
					}
				}
			}
			write(e.db, 2)
			if err := e.migrate(t, db, true, last); err == nil || !strings.Contains(err.Error(), complaint) {
				t.Errorf("from %q: %v", from, err)
			}
			keepsSettings(t, from, db)

			// The look at the rows does not see what this transaction writes.
			exec1(t, e.db, "UPDATE adk_sessions SET account_id = 1")
			tx, err := e.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			write(tx, 2)
			done := make(chan error, 1)
			go func() { done <- e.migrate(t, db, true, last) }()
			time.Sleep(time.Second)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err == nil || !strings.Contains(err.Error(), complaint) {
				t.Errorf("from %q, with rows that are written meanwhile: %v", from, err)
			}
			keepsSettings(t, from, db)

			exec1(t, e.db, "UPDATE adk_sessions SET account_id = NULL WHERE account_id = 2")
			if err := e.migrate(t, db, true, last); err != nil {
				t.Errorf("from %q, without orphans: %v", from, err)
			}
			if _, err := e.db.Exec("UPDATE adk_sessions SET account_id = 2"); !isMySQLError(err, 1452) {
				t.Errorf("from %q, the key does not hold: %v", from, err)
			}
			if left := lines(t, e.db, "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"); len(left) > 0 {
				t.Errorf("from %q, there are procedures left: %v", from, left)
			}
		}
	})
}

// TestForeignKeyIsReplacedAfterHalf holds that a migration that replaces a key by
// one of the same name goes on from between its two statements.
func TestForeignKeyIsReplacedAfterHalf(t *testing.T) {
	onInnoDB(t, func(t *testing.T, dialect string) {
		e := evolvingOwner(t, dialect, "account_id BIGINT REFERENCES users(id)", "account_id BIGINT REFERENCES teams(id)")
		exec1(t, e.db, `SET foreign_key_checks = 0; ALTER TABLE adk_sessions DROP FOREIGN KEY adk_sessions_account_id_fk,
			ADD CONSTRAINT adk_sessions_account_id_fk_new FOREIGN KEY (account_id) REFERENCES teams (id); SET foreign_key_checks = 1`)
		gooseTo(t, e.host, e.name, e.migrations(), true, len(e.after.Migrations))
		for range 2 {
			same(t, "the catalog", found(t, e.host, e.db, "", "users", "teams", "ext_adk_migrations"), meant(dialect, e.after.Schema))
			exec1(t, e.db, "DELETE FROM ext_adk_migrations ORDER BY id DESC LIMIT 1") // stopped before the tool has noted it
			gooseTo(t, e.host, e.name, e.migrations(), true, len(e.after.Migrations))
		}
	})
}

// TestForeignKeysOfQuotedNames holds that a name stays a name in the texts of the
// procedure, whatever is in it.
func TestForeignKeysOfQuotedNames(t *testing.T) {
	const table = "`a '\\ b``c`"
	onInnoDB(t, func(t *testing.T, dialect string) {
		e := startEvolving(t, dialect, func(folder string) (before, after generator.LockTarget) {
			for _, rule := range []string{"RESTRICT", "CASCADE"} {
				before, after = after, generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+"\n    migrations: {tool: goose, dir: db/migrations}\n"+
					"    session_table: \""+strings.ReplaceAll(table, `\`, `\\`)+"\"\n    owner_id_column: account_id BIGINT REFERENCES users(id) ON DELETE "+rule+"\n"))
			}
			return before, after
		})
		db := e.session(t)
		if err := e.migrate(t, db, true, len(e.after.Migrations)); err != nil {
			t.Fatal(err)
		}
		same(t, "the catalog", found(t, e.host, e.db, "", "users", "teams", "ext_adk_migrations"), meant(dialect, e.after.Schema))
		if err := e.migrate(t, db, false, len(e.before.Migrations)); err != nil {
			t.Fatal(err)
		}
		exec1(t, e.db, "SET foreign_key_checks = 0; INSERT INTO "+table+" (account_id, app_name, user_id, id, state, create_time, update_time) VALUES (9, 'app', 'user', 'id', '{}', NOW(), NOW()); SET foreign_key_checks = 1")
		if err := e.migrate(t, db, true, len(e.after.Migrations)); err == nil || !strings.Contains(err.Error(), ": 1 rows of "+table+" have no match in users") {
			t.Error(err)
		}
		keepsSettings(t, table, db)
	})
}

// TestColumnsComeAndGoWithoutACopy holds that no row is written again for a column
// that is added or dropped: the table keeps its number.
func TestColumnsComeAndGoWithoutACopy(t *testing.T) {
	number := map[string]string{
		"mysql":   "SELECT table_id FROM information_schema.innodb_tables WHERE name = CONCAT(DATABASE(), '/', ?)",
		"mariadb": "SELECT table_id FROM information_schema.innodb_sys_tables WHERE name = CONCAT(DATABASE(), '/', ?)",
	}
	onInnoDB(t, func(t *testing.T, dialect string) {
		columns := 0
		for _, change := range []string{"add-owner", "own-columns", "own-columns-off"} {
			e := evolvingCase(t, dialect, change)
			fillSessions(t, e.host, e.db, e.before.Schema, 10)
			exec1(t, e.db, "INSERT INTO adk_app_states (app_name, state, update_time) VALUES ('app', '{}', NOW())") // MySQL writes an empty table anew
			numbers := func() (result catalog) {
				for _, table := range e.after.Schema.Tables {
					result = append(result, table.Name+" "+lines(t, e.db, number[dialect], table.Name).String())
				}
				return result
			}
			for _, up := range []bool{true, false} {
				for _, step := range e.steps() {
					if !up {
						step = len(e.before.Migrations) + len(e.after.Migrations) - step + 1
					}
					before := numbers()
					m := e.after.Migrations[step-1]
					version := step
					if !up {
						version--
					}
					gooseTo(t, e.host, e.name, e.migrations(), up, version)
					text, err := os.ReadFile(filepath.Join(e.folder, m.Files[0].Path))
					if err != nil {
						t.Fatal(err)
					}
					if strings.Contains(string(text), " ADD COLUMN ") && !strings.Contains(string(text), ") STORED,") { // which has to be computed
						columns++
						same(t, fmt.Sprintf("%s, up %v", m.Name, up), numbers(), before)
					}
				}
			}
		}
		if columns < 30 {
			t.Errorf("only %d columns", columns)
		}
	})
}

// TestTheCheckOfJSONGoesAtOnce upgrades a database of before: MariaDB's own check of JSON refuses what nests deeper than 31
// levels. It goes without a look at a row. On the way down it comes back, and a value that it refuses stops it.
func TestTheCheckOfJSONGoesAtOnce(t *testing.T) {
	need(t, mariadb, "MariaDB")
	e := evolvingCase(t, "mariadb", "json-check")
	fillSessions(t, e.host, e.db, e.before.Schema, 1000)
	deep := func(levels int) string { return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) }
	statements := map[string]string{
		"adk_events.event_data": "UPDATE adk_events SET event_data = ? ORDER BY id LIMIT 1", "adk_sessions.state": "UPDATE adk_sessions SET state = ? ORDER BY id LIMIT 1",
		"adk_app_states.state": "REPLACE INTO adk_app_states VALUES ('app', ?, NOW())", "adk_user_states.state": "REPLACE INTO adk_user_states VALUES ('app', 'user', ?, NOW())",
	}
	for column, statement := range statements {
		if _, err := e.db.Exec(statement, deep(32)); !isMySQLError(err, 4025) {
			t.Errorf("%s took 32 levels before: %v", column, err)
		}
	}
	numbers := func() catalog {
		return lines(t, e.db, "SELECT CONCAT(name, ' ', table_id) FROM information_schema.innodb_sys_tables WHERE name LIKE CONCAT(DATABASE(), '/adk%') ORDER BY name")
	}
	before := numbers()
	gooseTo(t, e.host, e.name, e.migrations(), true, len(e.after.Migrations))
	same(t, "the tables, which were not copied", numbers(), before)
	for column, statement := range statements {
		if _, err := e.db.Exec(statement, deep(9000)); err != nil {
			t.Errorf("%s: %v", column, err)
		}
	}
	for n := len(e.after.Migrations) - 1; n >= len(e.before.Migrations); n-- {
		table := e.after.Schema.Tables[n-1].Name
		count := lines(t, e.db, "SELECT COUNT(*) FROM "+table)
		if err := e.migrate(t, e.db, false, n); !isMySQLError(err, 4025, 4040) { // 4040 where a column is generated from it
			t.Fatalf("the way down of %s, with a value that the check refuses: %v", table, err)
		}
		same(t, table+" after it failed", lines(t, e.db, "SELECT COUNT(*) FROM "+table), count)
		column := "state"
		if table == "adk_events" {
			column = "event_data"
		}
		exec1(t, e.db, "UPDATE "+table+" SET "+column+" = '{}' WHERE JSON_VALID("+column+") = 0")
		if err := e.migrate(t, e.db, false, n); err != nil {
			t.Fatalf("the way down of %s: %v", table, err)
		}
	}
}
