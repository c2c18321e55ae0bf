package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// TestPhasesApart generates every evolution in several runs, each up to a
// phase, and holds that together they write what one run does: names, numbers,
// SQL and lock. Between the runs, a check finds nothing stale, and a run without
// a phase finds what is left.
func TestPhasesApart(t *testing.T) {
	cases, err := filepath.Glob("cases/evolve-*")
	if err != nil || len(cases) < 30 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	apart := map[generator.Phase]int{} // where a plan was cut, how often
	var mu sync.Mutex
	t.Run("cases", func(t *testing.T) {
		for _, dir := range cases {
			for _, stops := range [][]generator.Phase{generator.Phases, {generator.Switch}, {generator.Expand}, {generator.Fill}} {
				name := filepath.Base(dir)
				for _, stop := range stops {
					name += "-" + string(stop)
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					work := t.TempDir()
					have := readTree(t, filepath.Join(dir, "have"))
					writeTree(t, work, have)
					befores, err := filepath.Glob(filepath.Join(dir, "before*.yaml"))
					if err != nil {
						t.Fatal(err)
					}
					finished := false // then a run that may drop drops what the plan has kept
					run := func(config string, until generator.Phase, check bool) (pending bool, stale int) {
						text, err := os.ReadFile(config)
						if err != nil {
							t.Fatal(err)
						}
						input := inputOf(work, text)
						input.Until, input.Check = until, check
						input.AllowDestructive = input.AllowDestructive && !finished
						out, err := generator.Generate(input)
						if err != nil {
							t.Fatal(err)
						}
						for _, f := range out.Files {
							if f.State != generator.Unchanged {
								stale++
							}
						}
						if !check {
							if err := generator.Write(work, out.Files); err != nil {
								t.Fatal(err)
							}
						}
						return strings.Contains(strings.Join(out.Notes, ""), "wait for a later phase"), stale
					}
					for _, before := range befores {
						run(before, "", false)
					}
					config := filepath.Join(dir, "adkgen.yaml")
					for _, stop := range stops {
						pending, _ := run(config, stop, false)
						if pending {
							mu.Lock()
							apart[stop]++
							mu.Unlock()
						}
						finished = !pending
						if _, stale := run(config, "", true); stale > 0 {
							t.Errorf("after the run until %s, a check finds %d stale files", stop, stale)
						}
						if _, stale := run(config, stop, true); stale > 0 {
							t.Errorf("after the run until %s, a check until then finds %d stale files", stop, stale)
						}
						if _, stale := run(config, generator.Contract, true); (stale > 0) != pending {
							t.Errorf("after the run until %s, %d files are left, and the note says %v", stop, stale, pending)
						}
					}
					run(config, "", false)
					want := readTree(t, filepath.Join(dir, "want"))
					for name, text := range have {
						if _, changed := want[name]; !changed {
							want[name] = text
						}
					}
					compare(t, readTree(t, work), want)
				})
			}
		}
	})
	for _, stop := range []generator.Phase{generator.Switch, generator.Expand, generator.Fill} {
		if apart[stop] < 20 {
			t.Errorf("only %d plans go on after %s", apart[stop], stop)
		}
	}
	if slices.Contains(generator.Phases, "") || apart[generator.Contract] > 0 {
		t.Errorf("what waits for after the last phase: %d", apart[generator.Contract])
	}
}
