package problem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something that the user has to change, with its place.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // from 1; 0 when the whole file is meant
	Column  int    `json:"column,omitempty"` // in characters, from 1
	Key     string `json:"key,omitempty"`    // the key of adkgen.yaml that is concerned
	Message string `json:"message"`          // what is wrong
	Hint    string `json:"hint,omitempty"`   // what to do instead
	Source  string `json:"source,omitempty"` // the line, to print a caret under
	Width   int    `json:"width,omitempty"`  // how many characters of it are meant
	Other   *Place `json:"other,omitempty"`  // what it does not go with
	Warning bool   `json:"warning,omitempty"`
}

// Place is another place that a problem is about.
type Place struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"` // what is there
	Source  string `json:"source"`
	Width   int    `json:"width"`
}

// Error gives the place and the message in one line.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Text is the problem as a person reads it: place and message, the line with a
// caret, the hint.
func (p Problem) Text() string {
	var b strings.Builder
	b.WriteString(p.Error() + "\n")
	b.WriteString(caret(p.Source, p.Column, p.Width))
	if o := p.Other; o != nil {
		fmt.Fprintf(&b, "%s:%d:%d: %s\n%s", o.File, o.Line, o.Column, o.Message, caret(o.Source, o.Column, o.Width))
	}
	if p.Hint != "" {
		b.WriteString("hint: " + p.Hint + "\n")
	}
	return b.String()
}

// caret is a line with a mark under width characters from a column; "" for no
// line.
func caret(source string, column, width int) string {
	if source == "" {
		return ""
	}
	line := strings.TrimLeft(source, " \t")
	indent := column - 1 - (len(source) - len(line))
	return fmt.Sprintf("    %s\n    %s^%s\n", line, blanks(line, indent), strings.Repeat("~", max(width-1, 0)))
}

// blanks gives white space as wide as the first n characters of line.
func blanks(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= n {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteString(strings.Repeat(" ", max(n-len([]rune(line)), 0)))
	return b.String()
}

// Problems are all problems of one run, sorted by place.
type Problems []Problem

// Error gives every problem as a person reads it.
func (ps Problems) Error() string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.Text())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Sorted orders problems by place and drops repetitions.
func (ps Problems) Sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
