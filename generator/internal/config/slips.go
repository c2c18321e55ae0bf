package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The YAML parser says where it gave up, which is often a line or two away from
// the mistake, and in words of its own. What people get wrong is known: a tab, a
// missing space, an indentation, a text that needs quotes. Each is tried: the
// one without which the file can be read is the mistake.

// slipInYAML is a mistake in a line.
type slipInYAML struct {
	line, column  int // from 0
	width         int // in bytes
	message, hint string
	fixed         string // the line without it
	alike         int    // of a line that is moved: how many lines begin where it goes
}

// findSlip looks for the mistake that makes a file no YAML, from the line where
// the parser gave up outwards; nil when it is none that is known.
func findSlip(text string, line int) *slipInYAML {
	const most = 40 // lines to try: a list of tenants can be long
	lines := strings.Split(text, "\n")
	var order []int
	for d := 0; d < len(lines) && len(order) < most; d++ {
		for _, at := range []int{line - d, line + d} {
			if at >= 0 && at < len(lines) && !slices.Contains(order, at) {
				order = append(order, at)
			}
		}
	}
	for _, at := range order {
		if indentTab.MatchString(lines[at]) && !reads(text) { // none is ever right, but in a block of text
			return &slipInYAML{line: at, column: strings.IndexByte(lines[at], '\t'), width: 1, message: "a tab indents this line, and YAML takes spaces only", hint: "indent with spaces, two for each level"}
		}
	}
	var moved *slipInYAML // to where most lines begin
	for _, find := range []func([]string, int) []slipInYAML{colons, endings, quoting, indentations} {
		for _, at := range order {
			for _, s := range find(lines, at) {
				changed := slices.Clone(lines)
				changed[at] = s.fixed
				if s.alike == 0 || moved == nil || s.alike > moved.alike {
					if reads(strings.Join(changed, "\n")) {
						s.line = at
						moved = &s
						if s.alike == 0 {
							return &s
						}
					}
				}
			}
		}
	}
	return moved
}

// reads reports whether a text is YAML with the keys of adkgen.yaml where they
// belong: a line that is moved can be read as something else, too.
func reads(text string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, rest yaml.Node
	if decoder.Decode(&document) != nil || !errors.Is(decoder.Decode(&rest), io.EOF) {
		return false
	}
	root := document.Content[0]
	list := ValueOf(root, "targets")
	if !hasOnly(root, topKeys) || list == nil || list.Kind != yaml.SequenceNode {
		return false
	}
	return !slices.ContainsFunc(list.Content, func(target *yaml.Node) bool { return !hasOnly(target, targetKeys) })
}

// hasOnly reports whether a node is a mapping with no other keys than these.
func hasOnly(n *yaml.Node, keys []string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		if !slices.Contains(keys, n.Content[i].Value) {
			return false
		}
	}
	return true
}

var (
	inFlow     = regexp.MustCompile("[:,{\\[]\\s*([@`%*&!][^,}\\]]*)")
	indentTab  = regexp.MustCompile(`^[ \t]*\t`)
	keyAndText = regexp.MustCompile(`^(\s*(?:- )?(\w+):\s+)(\S.*?)\s*$`)
	dashText   = regexp.MustCompile(`^(\s*- )(\S.*?)\s*$`)
	noBlank    = regexp.MustCompile(`^(\s*(?:- )?(\w+)):([^\s:].*)$`)
	noColon    = regexp.MustCompile(`^(\s*(?:- )?(\w+))(?:\s+(\S.*)|\s*)$`)
	noDash     = regexp.MustCompile(`^(\s*)-(\w.*)$`)
)

// colons finds a key without its colon, or a colon or dash without its space.
func colons(lines []string, at int) (slips []slipInYAML) {
	line := strings.TrimRight(lines[at], "\r")
	if m := noBlank.FindStringSubmatchIndex(line); m != nil {
		key := line[m[4]:m[5]]
		slips = append(slips, slipInYAML{column: m[3], width: 1, message: "a space is missing behind the colon", hint: "write " + key + ": " + line[m[6]:m[7]], fixed: line[:m[3]+1] + " " + line[m[6]:]})
	}
	if m := noColon.FindStringSubmatchIndex(line); m != nil && isKey(line[m[4]:m[5]]) {
		key, value := line[m[4]:m[5]], ""
		if m[6] >= 0 {
			value = " " + line[m[6]:m[7]]
		}
		slips = append(slips, slipInYAML{column: m[4], width: len(key), message: "the colon behind " + key + " is missing", hint: "write " + key + ":" + value, fixed: line[:m[3]] + ":" + value})
	}
	if m := noDash.FindStringSubmatchIndex(line); m != nil {
		slips = append(slips, slipInYAML{column: m[3], width: 1, message: "a space is missing behind the dash", hint: "write - " + line[m[4]:], fixed: line[:m[3]] + "- " + line[m[4]:]})
	}
	return slips
}

// isKey reports whether a word is a key of adkgen.yaml.
func isKey(word string) bool {
	return slices.ContainsFunc(keyPlaces, func(place keyPlace) bool { return slices.Contains(place.keys, word) })
}

// quoting finds a text that YAML reads as something else.
func quoting(lines []string, at int) []slipInYAML {
	line := strings.TrimRight(lines[at], "\r")
	if m := inFlow.FindStringSubmatchIndex(line); m != nil && strings.ContainsAny(line, "{[") {
		text := strings.TrimSpace(line[m[2]:m[3]])
		quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
		return []slipInYAML{{column: m[2], width: len(text), message: fmt.Sprintf("YAML gives a meaning to %c at the beginning of a text", text[0]), hint: "put the text in quotes: " + quoted, fixed: line[:m[2]] + quoted + line[m[2]+len(text):]}}
	}
	m := keyAndText.FindStringSubmatchIndex(line)
	start, end := 0, 0
	switch {
	case m != nil:
		start, end = m[6], m[7]
	default:
		if m = dashText.FindStringSubmatchIndex(line); m == nil {
			return nil
		}
		start, end = m[4], m[5]
	}
	value := line[start:end]
	why, column := "", start
	switch colon := strings.Index(value, ": "); {
	case strings.ContainsRune("@`%&*!|>", rune(value[0])):
		why = fmt.Sprintf("YAML gives a meaning to %c at the beginning of a text", value[0])
	case value[0] == '"' || value[0] == '\'':
		why = "the text goes on behind its closing quote"
	case strings.ContainsRune("{[", rune(value[0])):
		why = fmt.Sprintf("YAML takes a text that begins with %c for a list or a map", value[0])
	case colon >= 0:
		why, column = "YAML takes a colon and a space in a text for a key", start+colon
	default:
		return nil
	}
	quoted := "'" + strings.ReplaceAll(value, "'", "''") + "'"
	return []slipInYAML{{column: column, width: 1, message: why, hint: "put the whole text in quotes: " + strings.TrimSpace(line[:start]) + " " + quoted, fixed: line[:start] + quoted}}
}

// endings finds a quote or bracket that is not closed, or one too many.
func endings(lines []string, at int) (slips []slipInYAML) {
	line := strings.TrimRight(lines[at], " \r")
	for _, c := range []struct{ open, close, name string }{{`"`, `"`, `the quote "`}, {"'", "'", "the quote '"}, {"{", "}", "the bracket {"}, {"[", "]", "the bracket ["}} {
		opened := strings.Index(line, c.open)
		if opened >= 0 {
			slips = append(slips, slipInYAML{column: opened, width: 1, message: c.name + " is not closed in this line", hint: "write " + c.close + " at the end: " + strings.TrimSpace(line) + c.close, fixed: line + c.close})
		}
		if opened >= 0 && strings.HasSuffix(line, "}") { // the value of the last key in a map
			slips = append(slips, slipInYAML{column: opened, width: 1, message: c.name + " is not closed", hint: "close it before the }", fixed: strings.TrimSuffix(line, "}") + c.close + "}"})
		}
		if c.open != c.close && strings.HasSuffix(line, c.close) {
			slips = append(slips, slipInYAML{column: len(line) - 1, width: 1, message: c.close + " closes nothing", hint: "remove it, or write " + c.open + " before what it closes", fixed: line[:len(line)-1]})
		}
	}
	return slips
}

// indentations finds a line that stands too far to the left or right.
func indentations(lines []string, at int) (slips []slipInYAML) {
	text := strings.TrimLeft(lines[at], " ")
	if strings.TrimSpace(text) == "" || text[0] == '#' {
		return nil
	}
	have := len(lines[at]) - len(text)
	var wanted []int
	for d := 1; d < 6; d++ { // the neighbours are the ones to stand like
		for _, i := range []int{at - d, at + d} {
			if i < 0 || i >= len(lines) || strings.TrimSpace(lines[i]) == "" {
				continue
			}
			indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
			wanted = append(wanted, indent, indent+2)
			if strings.HasPrefix(strings.TrimLeft(lines[i], " "), "- ") {
				wanted = append(wanted, indent+2)
			}
		}
	}
	for _, n := range wanted {
		alike := 1
		for _, line := range lines {
			if len(line)-len(strings.TrimLeft(line, " ")) == n {
				alike++
			}
		}
		if n != have {
			slips = append(slips, slipInYAML{column: have, width: utf8.RuneCountInString(strings.TrimSpace(text)), message: fmt.Sprintf("this line does not line up with its neighbours: it is indented by %d spaces", have),
				hint: fmt.Sprintf("indent it by %d spaces", n), fixed: strings.Repeat(" ", n) + text, alike: alike})
		}
	}
	return slips
}
