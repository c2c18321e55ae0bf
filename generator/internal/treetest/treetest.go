package treetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// ContentOf reads a folder with everything in it, hidden files too.
func ContentOf(t *testing.T, dir string) map[string]string {
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

// Put writes a file below a folder.
func Put(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// SameContent compares what ContentOf has read.
func SameContent(t *testing.T, got, want map[string]string) {
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
