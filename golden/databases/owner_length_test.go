package databases

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestOwnersThatDoNotFit calls each query that takes an owner for owners that are longer than the column, and would be the
// victim if they were cut: PostgreSQL, MySQL and MariaDB cut the spaces at the end, and the last two anything when sql_mode is
// not strict. None reads, changes or writes anything of the victim's.
func TestOwnersThatDoNotFit(t *testing.T) {
	victim := strings.Repeat("v", 15) + "ä" // 16 characters, 17 bytes
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		for _, column := range []string{"VARCHAR(16) NOT NULL", "VARCHAR(16)", "CHAR(16) NOT NULL"} {
			t.Run(dialect+"/"+column, func(t *testing.T) {
				h, name := hostFor(t, dialect)
				db := h.open(t, name)
				db.SetMaxOpenConns(1)
				folder := t.TempDir()
				locked := generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+"\n    owner_id_column: tenant "+column+`
    migrations: {tool: goose, dir: db/migrations}
    queries: {dir: db/queries}
    sqlc: {}
    service: {}
`))
				gooseTo(t, h, name, filepath.Join(folder, locked.Dir), true, len(locked.Migrations))
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, tenant, id, state, create_time, update_time) VALUES ('app', 'u0', '%s', 's0', '{}', %[2]s, %[2]s)", victim, moment[dialect]))
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_events (app_name, user_id, session_id, id, seq, invocation_id, author, branch, timestamp, event_data) VALUES ('app', 'u0', 's0', 'e0', 1, '', '', '', %s, '{}')", moment[dialect]))
				exec1(t, db, fmt.Sprintf(`INSERT INTO adk_owner_states (app_name, user_id, tenant, state, update_time) VALUES ('app', 'u0', '%s', '{"secret": 1}', %s)`, victim, moment[dialect]))

				queries := map[string]string{}
				for name, text := range queriesIn(t, folder+"/db/queries") {
					if namesOwner.MatchString(text) {
						queries[name] = code(text)
					}
				}
				long := []string{victim + " ", victim + "  ", victim + strings.Repeat(" ", 300), victim + "x", victim + " x", victim + strings.Repeat("x", 70_000)}
				if dialect == "postgres" && strings.HasPrefix(column, "CHAR") {
					long = long[3:] // the type compares without the spaces at the end, and adkgen warns of it
				}
				modes := []string{""}
				if h.driver == "mysql" {
					modes = []string{"SET SESSION sql_mode = DEFAULT", "SET SESSION sql_mode = ''"}
				}
				for _, mode := range modes {
					if mode != "" {
						exec1(t, db, mode)
					}
					for name, text := range queries {
						stores := storesOwner.MatchString(text)
						try := func(owner, user, id string) (n int, changed bool, err error) {
							tx, err := db.Begin()
							must(t, err)
							defer func() { _ = tx.Rollback() }()
							before := tables(t, tx)
							if n, err = prepared(t, tx, dialect, text, map[string]any{"owner_id": owner, "user_id": user, "id": id, "session_id": id}); err != nil {
								return 0, false, err
							}
							return n, tables(t, tx) != before, nil
						}
						for _, owner := range long {
							what := fmt.Sprintf("%s %s for an owner of %d characters", mode, name, len([]rune(owner)))
							if dialect == "sqlite" && stores { // TEXT has no limit
								continue
							}
							id := "s0"
							if stores {
								id = "new"
							}
							for _, user := range []string{"u0", "u1"} {
								n, changed, err := try(owner, user, id)
								switch {
								case err != nil && !doesNotFit(err):
									t.Errorf("%s: %v", what, err)
								case err == nil && stores:
									t.Errorf("%s stores it", what)
								case err == nil && (changed || n > 0 && !strings.HasPrefix(text, "SELECT count(*)")):
									t.Errorf("%s finds %d rows of the victim's, and changes them: %v", what, n, changed)
								case err == nil && n > 0:
									t.Errorf("%s counts %d of the victim's", what, n)
								}
							}
						}
						// The same for the victim, so that what is above can fail.
						id := map[bool]string{true: "new", false: "s0"}[stores]
						if n, changed, err := try(victim, "u0", id); err != nil || n == 0 && !changed && !strings.HasPrefix(name, "Ensure") {
							t.Errorf("%s %s finds %d rows for the victim: %v", mode, name, n, err)
						}
					}
				}
			})
		}
	}
}

// storesOwner tells a query that writes an owner into a table; others compare.
var storesOwner = regexp.MustCompile(`^(WITH created AS \(\s+)?INSERT INTO adk_(sessions|owner_states)`)

// doesNotFit tells the errors of docs/queries.md for what is longer than its column.
func doesNotFit(err error) bool {
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	return errors.As(err, &pg) && pg.Code == "22001" || errors.As(err, &my) && (my.Number == 1242 || my.Number == 1406)
}

// prepared runs a query as a prepared statement, as the code of sqlc does, and gives how many rows it reads or changes.
func prepared(t *testing.T, tx *sql.Tx, dialect, text string, given map[string]any) (n int, err error) {
	t.Helper()
	micros, far, moment := any(int64(0)), any(int64(1)<<62), any("2026-01-01 00:00:00")
	if dialect != "sqlite" {
		micros, far = "2026-01-01 00:00:00", "9999-12-31 00:00:00"
	} else {
		moment = micros
	}
	values := map[string]any{
		"app_name": "app", "after_user_id": "", "after_id": "", "before_id": "", "before_time": far, "update_time": moment, "create_time": moment, "timestamp": moment, "after_time": micros,
		"revision": 0, "event_id": "e", "invocation_id": "", "author": "", "branch": "", "event_data": "{}", "seq": 2, "max_seq": 9, "state": `{"mine": 1}`, "delta": `{"mine": 1}`,
		"removed_keys": "{}", "session_delta": "{}", "app_delta": "{}", "user_delta": `{"mine": 1}`, "limit": 100,
	}
	for name, v := range given {
		values[name] = v
	}
	var args []any
	numbers := map[string]int{}
	text = queryArg.ReplaceAllStringFunc(text, func(arg string) string {
		m := queryArg.FindStringSubmatch(arg)
		name := m[1] + m[2]
		v, known := values[name]
		if !known {
			t.Fatalf("the test has no value for %s in\n%s", arg, text)
		}
		if dialect == "mysql" || dialect == "mariadb" {
			args = append(args, v)
			return "?"
		}
		if numbers[name] == 0 {
			args = append(args, v)
			numbers[name] = len(args)
		}
		return fmt.Sprint(map[string]string{"postgres": "$", "sqlite": "?"}[dialect], numbers[name])
	})
	if strings.Contains(text, "LIMIT ?") && (dialect == "mysql" || dialect == "mariadb") {
		args = append(args, 100)
	}
	statement, err := tx.Prepare(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer func() { _ = statement.Close() }()
	if word, _, _ := strings.Cut(text, " "); (word == "UPDATE" || word == "DELETE" || word == "INSERT") && !strings.Contains(text, "RETURNING") {
		result, err := statement.Exec(args...)
		if err != nil {
			return 0, err
		}
		affected, err := result.RowsAffected()
		return int(affected), err
	}
	rows, err := statement.Query(args...)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if n++; strings.HasPrefix(text, "SELECT count(*)") {
			must(t, rows.Scan(&n))
		}
	}
	return n, rows.Err()
}
