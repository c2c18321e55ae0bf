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
	quoted := d.Quote(name)
	if result, err := scan(name); err == nil && len(result.Tokens) == 1 && result.Tokens[0].KeywordKind == keywordColumnName {
		return dialects.QuoteWith(`"`, name)
	}
	return quoted
}

// isReserved reports whether a word cannot name a table or column without
// quotes: appendix C, "reserved", with or without "can be function or type".
func isReserved(word string) bool {
	result, err := scan(word)
	if err != nil || len(result.Tokens) != 1 {
		return true
	}
	kind := result.Tokens[0].KeywordKind
	return kind == keywordReserved || kind == keywordTypeFuncName
}
