package databases

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator"
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
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_events (app_name, user_id, session_id, id, seq, invocation_id, author, branch, timestamp, event_data) VALUES ('app', 'u%[1]d', 's%[1]d', 'e%[1]d', 1, '', '', '', %[2]s, '{}')", i, moment[dialect]))
				exec1(t, db, fmt.Sprintf("INSERT INTO adk_owner_states (app_name, user_id, tenant, state, update_time) VALUES ('app', 'u%d', '%s', '{}', %s)", i, owner, moment[dialect]))
			}
			queries := ownerQueries(queriesIn(t, folder+"/db/queries"))
			if len(queries) < 15 {
				t.Fatalf("%d queries name an owner", len(queries))
			}
			for query, text := range queriesIn(t, folder+"/db/queries") {
				if !createsState.MatchString(text) {
					continue
				}
				text = regexp.MustCompile(`sqlc\.arg\((state|delta)\)|@(state|delta)\b`).ReplaceAllString(text, `'{"mine": 1}'`)
				for i, owner := range lookalikes {
					for j, other := range lookalikes {
						tx, err := db.Begin()
						must(t, err)
						rowsOf(t, tx, code(withValues(t, dialect, text, owner, j)))
						var state string
						must(t, tx.QueryRow(fmt.Sprintf("SELECT state FROM adk_owner_states WHERE app_name = 'app' AND user_id = 'u%d' AND tenant = '%s'", j, other)).Scan(&state))
						if i != j && state != "{}" {
							t.Errorf("%s of owner %q writes the state of %q: %s", query, owner, other, state)
						}
						must(t, tx.Rollback())
					}
				}
			}
			for query, text := range queries {
				asksForKey := userArg.MatchString(text) // else it lists the owner's
				for i, owner := range lookalikes {
					for j := range lookalikes {
						want := 1
						if asksForKey && i != j {
							want = 0
						}
						got, changes := matched(t, db, withValues(t, dialect, text, owner, j))
						if got != want {
							t.Errorf("%s finds %d rows for owner %q, which has u%d/s%[4]d, with the keys u%d/s%[5]d", query, got, owner, i, j)
						}
						if want == 0 && changes {
							t.Errorf("%s changes rows for owner %q, which has u%d/s%[3]d, with the keys u%d/s%[4]d", query, owner, i, j)
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

// queriesIn are the queries of a folder, by name.
func queriesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	queries := map[string]string{}
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	must(t, err)
	for _, name := range files {
		file := string(readFile(t, name))
		names := queryName.FindAllStringSubmatchIndex(file, -1)
		for i, at := range names {
			end := len(file)
			if i+1 < len(names) {
				end = names[i+1][0]
			}
			queries[file[at[2]:at[3]]] = file[at[1]:end]
		}
	}
	return queries
}

// namesOwner finds the parameter of a query that is the owner.
var namesOwner = regexp.MustCompile(`arg\(owner_id\)|[@:]owner_id\b`)

// createsState tells a query that gives an owner a state, if there is none.
var createsState = regexp.MustCompile(`(?m)^INSERT INTO adk_owner_states`)

// ownerQueries are the queries that look for something of an owner: those that
// name one, but for the creation of a session or a state.
func ownerQueries(queries map[string]string) map[string]string {
	found := map[string]string{}
	for name, text := range queries {
		if namesOwner.MatchString(text) && !strings.Contains(text, "INSERT INTO adk_sessions") && !createsState.MatchString(text) {
			found[name] = text
		}
	}
	return found
}

// forAllOwners are the queries on sessions and events that no owner asks for: they
// delete what is old.
var forAllOwners = []string{"ListIdleSessions", "DeleteIdleSession", "ListSessionsWithExpiredEvents", "DeleteExpiredEvents", "ListExpiredEvents", "DeleteEvents"}

// calledQuery is a query that the Go of a session service calls: a method of
// sqlc's, or its statement.
var calledQuery = regexp.MustCompile(`(?:\bq|queries|New\(\w+\))\.([A-Z]\w+)\(|(?:batch\.Queue\(|pool\.Query\(ctx, )(\w+),`)

// TestValuesThatBecomeOne writes two values into a column of each type: where the
// database takes them for one, adkgen warns, and only there.
func TestValuesThatBecomeOne(t *testing.T) {
	long := strings.Repeat("a", 63)
	cases := map[string][][3]string{
		"postgres": {{"NAME", long, long + "b"}, {`"char"`, "acme", "a"}, {"bpchar", "acme", "acme "}, {"NUMERIC(10, 2)", "1.00", "1.004"}, {"NUMERIC(10)", "1", "1.4"}, {"NUMERIC", "1", "1.4"},
			{"MONEY", "1.00", "1.004"}, {"REAL", "16777216", "16777217"}, {"DOUBLE PRECISION", "9007199254740992", "9007199254740993"}, {"BIGINT", "9007199254740992", "9007199254740993"},
			{"DATE", "2026-01-31", "2026-01-31 12:00:00"}, {"TIMESTAMP(0)", "2026-01-31 12:00:00", "2026-01-31 12:00:00.4"}, {"TIMESTAMPTZ", "2026-01-31 12:00:00", "2026-01-31 12:00:00.0000004"}, {"TIME(3)", "12:00:00", "12:00:00.0004"},
			{"TEXT", "acme", "ACME"}, {"TEXT COLLATE mine", "acme", "ACME"}, {`TEXT COLLATE "de-x-icu"`, "acme", "ACME"}, {`TEXT COLLATE "C"`, "acme", "acme "}},
		"mysql": {{"DECIMAL(10, 2)", "1.00", "1.004"}, {"DECIMAL", "1", "1.4"}, {"DATE", "2026-01-31", "2026-01-31 12:00:00"}, {"DATETIME", "2026-01-31 12:00:00", "2026-01-31 12:00:00.4"},
			{"DATETIME(6)", "2026-01-31 12:00:00", "2026-01-31 12:00:00.0000004"}, {"TIMESTAMP(3)", "2026-01-31 12:00:00", "2026-01-31 12:00:00.0004"}, {"TIME", "12:00:00", "12:00:00.4"},
			{"YEAR", "70", "1970"}, {"BIGINT", "1", "2"}, {"VARCHAR(9)", "acme", "acme "}, {"VARCHAR(9) COLLATE utf8mb4_0900_as_cs", "acme", "acme\u200b"}},
		"sqlite": {{"DECIMAL", "1", "01"}, {"REAL", "1", "01"}, {"NUMERIC(10, 2)", "1", "01"}, {"TEXT", "1", "01"}, {"BLOB", "1", "01"}, {"DATETIME", "2026-01-31 12:00:00", "2026-01-31 12:00:00.4"}},
	}
	cases["mariadb"] = append(slices.Clone(cases["mysql"][:10]), [][3]string{{"VARCHAR(9) COLLATE uca1400_ai_cs", "acme", "acmé"}, {"VARCHAR(9) COLLATE uca1400_nopad_as_cs", "acme", "acme\u200b"}, {"VARCHAR(9) COLLATE utf8mb4_nopad_bin", "acme", "acme "}}...)
	for dialect, list := range cases {
		t.Run(dialect, func(t *testing.T) {
			d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
			h, name := hostFor(t, dialect)
			db := h.open(t, name)
			if dialect == "postgres" {
				exec1(t, db, "CREATE COLLATION mine (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
			}
			for _, c := range list {
				owner, warnings, err := generator.ParseOwner("fragment", d, "x "+c[0], nil)
				must(t, err)
				exec1(t, db, "CREATE TABLE pair ("+dialects.Definition(d, owner)+")")
				exec1(t, db, "INSERT INTO pair VALUES ('"+c[1]+"')")
				exec1(t, db, "INSERT INTO pair VALUES ('"+c[2]+"')")
				owners := 0
				must(t, db.QueryRow("SELECT COUNT(DISTINCT x) FROM pair").Scan(&owners))
				exec1(t, db, "DROP TABLE pair")
				if isOne := owners == 1; isOne != (len(warnings) == 1) {
					t.Errorf("%s: %q and %q are %d owners, and adkgen warns: %v", c[0], c[1], c[2], owners, warnings)
				}
			}
		})
	}
}

// TestQueriesNameTheOwner holds that each query on sessions and events names
// the owner or has a twin that does, and that the session service calls none
// but those that do.
func TestQueriesNameTheOwner(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite", "oracle"} {
		t.Run(dialect, func(t *testing.T) {
			folder, service := t.TempDir(), "sqlc: {}\n    service: {}"
			if dialect == "oracle" {
				service = ""
			}
			tool := map[bool]string{true: "plain", false: "goose"}[dialect == "oracle"]
			generated(t, folder, []byte("version: 1\ntargets:\n  - dialect: "+dialect+`
    owner_id_column: tenant VARCHAR(64) NOT NULL
    migrations: {tool: `+tool+`, dir: db/migrations}
    queries: {dir: db/queries}
    `+service+"\n"))
			queries := queriesIn(t, folder+"/db/queries")
			twins := 0
			for name, text := range queries {
				if !ofSessions.MatchString(text) || slices.Contains(forAllOwners, name) || namesOwner.MatchString(text) {
					continue
				}
				twin, ok := queries[name+"ForOwner"]
				if !ok || !namesOwner.MatchString(twin) {
					t.Errorf("%s names no owner, and has no twin that does:%s", name, text)
				}
				twins++
			}
			if twins < 7 {
				t.Errorf("%d twins", twins)
			}
			if dialect == "oracle" {
				return
			}
			calls := calledQuery.FindAllStringSubmatch(string(readFile(t, folder+"/internal/adkdb/session_service.go")), -1)
			if len(calls) < 10 {
				t.Errorf("%d calls", len(calls))
			}
			for _, call := range calls {
				name := call[1]
				if name == "" {
					name = strings.ToUpper(call[2][:1]) + call[2][1:]
				}
				text, ok := queries[name]
				if !ok {
					t.Errorf("there is no query %s", name)
				}
				if ofSessions.MatchString(text) && !namesOwner.MatchString(text) {
					t.Errorf("the service calls %s, which names no owner:%s", name, text)
				}
			}
		})
	}
}

// ofSessions tells a query on what an owner has.
var ofSessions = regexp.MustCompile(`(?i)\badk_(sessions|events|owner_states)\b`)

// withValues puts values into a query: the owner's, and the keys of session j.
func withValues(t *testing.T, dialect, text, owner string, j int) string {
	t.Helper()
	far := map[string]string{"postgres": "'9999-12-31Z'", "mariadb": "'9999-12-31'", "mysql": "'9999-12-31'", "sqlite": "9223372036854775807"}[dialect]
	values := map[string]string{
		"app_name": "'app'", "user_id": fmt.Sprintf("'u%d'", j), "id": fmt.Sprintf("'s%d'", j), "session_id": fmt.Sprintf("'s%d'", j), "owner_id": "'" + owner + "'",
		"after_user_id": "''", "after_id": "''", "before_id": "''", "before_time": far, "update_time": moment[dialect], "timestamp": moment[dialect],
		"revision": "0", "event_id": "'e'", "invocation_id": "''", "author": "''", "branch": "''", "event_data": "'{}'",
		"seq": "2", "max_seq": "9", "state": "'{}'", "after_time": moment[dialect],
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

// matched gives how many rows a query reads or changes, and whether the tables are
// others than before; what it changes is undone.
func matched(t *testing.T, db *sql.DB, query string) (n int, changed bool) {
	t.Helper()
	tx, err := db.Begin()
	must(t, err)
	defer func() { _ = tx.Rollback() }()
	before := tables(t, tx)
	n = rowsOf(t, tx, code(query))
	return n, tables(t, tx) != before
}

// tables is all that the tables of sessions, events and states hold.
func tables(t *testing.T, tx *sql.Tx) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{"adk_sessions", "adk_events", "adk_app_states", "adk_owner_states"} {
		rows, err := tx.Query("SELECT * FROM " + table + " ORDER BY 1, 2, 3")
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(sql.RawBytes)
			}
			must(t, rows.Scan(values...))
			for _, v := range values {
				fmt.Fprintf(&all, "%q ", *v.(*sql.RawBytes))
			}
		}
		must(t, rows.Err())
	}
	return all.String()
}

// code is a query without the comments above it.
func code(query string) string {
	var lines []string
	for line := range strings.Lines(query) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, ""))
}

// rowsOf runs a query, and gives how many rows it reads or changes.
func rowsOf(t *testing.T, tx *sql.Tx, query string) (n int) {
	t.Helper()
	if word, _, _ := strings.Cut(query, " "); word == "UPDATE" || word == "DELETE" || word == "INSERT" {
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
