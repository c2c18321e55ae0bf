package postgres

import (
	"slices"

	"github.com/adkgen/adkgen/dialects"
)

// ParseBackfill implements dialects.Dialect.
func (d Dialect) ParseBackfill(expression string, sessions dialects.Sessions) (dialects.Backfill, []dialects.Problem) {
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
		b := backfill{r, len(prefix), nameNode(sessions.Table), map[*node]string{}}
		value := result.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val
		b.check(value, int32(len(prefix)), dialects.NewScope(d, r, sessions))
		if len(r.Problems) > 0 {
			return ""
		}
		return reader{r, d}.write(value, int32(len(prefix)))
	}, expression)
}

// backfill reports what adkgen does not take in the expression of a backfill,
// and writes the sessions table before its columns.
type backfill struct {
	*dialects.Reader
	before int              // bytes of the statement before the expression
	table  *node            // the sessions table, as the first part of a name
	keys   map[*node]string // columns of KindKey that were seen
}

// nameNode gives a name as a part of a column's: a tree that was parsed has all
// its fields set as the deparser wants them.
func nameNode(name string) *node {
	statement, err := parse("SELECT " + dialects.QuoteWith(`"`, name) + ".x")
	if err != nil {
		panic(err) // it parses
	}
	return statement.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val.GetColumnRef().Fields[0]
}

func (b backfill) refuse(location int32, why dialects.Refusal) {
	b.Refuse(max(0, int(location)-b.before), why)
}

// check looks at an expression and its parts. location is the last one that was
// seen.
func (b backfill) check(expr *node, location int32, scope *dialects.Scope) {
	all := func(parts ...*node) {
		for _, part := range parts {
			if part != nil {
				b.check(part, location, scope)
			}
		}
	}
	switch {
	case expr.GetAConst() != nil || expr.GetSqlvalueFunction() != nil:
	case expr.GetColumnRef() != nil:
		b.checkColumn(expr, scope)
	case expr.GetTypeCast() != nil:
		all(expr.GetTypeCast().Arg)
	case expr.GetAExpr() != nil:
		all(expr.GetAExpr().Lexpr, expr.GetAExpr().Rexpr)
		b.checkComparison(expr, scope)
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
	case expr.GetSortBy() != nil:
		all(expr.GetSortBy().Node)
	case expr.GetFuncCall() != nil:
		f := expr.GetFuncCall()
		name := f.Funcname[len(f.Funcname)-1].GetString_().GetSval()
		arguments := func() { all(f.Args...) }
		switch {
		case f.Over != nil:
			b.refuse(f.Location, dialects.RefuseAggregate)
		case f.AggStar || dialects.IsAggregate(name):
			scope.CheckAggregate(int(f.Location)-b.before, arguments)
		default:
			arguments()
		}
		all(f.AggOrder...)
		all(f.AggFilter)
	case expr.GetSubLink() != nil:
		all(expr.GetSubLink().Testexpr)
		b.checkSelect(expr.GetSubLink().Subselect, expr.GetSubLink().Location, scope.Inner())
	default:
		b.refuse(location, dialects.RefuseExpression)
	}
}

// checkSelect looks at a subquery: of its clauses it can have SELECT, FROM,
// WHERE, GROUP BY, HAVING, ORDER BY and LIMIT.
func (b backfill) checkSelect(n *node, location int32, scope *dialects.Scope) {
	s := n.GetSelectStmt()
	switch {
	case s != nil && (s.WithClause != nil || s.Larg != nil):
		b.refuse(location, dialects.RefuseFrom)
		return
	case s == nil || s.IntoClause != nil || len(s.ValuesLists)+len(s.LockingClause)+len(s.WindowClause) > 0:
		b.refuse(location, dialects.RefuseExpression)
		return
	}
	before := len(b.Problems)
	for _, from := range s.FromClause {
		b.addFrom(from, location, scope)
	}
	if len(b.Problems) > before {
		return // names would be refused besides
	}
	for _, from := range s.FromClause {
		b.checkOn(from, location, scope)
	}
	for _, target := range s.TargetList {
		b.check(target.GetResTarget().Val, location, scope)
	}
	parts := slices.Concat(s.DistinctClause, s.GroupClause, s.SortClause, []*node{s.WhereClause, s.HavingClause, s.LimitCount, s.LimitOffset})
	for _, part := range parts {
		if part != nil && part.Node != nil { // DISTINCT alone is an empty node
			b.check(part, location, scope)
		}
	}
}

// addFrom reads the tables in FROM.
func (b backfill) addFrom(n *node, location int32, scope *dialects.Scope) {
	table, join := n.GetRangeVar(), n.GetJoinExpr()
	switch {
	case table != nil && table.Inh && len(table.Alias.GetColnames()) == 0:
		scope.AddTable(int(table.Location)-b.before, table.Relname, table.Alias.GetAliasname())
	case join != nil && !join.IsNatural && len(join.UsingClause) == 0 && join.Alias == nil && join.JoinUsingAlias == nil:
		b.addFrom(join.Larg, location, scope)
		b.addFrom(join.Rarg, location, scope)
	default:
		b.refuse(location, dialects.RefuseFrom)
	}
}

// checkOn looks at the conditions of joins.
func (b backfill) checkOn(n *node, location int32, scope *dialects.Scope) {
	if join := n.GetJoinExpr(); join != nil {
		b.checkOn(join.Larg, location, scope)
		b.checkOn(join.Rarg, location, scope)
		if join.Quals != nil {
			b.check(join.Quals, location, scope)
		}
	}
}

// checkColumn looks a name up, and writes the table before a column of the
// sessions.
func (b backfill) checkColumn(expr *node, scope *dialects.Scope) {
	ref := expr.GetColumnRef()
	var parts []string
	for _, f := range ref.Fields {
		if f.GetString_() == nil {
			b.refuse(ref.Location, dialects.RefuseStar)
			return
		}
		parts = append(parts, f.GetString_().GetSval())
	}
	name, ours := scope.CheckColumn(int(ref.Location)-b.before, parts...)
	if !ours {
		return
	}
	if len(parts) == 1 {
		ref.Fields = []*node{b.table, ref.Fields[0]}
	}
	if scope.IsKey(name) {
		b.keys[expr] = name
	}
}

// checkComparison warns when a column of the user's is compared with a key: the
// comparison has the key's collation, and the other column's index does not
// (23.2.1 Collation Support, Concepts: a non-default collation wins).
func (b backfill) checkComparison(expr *node, scope *dialects.Scope) {
	e := expr.GetAExpr()
	if !comparisons[e.Name[len(e.Name)-1].GetString_().GetSval()] {
		return
	}
	left, right := []*node{e.Lexpr}, []*node{e.Rexpr}
	if list := e.Rexpr.GetList(); list != nil {
		right = list.Items
	}
	for _, pair := range [][2][]*node{{left, right}, {right, left}} {
		for _, theirs := range pair[0] {
			for _, ours := range pair[1] {
				if key := b.keys[ours]; key != "" && b.isTheirs(theirs) {
					ref := theirs.GetColumnRef()
					column := dialects.Qualified(Dialect{}.Quote, ref.Fields[0].GetString_().GetSval(), ref.Fields[1].GetString_().GetSval())
					scope.WarnComparison(int(ref.Location)-b.before, "the collation of "+key+" is \"C\": this reads all of "+column+", unless its index has that collation, too", column, key)
				}
			}
		}
	}
}

// isTheirs reports whether an expression is a column of another table alone.
func (b backfill) isTheirs(expr *node) bool {
	fields := expr.GetColumnRef().GetFields()
	return len(fields) == 2 && fields[0].GetString_().GetSval() != b.table.GetString_().GetSval()
}
