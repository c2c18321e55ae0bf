package pipeline

import (
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"gopkg.in/yaml.v3"
)

// scalar gives the value of the first key of a document.
func scalar(t testing.TB, text string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		t.Skipf("not a mapping: %v", err)
	}
	return document.Content[0].Content[1]
}

// TestProblemPlaces looks for the word MARK in values of every style, and wants
// the place where the source has it.
func TestProblemPlaces(t *testing.T) {
	for name, text := range map[string]string{
		"plain":                       "key: a MARK b\n",
		"plain over lines":            "key: a\n  b\n\n  c MARK\n",
		"single quotes":               "key: 'it''s ''a'' MARK'\n",
		"single quotes over lines":    "key: 'a\n\n   b ''c\n   MARK'\n",
		"double quotes":               `key: "a \"b\" \t \u00e4 \x41 \U0001F600 MARK"` + "\n",
		"double quotes over lines":    "key: \"a\n  b \\\n   c MARK\"\n",
		"literal block":               "key: |\n  a\n  b MARK\n",
		"literal block, indented":     "key: |-\n    a\n      b\n    c MARK\n",
		"literal block with a number": "key: |2\n   a\n  MARK\n",
		"literal block, empty lines":  "key: |\n\n  a\n\n  MARK\n",
		"folded block":                "key: >-\n  a\n  b\n\n  c MARK\n",
		"folded block, indented part": "key: >\n  a\n    b\n  c MARK\n",
		"tabs":                        "key: |\n  a\tb\n  \tMARK\n",
		"carriage returns":            "key: |\r\n  a\r\n  b MARK\r\n",
		"umlauts":                     "schlüssel: 'ä ö ü MARK'\n",
		"after other keys":            "list:\n",
		"an anchor and a tag":         "key: &a !!str a MARK\n",
		"a comment behind":            "key: a MARK # MARK is here as well\n",
		"a byte order mark":           "\uFEFFkey: a MARK\n",
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(text, "MARK") {
				text = "other: {x: 'MARK'}\n" + text
			}
			text = strings.TrimPrefix(text, "\uFEFF") // as newSource does
			n := scalar(t, text)
			if n.Kind == yaml.MappingNode {
				n = n.Content[1]
			}
			s := problem.Source{File: "f", Text: text}
			p := s.Problem(n, strings.Index(n.Value, "MARK"), 4, "", "", "")
			at := strings.Index(text, "MARK")
			line, column := s.LineColumn(at)
			if p.Line != line || p.Column != column || p.Width != 4 {
				t.Errorf("found at %d:%d, width %d; it is at %d:%d in\n%s", p.Line, p.Column, p.Width, line, column, text)
			}
		})
	}
}

// FuzzLocate holds that each byte of a value is found at a byte of the source
// that can stand for it, whatever the style.
func FuzzLocate(f *testing.F) {
	for _, value := range []string{"a b", "it's", "a\nb\n", "a\n\nb", " a", "a ", "ä\tö", "\\ \"", "# no comment", "x: y", "'", "\x01", "a\n  b\nc\n", "- a"} {
		f.Add(value, uint8(0))
	}
	styles := []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}
	f.Fuzz(func(t *testing.T, value string, style uint8) {
		node := yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "key"},
			{Kind: yaml.ScalarNode, Value: value, Style: styles[int(style)%len(styles)]}}}
		text, err := yaml.Marshal(&node)
		if err != nil {
			t.Skip(err)
		}
		n := scalar(t, string(text))
		if n.Kind != yaml.ScalarNode || n.Value != value {
			t.Skip("yaml.v3 does not read what it wrote")
		}
		s := problem.Source{File: "f", Text: string(text)}
		places := s.Locate(n)
		if places == nil {
			t.Fatalf("%q is not found in\n%s", value, text)
		}
		if len(places) != len(value)+1 {
			t.Fatalf("%d places for %d bytes", len(places), len(value))
		}
		for i, at := range places[:len(value)] {
			if at > len(text) || i > 0 && at < places[i-1] {
				t.Fatalf("the places %v of %q in\n%s", places, value, text)
			}
			c := value[i]
			letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
			if letter && text[at] != c {
				t.Fatalf("byte %d of %q, %q, is found at %q in\n%s", i, value, c, text[at], text)
			}
		}
	})
}

// FuzzParseConfig holds that no file makes the parser panic, and that every
// problem has a file, a message and a hint, and a place inside the file.
func FuzzParseConfig(f *testing.F) {
	f.Add("version: 1\ntargets:\n  - dialect: sqlite\n    owner_id_column: x INT PRIMARY KEY\n    migrations: {tool: goose, dir: db}\n")
	f.Add("version: 1\ntargets:\n  - &a {dialect: postgres, schema: |\n      x.y}\n  - *a\n")
	f.Add("targets: [1, {a: b}, *x]\n---\nb")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := config.Parse("adkgen.yaml", []byte(text))
		if err == nil {
			return
		}
		for _, p := range err.(problem.Problems) {
			if p.File != "adkgen.yaml" || p.Message == "" || p.Hint == "" || p.Line > 1+strings.Count(problem.NewSource("", []byte(text)).Text, "\n") {
				t.Errorf("%+v", p)
			}
			_ = p.Text()
		}
	})
}
