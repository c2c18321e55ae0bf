package templates

import (
	"encoding/json"
	"regexp"
	"strings"
	"text/template"
	"unicode/utf8"
)

// funcs are what templates can call.
var funcs = template.FuncMap{
	"pad":      pad,
	"row":      row,
	"clause":   clause,
	"list":     func(items []string) string { return strings.Join(items, ", ") },
	"prefix":   prefix,
	"quoted":   func(sql string) string { return strings.ReplaceAll(sql, "'", "''") },
	"literal":  literal,
	"text":     textExpression,
	"unclosed": unclosed,
	"mention":  mention,
	"word":     word,
	"trim":     strings.TrimSpace,
	"begins":   strings.HasPrefix,
	"lower":    lower,
	"yaml":     yamlString,
	"dollar":   dollar,
	"rollback": rollback,
	"indent":   indent,
}

// indent puts blanks before all lines of a text but the first.
func indent(blanks int, text string) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", blanks))
}

// pad fills a text up to a width in characters.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// row joins the parts that are not empty with blanks; none is left at the end.
func row(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
	return strings.TrimRight(b.String(), " ")
}

// clause is a keyword and its argument; "" without the argument.
func clause(keyword, argument string) string {
	if argument == "" {
		return ""
	}
	return keyword + " " + argument
}

// word is text if something holds, and "" otherwise.
func word(holds any, text string) string {
	if truth, _ := template.IsTrue(holds); truth {
		return text
	}
	return ""
}

// literal is a text as MySQL's SQL, in quotes; "" for no text. A backslash is
// doubled, or it would take the quote behind it (manual, 11.1.1 String Literals).
func literal(text string) string {
	if text == "" {
		return ""
	}
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(text) + "'"
}

// textExpression is a text as an SQL expression of MySQL's, whatever sql_mode is: with
// NO_BACKSLASH_ESCAPES, two backslashes in quotes are two (manual, 7.1.11 Server
// SQL Modes). LEFT keeps the collation of the connection, as a literal has it:
// one with CHAR or an introducer can be none that compares (error 1267).
func textExpression(text string) string {
	parts := strings.Split(strings.ReplaceAll(text, "'", "''"), `\`)
	if len(parts) == 1 {
		return "'" + parts[0] + "'"
	}
	return "CONCAT('" + strings.Join(parts, "', LEFT('\\\\', 1), '") + "')"
}

// unclosed is SQL that does not end the comment that it stands in. Outside of
// quotes there is no */ in SQL without comments.
func unclosed(sql string) string { return strings.ReplaceAll(sql, "*/", "* /") }

// mention is a GLOB pattern for SQL in lower case that has a name in it, as a
// word of its own. A character that is special in a pattern, or is doubled in
// quotes, stands for any text.
func mention(name string) string {
	word := strings.Map(func(r rune) rune {
		if strings.ContainsRune("*?[]\"`", r) {
			return '*'
		}
		return r
	}, lower(name))
	return "*[^a-z0-9_]" + word + "[^a-z0-9_]*"
}

// lower folds a name as SQLite does: no letters but A to Z.
func lower(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// dollar is a tag for a dollar-quoted string that does not stand in the text.
func dollar(text string) string {
	tag := "$$"
	for strings.Contains(text, tag) {
		tag = "$backfill" + strings.Repeat("_", len(tag)) + "$"
	}
	return tag
}

// rollback writes SQL as the rollback of a Liquibase changeset.
func rollback(sql string) string {
	var b strings.Builder
	empty := true
	for line := range strings.Lines(sql) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		empty = empty && strings.HasPrefix(line, "--")
		b.WriteString("-- rollback " + line)
	}
	if empty { // a comment in front of the word would be a statement of the way up, which databases refuse
		return "-- rollback empty\n"
	}
	return b.String()
}

// prefix writes a list of columns with a table's alias before each.
func prefix(alias string, columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return alias + "." + strings.Join(columns, ", "+alias+".")
}

var plainYAML = regexp.MustCompile(`^[A-Za-z_./][A-Za-z0-9_./-]*$`)

// yamlString writes a string as YAML: a JSON string is one, where it needs quotes.
func yamlString(s string) string {
	if plainYAML.MatchString(s) {
		return s
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(text)
}
