package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"github.com/adkgen/adkgen/examples/adk-go/internal/mariadbdb"
	"github.com/adkgen/adkgen/examples/adk-go/internal/postgresdb"
	"github.com/adkgen/adkgen/examples/adk-go/internal/sqlitedb"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/adk/v2/session"
	_ "modernc.org/sqlite"
)

// The snapshots are for development: a deployment applies the migrations.
var (
	//go:embed db/sqlite/schema.sql
	sqliteSchema string
	//go:embed db/postgres/schema.sql
	postgresSchema string
	//go:embed db/mariadb/schema.sql
	mariadbSchema string
)

// store is a database with its session service. A program on one database has
// no need of it.
type store struct {
	service   session.Service
	withOwner func(ctx context.Context, account int64) context.Context
	exists    error // the service's error for a session that is there
	close     func()
}

func open(ctx context.Context, database, dsn string) (*store, error) {
	switch database {
	case "sqlite":
		return openSQLite(ctx, dsn)
	case "postgres":
		return openPostgres(ctx, dsn)
	case "mariadb":
		return openMariaDB(ctx, dsn)
	}
	return nil, fmt.Errorf("-database %s: write sqlite, postgres or mariadb", database)
}

func openSQLite(ctx context.Context, file string) (*store, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	err = prepare(ctx, db, "CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY)",
		fmt.Sprintf("INSERT OR IGNORE INTO accounts VALUES (%d)", accountID), sqliteSchema)
	return &store{sqlitedb.NewSessionService(db), sqlitedb.WithOwner[int64], sqlitedb.ErrSessionExists, func() { _ = db.Close() }}, err
}

func openMariaDB(ctx context.Context, dsn string) (*store, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	config.ParseTime = true       // the service needs it
	config.MultiStatements = true // the snapshot does
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	err = prepare(ctx, db, "CREATE TABLE IF NOT EXISTS accounts (id BIGINT PRIMARY KEY)",
		fmt.Sprintf("INSERT IGNORE INTO accounts VALUES (%d)", accountID), mariadbSchema)
	return &store{mariadbdb.NewSessionService(db), mariadbdb.WithOwner[int64], mariadbdb.ErrSessionExists, func() { _ = db.Close() }}, err
}

func prepare(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	return nil
}

func openPostgres(ctx context.Context, dsn string) (*store, error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{"CREATE TABLE IF NOT EXISTS accounts (id BIGINT PRIMARY KEY)",
		fmt.Sprintf("INSERT INTO accounts VALUES (%d) ON CONFLICT DO NOTHING", accountID), postgresSchema} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			pool.Close()
			return nil, err
		}
	}
	return &store{postgresdb.NewSessionService(pool), postgresdb.WithOwner[int64], postgresdb.ErrSessionExists, pool.Close}, nil
}

// begin makes the session, unless it is there from an earlier talk.
func (s *store) begin(ctx context.Context) error {
	_, err := s.service.Create(ctx, &session.CreateRequest{AppName: appName, UserID: userID, SessionID: sessionID})
	if errors.Is(err, s.exists) {
		return nil
	}
	return err
}
