package postgres_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/dialects/postgres"
)

const randomFragments = 6000

// TestBothBuilds holds that adkgen with PostgreSQL's own grammar, compiled by a
// C compiler, and adkgen with the grammar in pure Go take the same fragments,
// and write the same bytes for them: otherwise two builds in turn would make
// migrations without end. It runs itself with CGO_ENABLED turned round.
func TestBothBuilds(t *testing.T) {
	here := dialecttest.Listing(t, postgres.Dialect{}, randomFragments)
	if file := os.Getenv("ADKGEN_LISTING"); file != "" {
		if err := os.WriteFile(file, []byte(strings.Join(here, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	other := "0"
	if !postgres.UsesC {
		other = "1"
		if _, err := exec.LookPath("gcc"); err != nil {
			t.Skip("the other build needs a C compiler")
		}
	}
	file := filepath.Join(t.TempDir(), "listing")
	run := exec.Command("go", "test", "-count=1", "-run", "^TestBothBuilds$", ".")
	run.Env = append(os.Environ(), "CGO_ENABLED="+other, "ADKGEN_LISTING="+file)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("CGO_ENABLED=%s go test: %v\n%s", other, err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	there := strings.Split(string(text), "\n")
	if len(here) != len(there) {
		t.Fatalf("%d lines here, %d with CGO_ENABLED=%s", len(here), len(there), other)
	}
	for i := range here {
		if here[i] != there[i] {
			t.Errorf("here  %s\nthere %s", here[i], there[i])
		}
	}
	t.Logf("%d lines", len(here))
}
