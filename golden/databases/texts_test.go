package databases

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// awkwardTexts look like what a tool, a client or sqlc looks for in a file. The first
// three have most of it.
var awkwardTexts = []string{"a -- b", "it's /* a; -- b", "*/ # a ${x} {{ x }} // `;", "a ;", "a;", "-- a", "--a;", "# a", "a # b; c", "/* a", "a */ b", "/*! a */; b", "it's -- it", `say "x"; -- "`,
	"a`b -- `", "{{ x }}", "${x}", "a // b", "a / b /", "-- end", "-- +goose Down", "-- migrate:down", "-- rollback a", "a:b ? $1 @x %s"}

// TestAwkwardTexts holds that every tool leaves a default as it was written, whatever
// is in it, in a new table, in a column that comes later, and in one that comes back
// on the way down.
func TestAwkwardTexts(t *testing.T) {
	for _, dialect := range slices.Sorted(maps.Keys(toolsOf)) {
		for _, tool := range toolsOf[dialect] {
			t.Run(dialect+"/"+tool, func(t *testing.T) {
				needCommand(t, tool, dialect)
				t.Parallel()
				var columns []string
				for i, text := range awkwardTexts {
					columns = append(columns, fmt.Sprintf("text%d VARCHAR(60) DEFAULT '%s'", i, strings.ReplaceAll(text, "'", "''")))
				}
				columns = append(columns, `"n -- ""x;" VARCHAR(20)`)
				if dialect == "mysql" || dialect == "mariadb" {
					columns[len(columns)-1] = "`n -- ''x;` VARCHAR(20) COMMENT 'x; -- y'"
				}
				config := func(more ...string) []byte {
					target := map[string]any{"dialect": dialect, "migrations": map[string]any{"tool": tool, "dir": pageDir}}
					if len(more) > 0 {
						target["columns"] = map[string]any{"sessions": more}
					}
					text, err := yaml.Marshal(map[string]any{"version": 1, "targets": []any{target}})
					must(t, err)
					return text
				}
				check := func(what string, p *project, columns []string) {
					t.Helper()
					db := p.host.open(t, p.name)
					exec1(t, db, "INSERT INTO adk_sessions (app_name, user_id, id, state, create_time, update_time) VALUES ('app', 'user', '"+what+"', '{}', "+moment[dialect]+", "+moment[dialect]+")")
					for i, text := range awkwardTexts[:len(columns)-1] {
						var got string
						must(t, db.QueryRow(fmt.Sprintf("SELECT text%d FROM adk_sessions WHERE id = '%s'", i, what)).Scan(&got))
						if got != text {
							t.Errorf("%s: the default %q became %q", what, text, got)
						}
					}
				}
				created := newProject(t, dialect, tool)
				generated(t, created.folder, config(columns...))
				created.apply(0)
				check("created", created, columns)

				columns = append(slices.Clone(columns[:3]), columns[len(columns)-1]) // each is a migration or two
				evolved := newProject(t, dialect, tool)
				generated(t, evolved.folder, config())
				evolved.apply(0)
				with := len(generated(t, evolved.folder, config(columns...)).Migrations)
				evolved.apply(1)
				check("evolved", evolved, columns)
				without := len(generated(t, evolved.folder, config()).Migrations)
				evolved.apply(with)
				evolved.undo(without, without-with)
				check("came back", evolved, columns)
				evolved.undo(with, with)
				same(t, "what the way down leaves", found(t, evolved.host, evolved.host.open(t, evolved.name), "", evolved.besides()...), nil)
			})
		}
	}
}
