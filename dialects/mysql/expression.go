package mysql

import (
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (MySQL manual, 13.6 Data Type Default Values).
func (r reader) readDefault(t *sqlparser.ColumnType, notNull bool) string {
	options := t.Options
	refuse := func(why dialects.Refusal) string {
		r.RefuseWords(why, "DEFAULT")
		return "NULL"
	}
	if _, isNull := options.Default.(*sqlparser.NullVal); isNull {
		if notNull {
			refuse(dialects.Refusal{Message: "the column is NOT NULL, but its default is NULL (error 1067)", Hint: "remove DEFAULT NULL"})
		}
		return "NULL"
	}
	if why := (place{r: r}).unknownPart(options.Default); why.Message != "" {
		return refuse(why)
	}
	if now, isNow := options.Default.(*sqlparser.CurTimeFuncExpr); isNow && options.DefaultLiteral {
		if why := checkNow(t, now); why.Message != "" {
			return refuse(why)
		}
	} else if typed, isLiteral := options.Default.(*sqlparser.Literal); isLiteral && options.DefaultLiteral && (typed.Type == sqlparser.DateVal || typed.Type == sqlparser.TimeVal || typed.Type == sqlparser.TimestampVal) {
		return refuse(dialects.Refusal{Message: "MySQL takes this literal for an expression, which needs parentheses (error 1067)", Hint: "write the text alone: '" + typed.Val + "'"})
	} else if why := checkValue(t, options.Default); why.Message != "" {
		return refuse(why)
	}
	sql, ok := r.rewrite(options.Default)
	switch {
	case !ok:
		return refuse(dialects.RefuseExpression)
	case options.DefaultLiteral:
		return sql
	case !isPlainCall(options.Default):
		sql = "IFNULL(" + sql + ", NULL)"
	}
	return "(" + sql + ")"
}

// isPlainCall reports whether sqlc reads a default in parentheses: its grammar
// has literals there and calls of functions by plain names, with any arguments.
// Anything else is written as IFNULL(…, NULL), which is the same value.
func isPlainCall(expr sqlparser.Expr) bool {
	switch e := expr.(type) {
	case *sqlparser.FuncExpr:
		return !wordsOfGrammar[strings.ToUpper(e.Name.String())]
	case *sqlparser.CurTimeFuncExpr:
		name := e.Name.Lowered()
		return name == "now" || name == "current_timestamp" || name == "curdate"
	case *sqlparser.JSONObjectExpr, *sqlparser.JSONArrayExpr:
		return true
	case sqlparser.BoolVal:
		return false
	}
	return literalOf(expr).Kind != dialects.LiteralOther
}

// wordsOfGrammar are functions whose names are words of sqlc's grammar.
var wordsOfGrammar = dialects.Words(`truncate mod log ascii year month day hour minute second quarter format left right mid repeat reverse date
	coalesce if user database schema current_role week current_user`)

// checkNow refuses CURRENT_TIMESTAMP, without parentheses around it, for a
// column that cannot have it (errors 1067 and 1294).
func checkNow(t *sqlparser.ColumnType, now *sqlparser.CurTimeFuncExpr) dialects.Refusal {
	length := 0
	if t.Length != nil {
		length = *t.Length
	}
	if name := strings.ToLower(t.Type); name != "datetime" && name != "timestamp" || now.Fsp != length || !currentTimestamp[now.Name.Lowered()] {
		return dialects.Refusal{Message: "CURRENT_TIMESTAMP is a default for DATETIME and TIMESTAMP only, with as many digits as the type (error 1067)", Hint: "write DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)"}
	}
	return dialects.Refusal{}
}

// currentTimestamp are the words for it: manual, 13.2.5 Automatic Initialization
// and Updating.
var currentTimestamp = map[string]bool{"current_timestamp": true, "now": true, "localtime": true, "localtimestamp": true}

// readOnUpdate reads ON UPDATE CURRENT_TIMESTAMP.
func (r reader) readOnUpdate(t *sqlparser.ColumnType) string {
	now, isNow := t.Options.OnUpdate.(*sqlparser.CurTimeFuncExpr)
	why := dialects.RefuseUnknown
	if isNow {
		why = checkNow(t, now)
	}
	if !r.dialect.anyType {
		why = dialects.Refusal{Message: "an owner does not change with the time", Hint: "remove ON UPDATE"}
	}
	if why.Message != "" {
		r.RefuseWords(why, "ON", "UPDATE")
		return ""
	}
	return r.dialect.write(now)
}

// readGenerated reads the expression of a generated column, which is in
// parentheses behind AS. What MariaDB takes on none (error 1064) is refused.
func (r reader) readGenerated(owner *dialects.Owner, t *sqlparser.ColumnType) {
	options := t.Options
	columns := map[string]bool{}
	why := place{r: r, columns: columns}.unknownPart(options.As)
	sql, ok := r.rewrite(options.As)
	switch {
	case !r.dialect.anyType:
		why = dialects.RefuseGenerated
	case why.Message == "" && !ok:
		why = dialects.RefuseExpression
	case why.Message == "":
		why = checkComputed(t, options.As)
	}
	switch {
	case why.Message != "":
	case options.Null != nil || options.Default != nil || options.OnUpdate != nil || options.KeyOpt != sqlparser.ColKeyNone || options.Reference != nil:
		why = dialects.RefuseOnGenerated
	}
	if why.Message != "" {
		r.RefuseWords(why, "AS")
		return
	}
	owner.Generated, owner.Uses, owner.Virtual = sql, slices.Sorted(maps.Keys(columns)), options.Storage != sqlparser.StoredStorage
}

// checkComputed refuses a generated date or time that is made of anything else:
// how a text becomes one depends on the session (MariaDB's error 1901).
func checkComputed(t *sqlparser.ColumnType, expr sqlparser.Expr) dialects.Refusal {
	if class := classOf(t.Type); class != dialects.ClassTime && class != dialects.ClassClock {
		return dialects.Refusal{}
	}
	if _, isColumn := expr.(*sqlparser.ColName); isColumn {
		return dialects.Refusal{}
	}
	if got, _ := classOfExpression(expr); got == dialects.ClassTime || got == dialects.ClassClock {
		return dialects.Refusal{}
	}
	return dialects.Refusal{Message: "MariaDB generates a " + strings.ToUpper(t.Type) + " from dates and times only (error 1901)", Hint: "make the column a VARCHAR"}
}

// rewrite writes an expression as SQL, and reports whether that reads as what
// was read.
func (r reader) rewrite(expr sqlparser.Expr) (sql string, ok bool) {
	sql = r.dialect.write(expr)
	again, err := newParser().ParseExpr(sql)
	return sql, err == nil && sqlparser.Equals.Expr(again, expr)
}

// nonDeterministic are functions that no CHECK can call (error 3814).
var nonDeterministic = dialects.Words(`connection_id curdate current_user current_role curtime database found_rows get_lock is_free_lock
	is_used_lock last_insert_id load_file now rand release_lock row_count schema session_user sleep sysdate system_user unix_timestamp
	user utc_date utc_time utc_timestamp uuid uuid_short uuid_v4 uuid_v7 version random_bytes`)

// conditions are functions whose result is a boolean.
var conditions = dialects.Words("is_uuid isnull is_ipv4 is_ipv6 json_valid regexp_like")

// place is where an expression stands: in a DEFAULT, which sees no column; in
// the CHECK of a column, which sees that one; or in a generated column, which
// sees those of adkgen's own.
type place struct {
	r       reader
	column  string                // of the CHECK; "" elsewhere
	typ     *sqlparser.ColumnType // of that column
	columns map[string]bool       // filled with the columns that a generated one looks at; nil elsewhere
}

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it.
func (p place) unknownPart(expr sqlparser.SQLNode) (why dialects.Refusal) {
	flavour := p.r.dialect.flavour
	deterministic := p.column != "" || p.columns != nil
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch n := n.(type) {
		case *sqlparser.Subquery:
			why = dialects.RefuseSubquery
		case *sqlparser.ColName:
			switch {
			case p.columns != nil && n.Qualifier.IsEmpty():
				p.columns[n.Name.String()] = true
			case !deterministic:
				why = dialects.RefuseColumn
			case p.columns != nil:
				why = dialects.RefuseOtherTable
			case !n.Qualifier.IsEmpty() || !strings.EqualFold(n.Name.String(), p.column): // error 3813
				why = dialects.RefuseOtherColumn
			}
			return false, nil
		case *sqlparser.FuncExpr:
			if why = p.r.dialect.refuseCall(n.Name.String(), len(n.Exprs), deterministic); !n.Qualifier.IsEmpty() { // errors 3770, 3814: a stored function
				why = dialects.RefuseExpression
			}
		case sqlparser.AggrFunc:
			why = dialects.RefuseAggregate
		case *sqlparser.CurTimeFuncExpr:
			if deterministic {
				why = dialects.RefuseVolatile
			}
		case *sqlparser.ComparisonExpr:
			if p.column != "" {
				why = p.compared(n.Operator, n.Left, n.Right)
			}
			if n.Operator == sqlparser.RegexpOp || n.Operator == sqlparser.NotRegexpOp {
				why = p.matched(n.Right)
			}
		case *sqlparser.BetweenExpr:
			if p.column != "" {
				why = p.compared(sqlparser.EqualOp, n.Left, sqlparser.ValTuple{n.From, n.To})
			}
		case *sqlparser.RegexpLikeExpr:
			if instead := flavour.lacks["REGEXP_LIKE"]; instead != "" {
				why = dialects.Refusal{Message: flavour.title + " has no function REGEXP_LIKE", Hint: "write " + instead}
			} else {
				why = p.matched(n.Pattern)
			}
		case *sqlparser.CollateExpr: // of the column's own character set (error 1253)
			set := "utf8mb4"
			if p.typ != nil && p.typ.Charset.Name != "" {
				set = strings.ToLower(p.typ.Charset.Name)
			}
			if p.typ == nil || !strings.HasSuffix(strings.ToLower(p.typ.Type), "char") {
				why = dialects.RefuseExpression
			} else {
				why = p.r.dialect.checkCollation(n.Collation, set)
			}
		case *sqlparser.CastExpr:
			if n.Array || strings.EqualFold(n.Type.Type, "json") { // no type of MariaDB's CAST
				why = dialects.RefuseExpression
			}
		case *sqlparser.AndExpr, *sqlparser.OrExpr, *sqlparser.NotExpr, *sqlparser.XorExpr, *sqlparser.IsExpr, sqlparser.ValTuple,
			*sqlparser.Literal, *sqlparser.UnaryExpr, *sqlparser.BinaryExpr, *sqlparser.NullVal, sqlparser.BoolVal, sqlparser.IdentifierCI, sqlparser.IdentifierCS,
			*sqlparser.Exprs, *sqlparser.IntroducerExpr, *sqlparser.CaseExpr, *sqlparser.When, *sqlparser.IntervalDateExpr,
			*sqlparser.SubstrExpr, *sqlparser.TrimFuncExpr, *sqlparser.LocateExpr, *sqlparser.ExtractFuncExpr, *sqlparser.TimestampDiffExpr,
			*sqlparser.ConvertType, *sqlparser.JSONObjectExpr, *sqlparser.JSONObjectParam, *sqlparser.JSONArrayExpr, *sqlparser.JSONExtractExpr,
			*sqlparser.JSONUnquoteExpr, *sqlparser.JSONQuoteExpr, *sqlparser.JSONContainsExpr, *sqlparser.JSONKeysExpr, *sqlparser.JSONAttributesExpr:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == "", nil
	}, expr)
	if why == dialects.RefuseVolatile && p.columns != nil {
		return dialects.RefuseVolatileGenerated
	}
	return why
}

// matched refuses what is no regular expression (errors 1139, 3685 and their
// like), and one for a column of bytes (error 3995).
func (p place) matched(pattern sqlparser.Expr) dialects.Refusal {
	if literal := literalOf(pattern); literal.Kind == dialects.LiteralText {
		if why := dialects.CheckPattern(literal.Text); why.Message != "" {
			return why
		}
	}
	if p.typ == nil || !strings.HasSuffix(strings.ToLower(p.typ.Type), "binary") && !strings.HasSuffix(strings.ToLower(p.typ.Type), "blob") {
		return dialects.Refusal{}
	}
	return dialects.Refusal{Message: "MySQL matches no bytes with a regular expression (error 3995)", Hint: "use LIKE, or a type for text"}
}

// compared refuses a comparison of the column with a value that is none of its
// type: MySQL reads both as dates, times or numbers (error 1292).
func (p place) compared(operator sqlparser.ComparisonExprOperator, left, right sqlparser.Expr) dialects.Refusal {
	if class := classOf(p.typ.Type); class != dialects.ClassTime && class != dialects.ClassClock && class != dialects.ClassNumber ||
		operator == sqlparser.LikeOp || operator == sqlparser.NotLikeOp || operator == sqlparser.RegexpOp || operator == sqlparser.NotRegexpOp {
		return dialects.Refusal{}
	}
	if _, isColumn := left.(*sqlparser.ColName); !isColumn {
		left, right = right, left
	}
	if _, isColumn := left.(*sqlparser.ColName); !isColumn {
		return dialects.Refusal{}
	}
	values, isList := right.(sqlparser.ValTuple)
	if !isList {
		values = sqlparser.ValTuple{right}
	}
	for _, value := range values {
		kind := literalOf(value).Kind
		if kind == dialects.LiteralOther || kind == dialects.LiteralNumber && classOf(p.typ.Type) == dialects.ClassNumber {
			continue // numbers are compared as such
		}
		if why := checkValue(p.typ, value); why.Message != "" {
			why.Message = strings.Replace(why.Message, "(error 1067)", "(error 1292)", 1)
			return why
		}
	}
	return dialects.Refusal{}
}

// readChecks reads the CHECKs that prepare has taken out of the fragment.
func (r reader) readChecks(owner *dialects.Owner, typ *sqlparser.ColumnType, checks []checkClause) {
	for i, clause := range checks {
		if i > 0 {
			r.Refuse(clause.at, dialects.RefuseTwoChecks)
			return
		}
		if clause.name != "" && r.dialect.flavour.unnamedChecks {
			r.Refuse(clause.at, dialects.Refusal{Message: r.dialect.flavour.title + " takes no name for a CHECK inside a column (error 1064)", Hint: "leave CONSTRAINT and the name out: adkgen names it"})
			return
		}
		if !clause.last && r.dialect.flavour.unnamedChecks {
			r.Refuse(clause.at, dialects.Refusal{Message: r.dialect.flavour.title + " takes a CHECK as the last clause (error 1064)", Hint: "move it behind the others, before REFERENCES"})
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
		why := place{r: r, column: owner.Name, typ: typ}.unknownPart(expr)
		if why.Message == "" && !isCondition(expr) {
			why = dialects.Refusal{Message: "a CHECK is a condition, and this is a value (error 3812)", Hint: "compare the column with something"}
		}
		if why.Message == "" {
			why = refuseAction(owner.Reference)
		}
		if owner.Generated != "" {
			why = dialects.RefuseOnGenerated
		}
		sql, ok := r.rewrite(expr)
		if why.Message == "" && !ok {
			why = dialects.RefuseExpression
		}
		if why.Message != "" {
			r.Refuse(clause.at, why)
			return
		}
		owner.Check = &dialects.Check{Constraint: clause.name, Expression: sql}
	}
}

// refuseAction refuses a CHECK on a column that a foreign key may change: error
// 3823, and MariaDB's 1901.
func refuseAction(ref *dialects.Reference) dialects.Refusal {
	action := ""
	switch {
	case ref == nil:
	case ref.OnUpdate == dialects.Cascade || ref.OnUpdate == dialects.SetNull:
		action = "ON UPDATE " + string(ref.OnUpdate)
	case ref.OnDelete == dialects.SetNull:
		action = "ON DELETE SET NULL"
	}
	if action == "" {
		return dialects.Refusal{}
	}
	return dialects.Refusal{Message: "a column that " + action + " can change has no CHECK (errors 3823, 1901)", Hint: "remove the CHECK, or " + action}
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
	case *sqlparser.JSONAttributesExpr:
		return e.Type == sqlparser.ValidAttributeType
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
