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
	t.Run("Bounds", func(t *testing.T) { bounds(t, d) })
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
	if len(problems) == 0 {
		text, err := json.MarshalIndent(owner, "", "  ")
		if err != nil {
			panic(err) // strings and booleans always encode
		}
		return "understood", string(text) + "\n"
	}
	var b strings.Builder
	for _, p := range problems {
		start := strings.LastIndexByte(fragment[:p.Offset], '\n') + 1
		line, _, _ := strings.Cut(fragment[start:], "\n")
		fmt.Fprintf(&b, "%s\n%s\n%s%s\nhint: %s\n", p.Message, line,
			strings.Repeat(" ", utf8.RuneCountInString(fragment[start:p.Offset])), strings.Repeat("^", max(1, utf8.RuneCountInString(fragment[p.Offset:p.Offset+p.Length]))), p.Hint)
	}
	return "problems", b.String()
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
	for _, p := range problems {
		if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(fragment) || p.Message == "" || p.Hint == "" {
			t.Errorf("%q: a problem without place or words: %+v", fragment, p)
		}
	}
	if len(problems) > 0 {
		return
	}
	again, problems := d.ParseOwner(Definition(d, owner))
	if len(problems) > 0 {
		t.Errorf("%q was understood, but %q, written from it, is refused: %v", fragment, Definition(d, owner), problems)
		return
	}
	got, _ := json.Marshal(again)
	want, _ := json.Marshal(owner)
	if string(got) != string(want) {
		t.Errorf("%q reads as\n%s\nand %q, written from it, as\n%s", fragment, want, Definition(d, owner), got)
	}
}

// Definition writes a model as one column definition.
func Definition(d dialects.Dialect, o dialects.Owner) string {
	words := []string{d.Quote(o.Name), o.Type}
	if o.Collation != "" {
		words = append(words, "COLLATE", o.Collation)
	}
	if o.Default != "" {
		words = append(words, "DEFAULT", o.Default)
	}
	if o.NotNull {
		words = append(words, "NOT NULL")
	}
	if ref := o.Reference; ref != nil {
		if ref.Constraint != "" {
			words = append(words, "CONSTRAINT", d.Quote(ref.Constraint))
		}
		words = append(words, "REFERENCES", dialects.Qualified(d.Quote, ref.Schema, ref.Table))
		if ref.Column != "" {
			words = append(words, "("+d.Quote(ref.Column)+")")
		}
		if ref.OnDelete != dialects.NoAction {
			words = append(words, "ON DELETE", string(ref.OnDelete))
		}
		if ref.OnUpdate != dialects.NoAction {
			words = append(words, "ON UPDATE", string(ref.OnUpdate))
		}
		if ref.Deferrable {
			words = append(words, "DEFERRABLE")
		}
		if ref.InitiallyDeferred {
			words = append(words, "INITIALLY DEFERRED")
		}
	}
	return strings.Join(words, " ")
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
