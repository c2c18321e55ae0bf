package service

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	ownedmariadb "github.com/adkgen/adkgen/golden/databases/mariadbdb"
	ownedpostgres "github.com/adkgen/adkgen/golden/databases/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/servers"
	"github.com/adkgen/adkgen/golden/databases/service/mariadbdb"
	"github.com/adkgen/adkgen/golden/databases/service/mysqldb"
	"github.com/adkgen/adkgen/golden/databases/service/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/service/sqlitedb"
	ownedsqlite "github.com/adkgen/adkgen/golden/databases/sqlitedb"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
	"google.golang.org/adk/v2/session"
	_ "modernc.org/sqlite"
)

// The servers, filled by TestMain; nil when there is none.
var postgres, mariadb, mysqlServer *servers.Server

func TestMain(m *testing.M) {
	_ = mysql.SetLogger(&mysql.NopLogger{}) // it tells of each connection that a test cuts
	dir, err := os.MkdirTemp("", "adkgen-service-")
	if err != nil {
		panic(err)
	}
	_ = os.Chmod(dir, 0o755)
	if postgres, err = servers.Postgres(dir, "fsync=off"); err != nil {
		fmt.Fprintln(os.Stderr, "no PostgreSQL:", err)
	}
	if mariadb, err = servers.MariaDB(dir, "innodb-flush-log-at-trx-commit=0"); err != nil {
		fmt.Fprintln(os.Stderr, "no MariaDB:", err)
	}
	if mysqlServer, err = servers.MySQL(dir, "innodb-flush-log-at-trx-commit=0", "sync-binlog=0"); err != nil {
		fmt.Fprintln(os.Stderr, "no MySQL:", err)
	}
	code := m.Run()
	for _, s := range []*servers.Server{postgres, mariadb, mysqlServer} {
		if s != nil {
			s.Stop()
		}
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// kind is one of the services that adkgen writes.
type kind struct {
	name    string
	dialect string
	owned   bool
	joins   bool // coalesces appends
}

var kinds = []kind{
	{name: "postgres", dialect: "postgres"},
	{name: "postgres with an owner", dialect: "postgres", owned: true},
	{name: "postgres, coalescing", dialect: "postgres", joins: true},
	{name: "mariadb", dialect: "mariadb"},
	{name: "mariadb with an owner", dialect: "mariadb", owned: true},
	{name: "mysql", dialect: "mysql"},
	{name: "sqlite", dialect: "sqlite"},
	{name: "sqlite with an owner", dialect: "sqlite", owned: true},
}

// store is a database with the tables of a kind.
type store struct {
	kind
	server   *servers.Server // nil for SQLite
	database string          // its name, or its file
	maxConns int             // of each service's pool; 0 for the pool's own
	db       *sql.DB         // for what is outside the service
}

var databases atomic.Int64

// newDatabase makes a new database, without tables.
func newDatabase(t testing.TB, k kind, server *servers.Server) *store {
	t.Helper()
	s := &store{kind: k, server: server}
	if k.dialect == "sqlite" {
		s.database = filepath.Join(t.TempDir(), "adk.db")
	} else {
		if server == nil {
			if servers.Required(k.dialect) {
				t.Fatalf("no server for %s, and ADKGEN_DATABASES names it", k.dialect)
			}
			t.Skipf("no server for %s", k.dialect)
		}
		s.database = fmt.Sprintf("s%d_%d", os.Getpid(), databases.Add(1))
		admin := open(t, server.Driver, server.DSN(server.Admin))
		run(t, admin, "CREATE DATABASE "+s.database)
	}
	s.db = open(t, s.driver(), s.dsn())
	return s
}

// newStore makes a new database and applies the migrations with goose.
func newStore(t testing.TB, k kind, server *servers.Server) *store {
	t.Helper()
	s := newDatabase(t, k, server)
	dir := "db"
	if k.owned {
		dir = "../db"
		run(t, s.db, "CREATE TABLE users (id "+map[string]string{"postgres": "UUID", "mariadb": "BIGINT", "sqlite": "INTEGER"}[k.dialect]+" PRIMARY KEY)")
		for owner := range 2 {
			run(t, s.db, fmt.Sprintf("INSERT INTO users VALUES (%s)", s.ownerSQL(owner)))
		}
	}
	migrate(t, k.dialect, s.db, filepath.Join(dir, k.dialect, "migrations"))
	return s
}

// migrate applies migrations with goose.
func migrate(t testing.TB, dialect string, db *sql.DB, dir string) {
	t.Helper()
	of := map[string]goose.Dialect{"postgres": goose.DialectPostgres, "mariadb": goose.DialectMySQL, "mysql": goose.DialectMySQL, "sqlite": goose.DialectSQLite3}
	provider, err := goose.NewProvider(of[dialect], db, os.DirFS(dir))
	must(t, err)
	_, err = provider.Up(t.Context())
	must(t, err)
}

func (s *store) driver() string {
	if s.server == nil {
		driver, _ := servers.SQLite(s.database)
		return driver
	}
	return s.server.Driver
}

func (s *store) dsn() string {
	if s.server == nil {
		_, dsn := servers.SQLite(s.database, "foreign_keys(1)", "busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)")
		return dsn
	}
	return s.server.DSN(s.database)
}

// ownerSQL is an owner as the database writes it.
func (s *store) ownerSQL(owner int) string {
	if s.dialect == "postgres" {
		return fmt.Sprintf("'00000000-0000-0000-0000-%012d'", owner+1)
	}
	return fmt.Sprint(owner + 1)
}

// as is the context of an owner; where there is no owner column, the same one.
func (s *store) as(ctx context.Context, owner int) context.Context {
	switch {
	case !s.owned:
		return ctx
	case s.dialect == "postgres":
		var id pgtype.UUID
		id.Bytes[15], id.Valid = byte(owner+1), true
		return ownedpostgres.WithOwner(ctx, id)
	case s.dialect == "mariadb":
		return ownedmariadb.WithOwner(ctx, int64(owner+1))
	}
	return ownedsqlite.WithOwner(ctx, int64(owner+1))
}

// service makes a service with a pool of its own.
func (s *store) service(t testing.TB) session.Service { return s.serviceAt(t, s.dsn()) }

// serviceAt makes a service on another way to the database.
func (s *store) serviceAt(t testing.TB, dsn string) session.Service {
	t.Helper()
	if s.dialect == "postgres" {
		config, err := pgxpool.ParseConfig(dsn)
		must(t, err)
		if s.maxConns > 0 {
			config.MaxConns = int32(s.maxConns)
		}
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		must(t, err)
		t.Cleanup(pool.Close)
		switch {
		case s.owned:
			return ownedpostgres.NewSessionService(pool)
		case s.joins:
			return postgresdb.NewSessionService(pool, postgresdb.WithCoalescing(32))
		}
		return postgresdb.NewSessionService(pool)
	}
	db := open(t, s.driver(), dsn)
	db.SetMaxOpenConns(s.maxConns)
	switch {
	case s.dialect == "mariadb" && s.owned:
		return ownedmariadb.NewSessionService(db)
	case s.dialect == "mariadb":
		return mariadbdb.NewSessionService(db)
	case s.dialect == "mysql":
		return mysqldb.NewSessionService(db)
	case s.owned:
		return ownedsqlite.NewSessionService(db)
	}
	return sqlitedb.NewSessionService(db)
}

// eventsTable is the name of the table of events.
func (s *store) eventsTable() string {
	if !s.owned && s.dialect == "postgres" {
		return "agents.events"
	}
	return "adk_events"
}

// onEach runs a test on every kind of service, each with a new database.
func onEach(t *testing.T, test func(t *testing.T, s *store, service session.Service)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, k, serverOf(k))
			test(t, s, ownedService{s.service(t), s})
		})
	}
}

func serverOf(k kind) *servers.Server {
	return map[string]*servers.Server{"postgres": postgres, "mariadb": mariadb, "mysql": mysqlServer}[k.dialect]
}

// ownedService makes each call for the first owner, unless the context has one.
type ownedService struct {
	session.Service
	store *store
}

type ownerGiven struct{}

// asOwner is a context for calls through an ownedService for another owner.
func (s *store) asOwner(ctx context.Context, owner int) context.Context {
	return context.WithValue(s.as(ctx, owner), ownerGiven{}, true)
}

func (o ownedService) context(ctx context.Context) context.Context {
	if ctx.Value(ownerGiven{}) != nil {
		return ctx
	}
	return o.store.as(ctx, 0)
}

func (o ownedService) Create(ctx context.Context, r *session.CreateRequest) (*session.CreateResponse, error) {
	return o.Service.Create(o.context(ctx), r)
}

func (o ownedService) Get(ctx context.Context, r *session.GetRequest) (*session.GetResponse, error) {
	return o.Service.Get(o.context(ctx), r)
}

func (o ownedService) List(ctx context.Context, r *session.ListRequest) (*session.ListResponse, error) {
	return o.Service.List(o.context(ctx), r)
}

func (o ownedService) Delete(ctx context.Context, r *session.DeleteRequest) error {
	return o.Service.Delete(o.context(ctx), r)
}

func (o ownedService) AppendEvent(ctx context.Context, s session.Session, e *session.Event) error {
	return o.Service.AppendEvent(o.context(ctx), s, e)
}

func open(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	must(t, err)
	db.SetMaxIdleConns(16)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(context.Background(), statement)
	if err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
