package mysql

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// ParseBackfill implements dialects.Dialect.
func (d Dialect) ParseBackfill(expression string, sessions dialects.Sessions) (dialects.Backfill, []dialects.Problem) {
	const prefix, suffix = "SELECT (", "\n) FROM dual"
	return dialects.ParseExpression(tokenize, func(r *dialects.Reader) string {
		statement, err := newParser().Parse(prefix + expression + suffix)
		if err != nil {
			offset, message := syntaxError(err, prefix)
			r.RefuseSyntax(offset, message)
			return ""
		}
		query, ok := statement.(*sqlparser.Select)
		if !ok || len(query.GetColumns()) != 1 || query.Where != nil {
			r.Refuse(0, dialects.RefuseExpression)
			return ""
		}
		value, ok := query.GetColumns()[0].(*sqlparser.AliasedExpr)
		if !ok || !value.As.IsEmpty() {
			r.Refuse(0, dialects.RefuseExpression)
			return ""
		}
		b := backfill{r, d, sessions.Table, map[string]int{}, map[string]int{}, map[[2]string]bool{}}
		b.check(value.Expr, dialects.NewScope(d, r, sessions))
		if len(r.Problems) > 0 {
			return ""
		}
		sql := d.write(value.Expr)
		again, err := newParser().ParseExpr(sql) // what is written has to mean what was read
		if err != nil || !sqlparser.Equals.Expr(again, value.Expr) {
			r.Refuse(0, dialects.RefuseExpression)
		}
		return sql
	}, expression)
}

// backfill reports what adkgen does not take in the expression of a backfill,
// and writes the sessions table before its columns.
type backfill struct {
	*dialects.Reader
	dialect Dialect
	table   string
	seen    map[string]int     // where the next token with a text is looked for
	warned  map[string]int     // the same, for warnings
	indexed map[[2]string]bool // columns of other tables and keys that are compared with a collation
}

// check looks at an expression and its parts.
func (b backfill) check(expr sqlparser.SQLNode, scope *dialects.Scope) {
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch n := n.(type) {
		case *sqlparser.Subquery:
			b.checkSelect(n.Select, scope.Inner())
			return false, nil
		case *sqlparser.ColName:
			b.checkColumn(n, scope)
			return false, nil
		case *sqlparser.FuncExpr:
			b.checkFunction(n.Name.String(), scope)
		case *sqlparser.RegexpLikeExpr:
			b.checkFunction("REGEXP_LIKE", scope)
		case *sqlparser.OverClause:
			b.Refuse(0, dialects.RefuseAggregate)
		case sqlparser.AggrFunc:
			scope.CheckAggregate(b.at(scope, n.AggrName()), func() {
				for _, arg := range n.GetArgs() {
					b.check(arg, scope)
				}
			})
			if list, ok := n.(*sqlparser.GroupConcatExpr); ok {
				b.check(list.OrderBy, scope)
			}
			if window, ok := n.(sqlparser.WindowFunc); ok && window.GetOverClause() != nil {
				b.Refuse(b.at(scope, n.AggrName()), dialects.RefuseAggregate)
			}
			return false, nil
		case *sqlparser.ComparisonExpr:
			b.checkComparison(n, scope)
		case *sqlparser.StarExpr:
			words := []string{"*"}
			if !n.TableName.IsEmpty() {
				words = []string{n.TableName.Name.String(), "*"}
			}
			b.Refuse(b.at(scope, words...), dialects.RefuseStar)
		case *sqlparser.Argument, *sqlparser.Variable, *sqlparser.AssignmentExpr, *sqlparser.Nextval, *sqlparser.Default, *sqlparser.ValuesFuncExpr:
			b.Refuse(0, dialects.RefuseExpression)
		}
		return true, nil
	}, expr)
}

// checkFunction refuses a function that the flavour does not have.
func (b backfill) checkFunction(name string, scope *dialects.Scope) {
	if instead := b.dialect.flavour.lacks[strings.ToUpper(name)]; instead != "" {
		b.Refuse(b.at(scope, name), dialects.Refusal{Message: b.dialect.flavour.title + " has no function " + name, Hint: "write " + instead})
	}
}

// checkSelect looks at a subquery: of its clauses it can have SELECT, FROM,
// WHERE, GROUP BY, HAVING, ORDER BY and LIMIT.
func (b backfill) checkSelect(s sqlparser.SQLNode, scope *dialects.Scope) {
	q, ok := s.(*sqlparser.Select)
	switch {
	case !ok || q.With != nil:
		b.Refuse(b.at(scope, "SELECT"), dialects.RefuseFrom)
		return
	case q.Into != nil || q.Lock != sqlparser.NoLock || len(q.Windows) > 0:
		b.Refuse(b.at(scope, "SELECT"), dialects.RefuseExpression)
		return
	}
	before := len(b.Problems)
	for _, from := range q.From {
		b.addFrom(from, scope)
	}
	if len(b.Problems) > before {
		return // names would be refused besides
	}
	for _, from := range q.From {
		b.findIndexed(from)
		b.checkOn(from, scope)
	}
	for _, part := range []sqlparser.SQLNode{q.Where, q.Having} {
		b.findIndexed(part)
	}
	for _, part := range []sqlparser.SQLNode{q.SelectExprs, q.Where, q.GroupBy, q.Having, q.OrderBy, q.Limit} {
		b.check(part, scope)
	}
}

// addFrom reads the tables in FROM. Without a table it is dual.
func (b backfill) addFrom(n sqlparser.TableExpr, scope *dialects.Scope) {
	switch n := n.(type) {
	case *sqlparser.AliasedTableExpr:
		table, ok := n.Expr.(sqlparser.TableName)
		if !ok || len(n.Columns) > 0 {
			b.Refuse(b.at(scope, "FROM"), dialects.RefuseFrom)
			return
		}
		name, alias := table.Name.String(), n.As.String()
		if name == "dual" && alias == "" {
			return
		}
		words := []string{name}
		if table.Qualifier.NotEmpty() {
			words = []string{table.Qualifier.String(), name}
		}
		at := b.at(scope, words...)
		if alias != "" && !scope.Reads(name) {
			at = b.at(scope, alias)
		}
		scope.AddTable(at, name, alias)
	case *sqlparser.JoinTableExpr:
		b.addFrom(n.LeftExpr, scope)
		b.addFrom(n.RightExpr, scope)
		if n.Join >= sqlparser.NaturalJoinType || n.Condition != nil && len(n.Condition.Using) > 0 {
			b.Refuse(b.at(scope, "JOIN"), dialects.RefuseFrom)
		}
	case *sqlparser.ParenTableExpr:
		for _, part := range n.Exprs {
			b.addFrom(part, scope)
		}
	default:
		b.Refuse(b.at(scope, "FROM"), dialects.RefuseFrom)
	}
}

// checkOn looks at the conditions of joins.
func (b backfill) checkOn(n sqlparser.TableExpr, scope *dialects.Scope) {
	switch n := n.(type) {
	case *sqlparser.JoinTableExpr:
		b.checkOn(n.LeftExpr, scope)
		b.checkOn(n.RightExpr, scope)
		if n.Condition != nil && n.Condition.On != nil {
			b.check(n.Condition.On, scope)
		}
	case *sqlparser.ParenTableExpr:
		for _, part := range n.Exprs {
			b.checkOn(part, scope)
		}
	}
}

// checkColumn looks a name up, and writes the table before a column of the
// sessions.
func (b backfill) checkColumn(n *sqlparser.ColName, scope *dialects.Scope) {
	parts := []string{n.Name.String()}
	if !n.Qualifier.IsEmpty() {
		parts = append([]string{n.Qualifier.Name.String()}, parts...)
		if !n.Qualifier.Qualifier.IsEmpty() {
			parts = append([]string{n.Qualifier.Qualifier.String()}, parts...)
		}
	}
	if _, ours := scope.CheckColumn(b.at(scope, parts...), parts...); ours {
		n.Qualifier = sqlparser.TableName{Name: sqlparser.NewIdentifierCS(b.table)}
	}
}

// at gives the offset of words with dots between them, inside of a subquery or
// outside as the scope is: vitess's tree has no places. It gives each place
// once, and 0 when there is none.
func (b backfill) at(scope *dialects.Scope, words ...string) int {
	return b.next(b.seen, scope, words...)
}

func (b backfill) next(seen map[string]int, scope *dialects.Scope, words ...string) int {
	key := strings.ToLower(strings.Join(words, "."))
	var subqueries []bool // of the parentheses that are open
	inside := b.Tokens[0].Text == "SELECT"
	text := func(i int) string {
		if i < 0 || i >= len(b.Tokens) {
			return ""
		}
		return b.Tokens[i].Text
	}
	for i, t := range b.Tokens {
		switch t.Kind {
		case dialects.TokenOpen:
			subqueries = append(subqueries, text(i+1) == "SELECT" || text(i+1) == "WITH")
		case dialects.TokenClose:
			subqueries = subqueries[:len(subqueries)-1]
		}
		if i < seen[key] || (inside || slices.Contains(subqueries, true)) != scope.Inside() || text(i-1) == "." || text(i+2*len(words)-1) == "." {
			continue
		}
		found := true
		for j, word := range words {
			found = found && strings.EqualFold(strings.Trim(text(i+2*j), "`"), word) && (j == 0 || text(i+2*j-1) == ".")
		}
		if found {
			seen[key] = i + 1
			return t.Offset
		}
	}
	return b.Tokens[0].Offset
}

// findIndexed finds the comparisons of a column of the user's with a key for
// which a collation is said.
func (b backfill) findIndexed(n sqlparser.SQLNode) {
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		e, ok := n.(*sqlparser.ComparisonExpr)
		if !ok {
			return true, nil
		}
		for _, pair := range [][2]sqlparser.Expr{{e.Left, e.Right}, {e.Right, e.Left}} {
			if c, ok := pair[1].(*sqlparser.CollateExpr); ok {
				b.indexed[[2]string{b.dialect.write(pair[0]), b.dialect.write(c.Expr)}] = true
			}
		}
		return true, nil
	}, n)
}

// checkComparison warns when a column of the user's is compared with a key: the
// comparison has the key's collation, and the other column's index does not
// (12.8.4 Collation Coercibility: of two columns, the _bin collation wins).
func (b backfill) checkComparison(e *sqlparser.ComparisonExpr, scope *dialects.Scope) {
	if b.dialect.flavour.textCollation == "" || !scope.Inside() {
		return
	}
	for _, pair := range [][2]sqlparser.Expr{{e.Left, e.Right}, {e.Right, e.Left}} {
		theirs, ok := pair[0].(*sqlparser.ColName)
		ours, also := pair[1].(*sqlparser.ColName)
		if !ok || !also || ours.Qualifier.Name.String() != b.table || theirs.Qualifier.Name.String() == b.table || theirs.Qualifier.IsEmpty() {
			continue
		}
		column, key := b.dialect.write(theirs), strings.ToLower(ours.Name.String())
		if scope.IsKey(key) && !b.indexed[[2]string{column, b.dialect.write(ours)}] {
			scope.WarnComparison(b.next(b.warned, scope, theirs.Qualifier.Name.String(), theirs.Name.String()),
				"the collation of "+key+" is "+b.dialect.flavour.byteCollation+": this reads all of "+column+", unless its index has that collation, too", column, key)
		}
	}
}
