package problem

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"gopkg.in/yaml.v3"
)

// Source is the text of adkgen.yaml, to find places in.
type Source struct {
	File string
	Text string
}

// NewSource takes a byte order mark away, which is in no line and no column,
// and makes an ordinary line break of a carriage return that stands alone.
func NewSource(file string, text []byte) Source {
	return Source{File: file, Text: loneReturn.ReplaceAllString(strings.TrimPrefix(string(text), "\uFEFF"), "\n$1")}
}

var loneReturn = regexp.MustCompile(`\r([^\n]|$)`)

// Problem points at a part of a scalar's value: length bytes from offset. A
// node that is not a scalar is pointed at as a whole.
func (s Source) Problem(n *yaml.Node, offset, length int, key, message, hint string) Problem {
	p := Problem{File: s.File, Key: key, Message: message, Hint: hint}
	at := s.Offset(n.Line, n.Column)
	p.Line, p.Column = s.LineColumn(at)
	if n.Kind == yaml.ScalarNode {
		if places := s.Locate(n); places != nil {
			offset = max(0, min(offset, len(n.Value)))
			at = places[offset]
			p.Line, p.Column = s.LineColumn(at)
			end := places[max(offset, min(offset+length, len(n.Value)))]
			p.Width = utf8.RuneCountInString(s.UpToBreak(at, end))
		}
	}
	start := strings.LastIndexByte(s.Text[:at], '\n') + 1
	p.Source = s.UpToBreak(start, len(s.Text))
	return p
}

// UpToBreak is text[from:to], cut at the first line break.
func (s Source) UpToBreak(from, to int) string {
	part := s.Text[from:max(from, to)]
	if i := strings.IndexAny(part, "\r\n"); i >= 0 {
		part = part[:i]
	}
	return part
}

// Offset gives the byte at a line and column, both from 1, columns in runes.
func (s Source) Offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(s.Text[at:], '\n')
		if i < 0 {
			return len(s.Text)
		}
		at += i + 1
	}
	for ; column > 1 && at < len(s.Text) && s.Text[at] != '\n'; column-- {
		_, size := utf8.DecodeRuneInString(s.Text[at:])
		at += size
	}
	return at
}

// LineColumn is the inverse of offset.
func (s Source) LineColumn(at int) (line, column int) {
	line = 1 + strings.Count(s.Text[:at], "\n")
	start := strings.LastIndexByte(s.Text[:at], '\n') + 1
	return line, 1 + utf8.RuneCountInString(s.Text[start:at])
}

// Locate gives for each byte of a scalar's value, and for its end, the byte of
// the source that it came from; nil when value and source do not run in
// parallel, which no YAML that was tried does. The node's own column is that
// of the quote or of the bar, so the source is scanned along with the value.
func (s Source) Locate(n *yaml.Node) []int {
	walk := scalarWalk{text: s.Text, value: n.Value, at: s.Offset(n.Line, n.Column)}
	walk.skipProperties()
	ok := false
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle:
		walk.at++
		ok = walk.flow(walk.doubleQuoted)
	case yaml.SingleQuotedStyle:
		walk.at++
		ok = walk.flow(walk.singleQuoted)
	case yaml.LiteralStyle:
		ok = walk.block(true)
	case yaml.FoldedStyle:
		ok = walk.block(false)
	default:
		ok = walk.flow(walk.plain)
	}
	if !ok {
		return nil
	}
	return append(walk.places, min(walk.at, len(s.Text)))
}

// scalarWalk moves through a scalar's source and its value side by side.
type scalarWalk struct {
	text, value string
	at          int   // the next byte of text
	places      []int // of the bytes of value that were read
}

// skipProperties passes a tag and an anchor that stand before the scalar.
func (w *scalarWalk) skipProperties() {
	for w.at < len(w.text) && (w.text[w.at] == '!' || w.text[w.at] == '&') {
		for w.at < len(w.text) && !isBlank(w.text[w.at]) {
			w.at++
		}
		for w.at < len(w.text) && isBlank(w.text[w.at]) {
			w.at++
		}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// flow walks a plain or quoted scalar, whose line breaks are folded.
func (w *scalarWalk) flow(character func() bool) bool {
	for len(w.places) < len(w.value) {
		if w.at >= len(w.text) {
			return false
		}
		if w.foldBreak(0) {
			continue
		}
		if !character() {
			return false
		}
	}
	return true
}

// foldBreak passes white space with a line break in it: in the value that is a
// space, or a line break for each empty line. In a block, only indent blanks
// of the next line belong to the break.
func (w *scalarWalk) foldBreak(indent int) bool {
	end, found := w.at, false
	for end < len(w.text) && isBlank(w.text[end]) {
		if w.text[end] == '\n' {
			found = true
			if indent > 0 && !w.blankLineAt(end+1) {
				end++
				for i := 0; i < indent && end < len(w.text) && w.text[end] == ' '; i++ {
					end++
				}
				break
			}
		}
		end++
	}
	if !found {
		return false
	}
	count := 1
	if next := w.value[len(w.places)]; next == '\n' {
		rest := w.value[len(w.places):]
		count = len(rest) - len(strings.TrimLeft(rest, "\n"))
	} else if next != ' ' {
		count = 0 // an escaped line break, or white space that was trimmed
	}
	w.put(w.at, count)
	w.at = end
	return true
}

func (w *scalarWalk) blankLineAt(at int) bool {
	line, _, more := strings.Cut(w.text[at:], "\n")
	return more && strings.Trim(line, " \t\r\n") == ""
}

func (w *scalarWalk) put(place, count int) {
	for ; count > 0 && len(w.places) < len(w.value); count-- {
		w.places = append(w.places, place)
	}
}

// plain reads a byte that stands for itself.
func (w *scalarWalk) plain() bool {
	if w.at >= len(w.text) || w.text[w.at] != w.value[len(w.places)] {
		return false
	}
	w.put(w.at, 1)
	w.at++
	return true
}

func (w *scalarWalk) singleQuoted() bool {
	if strings.HasPrefix(w.text[w.at:], "''") {
		w.put(w.at, 1)
		w.at += 2
		return true
	}
	return w.plain()
}

func (w *scalarWalk) doubleQuoted() bool {
	if w.at+1 >= len(w.text) || w.text[w.at] != '\\' {
		return w.plain()
	}
	length := 2
	switch w.text[w.at+1] {
	case '\n', '\r': // the line goes on
		w.at++
		for w.at < len(w.text) && isBlank(w.text[w.at]) {
			w.at++
		}
		return true
	case 'x':
		length = 4
	case 'u':
		length = 6
	case 'U':
		length = 10
	}
	_, size := utf8.DecodeRuneInString(w.value[len(w.places):])
	w.put(w.at, size)
	w.at += length
	return true
}

// block walks a scalar after | or >.
func (w *scalarWalk) block(literal bool) bool {
	header := w.text[min(w.at, len(w.text)):]
	i := strings.IndexByte(header, '\n')
	if i < 0 {
		return w.value == ""
	}
	indent := w.blockIndent(header[:i], w.at+i+1)
	w.at += i + 1
	for len(w.places) < len(w.value) && w.value[len(w.places)] == '\n' && w.blankLineAt(w.at) { // leading empty lines
		w.put(w.at, 1)
		w.at += strings.IndexByte(w.text[w.at:], '\n') + 1
	}
	w.skipIndent(indent)
	for len(w.places) < len(w.value) {
		if w.at >= len(w.text) {
			w.put(len(w.text), len(w.value)) // the last line break may be missing
			return true
		}
		atBreak := w.text[w.at] == '\n' || strings.HasPrefix(w.text[w.at:], "\r\n")
		switch {
		case atBreak && literal:
			w.put(w.at, 1)
			w.at += strings.IndexByte(w.text[w.at:], '\n') + 1
			w.skipIndent(indent)
		case atBreak:
			w.foldBreak(indent)
		case !w.plain():
			return false
		}
	}
	return true
}

// blockIndent is the number of blanks before each line: given in the header,
// less than the parent's, or that of the first line with text.
func (w *scalarWalk) blockIndent(header string, at int) int {
	first := 0
	for _, line := range strings.SplitAfter(w.text[at:], "\n") {
		if strings.Trim(line, " \t\r\n") != "" {
			first = len(line) - len(strings.TrimLeft(line, " "))
			break
		}
	}
	if i := strings.IndexAny(header, "123456789"); i >= 0 && i <= 2 {
		given, _ := strconv.Atoi(header[i : i+1])
		if first == 0 { // no line with text: only a scalar at the top of the file can be placed
			return given
		}
		// The number counts from the parent's column; the value's own blanks
		// at its start are what the line has more.
		own := len(w.value) - len(strings.TrimLeft(w.value, " "))
		if first-own >= given {
			return first - own
		}
	}
	return first
}

func (w *scalarWalk) skipIndent(indent int) {
	for i := 0; i < indent && w.at < len(w.text) && w.text[w.at] == ' '; i++ {
		w.at++
	}
}

// FragmentProblem places a problem with the whole text of a source.
func (s Source) FragmentProblem(p dialects.Problem) Problem {
	line, column := s.LineColumn(p.Offset)
	start := strings.LastIndexByte(s.Text[:p.Offset], '\n') + 1
	return Problem{File: s.File, Line: line, Column: column, Message: p.Message, Hint: p.Hint,
		Source: s.UpToBreak(start, len(s.Text)), Width: len([]rune(s.UpToBreak(p.Offset, p.Offset+p.Length)))}
}

// ConflictIn gives the place of the first line that git has written into a file
// in which two branches have changed the same lines; nil for none.
func ConflictIn(file, text string) *Problem {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") {
			return &Problem{File: file, Line: number, Column: 1, Source: strings.TrimRight(line, "\r\n")}
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// YamlMessage takes the line, 0 for none, out of an error of the YAML parser.
func YamlMessage(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits
		message = m[2]
	}
	return line, message
}

// ConflictHint says how a file is mended that git has merged.
const ConflictHint = "keep what you want of both sides, remove the lines that begin with <<<<<<<, ======= and >>>>>>>, and run adkgen again"
