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
	db := sql.OpenDB(&connector{h.open(t, database).Driver(), h.dsn(database), i})
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

// TestInterrupted stops the tool at every statement of an evolution: one fails,
// or the connection is gone behind it. The evolution can then be applied again,
// every session is there, and the way down leads to where it began.
func TestInterrupted(t *testing.T) {
	changes := []string{"backfill", "own-columns", "own-columns-off", "rename-tables", "replace-owner", "check-and-unique", "unique-index", "scoped-state-and-index"}
	for _, dialect := range []string{"postgres", "mariadb", "sqlite"} {
		for _, change := range changes {
			t.Run(dialect+"/"+change, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(casesDir, "evolve-"+dialect+"-"+change)
				work := t.TempDir()
				before, after := evolve(t, work, dir)
				for _, killed := range []bool{false, true} {
					stopped := int64(0)
					for more := true; more; {
						i := &interruption{at: stopped + 1, killed: killed}
						t.Run(fmt.Sprintf("statement %d killed %v", i.at, killed), func(t *testing.T) {
							if more = stopAt(t, dialect, filepath.Join(work, after.Dir), before, after, i); more {
								stopped++
							}
						})
						more = more && !t.Failed()
					}
					if stopped == 0 {
						t.Error("nothing was interrupted")
					}
				}
			})
		}
	}
}

// stopAt runs an evolution with an interruption, and tells whether there was
// one.
func stopAt(t *testing.T, dialect, migrations string, before, after generator.LockTarget, i *interruption) bool {
	t.Helper()
	const sessions = 1 // one, as a UNIQUE owner wants it
	h, name := hostFor(t, dialect)
	db := h.open(t, name)
	besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")
	gooseTo(t, h, name, migrations, true, len(before.Migrations))
	old := found(t, h, db, before.Schema.Namespace, besides...)
	fillSessions(t, h, db, before.Schema, sessions)

	_, err := gooseProvider(t, dialect, h.interrupted(t, name, i), migrations, "ext_adk_migrations").Up(context.Background())
	if !i.over.Load() {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	if err == nil {
		t.Fatal("the tool did not notice")
	}
	gooseTo(t, h, name, migrations, true, len(after.Migrations))
	same(t, "the catalog after going up again", found(t, h, db, after.Schema.Namespace, besides...), meant(dialect, after.Schema))
	if n := counted(t, db, after.Schema); n != sessions {
		t.Errorf("%d sessions are left", n)
	}
	gooseTo(t, h, name, migrations, false, len(before.Migrations))
	same(t, "the catalog after going down", found(t, h, db, before.Schema.Namespace, besides...), old)
	if n := counted(t, db, before.Schema); n != sessions {
		t.Errorf("%d sessions are left after going down", n)
	}
	return true
}
