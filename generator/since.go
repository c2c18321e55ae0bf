package generator

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Since names a revision whose migrations stay. Those that came later are planned
// again, as one set: what a branch adds that is not merged yet.
type Since struct {
	Revision string // as the user calls it
	Lock     []byte // adkgen.lock there; nil when it had none
	// Later are the locks of later commits, and of both sides of a merge that is
	// not finished: they tell which files adkgen has emitted since.
	Later [][]byte
}

// later is what was emitted since a revision.
type later struct {
	revision string
	hashes   map[string][]string     // of each emitted file that the revision does not have, by path
	custom   map[string][]LockTarget // by directory: targets with the user's own migrations since
	goes     map[string]bool         // files whose migrations are planned again, and that may so be replaced
}

// replaces reports whether a file may be replaced or removed.
func (l *later) replaces(file string) bool { return l != nil && l.goes[file] }

// readSince takes the lock of the revision in place of the one that is there, and
// finds what was emitted since. Locks that git has merged, or that carry its
// marks, tell that all the same.
func (g *generation) readSince() error {
	name := LockFile(g.in.ConfigFile)
	text, err := g.in.Read(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	since := g.in.Since
	if g.lock, err = parseLock(name+" at "+since.Revision, since.Lock); err != nil {
		return err
	}
	g.lockText = text
	kept := map[string]bool{}
	for _, t := range g.lock.Targets {
		for _, m := range t.Migrations {
			for _, f := range m.Files {
				kept[f.Path] = true
			}
		}
	}
	g.later = &later{revision: since.Revision, hashes: map[string][]string{}, custom: map[string][]LockTarget{}}
	for _, text := range append([][]byte{text}, since.Later...) {
		lock, _ := parseLock(name, text) // as much as can be read
		for _, t := range lock.Targets {
			g.later.add(t, kept)
		}
	}
	return nil
}

func (l *later) add(t LockTarget, kept map[string]bool) {
	own := LockTarget{Dir: t.Dir, Start: t.Start}
	for _, m := range t.Migrations {
		since := false
		for _, f := range m.Files {
			if kept[f.Path] {
				continue
			}
			since = true
			if !m.Custom && !slices.Contains(l.hashes[f.Path], f.SHA256) {
				l.hashes[f.Path] = append(l.hashes[f.Path], f.SHA256)
			}
		}
		if since && m.Custom {
			own.Migrations = append(own.Migrations, m)
		}
	}
	l.custom[t.Dir] = append(l.custom[t.Dir], own)
}

// moveOwn gives the user's own migrations the numbers behind those that are
// planned again. Their SQL stays; the files of before are among the files, as
// removed.
func (g *generation) moveOwn(t Target, locked *LockTarget) (files []File, notes []string, err error) {
	if g.later == nil {
		return nil, nil, nil
	}
	var own []LockMigration
	seen := map[string]bool{}
	for _, other := range g.later.custom[t.Migrations.Dir] {
		for _, m := range other.Migrations {
			if other.Start == locked.Start && !seen[m.Files[0].Path] {
				seen[m.Files[0].Path] = true
				own = append(own, m)
			}
		}
	}
	slices.SortStableFunc(own, func(a, b LockMigration) int { return a.Number - b.Number })
	for _, m := range own {
		moved := LockMigration{Number: locked.next(), Name: m.Name, Custom: true}
		old, number := fmt.Sprintf("%04d", m.Number), fmt.Sprintf("%04d", moved.Number)
		renumber := func(file string) string {
			return path.Join(path.Dir(file), strings.Replace(path.Base(file), old, number, 1))
		}
		// Its files name themselves, and a Liquibase changeset has the number in its id.
		texts := []string{"changeset adk:ext_adk_" + old, "changeset adk:ext_adk_" + number}
		for _, f := range m.Files {
			texts = append(texts, path.Base(f.Path), path.Base(renumber(f.Path)))
		}
		var moving []File
		for _, f := range m.Files {
			from, to := f.Path, renumber(f.Path)
			content, err := g.in.Read(from)
			if errors.Is(err, fs.ErrNotExist) { // moved by a run that was stopped before it wrote the lock?
				from = to
				content, err = g.in.Read(from)
			}
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return nil, nil, err
			}
			moved.Files = append(moved.Files, LockHash{Path: to})
			if to == from {
				moving = append(moving, File{Path: to, Content: content, Before: content, State: Unchanged, role: roleMigration})
				continue
			}
			moving = append(moving, File{Path: f.Path, Before: content, State: Removed, role: roleMigration}, File{Path: to, Content: []byte(strings.NewReplacer(texts...).Replace(string(content))), role: roleMigration})
		}
		if len(moved.Files) < len(m.Files) { // it was removed, or belongs to a branch that is not here
			continue
		}
		files = append(files, moving...)
		locked.Migrations = append(locked.Migrations, moved)
		if moved.Number != m.Number {
			notes = append(notes, fmt.Sprintf("%s is your own SQL. It now has the number %d, and runs after the migrations that were planned again: check that it still fits.", moved.Files[0].Path, moved.Number))
		}
	}
	return files, notes, nil
}

// replace adds the files that go, because their migrations are planned again
// under other names. One that was edited is refused.
func (g *generation) replace(files []File) ([]File, Problems, error) {
	if g.later == nil {
		return files, nil, nil
	}
	var problems Problems
	written := map[string]File{}
	for _, f := range files {
		if f.State != Removed {
			written[f.Path] = f
		}
	}
	var names []string
	for name := range g.later.hashes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := g.in.Read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		f, again := written[name]
		switch {
		case again && hashOf(f.Content) == hashOf(content):
		case !slices.Contains(g.later.hashes[name], hashOf(content)):
			problems = append(problems, Problem{File: name, Line: 1, Column: 1, Message: "this migration was edited after adkgen emitted it, and would be written again",
				Hint: "put your own SQL into a migration of your own (adkgen migration new), undo the edit (git checkout -- " + name + "), and run adkgen generate --redo-since " + g.later.revision + " again"})
		default:
			files = append(files, File{Path: name, Before: content, State: Removed, role: roleMigration})
		}
	}
	g.later.goes = map[string]bool{}
	for _, f := range files {
		if f.State == Removed {
			g.later.goes[f.Path] = true
		}
	}
	return slices.DeleteFunc(files, func(f File) bool {
		_, again := written[f.Path]
		return f.State == Removed && again
	}), problems, nil
}
