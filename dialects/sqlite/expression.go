package sqlite

import (
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
)

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (CREATE TABLE, 3.2 The DEFAULT clause).
func (r reader) readDefault(k *ast.ColumnConstraint) string {
	why := place{}.unknownPart(k.Expr)
	if why.Message != "" {
		r.refuse(k, why)
		return "NULL"
	}
	return write(k.Expr)
}

// readGenerated reads a generated column (Generated Columns, 2.1 and 2.3).
func (r reader) readGenerated(owner *dialects.Owner, c *ast.ColumnDef, k *ast.ColumnConstraint) {
	uses := map[string]bool{}
	why := place{uses: uses}.unknownPart(k.Expr)
	switch {
	case !r.dialect.anyType:
		why = dialects.RefuseGenerated
	case k.Name != nil:
		why = dialects.RefuseName
	case len(c.Constraints) > 1 && why.Message == "":
		why = dialects.RefuseOnGenerated
	}
	if why.Message != "" {
		r.refuse(k, why)
		return
	}
	owner.Generated, owner.Uses, owner.Virtual = write(k.Expr), slices.Sorted(maps.Keys(uses)), k.GeneratedKind == nil || !strings.EqualFold(k.GeneratedKind.Name, "STORED")
}

// write gives an expression as SQL, with its keywords in capitals.
func write(expr ast.Node) string {
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.LikeExpr:
			n.Op.Raw = strings.ToUpper(n.Op.Raw)
		case *ast.Literal:
			if dialects.IsPlain(n.Raw) { // NULL, CURRENT_TIME
				n.Raw = strings.ToUpper(n.Raw)
			}
		}
		return true
	})
	if number, ok := expr.(*ast.UnaryExpr); ok { // -1, not - 1
		if literal, ok := number.X.(*ast.Literal); ok && strings.HasPrefix(ast.String(number), "- ") {
			return "-" + ast.String(literal)
		}
	}
	return ast.String(expr)
}

// nonDeterministic are functions that no CHECK can call (Deterministic SQL
// Functions, 2).
var nonDeterministic = dialects.Words("random randomblob changes total_changes last_insert_rowid sqlite_version date time datetime julianday unixepoch strftime")

// place is where an expression stands: in a DEFAULT, which sees no column; in
// the CHECK of a column, which sees that one; or in a generated column, which
// sees the others of its table.
type place struct {
	column string          // of the CHECK; "" elsewhere
	uses   map[string]bool // filled with the columns that a generated one looks at; nil elsewhere
}

// isDefault reports whether the expression sees no column, and can call any function.
func (p place) isDefault() bool { return p.column == "" && p.uses == nil }

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it.
func (p place) unknownPart(expr ast.Node) (why dialects.Refusal) {
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SubqueryExpr, *ast.ExistsExpr:
			why = dialects.RefuseSubquery
		case *ast.QualifiedRef:
			why = dialects.RefuseColumn
			if !p.isDefault() {
				why = dialects.RefuseOtherColumn
			}
		case *ast.Ident:
			word := strings.ToUpper(n.Raw)
			switch {
			case word == "TRUE" || word == "FALSE": // numbers
			case p.uses != nil:
				p.uses[n.Name] = true
			case p.column != "" && !strings.EqualFold(n.Name, p.column):
				why = dialects.RefuseOtherColumn
			case p.column == "": // SQLite takes a name for text here
				why = dialects.Refusal{Message: "a default cannot refer to a column", Hint: "write a text in single quotes"}
			}
		case *ast.FuncCall:
			why = p.unknownCall(n)
			return false // the name is an Ident as well
		case *ast.LikeExpr:
			why = p.unknownLike(n)
			return false // the operator is an Ident as well
		case *ast.CastExpr:
			why = p.unknownPart(n.X)
			return false // the type has Idents
		case *ast.InExpr:
			if n.List == nil {
				why = dialects.RefuseExpression
			}
		case *ast.Literal:
			if !p.isDefault() && strings.HasPrefix(strings.ToUpper(ast.String(n)), "CURRENT_") {
				why = dialects.RefuseVolatile
			}
		case *ast.IsExpr, *ast.NullCheckExpr, *ast.BetweenExpr, *ast.UnaryExpr, *ast.BinaryExpr, *ast.ParenExpr, *ast.CaseExpr, *ast.CaseWhen:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == ""
	})
	switch {
	case p.uses != nil && why == dialects.RefuseVolatile:
		return dialects.RefuseVolatileGenerated
	case p.uses != nil && why == dialects.RefuseOtherColumn:
		return dialects.RefuseOtherTable
	}
	return why
}

// unknownLike is unknownPart for LIKE and GLOB; MATCH and REGEXP need functions
// of the application's.
func (p place) unknownLike(like *ast.LikeExpr) dialects.Refusal {
	if op := strings.ToUpper(like.Op.Raw); op != "LIKE" && op != "GLOB" {
		return dialects.RefuseExpression
	}
	for _, part := range []ast.Node{like.X, like.Y, like.Escape} {
		if part == nil {
			continue
		}
		if why := p.unknownPart(part); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}

// unknownCall is unknownPart for a call of a function.
func (p place) unknownCall(call *ast.FuncCall) dialects.Refusal {
	name := call.Name.Name
	scalar := len(call.Args) > 1 && (strings.EqualFold(name, "max") || strings.EqualFold(name, "min")) // of values, not of rows
	switch {
	case call.Star || call.Over != nil || dialects.IsAggregate(name) && !scalar:
		return dialects.RefuseAggregate
	case !p.isDefault() && nonDeterministic[strings.ToUpper(name)]:
		return dialects.RefuseVolatile
	case !isFunction(name, len(call.Args)):
		hint := "use another function, or a constant"
		if near := dialects.Nearest(name, functionNames); near != "" && !strings.EqualFold(near, name) {
			hint = "did you mean " + near + "?"
		}
		return dialects.Refusal{Message: "SQLite has no function " + name + " of these arguments in every build", Hint: hint}
	case call.Distinct || call.Filter != nil || len(call.OrderBy) > 0:
		return dialects.RefuseExpression
	}
	for _, arg := range call.Args {
		if why := p.unknownPart(arg); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}
