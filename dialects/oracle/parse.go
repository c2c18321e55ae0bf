package oracle

// The one grammar that adkgen writes itself: column_definition,
// inline_constraint and references_clause of the SQL Language Reference. The
// library that has all of Oracle's grammar costs every user minutes and
// gigabytes to build, and takes reserved words for names; it is the yardstick
// in the tests of ./yardstick instead.

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// token is a token with what the parser asks of it most.
type token struct {
	dialects.Token
	word bool // a word without quotes
}

// parser reads tokens from left to right; the first problem ends it.
type parser struct {
	*dialects.Reader
	dialect Dialect
	at      int
}

func (p *parser) peek() token {
	if p.at >= len(p.Tokens) {
		return token{Token: dialects.Token{Span: dialects.Span{Offset: len(p.Fragment)}}}
	}
	t := p.Tokens[p.at]
	return token{t, isWordRune(rune(t.Text[0])) && strings.Trim(t.Text[:1], "0123456789_$#") != ""}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// accept reads the words when they come next.
func (p *parser) accept(words ...string) bool {
	for i, word := range words {
		if p.at+i >= len(p.Tokens) || p.Tokens[p.at+i].Text != word {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *parser) expect(word string) bool {
	t := p.peek()
	if p.accept(word) {
		return true
	}
	p.refuseSyntax(t, "a "+word+" is missing here")
	return false
}

// refuseSyntax reports what the grammar does not have; t may be the end.
func (p *parser) refuseSyntax(t token, message string) {
	if t.Length == 0 {
		p.RefuseSyntax(len(p.Fragment), message)
		return
	}
	p.RefuseSyntax(t.Offset, message)
}

func (p *parser) refuse(t token, why dialects.Refusal) {
	if t.Length == 0 {
		p.RefuseSyntax(len(p.Fragment), why.Message)
		return
	}
	p.Refuse(t.Offset, why)
}

// identifier reads a name and folds it when it has no quotes.
func (p *parser) identifier() (string, bool) {
	t := p.next()
	switch {
	case strings.HasPrefix(t.Text, `"`) && len(t.Text) > 2:
		return strings.Trim(t.Text, `"`), true
	case t.word && !reserved[strings.ToUpper(t.Text)]:
		return p.dialect.Fold(t.Text), true
	case t.Length > 0 && p.Explain(t.Offset):
	case t.word:
		p.refuse(t, dialects.Refusal{Message: strings.ToUpper(t.Text) + " is a reserved word of Oracle (ORA-00904)", Hint: "choose another name, such as owner_" + strings.ToLower(t.Text)})
	default:
		p.refuse(t, dialects.Refusal{Message: "a name is missing here", Hint: "write a name of letters, digits and _"})
	}
	return "", false
}
