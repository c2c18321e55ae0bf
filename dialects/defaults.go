package dialects

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Class is what the values of a type are, as far as a literal default goes.
type Class int

// The classes of types.
const (
	ClassOther   Class = iota // unknown: any default is taken
	ClassNumber               //
	ClassText                 // takes everything
	ClassTime                 // a date, or a date with a time
	ClassClock                // a time of day
	ClassUUID                 //
	ClassBoolean              //
	ClassAddress              // an IP address or network
	ClassBits                 // a string of bits
	ClassJSON                 //
	ClassYear                 // of four digits
	ClassOpaque               // neither numbers nor times are converted to it
)

// Literal is a value that is written out; any other expression is left to the
// database.
type Literal struct {
	Kind LiteralKind
	Text string // the value, without quotes
}

// LiteralKind is what a literal looks like.
type LiteralKind int

// The kinds of literal.
const (
	LiteralOther LiteralKind = iota
	LiteralNumber
	LiteralText
	LiteralNow // CURRENT_TIMESTAMP and its like
	LiteralBoolean
)

var (
	numberText = regexp.MustCompile(`^\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*$`)
	dateText   = regexp.MustCompile(`^\s*\d{4}-\d{1,2}-\d{1,2}`)
	clockText  = regexp.MustCompile(`^\s*\d{1,2}:\d{2}`)
	uuidText   = regexp.MustCompile(`^\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?$`)
	bitsText   = regexp.MustCompile(`^[bB]?[01]*$|^[xX][0-9a-fA-F]*$`)
	yearText   = regexp.MustCompile(`^(0|0000|190[1-9]|19[1-9]\d|20\d\d|21[0-4]\d|215[0-5])$`)
	booleans   = []string{"t", "true", "f", "false", "y", "yes", "n", "no", "on", "off", "1", "0"}
)

// CheckLiteral refuses a literal that cannot be a value of the type, which sql
// names; a zero Refusal means that it can.
func CheckLiteral(class Class, sql string, l Literal) Refusal {
	fits, example := true, "NULL"
	switch class {
	case ClassNumber:
		fits, example = l.Kind == LiteralNumber || l.Kind == LiteralText && numberText.MatchString(l.Text), "0"
	case ClassTime:
		fits, example = l.Kind == LiteralNow || l.Kind == LiteralText && dateText.MatchString(l.Text), "'2026-01-31'"
	case ClassClock:
		fits, example = l.Kind == LiteralNow || l.Kind == LiteralText && clockText.MatchString(l.Text), "'12:00'"
	case ClassUUID:
		fits, example = l.Kind == LiteralText && uuidText.MatchString(l.Text), "'00000000-0000-0000-0000-000000000000'"
	case ClassBoolean:
		fits, example = l.Kind == LiteralBoolean || l.Kind == LiteralText && slices.Contains(booleans, strings.ToLower(l.Text)), "FALSE"
	case ClassAddress:
		_, addressErr := netip.ParseAddr(l.Text)
		_, prefixErr := netip.ParsePrefix(l.Text)
		fits, example = l.Kind == LiteralText && (addressErr == nil || prefixErr == nil), "'127.0.0.1'"
	case ClassBits:
		fits, example = l.Kind == LiteralText && bitsText.MatchString(l.Text), "B'101'"
	case ClassJSON:
		fits, example = l.Kind == LiteralText && json.Valid([]byte(l.Text)), "'{}'"
	case ClassYear:
		fits, example = l.Kind != LiteralNow && yearText.MatchString(l.Text), "2026"
	case ClassOpaque:
		fits, example = l.Kind == LiteralText, "a value in quotes"
	}
	if fits || l.Kind == LiteralOther {
		return Refusal{}
	}
	return Refusal{Message: l.Text + " is not a value of type " + sql, Hint: "write a value such as " + example}
}
