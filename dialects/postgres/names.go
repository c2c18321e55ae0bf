package postgres

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// Fold implements dialects.Dialect: ASCII letters become lower case
// (downcase_identifier in scansup.c leaves other letters alone in UTF-8).
func (Dialect) Fold(identifier string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, identifier)
}

// Quote implements dialects.Dialect.
func (d Dialect) Quote(identifier string) string {
	if dialects.IsPlain(identifier) && d.Fold(identifier) == identifier && !isReserved(identifier) {
		return identifier
	}
	return dialects.QuoteWith(`"`, identifier)
}

// quoteType writes the name of a user's type: words that the grammar keeps for
// types of its own, such as "char", mean another type without quotes.
func quoteType(d Dialect, name string) string {
	if t := onlyToken(name); t != nil && t.KeywordKind == keywordColumnName || newerWords[strings.ToUpper(name)] {
		return dialects.QuoteWith(`"`, name)
	}
	return d.Quote(name)
}

// isReserved reports whether a word cannot name a table or column without
// quotes: appendix C, "reserved", with or without "can be function or type".
func isReserved(word string) bool {
	t := onlyToken(word)
	return t == nil || t.KeywordKind == keywordReserved || t.KeywordKind == keywordTypeFuncName
}

// onlyToken is the token that a text consists of; nil when it is not one.
func onlyToken(text string) *scanToken {
	result, err := scan(text)
	if err != nil || len(result.Tokens) != 1 {
		return nil
	}
	return result.Tokens[0]
}
