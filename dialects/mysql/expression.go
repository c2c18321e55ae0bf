package mysql

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (MySQL manual, 13.6 Data Type Default Values).
func (r reader) readDefault(t *sqlparser.ColumnType, notNull bool) string {
	options := t.Options
	if _, isNull := options.Default.(*sqlparser.NullVal); isNull {
		if notNull {
			r.RefuseWords(dialects.Refusal{Message: "the column is NOT NULL, but its default is NULL (error 1067)", Hint: "remove DEFAULT NULL"}, "DEFAULT")
		}
		return "NULL"
	}
	why := r.unknownPart(options.Default, "")
	if why.Message != "" {
		r.RefuseWords(why, "DEFAULT")
		return "NULL"
	}
	literal := dialects.Literal{}
	if _, isBoolean := options.Default.(sqlparser.BoolVal); options.DefaultLiteral || isBoolean {
		literal = literalOf(options.Default)
	}
	why = dialects.CheckLiteral(classOf(t.Type), strings.ToUpper(t.Type), literal)
	if t.Unsigned && strings.HasPrefix(literal.Text, "-") {
		why = dialects.Refusal{Message: literal.Text + " is not a value of an UNSIGNED type (error 1067)", Hint: "write a value such as 0"}
	}
	if width := widthOf(t); literal.Kind == dialects.LiteralText && width > 0 && utf8.RuneCountInString(literal.Text) > width {
		why = dialects.Refusal{Message: fmt.Sprintf("the default has %d characters, and the column takes %d (error 1067)", utf8.RuneCountInString(literal.Text), width), Hint: "write a shorter default, or a longer type"}
	}
	if now, isNow := options.Default.(*sqlparser.CurTimeFuncExpr); isNow && options.DefaultLiteral {
		length := 0
		if t.Length != nil {
			length = *t.Length
		}
		if name := strings.ToLower(t.Type); name != "datetime" && name != "timestamp" || now.Fsp != length {
			why = dialects.Refusal{Message: "CURRENT_TIMESTAMP is a default for DATETIME and TIMESTAMP only, with as many digits as the type (error 1067)", Hint: "write DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)"}
		}
	}
	if why.Message != "" {
		r.RefuseWords(why, "DEFAULT")
		return "NULL"
	}
	sql := r.dialect.write(options.Default)
	if options.DefaultLiteral {
		return sql
	}
	return "(" + sql + ")"
}

// widthOf gives how many characters or bytes a type takes; 0 when it is none of
// these.
func widthOf(t *sqlparser.ColumnType) int {
	switch strings.ToLower(t.Type) {
	case "char", "binary", "varchar", "varbinary":
		if t.Length == nil {
			return 1
		}
		return *t.Length
	}
	return 0
}

// nonDeterministic are functions that no CHECK can call (error 3814).
var nonDeterministic = dialects.Words(`connection_id curdate current_user current_role curtime database found_rows get_lock is_free_lock
	is_used_lock last_insert_id load_file now rand release_lock row_count schema session_user sleep sysdate system_user unix_timestamp
	user utc_date utc_time utc_timestamp uuid uuid_short uuid_v4 uuid_v7 version random_bytes`)

// conditions are functions whose result is a boolean.
var conditions = dialects.Words("is_uuid isnull is_ipv4 is_ipv6 json_valid regexp_like")

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it. With a column, the expression is a CHECK and can
// look at that column; without one it is a DEFAULT.
func (r reader) unknownPart(expr sqlparser.SQLNode, column string) (why dialects.Refusal) {
	inCheck := column != ""
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch n := n.(type) {
		case *sqlparser.Subquery:
			why = dialects.RefuseSubquery
		case *sqlparser.ColName:
			switch {
			case !inCheck:
				why = dialects.RefuseColumn
			case !n.Qualifier.IsEmpty() || !strings.EqualFold(n.Name.String(), column): // error 3813
				why = dialects.RefuseOtherColumn
			}
			return false, nil
		case *sqlparser.FuncExpr:
			name := n.Name.String()
			instead := r.dialect.flavour.lacks[strings.ToUpper(name)]
			switch {
			case !n.Qualifier.IsEmpty(): // errors 3770, 3814: a stored function
				why = dialects.RefuseExpression
			case instead != "":
				why = dialects.Refusal{Message: r.dialect.flavour.title + " has no function " + name, Hint: "write " + instead}
			case dialects.IsAggregate(name): // error 1111
				why = dialects.RefuseAggregate
			case inCheck && nonDeterministic[strings.ToUpper(name)]:
				why = dialects.RefuseVolatile
			}
		case sqlparser.AggrFunc:
			why = dialects.RefuseAggregate
		case *sqlparser.CurTimeFuncExpr:
			if inCheck {
				why = dialects.RefuseVolatile
			}
		case *sqlparser.AndExpr, *sqlparser.OrExpr, *sqlparser.NotExpr, *sqlparser.XorExpr, *sqlparser.ComparisonExpr, *sqlparser.IsExpr,
			*sqlparser.BetweenExpr, sqlparser.ValTuple, *sqlparser.RegexpLikeExpr, *sqlparser.CollateExpr:
			if !inCheck {
				why = dialects.RefuseExpression
			}
		case *sqlparser.Literal, *sqlparser.UnaryExpr, *sqlparser.BinaryExpr, *sqlparser.NullVal,
			sqlparser.BoolVal, sqlparser.IdentifierCI, sqlparser.IdentifierCS, *sqlparser.Exprs, *sqlparser.IntroducerExpr:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == "", nil
	}, expr)
	return why
}

// readChecks reads the CHECKs that prepare has taken out of the fragment.
func (r reader) readChecks(owner *dialects.Owner, checks []checkClause) {
	for i, clause := range checks {
		if i > 0 {
			r.Refuse(clause.at, dialects.RefuseTwoChecks)
			return
		}
		if clause.name != "" && r.dialect.flavour.unnamedChecks {
			r.Refuse(clause.at, dialects.Refusal{Message: r.dialect.flavour.title + " takes no name for a CHECK inside a column (error 1064)", Hint: "leave CONSTRAINT and the name out: adkgen names it"})
			return
		}
		if clause.misplaced {
			r.Refuse(clause.at, dialects.Refusal{Message: "a CHECK stands before REFERENCES", Hint: "move it there"})
			return
		}
		expr, ok := r.parseCheck(clause)
		if !ok {
			return
		}
		why := r.unknownPart(expr, owner.Name)
		if why.Message == "" && !isCondition(expr) {
			why = dialects.Refusal{Message: "a CHECK is a condition, and this is a value (error 3812)", Hint: "compare the column with something"}
		}
		if why.Message != "" {
			r.Refuse(clause.at, why)
			return
		}
		owner.Check = &dialects.Check{Constraint: clause.name, Expression: r.dialect.write(expr)}
	}
}

// parseCheck parses the expression of a CHECK.
func (r reader) parseCheck(clause checkClause) (sqlparser.Expr, bool) {
	const prefix = "CREATE TABLE t (x INT, CHECK ("
	statement, err := newParser().ParseStrictDDL(prefix + r.Fragment[clause.start:clause.end] + "\n))")
	if err != nil {
		offset, message := syntaxError(err, prefix)
		r.RefuseSyntax(clause.start+offset, message)
		return nil, false
	}
	table, ok := statement.(*sqlparser.CreateTable)
	if ok && table.TableSpec != nil && len(table.TableSpec.Constraints) == 1 && len(table.TableSpec.Columns) == 1 && len(table.TableSpec.Indexes) == 0 {
		if check, ok := table.TableSpec.Constraints[0].Details.(*sqlparser.CheckConstraintDefinition); ok {
			return check.Expr, true
		}
	}
	r.Refuse(clause.at, dialects.RefuseExpression)
	return nil, false
}

// isCondition reports whether an expression is a boolean.
func isCondition(expr sqlparser.Expr) bool {
	switch e := expr.(type) {
	case *sqlparser.AndExpr, *sqlparser.OrExpr, *sqlparser.NotExpr, *sqlparser.XorExpr, *sqlparser.ComparisonExpr, *sqlparser.IsExpr,
		*sqlparser.BetweenExpr, *sqlparser.RegexpLikeExpr, sqlparser.BoolVal:
		return true
	case *sqlparser.FuncExpr:
		return conditions[strings.ToUpper(e.Name.String())]
	}
	return false
}

// write gives an expression as SQL. Quotes in a text are doubled, not escaped
// with a backslash, which some SQL modes take literally.
func (d Dialect) write(e sqlparser.Expr) string {
	buffer := sqlparser.NewTrackedBuffer(func(buffer *sqlparser.TrackedBuffer, node sqlparser.SQLNode) {
		switch node := node.(type) {
		case *sqlparser.Literal:
			if node.Type == sqlparser.StrVal {
				buffer.WriteString("'" + strings.ReplaceAll(node.Val, "'", "''") + "'")
				return
			}
		case *sqlparser.ColName:
			if !node.Qualifier.IsEmpty() {
				buffer.Myprintf("%v.", node.Qualifier)
			}
			buffer.WriteString(d.Quote(node.Name.String()))
			return
		case sqlparser.IdentifierCS: // of a table
			buffer.WriteString(d.Quote(node.String()))
			return
		}
		node.Format(buffer)
	})
	buffer.SetUpperCase(true)
	buffer.Myprintf("%v", e)
	return buffer.String()
}

// literalOf tells a value that is written out from other expressions.
func literalOf(expr sqlparser.Expr) dialects.Literal {
	if signed, ok := expr.(*sqlparser.UnaryExpr); ok {
		if number := literalOf(signed.Expr); number.Kind == dialects.LiteralNumber && signed.Operator == sqlparser.UMinusOp {
			return dialects.Literal{Kind: dialects.LiteralNumber, Text: "-" + number.Text}
		}
	}
	if boolean, ok := expr.(sqlparser.BoolVal); ok { // another word for 1 or 0
		text := "0"
		if boolean {
			text = "1"
		}
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: text}
	}
	value, ok := expr.(*sqlparser.Literal)
	switch {
	case !ok:
		return dialects.Literal{}
	case value.Type == sqlparser.StrVal:
		return dialects.Literal{Kind: dialects.LiteralText, Text: value.Val}
	case value.Type == sqlparser.IntVal || value.Type == sqlparser.DecimalVal || value.Type == sqlparser.FloatVal:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: value.Val}
	}
	return dialects.Literal{}
}
