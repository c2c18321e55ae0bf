package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

// ownMark stands in a migration of the user's own, unless the user has removed it.
const ownMark = "A migration of your own: write its SQL."

// Rebuild makes a lock again from the migrations that are there, where it can
// know that they are what adkgen has written: where the first is what the
// configuration asks for now, and what follows are migrations of the user's own.
// The output has the lock alone. The error is of type Problems when there is
// something that only the lock knew; any other is the machine's.
func Rebuild(in Input) (*Output, error) {
	config, err := config.Parse(in.ConfigFile, in.Config)
	if err != nil {
		return nil, err
	}
	name := lock.FileName(in.ConfigFile)
	var unreadable problem.Problems
	_, text, err := readLock(in)
	switch {
	case err == nil && text != nil:
		return nil, problem.Problems{{File: name, Message: "the lock is there and can be read: there is nothing to rebuild", Hint: "run adkgen status, or adkgen generate, which says what is wrong"}}
	case err != nil && !errors.As(err, &unreadable):
		return nil, err
	}
	g := generation{in: in, source: problem.NewSource(in.ConfigFile, in.Config), config: config}
	lock := lock.Lock{Version: 1}
	var problems problem.Problems
	for _, t := range config.Targets {
		locked, found, err := g.rebuild(t)
		if err != nil {
			return nil, err
		}
		lock.Targets, problems = append(lock.Targets, locked), append(problems, found...)
	}
	if len(problems) > 0 {
		return nil, problems.Sorted()
	}
	if _, _, err := g.sqlcFiles(&lock); err != nil { // generate tells of a sqlc.yaml that is another
		return nil, err
	}
	out := &Output{Files: []output.File{{Path: name, Content: lock.Sealed().Text(), Role: output.RoleLock}}}
	return out, g.compare(out)
}

// rebuild makes a target's entry.
func (g *generation) rebuild(t config.Target) (lock.Target, problem.Problems, error) {
	wanted := schema.Wanted(t)
	first := t.Migrations.First()
	locked := lock.Target{Dir: t.Migrations.Dir, Start: first, Dialect: t.Dialect.Name(), Tool: t.Migrations.Tool, Schema: wanted}
	name := lock.FileName(g.in.ConfigFile)
	history := "take the lock from git: git log -- " + name + " shows where it was"
	var problems problem.Problems
	known := map[string]bool{}
	r := render.New(t)
	locked.Bookkeeping = r.Bookkeeping(wanted.Namespace)
	for _, m := range plan.For(plan.Input{Dialect: t.Dialect, Wanted: wanted, Next: first}).Migrations {
		files, err := r.MigrationFiles(wanted.Namespace, m)
		if err != nil {
			return locked, nil, err
		}
		entry := lock.Migration{Number: m.Number, Name: m.Name, Phase: m.Phase}
		for _, f := range files {
			known[f.Path] = true
			entry.Files = append(entry.Files, lock.File{Path: f.Path, SHA256: output.HashOf(f.Content)})
			there, err := g.in.Read(f.Path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				problems = append(problems, problem.Problem{File: f.Path, Message: "this file is not there, and a lock is made from the migrations that are", Hint: "bring it back from git; if nothing was generated yet, run adkgen generate"})
			case err != nil:
				return locked, nil, err
			case output.HashOf(there) != output.HashOf(f.Content):
				problems = append(problems, problem.Problem{File: f.Path, Message: "this is not what adkgen would write for the " + path.Base(g.in.ConfigFile) + " of now: it, this file or adkgen has changed since, and the schema after it is not known",
					Hint: history + "; or put the configuration back as it was when this file was written, run adkgen lock rebuild, and make your changes again"})
			}
		}
		locked.Migrations = append(locked.Migrations, entry)
	}
	own, unknown, found, err := g.ownMigrations(t, known)
	if err != nil {
		return locked, nil, err
	}
	problems = append(problems, found...)
	if len(unknown) > 0 {
		problems = append(problems, problem.Problem{File: t.Migrations.Dir, Message: "the schema after these migrations is not known, and cannot be read from their SQL: " + strings.Join(unknown, ", "), Hint: history})
	}
	for _, m := range own {
		if m.Number != locked.Next() {
			problems = append(problems, problem.Problem{File: m.Files[0].Path, Message: fmt.Sprintf("this migration has the number %d, and the one before it %d: a migration between them is missing, or two have one number", m.Number, locked.Next()-1), Hint: "bring back what is missing from git; or " + history})
			break
		}
		locked.Migrations = append(locked.Migrations, m)
	}
	return locked, problems, nil
}

// ownMigrations finds the migrations of the user's own by the mark in them, and
// gives the files of adkgen's that are none.
func (g *generation) ownMigrations(t config.Target, known map[string]bool) (own []lock.Migration, unknown []string, problems problem.Problems, err error) {
	byName := map[string]int{}
	for _, pattern := range render.New(t).Tool().Files {
		dir := path.Join(t.Migrations.Dir, path.Dir(pattern.Name))
		names, err := g.in.List(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil, err
		}
		slices.Sort(names)
		parts := strings.NewReplacer(`%\[1\]s`, `(\d+)`, `%\[2\]s`, `(\w+)`).Replace(regexp.QuoteMeta(path.Base(pattern.Name)))
		form := regexp.MustCompile("^" + parts + "$")
		for _, name := range names {
			file := path.Join(dir, name)
			m := form.FindStringSubmatch(name)
			if m == nil || known[file] {
				continue
			}
			text, err := g.in.Read(file)
			if err != nil {
				return nil, nil, nil, err
			}
			if !strings.Contains(string(text), ownMark) {
				unknown = append(unknown, name)
				continue
			}
			number, _ := strconv.Atoi(m[1]) // digits
			i, seen := byName[m[1]+m[2]]
			if !seen {
				i = len(own)
				byName[m[1]+m[2]] = i
				own = append(own, lock.Migration{Number: number, Name: m[2], Custom: true})
			}
			own[i].Files = append(own[i].Files, lock.File{Path: file})
			if p := g.conflictIn(lock.File{Path: file}, text); p != nil {
				problems = append(problems, *p)
			}
		}
	}
	slices.SortStableFunc(own, func(a, b lock.Migration) int { return a.Number - b.Number })
	return own, unknown, problems, nil
}
