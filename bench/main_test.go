package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun runs a part of the benchmark, and looks at its table and at its lines
// for benchstat.
func TestRun(t *testing.T) {
	results := filepath.Join(t.TempDir(), "results.txt")
	var table strings.Builder
	if err := run(t.Context(), 1, results, "^sqlite-modernc/Create$", &table); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], "sqlite-modernc/Create ") || !strings.Contains(lines[1], "×") {
		t.Errorf("the table is\n%s", &table)
	}
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{ours, peer} {
		if n := strings.Count(string(text), "BenchmarkCreate/db=sqlite-modernc/service="+service+"\t200\t"); n != 1 {
			t.Errorf("%d results of %s in\n%s", n, service, text)
		}
	}
}
