package databases

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestPostgresGoingDownWaitsForNobodyLong goes down with each tool while a
// transaction reads the table that the owner column references, which dropping
// a foreign key locks: it gives up after five seconds, and works when the
// transaction is over.
func TestPostgresGoingDownWaitsForNobodyLong(t *testing.T) {
	for _, tool := range generator.Tools {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			config := readFile(t, casesDir+"/postgres-owner-goose/adkgen.yaml")
			target := generated(t, folder, bytes.Replace(config, []byte("tool: goose"), []byte("tool: "+tool), 1))
			migrations := filepath.Join(folder, target.Dir)
			h, name := hostFor(t, "postgres")
			db := h.open(t, name)
			besides := append(createRequired(t, h, db, target.Schema), "ext_adk_migrations")
			migrators[tool].up(t, h, name, migrations, "ext_adk_migrations")
			was := found(t, h, db, "", besides...)

			reader, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Rollback()
			if _, err := reader.Exec("SELECT FROM users"); err != nil {
				t.Fatal(err)
			}
			end := time.AfterFunc(30*time.Second, func() { _ = reader.Rollback() })
			defer end.Stop()
			begin := time.Now()
			got := failure(t, func(t testing.TB) { migrators[tool].down(t, h, name, migrations, "ext_adk_migrations") })
			if took := time.Since(begin); !strings.Contains(got, "55P03") && !strings.Contains(got, "lock timeout") || took < 4*time.Second || took > 15*time.Second {
				t.Fatalf("after %v: %q", took, got)
			}
			same(t, "the catalog after the way down that gave up", found(t, h, db, "", besides...), was)
			if err := reader.Rollback(); err != nil {
				t.Fatal(err)
			}
			if tool == "golang-migrate" { // migrate force 1
				exec1(t, db, "UPDATE ext_adk_migrations SET version = 1, dirty = false")
			}
			migrators[tool].down(t, h, name, migrations, "ext_adk_migrations")
			same(t, "what the way down leaves", found(t, h, db, "", besides...), nil)
		})
	}
}

// TestPostgresForeignKeyDeadlock adds a foreign key while a transaction writes
// users first and sessions then: PostgreSQL ends the one of the two that finds
// the deadlock, and both can be run again, as docs/evolution.md says.
func TestPostgresForeignKeyDeadlock(t *testing.T) {
	for _, c := range []struct {
		victim string
		after  time.Duration // that the migration has waited; deadlock_timeout is a second
	}{{"the migration", 200 * time.Millisecond}, {"the transaction", 2 * time.Second}} {
		t.Run(c.victim, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			before, after := evolve(t, folder, casesDir+"/evolve-postgres-add-owner")
			migrations := filepath.Join(folder, after.Dir)
			reference := slices.IndexFunc(after.Migrations, func(m generator.LockMigration) bool { return strings.HasPrefix(m.Name, "reference_") })
			if reference < 0 {
				t.Fatal("no migration adds a foreign key")
			}
			h, name := hostFor(t, "postgres")
			db := h.open(t, name)
			exec1(t, db, "CREATE TABLE users (id UUID PRIMARY KEY); CREATE TABLE teams (id UUID PRIMARY KEY)")
			gooseTo(t, h, name, migrations, true, reference)
			fillSessions(t, h, db, before.Schema, 1)

			ctx := context.Background()
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.Exec("UPDATE users SET id = id"); err != nil {
				t.Fatal(err)
			}
			migrated := make(chan string)
			go func() {
				migrated <- failure(t, func(t testing.TB) { gooseTo(t, h, name, migrations, true, reference+1) })
			}()
			for waiting := false; !waiting; time.Sleep(10 * time.Millisecond) {
				if err := db.QueryRow("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass)").Scan(&waiting); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(c.after)
			_, err = tx.Exec("UPDATE adk_sessions SET revision = revision")
			if err == nil {
				err = tx.Commit()
			} else {
				_ = tx.Rollback()
			}
			failed := <-migrated
			switch c.victim {
			case "the migration":
				if err != nil || !strings.Contains(failed, "40P01") {
					t.Fatalf("the migration: %q; the transaction: %v", failed, err)
				}
				gooseTo(t, h, name, migrations, true, reference+1)
			case "the transaction":
				var e *pgconn.PgError
				if failed != "" || !errors.As(err, &e) || e.Code != "40P01" {
					t.Fatalf("the migration: %q; the transaction: %v", failed, err)
				}
				exec1(t, db, "BEGIN; UPDATE users SET id = id; UPDATE adk_sessions SET revision = revision; COMMIT")
			}
		})
	}
}

// TestPostgresIndexesBlockNobody builds and drops an index while a transaction
// that has read the table is open: both wait for it, and others go on reading
// and writing.
func TestPostgresIndexesBlockNobody(t *testing.T) {
	folder := t.TempDir()
	before, after := evolve(t, folder, casesDir+"/evolve-postgres-add-owner")
	migrations := filepath.Join(folder, after.Dir)
	index := slices.IndexFunc(after.Migrations, func(m generator.LockMigration) bool { return strings.HasPrefix(m.Name, "index_") })
	if index < 0 {
		t.Fatal("no migration adds an index")
	}
	h, name := hostFor(t, "postgres")
	db := h.open(t, name)
	exec1(t, db, "CREATE TABLE users (id UUID PRIMARY KEY); CREATE TABLE teams (id UUID PRIMARY KEY)")
	gooseTo(t, h, name, migrations, true, index)
	fillSessions(t, h, db, before.Schema, 1)
	for _, up := range []bool{true, false} {
		reader, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Rollback()
		if _, err := reader.Exec("UPDATE adk_sessions SET revision = revision"); err != nil {
			t.Fatal(err)
		}
		version := index
		if up {
			version++
		}
		migrated := make(chan string, 1)
		go func() {
			migrated <- failure(t, func(t testing.TB) { gooseTo(t, h, name, migrations, up, version) })
		}()
		for waiting := false; !waiting; time.Sleep(10 * time.Millisecond) {
			if err := db.QueryRow("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%INDEX CONCURRENTLY%' AND pid <> pg_backend_pid() AND wait_event_type = 'Lock')").Scan(&waiting); err != nil {
				t.Fatal(err)
			}
		}
		exec1(t, db, "BEGIN; SET LOCAL lock_timeout = '100ms'; INSERT INTO adk_user_states (app_name, user_id) VALUES ('a', 'u') ON CONFLICT DO NOTHING; INSERT INTO adk_sessions (app_name, user_id, id) VALUES ('a', 'u', clock_timestamp()::text); SELECT * FROM adk_sessions; COMMIT")
		time.Sleep(6 * time.Second) // longer than a lock_timeout would let it
		select {
		case got := <-migrated:
			t.Fatalf("up %v: it did not wait: %q", up, got)
		default:
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if got := <-migrated; got != "" {
			t.Errorf("up %v: %s", up, got)
		}
	}
}
