package postgres

import (
	"slices"

	"github.com/adkgen/adkgen/dialects"
)

// ParseBackfill implements dialects.Dialect.
func (d Dialect) ParseBackfill(expression, table string, columns []string) (string, []dialects.Problem) {
	const prefix, suffix = "SELECT (", "\n)"
	return dialects.ParseExpression(tokenize, func(r *dialects.Reader) string {
		if refuseByVersion(r) {
			return ""
		}
		result, err := parse(prefix + expression + suffix)
		if err != nil {
			offset, message := syntaxError(err, prefix, expression)
			r.RefuseSyntax(offset, message)
			return ""
		}
		if len(result.Stmts) != 1 || result.Stmts[0].Stmt.GetSelectStmt() == nil || len(result.Stmts[0].Stmt.GetSelectStmt().TargetList) != 1 {
			r.Refuse(0, dialects.RefuseExpression)
			return ""
		}
		b := backfill{r, len(prefix), table, columns}
		value := result.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val
		b.check(value, int32(len(prefix)), false)
		if len(r.Problems) > 0 {
			return ""
		}
		return reader{r, d}.write(value, int32(len(prefix)))
	}, expression)
}

// backfill reports what adkgen does not take in the expression of a backfill.
type backfill struct {
	*dialects.Reader
	before  int // bytes of the statement before the expression
	table   string
	columns []string
}

func (b backfill) refuse(location int32, why dialects.Refusal) {
	b.Refuse(int(location)-b.before, why)
}

// check looks at an expression and its parts. inside a subquery, names can be
// those of its own tables. location is the last one that was seen.
func (b backfill) check(expr *node, location int32, inside bool) {
	all := func(parts ...*node) {
		for _, part := range parts {
			if part != nil {
				b.check(part, location, inside)
			}
		}
	}
	switch {
	case expr.GetAConst() != nil || expr.GetSqlvalueFunction() != nil:
	case expr.GetColumnRef() != nil:
		b.checkColumn(expr, inside)
	case expr.GetTypeCast() != nil:
		all(expr.GetTypeCast().Arg)
	case expr.GetAExpr() != nil:
		all(expr.GetAExpr().Lexpr, expr.GetAExpr().Rexpr)
	case expr.GetBoolExpr() != nil:
		all(expr.GetBoolExpr().Args...)
	case expr.GetNullTest() != nil:
		all(expr.GetNullTest().Arg)
	case expr.GetBooleanTest() != nil:
		all(expr.GetBooleanTest().Arg)
	case expr.GetCoalesceExpr() != nil:
		all(expr.GetCoalesceExpr().Args...)
	case expr.GetMinMaxExpr() != nil:
		all(expr.GetMinMaxExpr().Args...)
	case expr.GetCollateClause() != nil:
		all(expr.GetCollateClause().Arg)
	case expr.GetList() != nil:
		all(expr.GetList().Items...)
	case expr.GetCaseExpr() != nil:
		all(expr.GetCaseExpr().Arg, expr.GetCaseExpr().Defresult)
		all(expr.GetCaseExpr().Args...)
	case expr.GetCaseWhen() != nil:
		all(expr.GetCaseWhen().Expr, expr.GetCaseWhen().Result)
	case expr.GetFuncCall() != nil:
		f := expr.GetFuncCall()
		name := f.Funcname[len(f.Funcname)-1].GetString_().GetSval()
		if f.Over != nil || !inside && (f.AggStar || dialects.IsAggregate(name)) {
			b.refuse(f.Location, dialects.RefuseAggregate)
		}
		all(f.Args...)
	case expr.GetSubLink() != nil:
		all(expr.GetSubLink().Testexpr)
		b.checkSelect(expr.GetSubLink().Subselect, expr.GetSubLink().Location)
	default:
		b.refuse(location, dialects.RefuseExpression)
	}
}

// checkSelect looks at a subquery: of its clauses it can have SELECT, FROM,
// WHERE, GROUP BY, ORDER BY and LIMIT.
func (b backfill) checkSelect(n *node, location int32) {
	s := n.GetSelectStmt()
	if s == nil || s.IntoClause != nil || s.WithClause != nil || s.Larg != nil || len(s.ValuesLists)+len(s.LockingClause)+len(s.WindowClause) > 0 {
		b.refuse(location, dialects.RefuseExpression)
		return
	}
	for _, target := range s.TargetList {
		b.check(target.GetResTarget().Val, location, true)
	}
	for _, from := range s.FromClause {
		b.checkFrom(from, location)
	}
	for _, sort := range s.SortClause {
		b.check(sort.GetSortBy().Node, location, true)
	}
	for _, part := range append(slices.Clone(s.GroupClause), s.WhereClause, s.HavingClause, s.LimitCount, s.LimitOffset) {
		if part != nil {
			b.check(part, location, true)
		}
	}
}

func (b backfill) checkFrom(n *node, location int32) {
	join := n.GetJoinExpr()
	switch {
	case n.GetRangeVar() != nil:
	case join != nil:
		b.checkFrom(join.Larg, location)
		b.checkFrom(join.Rarg, location)
		if join.Quals != nil {
			b.check(join.Quals, location, true)
		}
	default:
		b.refuse(location, dialects.RefuseExpression)
	}
}

// checkColumn looks a name up outside of a subquery.
func (b backfill) checkColumn(expr *node, inside bool) {
	fields := expr.GetColumnRef().Fields
	last := fields[len(fields)-1].GetString_()
	if last == nil { // a star
		b.refuse(expr.GetColumnRef().Location, dialects.RefuseExpression)
		return
	}
	if name := last.GetSval(); !inside && len(fields) > 1 && fields[len(fields)-2].GetString_().GetSval() != b.table {
		b.refuse(expr.GetColumnRef().Location, dialects.RefuseQualifier(b.table))
	} else if !inside && !slices.Contains(b.columns, name) {
		b.refuse(expr.GetColumnRef().Location, dialects.RefuseUnknownColumn(name, b.columns))
	}
}
