package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// readDefault writes a default as SQL again: it can contain no column and no
// subquery (error 0A000). It is a b_expr in the grammar, which ends before IS, IN, AT
// TIME ZONE and the like: those stand in parentheses, with all other operators.
func (r reader) readDefault(expr *node, location int32, owner dialects.Owner) string {
	why := unknownPart(expr, nothing)
	if why.Message == "" {
		why = dialects.CheckLiteral(classOf(owner.Type), owner.Type, literalOf(expr))
	}
	if why.Message == "" {
		j := judge{kind: kindOf(owner.Type), element: kindOf(strings.TrimSuffix(owner.Type, "[]"))}
		j.value(expr)
		why = j.why
	}
	if why.Message != "" {
		r.refuse(location, why)
		return "NULL"
	}
	sql := r.write(expr, location)
	if isLoose(expr) || expr.GetCollateClause() != nil {
		return "(" + sql + ")"
	}
	return sql
}

// readCheck writes a CHECK as SQL again.
func (r reader) readCheck(k *constraint, owner dialects.Owner) *dialects.Check {
	check := &dialects.Check{Constraint: k.Conname, Expression: "TRUE"}
	why := unknownPart(k.RawExpr, only(owner.Name))
	switch {
	case why.Message == "" && !isCondition(k.RawExpr):
		why = dialects.Refusal{Message: "a CHECK is a condition, and this is a value (error 42804)", Hint: "compare the column with something"}
	case why.Message == "":
		if why = mismatch(k.RawExpr, owner); why.Message == "" {
			j := judge{column: owner.Name, kind: kindOf(owner.Type)}
			j.condition(k.RawExpr)
			why = j.why
		}
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

var places = regexp.MustCompile(`\b(\w*location|stmt_len|\w*list_start|\w*list_end):-?\d+`)

// shapeOf gives a tree as text, without places.
func shapeOf(expr *node) string {
	return strings.Join(strings.Fields(places.ReplaceAllString(expr.String(), "")), " ")
}

// setReturning are functions that give rows (error 0A000).
var setReturning = dialects.Words("generate_series unnest regexp_split_to_table string_to_table json_array_elements jsonb_array_elements json_each jsonb_each")

// readGenerated reads GENERATED ALWAYS AS (…) STORED: an expression of the
// table's other columns (5.3 Generated Columns). VIRTUAL is from PostgreSQL 18 on.
func (r reader) readGenerated(k *constraint, owner *dialects.Owner) {
	var uses []string
	why := unknownPart(k.RawExpr, func(name string) dialects.Refusal {
		if name == "" {
			return dialects.RefuseExpression
		}
		if name == owner.Name {
			return dialects.Refusal{Message: "a generated column cannot look at itself (error 42P17)", Hint: "use other columns of the table"}
		}
		if !slices.Contains(uses, name) {
			uses = append(uses, name)
		}
		return dialects.Refusal{}
	})
	switch {
	case !r.dialect.anyType:
		why = dialects.RefuseGenerated
	case owner.Generated != "":
		why = dialects.Refusal{Message: "the column is generated twice", Hint: "keep one GENERATED"}
	case why.Message == "":
		j := judge{column: owner.Name, kind: kindOf(owner.Type), element: kindOf(strings.TrimSuffix(owner.Type, "[]")), steady: true}
		j.value(k.RawExpr)
		why = j.why
	}
	if why.Message == "" && len(uses) == 0 {
		why = dialects.Refusal{Message: "a generated column that looks at no other column is the same in every row", Hint: "give it a DEFAULT"}
	}
	if why.Message != "" {
		r.refuse(k.Location, why)
		return
	}
	owner.Generated, owner.Uses = r.write(k.RawExpr, k.Location), uses
}

// checkGenerated refuses what a generated column cannot have besides.
func (r reader) checkGenerated(owner dialects.Owner) {
	if owner.Default != "" {
		r.RefuseWords(dialects.Refusal{Message: "a generated column has no DEFAULT (error 42601)", Hint: "keep GENERATED or DEFAULT"}, "DEFAULT")
	}
	if ref := owner.Reference; ref != nil {
		if ref.OnDelete == dialects.SetNull || ref.OnDelete == dialects.SetDefault {
			r.RefuseWords(dialects.Refusal{Message: "the foreign key of a generated column cannot set it (error 42601)", Hint: "use ON DELETE CASCADE, or nothing"}, "ON", "DELETE")
		}
		if ref.OnUpdate != dialects.NoAction && ref.OnUpdate != dialects.Restrict {
			r.RefuseWords(dialects.Refusal{Message: "the foreign key of a generated column cannot set it (error 42601)", Hint: "remove ON UPDATE"}, "ON", "UPDATE")
		}
	}
}

// scope says why an expression cannot look at a column; zero when it can.
type scope func(column string) dialects.Refusal

// nothing is the scope of a DEFAULT.
func nothing(string) dialects.Refusal { return dialects.RefuseColumn }

// only is the scope of a column's CHECK.
func only(column string) scope {
	return func(name string) dialects.Refusal {
		if name != column {
			return dialects.RefuseOtherColumn
		}
		return dialects.Refusal{}
	}
}

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it.
func unknownPart(expr *node, columns scope) dialects.Refusal {
	var parts []*node
	switch {
	case expr.GetAConst() != nil || expr.GetSqlvalueFunction() != nil:
	case expr.GetTypeCast() != nil:
		parts = []*node{expr.GetTypeCast().Arg}
	case expr.GetAExpr() != nil:
		e := expr.GetAExpr()
		if len(e.Name) != 1 || !operators[nameOf(e.Name[0])] && (e.Kind == aExprOp || strings.HasPrefix(e.Kind.String(), "AEXPR_OP_")) {
			if strings.Contains(nameOf(e.Name[len(e.Name)-1]), "?") {
				return dialects.Refusal{Message: "some drivers read the ? of this operator as a parameter", Hint: "for jsonb, write jsonb_path_exists(x, '$.a'), or x -> 'a' IS NOT NULL"}
			}
			return dialects.RefuseExpression
		}
		parts = []*node{e.Lexpr, e.Rexpr}
	case expr.GetCollateClause() != nil:
		parts = []*node{expr.GetCollateClause().Arg}
	case expr.GetCoalesceExpr() != nil:
		parts = expr.GetCoalesceExpr().Args
	case expr.GetMinMaxExpr() != nil:
		parts = expr.GetMinMaxExpr().Args
	case expr.GetBoolExpr() != nil:
		parts = expr.GetBoolExpr().Args
	case expr.GetNullTest() != nil:
		parts = []*node{expr.GetNullTest().Arg}
	case expr.GetBooleanTest() != nil:
		parts = []*node{expr.GetBooleanTest().Arg}
	case expr.GetList() != nil: // of IN and BETWEEN
		parts = expr.GetList().Items
	case expr.GetAArrayExpr() != nil:
		parts = expr.GetAArrayExpr().Elements
	case expr.GetCaseExpr() != nil:
		c := expr.GetCaseExpr()
		parts = []*node{c.Arg, c.Defresult}
		for _, when := range c.Args {
			parts = append(parts, when.GetCaseWhen().Expr, when.GetCaseWhen().Result)
		}
	case expr.GetFuncCall() != nil:
		f := expr.GetFuncCall()
		name := nameOf(f.Funcname[len(f.Funcname)-1])
		switch {
		case f.AggStar || f.Over != nil || dialects.IsAggregate(name): // 42803, 42P20
			return dialects.RefuseAggregate
		case setReturning[strings.ToUpper(name)] || len(f.AggOrder) > 0 || f.AggFilter != nil || f.AggWithinGroup || f.AggDistinct || f.FuncVariadic:
			return dialects.RefuseExpression
		}
		parts = f.Args
	case expr.GetSubLink() != nil:
		return dialects.RefuseSubquery
	case expr.GetColumnRef() != nil:
		fields := expr.GetColumnRef().Fields
		if len(fields) != 1 { // qualified, or the fields of a row
			return columns("")
		}
		return columns(nameOf(fields[0]))
	default:
		return dialects.RefuseExpression
	}
	for _, p := range parts {
		if p == nil { // the missing left side of a sign
			continue
		}
		if why := unknownPart(p, columns); why.Message != "" {
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

// operators are those of numbers, texts, bits, JSON and conditions. Those of JSON
// that contain a ? are not here: for some drivers it is a parameter.
var operators = dialects.Words("+ - * / % ^ @ || & | # << >> = <> < > <= >= ~ ~* !~ !~* ~~ !~~ ~~* !~~* ^@ -> ->> #> #>> @> <@ @@")

// comparisons are the operators whose result is a boolean.
var comparisons = dialects.Words("= <> < > <= >= ~ ~* !~ !~* ~~ !~~ ~~* !~~* ^@ @> <@ @@")

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
		expr.GetTypeCast() != nil || expr.GetColumnRef() != nil || expr.GetCoalesceExpr() != nil || expr.GetCaseExpr() != nil || expr.GetMinMaxExpr() != nil
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
	case e != nil && (e.Kind.String() == "AEXPR_OP_ANY" || e.Kind.String() == "AEXPR_OP_ALL" || nameOf(e.Name[0]) == "@@"): // the text is an array or a path
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
