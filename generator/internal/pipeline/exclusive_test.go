package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/treetest"
)

// TestExclusive holds that a run waits, says what is in its way, and that nothing
// stays behind.
func TestExclusive(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "adkgen.yaml")
	release, err := Exclusive(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = exclusive(config, 50*time.Millisecond)
	var problems problem.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("the error is %v", err)
	}
	wants(t, problems.Error(), fmt.Sprintf("adkgen.lock: another run of adkgen (process %d) is writing here, and has not ended within 50ms", os.Getpid()))
	other, err := exclusive(filepath.Join(dir, "other.yaml"), 0) // another lock
	if err != nil {
		t.Fatal(err)
	}
	other()
	time.AfterFunc(100*time.Millisecond, release)
	release, err = Exclusive(config)
	if err != nil {
		t.Fatal(err)
	}
	release()
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{})

	// What a process leaves that was killed is in nobody's way.
	treetest.Put(t, dir, ".adkgen.lock.run", "process 1")
	if release, err = exclusive(config, 0); err != nil {
		t.Fatal(err)
	}
	release()
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{})
}
