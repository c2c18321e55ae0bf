package dialects

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is a table's name as the database stores it.
type Name struct {
	Schema string // "" when the name is not qualified
	Table  string
}

// ParseName reads a table name as the dialect's SQL would: `sessions`,
// `tenant_a.sessions`, `"Sessions"`. Unquoted parts are folded; quoted parts
// are taken as they are.
func ParseName(d Dialect, text string) (Name, []Problem) {
	var parts []string
	var problems []Problem
	whole := Span{0, len(text)}
	rest, offset := text, 0
	for {
		part, length, p := scanIdentifier(d, rest)
		if p != nil {
			p.Offset += offset
			return Name{}, []Problem{*p}
		}
		span := Span{offset, length}
		quoted := strings.ContainsRune(d.Traits().QuoteMarks, rune(rest[0]))
		if !quoted {
			if p, bad := checkUnquoted(d, part, span); bad {
				problems = append(problems, p)
			}
			part = d.Fold(part)
		}
		if p, bad := CheckName(d, part, span); bad {
			problems = append(problems, p)
		}
		if prefix := d.Traits().ReservedPrefix; prefix != "" && strings.HasPrefix(strings.ToLower(part), prefix) {
			problems = append(problems, span.Problem("names that begin with "+prefix+" are "+d.Traits().Title+"'s own", "choose another name"))
		}
		parts = append(parts, part)
		if rest = rest[length:]; rest == "" {
			break
		}
		rest, offset = rest[1:], offset+length+1
	}
	switch {
	case len(problems) > 0:
		return Name{}, problems
	case len(parts) == 1:
		return Name{Table: parts[0]}, nil
	case len(parts) == 2:
		return Name{Schema: parts[0], Table: parts[1]}, nil
	}
	return Name{}, []Problem{whole.Problem(fmt.Sprintf("%s has more than one dot", text),
		"write table or schema.table")}
}

// scanIdentifier reads the identifier that text starts with, up to a dot or
// the end, and returns it without quotes and its length in text.
func scanIdentifier(d Dialect, text string) (string, int, *Problem) {
	if text == "" {
		return "", 0, &Problem{Message: "a name is missing here", Hint: "write table or schema.table"}
	}
	if !strings.ContainsRune(d.Traits().QuoteMarks, rune(text[0])) {
		end := strings.IndexByte(text, '.')
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			return "", 0, &Problem{Length: 1, Message: "a name is missing before the dot", Hint: "write table or schema.table"}
		}
		return text[:end], end, nil
	}
	mark := text[:1]
	for i := 1; i < len(text); i++ {
		if text[i:i+1] != mark {
			continue
		}
		if i+1 < len(text) && text[i+1:i+2] == mark {
			i++
			continue
		}
		if i+1 < len(text) && text[i+1] != '.' {
			return "", 0, &Problem{Offset: i + 1, Length: 1, Message: "only a dot may follow a quoted name", Hint: "write table or schema.table"}
		}
		return strings.ReplaceAll(text[1:i], mark+mark, mark), i + 1, nil
	}
	return "", 0, &Problem{Length: len(text), Message: "the quotes are not closed", Hint: "end the name with " + mark}
}

func checkUnquoted(d Dialect, name string, at Span) (Problem, bool) {
	if i := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }); i >= 0 {
		r, size := utf8.DecodeRuneInString(name[i:])
		return Span{at.Offset + i, size}.Problem(
			fmt.Sprintf("the name %s has a character that needs quotes: %q", name, r),
			"use letters, digits and _"), true
	}
	folded := d.Fold(name)
	if d.Quote(folded) == folded || strings.EqualFold(d.Quote(folded), folded) {
		return Problem{}, false
	}
	if unicode.IsLetter([]rune(name)[0]) && isASCII(name) {
		mark := d.Traits().QuoteMarks[:1]
		return at.Problem(
			fmt.Sprintf("%s is a reserved word of %s", name, d.Traits().Title),
			fmt.Sprintf("choose another name, such as adk_%s, or quote it, as every statement will then have to: %s", strings.ToLower(name), mark+folded+mark)), true
	}
	if unicode.IsDigit([]rune(name)[0]) {
		return at.Problem("the name "+name+" starts with a digit", "start it with a letter"), true
	}
	return Problem{}, false
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// CheckName checks a stored name against what holds for every identifier of
// the dialect: not empty, no control characters, not past the limit.
func CheckName(d Dialect, name string, at Span) (Problem, bool) {
	traits := d.Traits()
	length, unit := len(name), "bytes"
	if traits.IdentifierInRunes {
		length, unit = utf8.RuneCountInString(name), "characters"
	}
	switch {
	case name == "":
		return at.Problem("a name is empty", "write a name of letters, digits and _"), true
	case !utf8.ValidString(name):
		return at.Problem("a name is not valid UTF-8", "save the file as UTF-8"), true
	case strings.ContainsFunc(name, unicode.IsControl):
		return at.Problem(fmt.Sprintf("the name %q has a control character", name), "use letters, digits and _"), true
	case strings.HasSuffix(name, " "):
		return at.Problem(fmt.Sprintf("the name %q ends in a space", name), "use letters, digits and _"), true
	case traits.IdentifierLimit > 0 && length > traits.IdentifierLimit:
		return at.Problem(
			fmt.Sprintf("the name %s has %d %s, and %s allows %d", name, length, unit, traits.Title, traits.IdentifierLimit),
			"choose a shorter name"), true
	}
	return Problem{}, false
}

// IsPlain reports whether an identifier can stand in SQL without quotes as far
// as its characters go: an ASCII letter or _ first, then letters, digits and _.
func IsPlain(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// QuoteWith puts marks around a name and doubles those inside it.
func QuoteWith(mark, name string) string {
	return mark + strings.ReplaceAll(name, mark, mark+mark) + mark
}

// Qualified writes a table's name with its schema before it, if it has one;
// quote is a dialect's Quote.
func Qualified(quote func(string) string, schema, table string) string {
	if schema == "" {
		return quote(table)
	}
	return quote(schema) + "." + quote(table)
}

// Words makes a set of the words in a text, upper case.
func Words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[strings.ToUpper(word)] = true
	}
	return set
}

// Functions reads a list of functions with how many arguments each takes, written
// name/number or name/least-most: the least and the most, by name.
func Functions(text string) map[string][2]int {
	all := map[string][2]int{}
	for _, word := range strings.Fields(text) {
		name, counts, _ := strings.Cut(word, "/")
		first, last, isRange := strings.Cut(counts, "-")
		least, _ := strconv.Atoi(first) // digits
		most := least
		if isRange {
			most, _ = strconv.Atoi(last)
		}
		all[name] = [2]int{least, most}
	}
	return all
}

// OneOf spells a list for a person: "a, b or c".
func OneOf(list []string) string {
	list = slices.Clone(list)
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
