package sqlite

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
)

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (CREATE TABLE, 3.2 The DEFAULT clause).
func (r reader) readDefault(k *ast.ColumnConstraint) string {
	why := unknownPart(k.Expr, "")
	if why.Message != "" {
		r.refuse(k, why)
		return "NULL"
	}
	return write(k.Expr)
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

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it. With a column, the expression is a CHECK and can
// look at that column; without one it is a DEFAULT.
func unknownPart(expr ast.Node, column string) (why dialects.Refusal) {
	inCheck := column != ""
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SubqueryExpr, *ast.ExistsExpr:
			why = dialects.RefuseSubquery
		case *ast.QualifiedRef:
			why = dialects.RefuseColumn
			if inCheck {
				why = dialects.RefuseOtherColumn
			}
		case *ast.Ident:
			word := strings.ToUpper(n.Raw)
			switch {
			case word == "TRUE" || word == "FALSE": // numbers
			case inCheck && !strings.EqualFold(n.Name, column):
				why = dialects.RefuseOtherColumn
			case !inCheck: // SQLite takes a name for text here
				why = dialects.Refusal{Message: "a default cannot refer to a column", Hint: "write a text in single quotes"}
			}
		case *ast.FuncCall:
			why = unknownCall(n, column)
			return false // the name is an Ident as well
		case *ast.LikeExpr:
			why = unknownLike(n, column)
			return false // the operator is an Ident as well
		case *ast.IsExpr, *ast.NullCheckExpr, *ast.BetweenExpr, *ast.InExpr:
			if in, isIn := n.(*ast.InExpr); !inCheck || isIn && in.List == nil {
				why = dialects.RefuseExpression
			}
		case *ast.Literal:
			if inCheck && strings.HasPrefix(strings.ToUpper(ast.String(n)), "CURRENT_") {
				why = dialects.RefuseVolatile
			}
		case *ast.UnaryExpr, *ast.BinaryExpr, *ast.ParenExpr, *ast.CastExpr, *ast.TypeName:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == ""
	})
	return why
}

// unknownLike is unknownPart for LIKE and GLOB; MATCH and REGEXP need functions
// of the application's.
func unknownLike(like *ast.LikeExpr, column string) dialects.Refusal {
	if op := strings.ToUpper(like.Op.Raw); column == "" || op != "LIKE" && op != "GLOB" {
		return dialects.RefuseExpression
	}
	for _, part := range []ast.Node{like.X, like.Y, like.Escape} {
		if part == nil {
			continue
		}
		if why := unknownPart(part, column); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}

// unknownCall is unknownPart for a call of a function.
func unknownCall(call *ast.FuncCall, column string) dialects.Refusal {
	name := call.Name.Name
	scalar := len(call.Args) > 1 && (strings.EqualFold(name, "max") || strings.EqualFold(name, "min")) // of values, not of rows
	switch {
	case call.Star || call.Over != nil || dialects.IsAggregate(name) && !scalar:
		return dialects.RefuseAggregate
	case column != "" && nonDeterministic[strings.ToUpper(name)]:
		return dialects.RefuseVolatile
	case call.Distinct || call.Filter != nil || len(call.OrderBy) > 0:
		return dialects.RefuseExpression
	}
	for _, arg := range call.Args {
		if why := unknownPart(arg, column); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}
