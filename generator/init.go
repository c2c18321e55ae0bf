package generator

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/templates"
)

// InitialConfig gives a commented adkgen.yaml to start from. tool may be "",
// for the first that has a driver for the dialect. The error says which word is
// unknown, or that dialect and tool do not go together; it is of type Problems.
func InitialConfig(dialect, tool string) (string, error) {
	d, ok := config.NewDialect(dialect, config.DialectOptions{})
	if !ok {
		return "", problem.Problems{{File: "--dialect", Message: dialect + " is not a dialect", Hint: "write " + dialects.OneOf(config.DialectNames)}}
	}
	traits := d.Traits()
	if tool == "" {
		tool = traits.Tools[0]
	}
	if !slices.Contains(traits.Tools, tool) {
		message := tool + " is not a migration tool"
		if slices.Contains(config.Tools, tool) {
			message = tool + " has no driver for " + traits.Title
		}
		return "", problem.Problems{{File: "--tool", Message: message, Hint: "write " + dialects.OneOf(traits.Tools)}}
	}
	return templates.Render(traits.Templates, "init.yaml.tmpl", map[string]any{
		"Dialect": dialect, "Dialects": strings.Join(config.DialectNames, " | "),
		"Backfill": dialects.BackfillExample(d, d.Fold("adk_sessions")),
		"Tool":     tool, "Tools": strings.Join(traits.Tools, " | "),
		"Namespaces": traits.Namespaces, "SQLC": traits.SQLCEngine != "",
	})
}

// GenerateDirective gives a Go file with the //go:generate line, in a package.
func GenerateDirective(packageName string) (string, error) {
	return templates.Render("common", "generate.go.tmpl", packageName)
}
