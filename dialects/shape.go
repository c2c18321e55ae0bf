package dialects

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of an owner column, checked before any parser sees it: parsers
// have been seen to take minutes for a few hundred nested parentheses.
const (
	maxFragmentBytes  = 1024
	maxFragmentTokens = 96
	maxFragmentDepth  = 8
)

// TokenKind is what checkShape needs to know about a token.
type TokenKind int

// The kinds of token. Anything that is not named here is TokenOther.
const (
	TokenOther TokenKind = iota
	TokenComment
	TokenOpen      // (
	TokenClose     // )
	TokenComma     // ,
	TokenSemicolon // ;
	TokenBind      // ?, :name, $1, @variable
)

// Token is a piece of a fragment as its dialect's own lexer cut it.
type Token struct {
	Span
	Kind TokenKind
	Text string // upper case for words without quotes; otherwise as written
}

// NewToken makes the token of fragment[start:end].
func NewToken(fragment string, start, end int, kind TokenKind) Token {
	text := fragment[start:end]
	if IsPlain(text) {
		text = strings.ToUpper(text)
	}
	return Token{Span: Span{Offset: start, Length: end - start}, Kind: kind, Text: text}
}

// shape is what a fragment is meant to be.
type shape struct {
	name       string // in problems
	example    string
	hint       string // for a syntax error
	subqueries bool   // it can have some
}

var (
	columnShape = shape{name: "column definition", example: "write a column definition, such as account_id BIGINT NOT NULL REFERENCES users(id)",
		hint: "write one column definition as in CREATE TABLE: name, type, constraints"}
	expressionShape = shape{name: "expression", example: "write an expression, such as (SELECT u.id FROM users u WHERE u.login = adk_sessions.user_id)",
		hint: "write an expression that could stand in UPDATE … SET, with a subquery in parentheses", subqueries: true}
)

// checkText bounds a fragment before it is cut into tokens.
func (s shape) checkText(fragment string) []Problem {
	switch {
	case strings.TrimSpace(fragment) == "":
		return []Problem{{Message: "the " + s.name + " is empty", Hint: s.example}}
	case !utf8.ValidString(fragment):
		return []Problem{{Message: "the " + s.name + " is not valid UTF-8", Hint: "save the file as UTF-8"}}
	case len(fragment) > maxFragmentBytes:
		return []Problem{{Offset: maxFragmentBytes, Message: fmt.Sprintf("the %s has %d bytes; adkgen reads at most %d", s.name, len(fragment), maxFragmentBytes),
			Hint: "a column definition fits in a line or two"}}
	}
	if i := strings.IndexFunc(fragment, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }); i >= 0 {
		return []Problem{{Offset: i, Length: 1, Message: "the " + s.name + " has a control character", Hint: "remove it"}}
	}
	return nil
}

// checkTokens checks that tokens can be one column definition or expression: no
// comment, no second column or statement, parentheses that match and do not
// nest deeply.
func (s shape) checkTokens(tokens []Token) []Problem {
	depth := 0
	for i, t := range tokens {
		switch t.Kind {
		case TokenComment:
			return []Problem{t.Problem("comments are not allowed in "+article(s.name), refuseComment.Hint)}
		case TokenBind:
			return []Problem{t.Problem(article(s.name)+" cannot have parameters or variables", "write the value itself")}
		case TokenSemicolon:
			if i == len(tokens)-1 {
				return []Problem{t.Problem("no ; ends "+article(s.name), "remove the ;")}
			}
			return []Problem{t.Problem("this is one "+s.name+", but here a second statement begins",
				"remove the ; and what follows it")}
		case TokenComma:
			if depth == 0 && i == len(tokens)-1 {
				return []Problem{t.Problem("no comma ends "+article(s.name), "remove the comma")}
			}
			if depth == 0 {
				return []Problem{t.Problem("this is one "+s.name+", but here a second one begins",
					"remove the comma and what follows it")}
			}
		case TokenOpen:
			if depth++; depth > maxFragmentDepth {
				return []Problem{t.Problem(fmt.Sprintf("parentheses nest deeper than %d", maxFragmentDepth), "simplify the expression")}
			}
		case TokenClose:
			if depth--; depth < 0 {
				return []Problem{t.Problem("this ) closes nothing in the "+s.name, "remove it and what follows it")}
			}
		}
		if depth > 0 && t.Text == "SELECT" && !s.subqueries {
			return []Problem{t.Problem(RefuseSubquery.Message, RefuseSubquery.Hint)}
		}
		if i >= maxFragmentTokens {
			return []Problem{t.Problem(fmt.Sprintf("the %s has more than %d words and signs", s.name, maxFragmentTokens), "a column definition fits in a line or two")}
		}
	}
	if depth > 0 {
		last := tokens[len(tokens)-1]
		return []Problem{{Offset: last.Offset + last.Length, Message: "a ( is not closed", Hint: "add the missing )"}}
	}
	return nil
}

// article puts a or an before a word.
func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// FindWords gives the span of the first place where the words follow one
// another as unquoted tokens, outside parentheses; ok is false when they do not.
func FindWords(tokens []Token, words ...string) (span Span, ok bool) {
	depth := 0
	for i, t := range tokens {
		switch t.Kind {
		case TokenOpen:
			depth++
		case TokenClose:
			depth--
		}
		if depth > 0 || i+len(words) > len(tokens) {
			continue
		}
		match := true
		for j, word := range words {
			match = match && tokens[i+j].Text == word
		}
		if match {
			last := tokens[i+len(words)-1]
			return Span{t.Offset, last.Offset + last.Length - t.Offset}, true
		}
	}
	return Span{}, false
}
