package databases

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/golden/databases/servers"
)

// h2Jar is where Debian's libh2-java puts H2, or what ADKGEN_H2_JAR names.
func h2Jar(t *testing.T) string {
	t.Helper()
	jar := os.Getenv("ADKGEN_H2_JAR")
	if jar == "" {
		jar = "/usr/share/java/h2.jar"
	}
	_, err := os.Stat(jar)
	if err == nil {
		_, err = exec.LookPath("java")
	}
	if err != nil && servers.Required("all") {
		t.Fatalf("H2 is needed: %v", err)
	}
	if err != nil {
		t.Skipf("no H2: install libh2-java and a Java runtime, or set ADKGEN_H2_JAR: %v", err)
	}
	return jar
}

// h2 runs a script in a new H2 in Oracle mode.
func h2(t *testing.T, script string) error {
	t.Helper()
	jar := h2Jar(t)
	file := filepath.Join(t.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("java", "-cp", jar, "org.h2.tools.RunScript", "-url", "jdbc:h2:mem:t;MODE=Oracle", "-user", "sa", "-script", file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%.2000s", err, out)
	}
	return nil
}

func read(t testing.TB, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sqlplusLine is a command of SQL*Plus, which H2 does not know.
var sqlplusLine = regexp.MustCompile(`(?m)^(SET DEFINE OFF|WHENEVER SQLERROR EXIT FAILURE)$`)

const oracleCase = casesDir + "/oracle-owner-plain/want/db"

// oracleUp is the way up, as H2 reads it.
func oracleUp(t *testing.T, tree string) string {
	up := read(t, tree, "migrations", "adk", "ext_adk_0001_create_adk_tables.up.sql")
	return sqlplusLine.ReplaceAllString(up, "")
}

// bind puts values for the named binds of a statement.
func bind(sql string, values map[string]string) string {
	return regexp.MustCompile(`:(\w+)`).ReplaceAllStringFunc(sql, func(name string) string {
		if v, ok := values[name[1:]]; ok {
			return v
		}
		return "no value for " + name
	})
}

// oracleQueries are the statements of the query files by name.
func oracleQueries(t *testing.T, tree string) map[string]string {
	queries := map[string]string{}
	for _, file := range []string{"sessions.sql", "events.sql", "states.sql"} {
		for _, part := range strings.Split(read(t, tree, "queries", "adk", file), "-- name: ")[1:] {
			name, rest, _ := strings.Cut(part, " ")
			_, sql, _ := strings.Cut(rest, "\n")
			queries[name] = strings.TrimSuffix(strings.TrimSpace(sql), ";")
		}
	}
	return queries
}

// TestOracleOnH2 creates the tables, runs every query and lets the foreign
// keys cascade, on both ways to keep JSON.
func TestOracleOnH2(t *testing.T) {
	for _, variant := range []struct {
		name, tree string
		json       func(string) string
	}{
		{"BLOB", oracleCase, func(s string) string { return "X'" + hex.EncodeToString([]byte(s)) + "'" }},
		{"JSON", casesDir + "/oracle-21-native-json/want/db", func(s string) string { return "JSON '" + s + "'" }},
	} {
		t.Run(variant.name, func(t *testing.T) {
			queries := oracleQueries(t, variant.tree)
			values := map[string]string{
				"app_name": "'app'", "user_id": "'alice'", "id": "'s1'", "session_id": "'s1'", "owner_id": "1",
				"state": variant.json(`{"a": 1}`), "create_time": "TIMESTAMP '2026-01-01 00:00:00.123456'", "update_time": "TIMESTAMP '2026-01-02 00:00:00'",
				"before_time": "TIMESTAMP '2027-01-01 00:00:00'", "after_time": "TIMESTAMP '2025-01-01 00:00:00'", "event_time": "TIMESTAMP '2026-01-02 00:00:00'",
				"before_id": "''", "after_user_id": "''", "after_id": "''", "max_rows": "10", "revision": "0", "seq": "1", "max_seq": "1",
				"invocation_id": "'inv'", "author": "'agent'", "branch": "''", "event_data": variant.json(`{"content": "x"}`),
			}
			var script strings.Builder
			script.WriteString("CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\nINSERT INTO users VALUES (1);\nCREATE TABLE assertion (what VARCHAR(200), ok INT CHECK (ok = 1));\n")
			script.WriteString(oracleUp(t, variant.tree))
			used := map[string]bool{}
			finds := func(name string, rows int, changes ...string) {
				used[name] = true
				with := map[string]string{}
				for k, v := range values {
					with[k] = v
				}
				for i := 0; i < len(changes); i += 2 {
					with[changes[i]] = changes[i+1]
				}
				sql := strings.TrimSpace(bind(queries[name], with))
				if strings.HasPrefix(strings.TrimLeft(withoutComments(sql), "\n"), "SELECT") && !strings.Contains(sql, "FOR UPDATE") {
					fmt.Fprintf(&script, "INSERT INTO assertion SELECT '%s', CASE WHEN COUNT(*) = %d THEN 1 ELSE 0 END FROM (%s);\n", name, rows, sql)
					return
				}
				script.WriteString(sql + ";\n")
			}
			run := func(name string, changes ...string) { finds(name, 1, changes...) }
			count := func(table string, n int) {
				fmt.Fprintf(&script, "INSERT INTO assertion SELECT '%s has %d', CASE WHEN COUNT(*) = %d THEN 1 ELSE 0 END FROM %s;\n", table, n, n, table)
			}
			run("CreateSession")
			for _, name := range []string{"GetSession", "ListSessions", "ListUserSessions", "AdvanceSession", "InsertEvent", "ListEvents", "ListRecentEvents",
				"PutAppState", "PutAppState", "EnsureUserState", "PutUserState", "PutUserState", "EnsureAppState", "EnsureUserState", "GetAppState", "GetUserState", "LockAppState", "LockUserState"} {
				run(name)
			}
			if variant.name == "BLOB" { // this case has an owner
				for _, name := range []string{"GetSessionForOwner", "ListSessionsForOwner", "ListUserSessionsForOwner", "CountSessionsForOwner", "ListEventsForOwner", "ListRecentEventsForOwner"} {
					run(name)
				}
				for _, name := range []string{"GetSessionForOwner", "ListEventsForOwner", "ListRecentEventsForOwner"} {
					finds(name, 0, "owner_id", "2")
				}
				for _, name := range []string{"UpdateSessionStateForOwner", "AdvanceSessionForOwner", "DeleteSessionForOwner"} {
					run(name, "owner_id", "2", "revision", "1")
				}
				count("adk_sessions", 1)
				count("adk_events", 1)
				run("InsertEventForOwner", "id", "'e2'", "seq", "2")
				count("adk_events", 2)
				script.WriteString("DELETE FROM adk_events WHERE id = 'e2';\n")
			}
			run("UpdateSessionState") // stale: the append has advanced the session
			fmt.Fprint(&script, "INSERT INTO assertion SELECT 'revision', CASE WHEN revision = 1 THEN 1 ELSE 0 END FROM adk_sessions;\n")
			count("adk_events", 1)
			run("ListSessionsWithExpiredEvents")
			run("DeleteExpiredEvents", "before_time", "TIMESTAMP '2020-01-01 00:00:00'")
			count("adk_events", 1)
			run("DeleteSession")
			count("adk_events", 0)
			run("CreateSession")
			run("AdvanceSession")
			run("InsertEvent")
			run("DeleteExpiredEvents")
			count("adk_events", 0)
			run("ListIdleSessions")
			run("DeleteIdleSession", "before_time", "TIMESTAMP '2020-01-01 00:00:00'")
			count("adk_sessions", 1)
			run("DeleteIdleSession")
			count("adk_sessions", 0)
			if variant.name == "BLOB" {
				run("CreateSession")
				run("AdvanceSession")
				run("InsertEvent")
				script.WriteString("DELETE FROM users;\n")
				count("adk_events", 0)
			}
			if err := h2(t, script.String()); err != nil {
				t.Errorf("%v", err)
			}
			for name := range queries {
				if !used[name] {
					t.Errorf("%s was not run", name)
				}
			}
		})
	}
}

func withoutComments(sql string) string {
	return regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(sql, "")
}

// TestOracleConstraintsOnH2 proves that the tests above can fail: what must be
// refused is refused.
func TestOracleConstraintsOnH2(t *testing.T) {
	up := "CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\nINSERT INTO users VALUES (1);\n" + oracleUp(t, oracleCase)
	insert := "INSERT INTO adk_sessions (app_name, user_id, account_id, id, state, create_time, update_time) VALUES ('a', 'u', %s, 's', %s, SYSTIMESTAMP, SYSTIMESTAMP);"
	for name, sql := range map[string]string{
		"an owner that does not exist": fmt.Sprintf(insert, "2", "X'7B7D'"),
		"state that is no JSON":        fmt.Sprintf(insert, "1", "X'7B'"),
		"the same session twice":       fmt.Sprintf(insert+insert, "1", "X'7B7D'", "1", "X'7B7D'"),
		"an event of another owner's session": fmt.Sprintf(insert, "1", "X'7B7D'") + strings.TrimSpace(bind(oracleQueries(t, oracleCase)["InsertEventForOwner"], map[string]string{"app_name": "'a'", "user_id": "'u'", "session_id": "'s'",
			"owner_id": "2", "id": "'e'", "seq": "1", "invocation_id": "'i'", "author": "'a'", "branch": "'b'", "event_time": "SYSTIMESTAMP", "event_data": "X'7B7D'"})) + ";",
		"an event without a session": "INSERT INTO adk_events (app_name, user_id, session_id, id, seq, timestamp, event_data) VALUES ('a', 'u', 's', 'e', 1, SYSTIMESTAMP, X'7B7D');",
	} {
		if err := h2(t, up+sql); err == nil {
			t.Errorf("H2 takes %s", name)
		}
	}
	if err := h2(t, up+fmt.Sprintf(insert, "1", "X'7B7D'")); err != nil {
		t.Errorf("H2 refuses a good session: %v", err)
	}
}

// immediate is a statement inside EXECUTE IMMEDIATE.
var immediate = regexp.MustCompile(`(?s)EXECUTE IMMEDIATE '((?:[^']|'')*)'`)

// TestOracleSnapshotOnH2 runs the statements inside the snapshot's blocks.
func TestOracleSnapshotOnH2(t *testing.T) {
	for _, name := range []string{"oracle-owner-plain", "oracle-quoted-names", "oracle-21-native-json"} {
		script := "CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\nCREATE SCHEMA app;\nCREATE TABLE app.\"Levels\" (\"Id\" VARCHAR2(36 CHAR) PRIMARY KEY);\n"
		statements := immediate.FindAllStringSubmatch(read(t, casesDir, name, "want", "db", "adk_schema.sql"), -1)
		if len(statements) < 5 {
			t.Fatalf("%d statements", len(statements))
		}
		for _, m := range statements {
			script += strings.ReplaceAll(strings.ReplaceAll(m[1], "''", "'"), "DEFERRABLE INITIALLY DEFERRED", "") + ";\n"
		}
		if err := h2(t, script); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOracleGuardsOnMariaDB runs the PL/SQL around the drops, which H2 does not
// know, in MariaDB's Oracle mode, where the error for a table that is not there
// has another number: once on nothing, once on tables, once more.
func TestOracleGuardsOnMariaDB(t *testing.T) {
	h, name := hostFor(t, "mariadb")
	db := h.open(t, name)
	db.SetMaxOpenConns(1)
	exec1(t, db, "SET sql_mode = 'ORACLE'")
	down := read(t, oracleCase, "migrations", "adk", "ext_adk_0001_create_adk_tables.down.sql")
	down = strings.NewReplacer("-942", "1051", " PURGE", "").Replace(sqlplusLine.ReplaceAllString(down, ""))
	blocks := strings.Split(down, "\n/\n")
	if len(blocks) != 5 {
		t.Fatalf("%d blocks in\n%s", len(blocks), down)
	}
	for _, tables := range [][]string{{}, {"adk_sessions", "adk_events", "adk_app_states", "adk_owner_states"}, {"adk_sessions"}} {
		for _, table := range tables {
			exec1(t, db, "CREATE TABLE "+table+" (id INT)")
		}
		for _, block := range blocks[:4] {
			exec1(t, db, block)
		}
		if left := lines(t, db, "SHOW TABLES"); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
	exec1(t, db, "CREATE TABLE adk_sessions (id INT PRIMARY KEY)")
	exec1(t, db, "CREATE TABLE child (id INT REFERENCES adk_sessions(id))")
	if _, err := db.Exec(blocks[3]); err == nil {
		t.Error("a guard hides an error that is not ORA-00942")
	}
}

// TestOracleBackfillOnMariaDB runs the PL/SQL loop of a backfill in MariaDB's
// Oracle mode, over more than one batch, twice.
func TestOracleBackfillOnMariaDB(t *testing.T) {
	h, name := hostFor(t, "mariadb")
	db := h.open(t, name)
	db.SetMaxOpenConns(1)
	exec1(t, db, "SET sql_mode = 'ORACLE'")
	up := read(t, casesDir, "evolve-oracle-backfill-nullable/want/db/migrations/adk/ext_adk_0002_backfill_sessions_account_id.up.sql")
	block := strings.TrimSuffix(sqlplusLine.ReplaceAllString(up[strings.Index(up, "DECLARE\n"):], ""), "/\n")
	block = strings.Replace(block, "FOR UPDATE WAIT 1", "FOR UPDATE", 1) // error 1314
	exec1(t, db, "CREATE TABLE adk_sessions (app_name VARCHAR(10), user_id VARCHAR(10), id INT, account_id INT, PRIMARY KEY (app_name, user_id, id))")
	exec1(t, db, "INSERT INTO adk_sessions SELECT CASE MOD(seq, 2) WHEN 1 THEN 'app' ELSE 'other' END, 'user', seq, CASE MOD(seq, 10) WHEN 0 THEN 7 END FROM seq_1_to_2500")
	for range 2 {
		exec1(t, db, block)
		got := strings.Join(lines(t, db, "SELECT account_id || ': ' || COUNT(*) FROM adk_sessions GROUP BY account_id ORDER BY account_id"), ", ")
		if got != "1: 1250, 2: 1000, 7: 250" {
			t.Errorf("the owners are %s", got)
		}
	}
}
