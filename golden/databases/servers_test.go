package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/adkgen/adkgen/golden/databases/servers"
	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"
)

// A host is a database server that gives each test a database of its own.
type host struct {
	dialect string
	driver  string                       // of database/sql
	dsn     func(database string) string // for that driver
	url     func(database string) string // for tools that take a URL
	admin   string                       // a database that is always there
}

// The hosts, filled by TestMain; nil when there is no server.
var postgres, mariadb, mysqlServer *host

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "adkgen-databases-")
	if err != nil {
		panic(err)
	}
	_ = os.Chmod(dir, 0o755)
	var stops []func()
	for _, start := range []struct {
		host  **host
		name  string
		start func(dir string) (*host, func(), error)
	}{
		{&postgres, "PostgreSQL", startPostgres}, {&mariadb, "MariaDB", startMariaDB}, {&mysqlServer, "MySQL", startMySQL},
	} {
		h, stop, err := start.start(dir)
		if err != nil {
			fmt.Fprintf(os.Stderr, "no %s: %v\n", start.name, err)
			continue
		}
		*start.host = h
		stops = append(stops, stop)
	}
	code := m.Run()
	for _, stop := range stops {
		stop()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// need gives a host, and skips the test where there is none; it fails instead
// where ADKGEN_DATABASES names it.
func need(t testing.TB, h *host, name string) *host {
	t.Helper()
	if h != nil {
		return h
	}
	if servers.Required(strings.ToLower(name)) {
		t.Fatalf("no %s server, and ADKGEN_DATABASES names it", name)
	}
	t.Skipf("no %s server: install it, or set ADKGEN_%s_DSN", name, strings.ToUpper(name))
	return nil
}

// hostOf is the host on a server. MySQL's driver is told that a text may have
// several statements, as a migration has.
func hostOf(s *servers.Server) *host {
	dsn := s.DSN
	if s.Driver == "mysql" {
		dsn = func(database string) string { return s.DSN(database) + "&multiStatements=true&interpolateParams=true" }
	}
	return &host{dialect: s.Dialect, driver: s.Driver, dsn: dsn, url: s.URL, admin: s.Admin}
}

func startPostgres(dir string) (*host, func(), error) {
	s, err := servers.Postgres(dir, "fsync=off")
	if err != nil {
		return nil, nil, err
	}
	return hostOf(s), s.Stop, nil
}

func startMariaDB(dir string) (*host, func(), error) {
	s, err := servers.MariaDB(dir, "innodb-flush-log-at-trx-commit=0")
	if err != nil {
		return nil, nil, err
	}
	return hostOf(s), s.Stop, nil
}

func startMySQL(dir string) (*host, func(), error) {
	s, err := servers.MySQL(dir, "innodb-flush-log-at-trx-commit=0", "sync-binlog=0")
	if err != nil {
		return nil, nil, err
	}
	return hostOf(s), s.Stop, nil
}

var databases atomic.Int64

// database makes a new database on the host and gives its name; it goes away
// with the test.
func (h *host) database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d_%d", os.Getpid(), databases.Add(1))
	admin := h.open(t, h.admin)
	exec1(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		if h.dialect == "postgres" {
			exec1(t, admin, "DROP DATABASE "+name+" WITH (FORCE)")
		} else {
			exec1(t, admin, "DROP DATABASE "+name)
		}
	})
	return name
}

func (h *host) open(t testing.TB, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open(h.driver, h.dsn(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec1(t testing.TB, db *sql.DB, sql string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// sqlite is the host whose databases are files, in this process.
var sqlite = onSQLite("foreign_keys(1)")

// onSQLite is the host on SQLite with other pragmas.
func onSQLite(pragmas ...string) *host {
	pragmas = append([]string{"busy_timeout(5000)"}, pragmas...)
	driver, _ := servers.SQLite("", pragmas...)
	return &host{dialect: "sqlite", driver: driver, dsn: func(file string) string {
		_, dsn := servers.SQLite(file, pragmas...)
		return dsn
	}, url: func(file string) string { return "sqlite:" + file }}
}
