package oracle

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// ParseBackfill implements dialects.Dialect. The expression is kept as its
// tokens, which are balanced, and without comments, binds and ;. A name outside
// of every parenthesis that is no column is refused.
func (d Dialect) ParseBackfill(expression, table string, columns []string) (string, []dialects.Problem) {
	return dialects.ParseExpression(tokenize, func(r *dialects.Reader) string {
		p := &parser{Reader: r, dialect: d}
		known := map[string]bool{}
		for _, c := range columns {
			known[c] = true
		}
		var sql strings.Builder
		depth := 0
		last := token{}
		for p.at < len(p.Tokens) {
			t := p.peek()
			switch {
			case t.Text == "." && !(isName(last.Token) && p.at+1 < len(p.Tokens) && isName(p.Tokens[p.at+1])):
				p.refuse(t, dialects.RefuseExpression)
			case t.Kind == dialects.TokenOpen:
				depth++
			case t.Kind == dialects.TokenClose:
				depth--
			case depth == 0 && t.word && dialects.IsAggregate(t.Text) && p.opensCall(): // ORA-00934
				p.refuse(t, dialects.RefuseAggregate)
			case depth == 0 && t.Text == "SELECT":
				p.refuse(t, dialects.Refusal{Message: "a subquery stands in parentheses", Hint: "write (SELECT … FROM users WHERE …)"})
			case depth == 0 && p.at > 1 && last.Text == "." && d.Fold(p.Tokens[p.at-2].Text) != table:
				p.refuse(token{Token: p.Tokens[p.at-2]}, dialects.RefuseQualifier(table))
			case depth == 0 && t.word && p.at+1 < len(p.Tokens) && p.Tokens[p.at+1].Text == ".": // a table
			case depth == 0 && t.word && !known[d.Fold(t.Text)] && !reserved[t.Text] && !backfillWords[t.Text] && !p.opensCall():
				p.refuse(t, dialects.RefuseUnknownColumn(t.Text, columns))
			}
			if len(p.Problems) > 0 {
				return ""
			}
			if last.Length > 0 && !noSpace(last, t) && last.Text != "." && t.Text != "." {
				sql.WriteByte(' ')
			}
			switch {
			case t.word && known[d.Fold(t.Text)]:
				sql.WriteString(d.Quote(d.Fold(t.Text)))
			case t.word && !reserved[t.Text] && !backfillWords[t.Text]:
				sql.WriteString(expression[t.Offset : t.Offset+t.Length]) // as the user wrote it
			default:
				sql.WriteString(t.Text)
			}
			last = t
			p.at++
		}
		if isOperator(last) {
			p.RefuseSyntax(len(expression), "")
		}
		return sql.String()
	}, expression)
}

// isName reports whether a token is a word or a name in quotes.
func isName(t dialects.Token) bool {
	return t.Length > 0 && (t.Text[0] == '"' || t.Text[0] >= 'A' && t.Text[0] <= 'Z')
}

// backfillWords can stand in an expression without being columns or reserved.
var backfillWords = dialects.Words("CASE WHEN END AT TIME ZONE ESCAPE SYSTIMESTAMP CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP TIMESTAMP INTERVAL")
