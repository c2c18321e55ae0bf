package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
)

// Since names a revision whose migrations stay. Those that came later are planned
// again, as one set: what a branch adds that is not merged yet.
type Since struct {
	Revision string // as the user calls it
	Lock     []byte // adkgen.lock there; nil when it had none
	// Files reads files there, by their paths; nil for one that is not there.
	Files func(paths []string) ([][]byte, error)
	// Later are the locks of later commits, and of both sides of a merge that is
	// not finished: they tell which files adkgen has emitted since.
	Later [][]byte
}

// later is what was emitted since a revision.
type later struct {
	revision string
	hashes   map[string][]string // of each emitted file that the revision does not have, by path
	own      map[place][]*own    // the user's own migrations
	taken    map[string]bool     // files that locks have as the user's own
	stays    map[string]bool     // files that no lock of the revision has, and that are there all the same
	goes     map[string]bool     // files whose migrations are planned again, and that may so be replaced
}

// place is where a target's migrations are.
type place struct {
	dir   string
	start int
}

// own is a migration of the user's own. Each time that migrations are planned
// again it may get another number: forms are what locks call it, the newest first.
type own struct {
	forms []lock.Migration
	stays bool // the revision has it, as the first form
	here  bool // the lock that is there has it
	lock  int  // the last one in which it was found
}

// replaces reports whether a file may be replaced or removed.
func (l *later) replaces(file string) bool { return l != nil && l.goes[file] }

// readSince takes the lock of the revision in place of the one that is there, with
// what the user's own migrations are there.
func (g *generation) readSince() (err error) {
	name := lock.FileName(g.in.ConfigFile)
	if g.lockText, err = g.in.Read(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if g.lock, err = lock.Parse(name+" at "+g.in.Since.Revision, g.in.Since.Lock); err != nil {
		var problems problem.Problems
		if errors.As(err, &problems) && problems[0].Hint != lock.NewerHint {
			problems[0].Hint = "name a commit before that, whose lock is as adkgen has written it: git log --full-history -- " + name + " lists the commits; what came after the one that you name is planned again"
		}
		return err
	}
	var paths []string
	var hashes []*lock.File
	for _, t := range g.lock.Targets {
		for _, m := range t.Migrations {
			for i := range m.Files {
				if f := &m.Files[i]; m.Custom {
					paths, hashes = append(paths, f.Path), append(hashes, f)
				}
			}
		}
	}
	texts, err := g.in.Since.Files(paths)
	for i, text := range texts {
		if text != nil {
			hashes[i].Since = output.HashOf(text)
		}
	}
	return err
}

// readLater finds what was emitted since the revision. Locks that git has merged,
// or that carry its marks, tell that all the same.
func (g *generation) readLater() error {
	since := g.in.Since
	g.later = &later{revision: since.Revision, hashes: map[string][]string{}, own: map[place][]*own{}, taken: map[string]bool{}, stays: map[string]bool{}}
	kept := map[string]bool{}
	for _, t := range g.lock.Targets {
		for _, m := range t.Migrations {
			for _, f := range m.Files {
				kept[f.Path] = true
			}
			if m.Custom {
				g.later.addOwn(place{t.Dir, t.Start}, m, own{stays: true})
			}
		}
	}
	unread := false
	for i, text := range append([][]byte{g.lockText}, since.Later...) {
		lock, err := lock.Parse(lock.FileName(g.in.ConfigFile), text) // as much as can be read
		unread = unread || i == 0 && err != nil
		if _, _, err := g.follow(&lock); err != nil {
			return err
		}
		for _, t := range lock.Targets {
			for _, m := range t.Migrations {
				if m.Custom && len(m.Files) > 0 {
					g.later.addOwn(place{t.Dir, t.Start}, m, own{here: i == 0 || unread, lock: i + 1})
					continue
				}
				for _, f := range m.Files {
					if !kept[f.Path] && !slices.Contains(g.later.hashes[f.Path], f.SHA256) {
						g.later.hashes[f.Path] = append(g.later.hashes[f.Path], f.SHA256)
					}
				}
			}
		}
	}
	paths := slices.Collect(maps.Keys(g.later.hashes))
	for path := range g.later.taken {
		paths = append(paths, path)
	}
	texts, err := since.Files(paths)
	for i, text := range texts {
		if text != nil && !kept[paths[i]] {
			g.later.stays[paths[i]] = true
		}
	}
	return err
}

// addOwn adds a migration of the user's own as a lock has it. Newer locks come
// first: one that they have is known, also under another number.
func (l *later) addOwn(at place, m lock.Migration, found own) {
	isForm := func(form lock.Migration) bool { return form.Files[0].Path == m.Files[0].Path }
	if l.taken[m.Files[0].Path] {
		for _, o := range l.own[at] {
			if slices.ContainsFunc(o.forms, isForm) {
				o.lock = found.lock
			}
		}
		return
	}
	for _, f := range m.Files {
		l.taken[f.Path] = true
	}
	for _, o := range l.own[at] {
		if form := o.forms[0]; form.Name == m.Name && form.FirstNumber() == m.FirstNumber() && o.lock != found.lock {
			o.forms, o.lock = append(o.forms, m), found.lock
			return
		}
	}
	found.forms = []lock.Migration{m}
	l.own[at] = append(l.own[at], &found)
}

// ownFiles reads the files of a migration; those that are not there are nil.
func (g *generation) ownFiles(m lock.Migration) (texts [][]byte, missing []string, err error) {
	for _, f := range m.Files {
		text, err := g.in.Read(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, f.Path)
		} else if err != nil {
			return nil, nil, err
		}
		texts = append(texts, text)
	}
	return texts, missing, nil
}

// checkLeft finds the user's own migrations since the revision in directories that
// no target writes to any more, unless they are among those that are told of.
func (g *generation) checkLeft(told map[place]bool) (problems problem.Problems, err error) {
	if g.later == nil {
		return nil, nil
	}
	for at, list := range g.later.own {
		if told[at] || slices.ContainsFunc(g.config.Targets, func(t config.Target) bool { return at == place{t.Migrations.Dir, t.Migrations.First()} }) {
			continue
		}
		for _, o := range list {
			for _, form := range o.forms {
				_, missing, err := g.ownFiles(form)
				if err != nil {
					return nil, err
				}
				var files, names []string
				for _, f := range form.Files {
					if !slices.Contains(missing, f.Path) && !o.stays && !g.later.stays[f.Path] {
						files, names = append(files, f.Path), append(names, g.in.at(f.Path))
					}
				}
				if len(files) > 0 {
					problems = append(problems, problem.Problem{File: files[0], Message: fmt.Sprintf("this is your own SQL, and no target of %s writes to %s", g.in.ConfigFile, g.in.at(at.dir)),
						Hint: fmt.Sprintf("move it elsewhere (mv %s OTHER), run %s again, then adkgen migration new, and put its SQL into the new file; if it is no longer wanted, moving it is enough", strings.Join(names, " "), g.command())})
				}
			}
		}
	}
	return problems, nil
}

// moveOwn gives the user's own migrations the numbers behind those that are
// planned again. Their SQL stays; the files of before are among the files, as
// removed.
func (g *generation) moveOwn(t config.Target, locked *lock.Target) (files []output.File, notes []string, problems problem.Problems, err error) {
	if g.later == nil {
		return nil, nil, nil, nil
	}
	list := g.later.own[place{locked.Dir, locked.Start}]
	for _, o := range list {
		found, err := g.findOwn(o)
		if err != nil {
			return nil, nil, nil, err
		}
		files, problems = append(files, found.files...), append(problems, found.problems...)
	}
	if len(problems) > 0 {
		return nil, nil, problems, nil
	}
	slices.SortStableFunc(list, func(a, b *own) int { return a.forms[0].Number - b.forms[0].Number })
	for _, o := range list {
		if o.stays {
			continue
		}
		m := o.forms[0]
		moved, replacer := m.Renumbered(locked.Next())
		texts, missing, err := g.ownFiles(m)
		if err != nil {
			return nil, nil, nil, err
		}
		if len(missing) > 0 && !g.later.taken[moved.Files[0].Path] { // is it there already, but the lock does not say so?
			there, missingThere, err := g.ownFiles(moved)
			if err != nil {
				return nil, nil, nil, err
			}
			if len(missingThere) == 0 {
				texts, missing, m = there, nil, moved
			}
		}
		switch {
		case len(missing) == len(m.Files): // it was removed, or belongs to a branch that is not here
			if o.here {
				notes = append(notes, fmt.Sprintf("%s, a migration of your own, is not there, and the lock no longer has it.", g.in.at(m.Files[0].Path)))
			}
			continue
		case len(missing) > 0:
			problems = append(problems, problem.Problem{File: missing[0], Message: "this file of a migration of your own is gone", Hint: "bring it back from a commit that has it: " + lock.FromCommit(missing...) + "; or remove the other files of the migration as well"})
			continue
		}
		for i, f := range m.Files {
			to := moved.Files[i].Path
			if p := g.conflictIn(f, texts[i]); p != nil {
				problems = append(problems, *p)
			}
			if to == f.Path {
				files = append(files, output.File{Path: to, Content: texts[i], Before: texts[i], State: output.Unchanged, Role: output.RoleMigration})
				continue
			}
			files = append(files, output.File{Path: f.Path, Before: texts[i], State: output.Removed, Role: output.RoleMigration}, output.File{Path: to, Content: []byte(replacer.Replace(string(texts[i]))), Role: output.RoleMigration})
		}
		locked.Migrations = append(locked.Migrations, moved)
		if moved.Number != m.Number {
			notes = append(notes, fmt.Sprintf("%s is your own SQL. It now has the number %d, and runs after the migrations that were planned again: check that it still fits.", g.in.at(moved.Files[0].Path), moved.Number))
		}
	}
	return files, notes, problems, nil
}

// foundOwn are files that a migration of the user's own had before it got
// another number, and that are still there.
type foundOwn struct {
	files    []output.File // as removed
	problems problem.Problems
}

// findOwn puts the form first of which all files are there. Others whose files are
// there too, as when a run was stopped or git has merged both, are copies: one
// whose SQL differs is refused.
func (g *generation) findOwn(o *own) (found foundOwn, err error) {
	if m := o.forms[0]; m.Was != 0 { // also where no lock has the first form
		if first, _ := m.Renumbered(m.Was); !g.later.taken[first.Files[0].Path] {
			o.forms = append(o.forms, first)
		}
	}
	texts := make([][][]byte, len(o.forms))
	now := -1
	for i, form := range o.forms {
		var missing []string
		if texts[i], missing, err = g.ownFiles(form); err != nil {
			return found, err
		}
		if now < 0 && (len(missing) == 0 || o.stays) {
			now = i
		}
	}
	if now < 0 {
		return found, nil
	}
	for i, form := range o.forms {
		if i == now {
			continue
		}
		_, replacer := form.Renumbered(o.forms[now].Number)
		for j, f := range form.Files {
			switch {
			case texts[i][j] == nil:
			case j < len(texts[now]) && output.HashOf([]byte(replacer.Replace(string(texts[i][j])))) == output.HashOf(texts[now][j]):
				found.files = append(found.files, output.File{Path: f.Path, Before: texts[i][j], State: output.Removed, Role: output.RoleMigration})
			default:
				to := g.in.at(o.forms[now].Files[min(j, len(o.forms[now].Files)-1)].Path)
				found.problems = append(found.problems, problem.Problem{File: f.Path, Message: fmt.Sprintf("this is %s under another number, with other SQL", to),
					Hint: fmt.Sprintf("keep the SQL that is right in %s, and move this file elsewhere; if it is another migration, put its SQL into one of adkgen migration new afterwards", to)})
			}
		}
	}
	o.forms[0], o.forms[now] = o.forms[now], o.forms[0]
	return found, nil
}

// replace adds the files that go, because their migrations are planned again
// under other names. One that was edited is refused.
func (g *generation) replace(files []output.File) ([]output.File, problem.Problems, error) {
	if g.later == nil {
		return files, nil, nil
	}
	var problems problem.Problems
	written := map[string]output.File{}
	for _, f := range files {
		if f.State != output.Removed {
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
		case again && output.HashOf(f.Content) == output.HashOf(content), g.later.stays[name]:
		case !slices.Contains(g.later.hashes[name], output.HashOf(content)):
			problems = append(problems, problem.Problem{File: name, Line: 1, Column: 1, Message: "this migration was edited after adkgen emitted it, and would be written again",
				Hint: fmt.Sprintf("move it elsewhere (mv %s OTHER), run %s again, and put your own SQL into a migration of your own: adkgen migration new", g.in.at(name), g.command())})
		default:
			files = append(files, output.File{Path: name, Before: content, State: output.Removed, Role: output.RoleMigration})
		}
	}
	g.later.goes = map[string]bool{}
	for _, f := range files {
		if f.State == output.Removed {
			g.later.goes[f.Path] = true
		}
	}
	return slices.DeleteFunc(files, func(f output.File) bool {
		_, again := written[f.Path]
		return f.State == output.Removed && again
	}), problems, nil
}
