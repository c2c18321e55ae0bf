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

// ToolFile is one file of a migration. Name has %s for number and name of the
// migration; Template is its path below this folder.
type ToolFile struct {
	Name, Template string
}

// ToolFiles gives the files that a migration tool reads, and in whose order it
// applies them. Most tools skip or refuse a name that does not start with its
// number, so that ext_adk_, which tells adkgen's migrations from the host's,
// comes second there.
var ToolFiles = map[string][]ToolFile{
	"goose": {{"%[1]s_ext_adk_%[2]s.sql", "tools/goose/migration.sql.tmpl"}},
	"golang-migrate": {
		{"%[1]s_ext_adk_%[2]s.up.sql", "tools/golang-migrate/up.sql.tmpl"},
		{"%[1]s_ext_adk_%[2]s.down.sql", "tools/golang-migrate/down.sql.tmpl"},
	},
	"dbmate":      {{"%[1]s_ext_adk_%[2]s.sql", "tools/dbmate/migration.sql.tmpl"}},
	"sql-migrate": {{"ext_adk_%[1]s_%[2]s.sql", "tools/sql-migrate/migration.sql.tmpl"}},
	"plain": {
		{"ext_adk_%[1]s_%[2]s.up.sql", "tools/plain/up.sql.tmpl"},
		{"ext_adk_%[1]s_%[2]s.down.sql", "tools/plain/down.sql.tmpl"},
	},
}

// OneExec are the tools that send a file, or its half, in one piece: outside a
// transaction it can be one statement only.
var OneExec = map[string]bool{"golang-migrate": true, "dbmate": true}

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
