package oracle

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// Expressions are kept as their tokens: balanced, and only of kinds that are
// known not to reach beyond the column.

// defaultWords are the words that can stand in a default without being a
// function call or a column.
var defaultWords = dialects.Words("NULL USER UID SYSDATE SYSTIMESTAMP CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP DATE TIMESTAMP")

// checkWords are those that can stand in a CHECK, besides the column.
var checkWords = dialects.Words("AND OR NOT NULL IS IN BETWEEN LIKE ESCAPE DATE TIMESTAMP")

// volatileWords are functions without parentheses that no CHECK can call
// (ORA-02436), and pseudocolumns.
var volatileWords = dialects.Words("SYSDATE SYSTIMESTAMP CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP USER UID USERENV SYS_CONTEXT DBTIMEZONE SESSIONTIMEZONE ROWNUM LEVEL SYS_GUID")

// clauseWords end a default.
var clauseWords = dialects.Words("NOT NULL CONSTRAINT UNIQUE PRIMARY CHECK REFERENCES DEFAULT COLLATE ENABLE DISABLE VISIBLE INVISIBLE GENERATED AS")

// defaultExpression reads the tokens of a DEFAULT: literals, operators,
// function calls and a few words. No column (ORA-00984) and no subquery
// (ORA-02251) can be in it.
func (p *parser) defaultExpression() (string, bool) {
	first := p.peek()
	if first.Text == "ON" {
		p.refuse(first, dialects.RefuseUnknown)
		return "", false
	}
	sql, ok := p.expression("", func(last, t token, depth int) bool {
		return depth == 0 && last.Length > 0 && clauseWords[t.Text] && !isOperator(last)
	}, func(t token) dialects.Refusal {
		if strings.HasPrefix(t.Text, `"`) || t.word && !defaultWords[t.Text] && !p.opensCall() {
			return dialects.RefuseColumn
		}
		return dialects.Refusal{}
	})
	if ok && sql == "" {
		p.refuse(first, dialects.Refusal{Message: "the default is missing", Hint: "write DEFAULT and a value"})
		return "", false
	}
	return sql, ok
}

// checkExpression reads the condition of a CHECK with its parentheses. It can
// look at its own column only (ORA-02438).
func (p *parser) checkExpression(column string) (string, bool) {
	open := p.peek()
	if !p.expect("(") {
		return "", false
	}
	isCondition := false
	sql, ok := p.expression(column, func(_, t token, depth int) bool {
		return depth == 0 && t.Kind == dialects.TokenClose
	}, func(t token) dialects.Refusal {
		isCondition = isCondition || strings.Contains("=<>!^", t.Text[:1]) || t.Text == "IS" || t.Text == "IN" || t.Text == "BETWEEN" || t.Text == "LIKE" || t.Text == "REGEXP_LIKE"
		switch {
		case volatileWords[t.Text]:
			return dialects.RefuseVolatile
		case t.word && (checkWords[t.Text] || p.opensCall() || p.dialect.Fold(t.Text) == column), t.Text == `"`+column+`"`:
			return dialects.Refusal{}
		case t.word || strings.HasPrefix(t.Text, `"`):
			return dialects.RefuseOtherColumn
		}
		return dialects.Refusal{}
	})
	if !ok || !p.expect(")") {
		return "", false
	}
	if !isCondition {
		p.refuse(open, dialects.Refusal{Message: "a CHECK is a condition, and this is a value (ORA-00920)", Hint: "compare the column with something"})
		return "", false
	}
	return sql, true
}

// expression reads tokens up to where ends says, and writes them again; judge
// says what is wrong with one. The column, if any, is written as elsewhere.
func (p *parser) expression(column string, ends func(last, t token, depth int) bool, judge func(token) dialects.Refusal) (string, bool) {
	var sql strings.Builder
	depth := 0
	last := token{}
	for p.at < len(p.Tokens) {
		t := p.peek()
		if ends(last, t, depth) {
			break
		}
		why := dialects.Refusal{}
		switch {
		case t.Text == "SELECT" || t.Text == "WITH":
			why = dialects.RefuseSubquery
		case t.Kind == dialects.TokenOpen:
			depth++
		case t.Kind == dialects.TokenClose:
			depth--
		case t.Text == ".": // a column of a table, or a function of a package
			why = dialects.RefuseExpression
		case t.word && dialects.IsAggregate(t.Text) && p.opensCall(): // ORA-00934
			why = dialects.RefuseAggregate
		default:
			why = judge(t)
		}
		if why.Message != "" {
			p.refuse(t, why)
			return "", false
		}
		if last.Length > 0 && !noSpace(last, t) {
			sql.WriteByte(' ')
		}
		if t.word && column != "" && p.dialect.Fold(t.Text) == column {
			sql.WriteString(p.dialect.Quote(column))
		} else {
			sql.WriteString(t.Text)
		}
		last = t
		p.at++
	}
	return sql.String(), true
}

func (p *parser) opensCall() bool {
	return p.at+1 < len(p.Tokens) && p.Tokens[p.at+1].Kind == dialects.TokenOpen
}

func isOperator(t token) bool { return strings.Contains("+-*/|", t.Text) }

// operators are the words before a parenthesis that call nothing.
var operators = dialects.Words("AND OR NOT IN IS BETWEEN LIKE SELECT FROM WHERE JOIN ON BY WHEN THEN ELSE")

// noSpace reports whether two tokens of an expression are written together.
func noSpace(left, right token) bool {
	compares := strings.Contains("<>!^", left.Text) && strings.Contains("=>", right.Text) // two tokens of <=, >=, <>, != and ^=
	return left.Kind == dialects.TokenOpen || right.Kind == dialects.TokenClose || right.Kind == dialects.TokenComma ||
		right.Kind == dialects.TokenOpen && left.word && !operators[left.Text] || left.Text == "|" && right.Text == "|" || compares
}
