package dialects

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Slips are the mistakes that people make again and again in a column
// definition: a word of another database, a clause in the wrong form. A grammar
// says where it stopped; what to write instead is here, for all of them.

// slip is what is wrong, and what to write instead.
type slip struct {
	message string
	fixed   string // the whole definition without the slip; "" when only a person knows it
	hint    string // where fixed is none, or has another mistake
}

// typeless are the words that follow a name only when the type is missing.
var typeless = Words("NOT NULL REFERENCES DEFAULT UNIQUE CHECK PRIMARY ON CONSTRAINT COLLATE FOREIGN COMMENT")

// explain says what a syntax error at the token i means, which may be the one
// behind the last; ok is false when that is not known.
func (r *Reader) explain(i int) (why Refusal, ok bool) {
	if r.reads == nil {
		return Refusal{}, false
	}
	slips := r.slips(i)
	for _, s := range slips {
		if s.fixed != "" && r.reads(s.fixed) {
			return Refusal{s.message, "write " + s.fixed}, true
		}
	}
	for _, s := range slips {
		if s.hint != "" {
			return Refusal{s.message, s.hint}, true
		}
	}
	return Refusal{}, false
}

// slips are those that a syntax error at the token i can come from.
func (r *Reader) slips(i int) (slips []slip) {
	title, types := r.dialect.Traits().Title, r.dialect.Traits().ExampleTypes
	at, prev, second := r.word(i), r.word(i-1), r.word(i-2)
	_, hasKey := FindWords(r.Tokens, "REFERENCES")
	add := func(s slip) { slips = append(slips, s) }
	switch {
	case r.word(0) == "CONSTRAINT" || r.word(0) == "FOREIGN":
		add(slip{message: RefuseNotAColumn.Message, hint: RefuseNotAColumn.Hint})
	case r.word(0) == "ADD" && r.word(1) == "COLUMN" && len(r.Tokens) > 3:
		add(slip{"ADD COLUMN belongs to ALTER TABLE, and is no part of the definition", r.edit(0, 2, ""), "remove ADD COLUMN"})
	case (r.word(0) == "ADD" || r.word(0) == "COLUMN") && len(r.Tokens) > 2:
		add(slip{message: r.word(0) + " belongs to ALTER TABLE, and is no part of the definition", fixed: r.edit(0, 1, "")})
	case i == 1 && (at == "" || typeless[at]):
		add(slip{message: "the type is missing", hint: "write it behind the name, such as " + types})
	case at == "NOTNULL" || at == "NOT_NULL":
		add(slip{at + " is written in two words", r.edit(i, i+1, "NOT NULL"), "write NOT NULL"})
	case at == "NOT" && r.word(i+1) != "NULL":
		add(slip{"NOT stands before NULL only", r.edit(i, i+2, "NOT NULL"), "write NOT NULL"})
	case prev == "NOT" && at != "NULL":
		add(slip{"NOT stands before NULL only", r.edit(i, i+1, "NULL"), "write NOT NULL"})
	case at == "NULLABLE":
		add(slip{"NULLABLE is written NULL", r.edit(i, i+1, "NULL"), "write NULL, or nothing: a column can be NULL unless it is NOT NULL"})
	case slices.Contains([]string{"AUTO_INCREMENT", "AUTOINCREMENT", "IDENTITY", "SERIAL"}, at):
		add(slip{RefuseIdentity.Message, r.edit(i, r.behindCall(i), ""), RefuseIdentity.Hint})
	case (at == "ON" || prev == "ON") && !hasKey:
		on := i
		if at != "ON" {
			on--
		}
		add(slip{"ON DELETE follows REFERENCES", r.edit(on, on+1, "REFERENCES users(id) ON"), "write REFERENCES and the table before ON DELETE"})
	case second == "ON" && (prev == "DELETE" || prev == "UPDATE"):
		s := slip{message: "ON " + prev + " has no action " + at, hint: "write CASCADE, SET NULL, RESTRICT or NO ACTION"}
		if at == "" {
			s.message = "the action behind ON " + prev + " is missing"
		} else if near := Nearest(at, []string{"CASCADE", "RESTRICT"}); near != "" {
			s.fixed = r.edit(i, i+1, near)
		}
		add(s)
	case at == "DELETE" || at == "UPDATE":
		add(slip{"ON is missing before " + at, r.edit(i, i+1, "ON "+at), "write ON " + at})
	case at == "CASCADE" && hasKey:
		add(slip{"CASCADE is an action of ON DELETE", r.edit(i, i+1, "ON DELETE CASCADE"), "write ON DELETE CASCADE"})
	case at == "CASCADE":
		add(slip{"CASCADE is an action of a foreign key", r.edit(i, i+1, "REFERENCES users(id) ON DELETE CASCADE"), "write REFERENCES and the table, and behind it ON DELETE CASCADE"})
	case at == "FOREIGN":
		end := i + 1
		if r.word(end) == "KEY" {
			end = r.behindCall(end)
		}
		add(slip{"FOREIGN KEY is for a table; a column has REFERENCES alone", r.edit(i, end, ""), "remove FOREIGN KEY, and write REFERENCES with the table"})
	case prev == "REFERENCES" && !IsPlain(at):
		s := slip{message: "the table behind REFERENCES is missing", fixed: r.edit(i, i, "users(id)"), hint: "write REFERENCES, then the table, then its column in parentheses"}
		if at == "(" && r.word(i+2) == ")" {
			s.fixed = r.edit(i, i+3, r.text(i+1)+"(id)")
		}
		add(s)
	case second == "REFERENCES" && IsPlain(at):
		add(slip{"the referenced column stands in parentheses", r.edit(i-1, i+1, r.text(i-1)+"("+r.text(i)+")"), "write the column in parentheses behind the table"})
	case at == "UNSIGNED" || at == "SIGNED" || at == "ZEROFILL":
		add(slip{title + " has no " + at, r.edit(i, i+1, ""), "remove " + at + ", and write the type of the column that is referenced"})
	case i == 2 && at != "" && strings.Trim(at, "0123456789") == "":
		add(slip{"the length stands in parentheses", r.edit(1, 3, r.text(1)+"("+at+")"), "write the length in parentheses behind the type"})
	case prev == "CHECK" && at != "(" || at == "CHECK" && r.word(i+1) != "(":
		condition := i
		if at == "CHECK" {
			condition++
		}
		add(slip{"the condition of a CHECK stands in parentheses", r.edit(condition, len(r.Tokens), "("+strings.TrimSpace(r.Fragment[r.end(condition-1):])+")"), "put the condition behind CHECK in parentheses"})
	case prev == "COLLATE" && at == "":
		add(slip{message: "the collation behind COLLATE is missing", hint: "write its name, or remove COLLATE"})
	case at == "KEY" && prev == "UNIQUE":
		add(slip{"UNIQUE stands alone", r.edit(i, i+1, ""), "write UNIQUE alone"})
	case at == "INDEX" || at == "KEY":
		add(slip{at + " is no part of a column definition; adkgen writes the index of the owner column by itself", r.edit(i, i+1, ""), "remove " + at})
	case at == "COMMENT":
		add(slip{title + " has no COMMENT in a column definition", r.edit(i, i+2, ""), "remove it, and put the comment into adkgen.yaml with #"})
	case prev == "DEFAULT" && at == "":
		add(slip{message: "the value behind DEFAULT is missing", hint: "write a value, or remove DEFAULT"})
	case prev == "DEFAULT" && IsPlain(at) && r.word(i+1) == "(" || second == "DEFAULT" && at == "(":
		call := i
		if at == "(" {
			call--
		}
		end := r.behindCall(call)
		add(slip{title + " wants this expression behind DEFAULT in parentheses", r.edit(call, end, "("+r.Fragment[r.Tokens[call].Offset:r.end(end-1)]+")"), "put the expression behind DEFAULT in parentheses, if " + title + " has such a function"})
	case prev == "DEFAULT" && IsPlain(at):
		add(slip{"a text stands in quotes", r.edit(i, i+1, "'"+r.text(i)+"'"), "put a text in single quotes"})
	case i == 1 || i == 2:
		add(slip{message: "the type stands before the name", fixed: r.edit(0, 2, r.text(1)+" "+r.text(0))})
		add(slip{message: "a name is one word", fixed: r.edit(0, 2, r.text(0)+"_"+r.text(1))})
		if i == 1 && IsPlain(at) {
			add(slip{message: title + " has no type " + at + " that adkgen can use", hint: "write " + types})
		}
	}
	for j := min(i, len(r.Tokens)-1); j > 1; j-- { // SQLite takes any words for a type
		word := r.word(j)
		near := Nearest(word, []string{"REFERENCES", "DEFAULT", "UNIQUE", "CHECK", "COLLATE"})
		if len(word) < 4 || near == "" || near == word {
			continue
		}
		s := slip{message: word + " is no word of a column definition", fixed: r.edit(j, j+1, near)}
		if j == i {
			s.hint = "did you mean " + near + "?"
		}
		add(s)
	}
	return slips
}

// word is a token's text; "" where there is none.
func (r *Reader) word(i int) string {
	if i < 0 || i >= len(r.Tokens) {
		return ""
	}
	return r.Tokens[i].Text
}

// text is a token as it was written; "" where there is none.
func (r *Reader) text(i int) string {
	if i < 0 || i >= len(r.Tokens) {
		return ""
	}
	return r.Fragment[r.Tokens[i].Offset:r.end(i)]
}

// end is the offset behind a token.
func (r *Reader) end(i int) int { return r.Tokens[i].Offset + r.Tokens[i].Length }

// behindCall is the token behind one that may have something in parentheses.
func (r *Reader) behindCall(i int) int {
	depth := 0
	for i++; i < len(r.Tokens); i++ {
		switch r.Tokens[i].Kind {
		case TokenOpen:
			depth++
		case TokenClose:
			depth--
		}
		if depth == 0 {
			if r.Tokens[i].Kind == TokenClose {
				i++
			}
			break
		}
	}
	return i
}

// edit writes the fragment with other text in the place of the tokens from i
// until to.
func (r *Reader) edit(i, to int, text string) string {
	to = min(to, len(r.Tokens))
	if i > to {
		return ""
	}
	start, end := len(r.Fragment), len(r.Fragment)
	if i < len(r.Tokens) {
		start, end = r.Tokens[i].Offset, r.Tokens[i].Offset
	}
	if to > i {
		end = r.end(to - 1)
	}
	parts := []string{strings.TrimSpace(r.Fragment[:start]), text, strings.TrimSpace(r.Fragment[end:])}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " ")
}

var (
	refuseComment = Refusal{"comments are not allowed in a column definition", "put the comment into adkgen.yaml with #"}

	colonName  = regexp.MustCompile(`^\s*(\w+)\s*:\s`)
	dashedName = regexp.MustCompile(`^\s*(\w+)-(\w+)\s`)
	bracketed  = regexp.MustCompile(`(?i)(?:^\s*|\bREFERENCES\s+)(\[(\w+)\])`)
	digitFirst = regexp.MustCompile(`^\s*(\d\w*[A-Za-z_]\w*)\s`)
	inQuotes   = regexp.MustCompile(`(?i)(?:^\s*|\bREFERENCES\s+|\bREFERENCES\s+\S+\s*\(\s*)("(\w+)")`)
	marks      = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
)

// checkMarks finds what no grammar reads well in a column definition: marks of
// word processors, quotes of another database, and marks in or behind the name.
func checkMarks(d Dialect, fragment string, reads func(string) bool) []Problem {
	quotes := d.Traits().QuoteMarks
	refuse := func(offset, length int, message, hint string, fixed ...string) []Problem {
		if i := slices.IndexFunc(fixed, reads); i >= 0 {
			hint = "write " + fixed[i]
		}
		return []Problem{{Offset: offset, Length: length, Message: message, Hint: hint}}
	}
	replace := func(m []int, text string) string { return strings.TrimSpace(fragment[:m[2]] + text + fragment[m[3]:]) }
	if m := colonName.FindStringSubmatchIndex(fragment); m != nil {
		colon := strings.IndexByte(fragment, ':')
		return refuse(colon, 1, "there is no colon behind the name of a column", "remove the colon", strings.TrimSpace(fragment[:colon]+fragment[colon+1:]))
	}
	if m := dashedName.FindStringSubmatchIndex(fragment); m != nil {
		return refuse(m[3], 1, "a name has no dash", "write _ instead", fragment[m[2]:m[3]]+"_"+fragment[m[4]:])
	}
	if m := bracketed.FindStringSubmatchIndex(fragment); m != nil && !reads(fragment) {
		return refuse(m[2], m[3]-m[2], "adkgen takes no brackets around a name", "write the name alone", replace(m, fragment[m[4]:m[5]]))
	}
	if m := inQuotes.FindStringSubmatchIndex(fragment); m != nil && !strings.Contains(quotes, `"`) {
		return refuse(m[2], m[3]-m[2], "in "+d.Traits().Title+`, " is around a text, and not around a name`, "write the name alone", replace(m, d.Quote(fragment[m[4]:m[5]])))
	}
	if m := digitFirst.FindStringSubmatchIndex(fragment); m != nil && !reads(fragment) {
		return refuse(m[2], m[3]-m[2], "a name begins with a letter", "begin the name with a letter or _")
	}
	var open rune
	for at, c := range fragment {
		switch {
		case open != 0:
			if c == open {
				open = 0
			}
		case strings.ContainsRune(marks, c):
			with := func(quote string) string {
				plain := fragment
				for _, mark := range marks {
					plain = strings.ReplaceAll(plain, string(mark), quote)
				}
				return plain
			}
			return refuse(at, len(string(c)), fmt.Sprintf("%c is a quote of a word processor, which SQL does not know", c), "write ' around a text, and a name alone", with(""), with("'"))
		case c == '#' && !reads(fragment):
			return refuse(at, 1, refuseComment.Message, refuseComment.Hint)
		case c == '`' && !strings.Contains(quotes, "`"):
			return refuse(at, 1, "only MySQL, MariaDB and SQLite have ` around a name", "write the name alone, or in double quotes", strings.ReplaceAll(fragment, "`", ""))
		case c == '\'' || c == '"' || c == '`':
			open = c
		}
	}
	return nil
}
