package service

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"github.com/adkgen/adkgen/golden/databases/servers"
)

// textOwned is a program whose owners are texts: %[1]s is the module's path, %[2]s what opens the database, %[3]s the Go type
// that sqlc gives the column, around a text, %[4]v whether a text that is too long is refused, %[5]v whether one with U+0000 is.
const textOwned = `package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"%[1]s/adkdb"
	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
	"google.golang.org/adk/v2/session"
	_ "modernc.org/sqlite"
)

var (
	_ = pgxpool.New
	_ = sql.Open
	_ pgtype.Text
	_ json.Number
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	db, err := %[2]s
	if err != nil {
		return err
	}
	defer db.Close()
	service := adkdb.NewSessionService(db)
	as := func(owner string) context.Context { return adkdb.WithOwner(ctx, %[3]s) }
	get := &session.GetRequest{AppName: "app", UserID: "user", SessionID: "s"}

	fits := strings.Repeat("v", 15) + "ä" // 16 characters, 17 bytes
	mine := as(fits)
	if _, err := service.Create(mine, &session.CreateRequest{AppName: "app", UserID: "user", SessionID: "s", State: map[string]any{"user:secret": "mine"}}); err != nil {
		return err
	}
	got, err := service.Get(mine, get)
	if err != nil {
		return err
	}
	for i, long := range []string{fits + " ", fits + "  ", fits + strings.Repeat(" ", 300), fits + "x", fits + " x"} {
		theirs := as(long)
		created, err := service.Create(theirs, &session.CreateRequest{AppName: "app", UserID: "user", SessionID: fmt.Sprint("new", i), State: map[string]any{"user:secret": "theirs"}})
		if %[4]v && !errors.Is(err, adkdb.ErrKeyDoesNotFit) {
			return fmt.Errorf("create for the owner %%q: %%v", long, err)
		}
		if !%[4]v {
			if err != nil {
				return err
			}
			if err := service.AppendEvent(theirs, created.Session, &session.Event{ID: "e", Actions: session.EventActions{StateDelta: map[string]any{"user:secret": "changed"}}}); err != nil {
				return err
			}
		}
		want := map[bool]error{true: adkdb.ErrKeyDoesNotFit, false: adkdb.ErrSessionNotFound}[%[4]v]
		if _, err := service.Get(theirs, get); !errors.Is(err, want) {
			return fmt.Errorf("get for the owner %%q: %%v", long, err)
		}
		if err := service.AppendEvent(theirs, got.Session, &session.Event{ID: "theirs", Actions: session.EventActions{StateDelta: map[string]any{"user:secret": "theirs"}}}); !errors.Is(err, want) {
			return fmt.Errorf("append for the owner %%q: %%v", long, err)
		}
		for _, user := range []string{"user", ""} {
			list, err := service.List(theirs, &session.ListRequest{AppName: "app", UserID: user})
			if %[4]v && !errors.Is(err, adkdb.ErrKeyDoesNotFit) || !%[4]v && (err != nil || len(list.Sessions) != 1) {
				return fmt.Errorf("a list for the owner %%q: %%v, %%v", long, list, err)
			}
		}
		if err := service.Delete(theirs, &session.DeleteRequest{AppName: "app", UserID: "user", SessionID: "s"}); %[4]v && !errors.Is(err, adkdb.ErrKeyDoesNotFit) {
			return fmt.Errorf("delete for the owner %%q: %%v", long, err)
		}
	}
	if _, err := service.Get(as("a\xffb"), get); !errors.Is(err, adkdb.ErrKeyDoesNotFit) {
		return fmt.Errorf("get for an owner that is not UTF-8: %%v", err)
	}
	if _, err := service.Get(as("a\x00b"), get); !errors.Is(err, map[bool]error{true: adkdb.ErrKeyDoesNotFit, false: adkdb.ErrSessionNotFound}[%[5]v]) {
		return fmt.Errorf("get for an owner with U+0000: %%v", err)
	}
	if err := service.AppendEvent(mine, got.Session, &session.Event{ID: "mine"}); err != nil {
		return err
	}
	if got, err = service.Get(mine, get); err != nil || got.Session.Events().Len() != 1 {
		return fmt.Errorf("after an append: %%v, %%v", got, err)
	}
	if secret, err := got.Session.State().Get("user:secret"); err != nil || secret != "mine" {
		return fmt.Errorf("the state is %%v, %%v", secret, err)
	}
	list, err := service.List(mine, &session.ListRequest{AppName: "app"})
	if err != nil || len(list.Sessions) != 1 {
		return fmt.Errorf("a list: %%v, %%v", list, err)
	}
	return nil
}
`

// TestTextOwnersThatDoNotFit generates, compiles and runs the service for owners that are texts. Those that are longer than the
// column are refused, where a database would cut them: else 'v…v ' would be 'v…v'. SQLite cuts nothing: there they are others.
func TestTextOwnersThatDoNotFit(t *testing.T) {
	const column = "tenant VARCHAR(16) NOT NULL"
	onMySQL := `sql.Open("mysql", os.Args[1])`
	for _, c := range []struct {
		name, dialect  string
		server         *servers.Server
		column, option string // of sqlc
		open, owner    string
		refused        bool
		parameter      string // of the data source name
	}{
		{"postgres", "postgres", postgres, column, "{}", "pgxpool.New(ctx, os.Args[1])", "owner", true, ""},
		{"postgres, a column that can be NULL", "postgres", postgres, "tenant VARCHAR(16)", "{}", "pgxpool.New(ctx, os.Args[1])", "pgtype.Text{String: owner, Valid: true}", true, ""},
		{"postgres, a type of the user's choice", "postgres", postgres, column, "{overrides: [{column: adk_sessions.tenant, go_type: {import: encoding/json, type: Number}}]}", "pgxpool.New(ctx, os.Args[1])", "json.Number(owner)", true, ""},
		{"mysql", "mysql", mysqlServer, column, "{}", onMySQL, "owner", true, ""},
		{"mysql, a column that can be NULL, not strict", "mysql", mysqlServer, "tenant VARCHAR(16)", "{}", onMySQL, "sql.NullString{String: owner, Valid: true}", true, "&sql_mode=%27%27"},
		{"mariadb, CHAR, not strict", "mariadb", mariadb, "tenant CHAR(16) NOT NULL", "{}", onMySQL, "owner", true, "&sql_mode=%27%27"},
		{"mariadb, a type of the user's choice", "mariadb", mariadb, column, "{overrides: [{column: '*.tenant', go_type: {import: encoding/json, type: Number}}]}", onMySQL, "json.Number(owner)", true, ""},
		{"sqlite", "sqlite", nil, column, "{}", "sql.Open(os.Args[2], os.Args[1])", "owner", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newDatabase(t, kind{dialect: c.dialect}, c.server)
			// Below this package, so that it is in this module; go ignores a folder of this name.
			must(t, os.MkdirAll("testdata", 0o755))
			folder, err := os.MkdirTemp("testdata", "text-")
			must(t, err)
			t.Cleanup(func() { _, _ = os.RemoveAll(folder), os.Remove("testdata") })
			config := fmt.Sprintf("version: 1\ntargets:\n  - dialect: %s\n    owner_id_column: %s\n    migrations: {tool: goose, dir: migrations}\n    queries: {dir: queries}\n    sqlc: %s\n    service: {}\n", c.dialect, c.column, "{out: adkdb, "+c.option[1:])
			out, err := generator.Generate(generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), []byte(config)))
			must(t, err)
			must(t, generator.Write(folder, out.Files))
			here, err := os.Getwd()
			must(t, err)
			command(t, "go", "-C", "../../..", "tool", "sqlc", "generate", "-f", filepath.Join(here, folder, "sqlc.yaml"))
			program := fmt.Sprintf(textOwned, "github.com/adkgen/adkgen/golden/databases/service/"+filepath.ToSlash(folder), c.open, c.owner, c.refused, c.dialect == "postgres")
			must(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o644))

			migrate(t, c.dialect, s.db, filepath.Join(folder, "migrations"))
			command(t, "go", "run", "./"+filepath.ToSlash(folder), s.dsn()+c.parameter, s.driver())
		})
	}
}
