package databases

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
	"github.com/adkgen/adkgen/golden/databases/servers"
)

// manual is what docs/migration-tools.md says of one tool.
type manual struct {
	set   map[string]string // by dialect: the variables to set
	sql   string            // that marks the first migration as applied, behind the lines that do; "" for none
	files map[string]string // to write, by name
	lines []manualLine
}

// manualLine is one line of shell, with the word behind its #.
type manualLine struct{ dialect, command, phase string }

// databaseNames are the words of the documentation for the dialects.
var databaseNames = map[string]string{"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}

// manuals reads the page, a section for each tool.
var manuals = sync.OnceValues(func() (map[string]manual, error) {
	page, err := os.ReadFile("../../docs/migration-tools.md")
	if err != nil {
		return nil, err
	}
	all := map[string]manual{}
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, text, _ := strings.Cut(section, "\n")
		m := manual{set: map[string]string{}, files: map[string]string{}}
		for _, row := range regexp.MustCompile("(?m)^\\| ([^|`]+) \\| `([^`]+)`.* \\|$").FindAllStringSubmatch(text, -1) {
			for dialect, name := range databaseNames {
				if slices.Contains(strings.Split(row[1], ", "), name) {
					m.set[dialect] = row[2]
				}
			}
		}
		for _, file := range regexp.MustCompile("(?s)<!-- write: (\\S+) -->\n```\\w+\n(.*?)```").FindAllStringSubmatch(text, -1) {
			m.files[file[1]] = file[2]
		}
		if sql := regexp.MustCompile("(?s)```sql\n(.*?)```").FindStringSubmatch(text); sql != nil {
			m.sql = sql[1]
		}
		for _, block := range regexp.MustCompile("([^\n]+(?:\n[^\n]+)*)\n\n```sh\n((?:[^`].*\n)*)```").FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(block[2]) {
				command, phase, found := strings.Cut(strings.TrimSuffix(line, "\n"), " # ")
				if !found {
					continue // it installs the tool
				}
				for dialect, name := range databaseNames {
					if !strings.HasPrefix(block[1], "On ") || strings.Contains(block[1], name) {
						m.lines = append(m.lines, manualLine{dialect, strings.TrimSpace(command), phase})
					}
				}
			}
		}
		tool, _, _ := strings.Cut(strings.ToLower(title), " files")
		all[tool] = m
	}
	return all, nil
})

// project is the folder of an application, with adkgen's migrations and a
// database, in which somebody follows the documentation.
type project struct {
	testing.TB
	host   *host
	name   string // of the database
	folder string
	tool   string
	dir    string // of its migrations
	manual manual
}

// pageDir is the directory that the page's lines are for.
const pageDir = "db/migrations/adk"

// newProject makes a database with the host's own tables, and a folder for it.
func newProject(t testing.TB, dialect, tool string) *project {
	t.Helper()
	p := &project{TB: t, folder: t.TempDir()}
	if dialect == "sqlite" {
		p.host, p.name = sqlite, filepath.Join(p.folder, "app.db")
	} else {
		p.host, p.name = hostFor(t, dialect)
		if dialect != "postgres" { // Atlas makes a database beside it
			t.Cleanup(func() {
				exec1(t, p.host.open(t, p.host.admin), "DROP DATABASE IF EXISTS "+p.name+"_ext_adk_migrations")
			})
		}
	}
	for _, table := range []string{"users", "teams"} {
		exec1(t, p.host.open(t, p.name), fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY)", table, ownerOf[dialect]))
	}
	p.write("db/schema.sql", teamsSchema)
	p.use(tool, pageDir)
	return p
}

// teamsSchema is a file of the host's that no tool of adkgen's migrations may touch.
const teamsSchema = "-- the team's own\n"

// use has the project follow what the documentation says of a tool, for
// migrations in a directory.
func (p *project) use(tool, dir string) {
	p.Helper()
	all, err := manuals()
	if err != nil {
		p.Fatal(err)
	}
	p.tool, p.dir, p.manual = tool, dir, all[tool]
	for name, text := range p.manual.files {
		text = strings.ReplaceAll(text, pageDir, dir)
		p.write(name, strings.Replace(text, "dialect: postgres", "dialect: "+map[string]string{"postgres": "postgres", "sqlite": "sqlite3", "mysql": "mysql", "mariadb": "mysql"}[p.host.dialect], 1))
	}
}

func (p *project) write(name, text string) {
	p.Helper()
	name = filepath.Join(p.folder, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		p.Fatal(err)
	}
}

// settings are the variables that the page says to set, for this database.
func (p *project) settings() string {
	if p.host.dialect == "sqlite" { // its file has the name of the page's
		return p.manual.set["sqlite"]
	}
	u, err := url.Parse(p.host.url(p.name))
	if err != nil {
		p.Fatal(err)
	}
	password, _ := u.User.Password()
	p.write(".my.cnf", fmt.Sprintf("[client]\nprotocol=tcp\nhost=%s\nport=%s\nuser=%s\npassword=%s\n", u.Hostname(), u.Port(), u.User.Username(), password))
	return strings.NewReplacer("app:secret@", u.User.String()+"@", "localhost:5432", u.Host, "localhost:3306", u.Host, "/app'", "/"+p.name+"'", "/app?", "/"+p.name+"?",
		"user=app", "user="+u.User.Username(), "password=secret", "password="+password, "DATABASE=app", "DATABASE="+p.name).Replace(p.manual.set[p.host.dialect])
}

// run has the shell run a line, as somebody would who stands in the folder.
func (p *project) run(line string) string {
	p.Helper()
	bin, err := servers.Cache("commands")
	if err != nil {
		p.Fatal(err)
	}
	line = strings.ReplaceAll(line, pageDir, p.dir)
	script := line
	if set := p.settings(); set != "" {
		script = "export " + set + "\n" + line
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir = p.folder
	cmd.Env = append(os.Environ(), "HOME="+p.folder, "PATH="+filepath.Join(bin, "bin")+":"+os.Getenv("PATH"), "NO_COLOR=1", "JAVA_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.Fatalf("%v\n%s\n%s", err, script, out)
	}
	return string(out)
}

// follow runs what the page says for a phase, and gives what it prints; "" when
// it says nothing.
func (p *project) follow(phase string) (output string) {
	p.Helper()
	for _, line := range p.manual.lines {
		if line.phase == phase && line.dialect == p.host.dialect {
			output += p.run(line.command)
		}
	}
	return output
}

// has reports whether the page has lines for a phase.
func (p *project) has(phase string) bool {
	return slices.ContainsFunc(p.manual.lines, func(l manualLine) bool { return l.phase == phase && l.dialect == p.host.dialect })
}

// files are the migrations of a pattern, in order.
func (p *project) files(pattern string) []string {
	p.Helper()
	return numbered(p.TB, filepath.Join(p.folder, p.dir), pattern)
}

// runItself is the line in a file's header that runs it.
var runItself = regexp.MustCompile(`(?m)^-- (?:Apply (?:with|outside a transaction)|Run it with): (.*)$`)

func (p *project) runFile(file string) {
	p.Helper()
	line := runItself.FindStringSubmatch(read(p.TB, file))
	if line == nil {
		p.Fatalf("%s does not say how it is run", file)
	}
	p.run(strings.ReplaceAll(line[1], p.dir, pageDir))
}

// apply brings the database up to date, from the migrations that it has.
func (p *project) apply(have int) {
	p.Helper()
	if p.tool != "plain" {
		p.follow("apply")
		return
	}
	for _, file := range p.files("*.up.sql")[have:] {
		p.runFile(file)
	}
}

// undo takes back the last n of the migrations that the database has.
func (p *project) undo(have, n int) {
	p.Helper()
	switch {
	case p.tool == "plain":
		for _, file := range slices.Backward(p.files("*.down.sql")[have-n : have]) {
			p.runFile(file)
		}
	case p.tool == "atlas":
		files := p.files("down/*.sql")
		for i := have - 1; i >= have-n; i-- {
			p.runFile(files[i])
			if i == 0 {
				exec1(p.TB, p.host.open(p.TB, p.name), "DROP TABLE "+p.atlasTable())
				return
			}
			version, _, _ := strings.Cut(filepath.Base(files[i-1]), "_")
			for _, line := range p.manual.lines {
				if line.phase == "mark 0001 as applied" && line.dialect == p.host.dialect {
					p.run(strings.Replace(line.command, "0001", version, 1))
				}
			}
		}
	case n == have && p.has("undo all"):
		p.follow("undo all")
	default:
		for range n {
			p.follow("undo the last")
		}
	}
}

// atlasTable is the table in which Atlas counts.
func (p *project) atlasTable() string {
	switch p.host.dialect {
	case "postgres":
		return "ext_adk_migrations.atlas_schema_revisions"
	case "sqlite":
		return "atlas_schema_revisions"
	}
	return p.name + "_ext_adk_migrations.atlas_schema_revisions"
}

// besides are the tables that are none of adkgen's.
func (p *project) besides() []string {
	return []string{"users", "teams", "ext_adk_migrations", "ext_adk_migrations_before", "atlas_schema_revisions", "databasechangeloglock", "DATABASECHANGELOGLOCK"}
}

// configurations are the configurations of an application in the order in which it has
// them: the tables, other names, an owner for the sessions that are there, columns
// and indexes.
func configurations(dialect, tool, dir string) (configs []string) {
	lines := []string{
		"version: 1\ntargets:\n  - dialect: " + dialect + "\n    migrations: {tool: " + tool + ", dir: " + dir + "}\n",
		"    session_table: conversations\n    events_table: conversation_events\n",
		"    owner_id_column: account_id " + ownerOf[dialect] + " NOT NULL REFERENCES users(id) ON DELETE CASCADE\n" +
			"    backfill: (SELECT u.id FROM users AS u WHERE conversations.revision > 0 LIMIT 1)\n",
		"    columns:\n      sessions:\n        - priority BIGINT\n        - team_id " + ownerOf[dialect] + " REFERENCES teams(id) ON DELETE SET NULL\n" +
			"    indexes: [update_time, {table: sessions, columns: [app_name, priority]}]\n",
	}
	for i := range lines {
		configs = append(configs, strings.Join(lines[:i+1], ""))
	}
	return configs
}

// needCommand skips a test whose tool is not there; when ADKGEN_DATABASES says
// all, it fails instead.
func needCommand(t testing.TB, tool, dialect string) {
	t.Helper()
	command := map[string]string{"golang-migrate": "migrate", "plain": map[string]string{"postgres": "psql", "sqlite": "sqlite3"}[dialect]}[tool]
	if command == "" {
		if command = tool; tool == "plain" {
			command = "mysql"
		}
	}
	folder, err := servers.Cache("commands")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "bin", command)); err == nil {
		return
	}
	if _, err := exec.LookPath(command); err == nil {
		return
	}
	if servers.Required("all") {
		t.Fatalf("no %s, and ADKGEN_DATABASES says all", command)
	}
	t.Skipf("no %s: golden/databases/commands.sh installs the tools", command)
}

// toolsOf are the tools whose commands are run, by dialect.
var toolsOf = map[string][]string{
	"postgres": {"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "tern", "liquibase", "plain"},
	"mysql":    {"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "liquibase", "plain"},
	"mariadb":  {"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "liquibase", "plain"},
	"sqlite":   {"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "liquibase", "plain"},
}

// TestEvolutionByCommand follows docs/migration-tools.md with every tool on
// every database: an application with 2,500 sessions goes through its evolution,
// back to nothing and up again, and a second one, on the same server, does what
// the first has done.
func TestEvolutionByCommand(t *testing.T) {
	for _, dialect := range slices.Sorted(maps.Keys(toolsOf)) {
		for _, tool := range toolsOf[dialect] {
			t.Run(dialect+"/"+tool, func(t *testing.T) {
				needCommand(t, tool, dialect)
				t.Parallel()
				app, other := newProject(t, dialect, tool), newProject(t, dialect, tool)
				db := app.host.open(t, app.name)
				configs := configurations(dialect, tool, "db/migrations/adk")

				created := generated(t, app.folder, []byte(configs[0]))
				app.apply(0)
				fillSessions(t, app.host, db, created.Schema, 2500)
				var locked generator.LockTarget
				for _, config := range configs[1:] {
					locked = generated(t, app.folder, []byte(config))
				}
				first, all := len(created.Migrations), len(locked.Migrations)
				check := func(what string, p *project, want generator.Schema) {
					t.Helper()
					same(t, what, found(t, p.host, p.host.open(t, p.name), "", p.besides()...), meant(dialect, want))
				}
				pending := app.follow("status")
				app.apply(first)
				check("the catalog after the evolution", app, locked.Schema)
				if n := counted(t, db, locked.Schema); n != 2500 {
					t.Errorf("%d sessions of 2500", n)
				}
				if tool != "plain" && app.follow("status") == pending {
					t.Errorf("the status is the same when there is nothing to apply:\n%s", pending)
				}

				if err := os.CopyFS(filepath.Join(other.folder, "db/migrations"), os.DirFS(filepath.Join(app.folder, "db/migrations"))); err != nil {
					t.Fatal(err)
				}
				other.apply(0)
				check("the catalog of the second application", other, locked.Schema)

				app.undo(all, 1)
				app.apply(all - 1)
				check("the catalog after the last migration went down and up", app, locked.Schema)
				if n := counted(t, db, locked.Schema); n != 2500 {
					t.Errorf("%d sessions of 2500", n)
				}
				app.undo(all, all)
				same(t, "what the way down leaves", found(t, app.host, db, "", app.besides()...), nil)
				check("the catalog of the second application, when the first has gone down", other, locked.Schema)
				app.apply(0)
				check("the catalog after the second way up", app, locked.Schema)

				if got := read(t, filepath.Join(app.folder, "db/schema.sql")); got != teamsSchema {
					t.Errorf("db/schema.sql is written over:\n%.200s", got)
				}
			})
		}
	}
}

// TestLiquibaseSplitsOracle holds that Liquibase's command sends Oracle's files
// statement by statement, both ways. H2 runs the tables; of the blocks, which it
// does not know, the first is sent and refused.
func TestLiquibaseSplitsOracle(t *testing.T) {
	needCommand(t, "liquibase", "oracle")
	t.Parallel()
	for _, c := range []struct {
		name, changes string
		sent          []string // the first line of each statement; the last one is what H2 refuses
	}{
		{"oracle-owner-liquibase", "0001", []string{"CREATE TABLE adk_sessions (", "CREATE INDEX adk_sessions_account_id_idx", "CREATE TABLE adk_events (", "CREATE INDEX adk_events_order_idx",
			"CREATE TABLE adk_app_states (", "CREATE TABLE adk_owner_states (", "CREATE INDEX adk_owner_states_account_id_idx", "BEGIN"}},
		{"evolve-oracle-backfill-liquibase", "0006", []string{"DECLARE"}},
	} {
		folder := t.TempDir()
		file := filepath.Base(numbered(t, filepath.Join(casesDir, c.name, "want/db/migrations/adk"), c.changes+"_*.sql")[0])
		p := &project{TB: t, folder: folder, host: sqlite}
		p.use("liquibase", pageDir)
		p.write("db/migrations/adk/"+file, read(t, casesDir, c.name, "want/db/migrations/adk", file))
		p.write("users.sql", "CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\n")
		database := "jdbc:h2:" + filepath.Join(folder, "h2") + ";MODE=Oracle"
		jar, err := servers.Cache("commands/lib/node_modules/liquibase/dist/liquibase/internal/lib/h2.jar") // another H2 cannot read its files
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("java", "-cp", jar, "org.h2.tools.RunScript", "-url", database, "-script", filepath.Join(folder, "users.sql")).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		log := ""
		for _, phase := range []string{"apply", "undo the last"} {
			for _, line := range p.manual.lines {
				if line.phase == phase && line.dialect == "sqlite" {
					log += p.run("DATABASE_URL='" + database + "'\n" + strings.Replace(line.command, "liquibase ", "liquibase --log-level=FINE ", 1) + " 2>&1 || true")
				}
			}
		}
		var sent []string
		for _, m := range regexp.MustCompile(`(?s)FINE \[liquibase\.executor\] ((?:--[^\n]*\n|\s)*(?:CREATE|BEGIN|DECLARE)\b.*?)\n\[\d{4}-`).FindAllStringSubmatch(log, -1) {
			statement := strings.TrimLeft(withoutComments(m[1]), "\n ")
			if strings.Contains(statement, "DATABASECHANGELOG") || strings.Contains(strings.ToUpper(statement), "EXT_ADK_MIGRATIONS") {
				continue
			}
			if strings.Contains(statement, "\n/") || strings.Count(statement, "CREATE TABLE") > 1 || strings.Count(statement, "EXECUTE IMMEDIATE") > 1 {
				t.Errorf("%s: more than one statement is sent:\n%s", c.name, statement)
			}
			first, _, _ := strings.Cut(statement, "\n")
			sent = append(sent, first)
		}
		matches := len(sent) == len(c.sent)
		for i := range min(len(sent), len(c.sent)) {
			matches = matches && strings.HasPrefix(sent[i], c.sent[i])
		}
		if !matches {
			t.Errorf("%s: sent\n  %s\nwant\n  %s\n%s", c.name, strings.Join(sent, "\n  "), strings.Join(c.sent, "\n  "), log)
		}
	}
}

// TestEvolutionOfTheTool changes the tool of an application with sessions, as
// docs/migration-tools.md says: from goose to every other, and from another to
// goose. What adkgen emits then is applied by the new tool to the database that was
// marked, and all of it to a new one.
func TestEvolutionOfTheTool(t *testing.T) {
	page := read(t, "../../docs/migration-tools.md")
	_, recipe, _ := strings.Cut(page, "\n## Another tool\n")
	rename := regexp.MustCompile("(?s)```sql\n\\s*(.*?)\n\\s*```").FindStringSubmatch(recipe)
	if rename == nil {
		t.Fatal("the page does not say how the old table is renamed")
	}
	for _, dialect := range slices.Sorted(maps.Keys(toolsOf)) {
		for _, tool := range toolsOf[dialect] {
			from := "goose"
			if tool == "goose" {
				from = "golang-migrate"
			}
			t.Run(dialect+"/"+tool, func(t *testing.T) {
				needCommand(t, tool, dialect)
				needCommand(t, from, dialect)
				t.Parallel()
				const oldDir, newDir = "db/migrations/adk_old", "db/migrations/adk_new"
				app := newProject(t, dialect, from)
				app.use(from, oldDir)
				db := app.host.open(t, app.name)
				owned := "    owner_id_column: account_id " + ownerOf[dialect] + " REFERENCES users(id) ON DELETE CASCADE\n"
				configured := func(tool, dir, more string) []byte {
					return []byte("version: 1\ntargets:\n  - dialect: " + dialect + "\n    migrations: {tool: " + tool + ", dir: " + dir + "}\n" + more)
				}
				created := generated(t, app.folder, configured(from, oldDir, ""))
				app.apply(0)
				fillSessions(t, app.host, db, created.Schema, 100)
				for range 2 { // the second drops the states that all owners have shared
					generated(t, app.folder, configured(from, oldDir, owned))
					app.apply(0)
				}

				before := found(t, app.host, db, "", app.besides()...)
				switched := generated(t, app.folder, configured(tool, newDir, owned))
				if len(switched.Migrations) != 1 || switched.Tool != tool {
					t.Fatalf("%d migrations for %s", len(switched.Migrations), switched.Tool)
				}
				exec1(t, db, rename[1])
				app.use(tool, newDir)
				app.follow("mark 0001 as applied")
				if app.manual.sql != "" {
					exec1(t, db, app.manual.sql)
				}
				app.apply(1)
				same(t, "the catalog when the new tool had nothing to do", found(t, app.host, db, "", app.besides()...), before)

				after := generated(t, app.folder, configured(tool, newDir, owned+"    indexes: [update_time]\n    columns: {sessions: [priority BIGINT]}\n"))
				app.apply(1)
				same(t, "the catalog after what the new tool has applied", found(t, app.host, db, "", app.besides()...), meant(dialect, after.Schema))
				if n := counted(t, db, after.Schema); n != 100 {
					t.Errorf("%d sessions of 100", n)
				}

				other := newProject(t, dialect, tool)
				other.use(tool, newDir)
				if err := os.CopyFS(filepath.Join(other.folder, newDir), os.DirFS(filepath.Join(app.folder, newDir))); err != nil {
					t.Fatal(err)
				}
				other.apply(0)
				same(t, "the catalog of a new database", found(t, other.host, other.host.open(t, other.name), "", other.besides()...), meant(dialect, after.Schema))
			})
		}
	}
}
