package databases

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	expression := bytes.Replace(config, []byte("(SELECT t.id FROM teams AS t WHERE t.id = account_id)"), []byte("COALESCE((SELECT t.id FROM teams AS t WHERE t.id = account_id), 1)"), 1)
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
