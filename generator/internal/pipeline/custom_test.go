package pipeline

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
)

// TestAMessageIsNoDirective gives migrations of the user's own messages that mean
// something to a tool where they begin a comment, and where they stand in one.
func TestAMessageIsNoDirective(t *testing.T) {
	directives := map[string][]string{
		"goose":          {"+goose Down", "+goose StatementBegin", "+goose NO TRANSACTION", "+goose ENVSUB ON"},
		"sql-migrate":    {"+migrate Down", "+migrate StatementBegin"},
		"dbmate":         {"migrate:down", "migrate:up transaction:false"},
		"tern":           {"-- create above / drop below ----", "---- tern: disable-tx ----", "{{ template \"x\" }}"},
		"atlas":          {"atlas:txmode none", "atlas:sum ignore", "atlas:delimiter \\n"},
		"liquibase":      {"rollback DROP TABLE users;", "changeset me:1", "preconditions onFail:HALT", "ignoreLines:start", "property name:x", "${database}"},
		"flyway":         {"${flyway:timestamp}"},
		"golang-migrate": {"x-multi-statement"},
		"plain":          {"+goose Down", "fill &1"},
	}
	for _, tool := range config.Tools {
		config := fmt.Sprintf("version: 1\ntargets:\n  - dialect: postgres\n    migrations: {tool: %s, dir: db}\n", tool)
		d := disk{}
		d.generate(t, config)
		if len(directives[tool]) == 0 {
			t.Errorf("%s has no directives here", tool)
		}
		plain, err := NewMigration(d.input(config), "", "innocent")
		if err != nil {
			t.Fatal(err)
		}
		for _, directive := range directives[tool] {
			out, err := NewMigration(d.input(config), "", directive)
			if err != nil {
				wants(t, err.Error(), "--message: the message has ")
				if directiveIn(directive) == "" {
					t.Error(err)
				}
				continue
			}
			if directiveIn(directive) != "" {
				t.Errorf("%s: %q is taken", tool, directive)
			}
			begins := regexp.MustCompile(`(?m)^\s*-*\s*` + regexp.QuoteMeta(directive))
			for i, f := range out.Files {
				if f.Role != output.RoleMigration {
					continue
				}
				if n, want := len(begins.FindAll(f.Content, -1)), len(begins.FindAll(plain.Files[i].Content, -1)); n != want {
					t.Errorf("%s: %q begins %d comments:\n%s", tool, directive, n, f.Content)
				}
				if strings.HasSuffix(f.Path, ".sql") && !strings.Contains(string(f.Content), ": "+directive+"\n") {
					t.Errorf("%s: the message %q is missing:\n%s", tool, directive, f.Content)
				}
			}
		}
	}
}
