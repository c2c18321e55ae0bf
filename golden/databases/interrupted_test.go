package databases

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	"github.com/adkgen/adkgen/generator"
	"github.com/amacneil/dbmate/v2/pkg/dbmate"
	"github.com/go-sql-driver/mysql"
	"github.com/golang-migrate/migrate/v4"
	sqlmigrate "github.com/rubenv/sql-migrate"
	"gopkg.in/yaml.v3"
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

// TestStoppedMigrationsGoOn stops migrations of MySQL behind each of their
// statements, and holds that each tool goes on when it is just run again. Only
// golang-migrate first has to be told where it is.
func TestStoppedMigrationsGoOn(t *testing.T) {
	for _, change := range []string{"own-columns", "rename-tables", "backfill"} {
		for tool := range stepsOf {
			t.Run("evolve-mysql-"+change+"-"+tool, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(casesDir, "evolve-mysql-"+change)
				before, after, migrations := evolveWith(t, dir, tool)
				_, _, statements := evolveWith(t, dir, "plain")
				h, name := hostFor(t, "mysql")
				db := h.open(t, name)
				besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")
				stage := t.TempDir()
				step := func(t *testing.T, n int, up bool) {
					file := after.Migrations[n-1]
					for _, f := range file.Files {
						copyFile(t, filepath.Join(migrations, f.Path), filepath.Join(stage, strings.TrimPrefix(f.Path, after.Dir)))
					}
					suffix := map[bool]string{true: "up", false: "down"}[up]
					for _, prefix := range prefixes(read(t, statements, fmt.Sprintf("%s/ext_adk_%04d_%s.%s.sql", after.Dir, n, file.Name, suffix))) {
						if n <= len(before.Migrations) {
							break
						}
						stopped := one(t, h, name)
						for _, statement := range prefix {
							exec1(t, stopped, statement)
						}
						_ = stopped.Close()
						if tool == "golang-migrate" {
							dirty(t, h, name, stage, n, up)
						}
					}
					stepsOf[tool](t, h, name, stage, n, up)
				}
				for n := range after.Migrations {
					if n == len(before.Migrations) {
						fillSessions(t, h, db, before.Schema, 1)
					}
					if !t.Run(fmt.Sprintf("up to %d", n+1), func(t *testing.T) { step(t, n+1, true) }) {
						return
					}
				}
				same(t, "the catalog", found(t, h, db, after.Schema.Namespace, besides...), meant("mysql", after.Schema))
				for n := len(after.Migrations); n > len(before.Migrations); n-- {
					if !t.Run(fmt.Sprintf("down from %d", n), func(t *testing.T) { step(t, n, false) }) {
						return
					}
				}
				same(t, "the catalog after going down", found(t, h, db, before.Schema.Namespace, besides...), meant("mysql", before.Schema))
				if n := counted(t, db, before.Schema); n != 1 {
					t.Errorf("%d sessions are left", n)
				}
			})
		}
	}
}

// evolveWith generates a case of evolution for another tool, and gives the folder.
func evolveWith(t *testing.T, dir, tool string) (before, after generator.LockTarget, folder string) {
	t.Helper()
	changed := t.TempDir()
	for _, file := range numbered(t, dir, "*.yaml") {
		text := strings.Replace(read(t, file), "tool: goose", "tool: "+tool, 1)
		if err := os.WriteFile(filepath.Join(changed, filepath.Base(file)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder = t.TempDir()
	before, after = evolve(t, folder, changed)
	if after.Tool != tool {
		t.Fatalf("the tool is %s", after.Tool)
	}
	return before, after, folder
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, readFile(t, from), 0o644); err != nil {
		t.Fatal(err)
	}
}

// prefixes are the beginnings of a file, by statements: the first, the first two, …
func prefixes(sql string) (result [][]string) {
	var statements []string
	statement, inProcedure := "", false
	for line := range strings.Lines(sql) {
		statement += line
		inProcedure = (inProcedure || strings.HasPrefix(line, "CREATE PROCEDURE ")) && line != "END;\n"
		if !inProcedure && strings.HasSuffix(line, ";\n") && !strings.HasPrefix(line, "--") {
			statements = append(statements, statement)
			statement = ""
			result = append(result, slices.Clone(statements))
		}
	}
	return result
}

// stepsOf apply or undo the migration n of a folder, which has all up to it.
var stepsOf = map[string]func(t *testing.T, h *host, name, dir string, n int, up bool){
	"goose": func(t *testing.T, h *host, name, dir string, n int, up bool) {
		if !up {
			n--
		}
		gooseTo(t, h, name, dir, up, n)
	},
	"golang-migrate": func(t *testing.T, h *host, name, dir string, _ int, up bool) {
		golangMigrating(func(m *migrate.Migrate) error {
			if up {
				return m.Steps(1)
			}
			return m.Steps(-1)
		})(t, h, name, dir, "ext_adk_migrations")
	},
	"dbmate": func(t *testing.T, h *host, name, dir string, _ int, up bool) {
		if up {
			dbmating((*dbmate.DB).Migrate)(t, h, name, dir, "ext_adk_migrations")
		} else {
			dbmating((*dbmate.DB).Rollback)(t, h, name, dir, "ext_adk_migrations")
		}
	},
	"sql-migrate": func(t *testing.T, h *host, name, dir string, _ int, up bool) {
		direction := sqlmigrate.Down
		if up {
			direction = sqlmigrate.Up
		}
		set := sqlmigrate.MigrationSet{TableName: "ext_adk_migrations"}
		db := h.open(t, name)
		defer db.Close()
		if n, err := set.ExecMax(db, "mysql", &sqlmigrate.FileMigrationSource{Dir: dir}, direction, 1); err != nil || n != 1 {
			t.Fatalf("sql-migrate applied %d: %v", n, err)
		}
	},
	"atlas":     onlyLast("atlas"),
	"flyway":    onlyLast("flyway"),
	"liquibase": onlyLast("liquibase"),
	"plain":     byCommand,
}

// onlyLast applies the last migration with one of the tools that keep no books here.
func onlyLast(tool string) func(t *testing.T, h *host, name, dir string, n int, up bool) {
	return func(t *testing.T, h *host, name, dir string, n int, up bool) {
		t.Helper()
		last := t.TempDir()
		for _, pattern := range []string{"%04d_*", "V%04d_*", "U%04d_*", "down/%04d_*"} {
			files, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf(pattern, n)))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				copyFile(t, file, filepath.Join(last, strings.TrimPrefix(file, dir)))
			}
		}
		if tool == "atlas" {
			local, err := atlas.NewLocalDir(last)
			must(t, err)
			sum, err := local.Checksum()
			must(t, err)
			must(t, atlas.WriteSumFile(local, sum))
		}
		if up {
			migrators[tool].up(t, h, name, last, "")
		} else {
			migrators[tool].down(t, h, name, last, "")
		}
	}
}

// runsWith is the command that a plain file gives for itself.
var runsWith = regexp.MustCompile(`(?m)^-- (?:Apply|Run it) (?:with|outside a transaction): (mysql .*)$`)

// byCommand runs the command that the migration's plain file gives for itself, or
// that of the file for the first migration, which holds for all.
func byCommand(t *testing.T, h *host, name, dir string, n int, up bool) {
	t.Helper()
	suffix := map[bool]string{true: "up", false: "down"}[up]
	file := numbered(t, dir, fmt.Sprintf("ext_adk_%04d_*.%s.sql", n, suffix))[0]
	m := runsWith.FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s names no command", file)
	}
	command, _, _ := strings.Cut(m[1], " <")
	config, err := mysql.ParseDSN(h.dsn(name))
	must(t, err)
	address, port, err := net.SplitHostPort(config.Addr)
	must(t, err)
	shell := exec.Command("sh", "-c", strings.Replace(command, "mysql ", fmt.Sprintf("mysql --host=%s --port=%s --user=%s ", address, port, config.User), 1)+` < "$FILE"`)
	shell.Env = append(os.Environ(), "DATABASE="+name, "FILE="+file, "MYSQL_PWD="+config.Passwd)
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", m[1], err, out)
	}
}

// dirty notes a migration as golang-migrate does before it runs it, and holds that
// the tool does not go on until it is told by force where it is.
func dirty(t *testing.T, h *host, name, dir string, n int, up bool) {
	t.Helper()
	was, at := n-1, n
	if !up {
		was, at = n, n-1
	}
	exec1(t, h.open(t, name), fmt.Sprintf("TRUNCATE ext_adk_migrations; INSERT INTO ext_adk_migrations VALUES (%d, TRUE)", at))
	golangMigrating(func(m *migrate.Migrate) error {
		var refused migrate.ErrDirty
		if err := m.Steps(1); !errors.As(err, &refused) {
			t.Errorf("a migration that was stopped is gone on from: %v", err)
		}
		return m.Force(was)
	})(t, h, name, dir, "ext_adk_migrations")
}

// TestStoppedMigrationsOfHardNames stops migrations of names and texts that have
// every quote in them, in a database of their own or not, with every way to read
// quotes.
func TestStoppedMigrationsOfHardNames(t *testing.T) {
	onInnoDB(t, func(t *testing.T, dialect string) {
		for _, mode := range []string{"", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES"} {
			for _, namespaced := range []bool{false, true} {
				t.Run(fmt.Sprintf("TestEvolution in %q, namespace %v", mode, namespaced), func(t *testing.T) {
					h, name := hostFor(t, dialect)
					db := h.open(t, name)
					exec1(t, db, "CREATE TABLE users (id BIGINT PRIMARY KEY)")
					users := "users(id)"
					target := map[string]any{"dialect": dialect, "migrations": map[string]any{"tool": "goose", "dir": "db/migrations"},
						"session_table": "`A '\\ b``c\"*/d`"}
					if namespaced {
						users = name + ".users(id)"
						target["schema"] = name + "_x"
						t.Cleanup(func() { exec1(t, db, "DROP DATABASE IF EXISTS "+name+"_x") })
					}
					folder := t.TempDir()
					generate := func() generator.LockTarget {
						config, err := yaml.Marshal(map[string]any{"version": 1, "targets": []any{target}})
						must(t, err)
						return generated(t, folder, config)
					}
					before := generate()
					columns := []any{"`X ' y``z\"*/w` VARCHAR(20) DEFAULT 'it''s \"*/' COMMENT 'a */ \"b''s' CHECK (`X ' y``z\"*/w` <> 'not \"*/')"}
					if mode == "" { // with NO_BACKSLASH_ESCAPES, MySQL 9.7 misreads such a name where a procedure looks for it in information_schema
						columns = append(columns, "`owner's */ x` BIGINT REFERENCES "+users)
					}
					target["columns"] = map[string]any{"sessions": columns}
					target["indexes"] = []any{map[string]any{"table": "sessions", "columns": []any{"`X ' y``z\"*/w`", "app_name"}}}
					generate()
					target["session_table"] = "`E \\' f*/\"``g`"
					after := generate()

					moded := *h
					moded.dsn = func(database string) string {
						return h.dsn(database) + "&sql_mode=" + url.QueryEscape("'"+mode+"'")
					}
					s := stopping{&moded, name, filepath.Join(folder, after.Dir), true}
					besides := []string{"users", "ext_adk_migrations"}
					gooseTo(t, &moded, name, s.migrations, true, len(before.Migrations))
					old := found(t, h, db, before.Schema.Namespace, besides...)
					gooseTo(t, &moded, name, s.migrations, true, len(after.Migrations))
					new := found(t, h, db, after.Schema.Namespace, besides...)
					gooseTo(t, &moded, name, s.migrations, false, len(before.Migrations))
					same(t, "the catalog after going down", found(t, h, db, before.Schema.Namespace, besides...), old)
					s.run(t, true, len(before.Migrations), len(after.Migrations))
					same(t, "the catalog after stops", found(t, h, db, after.Schema.Namespace, besides...), new)
					s.run(t, false, len(after.Migrations), len(before.Migrations))
					same(t, "the catalog after stops on the way down", found(t, h, db, before.Schema.Namespace, besides...), old)
				})
			}
		}
	})
}

// TestOthersAreNotTakenForDone holds that what somebody else has made under a name
// stops a migration of MySQL, or becomes what it is meant to be.
func TestOthersAreNotTakenForDone(t *testing.T) {
	for _, c := range []struct {
		change, others string
		step           int
		refused        uint16 // 0 for none
	}{
		{"own-columns", "ALTER TABLE adk_sessions ADD COLUMN title INT", 2, 1846}, // what LOCK = NONE does not do
		{"own-columns", "ALTER TABLE adk_sessions ADD COLUMN title VARCHAR(100) NOT NULL DEFAULT 'none'", 2, 0},
		{"own-columns", "ALTER TABLE adk_sessions ADD INDEX adk_sessions_app_name_archived_idx (app_name, create_time)", 10, 1061},
		{"own-columns", "ALTER TABLE adk_sessions ADD UNIQUE INDEX adk_sessions_app_name_archived_idx (app_name, archived)", 10, 1061},
		{"check-and-unique", "ALTER TABLE adk_sessions ADD INDEX adk_sessions_account_id_uq (account_id)", 2, 1061},
		{"rename-tables", "CREATE TABLE conversations (id INT)", 2, 1050},
		{"rename-tables", "DROP TABLE adk_events, adk_sessions", 2, 1146},
		{"rename-tables", "ALTER TABLE conversations ADD INDEX conversations_update_time_idx (update_time)", 4, 1061},
	} {
		t.Run(c.change+": "+c.others, func(t *testing.T) {
			e := evolvingCase(t, "mysql", c.change)
			gooseTo(t, e.host, e.name, e.migrations(), true, c.step-1)
			exec1(t, e.db, c.others)
			err := e.migrate(t, e.session(t), true, c.step)
			if c.refused != 0 {
				if !isMySQLError(err, c.refused) {
					t.Errorf("error %v instead of %d", err, c.refused)
				}
				return
			}
			must(t, err)
			gooseTo(t, e.host, e.name, e.migrations(), true, len(e.after.Migrations))
			same(t, "the catalog", withoutOrder(found(t, e.host, e.db, "", "users", "teams", "ext_adk_migrations")), withoutOrder(meant("mysql", e.after.Schema)))
		})
	}
}
