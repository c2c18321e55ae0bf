package output

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/parallel"
)

// Write puts files that are created, updated or removed below a folder into
// their places: all of them, or none. Each is first written in full beside its
// place, and only when every one is safely on the disk do they take their places,
// the lock after them, and only then is removed what goes; when a step fails, what was there before is there again, and
// folders that were made are gone. A run that is killed leaves temporary files,
// which the next run of the same lock removes: one run at a time calls Write, see
// Exclusive.
func Write(folder string, files []File) (err error) {
	w := &writer{temp: tempPattern(folder, files)}
	defer func() {
		if err != nil {
			w.undo()
		}
		w.clean()
	}()
	if err := w.removeLeftovers(folder, files); err != nil {
		return err
	}
	var changed []*staged
	for _, f := range files {
		if f.State != Unchanged {
			changed = append(changed, &staged{target: filepath.Join(folder, filepath.FromSlash(f.Path)), file: f})
		}
	}
	slices.SortStableFunc(changed, func(a, b *staged) int { return cmp.Compare(a.turn(), b.turn()) })
	for _, s := range changed {
		if err := w.makeFolder(filepath.Dir(s.target)); err != nil {
			return err
		}
	}
	w.files = changed
	errs := make([]error, len(changed))
	parallel.Do(len(changed), func(i int) { errs[i] = changed[i].stage(w.temp) })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, s := range changed {
		if err := s.commit(); err != nil {
			return err
		}
	}
	return nil
}

// tempPattern is that of the names of temporary files. It holds the lock, so that
// a run knows those that an earlier run of the same lock has left.
func tempPattern(folder string, files []File) string {
	for _, f := range files {
		if f.Role == RoleLock {
			name := filepath.Join(folder, f.Path)
			if absolute, err := filepath.Abs(name); err == nil {
				name = absolute
			}
			return ".adkgen-" + HashOf([]byte(name))[:12] + "-*.tmp"
		}
	}
	return ".adkgen-*.tmp"
}

// removeLeftovers removes the temporary files of a run that was killed.
func (w *writer) removeLeftovers(folder string, files []File) error {
	prefix, _, _ := strings.Cut(w.temp, "*")
	if prefix == ".adkgen-" { // they may be those of another lock, whose run goes on
		return nil
	}
	seen := map[string]bool{}
	for _, f := range files {
		dir := filepath.Join(folder, filepath.FromSlash(path.Dir(f.Path)))
		if seen[dir] {
			continue
		}
		seen[dir] = true
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue // makeFolder tells what is wrong, if it matters
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), prefix) && entry.Type().IsRegular() {
				if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

type writer struct {
	temp  string   // the pattern of temporary files' names
	made  []string // folders, parents first
	files []*staged
}

// makeFolder makes a folder and its parents, and remembers which are new.
func (w *writer) makeFolder(dir string) error {
	var missing []string
	for {
		info, err := os.Stat(dir)
		if err == nil && info.IsDir() {
			break
		}
		if err == nil {
			return fmt.Errorf("%s is a file, and a folder is needed there", dir)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		missing = append(missing, dir)
		dir = filepath.Dir(dir)
	}
	slices.Reverse(missing)
	for _, dir := range missing {
		if err := os.Mkdir(dir, 0o755); errors.Is(err, fs.ErrExist) {
			continue // made by somebody else in the while
		} else if err != nil {
			return err
		}
		w.made = append(w.made, dir)
	}
	return nil
}

// undo brings back what commit replaced and removes what was made.
func (w *writer) undo() {
	for _, s := range slices.Backward(w.files) {
		switch {
		case !s.committed:
		case s.backup != "":
			_ = os.Rename(s.backup, s.target)
			s.backup = ""
		case s.isMine():
			_ = os.Remove(s.target)
		}
	}
	w.clean()
	for _, dir := range slices.Backward(w.made) {
		_ = os.Remove(dir) // fails, as it should, when something else is in it
	}
}

// clean removes temporary files.
func (w *writer) clean() {
	for _, s := range w.files {
		for _, name := range []*string{&s.temp, &s.backup} {
			if *name != "" {
				_ = os.Remove(*name)
				*name = ""
			}
		}
	}
}

// staged is a file on its way to its place.
type staged struct {
	target    string
	file      File
	temp      string // the new content; "" when there is none beside its place
	backup    string // the old content; "" for none
	committed bool
}

// turn orders the files: when a run is killed, the lock knows only what is there,
// and what goes is there until the lock knows what takes its place.
func (s *staged) turn() int {
	switch {
	case s.file.State == Removed:
		return 2
	case s.file.Role == RoleLock:
		return 1
	}
	return 0
}

// isMine reports whether a file that was created is still there.
func (s *staged) isMine() bool {
	there, err := os.Lstat(s.target)
	if err != nil {
		return false
	}
	mine, err := os.Lstat(s.temp)
	return s.temp == "" || err == nil && os.SameFile(mine, there)
}

// stage writes the content beside the target, and through to the disk.
func (s *staged) stage(pattern string) error {
	mode := fs.FileMode(0o644)
	if resolved, err := filepath.EvalSymlinks(s.target); err == nil && s.file.State != Removed {
		s.target = resolved
	}
	if info, err := os.Stat(s.target); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file", s.target)
		}
		mode = info.Mode().Perm()
	}
	content := s.file.Content
	if s.file.State == Removed {
		content = s.file.Before
	}
	f, err := os.CreateTemp(filepath.Dir(s.target), pattern)
	if err != nil {
		return err
	}
	s.temp = f.Name()
	_, err = f.Write(content)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
}

// commit moves the content into its place, and keeps the old one until all
// files are in theirs.
func (s *staged) commit() error {
	switch s.file.State {
	case Created:
		return s.create()
	case Removed: // what was written beside it is its content
		if err := os.Remove(s.target); err != nil {
			return err
		}
		s.backup, s.temp, s.committed = s.temp, "", true
		return nil
	}
	backup := s.temp + ".old"
	if err := os.Link(s.target, backup); err != nil { // a file system without links
		if err := copyTo(backup, s.target); err != nil {
			return err
		}
	}
	s.backup = backup
	if err := os.Rename(s.temp, s.target); err != nil {
		return err
	}
	s.temp, s.committed = "", true
	return nil
}

// create puts a new file into its place, which must be free: unlike a rename, a
// link replaces nothing.
func (s *staged) create() error {
	err := os.Link(s.temp, s.target)
	if err != nil && !errors.Is(err, fs.ErrExist) { // a file system without links
		err = writeNew(s.target, s.file.Content)
		if err == nil {
			_ = os.Remove(s.temp)
			s.temp = ""
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s appeared while adkgen ran", s.target)
	}
	s.committed = err == nil
	return err
}

func copyTo(target, source string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return writeNew(target, text)
}

// writeNew writes a file that must not be there; when it cannot be written in
// full, it is not there afterwards.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(name)
	}
	return err
}
