package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/treetest"
)

// apply writes what a run has come to.
func (d disk) apply(t *testing.T, out *Output, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Files {
		if d[f.Path] = string(f.Content); f.State == output.Removed {
			delete(d, f.Path)
		}
	}
}

func (d disk) copied() disk {
	copied := disk{}
	for name, text := range d {
		copied[name] = text
	}
	return copied
}

// files are those of a commit.
func (d disk) files(paths []string) ([][]byte, error) {
	texts := make([][]byte, len(paths))
	for i, path := range paths {
		if text, ok := d[path]; ok {
			texts[i] = []byte(text)
		}
	}
	return texts, nil
}

// TestSinceWithEveryTool joins two branches, one of which has a migration of the
// user's own: its files, what they say of their number and, for Atlas, the sum of
// the directory must be as if it had been made on the other branch.
func TestSinceWithEveryTool(t *testing.T) {
	for _, tool := range config.Tools {
		t.Run(tool, func(t *testing.T) {
			config := func(extra string) string {
				return fmt.Sprintf("version: 1\ntargets:\n  - dialect: postgres\n%s    migrations: {tool: %s, dir: db}\n", extra, tool)
			}
			const title, index = "    columns: {sessions: [title TEXT]}\n", "    indexes: [update_time]\n"
			base := disk{}
			base.generate(t, config(""))
			main, feature := base.copied(), base.copied()
			main.generate(t, config(title))
			feature.generate(t, config(index))
			out, err := NewMigration(feature.input(config(index)), "", "fill it")
			feature.apply(t, out, err)

			// What git makes of it: the files of both, one lock, and a sum with marks.
			merged := feature.copied()
			for name, text := range main {
				if _, both := merged[name]; !both {
					merged[name] = text
				} else if merged[name] != text && name != lockName {
					merged[name] = "<<<<<<< HEAD\n" + merged[name] + "=======\n" + text + ">>>>>>> main\n"
				}
			}
			in := merged.input(config(title + index))
			in.Since = &Since{Revision: "main", Lock: []byte(main[lockName]), Later: [][]byte{[]byte(feature[lockName])}, Files: main.files}
			out, err = Generate(in)
			before := merged.copied()
			merged.apply(t, out, err)

			// A run that is killed before it writes the lock, one that is killed before it
			// removes what goes, one of before, which wrote the lock last, and one that
			// was not killed: another run makes the same of each.
			for name, stopped := range map[string]disk{"no lock": before.copied(), "none removed": before.copied(), "lock last": merged.copied(), "done": merged.copied()} {
				switch name {
				case "no lock", "none removed":
					for file, text := range merged {
						if file != lockName || name == "none removed" {
							stopped[file] = text
						}
					}
				case "lock last":
					stopped[lockName] = before[lockName]
				}
				again := stopped.input(config(title + index))
				again.Since = in.Since
				out, err := Generate(again)
				stopped.apply(t, out, err)
				treetest.SameContent(t, stopped, merged)
				if name == "done" && slices.ContainsFunc(out.Files, func(f output.File) bool { return f.State != output.Unchanged }) {
					t.Errorf("a second run changes %v", out.Files)
				}
			}

			want := main.copied()
			want.generate(t, config(title+index))
			out, err = NewMigration(want.input(config(title+index)), "", "fill it")
			want.apply(t, out, err)
			merged[lockName] = strings.Replace(merged[lockName], "        was: 3\n", "", 1)
			want[lockName], merged[lockName] = unsealed(want[lockName]), unsealed(merged[lockName])
			treetest.SameContent(t, merged, want)
		})
	}
}

// TestSinceRefuses holds that what was edited stays, and that nothing is planned
// on a revision whose lock cannot be trusted.
func TestSinceRefuses(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	base := d[lockName]
	indexed := strings.Replace(simple, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
	d.generate(t, indexed)
	second := "db/migrations/0002_ext_adk_index_sessions_app_name_update_time.sql"
	files := disk{lockName: base}.files
	refusal := func(since *Since) string {
		t.Helper()
		since.Files = files
		in := d.input(simple)
		in.Since = since
		_, err := Generate(in)
		var problems problem.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("the error is %v", err)
		}
		return problems.Error()
	}
	text := d[second]
	d[second] += "-- mine\n"
	wants(t, refusal(&Since{Revision: "main", Lock: []byte(base)}), second+":1:1: this migration was edited after adkgen emitted it, and would be written again", "adkgen migration new")
	d[second] = text
	wants(t, refusal(&Since{Revision: "main", Lock: []byte(base[:len(base)/2])}), "adkgen.lock at main: the lock ")

	// A file that no lock knows is not adkgen's to remove.
	lock := d[lockName]
	d[lockName] = base
	wants(t, refusal(&Since{Revision: "main", Lock: []byte(base)}), second+": adkgen.lock does not know this migration")

	// In the end the branch has nothing that main has not.
	d[lockName] = lock
	in := d.input(simple)
	in.Since = &Since{Revision: "main", Lock: []byte(base), Files: files}
	out, err := Generate(in)
	d.apply(t, out, err)
	if d[second] != "" || d[lockName] != base {
		t.Errorf("the lock is\n%s\nwant\n%s", d[lockName], base)
	}
}
