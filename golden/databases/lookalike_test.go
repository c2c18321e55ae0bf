package databases

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lookalikes are five owners. Databases have collations under which they are one.
var lookalikes = []string{"acme", "ACME", "acmé", "acme\u200b", "acme "}

// TestLookalikeOwners gives each of five owners a session, and then each the keys of
// the others' sessions: no query that names an owner reads or changes a
// session of another, as the queries are generated for an ordinary text column.
func TestLookalikeOwners(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			folder := t.TempDir()
			locked := generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+`
    owner_id_column: tenant VARCHAR(64) NOT NULL
    migrations: {tool: goose, dir: db/migrations}
    queries: {dir: db/queries}
    sqlc: {}
    service: {}
`))
			gooseTo(t, h, name, filepath.Join(folder, "db", "migrations"), true, len(locked.Migrations))
			for i, owner := range lookalikes {
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, tenant, id, state, create_time, update_time) VALUES ('app', 'u%[1]d', '%[2]s', 's%[1]d', '{}', %[3]s, %[3]s)", i, owner, moment[dialect]))
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_user_states (app_name, user_id, state, update_time) VALUES ('app', 'u%d', '{}', %s)", i, moment[dialect]))
			}
			queries := ownerQueries(string(readFile(t, folder+"/db/queries/sessions.sql")) + string(readFile(t, folder+"/db/queries/service.sql")))
			if len(queries) < 10 {
				t.Fatalf("%d queries name an owner", len(queries))
			}
			for query, text := range queries {
				asksForKey := userArg.MatchString(text) // else it lists the owner's
				for i, owner := range lookalikes {
					for j := range lookalikes {
						want := 1
						if asksForKey && i != j {
							want = 0
						}
						if got := matched(t, db, withValues(t, dialect, text, owner, j)); got != want {
							t.Errorf("%s finds %d sessions for owner %q, which has u%d/s%[4]d, with the keys u%d/s%[5]d", query, got, owner, i, j)
						}
					}
				}
			}
		})
	}
}

var (
	userArg   = regexp.MustCompile(`arg\(user_id\)|@user_id\b`)
	queryName = regexp.MustCompile(`(?m)^-- name: (\w+) :\w+$`)
	queryArg  = regexp.MustCompile(`sqlc\.n?arg\('?(\w+)'?\)|@(\w+)`)
)

// ownerQueries are those of a file that look for sessions of an owner, by name.
func ownerQueries(file string) map[string]string {
	queries := map[string]string{}
	names := queryName.FindAllStringSubmatchIndex(file, -1)
	for i, at := range names {
		end := len(file)
		if i+1 < len(names) {
			end = names[i+1][0]
		}
		text := file[at[1]:end]
		if (strings.Contains(text, "arg(owner_id)") || strings.Contains(text, "@owner_id")) && !strings.Contains(text, "INSERT INTO adk_sessions") {
			queries[file[at[2]:at[3]]] = text
		}
	}
	return queries
}

// withValues puts values into a query: the owner's, and the keys of session j.
func withValues(t *testing.T, dialect, text, owner string, j int) string {
	t.Helper()
	far := map[string]string{"postgres": "'9999-12-31Z'", "mariadb": "'9999-12-31'", "mysql": "'9999-12-31'", "sqlite": "9223372036854775807"}[dialect]
	values := map[string]string{
		"app_name": "'app'", "user_id": fmt.Sprintf("'u%d'", j), "id": fmt.Sprintf("'s%d'", j), "session_id": fmt.Sprintf("'s%d'", j), "owner_id": "'" + owner + "'",
		"after_user_id": "''", "after_id": "''", "before_id": "''", "before_time": far, "update_time": moment[dialect], "timestamp": moment[dialect],
		"revision": "0", "event_id": "'e'", "invocation_id": "''", "author": "''", "branch": "''", "event_data": "'{}'",
		"delta": "'{}'", "removed_keys": "'{}'", "session_delta": "'{}'", "app_delta": "'{}'", "user_delta": "'{}'", "page_size": "100", "page_limit": "100", "limit": "100", "max_events": "100", "max_rows": "100",
	}
	text = queryArg.ReplaceAllStringFunc(text, func(arg string) string {
		m := queryArg.FindStringSubmatch(arg)
		v, known := values[m[1]+m[2]]
		if !known {
			t.Fatalf("the test has no value for %s in\n%s", arg, text)
		}
		return v
	})
	return strings.ReplaceAll(text, "LIMIT ?", "LIMIT 100")
}

// matched gives how many sessions a query reads or changes; what it changes is
// undone.
func matched(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	tx, err := db.Begin()
	must(t, err)
	defer func() { _ = tx.Rollback() }()
	var code []string
	for line := range strings.Lines(query) {
		if !strings.HasPrefix(line, "--") {
			code = append(code, line)
		}
	}
	query = strings.TrimSpace(strings.Join(code, ""))
	if word, _, _ := strings.Cut(query, " "); word == "UPDATE" || word == "DELETE" {
		result, err := tx.Exec(query)
		if err != nil {
			t.Fatalf("%v\n%s", err, query)
		}
		affected, err := result.RowsAffected()
		must(t, err)
		return int(affected)
	}
	rows, err := tx.Query(query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if n++; strings.HasPrefix(query, "SELECT count(*)") {
			must(t, rows.Scan(&n))
		}
	}
	must(t, rows.Err())
	return n
}
