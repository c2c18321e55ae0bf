package postgres

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// readDefault writes a default as SQL again. It knows constants, casts,
// functions and operators; a default cannot contain columns or subqueries
// anyway (error 0A000).
func (r reader) readDefault(expr *node, location int32) string {
	if why := unknownPart(expr, ""); why.Message != "" {
		r.refuse(location, why)
		return "NULL"
	}
	sql := r.write(expr, location)
	if expr.GetAExpr() != nil {
		return "(" + sql + ")"
	}
	return sql
}

// readCheck writes a CHECK as SQL again.
func (r reader) readCheck(k *constraint, owner dialects.Owner) *dialects.Check {
	check := &dialects.Check{Constraint: k.Conname, Expression: "TRUE"}
	why := unknownPart(k.RawExpr, owner.Name)
	switch {
	case why.Message == "" && !isCondition(k.RawExpr):
		why = dialects.Refusal{Message: "a CHECK is a condition, and this is a value (error 42804)", Hint: "compare the column with something"}
	case why.Message == "":
		why = mismatch(k.RawExpr, owner)
	}
	if why.Message != "" {
		r.refuse(k.Location, why)
		return check
	}
	check.Expression = r.write(k.RawExpr, k.Location)
	return check
}

// write gives an expression as SQL.
func (r reader) write(expr *node, location int32) string {
	strange := false
	sql := writer{r.dialect, &strange}.expression(expr)
	// What is written has to mean what was read.
	again, err := parse("SELECT (" + sql + ")")
	if strange || err != nil || len(again.Stmts) != 1 || len(again.Stmts[0].Stmt.GetSelectStmt().GetTargetList()) != 1 || shapeOf(again.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val) != shapeOf(expr) {
		r.refuse(location, dialects.RefuseExpression)
		return "NULL"
	}
	return sql
}

var places = regexp.MustCompile(`\b(\w*location|stmt_len|\w*list_start|\w*list_end):\d+`)

// shapeOf gives a tree as text, without places.
func shapeOf(expr *node) string {
	return strings.Join(strings.Fields(places.ReplaceAllString(expr.String(), "")), " ")
}

// setReturning are functions that give rows (error 0A000).
var setReturning = dialects.Words("generate_series unnest regexp_split_to_table string_to_table json_array_elements jsonb_array_elements json_each jsonb_each")

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it. With a column, the expression is a CHECK and can
// look at that column; without one it is a DEFAULT.
func unknownPart(expr *node, column string) dialects.Refusal {
	var parts []*node
	inCheck := column != ""
	switch {
	case expr.GetAConst() != nil || expr.GetSqlvalueFunction() != nil:
	case expr.GetTypeCast() != nil:
		parts = []*node{expr.GetTypeCast().Arg}
	case expr.GetAExpr() != nil && (inCheck || expr.GetAExpr().Kind == aExprOp):
		if name := expr.GetAExpr().Name; len(name) != 1 || !operators[name[0].GetString_().GetSval()] && expr.GetAExpr().Kind == aExprOp {
			return dialects.RefuseExpression
		}
		parts = []*node{expr.GetAExpr().Lexpr, expr.GetAExpr().Rexpr}
	case expr.GetCoalesceExpr() != nil:
		parts = expr.GetCoalesceExpr().Args
	case inCheck && expr.GetBoolExpr() != nil:
		parts = expr.GetBoolExpr().Args
	case inCheck && expr.GetNullTest() != nil:
		parts = []*node{expr.GetNullTest().Arg}
	case inCheck && expr.GetBooleanTest() != nil:
		parts = []*node{expr.GetBooleanTest().Arg}
	case inCheck && expr.GetList() != nil: // of IN and BETWEEN
		parts = expr.GetList().Items
	case inCheck && expr.GetMinMaxExpr() != nil:
		parts = expr.GetMinMaxExpr().Args
	case expr.GetFuncCall() != nil:
		f := expr.GetFuncCall()
		name := f.Funcname[len(f.Funcname)-1].GetString_().GetSval()
		switch {
		case f.AggStar || f.Over != nil || dialects.IsAggregate(name): // 42803, 42P20
			return dialects.RefuseAggregate
		case setReturning[strings.ToUpper(name)] || len(f.AggOrder) > 0 || f.AggFilter != nil || f.AggWithinGroup || f.AggDistinct || f.FuncVariadic:
			return dialects.RefuseExpression
		}
		parts = f.Args
	case expr.GetSubLink() != nil:
		return dialects.RefuseSubquery
	case expr.GetColumnRef() != nil && inCheck:
		if !isColumn(expr, column) {
			return dialects.RefuseOtherColumn
		}
	case expr.GetColumnRef() != nil:
		return dialects.RefuseColumn
	default:
		return dialects.RefuseExpression
	}
	for _, p := range parts {
		if p == nil { // the missing left side of a sign
			continue
		}
		if why := unknownPart(p, column); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}

// isColumn reports whether an expression is the column alone, not qualified.
func isColumn(expr *node, column string) bool {
	fields := expr.GetColumnRef().GetFields()
	return len(fields) == 1 && fields[0].GetString_().GetSval() == column
}

// operators are those of numbers, texts, bits and conditions.
var operators = dialects.Words("+ - * / % ^ || & | # << >> = <> < > <= >= ~ ~* !~ !~* ~~ !~~")

// comparisons are the operators whose result is a boolean.
var comparisons = dialects.Words("= <> < > <= >= ~ ~* !~ !~* ~~ !~~")

// isCondition reports whether an expression can be a boolean: CHECK takes
// nothing else.
func isCondition(expr *node) bool {
	if e := expr.GetAExpr(); e != nil {
		if e.Kind != aExprOp {
			return e.Kind.String() != "AEXPR_NULLIF"
		}
		return comparisons[e.Name[len(e.Name)-1].GetString_().GetSval()]
	}
	constant := expr.GetAConst()
	return expr.GetBoolExpr() != nil || expr.GetNullTest() != nil || expr.GetBooleanTest() != nil || expr.GetFuncCall() != nil ||
		constant != nil && (constant.GetBoolval() != nil || constant.Isnull) ||
		expr.GetTypeCast() != nil || expr.GetColumnRef() != nil || expr.GetCoalesceExpr() != nil
}

// mismatch finds a comparison of the column with a literal that is no value of
// its type (errors 22P02, 42883).
func mismatch(expr *node, owner dialects.Owner) (why dialects.Refusal) {
	switch e := expr.GetAExpr(); {
	case expr.GetColumnRef() != nil && classOf(owner.Type) != dialects.ClassBoolean && classOf(owner.Type) != dialects.ClassOther:
		return dialects.Refusal{Message: owner.Name + " is no condition", Hint: "compare it with something"}
	case expr.GetBoolExpr() != nil:
		for _, arg := range expr.GetBoolExpr().Args {
			if why = mismatch(arg, owner); why.Message != "" {
				return why
			}
		}
	case e != nil && isColumn(e.Lexpr, owner.Name):
		values := []*node{e.Rexpr}
		if list := e.Rexpr.GetList(); list != nil {
			values = list.Items
		}
		for _, value := range values {
			if why = wrongValue(value, owner); why.Message != "" {
				return why
			}
		}
	case e != nil && e.Rexpr != nil && isColumn(e.Rexpr, owner.Name):
		return wrongValue(e.Lexpr, owner)
	}
	return why
}

func wrongValue(value *node, owner dialects.Owner) dialects.Refusal {
	literal, class := literalOf(value), classOf(owner.Type)
	if class == dialects.ClassText && literal.Kind != dialects.LiteralText && literal.Kind != dialects.LiteralOther {
		return dialects.Refusal{Message: literal.Text + " is not a value of type " + owner.Type + " (error 42883)", Hint: "put it in single quotes"}
	}
	return dialects.CheckLiteral(class, owner.Type, literal)
}

// literalOf tells a value that is written out from other expressions.
func literalOf(expr *node) dialects.Literal {
	c := expr.GetAConst()
	switch {
	case c != nil && c.GetSval() != nil:
		return dialects.Literal{Kind: dialects.LiteralText, Text: c.GetSval().GetSval()}
	case c != nil && c.GetIval() != nil:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: fmt.Sprint(c.GetIval().GetIval())}
	case c != nil && c.GetFval() != nil:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: c.GetFval().GetFval()}
	case c != nil && c.GetBoolval() != nil:
		return dialects.Literal{Kind: dialects.LiteralBoolean, Text: strings.ToUpper(fmt.Sprint(c.GetBoolval().GetBoolval()))}
	case expr.GetSqlvalueFunction() != nil && strings.Contains(expr.GetSqlvalueFunction().Op.String(), "TIMESTAMP"):
		return dialects.Literal{Kind: dialects.LiteralNow, Text: "CURRENT_TIMESTAMP"}
	}
	return dialects.Literal{}
}
