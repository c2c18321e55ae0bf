package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/problem"
)

// TestSlips makes one mistake at a time in a good adkgen.yaml: the problem names
// its line and column, and says in words what it is and what to write.
func TestSlips(t *testing.T) {
	const good = `version: 1
targets:
  - dialect: postgres
    owner_id_column: account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE
    columns:
      sessions:
        - title VARCHAR(200)
    migrations: {tool: goose, dir: db/migrations/adk}
    queries: {dir: db/queries/adk}
    sqlc: {file: sqlc.yaml, package: adkdb, out: internal/adkdb}
`
	if _, err := Parse("adkgen.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, place, message, hint string }{
		{"    owner", "\towner", "4:1", "a tab indents this line", "indent with spaces, two for each level"},
		{"        - title", "\t\t- title", "7:1", "a tab indents this line", "indent with spaces"},
		{"    queries", "      queries", "9:7", "indented by 6 spaces", "indent it by 4 spaces"},
		{"    queries", "   queries", "9:4", "indented by 3 spaces", "indent it by 4 spaces"},
		{"    queries", "queries", "9:1", "indented by 0 spaces", "indent it by 4 spaces"},
		{"dialect: postgres", "dialect:postgres", "3:12", "a space is missing behind the colon", "write dialect: postgres"},
		{"dialect: postgres", "dialect postgres", "3:5", "the colon behind dialect is missing", "write dialect: postgres"},
		{"owner_id_column: ", "owner_id_column ", "4:5", "the colon behind owner_id_column is missing", "write owner_id_column: account_id UUID"},
		{"queries: {", "queries {", "9:5", "the colon behind queries is missing", "write queries:"},
		{"- dialect", "-dialect", "3:3", "a space is missing behind the dash", "write - dialect: postgres"},
		{"  - dialect", "    dialect", "3:5", "the targets are a list", "write - before the first key"},
		{"postgres", "postgresql", "3:14", `"postgresql" is not known here`, "did you mean postgres?"},
		{"    queries", "    migrations: {tool: goose, dir: x}\n    queries", "9:5", "the key stands here twice", "keep one"},
		{"db/queries/adk", "@queries", "9:20", "YAML gives a meaning to @", "put the text in quotes: '@queries'"},
		{"column: account", "column: %account", "4:22", "YAML gives a meaning to %", "put the whole text in quotes: owner_id_column: '%account_id"},
		{"account_id UUID", "`account_id` UUID", "4:22", "YAML gives a meaning to `", "put the whole text in quotes"},
		{"account_id UUID", `"account_id" UUID`, "4:22", "the text goes on behind its closing quote", `quotes: owner_id_column: '"account_id" UUID`},
		{"account_id UUID", `"account_id UUID`, "4:22", `the quote " is not closed`, `write " at the end`},
		{"ON DELETE CASCADE", "DEFAULT 'a: b'", "4:78", "YAML takes a colon and a space in a text for a key", "put the whole text in quotes"},
		{"ON DELETE CASCADE", "DEFAULT 'a #1'", "4:77", "a # behind a space begins a comment", "DEFAULT ''a #1'''"},
		{"adk}\n    queries", "adk\n    queries", "8:17", "the bracket { is not closed", "write } at the end"},
		{"db/queries/adk}", "db/queries/adk}}", "9:35", "} closes nothing", "remove it"},
		{"{dir: db/queries/adk}", "[db/queries/adk]", "9:14", "keys and values belong here", "write {dir: …}"},
		{"{dir: db/queries/adk}", "db/queries/adk", "9:14", "keys and values belong here", "write {dir: db/queries/adk}"},
		{"{dir: db/queries/adk}", "", "9:13", "keys and values belong here", "write {dir: …}"},
		{"owner_id_column", "owner_id_colum", "4:5", "unknown key", "did you mean owner_id_column?"},
		{"owner_id_column", "owner", "4:5", "unknown key", "did you mean owner_id_column?"},
		{"owner_id_column", "foreignkey", "4:5", "unknown key", "docs/configuration.md"},
		{"targets", "target", "2:1", "unknown key", "did you mean targets?"},
		{"package: adkdb", "pakage: adkdb", "10:29", "unknown key", "did you mean package?"},
		{"out: internal", "dir: internal", "10:45", "unknown key", "the keys there are file, package, out, overrides"},
		{"tool: goose", "tool:goose", "8:18", "a space is missing behind the colon", "write tool: goose"},
		{"- title VARCHAR", "- title: VARCHAR", "7:11", "a text belongs here", "remove the colon: title VARCHAR(200)"},
		{"\n        - title VARCHAR(200)", " [title NUMERIC(10, 2)]", "6:18", "a comma ends the text", "put the column in quotes"},
		{"      sessions:\n        - title", "      - title", "6:7", "keys and values belong here", "write the table first"},
		{"    queries", "<<<<<<< HEAD\n    queries", "9:1", "the conflict is not resolved", "keep what you want of both sides"},
		{"version: 1", "version: 2", "1:10", "knows version 1", "write version: 1"},
		{"version: 1\n", "", "1:1", "the version is missing", "write version: 1"},
		{"account_id UUID", "“account_id” UUID", "4:22", "a quote of a word processor", "write account_id UUID NOT NULL"},
		{"account_id", "acco\xfcnt", "4:26", "the file is not UTF-8", "save it as UTF-8"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("no %q", c.old)
		}
		text := strings.Replace(good, c.old, c.new, 1)
		for _, ends := range []string{"\n", "\r\n"} {
			_, err := Parse("adkgen.yaml", []byte("\uFEFF"+strings.ReplaceAll(text, "\n", ends)))
			var problems problem.Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Errorf("%q instead of %q: no problem", c.new, c.old)
				continue
			}
			p := problems[0]
			if got := fmt.Sprintf("%d:%d", p.Line, p.Column); got != c.place || !strings.Contains(p.Message, c.message) || !strings.Contains(p.Hint, c.hint) {
				t.Errorf("%q instead of %q, ends %q:\n%s\nwant it at %s with %q, hint %q", c.new, c.old, ends, problems.Error(), c.place, c.message, c.hint)
			}
		}
	}
	for text, message := range map[string]string{"": "the file is empty", "# nothing\n": "the file is empty", "hello\n": "keys and values belong here",
		"v\x00e\x00r\x00": "not UTF-8", good + "---\n" + good: "a second YAML document", "{\"version\": 1}": "there is no target"} {
		if _, err := Parse("adkgen.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
