package oracle

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// ParseBackfill implements dialects.Dialect. The expression is kept as its
// tokens, which are balanced, and without comments, binds and ;. Of its grammar
// adkgen reads what says which table a name is of: subqueries and their FROM.
func (d Dialect) ParseBackfill(expression string, sessions dialects.Sessions) (dialects.Backfill, []dialects.Problem) {
	return dialects.ParseExpression(tokenize, func(r *dialects.Reader) string {
		b := &backfill{parser{Reader: r, dialect: d}, map[int]bool{}}
		b.expression(len(r.Tokens), dialects.NewScope(d, r, sessions))
		if len(r.Problems) > 0 {
			return ""
		}
		var sql strings.Builder
		last := token{}
		for b.at = 0; b.at < len(b.Tokens); b.at++ {
			t := b.peek()
			if last.Length > 0 && !noSpace(last, t) && last.Text != "." && t.Text != "." {
				sql.WriteByte(' ')
			}
			switch {
			case b.ours[b.at]:
				sql.WriteString(d.Quote(sessions.Table) + "." + d.Quote(b.name(t)))
			case t.word && !reserved[t.Text] && !backfillWords[t.Text]:
				sql.WriteString(expression[t.Offset : t.Offset+t.Length]) // as the user wrote it
			default:
				sql.WriteString(t.Text)
			}
			last = t
		}
		if isOperator(last) {
			r.RefuseSyntax(len(expression), "")
		}
		return sql.String()
	}, expression)
}

// backfill reads the names in an expression.
type backfill struct {
	parser
	ours map[int]bool // tokens that are columns of the sessions, without their table
}

// name is a name as Oracle stores it.
func (b *backfill) name(t token) string {
	if t.word {
		return b.dialect.Fold(t.Text)
	}
	return strings.Trim(t.Text, `"`)
}

// isName reports whether a token can be a name.
func (b *backfill) isName(t token) bool {
	return t.Length > 0 && (t.Text[0] == '"' || t.word && !reserved[t.Text])
}

// text is the text of a token, or "" outside of the expression.
func (b *backfill) text(at int) string {
	if at < 0 || at >= len(b.Tokens) {
		return ""
	}
	return b.Tokens[at].Text
}

// closing gives where the ( at a token is closed.
func (b *backfill) closing(open int) int {
	depth := 0
	for i := open; i < len(b.Tokens); i++ {
		switch b.Tokens[i].Kind {
		case dialects.TokenOpen:
			depth++
		case dialects.TokenClose:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(b.Tokens) // checkTokens has counted them
}

// expression reads tokens up to an end.
func (b *backfill) expression(end int, scope *dialects.Scope) {
	cases := 0 // CASEs that have no END yet
	for b.at < end && len(b.Problems) == 0 {
		t := b.peek()
		switch {
		case t.word && b.text(b.at+1) != "." && b.isSyntax(t, &cases, scope):
			b.at++
		case t.Text == "SELECT" || t.Text == "WITH" && b.text(b.at-1) == "(":
			b.refuse(t, dialects.Refusal{Message: "a subquery stands in parentheses, and begins with SELECT", Hint: "write (SELECT … FROM users u WHERE …)"})
		case t.Kind == dialects.TokenOpen && b.text(b.at+1) == "SELECT":
			close := b.closing(b.at)
			b.at++
			b.subquery(close, scope.Inner())
			b.at = close + 1
		case t.Text == "OVER":
			b.refuse(t, dialects.RefuseAggregate)
		case t.word && b.text(b.at+1) == "(" && b.text(b.at-1) != "." && (dialects.IsAggregate(t.Text) || !reserved[t.Text] && !backfillWords[t.Text]):
			close := b.closing(b.at + 1)
			b.at += 2
			if dialects.IsAggregate(t.Text) { // ORA-00934
				scope.CheckAggregate(t.Offset, func() { b.arguments(close, scope) })
			} else {
				b.arguments(close, scope)
			}
		case t.Text == "*" && (b.text(b.at-1) == "." || b.text(b.at-1) == "SELECT" || b.text(b.at-1) == ","):
			b.refuse(t, dialects.RefuseStar)
		case t.word && (t.Text == "ROWID" || t.Text == "LEVEL"):
			b.refuse(t, dialects.Refusal{Message: t.Text + " does not say which table it is from", Hint: "write a column with its table"})
		case t.word && b.text(b.at-1) == "AS" && b.text(b.at+1) != ".": // a type, or the name of what is selected
			b.at++
		case b.isName(t):
			b.column(scope)
		case t.Text == ".":
			b.refuse(t, dialects.RefuseExpression)
		default:
			b.at++
		}
	}
}

// arguments reads those of a function up to its ). Behind them, words of the
// functions for JSON can stand.
func (b *backfill) arguments(close int, scope *dialects.Scope) {
	end := close
	for i := b.at; i < close; i++ {
		if b.Tokens[i].Kind == dialects.TokenOpen {
			i = b.closing(i)
		} else if b.text(i) == "RETURNING" && i > b.at {
			end = i
		}
	}
	b.expression(end, scope)
	for i := end; i < close; i++ {
		if t := b.Tokens[i]; t.Text[0] == '"' || t.Text == "." || t.Kind == dialects.TokenComma || t.Text == "SELECT" {
			b.refuse(token{Token: t}, dialects.RefuseExpression)
		}
	}
	b.at = close + 1
}

// column reads the name of a column, with those of its table and schema.
func (b *backfill) column(scope *dialects.Scope) {
	start := b.at
	parts := []string{b.name(b.next())}
	for b.text(b.at) == "." {
		b.at++
		t := b.peek()
		if t.Text == "*" {
			b.refuse(t, dialects.RefuseStar)
			return
		}
		if !b.isName(t) && !(t.word && t.Text == "ROWID") {
			b.refuse(t, dialects.RefuseExpression)
			return
		}
		parts = append(parts, b.name(b.next()))
	}
	if _, ours := scope.CheckColumn(b.Tokens[start].Offset, parts...); ours && len(parts) == 1 {
		b.ours[start] = true
	}
}

// clauses begin the parts of a query behind what it selects; set operators and
// the like are among them, which adkgen does not take.
var clauses = dialects.Words("FROM WHERE GROUP HAVING ORDER OFFSET FETCH")

// notTaken are clauses and operators of queries that adkgen does not take.
var notTaken = dialects.Words("UNION INTERSECT MINUS EXCEPT CONNECT START FOR MODEL WINDOW INTO NATURAL USING LATERAL PARTITION SAMPLE PIVOT UNPIVOT MATCH_RECOGNIZE APPLY VERSIONS BULK QUALIFY")

// subquery reads a query behind its ( up to the ).
func (b *backfill) subquery(close int, scope *dialects.Scope) {
	starts := []int{b.at}
	for i := b.at + 1; i < close; i++ {
		switch t := b.Tokens[i]; {
		case t.Kind == dialects.TokenOpen:
			i = b.closing(i)
		case notTaken[t.Text] && b.text(i-1) != ".":
			b.refuse(token{Token: t}, dialects.RefuseFrom)
			return
		case clauses[t.Text] && b.text(i-1) != "." && b.text(i+1) != ".":
			starts = append(starts, i)
		}
	}
	starts = append(starts, close)
	for i, start := range starts[:len(starts)-1] { // FROM says what the names are
		if b.text(start) == "FROM" {
			b.from(start+1, starts[i+1], scope, true)
		}
	}
	for i, start := range starts[:len(starts)-1] {
		b.at = start + 1
		switch b.text(start) {
		case "FROM":
			b.from(start+1, starts[i+1], scope, false)
		case "SELECT":
			if !b.accept("DISTINCT") && !b.accept("UNIQUE") {
				b.accept("ALL")
			}
			b.expression(starts[i+1], scope)
		case "GROUP", "ORDER":
			if !b.expect("BY") {
				return
			}
			b.sorted(starts[i+1], scope)
		case "OFFSET", "FETCH":
			for ; b.at < starts[i+1]; b.at++ {
				if t := b.peek(); !rowLimit[t.Text] && !strings.ContainsAny(t.Text[:1], "0123456789") {
					b.refuse(t, dialects.RefuseExpression)
					return
				}
			}
		default:
			b.expression(starts[i+1], scope)
		}
	}
}

// rowLimit are the words of the row limiting clause.
var rowLimit = dialects.Words("FIRST NEXT ROW ROWS ONLY")

// sorted reads expressions that ASC, DESC and NULLS FIRST can follow.
func (b *backfill) sorted(end int, scope *dialects.Scope) {
	last := end
	for last > b.at && slices.Contains([]string{"ASC", "DESC", "NULLS", "FIRST", "LAST"}, b.text(last-1)) && b.text(last-2) != "." {
		last--
	}
	b.expression(last, scope)
	b.at = end
}

// joins are the words between two tables.
var joins = dialects.Words("INNER LEFT RIGHT FULL OUTER CROSS JOIN")

// from reads the tables in FROM, or the conditions between them.
func (b *backfill) from(start, end int, scope *dialects.Scope, tables bool) {
	for b.at = start; b.at < end && len(b.Problems) == 0; {
		t := b.peek()
		switch {
		case t.Kind == dialects.TokenComma || joins[t.Text]:
			b.at++
		case t.Text == "ON":
			b.at++
			next := b.at
			for ; next < end && !joins[b.text(next)] && b.Tokens[next].Kind != dialects.TokenComma; next++ {
				if b.Tokens[next].Kind == dialects.TokenOpen {
					next = b.closing(next)
				}
			}
			if tables {
				b.at = next
			} else {
				b.expression(next, scope)
			}
		case b.isName(t):
			name, alias := b.name(b.next()), ""
			for b.text(b.at) == "." && b.isName(b.after()) {
				b.at++
				name = b.name(b.next())
			}
			if a := b.peek(); b.at < end && b.isName(a) && !joins[a.Text] && a.Text != "ON" {
				alias = b.name(b.next())
			}
			if tables {
				scope.AddTable(t.Offset, name, alias)
			}
		default:
			b.refuse(t, dialects.RefuseFrom)
		}
	}
}

// after is the token behind the next.
func (b *backfill) after() token {
	b.at++
	defer func() { b.at-- }()
	return b.peek()
}

// isSyntax reports whether a word that is not reserved is one of the syntax in
// the place where it stands, and no column's name.
func (b *backfill) isSyntax(t token, cases *int, scope *dialects.Scope) bool {
	switch t.Text {
	case "CASE":
		*cases++
		return true
	case "WHEN":
		return *cases > 0
	case "END":
		*cases--
		return *cases >= 0
	case "AT", "ESCAPE":
		before := b.text(b.at - 1)
		return before == ")" || before != "" && before[0] == '\'' || b.text(b.at-2) == "." || isMoment(before)
	case "TIME":
		return b.text(b.at-1) == "AT"
	case "ZONE":
		return b.text(b.at-1) == "TIME" && b.text(b.at-2) == "AT"
	case "TIMESTAMP", "INTERVAL":
		return strings.HasPrefix(b.text(b.at+1), "'")
	}
	return !scope.Inside() && isMoment(t.Text) // inside, a column can be called so
}

// isMoment reports whether a word is a function without parentheses.
func isMoment(word string) bool {
	return slices.Contains([]string{"SYSTIMESTAMP", "CURRENT_DATE", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP"}, word)
}

// backfillWords can stand in an expression without being columns or reserved.
var backfillWords = dialects.Words("CASE WHEN END AT TIME ZONE ESCAPE SYSTIMESTAMP CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP TIMESTAMP INTERVAL")
