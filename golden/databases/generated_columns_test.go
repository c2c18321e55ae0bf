package databases

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// placeholder is a parameter as sqlc takes it.
var placeholder = regexp.MustCompile(`sqlc\.arg\('?(\w+)'?\)|@(\w+)`)

// TestGeneratedColumns writes with the queries to tables in which the database computes columns: no query may write those, and
// they follow what is written.
func TestGeneratedColumns(t *testing.T) {
	mysql := [][2]string{
		{"sessions", "title VARCHAR(200) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(state, '$.title'))) VIRTUAL"},
		{"sessions", "steps BIGINT GENERATED ALWAYS AS (revision + 1) STORED"},
		{"events", "speaker VARCHAR(200) GENERATED ALWAYS AS (UPPER(author)) STORED"},
		{"user_states", "theme VARCHAR(200) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(state, '$.theme'))) STORED"},
	}
	for dialect, columns := range map[string][][2]string{
		"postgres": {
			{"sessions", "title TEXT GENERATED ALWAYS AS (state ->> 'title') STORED"},
			{"sessions", "steps BIGINT GENERATED ALWAYS AS (revision + 1) STORED"},
			{"events", "speaker TEXT GENERATED ALWAYS AS (upper(author)) STORED"},
			{"user_states", "theme TEXT GENERATED ALWAYS AS (state ->> 'theme') STORED"},
		},
		"mysql": mysql, "mariadb": mysql,
		"sqlite": {
			{"sessions", "title TEXT GENERATED ALWAYS AS (json_extract(state, '$.title')) VIRTUAL"},
			{"sessions", "steps INTEGER GENERATED ALWAYS AS (revision + 1) STORED"},
			{"events", "speaker TEXT GENERATED ALWAYS AS (upper(author)) STORED"},
			{"user_states", "theme TEXT GENERATED ALWAYS AS (json_extract(state, '$.theme')) STORED"},
		},
	} {
		t.Run(dialect, func(t *testing.T) {
			config, last := "version: 1\ntargets:\n  - dialect: "+dialect+"\n    migrations: {tool: goose, dir: db/migrations}\n    queries: {dir: db/queries}\n    columns:\n", ""
			for _, c := range columns {
				if c[0] != last {
					config, last = config+"      "+c[0]+":\n", c[0]
				}
				config += "        - " + c[1] + "\n"
			}
			folder := t.TempDir()
			lock := generated(t, folder, []byte(config))
			h, name := hostFor(t, dialect)
			gooseTo(t, h, name, filepath.Join(folder, lock.Dir), true, 1)
			db := h.open(t, name)

			queries := map[string]string{}
			for _, file := range []string{"sessions", "events", "states"} {
				for _, query := range strings.Split(read(t, folder, "db/queries", file+".sql"), "-- name: ")[1:] {
					name, text, _ := strings.Cut(query, " ")
					_, text, _ = strings.Cut(text, "\n")
					queries[name] = text
				}
			}
			values := map[string]string{
				"app_name": "'app'", "user_id": "'u'", "id": "'s'", "session_id": "'s'", "state": `'{"title": "one"}'`, "revision": "0", "seq": "1",
				"invocation_id": "'i'", "author": "'model'", "branch": "''", "event_data": "'{}'", "session_delta": `'{"title": "two"}'`, "app_delta": "'{}'", "user_delta": "'{}'",
				"create_time": "'2026-03-14 15:09:26'", "update_time": "'2026-03-14 15:09:26'", "timestamp": "'2026-03-14 15:09:26'",
			}
			run := func(query string, changes ...string) {
				t.Helper()
				text, ok := queries[query]
				if !ok {
					t.Fatalf("no query %s", query)
				}
				changed := map[string]string{}
				for i := 0; i < len(changes); i += 2 {
					changed[changes[i]] = changes[i+1]
				}
				exec1(t, db, placeholder.ReplaceAllStringFunc(text, func(p string) string {
					m := placeholder.FindStringSubmatch(p)
					for _, from := range []map[string]string{changed, values} {
						if v, ok := from[m[1]+m[2]]; ok {
							return v
						}
					}
					t.Fatalf("%s has the parameter %s", query, p)
					return ""
				}))
			}
			run("CreateSession")
			if dialect == "postgres" {
				run("AppendEvent", "id", "'e'")
			} else {
				run("AdvanceSession", "state", `'{"title": "two"}'`)
				run("InsertEvent", "id", "'e'")
			}
			computed := func() string {
				var title, speaker sql.NullString
				var steps int
				row := db.QueryRow("SELECT s.title, s.steps, e.speaker FROM adk_sessions s LEFT JOIN adk_events e ON e.session_id = s.id")
				if err := row.Scan(&title, &steps, &speaker); err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintln(title.String, steps, speaker.String)
			}
			equal(t, "after an append", computed(), "two 2 MODEL\n")
			run("UpdateSessionState", "revision", "1", "state", `'{"title": "three"}'`)
			equal(t, "after an update", computed(), "three 3 MODEL\n")
			for _, theme := range []string{"dark", "light"} {
				run("PutUserState", "state", `'{"theme": "`+theme+`"}'`)
				equal(t, "the state of the user", lines(t, db, "SELECT theme FROM adk_user_states").String(), theme)
			}
			run("DeleteSession")
		})
	}
}
