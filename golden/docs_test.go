package golden

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// marked is a block of code that a comment in front of it says something of.
var marked = regexp.MustCompile("(?s)<!-- (config|file)(?:: (\\S+))? -->\n```\\w+\n(.*?)```")

func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range append(names, "../README.md", "README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	return texts
}

// TestDocs holds that excerpts stand in the file that they are said to be
// from, and that adkgen accepts the configurations.
func TestDocs(t *testing.T) {
	blocks := 0
	for name, text := range pages(t) {
		for _, m := range marked.FindAllStringSubmatch(text, -1) {
			blocks++
			if m[1] == "file" {
				file, err := os.ReadFile(filepath.Join("..", m[2]))
				if err != nil || !strings.Contains(string(file), m[3]) {
					t.Errorf("%s: this is not in %s: %v\n%s", name, m[2], err, m[3])
				}
				continue
			}
			_, err := generator.Generate(reader(name, m[3]))
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, m[3])
			}
		}
	}
	if blocks < 5 {
		t.Errorf("only %d marked blocks", blocks)
	}
}

// TestToolCommands holds that docs/migration-tools.md has the command in the
// header of each tool's first migration.
func TestToolCommands(t *testing.T) {
	page := pages(t)["../docs/migration-tools.md"]
	for _, tool := range generator.Tools {
		files, err := filepath.Glob("cases/postgres-owner-" + tool + "/want/db/migrations/adk/*0001*create*")
		if err != nil || len(files) == 0 {
			t.Fatal(tool, files, err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range applyLine.FindAllStringSubmatch(string(text), -1) {
				found = true
				command, _, _ := strings.Cut(m[1], ", where")
				if !strings.Contains(page, command) {
					t.Errorf("docs/migration-tools.md does not have: %s", command)
				}
			}
		}
		if !found {
			t.Errorf("no migration of %s says how it is applied", tool)
		}
	}
}

var applyLine = regexp.MustCompile(`(?m)^-- Apply with:? (.*)$`)

var link = regexp.MustCompile(`\]\(([^)#]+)\)`)

// TestLinks holds that links between pages lead somewhere.
func TestLinks(t *testing.T) {
	for name, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestKeysAreDocumented holds that docs/configuration.md has every key of the
// file that init writes.
func TestKeysAreDocumented(t *testing.T) {
	page := pages(t)["../docs/configuration.md"]
	key := regexp.MustCompile(`(?m)^ *(?:- |# )?([a-z_]+):`)
	for _, dialect := range generator.DialectNames {
		config, err := generator.InitialConfig(dialect, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(config, -1) {
			if !strings.Contains(page, "`"+m[1]) {
				t.Errorf("docs/configuration.md does not mention %s", m[1])
			}
		}
	}
}

// TestInitialConfigExamples holds that init's commented lines are accepted
// when the comments are taken away.
func TestInitialConfigExamples(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^(    (?:  )?)# ([a-z_]+: )`)
	for _, dialect := range generator.DialectNames {
		config, err := generator.InitialConfig(dialect, "")
		if err != nil {
			t.Fatal(err)
		}
		config = comment.ReplaceAllString(config, "$1$2")
		for _, line := range []string{"app_state_table", "user_state_table"} { // scoped_state: false leaves these out
			config = regexp.MustCompile(`(?m)^    `+line+`: .*\n`).ReplaceAllString(config, "")
		}
		_, err = generator.Generate(reader("adkgen.yaml", config))
		if err != nil {
			t.Errorf("%s: %v\n%s", dialect, err, config)
		}
	}
}

var ownerType = regexp.MustCompile(`account_id (\S+) NOT NULL`)

// reader is the input of somebody who follows the documentation: there are
// migrations of his own in db/migrations, and nothing of adkgen's yet.
func reader(file, config string) generator.Input {
	typ := "BIGINT"
	if m := ownerType.FindStringSubmatch(config); m != nil {
		typ = m[1]
	}
	return generator.Input{ConfigFile: file, Config: []byte(config),
		Read: func(name string) ([]byte, error) {
			if name == "db/migrations/0001_users.sql" {
				return []byte("CREATE TABLE users (id " + typ + " PRIMARY KEY);\n"), nil
			}
			return nil, os.ErrNotExist
		},
		List: func(folder string) ([]string, error) {
			if folder == "db/migrations" {
				return []string{"0001_users.sql"}, nil
			}
			return nil, os.ErrNotExist
		}}
}

// TestOwnerRules holds every line of the tables in docs/owner-column.md.
func TestOwnerRules(t *testing.T) {
	text, err := os.ReadFile("../docs/owner-column.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 7 || !strings.HasPrefix(cells[0], " `") {
			continue
		}
		rules++
		for i, name := range generator.DialectNames {
			d, _ := generator.NewDialect(name, generator.DialectOptions{})
			integer := "BIGINT"
			if name == "oracle" {
				integer = "NUMBER(10)"
			}
			fragment := strings.ReplaceAll(strings.Trim(cells[0], " `"), " ID", " "+integer)
			_, warnings, err := generator.ParseOwner("FRAGMENT", d, fragment, nil)
			got := "yes"
			switch {
			case err != nil:
				got = "no"
			case len(warnings) > 0:
				got = "warns"
			}
			if want := strings.TrimSpace(cells[1+i]); got != want {
				t.Errorf("%s: %s: %s, and the page says %s: %v %v", name, fragment, got, want, err, warnings)
			}
		}
	}
	if rules < 40 {
		t.Errorf("%d rules", rules)
	}
}
