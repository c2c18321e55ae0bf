package oracle

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// ParseOwner implements dialects.Dialect.
func (d Dialect) ParseOwner(fragment string) (dialects.Owner, []dialects.Problem) {
	read := func(_ string, r *dialects.Reader) dialects.Owner {
		p := &parser{Reader: r, dialect: d}
		return p.column()
	}
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: read}, fragment)
}

// column reads: name type [COLLATE name] [DEFAULT expr] {inline_constraint}.
func (p *parser) column() (owner dialects.Owner) {
	var ok bool
	if owner.Name, ok = p.identifier(); !ok {
		return owner
	}
	if owner.Type, ok = p.parseType(); !ok {
		return owner
	}
	if p.accept("COLLATE") {
		name, ok := p.identifier()
		if !ok {
			return owner
		}
		owner.Collation = p.dialect.Quote(name)
	}
	null := false
	constraints := 0
	for p.at < len(p.Tokens) {
		t := p.peek()
		name := ""
		if p.accept("CONSTRAINT") {
			if name, ok = p.identifier(); !ok {
				return owner
			}
			if p.peek().Text != "REFERENCES" {
				p.refuse(t, dialects.RefuseName)
				return owner
			}
		}
		switch {
		case p.accept("NOT", "NULL"):
			owner.NotNull = true
		case p.accept("NULL"):
			null = true
		case p.accept("DEFAULT"):
			if constraints > 0 {
				p.refuse(t, dialects.Refusal{Message: "Oracle wants DEFAULT before NOT NULL and REFERENCES (ORA-00907)", Hint: "move DEFAULT right behind the type"})
				return owner
			}
			if owner.Default != "" {
				p.refuse(t, dialects.RefuseTwoDefaults)
				return owner
			}
			if owner.Default, ok = p.defaultExpression(); !ok {
				return owner
			}
			continue
		case p.accept("REFERENCES"):
			if owner.Reference != nil {
				p.refuse(t, dialects.RefuseTwoKeys)
				return owner
			}
			if owner.Reference, ok = p.reference(name); !ok {
				return owner
			}
		default:
			p.refuse(t, refusalOf(t))
			return owner
		}
		constraints++
		if null && owner.NotNull {
			p.refuse(t, dialects.RefuseNullTwice)
			return owner
		}
	}
	return owner
}

// refusalOf says why a clause cannot begin with a token.
func refusalOf(t token) dialects.Refusal {
	switch t.Text {
	case "PRIMARY":
		return dialects.RefusePrimaryKey
	case "UNIQUE":
		return dialects.RefuseUnique
	case "CHECK":
		return dialects.RefuseCheck
	case "GENERATED":
		return dialects.RefuseIdentity
	case "AS":
		return dialects.RefuseGenerated
	case "DEFERRABLE", "INITIALLY":
		return dialects.RefuseDeferrable
	case "SORT", "VISIBLE", "INVISIBLE", "ENCRYPT", "ENABLE", "DISABLE", "RELY", "NORELY", "VALIDATE", "NOVALIDATE", "USING", "EXCEPTIONS":
		return dialects.RefuseUnknown
	case "ON":
		return dialects.Refusal{Message: "ON DELETE follows REFERENCES", Hint: "write REFERENCES users(id) ON DELETE CASCADE"}
	}
	return dialects.Refusal{Message: "Oracle's grammar has no " + t.Text + " here", Hint: "write one column definition as in CREATE TABLE: name, type, DEFAULT, constraints"}
}

// reference reads what follows REFERENCES: the references_clause and the
// constraint_state, as far as the model holds it.
func (p *parser) reference(name string) (*dialects.Reference, bool) {
	ref := &dialects.Reference{Constraint: name, OnDelete: dialects.NoAction, OnUpdate: dialects.NoAction}
	var ok bool
	if ref.Table, ok = p.identifier(); !ok {
		return nil, false
	}
	if p.accept(".") {
		ref.Schema = ref.Table
		if ref.Table, ok = p.identifier(); !ok {
			return nil, false
		}
	}
	if t := p.peek(); t.Text == "@" {
		p.refuse(t, dialects.Refusal{Message: "a foreign key cannot reach through a database link (ORA-02021)", Hint: "reference a table of this database"})
		return nil, false
	}
	if p.accept("(") {
		if ref.Column, ok = p.identifier(); !ok {
			return nil, false
		}
		if t := p.peek(); t.Text == "," {
			p.refuse(t, dialects.RefuseTwoColumns)
			return nil, false
		}
		if !p.expect(")") {
			return nil, false
		}
	}
	for {
		t := p.peek()
		switch {
		case p.accept("ON", "DELETE", "CASCADE"):
			ref.OnDelete = dialects.Cascade
		case p.accept("ON", "DELETE", "SET", "NULL"):
			ref.OnDelete = dialects.SetNull
		case p.accept("ON", "DELETE"):
			p.refuse(t, dialects.Refusal{Message: "Oracle knows ON DELETE CASCADE and ON DELETE SET NULL only (ORA-00905)", Hint: "leave ON DELETE out to refuse the deletion of an owner that has sessions"})
			return nil, false
		case p.accept("ON", "UPDATE"):
			p.refuse(t, dialects.Refusal{Message: "Oracle has no ON UPDATE (ORA-00905)", Hint: "remove ON UPDATE"})
			return nil, false
		case p.accept("MATCH"):
			p.refuse(t, dialects.RefuseMatch)
			return nil, false
		case p.accept("NOT", "DEFERRABLE"), p.accept("INITIALLY", "IMMEDIATE"):
		case p.accept("DEFERRABLE"):
			ref.Deferrable = true
		case p.accept("INITIALLY", "DEFERRED"):
			ref.Deferrable, ref.InitiallyDeferred = true, true
		default:
			return ref, true
		}
	}
}

// defaultWords are the words that can stand in a default without being a
// function call or a column.
var defaultWords = dialects.Words("NULL USER UID SYSDATE SYSTIMESTAMP CURRENT_DATE CURRENT_TIMESTAMP LOCALTIMESTAMP DATE TIMESTAMP")

// clauseWords end a default.
var clauseWords = dialects.Words("NOT NULL CONSTRAINT UNIQUE PRIMARY CHECK REFERENCES DEFAULT COLLATE ENABLE DISABLE VISIBLE INVISIBLE GENERATED AS")

// defaultExpression reads the tokens of a DEFAULT, which are kept as they are:
// literals, operators, function calls and a few words. No column (ORA-00984)
// and no subquery (ORA-02251) can be in it.
func (p *parser) defaultExpression() (string, bool) {
	first := p.peek()
	if first.Text == "ON" {
		p.refuse(first, dialects.RefuseUnknown)
		return "", false
	}
	var sql strings.Builder
	depth := 0
	last := token{}
	for p.at < len(p.Tokens) {
		t := p.peek()
		if depth == 0 && last.Length > 0 && clauseWords[t.Text] && !isOperator(last) {
			break
		}
		switch {
		case t.Text == "SELECT" || t.Text == "WITH":
			p.refuse(t, dialects.RefuseSubquery)
			return "", false
		case t.Kind == dialects.TokenOpen:
			depth++
		case t.Kind == dialects.TokenClose:
			depth--
		case t.Text == "." || strings.HasPrefix(t.Text, `"`) || t.word && !defaultWords[t.Text] && !p.opensCall():
			p.refuse(t, dialects.RefuseColumn)
			return "", false
		}
		if last.Length > 0 && !noSpace(last, t) {
			sql.WriteByte(' ')
		}
		sql.WriteString(t.Text)
		last = t
		p.at++
	}
	if last.Length == 0 {
		p.refuse(first, dialects.Refusal{Message: "the default is missing", Hint: "write DEFAULT and a value"})
		return "", false
	}
	return sql.String(), true
}

func (p *parser) opensCall() bool {
	return p.at+1 < len(p.Tokens) && p.Tokens[p.at+1].Kind == dialects.TokenOpen
}

func isOperator(t token) bool { return strings.Contains("+-*/|", t.Text) }

// noSpace reports whether two tokens of an expression are written together.
func noSpace(left, right token) bool {
	return left.Kind == dialects.TokenOpen || right.Kind == dialects.TokenClose || right.Kind == dialects.TokenComma ||
		right.Kind == dialects.TokenOpen && left.word || left.Text == "|" && right.Text == "|"
}
