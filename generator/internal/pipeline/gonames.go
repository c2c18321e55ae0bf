package pipeline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

// checkGoNames refuses tables that sqlc does not tell from an alias in the
// queries, or whose type in Go would have a name that is taken. The files are
// those of the target.
func (g *generation) checkGoNames(t config.Target, wanted schema.Schema, files []output.File) problem.Problems {
	if t.QueriesDir == "" || t.Dialect.Traits().SQLCEngine == "" || wanted.Namespace != "" { // a namespace tells them apart
		return nil
	}
	var queries, code string
	for _, f := range files {
		switch {
		case f.Role != output.RoleGenerated:
		case strings.HasSuffix(f.Path, ".go"):
			code += string(f.Content)
		case path.Dir(f.Path) == t.QueriesDir:
			queries += string(f.Content)
		}
	}
	own := t.SQLC == nil && t.Service == nil // a sqlc.yaml of the user's can rename types
	var problems problem.Problems
	for i, table := range wanted.Tables {
		message := ""
		switch name := structName(table.Name); {
		case isAlias(queries, strings.ToLower(table.Name)):
			message = fmt.Sprintf("the queries have an alias %s, and sqlc does not tell a table of that name from it", strings.ToLower(table.Name))
		case own:
			continue
		case isTaken(queries, code, name):
			message = fmt.Sprintf("sqlc makes a type of the table %s, and the package has something else of the name %s", table.Name, name)
		case slices.ContainsFunc(wanted.Tables[:i], func(other schema.Table) bool { return structName(other.Name) == name }):
			message = fmt.Sprintf("sqlc makes a type of each table, and two would have the name %s", name)
		default:
			continue
		}
		problems = append(problems, g.problem(t, table.Role.Key(), message, "choose another name, such as adk_"+strings.ToLower(strings.Trim(table.Name, "_"))))
	}
	return problems
}

// isAlias reports whether the queries use a name as an alias of a table: those
// are single letters.
func isAlias(queries, name string) bool {
	return len(name) == 1 && (strings.Contains(queries, " AS "+name+"\n") || strings.Contains(queries, " AS "+name+" "))
}

// isTaken reports whether sqlc, or the code of the service, declares a name: sqlc
// has three of its own, and types for what a query takes and gives.
func isTaken(queries, code, name string) bool {
	for _, suffix := range []string{"Params", "Row"} {
		if query, is := strings.CutSuffix(name, suffix); is && strings.Contains(queries, "-- name: "+query+" :") {
			return true
		}
	}
	for _, declared := range []string{"\nfunc " + name + "(", "\nfunc " + name + "[", "\ntype " + name + " ", "\nvar " + name + " ", "\nconst " + name + " ", "\n\t" + name + " = "} {
		if strings.Contains(code, declared) {
			return true
		}
	}
	return slices.Contains([]string{"New", "Queries", "DBTX"}, name)
}

// structName is the name that sqlc gives to a table's type: the singular, with a
// capital where a part begins between underscores (sqlc's StructName).
func structName(table string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(singular(table), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if part == "id" {
			b.WriteString("ID")
			continue
		}
		first, size := utf8.DecodeRuneInString(part)
		b.WriteString(string(unicode.ToUpper(first)) + part[size:])
	}
	return b.String()
}

// singular takes the plural of English off a table's name. sqlc's library also
// knows words without rules; their types' names are no others' here.
func singular(name string) string {
	lower := strings.ToLower(name)
	for _, ending := range []struct{ plural, singular string }{
		{"ies", "y"}, {"sses", "ss"}, {"shes", "sh"}, {"ches", "ch"}, {"xes", "x"},
		{"ss", "ss"}, {"us", "us"}, {"is", "is"}, {"news", "news"}, {"s", ""},
	} {
		if strings.HasSuffix(lower, ending.plural) {
			return name[:len(name)-len(ending.plural)] + ending.singular
		}
	}
	return name
}
