package dialects

import (
	"errors"
	"regexp/syntax"
	"strings"
)

// brokenPattern are the faults of a regular expression that it has for every
// database: PCRE2, ICU and PostgreSQL's own read more than Go does.
var brokenPattern = map[syntax.ErrorCode]string{
	syntax.ErrMissingBracket:        "a [ is not closed",
	syntax.ErrMissingParen:          "a ( is not closed",
	syntax.ErrUnexpectedParen:       "a ) closes nothing",
	syntax.ErrMissingRepeatArgument: "a repetition stands behind nothing",
}

// CheckPattern refuses a text that is no regular expression, as far as that is the
// same for all databases. MariaDB finds out when the table is created, the others
// when a row is written.
func CheckPattern(text string) Refusal {
	_, err := syntax.Parse(text, syntax.Perl)
	var e *syntax.Error
	if !errors.As(err, &e) || brokenPattern[e.Code] == "" || strings.Contains(text, "(*") { // PCRE2's verbs
		return Refusal{}
	}
	return Refusal{Message: "'" + text + "' is no regular expression: " + brokenPattern[e.Code], Hint: "correct it, or use LIKE"}
}
