package generator

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// contentOf reads a folder with everything in it, hidden files too.
func contentOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	content := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		relative, _ := filepath.Rel(dir, name)
		if entry.IsDir() {
			content[relative+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(name)
		content[relative] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sameContent(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s should not be there", name)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "old.sql", "old")
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
	sameContent(t, contentOf(t, dir), map[string]string{"a/": "", "a/b/": "", "a/b/new.sql": "new", "old.sql": "newer"})
	if info, _ := os.Stat(filepath.Join(dir, "old.sql")); info.Mode().Perm() != 0o600 {
		t.Errorf("the mode became %v", info.Mode())
	}
}

func TestWriteFollowsASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "real.sql", "old")
	if err := os.Symlink("real.sql", filepath.Join(dir, "link.sql")); err != nil {
		t.Skip(err)
	}
	if err := Write(dir, []File{{Path: "link.sql", Content: []byte("new"), State: Updated}}); err != nil {
		t.Fatal(err)
	}
	sameContent(t, contentOf(t, dir), map[string]string{"real.sql": "new", "link.sql": "new"})
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
		"a file appeared":             {File{Path: "there.sql", Content: []byte("x"), State: Created}, func(t *testing.T, dir string) { put(t, dir, "there.sql", "the user's") }},
		"a folder is in its place":    {File{Path: "folder", Content: []byte("x"), State: Updated}, func(t *testing.T, dir string) { put(t, dir, "folder/x", "the user's") }},
		"it was deleted in the while": {File{Path: "gone.sql", Content: []byte("x"), State: Updated}, nil},
		"the name is too long":        {File{Path: strings.Repeat("x", 300) + ".sql", Content: []byte("x"), State: Created}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "old.sql", "old")
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			before := contentOf(t, dir)
			if err := Write(dir, files(c.last)); err == nil {
				t.Error("no error")
			}
			sameContent(t, contentOf(t, dir), before)
		})
	}
}
