// Package templates holds the SQL that adkgen writes, as text/template files.
// Each dialect has a folder; common/ has what is the same in all of them, and
// tools/ the wrapping that a migration tool wants around the SQL.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
	"text/template"
)

//go:embed common postgres mysql sqlite oracle tools sqlc.yaml.tmpl init.yaml.tmpl generate.go.tmpl
var files embed.FS

// Tool is how a migration tool wants its files.
type Tool struct {
	// Files are those of one migration, and in whose order the tool applies
	// migrations. One whose template comes to nothing is not written.
	Files []ToolFile
	// OnePiece: the tool sends a file, or its half, in one piece, so that
	// outside a transaction it can be one statement only.
	OnePiece bool
	// RunsSQLPlus: Oracle's files go to SQL*Plus, with its settings.
	RunsSQLPlus bool
	// BlockBegin and BlockEnd are the lines around a statement that has others
	// in it; they end in a line break.
	BlockBegin, BlockEnd string
	// Delimiter is a line behind each statement of a file in which a statement
	// has others in it, where the tool looks for statements by that; "" where it
	// knows blocks.
	Delimiter string
	// BeginsDownByMigrate: a line -- migrate:down begins the way down.
	BeginsDownByMigrate bool
	// EndsInSlash: a line with / ends a PL/SQL block.
	EndsInSlash bool
	// SchemaFiles are the files in the directory that sqlc reads; "" for all.
	SchemaFiles string
	// Escape makes a finished file mean itself to the tool; nil for nothing to do.
	Escape func(text string) string
}

// Tools are the migration tools. Most skip or refuse a name that does not start
// with its number, so that ext_adk_, which tells adkgen's migrations from the
// host's, comes second there. docs/migration-tools.md has the sources.
var Tools = map[string]Tool{
	"goose": {BlockBegin: "-- +goose StatementBegin\n", BlockEnd: "-- +goose StatementEnd\n", Escape: inBlocks("-- +goose StatementBegin\n", "-- +goose StatementEnd\n"), Files: []ToolFile{{"%[1]s_ext_adk_%[2]s.sql", "tools/goose/migration.sql.tmpl"}}},
	"golang-migrate": {OnePiece: true, Files: []ToolFile{
		{"%[1]s_ext_adk_%[2]s.up.sql", "tools/golang-migrate/up.sql.tmpl"},
		{"%[1]s_ext_adk_%[2]s.down.sql", "tools/golang-migrate/down.sql.tmpl"},
	}},
	"dbmate": {OnePiece: true, BeginsDownByMigrate: true, Files: []ToolFile{{"%[1]s_ext_adk_%[2]s.sql", "tools/dbmate/migration.sql.tmpl"}}},
	// atlas applies every .sql file of the directory: what goes down stands apart.
	"atlas": {Delimiter: "-- end\n", Files: []ToolFile{
		{"%[1]s_ext_adk_%[2]s.sql", "tools/atlas/up.sql.tmpl"},
		{"down/%[1]s_ext_adk_%[2]s.sql", "tools/atlas/down.sql.tmpl"},
	}},
	"sql-migrate": {Files: []ToolFile{{"ext_adk_%[1]s_%[2]s.sql", "tools/sql-migrate/migration.sql.tmpl"}},
		// It takes a block's last ; away, unless an empty line follows.
		BlockBegin: "-- +migrate StatementBegin\n", BlockEnd: "\n-- +migrate StatementEnd\n",
		Escape: inBlocks("-- +migrate StatementBegin\n", "\n-- +migrate StatementEnd\n")},
	// tern reads a migration as a Go template.
	"tern": {Files: []ToolFile{{"%[1]s_ext_adk_%[2]s.sql", "tools/tern/migration.sql.tmpl"}},
		Escape: func(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }},
	// sqlc would take undo migrations for more schema.
	"flyway": {SchemaFiles: "V*.sql", EndsInSlash: true, Files: []ToolFile{
		{"V%[1]s__ext_adk_%[2]s.sql", "tools/flyway/up.sql.tmpl"},
		{"V%[1]s__ext_adk_%[2]s.sql.conf", "tools/flyway/script.conf.tmpl"},
		{"U%[1]s__ext_adk_%[2]s.sql", "tools/flyway/down.sql.tmpl"},
		{"U%[1]s__ext_adk_%[2]s.sql.conf", "tools/flyway/script.conf.tmpl"},
	}},
	"liquibase": {Delimiter: "/\n", EndsInSlash: true, Files: []ToolFile{{"%[1]s_ext_adk_%[2]s.sql", "tools/liquibase/migration.sql.tmpl"}}},
	"plain": {RunsSQLPlus: true, EndsInSlash: true, Files: []ToolFile{
		{"ext_adk_%[1]s_%[2]s.up.sql", "tools/plain/up.sql.tmpl"},
		{"ext_adk_%[1]s_%[2]s.down.sql", "tools/plain/down.sql.tmpl"},
	}},
}

// EndForSQLC is a comment behind which sqlc reads nothing: it begins the way down
// for another tool, and sqlc does not ask which tool a file is for (its
// migrations.RemoveRollbackStatements).
func (t Tool) EndForSQLC() string {
	if t.BeginsDownByMigrate {
		return "-- +goose Down"
	}
	return "-- migrate:down"
}

// ToolFile is one file of a migration. Name has %s for number and name of the
// migration; Template is its path below this folder.
type ToolFile struct {
	Name, Template string
}

// Render executes a template. name is its path below this folder; a template
// of a dialect or tool also sees the definitions in its own folder, in common/
// and, for a tool, in the folder of the dialect that dialect names. The error
// names the template's file and line.
func Render(dialect, name string, data any) (string, error) {
	set, err := load(dialect)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := set.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("templates: %w", err)
	}
	return b.String(), nil
}

// loaded keeps the parsed templates of each dialect.
var loaded sync.Map // of func() (*template.Template, error)

func load(dialect string) (*template.Template, error) {
	parse, _ := loaded.LoadOrStore(dialect, sync.OnceValues(func() (*template.Template, error) { return parseAll(dialect) }))
	return parse.(func() (*template.Template, error))()
}

func parseAll(dialect string) (*template.Template, error) {
	set := template.New("").Funcs(funcs).Option("missingkey=error")
	// include is {{template}} for a text that is needed as a value.
	set.Funcs(template.FuncMap{"include": func(name string, data any) (string, error) {
		var b strings.Builder
		err := set.ExecuteTemplate(&b, name, data)
		return b.String(), err
	}})
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		isOther := entry.IsDir() && path.Dir(name) == "." && name != "." && name != dialect && name != "common" && name != "tools"
		switch {
		case err != nil:
			return err
		case isOther:
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = set.New(name).Parse(string(text))
		return err
	})
	return set, err
}
