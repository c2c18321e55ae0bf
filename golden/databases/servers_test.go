package databases

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	gmssql "github.com/dolthub/go-mysql-server/sql"
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/sirupsen/logrus"
	_ "modernc.org/sqlite"
)

// A host is a database server that gives each test a database of its own.
type host struct {
	dialect string
	driver  string                       // of database/sql
	dsn     func(database string) string // for that driver
	url     func(database string) string // for tools that take a URL
}

// The hosts, filled by TestMain; nil when there is no server.
var postgres, mariadb, goMySQL *host

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
		{&postgres, "PostgreSQL", startPostgres}, {&mariadb, "MariaDB", startMariaDB}, {&goMySQL, "go-mysql-server", startGoMySQL},
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

// need gives a host, and skips the test where there is none; with
// ADKGEN_REQUIRE_DATABASES it fails instead.
func need(t testing.TB, h *host, name string) *host {
	t.Helper()
	if h != nil {
		return h
	}
	if os.Getenv("ADKGEN_REQUIRE_DATABASES") != "" {
		t.Fatalf("no %s server, and ADKGEN_REQUIRE_DATABASES is set", name)
	}
	t.Skipf("no %s server: install it, or set ADKGEN_%s_DSN", name, strings.ToUpper(name))
	return nil
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// find looks for a server's program where Debian puts it, too.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/", "/usr/local/pgsql/bin/"} {
			if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
				return found[len(found)-1], nil
			}
		}
	}
	return "", fmt.Errorf("%s is not installed", names[0])
}

// as makes a command run as another user where this one is root, whom
// PostgreSQL refuses, and gives that user the folder.
func as(cmd *exec.Cmd, name, dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	cmd.Dir = dir
	return os.Chown(dir, uid, gid)
}

// waitFor connects until the server answers.
func waitFor(driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for range 300 {
		if err = db.Ping(); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// stopper ends a server and waits for it.
func stopper(cmd *exec.Cmd) func() {
	return func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
		}
	}
}

func startPostgres(dir string) (*host, func(), error) {
	at := func(database string) string {
		return os.Getenv("ADKGEN_POSTGRES_DSN") + "/" + database + "?sslmode=disable"
	}
	if os.Getenv("ADKGEN_POSTGRES_DSN") != "" { // postgres://user:password@host:port
		return &host{dialect: "postgres", driver: "pgx", dsn: at, url: at}, func() {}, waitFor("pgx", at("postgres"))
	}
	initdb, err := find("initdb")
	if err != nil {
		return nil, nil, err
	}
	server, err := find("postgres")
	if err != nil {
		return nil, nil, err
	}
	dir = filepath.Join(dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(initdb, "-D", dir, "-U", "adkgen", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err := as(cmd, "postgres", dir); err != nil {
		return nil, nil, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port := freePort()
	cmd = exec.Command(server, "-D", dir, "-p", strconv.Itoa(port), "-k", dir, "-h", "127.0.0.1", "-F", "-c", "max_connections=200")
	if err := as(cmd, "postgres", dir); err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	at = func(database string) string {
		return fmt.Sprintf("postgres://adkgen@127.0.0.1:%d/%s?sslmode=disable", port, database)
	}
	return &host{dialect: "postgres", driver: "pgx", dsn: at, url: at}, stopper(cmd), waitFor("pgx", at("postgres"))
}

// mysqlHost makes a host for a server of MySQL's protocol. login is user or
// user:password.
func mysqlHost(dialect, login, address string) *host {
	return &host{
		dialect: dialect, driver: "mysql",
		dsn: func(database string) string {
			return fmt.Sprintf("%s@tcp(%s)/%s?parseTime=true&multiStatements=true&interpolateParams=true&loc=UTC", login, address, database)
		},
		url: func(database string) string { return fmt.Sprintf("mysql://%s@%s/%s", login, address, database) },
	}
}

func startMariaDB(dir string) (*host, func(), error) {
	if dsn := os.Getenv("ADKGEN_MARIADB_DSN"); dsn != "" { // user:password@host:port
		login, address, _ := strings.Cut(dsn, "@")
		h := mysqlHost("mariadb", login, address)
		return h, func() {}, waitFor("mysql", h.dsn("mysql"))
	}
	install, err := find("mariadb-install-db")
	if err != nil {
		return nil, nil, err
	}
	server, err := find("mariadbd")
	if err != nil {
		return nil, nil, err
	}
	dir = filepath.Join(dir, "mariadb")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(install, "--no-defaults", "--datadir="+dir, "--auth-root-authentication-method=normal", "--skip-test-db")
	if err := as(cmd, "mysql", dir); err != nil {
		return nil, nil, err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	port := freePort()
	cmd = exec.Command(server, "--no-defaults", "--datadir="+dir, "--socket="+filepath.Join(dir, "socket"), "--port="+strconv.Itoa(port),
		"--bind-address=127.0.0.1", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin")
	if err := as(cmd, "mysql", dir); err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	h := mysqlHost("mariadb", "root", fmt.Sprintf("127.0.0.1:%d", port))
	return h, stopper(cmd), waitFor("mysql", h.dsn("mysql"))
}

// startGoMySQL starts go-mysql-server: MySQL 8.0 in this process, with the
// collation utf8mb4_0900_bin that MariaDB lacks.
func startGoMySQL(string) (*host, func(), error) {
	logrus.SetOutput(io.Discard)
	provider := memory.NewDBProvider(memory.NewDatabase("mysql_home"))
	provider.WithOption(memory.NativeIndexProvider(true))
	engine := sqle.NewDefault(provider)
	address := fmt.Sprintf("127.0.0.1:%d", freePort())
	s, err := server.NewServer(server.Config{Protocol: "tcp", Address: address}, engine, gmssql.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		return nil, nil, err
	}
	go func() { _ = s.Start() }()
	h := mysqlHost("mysql", "root", address)
	return h, func() { _ = s.Close() }, waitFor("mysql", h.dsn("mysql_home"))
}

var databases atomic.Int64

// database makes a new database on the host and gives its name; it goes away
// with the test.
func (h *host) database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d_%d", os.Getpid(), databases.Add(1))
	admin := h.open(t, map[string]string{"postgres": "postgres", "mariadb": "mysql", "mysql": "mysql_home"}[h.dialect])
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
var sqlite = &host{dialect: "sqlite", driver: "sqlite", dsn: func(file string) string {
	return "file:" + file + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)"
}, url: func(file string) string { return "sqlite:" + file }}
