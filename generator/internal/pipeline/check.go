package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/host"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/parallel"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"gopkg.in/yaml.v3"
)

// What is checked beyond a single target's configuration: targets together,
// what was emitted before, and what is on the disk.

// checkTogether finds what only several targets can do wrong.
func (g *generation) checkTogether(schemas []schema.Schema) problem.Problems {
	return append(g.checkNames(schemas), g.checkFolders()...)
}

// checkNames finds names that two tables, indexes or constraints would share.
func (g *generation) checkNames(schemas []schema.Schema) problem.Problems {
	var problems problem.Problems
	names := map[string]int{} // the target that has taken a name
	for i, t := range g.config.Targets {
		told := map[string]bool{} // one problem for each key of a target is enough
		for _, name := range sharedNames(t, schemas[i]) {
			key := schemas[i].Namespace + "\x00" + name.name
			if t.Dialect.Traits().FoldsCase {
				key = strings.ToLower(key)
			}
			key = t.Dialect.Name() + "\x00" + key
			other, taken := names[key]
			if !taken {
				names[key] = i
			}
			if !taken || told[name.key] {
				continue
			}
			told[name.key] = true
			message := fmt.Sprintf("the name %s is needed twice in one %s: by this target and by target %d", name.name, cmp.Or(t.Dialect.Traits().Namespaces, "database"), other+1)
			if other == i {
				message = fmt.Sprintf("the name %s is needed twice: tables, indexes and constraints are named after the tables", name.name)
			}
			problems = append(problems, g.problem(t, name.key, message, "choose table names that differ, also when _pk, _fk or _idx is added"))
		}
	}
	return problems
}

// checkFolders finds folders that two tools would read or write each other's
// files in.
func (g *generation) checkFolders() problem.Problems {
	var problems problem.Problems
	migrations := map[string]int{} // the target that writes to a folder, with its first number
	isMigrations := map[string]bool{}
	outs := map[string]int{}
	for _, t := range g.config.Targets {
		isMigrations[t.Migrations.Dir] = true
	}
	for i, t := range g.config.Targets {
		key := fmt.Sprint(t.Migrations.Dir, "\x00", t.Migrations.First())
		if other, taken := migrations[key]; taken {
			problems = append(problems, g.problem(t, "migrations", fmt.Sprintf("target %d writes to %s as well, with the same first number", other+1, t.Migrations.Dir), "give each target a directory of its own"))
		}
		migrations[key] = i
		if t.QueriesDir != "" && isMigrations[t.QueriesDir] {
			problems = append(problems, g.problem(t, "queries", t.QueriesDir+" is a directory of migrations, and sqlc and the migration tool would each read the other's files", "give the queries a directory of their own, such as db/queries/adk"))
		}
		if t.Snapshot != "" && isMigrations[path.Dir(t.Snapshot)] {
			problems = append(problems, g.problem(t, "snapshot", path.Dir(t.Snapshot)+" is a directory of migrations, and the migration tool would run the snapshot, too", "write it elsewhere, such as db/adk_schema.sql"))
		}
		if t.SQLC == nil {
			continue
		}
		if other, taken := outs[t.SQLC.Out]; taken {
			problems = append(problems, g.problem(t, "sqlc", fmt.Sprintf("target %d has sqlc write to %s as well", other+1, t.SQLC.Out), "give each target an out: and a package: of its own"))
		}
		outs[t.SQLC.Out] = i
	}
	return problems
}

// problem points at a target's key.
func (g *generation) problem(t config.Target, key, message, hint string) problem.Problem {
	return t.Problem(g.source, key, message, hint)
}

type sharedName struct{ name, key string }

// sharedNames are the names that a schema takes from pools which it shares
// with other tables of its namespace, with the key that each comes from.
func sharedNames(t config.Target, schema schema.Schema) []sharedName {
	traits := t.Dialect.Traits()
	var names []sharedName
	for _, table := range schema.Tables {
		key := table.Role.Key()
		names = append(names, sharedName{table.Name, key})
		if traits.IndexesShareNames {
			names = append(names, sharedName{table.PrimaryKey.Name, key})
			for _, index := range table.Indexes {
				names = append(names, sharedName{index.Name, key})
			}
			for _, unique := range table.Unique {
				names = append(names, sharedName{unique.Name, key})
			}
		}
		if traits.ConstraintsShareNames {
			for _, k := range table.ForeignKeys {
				names = append(names, sharedName{k.Name, key})
			}
			for _, c := range table.Checks {
				names = append(names, sharedName{c.Name, key})
			}
		}
	}
	return names
}

// checkEmitted compares the emitted migrations with the lock.
func (g *generation) checkEmitted(locked lock.Target) (files []output.File, problems problem.Problems, err error) {
	var gone []string
	for _, m := range locked.Migrations {
		for _, emitted := range m.Files {
			content, err := g.in.Read(emitted.Path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				gone = append(gone, emitted.Path)
			case err != nil:
				return nil, nil, err
			case !m.Custom && output.HashOf(content) != emitted.SHA256:
				problems = append(problems, g.edited(emitted.Path))
			case m.Custom && g.conflictIn(emitted, content) != nil:
				problems = append(problems, *g.conflictIn(emitted, content))
			case emitted.Since != "" && output.HashOf(content) != emitted.Since:
				problems = append(problems, problem.Problem{File: emitted.Path, Line: 1, Column: 1, Message: "this migration of your own is not as " + g.later.revision + " has it", Hint: g.takeTheirs(emitted.Path)})
			default:
				files = append(files, output.File{Path: emitted.Path, Content: content, Before: content, State: output.Unchanged, Role: output.RoleMigration})
			}
		}
	}
	if len(gone) > 0 {
		problems = append(problems, g.gone(locked, gone))
	}
	return files, problems, nil
}

// conflictIn finds the marks of git in a migration of the user's own.
func (g *generation) conflictIn(f lock.File, text []byte) *problem.Problem {
	p := problem.ConflictIn(f.Path, string(text))
	if p != nil {
		p.Message, p.Hint = "two branches have both changed this file, and the conflict is not resolved", problem.ConflictHint
		if f.Since != "" {
			p.Hint = g.takeTheirs(f.Path)
		}
	}
	return p
}

// takeTheirs says how the user's own SQL becomes again what the revision has.
func (g *generation) takeTheirs(file string) string {
	return fmt.Sprintf("what %[1]s has is not changed: keep a copy of yours elsewhere, take that of %[1]s (git checkout %[1]s -- %[2]s), run adkgen generate --redo-since %[1]s again, and put your SQL into a migration of its own: adkgen migration new", g.later.revision, file)
}

// edited is the problem of a migration that is not as it was emitted.
func (g *generation) edited(file string) problem.Problem {
	p := problem.Problem{File: file, Line: 1, Column: 1, Message: "this migration was edited after adkgen emitted it",
		Hint: "keep a copy of your own SQL, take the file from a commit that has it as it was emitted (" + lock.FromCommit(file) + "), and put the SQL into a migration of your own: adkgen migration new; " + planItAgain}
	if g.later != nil {
		p.Message = "this migration is not as " + g.later.revision + " has it"
		p.Hint = "take it from there: git checkout " + g.later.revision + " -- " + file
	}
	return p
}

// gone is the problem of migrations that are not there.
func (g *generation) gone(locked lock.Target, files []string) problem.Problem {
	emitted := g.in.lockFile()
	names := g.in.allAt(files) // the commands of git run in the folder
	if g.later != nil {
		return problem.Problem{File: locked.Dir, Message: fmt.Sprintf("%s has migrations that are not here: %s", g.later.revision, strings.Join(names, ", ")),
			Hint: "merge it first (git merge " + g.later.revision + "), or bring the files back: git checkout " + g.later.revision + " -- " + strings.Join(files, " ")}
	}
	if len(files) == 1 {
		return problem.Problem{File: files[0], Message: "this migration is gone, but " + emitted + " says that it was emitted", Hint: "bring it back from a commit that has it: " + lock.FromCommit(files[0]) + "; " + planItAgain}
	}
	return problem.Problem{File: locked.Dir, Message: fmt.Sprintf("%d files of migrations are gone, but %s says that they were emitted: %s", len(files), emitted, strings.Join(names, ", ")), Hint: "bring them back from a commit that has them: " + lock.FromCommit(files...) + "; " + planAgain}
}

// command is how this run was called, as far as hints name it.
func (g *generation) command() string { return g.in.Again("") }

// strange says what to do with a migration that no lock has.
func (g *generation) strange(file string) string {
	const own = "; SQL of your own goes into a file of adkgen migration new"
	if g.later != nil {
		return fmt.Sprintf("no lock since %s has it: a run that was stopped has left it, or it came without its lock; move it elsewhere (mv %s OTHER), and run %s again", g.later.revision, g.in.at(file), g.command()) + own
	}
	return "if it came with a branch that was merged, " + lock.RedoHint + "; if not, as after a run that was stopped, move it elsewhere" + own
}

// How migrations that were never applied are planned anew.
const (
	planItAgain = "if it was never applied anywhere, adkgen generate --redo-since REV plans it again, where REV is a commit from before it, such as main"
	planAgain   = "if the migrations were never applied anywhere, adkgen generate --redo-since REV plans them again, where REV is a commit from before them, such as main"
)

// orPlanAgain is the last way on in a hint; "" where they are planned again now.
func (g *generation) orPlanAgain() string {
	if g.later != nil {
		return ""
	}
	return "; " + planAgain
}

// checkLocked refuses a target that asks for something else than what was
// emitted: another database or tool, or a schema with differences.
func (g *generation) checkLocked(t config.Target, locked lock.Target, input plan.Input, planned plan.Plan) problem.Problems {
	refuse := func(key, message, hint string) problem.Problems {
		return problem.Problems{g.problem(t, key, message, hint)}
	}
	switch {
	case locked.Dialect != t.Dialect.Name():
		return refuse("dialect", fmt.Sprintf("the migrations in %s were emitted for %s", locked.Dir, locked.Dialect), "give the other database a directory of its own"+g.orPlanAgain())
	case locked.Tool != t.Migrations.Tool && locked.Until != "":
		return problem.Problems{g.toolWhileWaiting(t, locked)}
	case locked.Tool != t.Migrations.Tool:
		return refuse("migrations", fmt.Sprintf("the migrations in %s were emitted for %s", locked.Dir, locked.Tool), "keep the tool, or give "+t.Migrations.Tool+" a directory of its own: docs/migration-tools.md, Another tool"+g.orPlanAgain())
	}
	if len(planned.Refusals) > 0 {
		var problems problem.Problems
		for _, r := range planned.Refusals {
			problems = append(problems, g.askedFor(t, r.Asked, r.Message, r.Hint+g.orPlanAgain()))
		}
		return problems
	}
	if input.Destructive || len(planned.Losses) == 0 {
		return nil
	}
	run := g.in
	run.AllowDestructive = true
	allow := "run " + run.Again(input.Until) + " if that is what you want"
	if also := unusedLosses(input, planned); len(also) > 0 {
		allow += ", which also drops what is no longer used (" + strings.Join(also, ", ") + ")"
	}
	var problems problem.Problems
	told := map[plan.Asker]bool{}
	for _, l := range planned.Losses {
		if told[l.Asked] {
			continue
		}
		told[l.Asked] = true
		message := "the migration would drop what cannot be brought back:"
		if t.Places[l.Asked.Key] == nil {
			message = "without this key, " + message
		}
		for _, other := range planned.Losses {
			if other.Asked == l.Asked {
				message += "\n  - " + other.What
			}
		}
		problems = append(problems, g.askedFor(t, l.Asked, message,
			allow+", or undo the change"+g.orPlanAgain()))
	}
	return problems
}

// unusedLosses are what a plan keeps, and would drop as well once it may drop.
func unusedLosses(input plan.Input, kept plan.Plan) (also []string) {
	input.Destructive = true
	for _, l := range plan.For(input).Losses {
		if !slices.ContainsFunc(kept.Losses, func(known plan.Loss) bool { return known.What == l.What }) {
			also = append(also, l.What)
		}
	}
	return also
}

// askedFor points at what asks for a change; at the list that it is gone from,
// or at the target, when that is how it does.
func (g *generation) askedFor(t config.Target, asked plan.Asker, message, hint string) problem.Problem {
	if asked.Role == "" {
		return g.problem(t, asked.Key, message, hint)
	}
	node := cmp.Or(config.ValueOf(t.Places["columns"], string(asked.Role)), t.Places["columns"], t.Node)
	for _, c := range t.Columns {
		if c.Role == asked.Role && c.Column.Name == asked.Column {
			node = c.Node
		}
	}
	return g.source.Problem(node, 0, len(node.Value), asked.Key, message, hint)
}

// checkForgotten finds entries of the lock that no target stands for. One whose
// migrations are gone as well goes with them.
func (g *generation) checkForgotten(now lock.Lock, results []targetResult) (notes []string, problems problem.Problems, err error) {
	name := lock.FileName(g.in.ConfigFile)
	told := map[place]bool{}
	for _, t := range g.lock.Targets {
		isReplaced := slices.ContainsFunc(results, func(r targetResult) bool {
			return r.replaced != nil && r.replaced.Dir == t.Dir && r.replaced.Start == t.Start
		})
		if isReplaced || now.Find(config.Migrations{Dir: t.Dir, Start: t.Start}) != nil {
			continue
		}
		found, err := g.look(t, t.Dir)
		if err != nil {
			return nil, nil, err
		}
		if len(found.there) == 0 {
			notes = append(notes, fmt.Sprintf("%s no longer has the migrations in %s: they are gone, and no target of %s writes there.\n", g.in.lockFile(), g.in.at(t.Dir), g.in.ConfigFile))
			continue
		}
		told[place{t.Dir, t.Start}] = true
		problems = append(problems, problem.Problem{File: name, Message: fmt.Sprintf("migrations in %s (from number %d) were emitted, but no target of %s writes there", g.in.at(t.Dir), t.Start, g.in.ConfigFile),
			Hint: "put the target back; if it is no longer wanted, move its migrations elsewhere, for the record (git mv " + t.Dir + " OTHER), and run " + g.command()})
	}
	left, err := g.checkLeft(told)
	return notes, append(problems, left...), err
}

// whereabouts tells which files of a locked target are in a directory.
type whereabouts struct {
	there   []string // by the paths that they have in the lock
	changed []string // of these, those that are not as they were emitted
	missing []string
	proofs  int // files of adkgen's as they were emitted
}

// look looks for the files of a locked target in a directory.
func (g *generation) look(t lock.Target, dir string) (found whereabouts, err error) {
	for _, m := range t.Migrations {
		for _, f := range m.Files {
			content, err := g.in.Read(f.In(t.Dir, dir))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				found.missing = append(found.missing, f.Path)
				continue
			case err != nil:
				return found, err
			case !m.Custom && output.HashOf(content) != f.SHA256:
				found.changed = append(found.changed, f.Path)
			case !m.Custom:
				found.proofs++
			}
			found.there = append(found.there, f.Path)
		}
	}
	return found, nil
}

// follow finds targets of a lock whose directory has another name now. When their
// migrations have moved there, the lock follows; it is a problem if not all have.
func (g *generation) follow(emitted *lock.Lock) (notes []string, problems problem.Problems, err error) {
	var now lock.Lock
	for _, t := range g.config.Targets {
		now.Targets = append(now.Targets, lock.Target{Dir: t.Migrations.Dir, Start: t.Migrations.First()})
	}
	for i := range emitted.Targets {
		locked := &emitted.Targets[i]
		if now.Find(config.Migrations{Dir: locked.Dir, Start: locked.Start}) != nil {
			continue
		}
		old, err := g.look(*locked, locked.Dir)
		if err != nil {
			return nil, nil, err
		}
		var candidates []config.Target
		var moved whereabouts
		for _, t := range g.config.Targets {
			m := t.Migrations
			if emitted.Find(m) != nil || m.First() != locked.Start || m.Tool != locked.Tool || t.Dialect.Name() != locked.Dialect {
				continue
			}
			found, err := g.look(*locked, m.Dir)
			if err != nil {
				return nil, nil, err
			}
			switch {
			case found.proofs > 0 && (moved.proofs == 0 || len(found.missing) < len(moved.missing)):
				candidates, moved = []config.Target{t}, found
			case moved.proofs == 0:
				candidates = append(candidates, t)
			}
		}
		if len(candidates) != 1 {
			continue
		}
		t, from := candidates[0], locked.Dir
		dir := t.Migrations.Dir
		lacking := append(moved.missing, moved.changed...)
		switch {
		case moved.proofs == 0:
			problems = append(problems, g.problem(t, "migrations", fmt.Sprintf("the migrations of this target were emitted to %s, and the directory is %s now", from, dir),
				fmt.Sprintf("write dir: %s again, or move all of them: git mv %s %s", from, from, dir)))
		case len(old.there) > 0:
			rest := slices.DeleteFunc(slices.Clone(old.there), func(file string) bool { return !slices.Contains(moved.missing, file) })
			hint := fmt.Sprintf("write dir: %s again, or leave each file in one of the two", from)
			if len(rest) > 0 {
				hint = fmt.Sprintf("move the rest: mv %s %s", strings.Join(g.in.allAt(rest), " "), g.in.at(dir))
			}
			problems = append(problems, g.problem(t, "migrations", fmt.Sprintf("some migrations of this target are in %s now, and some are in %s", g.in.at(dir), g.in.at(from)), hint))
		case len(lacking) > 0:
			locked.MoveTo(dir)
			hint := fmt.Sprintf("take them from a commit that has them (%s), and move them to the others: mv %s %s", lock.FromCommit(lacking...), strings.Join(g.in.allAt(lacking), " "), g.in.at(dir))
			if len(moved.changed) > 0 {
				hint = "keep a copy of your own SQL, " + hint
			}
			problems = append(problems, g.problem(t, "migrations", fmt.Sprintf("the migrations of %s are in %s now, but for what is not there as it was emitted: %s", g.in.at(from), g.in.at(dir), strings.Join(g.in.allAt(lacking), ", ")), hint))
		default:
			locked.MoveTo(dir)
			notes = append(notes, fmt.Sprintf("The migrations of %s are in %s now, and the lock says so, too.", g.in.at(from), g.in.at(dir)))
		}
	}
	return notes, problems, nil
}

// checkLost finds migrations of adkgen's where there is no lock, and says that in
// one problem. Those that would be written now in the same words are no loss.
func (g *generation) checkLost(results []targetResult) (problem.Problems, error) {
	if g.lockText != nil || g.later != nil || g.in.List == nil {
		return nil, nil
	}
	var unknown []string
	done := map[string]bool{}
	planned := map[string]output.File{}
	for _, r := range results {
		for _, f := range r.files {
			planned[f.Path] = f
		}
	}
	for _, t := range g.config.Targets {
		dir := t.Migrations.Dir
		if done[dir] {
			continue
		}
		done[dir] = true
		names, err := g.in.List(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		slices.Sort(names)
		for _, name := range names {
			file := path.Join(dir, name)
			if !strings.Contains(name, "ext_adk_") || path.Ext(name) != ".sql" {
				continue
			}
			text, err := g.in.Read(file)
			if err != nil {
				return nil, err
			}
			ours := output.IsOurs(text) || strings.Contains(string(text), ownMark)
			if f, ok := planned[file]; ours && (!ok || output.HashOf(f.Content) != output.HashOf(text)) {
				unknown = append(unknown, g.in.at(file))
			}
		}
	}
	if len(unknown) == 0 {
		return nil, nil
	}
	name := lock.FileName(g.in.ConfigFile)
	return problem.Problems{{File: name, Message: "the lock is gone, and there are migrations that only it knows: " + strings.Join(unknown, ", "),
		Hint: "bring it back from a commit that has it: " + lock.FromCommit(name) + "; if git never had it: adkgen lock rebuild"}}, nil
}

// checkStray finds migrations with adkgen's mark in their names that the lock
// does not know: those of a branch that was merged.
func (g *generation) checkStray(files []output.File) (problem.Problems, error) {
	known := map[string]bool{}
	for _, f := range files {
		known[f.Path] = true
	}
	numbers := map[string]string{} // by directory and number, the locked migration
	for _, t := range g.lock.Targets {
		for _, m := range t.Migrations {
			numbers[fmt.Sprint(t.Dir, " ", m.Number)] = m.Name
			for _, f := range m.Files {
				known[f.Path] = true
			}
		}
	}
	if g.later != nil {
		for file := range g.later.hashes {
			known[file] = true
		}
		for file := range g.later.taken {
			known[file] = true
		}
	}
	var problems problem.Problems
	done := map[string]bool{}
	for _, t := range g.config.Targets {
		dir := t.Migrations.Dir
		if done[dir] || g.in.List == nil {
			continue
		}
		done[dir] = true
		names, err := g.in.List(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		slices.Sort(names)
		for _, name := range names {
			file := path.Join(dir, name)
			if known[file] || !strings.Contains(name, "ext_adk_") || path.Ext(name) != ".sql" {
				continue
			}
			p := problem.Problem{File: file, Message: g.in.lockFile() + " does not know this migration"}
			p.Hint = g.strange(file)
			if version := host.VersionOf(name); len(version) > 0 {
				if other := numbers[fmt.Sprint(dir, " ", version[0])]; other != "" {
					p.Message += fmt.Sprintf(", and number %d is %s there: it must be renumbered", version[0], other)
				}
			}
			problems = append(problems, p)
		}
	}
	return problems, nil
}

// checkPaths finds two files of one name; names that differ in case are one on
// many systems.
func (g *generation) checkPaths(files []output.File) problem.Problems {
	var problems problem.Problems
	seen := map[string]string{}
	for _, f := range files {
		key := strings.ToLower(f.Path)
		if other, taken := seen[key]; taken {
			problems = append(problems, problem.Problem{File: g.in.ConfigFile, Message: fmt.Sprintf("two targets write %s", g.in.at(cmp.Or(other, f.Path))),
				Hint: "give each target its own directories for migrations and queries, and its own snapshot"})
		}
		seen[key] = f.Path
	}
	return problems
}

// compare fills in what is on the disk, and refuses to overwrite what adkgen
// did not write.
func (g *generation) compare(out *Output) error {
	problems := make([]*problem.Problem, len(out.Files))
	errs := make([]error, len(out.Files))
	leave := make([]bool, len(out.Files))
	parallel.Do(len(out.Files), func(i int) {
		f := &out.Files[i]
		if f.State != "" {
			return // checkEmitted has read it
		}
		before, err := g.in.Read(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.State = output.Created
			return
		case err != nil:
			errs[i] = err
			return
		}
		f.Before, f.State = before, output.Updated
		if f.Before == nil {
			f.Before = []byte{}
		}
		if output.HashOf(before) == output.HashOf(f.Content) { // also when git checked it out with other line ends
			f.State, f.Content = output.Unchanged, before
			return
		}
		ours := output.IsOurs(before)
		switch {
		case f.Role == output.RoleMigration && !g.later.replaces(f.Path):
			problems[i] = &problem.Problem{File: f.Path, Message: "this file is there already, and " + g.in.lockFile() + " does not know it", Hint: g.strange(f.Path)}
		case f.Role == output.RoleSQLC && !ours:
			leave[i] = true
		case f.Role == output.RoleGenerated && !ours:
			problems[i] = &problem.Problem{File: f.Path, Message: "this file is there already, and adkgen did not write it", Hint: "move it, or choose another directory in " + g.in.ConfigFile}
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var found problem.Problems
	for _, p := range problems {
		if p != nil {
			found = append(found, *p)
		}
	}
	if len(found) > 0 {
		return found.Sorted()
	}
	var files []output.File
	for i, f := range out.Files {
		if !leave[i] {
			files = append(files, f)
			continue
		}
		note, err := g.sqlcNote(f)
		if err != nil {
			return err
		}
		if note != "" {
			out.Notes = append(out.Notes, note)
		}
	}
	out.Files = files
	return nil
}

// sqlcNote tells what to paste into a sqlc.yaml that the user wrote; "" when
// it names the queries already.
func (g *generation) sqlcNote(f output.File) (string, error) {
	var theirs struct {
		SQL []struct {
			Queries any `yaml:"queries"`
		} `yaml:"sql"`
	}
	_ = yaml.Unmarshal(f.Before, &theirs) // what is not YAML has no entry of ours
	var missing []render.SqlcBlock
	for _, t := range g.config.Targets {
		if t.SQLC == nil || t.SQLC.File != f.Path {
			continue
		}
		block := render.New(t).SqlcBlock()
		named := false
		for _, entry := range theirs.SQL {
			named = named || slices.Contains(strings.Fields(strings.Trim(fmt.Sprint(entry.Queries), "[]")), block.Queries)
		}
		if !named {
			missing = append(missing, block)
		}
	}
	if len(missing) == 0 {
		return "", nil
	}
	text, err := render.SqlcFile(missing, false)
	return fmt.Sprintf("%s was not written by adkgen and is left alone. Add this to it:\n\n%s", g.in.at(f.Path), text), err
}
