package mysql

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// enumText gives a value of ENUM or SET as a text. Vitess has it in quotes, with
// a backslash before each sign that is not a plain one.
func enumText(quoted string) string {
	text := strings.TrimSuffix(strings.TrimPrefix(quoted, "'"), "'")
	return strings.NewReplacer(`\'`, `'`, `\"`, `"`).Replace(text)
}

// renderEnum writes ENUM or SET: manual, 13.3.6 and 13.3.7.
func renderEnum(t *sqlparser.ColumnType) (string, dialects.Refusal) {
	upper := strings.ToUpper(t.Type)
	var written []string
	seen := map[string]bool{}
	for _, quoted := range t.EnumValues {
		text := enumText(quoted)
		folded := strings.ToLower(text)
		switch {
		case seen[folded]:
			return "", dialects.Refusal{Message: upper + " has the value '" + text + "' twice: capitals make no difference (error 1291)", Hint: "give each value a text of its own"}
		case upper == "SET" && (strings.Contains(text, ",") || text == ""):
			return "", dialects.Refusal{Message: "a value of SET is not empty, and has no comma (error 1367)", Hint: "write the value without it"}
		case strings.HasSuffix(text, " "):
			return "", dialects.Refusal{Message: "spaces at the end of a value are dropped", Hint: "write the value without them"}
		case utf8.RuneCountInString(text) > 255:
			return "", dialects.Refusal{Message: "a value has at most 255 characters (error 1097)", Hint: "write a shorter value"}
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '\\' }):
			return "", dialects.Refusal{Message: "a value has a control character or a line break", Hint: "write it in one line"}
		}
		seen[folded] = true
		written = append(written, "'"+strings.ReplaceAll(text, "'", "''")+"'")
	}
	if upper == "SET" && len(written) > 64 {
		return "", dialects.Refusal{Message: "a SET has at most 64 values (error 1097)", Hint: "write fewer values"}
	}
	return upper + "(" + strings.Join(written, ", ") + ")", dialects.Refusal{}
}

// checkEnumDefault refuses a default that is none of the values.
func checkEnumDefault(t *sqlparser.ColumnType, literal dialects.Literal) dialects.Refusal {
	var values []string
	for _, quoted := range t.EnumValues {
		values = append(values, enumText(quoted))
	}
	given := []string{literal.Text}
	if strings.EqualFold(t.Type, "set") {
		given = strings.FieldsFunc(literal.Text, func(r rune) bool { return r == ',' })
	}
	for _, text := range given {
		if literal.Kind != dialects.LiteralText || !slices.Contains(values, text) {
			return misfit(t, literal.Text, t.EnumValues[0])
		}
	}
	return dialects.Refusal{}
}

// enumValues takes ENUM or SET, as renderEnum has written it, apart.
func enumValues(sql string) (kind string, values []string) {
	kind, list, found := strings.Cut(sql, "('")
	if !found || kind != "ENUM" && kind != "SET" {
		return "", nil
	}
	return kind, strings.Split(strings.TrimSuffix(list, "')"), "', '")
}

// widensEnum reports whether values are added at the end, and take as many bytes
// as before: the rows stay as they are (manual, 17.12.1, and 13.7 for the bytes).
func widensEnum(from, to string) bool {
	kind, old := enumValues(from)
	toKind, new := enumValues(to)
	bytes := func(n int) int {
		switch {
		case kind == "ENUM" && n < 256:
			return 1
		case kind == "ENUM":
			return 2
		case n > 32:
			return 8
		}
		return (n + 7) / 8
	}
	return kind != "" && kind == toKind && len(new) >= len(old) && slices.Equal(old, new[:len(old)]) && bytes(len(old)) == bytes(len(new))
}
