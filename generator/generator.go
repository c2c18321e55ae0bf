// Package generator turns an adkgen.yaml into migrations, query files and
// sqlc's configuration. Generate is the whole pipeline: configuration, owner
// columns, schema, plan, files. It reads through its Input and writes nothing;
// Write puts the files on the disk, all of them or none.
package generator

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gopkg.in/yaml.v3"
)

// Input is all that Generate looks at.
type Input struct {
	ConfigFile string // the name of adkgen.yaml in problems
	Config     []byte // its text
	// Read gives a file by its path from the folder of adkgen.yaml, with
	// slashes; fs.ErrNotExist when there is none. It is called from several
	// goroutines.
	Read func(path string) ([]byte, error)
}

// Output is what a run of Generate came to.
type Output struct {
	Files []File   // sorted by path, the lock last
	Notes []string // what the user should know or do, a paragraph each
}

// State says what writing a file would do.
type State string

// The states of a file.
const (
	Created   State = "created"
	Updated   State = "updated"
	Unchanged State = "unchanged"
)

// File is one generated file.
type File struct {
	Path    string // from the folder of adkgen.yaml, with slashes
	Content []byte
	Before  []byte // what is there now; nil when nothing is
	State   State

	role fileRole
}

// fileRole says how a file that is there already is treated.
type fileRole int

const (
	roleGenerated fileRole = iota // rewritten, if adkgen wrote it
	roleMigration                 // never rewritten
	roleSQLC                      // rewritten if adkgen wrote it, else left alone
	roleLock
)

// Generate runs the pipeline. An error of type Problems is for the user to
// mend; any other is the machine's.
func Generate(in Input) (*Output, error) {
	config, err := ParseConfig(in.ConfigFile, in.Config)
	if err != nil {
		return nil, err
	}
	lock, err := readLock(in)
	if err != nil {
		return nil, err
	}
	g := generation{in: in, config: config, lock: lock}
	schemas := make([]Schema, len(config.Targets))
	for i, t := range config.Targets {
		schemas[i] = wantedSchema(t)
	}
	if problems := g.checkTogether(schemas); len(problems) > 0 {
		return nil, problems.sorted()
	}
	results := make([]targetResult, len(config.Targets))
	inParallel(len(results), func(i int) { results[i] = g.target(config.Targets[i], schemas[i]) })
	return g.assemble(results)
}

// inParallel calls do for 0 to n-1, on every core.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

func readLock(in Input) (Lock, error) {
	text, err := in.Read(LockFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Lock{}, err
	}
	return parseLock(text)
}

type generation struct {
	in     Input
	config *Config
	lock   Lock
}

// targetResult is what one target adds to the output.
type targetResult struct {
	files    []File
	locked   LockTarget
	problems Problems
	err      error
}

func (g *generation) source() source { return newSource(g.in.ConfigFile, g.in.Config) }

// checkTogether finds what only several targets can do wrong.
func (g *generation) checkTogether(schemas []Schema) Problems {
	var problems Problems
	source := g.source()
	names := map[string]int{}
	dirs := map[string]int{}
	outs := map[string]int{}
	migrationDirs := map[string]bool{}
	for _, t := range g.config.Targets {
		migrationDirs[t.Migrations.Dir] = true
	}
	for i, t := range g.config.Targets {
		told := map[string]bool{} // one problem for each key of a target is enough
		for _, name := range sharedNames(t, schemas[i]) {
			key := t.Dialect.Name() + "\x00" + strings.ToLower(schemas[i].Namespace+"\x00"+name.name)
			if other, taken := names[key]; taken {
				if told[name.key] {
					continue
				}
				told[name.key] = true
				message := fmt.Sprintf("the name %s is needed twice in one %s: by this target and by target %d", name.name, cmp.Or(t.Dialect.Traits().Namespaces, "database"), other+1)
				if other == i {
					message = fmt.Sprintf("the name %s is needed twice: tables, indexes and constraints are named after the tables", name.name)
				}
				node := cmp.Or(t.places[name.key], t.node)
				problems = append(problems, source.problem(node, 0, len(node.Value), name.key, message, "choose table names that differ, also when _pk, _fk or _idx is added"))
				continue
			}
			names[key] = i
		}
		key := fmt.Sprint(t.Migrations.Dir, "\x00", t.Migrations.First())
		if other, taken := dirs[key]; taken {
			node := cmp.Or(t.places["migrations"], t.node)
			problems = append(problems, source.problem(node, 0, 0, "migrations", fmt.Sprintf("target %d writes to %s as well, with the same first number", other+1, t.Migrations.Dir), "give each target a directory of its own"))
		}
		dirs[key] = i
		if node := t.places["queries"]; migrationDirs[t.QueriesDir] && t.QueriesDir != "" {
			problems = append(problems, source.problem(node, 0, 0, "queries", t.QueriesDir+" is a directory of migrations, and sqlc and the migration tool would each read the other's files", "give the queries a directory of their own, such as db/queries/adk"))
		}
		if t.SQLC == nil {
			continue
		}
		if other, taken := outs[t.SQLC.Out]; taken {
			problems = append(problems, source.problem(t.places["sqlc"], 0, 0, "sqlc", fmt.Sprintf("target %d has sqlc write to %s as well", other+1, t.SQLC.Out), "give each target an out: and a package: of its own"))
		}
		outs[t.SQLC.Out] = i
	}
	return problems
}

type sharedName struct{ name, key string }

var roleKeys = map[Role]string{
	RoleSessions: "session_table", RoleEvents: "events_table", RoleAppStates: "app_state_table", RoleUserStates: "user_state_table",
}

// sharedNames are the names that a schema takes from pools which it shares
// with other tables of its namespace, with the key that each comes from.
func sharedNames(t Target, schema Schema) []sharedName {
	traits := t.Dialect.Traits()
	var names []sharedName
	for _, table := range schema.Tables {
		key := roleKeys[table.Role]
		names = append(names, sharedName{table.Name, key})
		if traits.IndexesShareNames {
			names = append(names, sharedName{table.PrimaryKey.Name, key})
			for _, index := range table.Indexes {
				names = append(names, sharedName{index.Name, key})
			}
		}
		if traits.ConstraintsShareNames {
			for _, k := range table.ForeignKeys {
				names = append(names, sharedName{k.Name, key})
			}
			for _, c := range table.Columns {
				if c.JSONCheck != "" {
					names = append(names, sharedName{c.JSONCheck, key})
				}
			}
		}
	}
	return names
}

// target checks what was emitted before, plans what is missing, and renders.
func (g *generation) target(t Target, wanted Schema) (result targetResult) {
	locked := g.lock.find(t.Migrations)
	if locked != nil {
		result.locked = *locked
		result.files, result.problems, result.err = g.checkEmitted(*locked)
		result.problems = append(result.problems, g.checkLocked(t, *locked, wanted)...)
	} else {
		result.locked = LockTarget{Dir: t.Migrations.Dir, Start: t.Migrations.First(), Dialect: t.Dialect.Name(), Tool: t.Migrations.Tool}
	}
	if result.err != nil || len(result.problems) > 0 {
		return result
	}
	r := newRenderer(t)
	var before *Schema
	next := t.Migrations.First()
	if locked != nil {
		before, next = &locked.Schema, next+len(locked.Migrations)
	}
	migrations, _ := plan(before, wanted, next)
	for _, m := range migrations {
		files, err := r.migrationFiles(wanted.Namespace, m)
		if err != nil {
			result.err = err
			return result
		}
		entry := LockMigration{Number: m.Number, Name: m.Name}
		for _, f := range files {
			entry.Files = append(entry.Files, LockHash{f.Path, hashOf(f.Content)})
		}
		result.files = append(result.files, files...)
		result.locked.Migrations = append(result.locked.Migrations, entry)
	}
	result.locked.Schema = wanted
	for _, render := range []func(Schema) ([]File, error){r.queryFiles, r.snapshotFile} {
		files, err := render(wanted)
		if err != nil {
			result.err = err
			return result
		}
		result.files = append(result.files, files...)
	}
	return result
}

// checkEmitted compares the emitted migrations with the lock.
func (g *generation) checkEmitted(locked LockTarget) (files []File, problems Problems, err error) {
	for _, m := range locked.Migrations {
		for _, emitted := range m.Files {
			content, err := g.in.Read(emitted.Path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				problems = append(problems, Problem{File: emitted.Path, Message: "this migration is gone, but adkgen.lock says that it was emitted",
					Hint: "bring it back (git checkout -- " + emitted.Path + "); if it was never applied anywhere, " + startAgain(locked)})
			case err != nil:
				return nil, nil, err
			case hashOf(content) != emitted.SHA256:
				problems = append(problems, Problem{File: emitted.Path, Line: 1, Column: 1, Message: "this migration was edited after adkgen emitted it",
					Hint: "undo the edit (git checkout -- " + emitted.Path + ") and put your own SQL into a migration of your own; if it was never applied anywhere, " + startAgain(locked)})
			default:
				files = append(files, File{Path: emitted.Path, Content: content, role: roleMigration})
			}
		}
	}
	return files, problems, nil
}

// startAgain says how a target that was never applied is generated anew.
func startAgain(locked LockTarget) string {
	return fmt.Sprintf("delete the ext_adk_ files in %s and the entry of %s in %s, and run adkgen generate", locked.Dir, locked.Dir, LockFile)
}

// checkLocked compares what the target asks for with what was emitted.
func (g *generation) checkLocked(t Target, locked LockTarget, wanted Schema) Problems {
	source := g.source()
	refuse := func(key, message, hint string) Problems {
		node := cmp.Or(t.places[key], t.node)
		return Problems{source.problem(node, 0, len(node.Value), key, message, hint)}
	}
	switch {
	case locked.Dialect != t.Dialect.Name():
		return refuse("dialect", fmt.Sprintf("the migrations in %s were emitted for %s", locked.Dir, locked.Dialect), "give the other database a directory of its own; if they were never applied anywhere, "+startAgain(locked))
	case locked.Tool != t.Migrations.Tool:
		return refuse("migrations", fmt.Sprintf("the migrations in %s were emitted for %s", locked.Dir, locked.Tool), "keep the tool; if they were never applied anywhere, "+startAgain(locked))
	}
	_, differences := plan(&locked.Schema, wanted, 0)
	if len(differences) == 0 {
		return nil
	}
	return refuse("dialect", "the schema is no longer the one that was emitted:\n  - "+strings.Join(differences, "\n  - "),
		"adkgen does not write the migration for this change yet: undo it, or make it with a migration of your own; if the first migration was never applied anywhere, "+startAgain(locked))
}

// assemble joins the targets' files, adds sqlc.yaml and the lock, and compares
// all with what is there.
func (g *generation) assemble(results []targetResult) (*Output, error) {
	var problems Problems
	out := &Output{}
	lock := Lock{Version: 1}
	for _, r := range results {
		if r.err != nil {
			return nil, r.err
		}
		problems = append(problems, r.problems...)
		out.Files = append(out.Files, r.files...)
		lock.Targets = append(lock.Targets, r.locked)
	}
	problems = append(problems, g.checkForgotten(lock)...)
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	sqlc, err := g.sqlcFiles()
	if err != nil {
		return nil, err
	}
	out.Files = append(out.Files, sqlc...)
	slices.SortStableFunc(out.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	out.Files = append(out.Files, File{Path: LockFile, Content: lock.text(), role: roleLock})
	problems = append(problems, g.checkPaths(out.Files)...)
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	if err := g.compare(out); err != nil {
		return nil, err
	}
	return out, nil
}

// checkForgotten finds entries of the lock that no target stands for.
func (g *generation) checkForgotten(now Lock) Problems {
	var problems Problems
	for _, t := range g.lock.Targets {
		if now.find(Migrations{Dir: t.Dir, Start: t.Start}) == nil {
			problems = append(problems, Problem{File: LockFile, Message: fmt.Sprintf("migrations in %s (from number %d) were emitted, but no target of %s writes there", t.Dir, t.Start, g.in.ConfigFile),
				Hint: "put the target back; if its directory was renamed, rename it in " + LockFile + " as well; if it is no longer wanted, delete its entry there"})
		}
	}
	return problems
}

// sqlcFiles renders one file for all targets that name it: sqlc reads a list
// of databases in one file.
func (g *generation) sqlcFiles() ([]File, error) {
	blocks := map[string][]sqlcBlock{}
	var names []string
	for _, t := range g.config.Targets {
		if t.SQLC == nil {
			continue
		}
		if blocks[t.SQLC.File] == nil {
			names = append(names, t.SQLC.File)
		}
		blocks[t.SQLC.File] = append(blocks[t.SQLC.File], newRenderer(t).sqlcBlock())
	}
	var files []File
	for _, name := range names {
		text, err := sqlcFile(blocks[name], true)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: name, Content: []byte(text), role: roleSQLC})
	}
	return files, nil
}

// checkPaths finds two files of one name; names that differ in case are one on
// many systems.
func (g *generation) checkPaths(files []File) Problems {
	var problems Problems
	seen := map[string]string{}
	for _, f := range files {
		key := strings.ToLower(f.Path)
		if other, taken := seen[key]; taken {
			problems = append(problems, Problem{File: g.in.ConfigFile, Message: fmt.Sprintf("two targets write %s", cmp.Or(other, f.Path)),
				Hint: "give each target its own directories for migrations and queries, and its own snapshot"})
		}
		seen[key] = f.Path
	}
	return problems
}

const generatedMark = "Code generated by adkgen. DO NOT EDIT."

// compare fills in what is on the disk, and refuses to overwrite what adkgen
// did not write.
func (g *generation) compare(out *Output) error {
	problems := make([]*Problem, len(out.Files))
	errs := make([]error, len(out.Files))
	leave := make([]bool, len(out.Files))
	inParallel(len(out.Files), func(i int) {
		f := &out.Files[i]
		before, err := g.in.Read(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.State = Created
			return
		case err != nil:
			errs[i] = err
			return
		}
		f.Before, f.State = before, Updated
		if f.Before == nil {
			f.Before = []byte{}
		}
		if hashOf(before) == hashOf(f.Content) { // also when git checked it out with other line ends
			f.State, f.Content = Unchanged, before
			return
		}
		firstLine, _, _ := bytes.Cut(before, []byte("\n"))
		ours := bytes.Contains(firstLine, []byte(generatedMark))
		switch {
		case f.role == roleMigration:
			problems[i] = &Problem{File: f.Path, Message: "this file is there already, and adkgen.lock does not know it", Hint: "bring adkgen.lock back from git; if the file is not adkgen's, move it or choose another directory"}
		case f.role == roleSQLC && !ours:
			leave[i] = true
		case f.role == roleGenerated && !ours:
			problems[i] = &Problem{File: f.Path, Message: "this file is there already, and adkgen did not write it", Hint: "move it, or choose another directory in " + g.in.ConfigFile}
		}
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var found Problems
	for _, p := range problems {
		if p != nil {
			found = append(found, *p)
		}
	}
	if len(found) > 0 {
		return found.sorted()
	}
	var files []File
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
func (g *generation) sqlcNote(f File) (string, error) {
	var theirs struct {
		SQL []struct {
			Queries any `yaml:"queries"`
		} `yaml:"sql"`
	}
	_ = yaml.Unmarshal(f.Before, &theirs) // what is not YAML has no entry of ours
	var missing []sqlcBlock
	for _, t := range g.config.Targets {
		if t.SQLC == nil || t.SQLC.File != f.Path {
			continue
		}
		block := newRenderer(t).sqlcBlock()
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
	text, err := sqlcFile(missing, false)
	return fmt.Sprintf("%s was not written by adkgen and is left alone. Add this to it:\n\n%s", f.Path, text), err
}
