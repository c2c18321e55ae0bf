package mysql

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// integerBits are how many bits an integer type has: manual, 13.1.2.
var integerBits = map[string]int64{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64, "bool": 8, "boolean": 8}

// exampleOf is a value of a class, for hints.
var exampleOf = map[dialects.Class]string{dialects.ClassNumber: "0", dialects.ClassTime: "'2026-01-31'", dialects.ClassClock: "'12:00'", dialects.ClassYear: "2026", dialects.ClassJSON: "(JSON_OBJECT())"}

// misfit is the refusal of a value that a type does not have.
func misfit(t *sqlparser.ColumnType, text, example string) dialects.Refusal {
	return dialects.Refusal{Message: text + " is not a value of type " + strings.ToUpper(t.Type) + " (error 1067)", Hint: "write a value such as " + example}
}

// checkValue refuses a value that a column of the type cannot have, as far as
// that can be told from the SQL (error 1067). MariaDB computes what it can
// when the table is created; MySQL finds the rest when a row is written.
func checkValue(t *sqlparser.ColumnType, expr sqlparser.Expr) dialects.Refusal {
	class, literal := classOf(t.Type), literalOf(expr)
	if literal.Kind == dialects.LiteralOther {
		got, what := classOfExpression(expr)
		fits := got == class || got == dialects.ClassOther || class == dialects.ClassOther || class == dialects.ClassText || class == dialects.ClassClock && got == dialects.ClassTime
		if t.EnumValues != nil || !fits {
			return misfit(t, what, exampleOf[class])
		}
		return dialects.Refusal{}
	}
	if t.EnumValues != nil {
		return checkEnumDefault(t, literal)
	}
	if class == dialects.ClassClock && literal.Kind == dialects.LiteralText && isClock(literal.Text) {
		return dialects.Refusal{}
	}
	if why := dialects.CheckLiteral(class, strings.ToUpper(t.Type), literal); why.Message != "" {
		why.Message += " (error 1067)"
		return why
	}
	switch {
	case class == dialects.ClassNumber:
		return checkNumber(t, strings.TrimSpace(literal.Text))
	case class == dialects.ClassText:
		return checkText(t, literal)
	case class == dialects.ClassTime && !isTime(strings.ToLower(t.Type), literal.Text), class == dialects.ClassClock && !isClock(literal.Text):
		return misfit(t, literal.Text, exampleOf[class])
	}
	return dialects.Refusal{}
}

// classOfExpression gives what kind of value an expression has, as far as its
// outermost part tells, and what to call it.
func classOfExpression(expr sqlparser.Expr) (dialects.Class, string) {
	switch e := expr.(type) {
	case *sqlparser.FuncExpr:
		upper := strings.ToUpper(e.Name.String())
		f, known := mariadbFunctions[upper]
		if !known {
			f = functions[upper]
		}
		return f.class, e.Name.String()
	case *sqlparser.JSONObjectExpr:
		return dialects.ClassJSON, "JSON_OBJECT"
	case *sqlparser.JSONArrayExpr:
		return dialects.ClassJSON, "JSON_ARRAY"
	case *sqlparser.UnaryExpr:
		if e.Operator == sqlparser.NStringOp {
			return dialects.ClassText, "a text"
		}
	case *sqlparser.SubstrExpr, *sqlparser.TrimFuncExpr, *sqlparser.IntroducerExpr:
		return dialects.ClassText, "a text"
	case *sqlparser.CurTimeFuncExpr:
		name := strings.ToUpper(e.Name.String())
		if strings.HasSuffix(name, "TIME") && name != "LOCALTIME" {
			return dialects.ClassClock, name
		}
		return dialects.ClassTime, name
	case *sqlparser.IntervalDateExpr:
		return dialects.ClassTime, "a time"
	case *sqlparser.Literal:
		switch e.Type {
		case sqlparser.DateVal, sqlparser.TimestampVal:
			return dialects.ClassTime, e.Val
		case sqlparser.TimeVal:
			return dialects.ClassClock, e.Val
		}
		return dialects.ClassText, "a string of bytes"
	case *sqlparser.CaseExpr:
		if literal := literalOf(e.Whens[0].Val); literal.Kind == dialects.LiteralText {
			return dialects.ClassText, "'" + literal.Text + "'"
		} else if literal.Kind == dialects.LiteralNumber {
			return dialects.ClassNumber, literal.Text
		}
		return classOfExpression(e.Whens[0].Val)
	}
	return dialects.ClassOther, "this expression"
}

// checkNumber refuses a number that the type has no room for.
func checkNumber(t *sqlparser.ColumnType, text string) dialects.Refusal {
	name := strings.ToLower(t.Type)
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if power, _ := strconv.Atoi(exponent); len(exponent) > 5 || power > 400 || power < -400 {
		return misfit(t, text, "0")
	}
	value, ok := new(big.Rat).SetString(strings.TrimSuffix(mantissa, ".") + strings.TrimSuffix("e"+exponent, "e"))
	if !ok {
		return misfit(t, text, "0")
	}
	if t.Unsigned && value.Sign() < 0 {
		return dialects.Refusal{Message: text + " is not a value of an UNSIGNED type (error 1067)", Hint: "write a value such as 0"}
	}
	power := func(base, exponent int64) *big.Rat { // both are small
		return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(base), big.NewInt(exponent), nil))
	}
	most := power(10, 308) // of DOUBLE: 1.797E+308
	least := new(big.Rat)
	bits := integerBits[name]
	switch {
	case bits > 0 && t.Unsigned:
		most = most.Sub(power(2, bits), big.NewRat(1, 1))
	case bits > 0:
		most = most.Sub(power(2, bits-1), big.NewRat(1, 1))
		least.Neg(power(2, bits-1))
	case name == "float": // 3.402823466E+38
		most = most.Mul(big.NewRat(34, 10), power(10, 38))
	case name == "decimal" || name == "numeric": // also what rounds up to a digit more does not fit
		digits, scale := int64(10), int64(0)
		if t.Length != nil {
			digits = int64(*t.Length)
		}
		if t.Scale != nil {
			scale = int64(*t.Scale)
		}
		most = most.Sub(power(10, digits-scale), new(big.Rat).Inv(power(10, scale)))
	}
	if bits == 0 {
		least.Neg(most)
	}
	if value.Cmp(least) < 0 || value.Cmp(most) > 0 {
		return dialects.Refusal{Message: text + " does not fit into " + strings.ToUpper(name) + " (error 1067)", Hint: "write another default, or a larger type"}
	}
	return dialects.Refusal{}
}

// checkText refuses a text with more characters than the column takes; a
// binary column counts bytes.
func checkText(t *sqlparser.ColumnType, literal dialects.Literal) dialects.Refusal {
	name, width := strings.ToLower(t.Type), 1
	if t.Length != nil {
		width = *t.Length
	}
	length, unit := utf8.RuneCountInString(literal.Text), "characters"
	if strings.HasSuffix(name, "binary") {
		length, unit = len(literal.Text), "bytes"
	}
	switch {
	case strings.ContainsFunc(literal.Text, func(r rune) bool { return r > unicode.MaxASCII }) && t.Charset.Name != "" && !strings.HasPrefix(strings.ToLower(t.Charset.Name), "utf"):
		return dialects.Refusal{Message: "the character set " + t.Charset.Name + " may not have every character of the default (error 1067)", Hint: "leave CHARACTER SET out"}
	case literal.Kind == dialects.LiteralNumber && strings.ContainsAny(literal.Text, "eE"):
		return dialects.Refusal{Message: literal.Text + " is a number, and the column takes texts", Hint: "write '" + literal.Text + "'"}
	case length > width:
		return dialects.Refusal{Message: fmt.Sprintf("the default has %d %s, and the column takes %d (error 1067)", length, unit, width), Hint: "write a shorter default, or a longer type"}
	}
	return dialects.Refusal{}
}

var (
	clockText = regexp.MustCompile(`^(\d{1,3}):[0-5]?\d(?::[0-5]?\d(?:\.\d{1,6})?)?$`)
	dateText  = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](?:[01]?\d|2[0-3]):[0-5]?\d(?::[0-5]?\d(?:\.\d{1,6})?)?)?$`)
)

// isClock reports whether a text is a TIME, which goes to 838:59:59.
func isClock(text string) bool {
	m := clockText.FindStringSubmatch(text)
	return m != nil && (len(m[1]) < 3 || m[1] <= "838")
}

// isTime reports whether a text is a date that there is, which the type holds: a
// TIMESTAMP is of 1970 to 2038, in the session's time zone (manual, 13.2.2).
func isTime(typ, text string) bool {
	m := dateText.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	number := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // digits
	date := time.Date(number(1), time.Month(number(2)), number(3), 0, 0, 0, 0, time.UTC)
	if date.Day() != number(3) || int(date.Month()) != number(2) || number(1) < 1000 {
		return false
	}
	return typ != "timestamp" || !date.Before(time.Date(1970, 1, 3, 0, 0, 0, 0, time.UTC)) && date.Before(time.Date(2038, 1, 18, 0, 0, 0, 0, time.UTC))
}
