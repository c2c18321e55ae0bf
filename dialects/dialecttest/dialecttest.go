// Package dialecttest is the suite that every dialect must pass.
package dialecttest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite what was understood of the owner columns in testdata/owner")

// Run runs the suite: the facts, names, types, and the owner columns in
// testdata/owner, a txtar file each with the fragment and what was understood
// of it or the problems.
func Run(t *testing.T, d dialects.Dialect) {
	t.Run("Names", func(t *testing.T) { names(t, d) })
	t.Run("Types", func(t *testing.T) { types(t, d) })
	t.Run("Owner", func(t *testing.T) { owners(t, d) })
	RunCorpus(t, d)
	t.Run("Schema", func(t *testing.T) { schemas(t, d) })
	t.Run("Column", func(t *testing.T) { expressions(t, d, "column") })
	t.Run("Backfill", func(t *testing.T) { expressions(t, d, "backfill") })
	t.Run("Bounds", func(t *testing.T) { bounds(t, d) })
}

// RunCorpus runs the corpus alone: for a flavour whose dialect has the suite.
func RunCorpus(t *testing.T, d dialects.Dialect) {
	t.Run("Combined", func(t *testing.T) { combined(t, d) })
	t.Run("Rules", func(t *testing.T) { rules(t, d) })
	t.Run("Slips", func(t *testing.T) { slips(t, d) })
}

// names holds that a quoted name reads back as the same name, and that names
// which need quotes get them.
func names(t *testing.T, d dialects.Dialect) {
	mark := d.Traits().QuoteMarks[:1]
	for _, name := range []string{d.Fold("adk_sessions"), "with space", "größe", "MiXed", "select", "from", "a.b", "1st", "x-y", "it's", "a`b"} {
		quoted := d.Quote(name)
		got, problems := dialects.ParseName(d, quoted)
		if len(problems) > 0 || got.Table != name || got.Schema != "" {
			t.Errorf("Quote(%q) = %s, which reads as %+v, %v", name, quoted, got, problems)
		}
		needsQuotes := strings.ContainsAny(name, " .-'`") || name == "select" || name == "from" || name == "1st" || name == "größe"
		if needsQuotes != strings.HasPrefix(quoted, mark) && name != "MiXed" {
			t.Errorf("Quote(%q) = %s", name, quoted)
		}
	}
	for _, word := range strings.Fields("select from table where order group user_id") {
		_, problems := dialects.ParseName(d, word)
		if refused := len(problems) > 0; refused != (word != "user_id") {
			t.Errorf("ParseName(%s): %v", word, problems)
		}
	}
	if d.Fold(d.Fold("AdK")) != d.Fold("AdK") {
		t.Error("folding twice is not folding once")
	}
}

func types(t *testing.T, d dialects.Dialect) {
	for kind := dialects.KindKey; kind <= dialects.KindDocument; kind++ {
		if d.Type(kind).SQL == "" {
			t.Errorf("kind %d has no type", kind)
		}
	}
	if d.Type(dialects.KindKey).Nullable {
		t.Error("a key can be NULL")
	}
}

// Text is what the files in testdata/owner hold of a fragment: the model, or
// the problems with the fragment and a caret.
func Text(d dialects.Dialect, fragment string) (name, text string) {
	owner, problems := d.ParseOwner(fragment)
	var b strings.Builder
	if len(problems) > 0 {
		for _, p := range problems {
			b.WriteString(problemText(fragment, p))
		}
		return "problems", b.String()
	}
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(owner); err != nil {
		panic(err) // strings and booleans always encode
	}
	for _, w := range owner.Warnings {
		b.WriteString("warning: " + problemText(fragment, w))
	}
	return "understood", b.String()
}

// problemText is a problem with the line that it is in, a caret, and the hint.
func problemText(fragment string, p dialects.Problem) string {
	start := strings.LastIndexByte(fragment[:p.Offset], '\n') + 1
	line, _, _ := strings.Cut(fragment[start:], "\n")
	return fmt.Sprintf("%s\n%s\n%s%s\nhint: %s\n", p.Message, line,
		strings.Repeat(" ", utf8.RuneCountInString(fragment[start:p.Offset])), strings.Repeat("^", max(1, utf8.RuneCountInString(fragment[p.Offset:p.Offset+p.Length]))), p.Hint)
}

func owners(t *testing.T, d dialects.Dialect) {
	files, err := filepath.Glob("testdata/owner/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files in testdata/owner: %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil || len(archive.Files) == 0 || archive.Files[0].Name != "fragment" {
			t.Errorf("%s does not begin with -- fragment --: %v", file, err)
			continue
		}
		fragment := strings.TrimSuffix(string(archive.Files[0].Data), "\n")
		name, text := Text(d, fragment)
		if *update && os.Getenv("CI") == "" {
			archive.Files = append(archive.Files[:1], txtar.File{Name: name, Data: []byte(text)})
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if len(archive.Files) != 2 || archive.Files[1].Name != name {
			t.Errorf("%s: now %s:\n%s", file, name, text)
			continue
		}
		if want := string(archive.Files[1].Data); want != text {
			t.Errorf("%s: %s differ (- want, + got):\n%s", file, name, udiff.Unified("want", "got", want, text))
		}
		Check(t, d, fragment)
	}
}

// bounds holds that input which would keep a parser busy is refused at once.
func bounds(t *testing.T, d dialects.Dialect) {
	for _, fragment := range []string{
		"", " \n", "x INT DEFAULT " + strings.Repeat("(", 400) + "1" + strings.Repeat(")", 400),
		"x INT DEFAULT " + strings.Repeat("nvl(1,", 90), "x INT " + strings.Repeat("NOT NULL ", 100), strings.Repeat("x", 2000), "x INT\x00", "x INT \xff",
	} {
		if _, problems := d.ParseOwner(fragment); len(problems) == 0 {
			t.Errorf("%.40q… is accepted", fragment)
		}
	}
}

// Check holds what must be true of every fragment, also of fuzzed ones: a
// problem lies inside the fragment and has a message and a hint; a model, when
// it is written as SQL, reads as the same model.
func Check(t *testing.T, d dialects.Dialect, fragment string) {
	t.Helper()
	owner, problems := d.ParseOwner(fragment)
	for _, p := range append(problems, owner.Warnings...) {
		if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(fragment) || p.Message == "" || p.Hint == "" {
			t.Errorf("%q: a problem without place or words: %+v", fragment, p)
		}
	}
	if len(problems) > 0 {
		return
	}
	if !d.Widens(owner.Type, owner.Type) {
		t.Errorf("%q: a column of type %s does not hold the values of one of the same type", fragment, owner.Type)
	}
	again, problems := d.ParseOwner(dialects.Definition(d, owner))
	if len(problems) > 0 {
		t.Errorf("%q was understood, but %q, written from it, is refused: %v", fragment, dialects.Definition(d, owner), problems)
		return
	}
	got, _ := json.Marshal(again)
	want, _ := json.Marshal(owner)
	if string(got) != string(want) {
		t.Errorf("%q reads as\n%s\nand %q, written from it, as\n%s", fragment, want, dialects.Definition(d, owner), got)
	}
}

// Fragments are the fragments in a folder such as testdata/owner.
func Fragments(t testing.TB, dir string) (fragments []string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fragments: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fragments = append(fragments, strings.TrimSuffix(string(archive.Files[0].Data), "\n"))
	}
	return fragments
}

// Fuzz gives a dialect fragments that grow from those in testdata/owner.
func Fuzz(f *testing.F, d dialects.Dialect) {
	for _, fragment := range Fragments(f, "testdata/owner") {
		f.Add(fragment)
	}
	f.Fuzz(func(t *testing.T, fragment string) { Check(t, d, fragment) })
}

// Benchmark parses one fragment, as often as it can.
func Benchmark(b *testing.B, d dialects.Dialect, fragment string) {
	for b.Loop() {
		if _, problems := d.ParseOwner(fragment); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
