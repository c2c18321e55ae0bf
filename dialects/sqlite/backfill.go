package sqlite

import (
	"errors"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

// ParseBackfill implements dialects.Dialect.
func (Dialect) ParseBackfill(expression, table string, columns []string) (string, []dialects.Problem) {
	return dialects.ParseExpression(tokenize, func(r *dialects.Reader) string {
		expr, err := parser.ParseExpr(expression)
		if err != nil {
			offset, message := 0, err.Error()
			var e *parser.Error
			if errors.As(err, &e) {
				offset, message = e.Offset, e.Message
			}
			r.RefuseSyntax(offset, message)
			return ""
		}
		checkBackfill(r, expr, table, columns)
		if len(r.Problems) > 0 {
			return ""
		}
		return write(expr)
	}, expression)
}

// checkBackfill reports what adkgen does not take in the expression of a
// backfill: a name, outside of a subquery, that is no column of the sessions.
func checkBackfill(r *dialects.Reader, expr ast.Node, table string, columns []string) {
	check := func(n *ast.Ident) {
		name := n.Name
		if !slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, name) }) {
			r.Refuse(n.Pos(), dialects.RefuseUnknownColumn(name, columns))
		}
	}
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SubqueryExpr, *ast.ExistsExpr:
			return false
		case *ast.InExpr:
			checkBackfill(r, n.X, table, columns)
			for _, item := range n.List {
				checkBackfill(r, item, table, columns)
			}
			return false // the rest is a subquery
		case *ast.QualifiedRef:
			if parts := n.Parts; !strings.EqualFold(parts[len(parts)-2].Name, table) {
				r.Refuse(n.Pos(), dialects.RefuseQualifier(table))
			} else {
				check(parts[len(parts)-1])
			}
			return false
		case *ast.FuncCall:
			if n.Over != nil || n.Star || dialects.IsAggregate(n.Name.Name) && len(n.Args) < 2 {
				r.Refuse(n.Pos(), dialects.RefuseAggregate)
			}
			for _, arg := range n.Args {
				checkBackfill(r, arg, table, columns)
			}
			return false // the name is an Ident as well
		case *ast.Ident:
			if word := strings.ToUpper(n.Raw); word != "TRUE" && word != "FALSE" {
				check(n)
			}
		case *ast.CastExpr:
			checkBackfill(r, n.X, table, columns)
			return false // the type has Idents
		case *ast.BindParam, *ast.RaiseExpr:
			r.Refuse(n.Pos(), dialects.RefuseExpression)
		}
		return true
	})
}
