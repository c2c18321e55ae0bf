//go:build linux || darwin

package pipeline

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/treetest"
)

// TestAPipeIsRefused puts a named pipe where files go: to read it would wait for
// somebody who writes, for ever.
func TestAPipeIsRefused(t *testing.T) {
	for _, name := range []string{"db/queries/sessions.sql", firstMigration, lockName, "schema.sql"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			treetest.Put(t, dir, "db/migrations/mine.txt", "")
			treetest.Put(t, dir, "db/queries/mine.txt", "")
			if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
				t.Skip(err)
			}
			result := make(chan error, 1)
			go func() {
				_, err := Generate(OnDisk(filepath.Join(dir, "adkgen.yaml"), []byte(simple+"    snapshot: schema.sql\n")))
				result <- err
			}()
			select {
			case err := <-result:
				var problems problem.Problems
				if !errors.As(err, &problems) {
					t.Fatalf("the error is %v", err)
				}
				wants(t, problems.Error(), name+": this is no file, but a pipe, a device or a socket")
			case <-time.After(10 * time.Second):
				t.Error("it waits for the pipe")
			}
		})
	}
}
