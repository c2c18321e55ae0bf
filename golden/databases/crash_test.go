package databases

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
	"github.com/adkgen/adkgen/golden/databases/servers"
)

// TestTheServerIsKilledInAMigration kills the server while it writes a table again, up and
// down. When it is back, the tool is just run again: the catalog is what
// was meant, and every session is there.
func TestTheServerIsKilledInAMigration(t *testing.T) {
	start := map[string]func(dir string, settings ...string) (*servers.Server, error){"mysql": servers.MySQL, "mariadb": servers.MariaDB}
	onInnoDB(t, func(t *testing.T, dialect string) {
		need(t, map[string]*host{"mysql": mysqlServer, "mariadb": mariadb}[dialect], dialect)
		dir, err := os.MkdirTemp("", "adkgen-crash-") // which the server's user can read
		must(t, err)
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		must(t, os.Chmod(dir, 0o755))
		server, err := start[dialect](dir)
		must(t, err)
		if !server.IsOurs() {
			t.Skip("the server is not ours")
		}
		t.Cleanup(server.Stop)
		h := hostOf(server)
		for _, change := range []string{"narrower", "require-owner", "own-columns-off"} {
			folder := t.TempDir()
			before, after := evolve(t, folder, filepath.Join(casesDir, "evolve-"+dialect+"-"+change))
			name := h.database(t)
			migrations := filepath.Join(folder, after.Dir)
			for _, table := range []string{"users", "teams"} {
				exec1(t, h.open(t, name), "CREATE TABLE "+table+" (id BIGINT NOT NULL PRIMARY KEY)")
			}
			gooseTo(t, h, name, migrations, true, len(before.Migrations))
			catalogOf := func(schema generator.Schema) catalog {
				return found(t, h, h.open(t, name), schema.Namespace, "users", "teams", "ext_adk_migrations")
			}
			old := catalogOf(before.Schema)
			fillSessions(t, h, h.open(t, name), before.Schema, 1)
			multiply(t, h.open(t, name), before.Schema)
			kills := 0
			for _, up := range []bool{true, false} {
				from, to, schema, want := len(before.Migrations), len(after.Migrations), after.Schema, meant(dialect, after.Schema)
				if !up {
					from, to, schema, want = to, from, before.Schema, old
				}
				for from != to {
					next := from + 1
					if !up {
						next = from - 1
					}
					done := make(chan string, 1)
					go func() { done <- failure(t, func(t testing.TB) { gooseTo(t, h, name, migrations, up, next) }) }()
					if killInAlter(t, server, h.open(t, name), done) {
						kills++
						must(t, server.Start())
						gooseTo(t, h, name, migrations, up, next)
					}
					from = next
				}
				same(t, change, withoutOrder(catalogOf(schema)), withoutOrder(want))
				same(t, change+", the sessions", lines(t, h.open(t, name), "SELECT COUNT(*) FROM "+schema.Tables[0].Name), catalog{"131072"})
			}
			if kills == 0 {
				t.Errorf("%s: the server was never killed", change)
			}
			t.Logf("%s: killed %d times", change, kills)
		}
	})
}

// multiply makes 131,072 sessions of one.
func multiply(t *testing.T, db *sql.DB, schema generator.Schema) {
	t.Helper()
	columns := "app_name, user_id, state, create_time, update_time"
	if c := schema.Tables[0].Columns[2]; c.Owner {
		columns += ", " + c.Name
	}
	for range 17 {
		exec1(t, db, "INSERT INTO "+schema.Tables[0].Name+" (id, "+columns+") SELECT UUID(), "+columns+" FROM "+schema.Tables[0].Name)
	}
}

// killInAlter kills the server when a migration has been in an ALTER TABLE for a
// moment. It reports whether it has; the migration may be through before.
func killInAlter(t *testing.T, server *servers.Server, db *sql.DB, done chan string) bool {
	t.Helper()
	for {
		select {
		case failed := <-done:
			if failed != "" {
				t.Fatal(failed)
			}
			return false
		default:
		}
		var n int
		must(t, db.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE%' AND state IN ('altering table', 'copy to tmp table')").Scan(&n))
		if n > 0 {
			server.Kill()
			if failed := <-done; failed == "" {
				t.Log("it was through")
			}
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
}
