package service

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// overridden is a program of a team that has UUIDs of another package than
// sqlc's default.
const overridden = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"%s/adkdb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/adk/v2/session"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, os.Args[1])
	if err != nil {
		return err
	}
	defer pool.Close()
	service := adkdb.NewSessionService(pool)
	one, two := uuid.MustParse("00000000-0000-0000-0000-000000000001"), uuid.MustParse("00000000-0000-0000-0000-000000000002")
	mine, theirs := adkdb.WithOwner(ctx, %[2]s), adkdb.WithOwner(ctx, %[3]s)
	if _, err := service.Create(mine, &session.CreateRequest{AppName: "app", UserID: "user", SessionID: "s", State: map[string]any{"a": "b"}}); err != nil {
		return err
	}
	get := &session.GetRequest{AppName: "app", UserID: "user", SessionID: "s"}
	got, err := service.Get(mine, get)
	if err != nil {
		return err
	}
	if err := service.AppendEvent(mine, got.Session, session.NewEvent(ctx, "i")); err != nil {
		return err
	}
	if got, err = service.Get(mine, get); err != nil || got.Session.Events().Len() != 1 {
		return fmt.Errorf("after an append: %%v, %%v", got, err)
	}
	if list, err := service.List(mine, &session.ListRequest{AppName: "app", UserID: "user"}); err != nil || len(list.Sessions) != 1 {
		return fmt.Errorf("a list: %%v, %%v", list, err)
	}
	if _, err := service.Get(theirs, get); !errors.Is(err, adkdb.ErrSessionNotFound) {
		return fmt.Errorf("another owner's get: %%v", err)
	}
	if _, err := service.Get(ctx, get); !errors.Is(err, adkdb.ErrNoOwner) {
		return fmt.Errorf("a get without an owner: %%v", err)
	}
	%[4]s
	return service.Delete(mine, &session.DeleteRequest{AppName: "app", UserID: "user", SessionID: "s"})
}
`

// TestOverriddenOwner generates, compiles and runs the service with a Go type of
// the user's choice for the owner column.
func TestOverriddenOwner(t *testing.T) {
	const null = `if _, err := service.Create(adkdb.WithOwner(ctx, NONE), &session.CreateRequest{AppName: "app", UserID: "user"}); !errors.Is(err, adkdb.ErrNoOwner) {
		return fmt.Errorf("a create for no owner: %v", err)
	}
`
	for _, c := range []struct{ name, column, overrides, one, two, none string }{
		{"a type of its own", "account_id UUID NOT NULL REFERENCES users(id)", "[{db_type: uuid, go_type: github.com/google/uuid.UUID}]", "one", "two", ""},
		{"a pointer", "account_id UUID REFERENCES users(id)", "[{db_type: uuid, nullable: true, go_type: {import: github.com/google/uuid, type: UUID, pointer: true}}]", "&one", "&two", "(*uuid.UUID)(nil)"},
		{"a type with a null", "account_id UUID REFERENCES users(id)", "[{db_type: uuid, nullable: true, go_type: github.com/google/uuid.NullUUID}]",
			"uuid.NullUUID{UUID: one, Valid: true}", "uuid.NullUUID{UUID: two, Valid: true}", "uuid.NullUUID{}"},
		{"a column", "account_id UUID NOT NULL REFERENCES users(id)", "[{column: adk_sessions.account_id, go_type: github.com/google/uuid.UUID}]", "one", "two", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if postgres == nil {
				t.Skip("no PostgreSQL")
			}
			// Below this package, so that it is in this module; go ignores a folder of this name.
			must(t, os.MkdirAll("testdata", 0o755))
			folder, err := os.MkdirTemp("testdata", "override-")
			must(t, err)
			t.Cleanup(func() { _, _ = os.RemoveAll(folder), os.Remove("testdata") })
			config := fmt.Sprintf("version: 1\ntargets:\n  - dialect: postgres\n    owner_id_column: %s\n    migrations: {tool: goose, dir: migrations}\n    queries: {dir: queries}\n    sqlc: {out: adkdb, overrides: %s}\n    service: {}\n", c.column, c.overrides)
			out, err := generator.Generate(generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), []byte(config)))
			must(t, err)
			must(t, generator.Write(folder, out.Files))
			here, err := os.Getwd()
			must(t, err)
			command(t, "go", "-C", "../../..", "tool", "sqlc", "generate", "-f", filepath.Join(here, folder, "sqlc.yaml"))
			none := ""
			if c.none != "" {
				none = strings.ReplaceAll(null, "NONE", c.none)
			}
			program := fmt.Sprintf(overridden, "github.com/adkgen/adkgen/golden/databases/service/"+filepath.ToSlash(folder), c.one, c.two, none)
			must(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o644))

			database := fmt.Sprintf("s%d_%d", os.Getpid(), databases.Add(1))
			run(t, open(t, postgres.Driver, postgres.DSN(postgres.Admin)), "CREATE DATABASE "+database)
			db := open(t, postgres.Driver, postgres.DSN(database))
			run(t, db, "CREATE TABLE users (id UUID PRIMARY KEY)")
			run(t, db, "INSERT INTO users VALUES ('00000000-0000-0000-0000-000000000001'), ('00000000-0000-0000-0000-000000000002')")
			migrate(t, "postgres", db, filepath.Join(folder, "migrations"))
			command(t, "go", "run", "./"+filepath.ToSlash(folder), postgres.DSN(database))
		})
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}
