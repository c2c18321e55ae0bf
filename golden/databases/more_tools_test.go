package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	atlas "ariga.io/atlas/sql/migrate"
	atlasmysql "ariga.io/atlas/sql/mysql"
	atlaspostgres "ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	atlassqlite "ariga.io/atlas/sql/sqlite"
	"github.com/jackc/pgx/v5"
	tern "github.com/jackc/tern/v2/migrate"
)

// atlasUp checks atlas.sum and applies the directory's files with Atlas's
// driver, each in a transaction unless it says otherwise, as atlas migrate
// apply does.
func atlasUp(t testing.TB, h *host, name, dir, _ string) {
	t.Helper()
	local, err := atlas.NewLocalDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := atlas.Validate(local); err != nil {
		t.Fatalf("atlas: %v", err)
	}
	files, err := local.Files()
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	db := h.open(t, name)
	open := map[string]func(schema.ExecQuerier) (atlas.Driver, error){"postgres": atlaspostgres.Open, "mariadb": atlasmysql.Open, "mysql": atlasmysql.Open, "sqlite": atlassqlite.Open}[h.dialect]
	for _, file := range files {
		ctx := context.Background()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var on schema.ExecQuerier = tx
		if slices.Equal(file.(*atlas.LocalFile).Directive("txmode"), []string{"none"}) {
			on = db
		}
		driver, err := open(on)
		if err != nil {
			t.Fatal(err)
		}
		statements, err := atlas.FileStmtDecls(driver, file)
		if err != nil || len(statements) == 0 {
			t.Fatalf("atlas reads %d statements: %v", len(statements), err)
		}
		for _, s := range statements {
			if _, err := driver.ExecContext(ctx, s.Text); err != nil {
				t.Fatalf("atlas: %s: %v\n%s", file.Name(), err, s.Text)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}

// inReverse runs the files of a folder by hand, the last first.
func inReverse(pattern string) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, _ string) {
		t.Helper()
		for _, file := range slices.Backward(numbered(t, dir, pattern)) {
			runFile(t, h.open(t, name), file)
		}
	}
}

// numbered are the files of a pattern, in order.
func numbered(t testing.TB, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	slices.Sort(files)
	return files
}

func ternTo(target func(m *tern.Migrator) int) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, bookkeeping string) {
		t.Helper()
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, h.dsn(name))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		m, err := tern.NewMigrator(ctx, conn, bookkeeping)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.LoadMigrations(os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := m.MigrateTo(ctx, int32(target(m))); err != nil {
			t.Fatalf("tern: %v", err)
		}
	}
}

// flywayName is a versioned or undo migration (Flyway: Migrations, Naming).
var flywayName = regexp.MustCompile(`^([VU])([0-9]+)__[A-Za-z0-9_]+\.sql$`)

// flyway runs versioned or undo migrations as Flyway's documentation says: the
// script's own configuration decides on a transaction, and a placeholder that
// nobody set is an error.
func flyway(prefix string) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, _ string) {
		t.Helper()
		files := numbered(t, dir, prefix+"*.sql")
		if prefix == "U" {
			slices.Reverse(files)
		}
		for _, file := range files {
			if !flywayName.MatchString(filepath.Base(file)) {
				t.Errorf("Flyway does not know %s for a migration", file)
			}
			settings := map[string]string{}
			if conf, err := os.ReadFile(file + ".conf"); err == nil {
				for line := range strings.Lines(string(conf)) {
					if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
						settings[key] = value
					}
				}
			}
			text := read(t, file)
			if strings.Contains(text, "${") && settings["placeholderReplacement"] != "false" {
				t.Errorf("Flyway takes ${ in %s for a placeholder", file)
			}
			apart := settings["executeInTransaction"] == "false"
			if runsApart(text) != apart {
				t.Errorf("executeInTransaction of %s", file)
			}
			runFile(t, h.open(t, name), file)
		}
	}
}

// The lines of a formatted SQL changelog (Liquibase: Formatted SQL Changelogs).
var (
	liquibaseFirst    = regexp.MustCompile(`^--\s*liquibase formatted sql$`)
	liquibaseSet      = regexp.MustCompile(`^--\s*changeset ([^\s:]+):(\S+)((?: \w+:\S+)*)$`)
	liquibaseRollback = regexp.MustCompile(`^--\s*rollback (.*)$`)
)

// liquibase runs changesets, or their rollbacks, as the documentation of
// formatted SQL says.
func liquibase(up bool) func(testing.TB, *host, string, string, string) {
	return func(t testing.TB, h *host, name, dir, _ string) {
		t.Helper()
		files := numbered(t, dir, "*.sql")
		if !up {
			slices.Reverse(files)
		}
		ids := map[string]bool{}
		for _, file := range files {
			change, rollback, id, apart := changeset(t, read(t, file))
			if ids[id] {
				t.Errorf("the id %s stands twice", id)
			}
			ids[id] = true
			if runsApart(change) != apart {
				t.Errorf("runInTransaction of %s", file)
			}
			sql := change
			if !up {
				if sql = rollback; rollback == "empty\n" {
					continue
				}
			}
			db := h.open(t, name)
			if strings.Contains(read(t, file), " endDelimiter:/") { // a line with / alone
				one := one(t, h, name)
				for _, statement := range strings.Split(sql+"\n", "\n/\n") {
					if strings.TrimSpace(statement) != "" {
						exec1(t, one, statement)
					}
				}
				continue
			}
			if !apart || strings.Contains(read(t, file), " splitStatements:false") {
				exec1(t, db, sql)
				continue
			}
			for _, statement := range strings.SplitAfter(sql, ";\n") {
				if strings.TrimSpace(statement) != "" {
					exec1(t, db, statement)
				}
			}
		}
	}
}

// one opens a connection that takes one statement at a time, as a JDBC driver does.
func one(t testing.TB, h *host, name string) *sql.DB {
	t.Helper()
	single := *h
	single.dsn = func(database string) string {
		return strings.Replace(h.dsn(database), "&multiStatements=true", "", 1)
	}
	db := single.open(t, name)
	db.SetMaxOpenConns(1)
	return db
}

// runsApart reports whether a migration has to run outside of a transaction.
func runsApart(sql string) bool {
	return strings.Contains(sql, "CONCURRENTLY") || strings.Contains(sql, "DO $$\n") || strings.Contains(sql, "CALL ") && !strings.Contains(sql, "CREATE PROCEDURE ") || strings.Contains(sql, "what was filled stays") ||
		strings.Contains(sql, "since the way up are lost with that table") // the way down of a copy
}

// changeset reads the one changeset of a file.
func changeset(t testing.TB, text string) (change, rollback, id string, apart bool) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		set := liquibaseSet.FindStringSubmatch(line)
		back := liquibaseRollback.FindStringSubmatch(line)
		switch {
		case i == 0 && !liquibaseFirst.MatchString(line):
			t.Errorf("the first line is %q", line)
		case set != nil && id != "":
			t.Error("there are two changesets")
		case set != nil:
			id, apart = set[1]+":"+set[2], strings.Contains(set[3], " runInTransaction:false")
		case back != nil:
			rollback += back[1] + "\n"
		case id != "":
			change += line + "\n"
		}
	}
	if id == "" || rollback == "" {
		t.Errorf("changeset %q, rollback %q", id, rollback)
	}
	return change, rollback, id, apart
}

// TestOracleFilesOfOtherTools holds that sql-migrate splits Oracle's files into
// the statements of the plain ones, with the ; that a block needs and no
// other, and that the files of Flyway and Liquibase contain those as well.
func TestOracleFilesOfOtherTools(t *testing.T) {
	plainDown := read(t, casesDir, "oracle-owner-plain/want/db/migrations/adk/ext_adk_0001_create_adk_tables.down.sql")
	for _, c := range []string{"oracle-owner-flyway", "oracle-owner-liquibase", "oracle-owner-sql-migrate"} {
		dir := filepath.Join(casesDir, c, "want/db/migrations/adk")
		switch {
		case strings.HasSuffix(c, "flyway"):
			if err := h2(t, "CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\n"+read(t, numbered(t, dir, "V*.sql")[0])); err != nil {
				t.Error(err)
			}
			same := func(s string) string { return s[strings.Index(s, "BEGIN"):] }
			if same(read(t, numbered(t, dir, "U*.sql")[0])) != same(plainDown) {
				t.Error("the undo migration differs from the plain one")
			}
		case strings.HasSuffix(c, "liquibase"):
			change, rollback, _, _ := changeset(t, read(t, numbered(t, dir, "*.sql")[0]))
			if err := h2(t, "CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\n"+change); err != nil {
				t.Error(err)
			}
			if strings.Count(rollback, "\n/\n") != 4 {
				t.Errorf("the rollback has other delimiters than four:\n%s", rollback)
			}
		default:
			parsed := sqlMigrateStatements(t, numbered(t, dir, "*.sql")[0])
			var script strings.Builder
			script.WriteString("CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\n")
			for _, s := range parsed.UpStatements {
				fmt.Fprintf(&script, "%s;\n", strings.TrimSuffix(strings.TrimSpace(s), ";"))
			}
			if err := h2(t, script.String()); err != nil {
				t.Error(err)
			}
			if len(parsed.DownStatements) != 4 {
				t.Errorf("%d statements go down", len(parsed.DownStatements))
			}
			for _, s := range parsed.DownStatements {
				if !strings.HasSuffix(strings.TrimSpace(s), "END;") {
					t.Errorf("a block without its ;:\n%s", s)
				}
			}
		}
	}
}
