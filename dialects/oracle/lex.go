package oracle

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
)

// tokenize cuts a fragment into Oracle's tokens: SQL Language Reference,
// "Lexical Conventions", "Literals" and "Database Object Names".
func tokenize(fragment string) ([]dialects.Token, *dialects.Problem) {
	var tokens []dialects.Token
	for i := 0; i < len(fragment); {
		r, size := utf8.DecodeRuneInString(fragment[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		end, kind := scanToken(fragment, i)
		if end < 0 {
			return nil, &dialects.Problem{Offset: i, Length: 1, Message: "this quote is not closed", Hint: "close it; a quote inside is written twice"}
		}
		tokens = append(tokens, dialects.NewToken(fragment, i, end, kind))
		i = end
	}
	return tokens, nil
}

// numberLiteral is a number: "Numeric Literals".
var numberLiteral = regexp.MustCompile(`^(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[fFdD]?`)

// scanToken gives the end of the token at start, or -1 for an open quote.
func scanToken(s string, start int) (end int, kind dialects.TokenKind) {
	rest := s[start:]
	switch {
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
		return start + 2, dialects.TokenComment
	case rest[0] == '\'' || rest[0] == '"':
		return closingQuote(s, start), dialects.TokenOther
	case rest[0] == ':' || rest[0] == '?' || rest[0] == '&':
		return start + 1, dialects.TokenBind // a bind, or SQL*Plus's substitution variable
	case rest[0] == '(':
		return start + 1, dialects.TokenOpen
	case rest[0] == ')':
		return start + 1, dialects.TokenClose
	case rest[0] == ',':
		return start + 1, dialects.TokenComma
	case rest[0] == ';':
		return start + 1, dialects.TokenSemicolon
	}
	if number := numberLiteral.FindString(rest); number != "" {
		return start + len(number), dialects.TokenOther
	}
	if n := strings.IndexFunc(rest, func(r rune) bool { return !isWordRune(r) }); n != 0 {
		if n < 0 {
			n = len(rest)
		}
		return start + n, dialects.TokenOther
	}
	_, size := utf8.DecodeRuneInString(rest)
	return start + size, dialects.TokenOther
}

func isWordRune(r rune) bool {
	return r == '_' || r == '$' || r == '#' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// closingQuote gives the end of a quoted text, and -1 when it is not closed. A
// ' inside is doubled; a " cannot be inside a name (Database Object Naming Rules, 6).
func closingQuote(s string, start int) int {
	mark := s[start]
	for i := start + 1; i < len(s); i++ {
		if s[i] != mark {
			continue
		}
		if mark == '\'' && i+1 < len(s) && s[i+1] == mark {
			i++
			continue
		}
		return i + 1
	}
	return -1
}
