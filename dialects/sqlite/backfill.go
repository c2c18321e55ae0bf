package sqlite

import (
	"errors"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

// ParseBackfill implements dialects.Dialect.
func (d Dialect) ParseBackfill(expression string, sessions dialects.Sessions) (dialects.Backfill, []dialects.Problem) {
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
		b := backfill{r, d, sessions.Table, map[ast.Expr]string{}, map[ast.Expr]string{}}
		b.check(expr, dialects.NewScope(d, r, sessions))
		if len(r.Problems) > 0 {
			return ""
		}
		return write(expr)
	}, expression)
}

// backfill reports what adkgen does not take in the expression of a backfill,
// and writes the sessions table before its columns.
type backfill struct {
	*dialects.Reader
	dialect Dialect
	table   string
	keys    map[ast.Expr]string // columns of KindKey that were seen
	theirs  map[ast.Expr]string // columns of other tables that were seen, as SQL
}

// check looks at an expression and its parts.
func (b backfill) check(expr ast.Node, scope *dialects.Scope) {
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SubqueryExpr:
			inner := scope.Inner()
			if own := b.checkSelect(n.Select, inner); len(b.Problems) == 0 {
				b.takeOne(n, own, scope.Keys()[2])
			}
			return false
		case *ast.ExistsExpr:
			b.checkSelect(n.Select, scope.Inner())
			return false
		case *ast.InExpr:
			b.check(n.X, scope)
			for _, item := range n.List {
				b.check(item, scope)
				b.checkComparison(n.X, item, scope)
			}
			if n.Select != nil {
				b.checkSelect(n.Select, scope.Inner())
			}
			if n.Table != nil {
				b.Refuse(n.Table.Pos(), dialects.RefuseFrom)
			}
			return false
		case *ast.QualifiedRef:
			b.checkColumn(n, scope)
			return false
		case *ast.Ident:
			if word := strings.ToUpper(n.Raw); word != "TRUE" && word != "FALSE" {
				b.checkName(n, scope)
			} else if scope.Inside() { // "boolean keywords are names of columns first": Keywords, 2
				b.Refuse(n.Pos(), dialects.Refusal{Message: word + " can be the name of a column", Hint: "write 1 for TRUE, and 0 for FALSE"})
			}
		case *ast.FuncCall:
			b.checkCall(n, scope)
			return false
		case *ast.LikeExpr:
			for _, part := range n.Children() {
				if part != ast.Node(n.Op) { // the operator is an Ident as well
					b.check(part, scope)
				}
			}
			return false
		case *ast.CollateExpr:
			b.check(n.X, scope)
			return false // the collation is an Ident as well
		case *ast.CastExpr:
			b.check(n.X, scope)
			return false
		case *ast.BinaryExpr:
			b.check(n.X, scope)
			b.check(n.Y, scope)
			if n.Op == ast.OpEq || n.Op == ast.OpNe {
				b.checkComparison(n.X, n.Y, scope)
			}
			return false
		case *ast.IsExpr:
			b.check(n.X, scope)
			b.check(n.Y, scope)
			b.checkComparison(n.X, n.Y, scope)
			return false
		case *ast.BindParam, *ast.RaiseExpr:
			b.Refuse(n.Pos(), dialects.RefuseExpression)
		}
		return true
	})
}

// checkName looks up a name without a table, and writes the table before it.
func (b backfill) checkName(n *ast.Ident, scope *dialects.Scope) {
	if _, ours := scope.CheckColumn(n.Pos(), n.Name); ours {
		n.Raw = b.dialect.Quote(b.table) + "." + n.Raw
	}
}

// checkColumn looks up a name with its table.
func (b backfill) checkColumn(n *ast.QualifiedRef, scope *dialects.Scope) {
	var parts []string
	for _, p := range n.Parts {
		parts = append(parts, p.Name)
	}
	switch name, ours := scope.CheckColumn(n.Pos(), parts...); {
	case ours && scope.IsKey(name):
		b.keys[n] = name
	case !ours:
		b.theirs[n] = ast.String(n)
	}
}

// checkCall looks at a call of a function.
func (b backfill) checkCall(n *ast.FuncCall, scope *dialects.Scope) {
	arguments := func() {
		for _, arg := range n.Args {
			b.check(arg, scope)
		}
	}
	switch {
	case n.Over != nil:
		b.Refuse(n.Pos(), dialects.RefuseAggregate)
	case isAggregate(n):
		scope.CheckAggregate(n.Pos(), arguments)
	default:
		arguments()
	}
	for _, term := range n.OrderBy {
		b.check(term, scope)
	}
	b.check(n.Filter, scope)
}

// isAggregate tells an aggregate from a function: max and min of several values
// are none.
func isAggregate(n *ast.FuncCall) bool {
	scalar := len(n.Args) > 1 && (strings.EqualFold(n.Name.Name, "max") || strings.EqualFold(n.Name.Name, "min"))
	return n.Star || dialects.IsAggregate(n.Name.Name) && !scalar
}

// checkSelect looks at a subquery: of its clauses it can have SELECT, FROM,
// WHERE, GROUP BY, HAVING, ORDER BY and LIMIT. It reports whether what it
// selects are columns of its own tables, or none.
func (b backfill) checkSelect(s *ast.SelectStmt, scope *dialects.Scope) (own bool) {
	q, ok := s.Cores[0].(*ast.SelectQuery)
	switch {
	case s.With != nil || len(s.Cores) > 1:
		b.Refuse(s.Pos(), dialects.RefuseFrom)
		return false
	case !ok || len(q.Windows) > 0:
		b.Refuse(s.Pos(), dialects.RefuseExpression)
		return false
	}
	before := len(b.Problems)
	for _, t := range q.From {
		switch {
		case t.Name == nil || t.HasArgs || len(t.Using) > 0 || t.Join != nil && t.Join.Type&ast.JoinNatural != 0:
			b.Refuse(t.Pos(), dialects.RefuseFrom)
		case t.Alias != nil:
			scope.AddTable(t.Name.Pos(), t.Name.Name.Name, t.Alias.Name)
		default:
			scope.AddTable(t.Name.Pos(), t.Name.Name.Name, "")
		}
	}
	if len(b.Problems) > before {
		return false // names would be refused besides
	}
	for _, t := range q.From {
		b.check(t.On, scope)
	}
	own = scope.UsesOwn(func() {
		for _, c := range q.Columns {
			if star, ok := c.Expr.(*ast.Star); ok {
				b.Refuse(star.Pos(), dialects.RefuseStar)
				continue
			}
			b.check(c.Expr, scope)
		}
	})
	b.check(q.Where, scope)
	for _, term := range q.GroupBy {
		b.check(term, scope)
	}
	b.check(q.Having, scope)
	for _, term := range q.OrderBy {
		b.check(term.Expr, scope)
	}
	if q.Limit != nil {
		b.check(q.Limit.Count, scope)
		b.check(q.Limit.Offset, scope)
	}
	return own
}

// takeOne makes a subquery fail that finds several rows where one value is
// wanted, as it does in the other databases: SQLite takes the first (SQL
// Expressions, 11). Its JSON functions are the way to an error: they name the
// path that they cannot read.
func (b backfill) takeOne(s *ast.SubqueryExpr, own bool, id string) {
	q := s.Select.Cores[0].(*ast.SelectQuery)
	limit := q.Limit != nil && ast.String(q.Limit.Count) == "1"
	aggregate := false
	for _, c := range q.Columns {
		ast.Walk(c.Expr, func(n ast.Node) bool {
			call, ok := n.(*ast.FuncCall)
			aggregate = aggregate || ok && isAggregate(call)
			_, sub := n.(*ast.SubqueryExpr)
			_, exists := n.(*ast.ExistsExpr)
			_, in := n.(*ast.InExpr)
			return !sub && !exists && !in
		})
	}
	switch {
	case len(q.From) == 0 || limit || aggregate && len(q.GroupBy) == 0 || len(q.Columns) != 1:
	case !own || q.Distinct == ast.DistinctDistinct || aggregate || len(q.GroupBy) > 0 || q.Having != nil || len(q.OrderBy) > 0 || q.Limit != nil:
		b.Refuse(s.Pos(), dialects.Refusal{Message: "this subquery can find several rows, and SQLite takes the first without a word", Hint: "end it with LIMIT 1, and say with ORDER BY which row is meant"})
	default:
		value, err := parser.ParseExpr("CASE WHEN count(*) > 1 THEN json_extract('{}', 'several owners of session ' || " + b.dialect.Quote(b.table) + "." + b.dialect.Quote(id) + ") ELSE max(1) END")
		if err != nil {
			panic(err) // it parses
		}
		value.(*ast.CaseExpr).Else.(*ast.FuncCall).Args[0] = q.Columns[0].Expr
		q.Columns[0].Expr, q.Columns[0].Alias = value, nil
	}
}

// checkComparison warns when a column of the user's is the left operand of a
// comparison with a key: its collation is then the comparison's (Datatypes In
// SQLite, 7.1).
func (b backfill) checkComparison(left, right ast.Expr, scope *dialects.Scope) {
	theirs, key := b.theirs[plain(left)], b.keys[plain(right)]
	if theirs != "" && key != "" {
		scope.WarnComparison(left.Pos(), "this has the collation of "+theirs+": with COLLATE NOCASE, 'alice' and 'ALICE' are one user", theirs, key)
	}
}

// plain takes parentheses away.
func plain(e ast.Expr) ast.Expr {
	for {
		p, ok := e.(*ast.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}
