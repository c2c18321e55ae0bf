// Package golden locks every byte that adkgen writes. A case is a folder below
// cases: adkgen.yaml, perhaps have/ with files that are there before, and
// either want/, the exact tree that comes out, with notes.txt if there are
// any, or problems.txt, what is refused. README.md tells how to add one.
package golden

import (
	"errors"
	"flag"
	"go/format"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
	"github.com/aymanbagabas/go-udiff"
)

var update = flag.Bool("update", false, "rewrite the golden files of cases whose output parses and compiles")

// tree is a folder's files by path with slashes.
type tree map[string]string

func readTree(t *testing.T, dir string) tree {
	t.Helper()
	files := tree{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		relative, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(relative)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func writeTree(t *testing.T, dir string, files tree) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compare names every file that is missing, extra or different, with a diff.
func compare(t *testing.T, got, want tree) {
	t.Helper()
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		g, inGot := got[name]
		w, inWant := want[name]
		switch {
		case !inWant:
			t.Errorf("%s is extra:\n%s", name, g)
		case !inGot:
			t.Errorf("%s is missing", name)
		case g != w:
			t.Errorf("%s differs (- want, + got):\n%s", name, udiff.Unified("want", "got", w, g))
		}
	}
}

// inputOf is the input of a configuration in a folder. A comment in it asks for
// --allow-destructive.
func inputOf(folder string, config []byte) generator.Input {
	input := generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), config)
	input.ConfigFile = "adkgen.yaml"
	input.AllowDestructive = strings.Contains(string(config), "\n# --allow-destructive\n")
	return input
}

// generateCase runs adkgen on a case in a folder of its own, twice, and gives
// what the case's folder should contain besides its input.
func generateCase(t *testing.T, dir string) tree {
	t.Helper()
	have := readTree(t, filepath.Join(dir, "have"))
	config, err := os.ReadFile(filepath.Join(dir, "adkgen.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	writeTree(t, work, have)
	befores, err := filepath.Glob(filepath.Join(dir, "before*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range befores { // what was generated earlier
		text, err := os.ReadFile(before)
		if err != nil {
			t.Fatal(err)
		}
		out, err := generator.Generate(inputOf(work, text))
		if err != nil {
			t.Fatalf("%s: %v", before, err)
		}
		if err := generator.Write(work, out.Files); err != nil {
			t.Fatal(err)
		}
	}
	if len(befores) > 0 {
		have = readTree(t, work)
	}
	input := inputOf(work, config)
	out, err := generator.Generate(input)
	var problems generator.Problems
	if errors.As(err, &problems) {
		compare(t, readTree(t, work), have)
		return tree{"problems.txt": problems.Error() + "\n"}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := generator.Write(work, out.Files); err != nil {
		t.Fatal(err)
	}
	input.AllowDestructive = false // which would drop what the first run has kept
	again, err := generator.Generate(input)
	if err != nil {
		t.Fatalf("the second run fails on the first one's output: %v", err)
	}
	for _, f := range again.Files {
		if f.State != generator.Unchanged {
			t.Errorf("the second run would have %s %s", f.State, f.Path)
		}
	}
	result := tree{}
	for name, text := range readTree(t, work) {
		if have[name] != text || len(befores) > 0 || have["adkgen.lock"] != "" { // what came before is part of the whole
			result["want/"+name] = text
		}
	}
	notes := strings.Join(out.Notes, "\n")
	if len(out.Warnings) > 0 {
		notes = out.Warnings.Error() + "\n" + notes
	}
	if notes != "" {
		result["notes.txt"] = notes
	}
	return result
}

// caseDirs lists the folders of all cases.
func caseDirs(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("cases/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return dirs
}

func TestCases(t *testing.T) {
	if *update && os.Getenv("CI") != "" {
		t.Fatal("golden files are rewritten by a person, who reads the diff, and never in CI")
	}
	for _, dir := range caseDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			got := generateCase(t, dir)
			if _, refused := got["problems.txt"]; refused != strings.HasPrefix(filepath.Base(dir), "refused-") {
				t.Fatalf("refused: %v, against the case's name\n%s", refused, got["problems.txt"])
			}
			want := tree{}
			for name, text := range readTree(t, dir) {
				if name != "adkgen.yaml" && !strings.HasPrefix(name, "have/") && !strings.HasPrefix(name, "before") {
					want[name] = text
				}
			}
			if !*update {
				compare(t, got, want)
				return
			}
			parseTree(t, got)
			compileTree(t, dir, got)
			if t.Failed() {
				return
			}
			for name := range want {
				if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
					t.Fatal(err)
				}
			}
			writeTree(t, dir, got)
		})
	}
}

// TestAllReasons holds that a case says in its first line why it exists.
func TestAllReasons(t *testing.T) {
	for _, dir := range caseDirs(t) {
		config, err := os.ReadFile(filepath.Join(dir, "adkgen.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(config), "# ") {
			t.Errorf("%s/adkgen.yaml does not say in a comment at its top why the case exists", dir)
		}
	}
}

// TestGoIsFormatted holds that gofmt has nothing to do on the Go that comes out.
func TestGoIsFormatted(t *testing.T) {
	found := 0
	for _, dir := range caseDirs(t) {
		for name, text := range readTree(t, filepath.Join(dir, "want")) {
			if filepath.Ext(name) != ".go" {
				continue
			}
			found++
			formatted, err := format.Source([]byte(text))
			if err != nil {
				t.Errorf("%s: %s: %v", dir, name, err)
			} else if string(formatted) != text {
				t.Errorf("%s: %s is not as gofmt writes it (- is, + should be):\n%s", dir, name, udiff.Unified("is", "should be", text, string(formatted)))
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d files of Go", found)
	}
}
