package oracle

import (
	"cmp"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// ParseOwner implements dialects.Dialect.
func (d Dialect) ParseOwner(fragment string) (dialects.Owner, []dialects.Problem) {
	read := func(_ string, r *dialects.Reader) dialects.Owner {
		p := &parser{Reader: r, dialect: d}
		return p.column()
	}
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: read, AnyType: d.anyType}, fragment)
}

// ParseColumn implements dialects.Dialect.
func (d Dialect) ParseColumn(fragment string) (dialects.Owner, []dialects.Problem) {
	d.anyType = true
	return d.ParseOwner(fragment)
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
	owner.Unindexed = unindexed[owner.Type] || strings.HasSuffix(owner.Type, "ZONE")
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
			if next := p.peek().Text; next == "DEFAULT" || next == "NULL" {
				p.refuse(t, dialects.RefuseName)
				return owner
			}
		}
		switch {
		case p.accept("NOT", "NULL"):
			owner.NotNull = true
			owner.NotNullConstraint = cmp.Or(owner.NotNullConstraint, name)
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
		case p.accept("UNIQUE"):
			if owner.Unique != nil {
				p.refuse(t, dialects.RefuseTwoUniques)
				return owner
			}
			owner.Unique = &dialects.Unique{Constraint: name}
			p.Warn(t.Offset, dialects.WarnUnique)
		case p.accept("CHECK"):
			if owner.Check != nil {
				p.refuse(t, dialects.RefuseTwoChecks)
				return owner
			}
			expression, ok := p.checkExpression(owner.Name)
			if !ok {
				return owner
			}
			owner.Check = &dialects.Check{Constraint: name, Expression: expression}
		default:
			if why, known := refusalOf(p.peek()); known {
				p.refuse(p.peek(), why)
			} else {
				p.refuseSyntax(p.peek(), "Oracle's grammar has no "+p.peek().Text+" here")
			}
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

// refusalOf says why a clause that Oracle knows cannot begin with a token.
func refusalOf(t token) (why dialects.Refusal, known bool) {
	switch t.Text {
	case "PRIMARY":
		return dialects.RefusePrimaryKey, true
	case "GENERATED":
		return dialects.RefuseIdentity, true
	case "AS":
		return dialects.RefuseGenerated, true
	case "DEFERRABLE", "INITIALLY":
		return dialects.RefuseDeferrable, true
	case "SORT", "VISIBLE", "INVISIBLE", "ENCRYPT", "ENABLE", "DISABLE", "RELY", "NORELY", "VALIDATE", "NOVALIDATE", "USING", "EXCEPTIONS":
		return dialects.RefuseUnknown, true
	}
	return dialects.Refusal{}, false
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
	never, immediate := false, false
	for {
		t := p.peek()
		if never && ref.Deferrable || immediate && ref.InitiallyDeferred { // ORA-02447
			p.Refuse(p.Tokens[p.at-1].Offset, dialects.RefuseDeferral)
			return nil, false
		}
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
			p.refuse(t, dialects.Refusal{Message: "Oracle has no MATCH (ORA-00907)", Hint: "remove MATCH: it makes no difference to a foreign key of one column"})
			return nil, false
		case p.accept("NOT", "DEFERRABLE"):
			never = true
		case p.accept("INITIALLY", "IMMEDIATE"):
			immediate = true
		case p.accept("DEFERRABLE"):
			ref.Deferrable = true
		case p.accept("INITIALLY", "DEFERRED"):
			ref.Deferrable, ref.InitiallyDeferred = true, true
		default:
			return ref, true
		}
	}
}
