package databases

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	modernc "modernc.org/sqlite"
)

// interruption makes one of the statements that a tool sends go wrong; those
// of its own bookkeeping do not count.
type interruption struct {
	at     int64 // the number of the statement, from 1
	killed bool  // behind the statement, with the connection; otherwise it fails
	count  atomic.Int64
	over   atomic.Bool // nothing is sent any more
}

var errInterrupted = errors.New("interrupted by the test")

// interrupted opens a database through drivers of which one statement goes wrong.
func (h *host) interrupted(t *testing.T, database string, i *interruption) *sql.DB {
	t.Helper()
	inner := map[string]driver.Driver{"postgres": stdlib.GetDefaultDriver(), "mariadb": &mysql.MySQLDriver{}, "mysql": &mysql.MySQLDriver{}, "sqlite": &modernc.Driver{}}[h.dialect]
	db := sql.OpenDB(&connector{inner, h.dsn(database), i})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type connector struct {
	inner driver.Driver
	dsn   string
	*interruption
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	if c.over.Load() && c.killed {
		return nil, errInterrupted
	}
	conn, err := c.inner.Open(c.dsn)
	return &connection{conn, c.interruption, false}, err
}

func (c *connector) Driver() driver.Driver { return c.inner }

type connection struct {
	driver.Conn
	*interruption
	closed bool
}

func (c *connection) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	return c.Conn.Close()
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.closed || c.over.Load() && c.killed {
		return nil, errInterrupted
	}
	exec := c.Conn.(driver.ExecerContext).ExecContext
	if strings.Contains(query, "ext_adk_migrations") || c.count.Add(1) != c.at {
		return exec(ctx, query, args)
	}
	c.over.Store(true)
	if c.killed {
		if _, err := exec(ctx, query, args); err != nil {
			return nil, err
		}
		_ = c.Close()
	}
	return nil, errInterrupted
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.closed {
		return nil, errInterrupted
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *connection) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if c.closed {
		return nil, errInterrupted
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
	return &transaction{tx, c}, err
}

// transaction ends with the connection that is gone.
type transaction struct {
	driver.Tx
	on *connection
}

func (t *transaction) Commit() error {
	if t.on.closed {
		return errInterrupted
	}
	return t.Tx.Commit()
}

func (t *transaction) Rollback() error {
	if t.on.closed {
		return errInterrupted
	}
	return t.Tx.Rollback()
}

func (c *connection) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// TestInterrupted stops the tool at every statement of every evolution, up and
// down: one fails, or the connection is gone behind it. The tool is just run
// again each time; in the end, the catalog is what was meant, and every session
// is there.
func TestInterrupted(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		for _, dir := range evolutionCases(t, dialect) {
			name := filepath.Base(dir)
			for _, killed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s killed %v", name, killed), func(t *testing.T) {
					t.Parallel()
					work := t.TempDir()
					before, after := evolve(t, work, dir)
					h, database := hostFor(t, dialect)
					db := h.open(t, database)
					besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")
					s := stopping{h, database, filepath.Join(work, after.Dir), killed}
					gooseTo(t, h, database, s.migrations, true, len(before.Migrations))
					old := found(t, h, db, before.Schema.Namespace, besides...)
					sessions := 1 // one, as a UNIQUE owner wants it
					fillSessions(t, h, db, before.Schema, sessions)

					s.run(t, true, len(before.Migrations), len(after.Migrations))
					same(t, "the catalog", found(t, h, db, after.Schema.Namespace, besides...), meant(dialect, after.Schema))
					if n := counted(t, db, after.Schema); n != sessions {
						t.Errorf("%d sessions are left", n)
					}
					if strings.HasSuffix(name, "drop-owner") { // the column comes back, and is NOT NULL: only an empty table can have it
						exec1(t, db, "DELETE FROM "+after.Schema.Tables[0].Name)
						sessions = 0
					}
					s.run(t, false, len(after.Migrations), len(before.Migrations))
					same(t, "the catalog after going down", found(t, h, db, before.Schema.Namespace, besides...), old)
					if n := counted(t, db, before.Schema); n != sessions {
						t.Errorf("%d sessions are left after going down", n)
					}
				})
			}
		}
	}
}

// A stopping is a database whose migrations are stopped.
type stopping struct {
	*host
	database, migrations string
	killed               bool
}

// run goes from a version to another, and is stopped at each statement once. A
// migration that was stopped begins anew: at its first statement that time, and
// one statement further each time that it begins.
func (s stopping) run(t *testing.T, up bool, from, to int) {
	t.Helper()
	noted := gooseProvider(t, s.dialect, s.open(t, s.database), s.migrations, "ext_adk_migrations")
	stops := 0
	for at := int64(1); ; at++ {
		i := &interruption{at: at, killed: s.killed}
		db := s.interrupted(t, s.database, i)
		provider := gooseProvider(t, s.dialect, db, s.migrations, "ext_adk_migrations")
		var err error
		if up {
			_, err = provider.UpTo(context.Background(), int64(to))
		} else {
			_, err = provider.DownTo(context.Background(), int64(to))
		}
		_ = db.Close()
		if !i.over.Load() {
			if err != nil {
				t.Fatalf("from %d, up %v, after %d stops: %v", from, up, stops, err)
			}
			break
		}
		if !errors.Is(err, errInterrupted) && !errors.Is(err, driver.ErrBadConn) {
			t.Fatalf("from %d, up %v, stopped at statement %d: %v", from, up, at, err)
		}
		stops++
		version, err := noted.GetDBVersion(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if int(version) != from { // it was stopped at the first statement of the next one
			from, at = int(version), 1
		}
	}
	if stops == 0 {
		t.Error("nothing was interrupted")
	}
	t.Logf("up %v: %d stops", up, stops)
}
