package databases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// appender appends events to one session, one after another, as the queries do,
// and remembers how long the longest took.
type appender struct {
	appended int
	retries  int // after a deadlock (error 1213), which the manual says to retry
	longest  time.Duration
	err      error
	stop     chan struct{}
	done     chan struct{}
}

func startAppending(h *host, db *sql.DB) *appender {
	a := &appender{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(a.done)
		begin := time.Now()
		for a.err == nil {
			select {
			case <-a.stop:
				return
			default:
			}
			switch a.err = appendOne(h, db, a.appended+2); {
			case a.err == nil:
				a.appended++
				a.longest = max(a.longest, time.Since(begin))
				begin = time.Now()
			case isDeadlock(a.err): // nothing happened: MariaDB gives up the transaction when DDL waits for both of its tables
				a.retries++
				a.err = nil
			}
		}
	}()
	return a
}

func isDeadlock(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == 1213
}

// appendOne advances session1 to a revision and inserts the event.
func appendOne(h *host, db *sql.DB, revision int) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	where := "app_name = 'app' AND user_id = 'user1' AND id = 'session1'"
	result, err := tx.Exec(fmt.Sprintf("UPDATE adk_sessions SET revision = %d, update_time = %s WHERE %s AND revision = %d", revision, moment[h.dialect], where, revision-1))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("revision %d is stale: %d rows: %v", revision, n, err)
	}
	if _, err := tx.Exec(fmt.Sprintf(`INSERT INTO adk_events (app_name, user_id, session_id, id, seq, invocation_id, author, branch, timestamp, event_data)
		VALUES ('app', 'user1', 'session1', 'e%d', %[1]d, 'i', 'user', '', %s, '{}')`, revision, moment[h.dialect])); err != nil {
		return err
	}
	return tx.Commit()
}

func (a *appender) finish() { close(a.stop); <-a.done }

// evolutions are the changes that an application lives through without one of
// its own: a table keeps its name.
var evolutions = []string{"add-owner", "backfill", "backfill-nullable", "change-owner", "own-columns", "own-columns-off", "require-owner", "scoped-state-and-index", "unique-index"}

// evolveLive applies an evolution to a database with sessions, while another
// connection appends events.
func evolveLive(t testing.TB, dialect, change string, sessions int) *appender {
	t.Helper()
	dir := filepath.Join(casesDir, "evolve-"+dialect+"-"+change)
	work := t.TempDir()
	before, after := evolve(t, work, dir)
	h, name := hostFor(t, dialect)
	db := h.open(t, name)
	for _, table := range []string{"users", "teams"} {
		exec1(t, db, fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY)", table, ownerOf[dialect]))
	}
	migrations := filepath.Join(work, after.Dir)
	gooseTo(t, h, name, migrations, true, len(before.Migrations))
	fillSessions(t, h, db, before.Schema, sessions)
	a := startAppending(h, db)
	gooseTo(t, h, name, migrations, true, len(after.Migrations))
	time.Sleep(20 * time.Millisecond)
	a.finish()
	var events int
	if err := db.QueryRow("SELECT COUNT(*) FROM adk_events WHERE session_id = 'session1' AND author = 'user'").Scan(&events); err != nil {
		t.Fatal(err)
	}
	if a.err != nil || a.appended == 0 || events != a.appended {
		t.Errorf("%d events were appended, %d are there: %v", a.appended, events, a.err)
	}
	return a
}

// TestAppendsDuringEvolution holds that no append fails while an evolution runs.
func TestAppendsDuringEvolution(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		for _, change := range evolutions {
			t.Run(dialect+"/"+change, func(t *testing.T) { evolveLive(t, dialect, change, 5_000) })
		}
	}
}

// BenchmarkEvolution reports the longest that an append waited while a table of
// sessions was changed; a benchmark's time is that of everything around it.
func BenchmarkEvolution(b *testing.B) {
	for _, dialect := range []string{"postgres", "mariadb"} {
		for _, change := range evolutions {
			b.Run(strings.Join([]string{dialect, change}, "/"), func(b *testing.B) {
				longest, retries := time.Duration(0), 0
				for b.Loop() {
					a := evolveLive(b, dialect, change, 200_000)
					longest, retries = max(longest, a.longest), retries+a.retries
				}
				b.ReportMetric(float64(longest.Microseconds())/1000, "longest-wait-ms")
				b.ReportMetric(float64(retries), "retries")
			})
		}
	}
}
