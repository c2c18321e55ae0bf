package generator

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jinzhu/inflection"
)

var (
	queryName  = regexp.MustCompile(`(?m)^-- name: (\w+) :`)
	queryAlias = regexp.MustCompile(`(?:\b(?:FROM|JOIN|UPDATE|INTO) [^\n]*?|\)) AS ([a-z]\w*)\b`)
	// goName is what a Go file of the service declares for its package.
	goName = regexp.MustCompile(`(?m)^(?:func|type|var|const) ([A-Z]\w*)|^\t([A-Z]\w*) += `)
)

// checkGoNames refuses tables that sqlc does not tell from an alias in the
// queries, or whose type in Go would have a name that is taken. The files are
// those of the target.
func (g *generation) checkGoNames(t Target, schema Schema, files []File) Problems {
	if t.QueriesDir == "" || t.Dialect.Traits().SQLCEngine == "" || schema.Namespace != "" { // a namespace tells them apart
		return nil
	}
	aliases := map[string]bool{}
	taken := map[string]string{"New": "a function", "Queries": "a type", "DBTX": "a type"} // sqlc's own
	for _, f := range files {
		if f.role != roleGenerated {
			continue
		}
		for _, m := range queryName.FindAllStringSubmatch(string(f.Content), -1) {
			taken[m[1]+"Params"], taken[m[1]+"Row"] = "a type", "a type"
		}
		switch {
		case strings.HasSuffix(f.Path, ".go"):
			for _, m := range goName.FindAllStringSubmatch(string(f.Content), -1) {
				taken[m[1]+m[2]] = "a name"
			}
		case strings.HasPrefix(f.Path, t.QueriesDir+"/"):
			for _, m := range queryAlias.FindAllStringSubmatch(string(f.Content), -1) {
				aliases[m[1]] = true
			}
		}
	}
	var problems Problems
	refuse := func(table Table, message string) {
		key := roleKeys[table.Role]
		problems = append(problems, g.problem(t, key, message, "choose another name, such as adk_"+strings.ToLower(strings.Trim(table.Name, "_"))))
	}
	for i, table := range schema.Tables {
		if aliases[strings.ToLower(table.Name)] {
			refuse(table, fmt.Sprintf("the queries have an alias %s, and sqlc does not tell a table of that name from it", strings.ToLower(table.Name)))
			continue
		}
		name := structName(table.Name)
		if what := taken[name]; what != "" {
			refuse(table, fmt.Sprintf("sqlc makes a type of the table %s, and the package has %s %s already", table.Name, what, name))
		}
		if slices.ContainsFunc(schema.Tables[:i], func(other Table) bool { return structName(other.Name) == name }) {
			refuse(table, fmt.Sprintf("sqlc makes a type of each table, and two would have the name %s", name))
		}
	}
	return problems
}

// structName is the name that sqlc gives to a table's type: the singular, with a
// capital where a part begins between underscores (sqlc's StructName; it knows
// a few words, such as campus, that make no difference here).
func structName(table string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(inflection.Singular(table), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if part == "id" {
			b.WriteString("ID")
			continue
		}
		first, size := utf8.DecodeRuneInString(part)
		b.WriteString(string(unicode.ToUpper(first)) + part[size:])
	}
	return b.String()
}
