package databases

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/amacneil/dbmate/v2/pkg/dbmate"
	_ "github.com/amacneil/dbmate/v2/pkg/driver/mysql"
	_ "github.com/amacneil/dbmate/v2/pkg/driver/postgres"
	_ "github.com/amacneil/dbmate/v2/pkg/driver/sqlite"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	migratemysql "github.com/golang-migrate/migrate/v4/database/mysql"
	migratepgx "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	migratesqlite "github.com/golang-migrate/migrate/v4/database/sqlite"
	_ "github.com/golang-migrate/migrate/v4/source/file"
	tern "github.com/jackc/tern/v2/migrate"
	"github.com/pressly/goose/v3"
	goosedatabase "github.com/pressly/goose/v3/database"
	sqlmigrate "github.com/rubenv/sql-migrate"
	"github.com/rubenv/sql-migrate/sqlparse"
)

// migrator applies a directory of migrations the way one tool does.
type migrator struct {
	up, down func(t testing.TB, h *host, name, dir, bookkeeping string)
}

// migrators are the real tools, as Go libraries; plain files go to the
// database as they are, as psql, mysql and sqlite3 send them.
var migrators = map[string]migrator{
	"goose":          {goosing(true), goosing(false)},
	"golang-migrate": {golangMigrating((*migrate.Migrate).Up), golangMigrating((*migrate.Migrate).Down)},
	"dbmate":         {dbmating((*dbmate.DB).Migrate), dbmating(rollBackAll)},
	"sql-migrate":    {sqlMigrating(sqlmigrate.Up), sqlMigrating(sqlmigrate.Down)},
	"atlas":          {atlasUp, inReverse("down/*.sql")},
	"tern":           {ternTo(func(m *tern.Migrator) int { return len(m.Migrations) }), ternTo(func(*tern.Migrator) int { return 0 })},
	"flyway":         {flyway("V"), flyway("U")},
	"liquibase":      {liquibase(true), liquibase(false)},
	"plain":          {plain(".up.sql"), plain(".down.sql")},
}

// gooseProvider is goose as a library, with a bookkeeping table of its own.
func gooseProvider(t testing.TB, dialect string, db *sql.DB, dir, bookkeeping string) *goose.Provider {
	t.Helper()
	names := map[string]goosedatabase.Dialect{"postgres": goosedatabase.DialectPostgres, "mariadb": goosedatabase.DialectMySQL,
		"mysql": goosedatabase.DialectMySQL, "sqlite": goosedatabase.DialectSQLite3}
	store, err := goosedatabase.NewStore(names[dialect], bookkeeping)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectCustom, db, os.DirFS(dir), goose.WithStore(store))
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

func goosing(up bool) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, bookkeeping string) {
		t.Helper()
		provider := gooseProvider(t, h.dialect, h.open(t, name), dir, bookkeeping)
		var err error
		if up {
			_, err = provider.Up(context.Background())
		} else {
			_, err = provider.DownTo(context.Background(), 0)
		}
		if err != nil {
			t.Fatalf("goose: %v", err)
		}
	}
}

func golangMigrating(do func(*migrate.Migrate) error) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, bookkeeping string) {
		t.Helper()
		db := h.open(t, name)
		var driver database.Driver
		var err error
		switch h.dialect {
		case "postgres":
			driver, err = migratepgx.WithInstance(db, &migratepgx.Config{MigrationsTable: bookkeeping})
		case "sqlite":
			driver, err = migratesqlite.WithInstance(db, &migratesqlite.Config{MigrationsTable: bookkeeping})
		default:
			driver, err = migratemysql.WithInstance(db, &migratemysql.Config{MigrationsTable: bookkeeping})
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := migrate.NewWithDatabaseInstance("file://"+dir, h.dialect, driver)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = m.Close() }()
		if err := do(m); err != nil {
			t.Fatalf("golang-migrate: %v", err)
		}
	}
}

// rollBackAll goes down step by step: dbmate undoes one migration at a time.
func rollBackAll(m *dbmate.DB) error {
	for {
		switch err := m.Rollback(); {
		case errors.Is(err, dbmate.ErrNoRollback):
			return nil
		case err != nil:
			return err
		}
	}
}

func dbmating(do func(*dbmate.DB) error) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, bookkeeping string) {
		t.Helper()
		u, err := url.Parse(h.url(name))
		if err != nil {
			t.Fatal(err)
		}
		m := dbmate.New(u)
		m.AutoDumpSchema = false
		m.MigrationsDir = []string{dir}
		m.MigrationsTableName = bookkeeping
		m.Log = new(strings.Builder)
		if err := do(m); err != nil {
			t.Fatalf("dbmate: %v", err)
		}
	}
}

func sqlMigrating(direction sqlmigrate.MigrationDirection) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, bookkeeping string) {
		t.Helper()
		set := sqlmigrate.MigrationSet{TableName: bookkeeping}
		dialect := map[string]string{"postgres": "postgres", "sqlite": "sqlite3"}[h.dialect]
		if dialect == "" {
			dialect = "mysql"
		}
		n, err := set.Exec(h.open(t, name), dialect, &sqlmigrate.FileMigrationSource{Dir: dir}, direction)
		if err != nil || n == 0 {
			t.Fatalf("sql-migrate applied %d: %v", n, err)
		}
	}
}

// sqlMigrateStatements are the statements that sql-migrate finds in a file.
func sqlMigrateStatements(t *testing.T, file string) *sqlparse.ParsedMigration {
	t.Helper()
	text, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = text.Close() }()
	parsed, err := sqlparse.ParseMigration(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func plain(suffix string) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, _ string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s in %s: %v", suffix, dir, err)
		}
		slices.Sort(files)
		if suffix == ".down.sql" {
			slices.Reverse(files)
		}
		for _, file := range files {
			runFile(t, h.open(t, name), file)
		}
	}
}

// runFile sends a file of statements in one piece.
func runFile(t testing.TB, db *sql.DB, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "CONCURRENTLY") {
		exec1(t, db, string(text))
		return
	}
	for _, statement := range strings.SplitAfter(string(text), ";\n") { // as psql does outside a transaction
		exec1(t, db, statement)
	}
}

// upStatements are the statements of the way up in the migrations of a folder.
func upStatements(t testing.TB, dir string) (statements []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*ext_adk_*"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, ".down.sql") })
	if len(files) == 0 {
		t.Fatal("no migrations in ", dir)
	}
	for _, file := range files {
		up := string(readFile(t, file))
		for _, mark := range []string{"-- +goose Down", "-- migrate:down", "-- +migrate Down"} {
			up, _, _ = strings.Cut(up, mark)
		}
		for _, s := range strings.SplitAfter(up, ";\n") {
			if strings.Contains(s, ";") {
				statements = append(statements, s)
			}
		}
	}
	return statements
}

// attempt is a test that goes on when what it tries fails.
type attempt struct {
	testing.TB
	failure string
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (a *attempt) Fatal(args ...any) { a.Fatalf("%s", fmt.Sprintln(args...)) }

// failure runs what may fail, and gives the failure's text; "" for none.
func failure(t testing.TB, try func(t testing.TB)) string {
	a := &attempt{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		try(a)
	}()
	<-done
	return a.failure
}
