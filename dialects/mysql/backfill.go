package mysql

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// ParseBackfill implements dialects.Dialect.
func (d Dialect) ParseBackfill(expression, table string, columns []string) (string, []dialects.Problem) {
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
		if why, word := d.unknownInBackfill(value.Expr, table, columns, false); why.Message != "" {
			at := 0
			for _, t := range r.Tokens {
				if strings.EqualFold(strings.Trim(t.Text, "`"), word) {
					at = t.Offset
					break
				}
			}
			r.Refuse(at, why)
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

// unknownInBackfill says what adkgen does not take in the expression of a
// backfill, and the word to point at. Inside a subquery, names can be those of
// its own tables.
func (d Dialect) unknownInBackfill(expr sqlparser.SQLNode, table string, columns []string, inside bool) (why dialects.Refusal, word string) {
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch n := n.(type) {
		case *sqlparser.Subquery:
			query, ok := n.Select.(*sqlparser.Select)
			if !ok || query.Into != nil || query.With != nil || query.Lock != sqlparser.NoLock || len(query.Windows) > 0 {
				why, word = dialects.RefuseExpression, "SELECT"
				return false, nil
			}
			for _, part := range []sqlparser.SQLNode{query.SelectExprs, query.Where, query.GroupBy, query.Having, query.OrderBy, query.Limit} {
				if why.Message == "" {
					why, word = d.unknownInBackfill(part, table, columns, true)
				}
			}
			for _, from := range query.From {
				if why.Message == "" {
					why, word = d.unknownInBackfill(from, table, columns, true)
				}
			}
			return false, nil
		case *sqlparser.ColName:
			if name := n.Name.String(); !inside && !n.Qualifier.IsEmpty() && n.Qualifier.Name.String() != table {
				why, word = dialects.RefuseQualifier(table), n.Qualifier.Name.String()
			} else if !inside && !slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, name) }) {
				why, word = dialects.RefuseUnknownColumn(name, columns), name
			}
			return false, nil
		case *sqlparser.FuncExpr:
			if instead := d.flavour.lacks[strings.ToUpper(n.Name.String())]; instead != "" {
				why, word = dialects.Refusal{Message: d.flavour.title + " has no function " + n.Name.String(), Hint: "write " + instead}, n.Name.String()
			}
		case *sqlparser.OverClause:
			why = dialects.RefuseAggregate
		case sqlparser.AggrFunc:
			if !inside {
				why = dialects.RefuseAggregate
			}
		case *sqlparser.Argument, *sqlparser.Variable, *sqlparser.StarExpr, *sqlparser.DerivedTable, *sqlparser.AssignmentExpr, *sqlparser.Nextval:
			why = dialects.RefuseExpression
		}
		return why.Message == "", nil
	}, expr)
	return why, word
}
