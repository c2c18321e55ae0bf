// Package servers starts database servers for tests and benchmarks, each in a
// folder of its own, on a free port of this machine.
package servers

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// Server is a running database server.
type Server struct {
	Dialect string                       // adkgen's word for it
	Driver  string                       // of database/sql
	DSN     func(database string) string // for that driver
	URL     func(database string) string // for tools that take a URL
	Admin   string                       // a database that is always there

	command []string // nil for a server that was there before
	as      string   // the user that runs it
	dir     string
	stop    syscall.Signal // that ends it, without waiting for its clients
	process *exec.Cmd
}

// named gives the servers that ADKGEN_DATABASES names: all, or some of postgres,
// mariadb and mysql, with commas between them.
func named() []string { return strings.Split(os.Getenv("ADKGEN_DATABASES"), ",") }

// Required reports whether tests must fail, not skip, without what they need:
// a server, by adkgen's word for its dialect, or, for "all", anything else.
func Required(what string) bool {
	return slices.Contains(named(), "all") || slices.Contains(named(), what)
}

// wanted returns an error for a server that ADKGEN_DATABASES leaves out.
func wanted(dialect string) error {
	if os.Getenv("ADKGEN_DATABASES") == "" || Required(dialect) {
		return nil
	}
	return errors.New("ADKGEN_DATABASES does not name it")
}

// installed gives the folder in which install.sh has put a server of the
// version that the environment variable names, or else of the version given;
// "" for the machine's own.
func installed(name, variable, version string) (string, error) {
	if v := os.Getenv(variable); v != "" {
		version = v
	}
	if version == "" {
		return "", nil
	}
	cache := "/var/cache"
	if os.Getuid() != 0 {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	folder := filepath.Join(cache, "adkgen", name+"-"+version)
	if _, err := os.Stat(filepath.Join(folder, "complete")); err != nil {
		return "", fmt.Errorf("%s-%s is not installed: golden/databases/servers/install.sh does it", name, version)
	}
	return folder, nil
}

// copyData gives a new server the data that install.sh has made for it.
func copyData(folder, dir string) error {
	if out, err := exec.Command("cp", "-R", filepath.Join(folder, "data"), dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "-R", "mysql", dir).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}

// Postgres starts PostgreSQL in a new folder below dir: the machine's own, or
// the version that ADKGEN_POSTGRES_VERSION names and install.sh, beside this
// file, has installed. Or it takes the server that ADKGEN_POSTGRES_DSN names
// (postgres://user:password@host:port). Settings are written name=value.
func Postgres(dir string, settings ...string) (*Server, error) {
	if err := wanted("postgres"); err != nil {
		return nil, err
	}
	if dsn := os.Getenv("ADKGEN_POSTGRES_DSN"); dsn != "" {
		s := postgresAt(dsn)
		return s, s.Wait()
	}
	folder, err := installed("postgres", "ADKGEN_POSTGRES_VERSION", "")
	if err != nil {
		return nil, err
	}
	initdb, err := find(folder, "initdb")
	if err != nil {
		return nil, err
	}
	program, err := find(folder, "postgres")
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "postgres")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if err := runAs("postgres", dir, initdb, "-D", dir, "-U", "adkgen", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return nil, err
	}
	address := FreeAddress()
	_, port, _ := net.SplitHostPort(address)
	s := postgresAt("postgres://adkgen@" + address)
	s.as, s.dir = "postgres", dir
	s.command = []string{program, "-D", dir, "-p", port, "-k", dir, "-h", "127.0.0.1", "-c", "max_connections=200"}
	for _, setting := range settings {
		s.command = append(s.command, "-c", setting)
	}
	return s, s.Start()
}

func postgresAt(address string) *Server {
	at := func(database string) string { return address + "/" + database + "?sslmode=disable" }
	return &Server{Dialect: "postgres", Driver: "pgx", DSN: at, URL: at, Admin: "postgres", stop: syscall.SIGINT}
}

// MariaDB starts MariaDB in a new folder below dir: the machine's own, or the
// version that ADKGEN_MARIADB_VERSION names and install.sh has installed. Or it
// takes the server that ADKGEN_MARIADB_DSN names (user:password@host:port).
// Settings are written name=value.
func MariaDB(dir string, settings ...string) (*Server, error) {
	if err := wanted("mariadb"); err != nil {
		return nil, err
	}
	if dsn := os.Getenv("ADKGEN_MARIADB_DSN"); dsn != "" {
		login, address, _ := strings.Cut(dsn, "@")
		s := MySQLAt("mariadb", login, address, "mysql")
		return s, s.Wait()
	}
	folder, err := installed("mariadb", "ADKGEN_MARIADB_VERSION", "")
	if err != nil {
		return nil, err
	}
	program, err := find(folder, "mariadbd")
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "mariadb")
	var own []string // settings of a server in a folder of its own
	if folder != "" {
		share, _ := filepath.Glob(folder + "/usr/share/*/english/errmsg.sys")
		if len(share) == 0 {
			return nil, fmt.Errorf("%s has no messages", folder)
		}
		own = []string{"--basedir=" + folder + "/usr", "--lc-messages-dir=" + filepath.Dir(filepath.Dir(share[0])), "--plugin-dir=" + folder + "/usr/lib/mysql/plugin"}
		err = copyData(folder, dir)
	} else {
		err = installMariaDB(dir)
	}
	if err != nil {
		return nil, err
	}
	temporary := dir + "-temporary" // a server that starts clears away the others' tables in /tmp
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return nil, err
	}
	if err := as(&exec.Cmd{}, "mysql", temporary); err != nil {
		return nil, err
	}
	address := FreeAddress()
	_, port, _ := net.SplitHostPort(address)
	s := MySQLAt("mariadb", "root", address, "mysql")
	s.as, s.dir = "mysql", dir
	s.command = append([]string{program, "--no-defaults", "--datadir=" + dir, "--tmpdir=" + temporary, "--socket=" + filepath.Join(dir, "socket"), "--port=" + port,
		"--bind-address=127.0.0.1", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci", "--skip-log-bin"}, own...)
	for _, setting := range settings {
		s.command = append(s.command, "--"+setting)
	}
	return s, s.Start()
}

// installMariaDB makes the data of the machine's own MariaDB.
func installMariaDB(dir string) error {
	install, err := find("", "mariadb-install-db")
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return runAs("mysql", dir, install, "--no-defaults", "--datadir="+dir, "--auth-root-authentication-method=normal", "--skip-test-db")
}

// MySQL starts MySQL in a new folder below dir: the version that
// ADKGEN_MYSQL_VERSION names, or 9, that install.sh has installed. Or it takes
// the server that ADKGEN_MYSQL_DSN names (user:password@host:port). The binary
// log is on, as it is unless somebody turns it off. Settings are written
// name=value.
func MySQL(dir string, settings ...string) (*Server, error) {
	if err := wanted("mysql"); err != nil {
		return nil, err
	}
	if dsn := os.Getenv("ADKGEN_MYSQL_DSN"); dsn != "" {
		login, address, _ := strings.Cut(dsn, "@")
		s := MySQLAt("mysql", login, address, "mysql")
		return s, s.Wait()
	}
	folder, err := installed("mysql", "ADKGEN_MYSQL_VERSION", "9")
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "mysql")
	if err := copyData(folder, dir); err != nil {
		return nil, err
	}
	address := FreeAddress()
	_, port, _ := net.SplitHostPort(address)
	s := MySQLAt("mysql", "root", address, "mysql")
	s.as, s.dir = "mysql", dir
	s.command = []string{folder + "/usr/sbin/mysqld", "--no-defaults", "--basedir=" + folder + "/usr", "--datadir=" + dir,
		"--lc-messages-dir=" + folder + "/usr/share/mysql", "--plugin-dir=" + folder + "/usr/lib/mysql/plugin", "--secure-file-priv=NULL", "--mysqlx=OFF",
		"--socket=" + filepath.Join(dir, "socket"), "--pid-file=" + filepath.Join(dir, "pid"), "--tmpdir=" + dir, "--port=" + port,
		"--bind-address=127.0.0.1", "--log-error=" + filepath.Join(dir, "log")}
	for _, setting := range settings {
		s.command = append(s.command, "--"+setting)
	}
	return s, s.Start()
}

// MySQLAt describes a server of MySQL's protocol that runs. login is user or
// user:password.
func MySQLAt(dialect, login, address, admin string) *Server {
	return &Server{
		Dialect: dialect, Driver: "mysql", Admin: admin, stop: syscall.SIGTERM,
		DSN: func(database string) string {
			return fmt.Sprintf("%s@tcp(%s)/%s?parseTime=true", login, address, database)
		},
		URL: func(database string) string { return fmt.Sprintf("mysql://%s@%s/%s", login, address, database) },
	}
}

// Start starts a server that was stopped or killed, and waits until it answers.
func (s *Server) Start() error {
	s.process = exec.Command(s.command[0], s.command[1:]...)
	if err := as(s.process, s.as, s.dir); err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	return s.Wait()
}

// Stop ends a server that was started here, and waits for it.
func (s *Server) Stop() { s.end(s.stop) }

// Kill ends a server that was started here as a power cut would.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// IsOurs reports whether the server was started here.
func (s *Server) IsOurs() bool { return s.command != nil }

func (s *Server) end(signal syscall.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(signal)
	done := make(chan struct{})
	go func() { _ = s.process.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		_ = s.process.Process.Kill()
	}
	s.process = nil
}

// Wait connects until the server answers.
func (s *Server) Wait() error {
	db, err := sql.Open(s.Driver, s.DSN(s.Admin))
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

// SQLite gives the driver of database/sql and the DSN for a file. Pragmas are
// written name(value). ADKGEN_SQLITE_DRIVER chooses the driver, which the test
// imports: modernc, unless it is set, or mattn.
func SQLite(file string, pragmas ...string) (driver, dsn string) {
	if os.Getenv("ADKGEN_SQLITE_DRIVER") != "mattn" {
		return "sqlite", "file:" + file + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
	}
	var settings []string
	for _, pragma := range pragmas {
		name, value, _ := strings.Cut(strings.TrimSuffix(pragma, ")"), "(")
		settings = append(settings, "_"+name+"="+value)
	}
	return "sqlite3", "file:" + file + "?" + strings.Join(settings, "&")
}

// FreeAddress gives a host and port of this machine that nobody listens on.
func FreeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// find looks for a server's program in a folder of install.sh's, or, for "", in
// the path and where Debian puts it.
func find(folder, name string) (string, error) {
	if folder == "" {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/", "/usr/local/pgsql/bin/"} {
		if found, _ := filepath.Glob(folder + pattern + name); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}

func runAs(name, dir string, command ...string) error {
	cmd := exec.Command(command[0], command[1:]...)
	if err := as(cmd, name, dir); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command[0], err, out)
	}
	return nil
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
