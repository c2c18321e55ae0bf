//go:build linux || darwin

package output

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/treetest"
)

// TestWriteWhenTheDiskFills bounds the size of files for this process, as a
// full disk would: the second file does not fit, and the first must not stay.
func TestWriteWhenTheDiskFills(t *testing.T) {
	dir := t.TempDir()
	treetest.Put(t, dir, "old.sql", "old")
	before := treetest.ContentOf(t, dir)
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	small := limit
	small.Cur = 1 << 20 // more than go test logs
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Skip(err)
	}
	err := Write(dir, []File{
		{Path: "old.sql", Content: []byte("newer"), State: Updated},
		{Path: "db/new.sql", Content: []byte(strings.Repeat("x", 2<<20)), State: Created},
	})
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); restore != nil {
		t.Fatal(restore)
	}
	if err == nil || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("the error is %v", err)
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), before)
}
