package output

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/treetest"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	treetest.Put(t, dir, "old.sql", "old")
	if err := os.Chmod(filepath.Join(dir, "old.sql"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Write(dir, []File{
		{Path: "a/b/new.sql", Content: []byte("new"), State: Created},
		{Path: "old.sql", Content: []byte("newer"), State: Updated},
		{Path: "same.sql", Content: []byte("not written"), State: Unchanged},
	})
	if err != nil {
		t.Fatal(err)
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"a/": "", "a/b/": "", "a/b/new.sql": "new", "old.sql": "newer"})
	if info, _ := os.Stat(filepath.Join(dir, "old.sql")); info.Mode().Perm() != 0o600 {
		t.Errorf("the mode became %v", info.Mode())
	}
}

func TestWriteFollowsASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	treetest.Put(t, dir, "real.sql", "old")
	if err := os.Symlink("real.sql", filepath.Join(dir, "link.sql")); err != nil {
		t.Skip(err)
	}
	if err := Write(dir, []File{{Path: "link.sql", Content: []byte("new"), State: Updated}}); err != nil {
		t.Fatal(err)
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"real.sql": "new", "link.sql": "new"})
}

// TestWriteAllOrNothing makes the last of three files fail in several ways; the
// first two, one new in a new folder and one replaced, must then be as before.
func TestWriteAllOrNothing(t *testing.T) {
	files := func(last File) []File {
		return []File{
			{Path: "made/for/it/new.sql", Content: []byte("new"), State: Created},
			{Path: "old.sql", Content: []byte("newer"), State: Updated},
			last,
		}
	}
	for name, c := range map[string]struct {
		last    File
		prepare func(t *testing.T, dir string)
	}{
		"a folder is a file":          {File{Path: "old.sql/x.sql", Content: []byte("x"), State: Created}, nil},
		"a file appeared":             {File{Path: "there.sql", Content: []byte("x"), State: Created}, func(t *testing.T, dir string) { treetest.Put(t, dir, "there.sql", "the user's") }},
		"a folder is in its place":    {File{Path: "folder", Content: []byte("x"), State: Updated}, func(t *testing.T, dir string) { treetest.Put(t, dir, "folder/x", "the user's") }},
		"it was deleted in the while": {File{Path: "gone.sql", Content: []byte("x"), State: Updated}, nil},
		"the name is too long":        {File{Path: strings.Repeat("x", 300) + ".sql", Content: []byte("x"), State: Created}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			treetest.Put(t, dir, "old.sql", "old")
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			before := treetest.ContentOf(t, dir)
			if err := Write(dir, files(c.last)); err == nil {
				t.Error("no error")
			}
			treetest.SameContent(t, treetest.ContentOf(t, dir), before)
		})
	}
}

// TestWriteReplacesNothingThatAppears puts a file of somebody else's where a new
// one goes, between the two steps of Write.
func TestWriteReplacesNothingThatAppears(t *testing.T) {
	dir := t.TempDir()
	s := &staged{target: filepath.Join(dir, "new.sql"), file: File{Path: "new.sql", Content: []byte("ours"), State: Created}}
	if err := s.stage(".adkgen-*.tmp"); err != nil {
		t.Fatal(err)
	}
	treetest.Put(t, dir, "new.sql", "theirs")
	if err := s.commit(); err == nil {
		t.Error("no error")
	}
	w := writer{files: []*staged{s}}
	w.undo()
	w.clean()
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"new.sql": "theirs"})

	// Undoing does not remove what has taken the place of our own file.
	s = &staged{target: filepath.Join(dir, "other.sql"), file: File{Path: "other.sql", Content: []byte("ours"), State: Created}}
	if err := errors.Join(s.stage(".adkgen-*.tmp"), s.commit(), os.Remove(s.target)); err != nil {
		t.Fatal(err)
	}
	treetest.Put(t, dir, "other.sql", "theirs")
	w = writer{files: []*staged{s}}
	w.undo()
	w.clean()
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"new.sql": "theirs", "other.sql": "theirs"})
}

// TestWriteRemoves makes a removal part of all or nothing.
func TestWriteRemoves(t *testing.T) {
	dir := t.TempDir()
	treetest.Put(t, dir, "db/0002_a.sql", "a")
	removal := File{Path: "db/0002_a.sql", Before: []byte("a"), State: Removed}
	before := treetest.ContentOf(t, dir)
	if err := Write(dir, []File{removal, {Path: "gone.lock", Content: []byte("x"), State: Updated, Role: RoleLock}}); err == nil {
		t.Error("no error")
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), before)
	if err := Write(dir, []File{removal, {Path: "db/0003_a.sql", Content: []byte("a"), State: Created}}); err != nil {
		t.Fatal(err)
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"db/": "", "db/0003_a.sql": "a"})
}

// TestWriteRemovesWhatAKilledRunLeft removes the temporary files of its own lock,
// and no others.
func TestWriteRemovesWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	files := []File{{Path: "db/a.sql", State: Unchanged}, {Path: "adkgen.lock", State: Unchanged, Role: RoleLock}}
	left := strings.Replace(tempPattern(dir, files), "*", "123", 1)
	for _, name := range []string{left, "db/" + left, "db/" + left + ".old", "db/.adkgen-456.tmp", "elsewhere/" + left} {
		treetest.Put(t, dir, name, "half a fi")
	}
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	treetest.SameContent(t, treetest.ContentOf(t, dir), map[string]string{"db/": "", "db/.adkgen-456.tmp": "half a fi", "elsewhere/": "", "elsewhere/" + left: "half a fi"})
}

// TestWriteRemovesLast holds that nothing is removed before the lock knows what
// takes its place: a run can be killed at any time.
func TestWriteRemovesLast(t *testing.T) {
	dir := t.TempDir()
	treetest.Put(t, dir, "old.sql", "mine")
	treetest.Put(t, dir, "adkgen.lock", "appeared")
	before, err := os.Stat(filepath.Join(dir, "old.sql"))
	if err != nil {
		t.Fatal(err)
	}
	err = Write(dir, []File{
		{Path: "old.sql", Before: []byte("mine"), State: Removed, Role: RoleMigration},
		{Path: "new.sql", Content: []byte("mine"), State: Created, Role: RoleMigration},
		{Path: "adkgen.lock", Content: []byte("x"), State: Created, Role: RoleLock},
	})
	if err == nil {
		t.Fatal("no error")
	}
	after, err := os.Stat(filepath.Join(dir, "old.sql"))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("old.sql was removed before the lock was written (%v)", err)
	}
}
