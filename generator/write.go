package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Write puts files that are created or updated below a folder: all of them, or
// none. Each is first written in full beside its place, and only when every
// one is safely on the disk are they renamed; when a step fails, what was
// there before is there again, and folders that were made are gone.
func Write(folder string, files []File) (err error) {
	w := &writer{}
	defer func() {
		if err != nil {
			w.undo()
		}
		w.clean()
	}()
	var changed []*staged
	for _, f := range files {
		if f.State != Unchanged {
			changed = append(changed, &staged{target: filepath.Join(folder, filepath.FromSlash(f.Path)), file: f})
		}
	}
	for _, s := range changed {
		if err := w.makeFolder(filepath.Dir(s.target)); err != nil {
			return err
		}
	}
	w.files = changed
	errs := make([]error, len(changed))
	inParallel(len(changed), func(i int) { errs[i] = changed[i].stage() })
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

type writer struct {
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
		if err := os.Mkdir(dir, 0o755); err != nil {
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
		default:
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
	temp      string // the new content; "" when it is in its place
	backup    string // the old content; "" for none
	committed bool
}

// stage writes the content beside the target, and through to the disk.
func (s *staged) stage() error {
	mode := fs.FileMode(0o644)
	if resolved, err := filepath.EvalSymlinks(s.target); err == nil {
		s.target = resolved
	}
	if info, err := os.Stat(s.target); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file", s.target)
		}
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(s.target), ".adkgen-*.tmp")
	if err != nil {
		return err
	}
	s.temp = f.Name()
	_, err = f.Write(s.file.Content)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
}

// commit moves the content into its place, and keeps the old one until all
// files are in theirs.
func (s *staged) commit() error {
	if s.file.State == Updated {
		backup := s.temp + ".old"
		if os.Link(s.target, backup) != nil { // a file system without links
			if err := os.Rename(s.target, backup); err != nil {
				return err
			}
			s.committed = true // so that undo renames it back
		}
		s.backup = backup
	} else if _, err := os.Lstat(s.target); err == nil {
		return fmt.Errorf("%s appeared while adkgen ran", s.target)
	}
	if err := os.Rename(s.temp, s.target); err != nil {
		return err
	}
	s.temp, s.committed = "", true
	return nil
}
