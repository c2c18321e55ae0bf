package postgres

import (
	"cmp"
	"fmt"
	"strings"
)

// writer writes parts of a tree as SQL. The two builds' own deparsers write
// different bytes for the same tree, and a byte makes a migration. What it does
// not know it leaves out, and makes strange true: the SQL then means something
// else than the tree, and may not be used.
type writer struct {
	dialect Dialect
	strange *bool
}

func (w writer) unknown() string {
	*w.strange = true
	return ""
}

// expression writes an expression.
func (w writer) expression(n *node) string {
	switch {
	case n.GetAConst() != nil:
		return w.constant(n)
	case n.GetColumnRef() != nil:
		return w.names(n.GetColumnRef().Fields)
	case n.GetSqlvalueFunction() != nil:
		word, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(n.GetSqlvalueFunction().Op.String(), "SVFOP_"))+" ", " ")
		word = strings.TrimSuffix(word, "_n")
		if n.GetSqlvalueFunction().Typmod >= 0 {
			word += fmt.Sprintf("(%d)", n.GetSqlvalueFunction().Typmod)
		}
		return word
	case n.GetTypeCast() != nil:
		arg := n.GetTypeCast().Arg
		sql := w.expression(arg)
		if isLoose(arg) || arg.GetCollateClause() != nil || isNumber(arg) && (arg.GetAConst().GetFval() != nil || strings.HasPrefix(sql, "-")) {
			sql = "(" + sql + ")"
		}
		return sql + "::" + w.typeName(n.GetTypeCast().TypeName)
	case n.GetCollateClause() != nil:
		return w.operand(n.GetCollateClause().Arg) + " COLLATE " + w.names(n.GetCollateClause().Collname)
	case n.GetAExpr() != nil:
		return w.operation(n)
	case n.GetBoolExpr() != nil:
		return w.boolean(n)
	case n.GetNullTest() != nil:
		return w.tested(n.GetNullTest().Arg) + map[string]string{"IS_NULL": " IS NULL", "IS_NOT_NULL": " IS NOT NULL"}[n.GetNullTest().Nulltesttype.String()]
	case n.GetBooleanTest() != nil:
		return w.tested(n.GetBooleanTest().Arg) + " " + strings.ReplaceAll(n.GetBooleanTest().Booltesttype.String(), "_", " ")
	case n.GetCoalesceExpr() != nil:
		return "COALESCE(" + w.list(n.GetCoalesceExpr().Args) + ")"
	case n.GetMinMaxExpr() != nil:
		return strings.TrimPrefix(n.GetMinMaxExpr().Op.String(), "IS_") + "(" + w.list(n.GetMinMaxExpr().Args) + ")"
	case n.GetAArrayExpr() != nil:
		return "ARRAY[" + w.list(n.GetAArrayExpr().Elements) + "]"
	case n.GetCaseExpr() != nil:
		return w.cases(n)
	case n.GetFuncCall() != nil:
		return w.call(n)
	case n.GetSubLink() != nil:
		return w.sublink(n)
	}
	return w.unknown()
}

// isNumber reports whether an expression is a number that is written out.
func isNumber(n *node) bool {
	c := n.GetAConst()
	return c != nil && (c.GetIval() != nil || c.GetFval() != nil)
}

// isLoose reports whether an expression needs parentheses between operators.
func isLoose(n *node) bool {
	syntax := sqlSyntax(n)
	return n.GetAExpr() != nil || n.GetBoolExpr() != nil || n.GetNullTest() != nil || n.GetBooleanTest() != nil || syntax == "timezone" || syntax == "is_normalized" || syntax == "overlaps"
}

// sqlSyntax gives the name of a function that was called with words of its own
// between its arguments; "" for any other expression.
func sqlSyntax(n *node) string {
	f := n.GetFuncCall()
	if f == nil || f.Funcformat.String() != "COERCE_SQL_SYNTAX" || len(f.Funcname) != 2 {
		return ""
	}
	return f.Funcname[1].GetString_().GetSval()
}

// operand writes an expression that stands beside an operator.
func (w writer) operand(n *node) string {
	if sql := w.expression(n); isLoose(n) && sqlSyntax(n) != "timezone" {
		return "(" + sql + ")"
	} else {
		return sql
	}
}

// side writes an expression that stands beside IN, LIKE or BETWEEN: those bind
// more weakly than operators that are no comparison.
func (w writer) side(n *node) string {
	if e := n.GetAExpr(); e != nil && e.Kind == aExprOp && len(e.Name) == 1 && !comparisons[nameOf(e.Name[0])] {
		return w.expression(n)
	}
	return w.operand(n)
}

// tested writes an expression in front of IS.
func (w writer) tested(n *node) string {
	if n.GetBoolExpr() != nil || n.GetNullTest() != nil || n.GetBooleanTest() != nil || strings.HasSuffix(n.GetAExpr().GetKind().String(), "DISTINCT") {
		return w.operand(n)
	}
	return w.expression(n)
}

func nameOf(n *node) string { return n.GetString_().GetSval() }

func (w writer) list(items []*node) string {
	var parts []string
	for _, item := range items {
		parts = append(parts, w.expression(item))
	}
	return strings.Join(parts, ", ")
}

// names writes a name with what it is qualified with.
func (w writer) names(parts []*node) string {
	var names []string
	for _, part := range parts {
		if part.GetString_() == nil {
			return w.unknown()
		}
		names = append(names, quoteType(w.dialect, nameOf(part)))
	}
	return strings.Join(names, ".")
}

func (w writer) constant(n *node) string {
	c := n.GetAConst()
	switch {
	case c.Isnull:
		return "NULL"
	case c.GetIval() != nil:
		return fmt.Sprint(c.GetIval().GetIval())
	case c.GetFval() != nil:
		return c.GetFval().GetFval()
	case c.GetBoolval() != nil:
		return fmt.Sprint(c.GetBoolval().GetBoolval())
	case c.GetSval() != nil:
		return textLiteral(c.GetSval().GetSval())
	case c.GetBsval() != nil: // its first letter is b or x
		bits := c.GetBsval().GetBsval()
		return bits[:1] + textLiteral(bits[1:])
	}
	return w.unknown()
}

// textLiteral writes a text. E'…' is the same with standard_conforming_strings
// on and off.
func textLiteral(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

func (w writer) operation(n *node) string {
	e := n.GetAExpr()
	if len(e.Name) != 1 {
		return w.unknown()
	}
	name := nameOf(e.Name[0])
	not := map[bool]string{true: "NOT "}[strings.HasPrefix(name, "!") || name == "<>"]
	switch kind := strings.TrimPrefix(e.Kind.String(), "AEXPR_"); kind {
	case "OP":
		sql := name + " " + w.operand(e.Rexpr)
		if e.Lexpr != nil {
			sql = w.operand(e.Lexpr) + " " + sql
		}
		return sql
	case "OP_ANY", "OP_ALL":
		return w.side(e.Lexpr) + " " + cmp.Or(likes[name], name) + " " + strings.TrimPrefix(kind, "OP_") + "(" + w.expression(e.Rexpr) + ")"
	case "DISTINCT":
		return w.operand(e.Lexpr) + " IS DISTINCT FROM " + w.operand(e.Rexpr)
	case "NOT_DISTINCT":
		return w.side(e.Lexpr) + " IS NOT DISTINCT FROM " + w.side(e.Rexpr)
	case "NULLIF":
		return "NULLIF(" + w.expression(e.Lexpr) + ", " + w.expression(e.Rexpr) + ")"
	case "IN":
		return w.side(e.Lexpr) + " " + not + "IN (" + w.list(e.Rexpr.GetList().GetItems()) + ")"
	case "LIKE", "ILIKE":
		return w.side(e.Lexpr) + " " + not + kind + " " + w.side(e.Rexpr)
	case "SIMILAR":
		args := e.Rexpr.GetFuncCall().GetArgs() // of similar_to_escape
		sql := w.side(e.Lexpr) + " " + not + "SIMILAR TO " + w.side(args[0])
		if len(args) > 1 {
			sql += " ESCAPE " + w.side(args[1])
		}
		return sql
	case "BETWEEN", "NOT_BETWEEN", "BETWEEN_SYM", "NOT_BETWEEN_SYM":
		items := e.Rexpr.GetList().GetItems()
		return w.side(e.Lexpr) + " " + name + " " + w.side(items[0]) + " AND " + w.side(items[1])
	}
	return w.unknown()
}

// likes are the words for operators in front of ANY and ALL.
var likes = map[string]string{"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE"}

func (w writer) boolean(n *node) string {
	var parts []string
	for _, arg := range n.GetBoolExpr().Args {
		sql := w.expression(arg)
		if inner := arg.GetBoolExpr(); inner != nil && inner.Boolop.String() != "NOT_EXPR" {
			sql = "(" + sql + ")"
		}
		parts = append(parts, sql)
	}
	switch n.GetBoolExpr().Boolop.String() {
	case "AND_EXPR":
		return strings.Join(parts, " AND ")
	case "OR_EXPR":
		return strings.Join(parts, " OR ")
	}
	return "NOT " + parts[0]
}

func (w writer) cases(n *node) string {
	c := n.GetCaseExpr()
	words := []string{"CASE"}
	if c.Arg != nil {
		words = append(words, w.expression(c.Arg))
	}
	for _, when := range c.Args {
		words = append(words, "WHEN "+w.expression(when.GetCaseWhen().Expr)+" THEN "+w.expression(when.GetCaseWhen().Result))
	}
	if c.Defresult != nil {
		words = append(words, "ELSE "+w.expression(c.Defresult))
	}
	return strings.Join(append(words, "END"), " ")
}

// call writes a function with its arguments; standard SQL has words between
// those of some (func_expr_common_subexpr in gram.y).
func (w writer) call(n *node) string {
	f := n.GetFuncCall()
	var args []string
	for _, arg := range f.Args {
		args = append(args, w.expression(arg))
	}
	syntax := sqlSyntax(n)
	switch {
	case syntax == "timezone" && len(args) == 2:
		zone, time := w.operand(f.Args[0]), w.operand(f.Args[1])
		if sqlSyntax(f.Args[0]) == "timezone" {
			zone = "(" + zone + ")"
		}
		return time + " AT TIME ZONE " + zone
	case syntax == "extract" && len(args) == 2:
		return "extract (" + args[0] + " FROM " + args[1] + ")"
	case syntax == "substring" && len(args) == 2:
		return "SUBSTRING(" + args[0] + " FROM " + args[1] + ")"
	case syntax == "substring" && len(args) == 3:
		return "SUBSTRING(" + args[0] + " FROM " + args[1] + " FOR " + args[2] + ")"
	case syntax == "position" && len(args) == 2:
		return "POSITION(" + w.operand(f.Args[1]) + " IN " + w.operand(f.Args[0]) + ")"
	case syntax == "overlay" && len(args) == 3:
		return "overlay(" + args[0] + " placing " + args[1] + " from " + args[2] + ")"
	case syntax == "overlay" && len(args) == 4:
		return "OVERLAY(" + args[0] + " PLACING " + args[1] + " FROM " + args[2] + " FOR " + args[3] + ")"
	case trims[syntax] != "" && len(args) == 2:
		return "TRIM (" + trims[syntax] + " " + args[1] + " FROM " + args[0] + ")"
	case trims[syntax] != "" && len(args) == 1: // two blanks, as PostgreSQL's deparser has written it into locks
		return "TRIM (" + trims[syntax] + "  FROM " + args[0] + ")"
	case syntax == "normalize" && len(args) == 1:
		return "normalize (" + args[0] + ")"
	case syntax == "normalize" && len(args) == 2:
		return "normalize (" + args[0] + ", " + f.Args[1].GetAConst().GetSval().GetSval() + ")"
	case syntax == "is_normalized" && len(args) == 1:
		return w.operand(f.Args[0]) + " IS NORMALIZED"
	case syntax == "is_normalized" && len(args) == 2:
		return w.operand(f.Args[0]) + " IS " + f.Args[1].GetAConst().GetSval().GetSval() + " NORMALIZED"
	case syntax == "overlaps" && len(args) == 4:
		return "(" + args[0] + ", " + args[1] + ") overlaps (" + args[2] + ", " + args[3] + ")"
	case syntax == "pg_collation_for" && len(args) == 1:
		return "collation for (" + args[0] + ")"
	case syntax != "":
		return w.unknown()
	}
	name := w.names(f.Funcname)
	if f.AggStar {
		return name + "(*)"
	}
	return name + "(" + map[bool]string{true: "DISTINCT "}[f.AggDistinct] + strings.Join(args, ", ") + ")"
}

var trims = map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}

// castTypes are the names that the grammar gives to the standard's type words,
// as they are written in a cast, behind which a precision comes.
var castTypes = map[string]string{
	"bpchar": "char", "varchar": "varchar", "numeric": "numeric", "bool": "boolean", "int2": "smallint", "int4": "int", "int8": "bigint",
	"float4": "real", "float8": "double precision", "time": "time", "timetz": "time", "timestamp": "timestamp", "timestamptz": "timestamp",
	"interval": "interval", "json": "json",
}

// typeName writes a type of a cast. The two grammars have one name each for
// JSON.
func (w writer) typeName(t *typeName) string {
	if t.Setof || t.PctType {
		return w.unknown()
	}
	last := nameOf(t.Names[len(t.Names)-1])
	name, zone := w.names(t.Names), ""
	switch {
	case len(t.Names) == 1 && last == "json":
		name = last
	case len(t.Names) == 2 && nameOf(t.Names[0]) == "pg_catalog" && castTypes[last] != "" && (last != "bpchar" || len(t.Typmods) > 0):
		name = castTypes[last]
		if last == "timetz" || last == "timestamptz" {
			zone = " with time zone"
		}
	}
	switch {
	case name == "interval" && len(t.Typmods) > 0:
		name += w.intervalFields(t.Typmods)
	case len(t.Typmods) > 0 && zone != "":
		name += " (" + w.list(t.Typmods) + ")"
	case len(t.Typmods) > 0:
		name += "(" + w.list(t.Typmods) + ")"
	}
	name += zone
	for _, bound := range t.ArrayBounds {
		if n := bound.GetInteger().GetIval(); n >= 0 {
			name += fmt.Sprintf("[%d]", n)
		} else {
			name += "[]"
		}
	}
	return name
}

// intervals are the fields of an interval, by the bits that the grammar gives
// for them (INTERVAL_MASK in timestamp.h).
var intervals = map[int32]string{
	1 << 2: " year", 1 << 1: " month", 1 << 3: " day", 1 << 10: " hour", 1 << 11: " minute", 1 << 12: " second",
	1<<2 | 1<<1: " year to month", 1<<3 | 1<<10: " day to hour", 1<<3 | 1<<10 | 1<<11: " day to minute",
	1<<3 | 1<<10 | 1<<11 | 1<<12: " day to second", 1<<10 | 1<<11: " hour to minute", 1<<10 | 1<<11 | 1<<12: " hour to second",
	1<<11 | 1<<12: " minute to second", 0x7fff: "",
}

func (w writer) intervalFields(modifiers []*node) string {
	fields, known := intervals[modifiers[0].GetAConst().GetIval().GetIval()]
	if !known {
		return w.unknown()
	}
	if len(modifiers) > 1 {
		fields += fmt.Sprintf("(%d)", modifiers[1].GetAConst().GetIval().GetIval())
	}
	return fields
}

// sublink writes a subquery.
func (w writer) sublink(n *node) string {
	s := n.GetSubLink()
	query := "(" + w.query(s.Subselect) + ")"
	switch strings.TrimSuffix(s.SubLinkType.String(), "_SUBLINK") {
	case "EXISTS":
		return "EXISTS " + query
	case "ARRAY":
		return "ARRAY" + query
	case "EXPR":
		return query
	case "ANY":
		if len(s.OperName) == 0 {
			return w.side(s.Testexpr) + " IN " + query
		}
		return w.side(s.Testexpr) + " " + cmp.Or(likes[nameOf(s.OperName[0])], nameOf(s.OperName[0])) + " ANY " + query
	case "ALL":
		return w.side(s.Testexpr) + " " + cmp.Or(likes[nameOf(s.OperName[0])], nameOf(s.OperName[0])) + " ALL " + query
	}
	return w.unknown()
}

// query writes a SELECT of the clauses that backfill.checkSelect lets pass.
func (w writer) query(n *node) string {
	s := n.GetSelectStmt()
	distinct := ""
	if len(s.DistinctClause) > 0 {
		distinct = "DISTINCT "
		if on := s.DistinctClause; on[0].GetNode() != nil {
			distinct += "ON (" + w.list(on) + ") "
		}
	}
	var targets, tables, sorts []string
	for _, t := range s.TargetList {
		sql := w.expression(t.GetResTarget().Val)
		if t.GetResTarget().Name != "" {
			sql += " AS " + quoteType(w.dialect, t.GetResTarget().Name)
		}
		targets = append(targets, sql)
	}
	for _, t := range s.FromClause {
		tables = append(tables, w.table(t))
	}
	for _, sort := range s.SortClause {
		by := sort.GetSortBy()
		sorts = append(sorts, w.expression(by.Node)+
			map[string]string{"SORTBY_ASC": " ASC", "SORTBY_DESC": " DESC"}[by.SortbyDir.String()]+
			map[string]string{"SORTBY_NULLS_FIRST": " NULLS FIRST", "SORTBY_NULLS_LAST": " NULLS LAST"}[by.SortbyNulls.String()])
	}
	words := []string{"SELECT " + distinct + strings.Join(targets, ", ")}
	clause := func(word, sql string) {
		if sql != "" {
			words = append(words, word+" "+sql)
		}
	}
	optional := func(n *node) string {
		if n == nil {
			return ""
		}
		return w.expression(n)
	}
	clause("FROM", strings.Join(tables, ", "))
	clause("WHERE", optional(s.WhereClause))
	clause("GROUP BY", w.list(s.GroupClause))
	clause("HAVING", optional(s.HavingClause))
	clause("ORDER BY", strings.Join(sorts, ", "))
	clause("LIMIT", optional(s.LimitCount))
	clause("OFFSET", optional(s.LimitOffset))
	return strings.Join(words, " ")
}

// table writes what stands in FROM.
func (w writer) table(n *node) string {
	switch join := n.GetJoinExpr(); {
	case n.GetRangeVar() != nil:
		r := n.GetRangeVar()
		var names []string
		for _, name := range []string{r.Catalogname, r.Schemaname, r.Relname} {
			if name != "" {
				names = append(names, quoteType(w.dialect, name))
			}
		}
		sql := map[bool]string{false: "ONLY "}[r.Inh] + strings.Join(names, ".")
		if r.Alias != nil {
			sql += " " + quoteType(w.dialect, r.Alias.Aliasname)
		}
		return sql
	case join != nil:
		right := w.table(join.Rarg)
		if join.Rarg.GetJoinExpr() != nil {
			right = "(" + right + ")"
		}
		kind := map[string]string{"JOIN_LEFT": "LEFT ", "JOIN_FULL": "FULL ", "JOIN_RIGHT": "RIGHT "}[join.Jointype.String()]
		switch {
		case join.IsNatural:
			kind = "NATURAL " + kind
		case join.Quals == nil && len(join.UsingClause) == 0:
			kind = "CROSS " + kind
		}
		sql := w.table(join.Larg) + " " + kind + "JOIN " + right
		if join.Quals != nil {
			sql += " ON " + w.expression(join.Quals)
		}
		if len(join.UsingClause) > 0 {
			var names []string
			for _, name := range join.UsingClause {
				names = append(names, quoteType(w.dialect, nameOf(name)))
			}
			sql += " USING (" + strings.Join(names, ", ") + ")"
		}
		return sql
	}
	return w.unknown()
}
