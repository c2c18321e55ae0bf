package main

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/adkgen/adkgen/golden/databases/servers"
	"github.com/adkgen/adkgen/golden/databases/service"
	"github.com/adkgen/adkgen/golden/databases/service/mysqldb"
	"github.com/adkgen/adkgen/golden/databases/service/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/service/sqlitedb"
	"github.com/glebarez/sqlite"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
	adk "google.golang.org/adk/v2/session"
	adkdatabase "google.golang.org/adk/v2/session/database"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// connections is how many each pool may have, and keeps.
const connections = 32

// subject is a service, with sessions that were opened for the appends.
type subject struct {
	adk.Service
	queries *postgresdb.Queries // of the bare loop
	open    []adk.Session
	made    int // sessions that the create work has made
}

// open makes a database for each service on a server, reached directly or
// through a proxy.
func (d *database) open(ctx context.Context, s *servers.Server, p *servers.Proxy) error {
	dsn := func(database string) string {
		if p != nil {
			return p.Through(s, database)
		}
		return s.DSN(database)
	}
	admin, err := sql.Open(s.Driver, s.DSN(s.Admin))
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, name := range []string{"bench_ours", "bench_peer"} {
		if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
			return err
		}
	}
	direct, err := sql.Open(s.Driver, s.DSN("bench_ours"))
	if err != nil {
		return err
	}
	defer direct.Close()
	if err := migrate(ctx, direct, s.Dialect); err != nil {
		return err
	}
	theirs, err := pool(s.Driver, dsn("bench_peer"))
	if err != nil {
		return err
	}
	if s.Dialect == "postgres" {
		return d.openPostgres(ctx, dsn("bench_ours"), theirs)
	}
	mine, err := pool(s.Driver, dsn("bench_ours"))
	if err != nil {
		return err
	}
	gormed, err := newPeer(mysql.New(mysql.Config{Conn: theirs}))
	d.services = map[string]*subject{ours: {Service: mysqldb.NewSessionService(mine)}, peer: gormed}
	return err
}

func (d *database) openPostgres(ctx context.Context, dsn string, theirs *sql.DB) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.MaxConns = connections
	mine, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	gormed, err := newPeer(postgres.New(postgres.Config{Conn: theirs}))
	d.services = map[string]*subject{
		ours:      {Service: postgresdb.NewSessionService(mine)},
		coalesced: {Service: postgresdb.NewSessionService(mine, postgresdb.WithCoalescing(connections))},
		bare:      {Service: postgresdb.NewSessionService(mine), queries: postgresdb.New(mine)},
		peer:      gormed,
	}
	return err
}

// openSQLite makes two files, with the driver that the name ends in.
func (d *database) openSQLite(ctx context.Context, dir string) error {
	driver, pragmas := "sqlite", "?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
	if d.name == "sqlite-mattn" {
		driver, pragmas = "sqlite3", "?_foreign_keys=1&_busy_timeout=10000&_journal_mode=WAL&_synchronous=OFF"
	}
	at := func(name string) string { return "file:" + filepath.Join(dir, d.name+"-"+name) + pragmas }
	mine, err := pool(driver, at("ours.db"))
	if err != nil {
		return err
	}
	if err := migrate(ctx, mine, "sqlite"); err != nil {
		return err
	}
	gormed, err := newPeer(&sqlite.Dialector{DriverName: driver, DSN: at("peer.db")})
	d.services = map[string]*subject{ours: {Service: sqlitedb.NewSessionService(mine)}, peer: gormed}
	return err
}

func pool(driver, dsn string) (*sql.DB, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, dialect string) error {
	files, err := fs.Sub(service.Migrations, "db/"+dialect+"/migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(map[string]goose.Dialect{"postgres": goose.DialectPostgres, "mariadb": goose.DialectMySQL, "sqlite": goose.DialectSQLite3}[dialect], db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func newPeer(dialector gorm.Dialector) (*subject, error) {
	s, err := adkdatabase.NewSessionService(dialector, &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	if err := adkdatabase.AutoMigrate(s); err != nil {
		return nil, fmt.Errorf("AutoMigrate: %w", err)
	}
	return &subject{Service: s}, nil
}
