package databases

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"gopkg.in/yaml.v3"
)

// evolvingConfigs goes through configurations, each without its first lines.
func evolvingConfigs(t *testing.T, dialect string, configs ...string) *evolving {
	t.Helper()
	return startEvolving(t, dialect, func(folder string) (before, after generator.LockTarget) {
		for _, config := range configs {
			before, after = after, generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+"\n    migrations: {tool: goose, dir: db/migrations}\n"+config))
		}
		return before, after
	})
}

// sessionsWith writes sessions that have a value in a column.
func (e *evolving) sessionsWith(t *testing.T, column string, values ...string) {
	t.Helper()
	for _, value := range values {
		exec1(t, e.db, "INSERT INTO adk_sessions ("+column+", app_name, user_id, id, state, create_time, update_time) VALUES ("+value+", 'app', 'user', UUID(), '{}', NOW(), NOW())")
	}
}

// TestValuesThatDoNotFitStopAMigration holds that a column that gets shorter or NOT NULL
// changes no value, up or down, though the session's sql_mode would let the
// server do that; that the error tells what is wrong; that the session stays as it
// was; and that the migration can be run again when the values fit.
func TestValuesThatDoNotFitStopAMigration(t *testing.T) {
	column := func(definition string) string { return "    columns: {sessions: [\"" + definition + "\"]}\n" }
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, c := range []struct {
			name           string
			before, after  string
			column         string
			values         []string
			mend, complain string
			numbers        []uint16
		}{
			{"a text", column("slug VARCHAR(40)"), column("slug VARCHAR(10)"), "slug",
				[]string{"'0123456789'", "'0123456789a'", "'0123456789äöü'", "'0123456789 '", "NULL"}, "UPDATE adk_sessions SET slug = SUBSTR(slug, 1, 10)",
				"3 rows of adk_sessions have a slug of more than 10 characters", []uint16{1644}},
			{"bytes", column("slug VARBINARY(40)"), column("slug VARBINARY(10)"), "slug",
				[]string{"'0123456789'", "'0123456789a'"}, "UPDATE adk_sessions SET slug = SUBSTR(slug, 1, 10)", "", []uint16{1644, 1406}},
			{"an ENUM", column("kind ENUM('a', 'b')"), column("kind ENUM('a')"), "kind",
				[]string{"'a'", "'b'", "NULL"}, "UPDATE adk_sessions SET kind = 'a' WHERE kind = 'b'", "Data truncated for column 'kind'", []uint16{1644}},
			{"a moment", column("at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP"), column("at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP"), "at",
				[]string{"'2026-01-31 00:00:00'", "NULL"}, "UPDATE adk_sessions SET at = '2026-01-31 00:00:00'",
				"1 rows of adk_sessions have no at", []uint16{1644}},
			{"NOT NULL", "    owner_id_column: account_id BIGINT\n", "    owner_id_column: account_id BIGINT NOT NULL\n", "account_id",
				[]string{"1", "NULL", "NULL"}, "UPDATE adk_sessions SET account_id = 2 WHERE account_id IS NULL",
				"2 rows of adk_sessions have no account_id", []uint16{1644}},
		} {
			for _, up := range []bool{true, false} {
				configs := []string{c.before, c.after}
				if !up {
					configs = []string{c.after, c.before}
				}
				e := evolvingConfigs(t, dialect, configs...)
				if !up {
					gooseTo(t, e.host, e.name, e.migrations(), true, len(e.after.Migrations))
				}
				e.sessionsWith(t, c.column, c.values...)
				values := func() catalog {
					return lines(t, e.db, "SELECT IFNULL("+c.column+", 'NULL') FROM adk_sessions ORDER BY 1")
				}
				was := values()
				to := len(e.after.Migrations)
				if !up {
					to = len(e.before.Migrations)
				}
				db := e.session(t)
				for range 2 {
					if err := e.migrate(t, db, up, to); !isMySQLError(err, c.numbers...) || !strings.Contains(err.Error(), c.complain) {
						t.Fatalf("%s, up %v: %v", c.name, up, err)
					}
					same(t, c.name+", which failed", values(), was)
					keepsSettings(t, c.name, db)
				}
				exec1(t, e.db, c.mend)
				must(t, e.migrate(t, db, up, to))
				keepsSettings(t, c.name+", at last", db)
				if left := lines(t, e.db, "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"); len(left) > 0 {
					t.Errorf("%s: there are procedures left: %v", c.name, left)
				}
			}
		}
	})
}

// TestBackfillCutsNoOwner holds that an owner that is too long for the column stops the
// backfill, though the session's sql_mode would let the server cut it.
func TestBackfillCutsNoOwner(t *testing.T) {
	onInnoDB(t, func(t *testing.T, dialect string) {
		e := evolvingConfigs(t, dialect, "", "    owner_id_column: owner VARCHAR(5) NOT NULL\n    backfill: (SELECT u.login FROM users u WHERE u.id = adk_sessions.revision)\n")
		exec1(t, e.db, "ALTER TABLE users ADD COLUMN login VARCHAR(20)")
		exec1(t, e.db, "INSERT INTO users VALUES (7, '123456')")
		e.sessionsWith(t, "revision", "7")
		db := e.session(t)
		if err := e.migrate(t, db, true, len(e.after.Migrations)); !isMySQLError(err, 1406, 1644) {
			t.Errorf("%v", err)
		}
		same(t, "the owner", lines(t, e.db, "SELECT IFNULL(owner, 'none') FROM adk_sessions"), catalog{"none"})
		keepsSettings(t, "the backfill", db)
		exec1(t, e.db, "UPDATE users SET login = '12345'")
		must(t, e.migrate(t, db, true, len(e.after.Migrations)))
		same(t, "the owner", lines(t, e.db, "SELECT owner FROM adk_sessions"), catalog{"12345"})
		keepsSettings(t, "the backfill, at last", db)
	})
}

// TestPrivileges holds that a user with the privileges that docs/migration-tools.md names
// can run every migration, up and down, with the binary log on.
func TestPrivileges(t *testing.T) {
	granted := regexp.MustCompile(`on the database, ([A-Z, ]+) and ([A-Z ]+)\.`).FindStringSubmatch(read(t, "../../docs/migration-tools.md"))
	if granted == nil {
		t.Fatal("the page names no privileges")
	}
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, dir := range evolutionCases(t, dialect) {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				before, after := evolve(t, folder, dir)
				h, name := hostFor(t, dialect)
				db := h.open(t, name)
				createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}})
				if before.Schema.Namespace != "" {
					t.Skip("another database")
				}
				user := "u" + name
				exec1(t, db, "CREATE USER "+user)
				t.Cleanup(func() { exec1(t, h.open(t, h.admin), "DROP USER "+user) })
				exec1(t, db, "GRANT "+granted[1]+", "+granted[2]+" ON "+name+".* TO "+user)
				if dialect == "mysql" {
					same(t, "the binary log", lines(t, db, "SELECT CONCAT(@@log_bin, @@log_bin_trust_function_creators)"), catalog{"10"})
				}
				limited := *h
				limited.dsn = func(database string) string { return strings.Replace(h.dsn(database), "root@", user+"@", 1) }
				migrations := filepath.Join(folder, after.Dir)
				gooseTo(t, &limited, name, migrations, true, len(before.Migrations))
				fillSessions(t, h, db, before.Schema, 1)
				gooseTo(t, &limited, name, migrations, true, len(after.Migrations))
				exec1(t, db, "DELETE FROM "+after.Schema.Tables[0].Name) // a column that comes back NOT NULL
				gooseTo(t, &limited, name, migrations, false, 0)
			})
		}
	})
}

// TestColumnsOfEveryKindComeBack holds that the way down of a column that was dropped
// brings it back, also with the binary log on, where the server copies no table for a
// default that is no constant (errors 1674, 1845). A column that is NOT NULL and has
// such a default waits until its rows have a value.
func TestColumnsOfEveryKindComeBack(t *testing.T) {
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, c := range []struct{ definition, value, fill string }{ // the value that a row has then; what it is filled with
			{"VARCHAR(36) DEFAULT (UUID())", "NULL", ""},
			{"VARCHAR(36) NOT NULL DEFAULT (UUID())", "NULL", "'x'"},
			{"DATE DEFAULT (CURRENT_DATE)", "NULL", ""},
			{"DATE NOT NULL DEFAULT (CURRENT_DATE)", "NULL", "'2026-01-31'"},
			{"TIME DEFAULT (CURRENT_TIME)", "NULL", ""},
			{"DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)", "NULL", ""},
			{"DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "NULL", "'2026-01-31 00:00:00'"},
			{"TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "NULL", "'2026-01-31 00:00:00'"},
			{"TIMESTAMP NULL", "NULL", ""},
			{"JSON DEFAULT (JSON_OBJECT())", "NULL", ""},
			{"JSON NOT NULL DEFAULT (JSON_OBJECT())", "NULL", "'{}'"},
			{"TEXT NOT NULL DEFAULT ('abc')", "NULL", "'abc'"},
			{"BLOB DEFAULT ('abc')", "NULL", ""},
			{"INT NOT NULL DEFAULT (1 + 1)", "NULL", "2"},
			{"DOUBLE DEFAULT (RAND())", "NULL", ""},
			{"ENUM('a', 'b') NOT NULL DEFAULT 'a'", "a", ""},
			{"BOOLEAN NOT NULL DEFAULT FALSE", "0", ""},
			{"DECIMAL(10, 2) NOT NULL DEFAULT 1.5", "1.50", ""},
			{"VARCHAR(20) AS (UPPER(app_name)) VIRTUAL", "APP", ""},
			{"VARCHAR(20) AS (UPPER(app_name)) STORED", "APP", ""},
			{"VARCHAR(20) UNIQUE", "NULL", ""},
			{"INT CHECK (x > 0)", "NULL", ""},
			{"BIGINT REFERENCES users(id) ON DELETE SET NULL", "NULL", ""},
			{"VARCHAR(20) CHARACTER SET latin1 COMMENT 'x'", "NULL", ""},
		} {
			e := evolvingConfigs(t, dialect, "    columns: {sessions: [\"x "+c.definition+"\"]}\n", "")
			if dialect == "mysql" {
				same(t, "the binary log", lines(t, e.db, "SELECT @@log_bin"), catalog{"1"})
			}
			was := found(t, e.host, e.db, "", "users", "teams", "ext_adk_migrations")
			db := e.session(t)
			must(t, e.migrate(t, db, true, len(e.after.Migrations)))
			e.sessionsWith(t, "revision", "1", "2")
			err := e.migrate(t, db, false, len(e.before.Migrations))
			same(t, c.definition, lines(t, e.db, "SELECT DISTINCT IFNULL(CAST(x AS CHAR), 'NULL') FROM adk_sessions"), catalog{c.value})
			if c.fill != "" {
				if !isMySQLError(err, 1644) || !strings.Contains(err.Error(), "2 rows of adk_sessions have no x") {
					t.Fatalf("%s: %v", c.definition, err)
				}
				exec1(t, e.db, "UPDATE adk_sessions SET x = "+c.fill)
				err = e.migrate(t, db, false, len(e.before.Migrations))
			}
			if err != nil {
				t.Errorf("%s: %v", c.definition, err)
				continue
			}
			keepsSettings(t, c.definition, db)
			same(t, c.definition+", the catalog", withoutOrder(found(t, e.host, e.db, "", "users", "teams", "ext_adk_migrations")), withoutOrder(was))
		}
	})
}

// TestSessionsWithoutOwnerStopTheStep holds that the step that makes the owner column NOT
// NULL fails while sessions have none, names what is wrong, and can be run again, as
// docs/evolution.md says.
func TestSessionsWithoutOwnerStopTheStep(t *testing.T) {
	for dialect, complaint := range map[string]string{
		"mysql": "2 rows of adk_sessions have no account_id", "mariadb": "2 rows of adk_sessions have no account_id",
		"postgres": `"adk_sessions_account_id_not_null_ck" of relation "adk_sessions" is violated by some row`, "sqlite": "NOT NULL constraint failed: adk_sessions_new.account_id",
	} {
		t.Run("evolve-"+dialect+"-require-owner", func(t *testing.T) {
			folder := t.TempDir()
			before, after := evolve(t, folder, filepath.Join(casesDir, "evolve-"+dialect+"-require-owner"))
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")
			migrations := filepath.Join(folder, after.Dir)
			gooseTo(t, h, name, migrations, true, len(before.Migrations))
			fillSessions(t, h, db, before.Schema, 3)
			exec1(t, db, "UPDATE adk_sessions SET account_id = NULL WHERE id <> 'session1'")
			for range 2 {
				if got := failure(t, func(t testing.TB) { gooseTo(t, h, name, migrations, true, len(after.Migrations)) }); !strings.Contains(got, complaint) {
					t.Errorf("it fails with %q", got)
				}
			}
			exec1(t, db, "UPDATE adk_sessions SET account_id = "+ownerID[dialect]+" WHERE account_id IS NULL")
			gooseTo(t, h, name, migrations, true, len(after.Migrations))
			same(t, "the catalog", found(t, h, db, "", besides...), meant(dialect, after.Schema))
			if n := counted(t, db, after.Schema); n != 3 {
				t.Errorf("%d sessions", n)
			}
		})
	}
}

// TestColumnsOfHardNamesGetShorter holds that names stay names in the procedure and its
// error, whatever is in them, and with every way to read quotes.
func TestColumnsOfHardNamesGetShorter(t *testing.T) {
	const table, column = "`A '\\ b``c\"*/d`", "`X ' y``z\"*/w; -- v`"
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, mode := range []string{"''", "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"} {
			e := startEvolving(t, dialect, func(folder string) (before, after generator.LockTarget) {
				for _, definition := range []string{"VARCHAR(40)", "VARCHAR(10)"} {
					config, err := yaml.Marshal(map[string]any{"version": 1, "targets": []any{map[string]any{"dialect": dialect, "migrations": map[string]any{"tool": "goose", "dir": "db/migrations"},
						"session_table": table, "columns": map[string]any{"sessions": []any{column + " " + definition + " DEFAULT '''; -- */'"}}}}})
					must(t, err)
					before, after = after, generated(t, folder, config)
				}
				return before, after
			})
			exec1(t, e.db, "INSERT INTO "+table+" ("+column+", app_name, user_id, id, state, create_time, update_time) VALUES ('0123456789a', 'app', 'user', 'id', '{}', NOW(), NOW())")
			db := e.session(t)
			exec1(t, db, "SET SESSION sql_mode = "+mode)
			if err := e.migrate(t, db, true, len(e.after.Migrations)); err == nil || !strings.Contains(err.Error(), "1 rows of "+table+" have a "+column+" of more than 10 characters") {
				t.Errorf("%s: %v", mode, err)
			}
			exec1(t, e.db, "UPDATE "+table+" SET "+column+" = 'x'")
			must(t, e.migrate(t, db, true, len(e.after.Migrations)))
			same(t, mode, lines(t, db, "SELECT CONCAT(@@lock_wait_timeout, ' ''', @@sql_mode, '''')"), catalog{"77 " + mode})
			must(t, e.migrate(t, db, false, 0))
		}
	})
}
