package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/host"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/parallel"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
	"github.com/adkgen/adkgen/templates"
)

// Input is all that Generate looks at.
type Input struct {
	ConfigFile string // the name of adkgen.yaml in problems
	Config     []byte // its text
	// Read gives a file by its path from the folder of adkgen.yaml, with
	// slashes; fs.ErrNotExist when there is none. It is called from several
	// goroutines.
	Read func(path string) ([]byte, error)
	// List gives the names of the files in a folder, which is given as for
	// Read; fs.ErrNotExist when there is none. Only host_schema and
	// migrations.start need it.
	List func(folder string) ([]string, error)
	// AllowDestructive: migrations may drop columns and tables.
	AllowDestructive bool
	// Since: migrations that came after a revision are planned again; nil for none.
	Since *Since
	// Until is the last phase whose migrations are written; those of later ones
	// wait for a later run. "" stands for all of them.
	Until plan.Phase
	// Check: nothing is to be written, and what an earlier run was told to leave
	// for later is not missing: where Until is "", it is the earlier run's.
	Check bool
}

// Folder is where Generate reads.
func (in Input) Folder() output.Folder { return output.Folder{Read: in.Read, List: in.List} }

// at gives a path from where adkgen runs, of one from the folder of ConfigFile.
func (in Input) at(name string) string {
	return path.Join(filepath.ToSlash(filepath.Dir(in.ConfigFile)), name)
}

// allAt gives the paths from where adkgen runs.
func (in Input) allAt(names []string) []string {
	places := make([]string, len(names))
	for i, name := range names {
		places[i] = in.at(name)
	}
	return places
}

// lockFile is the lock, from where adkgen runs.
func (in Input) lockFile() string { return in.at(lock.FileName(in.ConfigFile)) }

// Again is the command line of a run up to a phase, with the flags that change
// what is written.
func (in Input) Again(until plan.Phase) string {
	words := "adkgen generate"
	if until != "" && until != plan.Contract {
		words += " --until " + string(until)
	}
	if in.Since != nil {
		words += " --redo-since " + in.Since.Revision
	}
	if in.AllowDestructive {
		words += " --allow-destructive"
	}
	return words
}

// OnDisk is the input of a configuration file that is on the disk, with its text.
func OnDisk(configFile string, config []byte) Input {
	place := func(name string) string {
		if name = filepath.FromSlash(name); filepath.IsAbs(name) { // only from the command line
			return name
		}
		return filepath.Join(filepath.Dir(configFile), name)
	}
	return Input{
		ConfigFile: configFile,
		Config:     config,
		Read:       func(name string) ([]byte, error) { return readFile(name, place(name)) },
		List: func(folder string) ([]string, error) {
			entries, err := os.ReadDir(place(folder))
			var names []string
			for _, entry := range entries {
				if !entry.IsDir() {
					names = append(names, entry.Name())
				}
			}
			return names, err
		},
	}
}

// readFile reads a file that adkgen.yaml or the lock names. What is none would
// stop the program, as a named pipe does, or never end.
func readFile(name, place string) ([]byte, error) {
	if info, err := os.Stat(place); err == nil && !info.Mode().IsRegular() && !info.IsDir() && !filepath.IsAbs(name) {
		return nil, problem.Problems{{File: name, Message: "this is no file, but a pipe, a device or a socket", Hint: "move it, or name another file"}}
	}
	return os.ReadFile(place)
}

// Output is what a run of Generate came to.
type Output struct {
	Files    []output.File    // sorted by path, the lock last
	Notes    []string         // what the user should know or do, a paragraph each
	Targets  []Status         // in the order of the configuration
	Warnings problem.Problems // what is accepted, and worth a second look
	Next     []string         // what to do when the files are written, a command each; from the folder of adkgen.yaml
	Again    string           // the command that writes what a check finds missing
}

// Generate runs the pipeline. An error of type Problems is for the user to
// mend; any other is the machine's.
func Generate(in Input) (*Output, error) {
	parsed, err := config.Parse(in.ConfigFile, in.Config)
	if err != nil {
		return nil, err
	}
	g := generation{in: in, source: problem.NewSource(in.ConfigFile, in.Config), config: parsed}
	if in.Since != nil {
		err = g.readSince()
	} else {
		g.lock, g.lockText, err = readLock(in)
	}
	if err != nil {
		return nil, err
	}
	moved, problems, err := g.follow(&g.lock)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems.Sorted()
	}
	if in.Since != nil {
		if err := g.readLater(); err != nil {
			return nil, err
		}
	}
	hosts, problems, err := host.Load(g.source, parsed.Targets, in.Folder())
	if err != nil {
		return nil, err
	}
	targets, found := host.Resolve(g.source, parsed.Targets, hosts, g.emitted)
	if problems = append(problems, found...); len(problems) > 0 {
		return nil, problems.Sorted()
	}
	g.config = &config.Config{Targets: targets}
	schemas := make([]schema.Schema, len(targets))
	for i, t := range targets {
		schemas[i] = schema.Wanted(t)
		problems = append(problems, host.CheckIndexes(g.source, t, schemas[i])...)
		problems = append(problems, host.CheckStateKey(g.source, t, schemas[i])...)
		problems = append(problems, host.CheckOverrides(g.source, t, schemas[i], g.lock.Find(t.Migrations))...)
		if hosts[i] != nil {
			problems = append(problems, host.CheckHostNames(g.source, t, schemas[i], hosts[i])...)
		}
	}
	if problems = append(problems, g.checkTogether(schemas)...); len(problems) > 0 {
		return nil, problems.Sorted()
	}
	results := make([]targetResult, len(targets))
	parallel.Do(len(results), func(i int) { results[i] = g.target(targets[i], schemas[i]) })
	out, err := g.assemble(results, moved)
	if err != nil {
		return nil, err
	}
	out.Warnings = host.Warnings(g.source, targets, hosts)
	for _, r := range results {
		out.Warnings = append(out.Warnings, r.warnings...)
	}
	out.Warnings = out.Warnings.Sorted()
	return out, nil
}

func readLock(in Input) (emitted lock.Lock, text []byte, err error) {
	name := lock.FileName(in.ConfigFile)
	text, err = in.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return lock.Lock{Version: 1}, nil, nil
	}
	if err != nil {
		return lock.Lock{}, nil, err
	}
	emitted, err = lock.Parse(name, append([]byte{}, text...)) // an empty file is no lock, either
	return emitted, text, err
}

// emitted gives the schema of a target that was emitted before; nil for none.
func (g *generation) emitted(t config.Target) *schema.Schema {
	if locked := g.lock.Find(t.Migrations); locked != nil && locked.Dialect == t.Dialect.Name() {
		return &locked.Schema
	}
	return nil
}

type generation struct {
	in     Input
	source problem.Source
	config *config.Config

	lock     lock.Lock
	lockText []byte // of the file that is there; nil for none
	later    *later // what was emitted since a revision; nil when none is named
}

// targetResult is what one target adds to the output.
type targetResult struct {
	files    []output.File
	locked   lock.Target
	later    int          // how many wait for a later run
	losses   []plan.Loss  // what the migrations that are added drop or shorten
	emitted  int          // how many of its migrations were there before
	replaced *lock.Target // the entry of another tool, that it takes the place of; nil for none
	notes    []string
	warnings problem.Problems
	problems problem.Problems
	err      error
}

// target checks what was emitted before, plans what is missing, and renders.
func (g *generation) target(t config.Target, wanted schema.Schema) (result targetResult) {
	locked := g.lock.Find(t.Migrations)
	var before *schema.Schema
	next := t.Migrations.First()
	if locked != nil {
		before, next = &locked.Schema, locked.Next()
	} else if result.replaced = g.replaces(t, wanted); result.replaced != nil {
		before, next = &result.replaced.Schema, next+1
	}
	backfill, warnings, problems := g.backfill(t, before, wanted)
	if len(problems) > 0 {
		result.problems = problems
		if locked != nil {
			result.locked = *locked
		}
		return result
	}
	input := plan.Input{Dialect: t.Dialect, Locked: before, Wanted: wanted, Next: next, Backfill: backfill, Destructive: g.in.AllowDestructive, Until: g.until(locked)}
	planned := plan.For(input)
	if planned.Fills() {
		result.warnings = warnings
	}
	if locked != nil {
		result.locked, result.emitted = *locked, len(locked.Migrations)
		result.files, result.problems, result.err = g.checkEmitted(*locked)
		result.problems = append(result.problems, g.checkLocked(t, *locked, input, planned)...)
	} else {
		result.locked = lock.Target{Dir: t.Migrations.Dir, Start: t.Migrations.First(), Dialect: t.Dialect.Name(), Tool: t.Migrations.Tool, Bookkeeping: render.New(t).Bookkeeping(wanted.Namespace)}
	}
	if result.replaced != nil {
		result.problems, result.err = g.checkReplaced(t, *result.replaced, planned)
		first := plan.For(plan.Input{Dialect: t.Dialect, Wanted: result.replaced.Schema, Next: t.Migrations.First()})
		planned.Migrations, planned.Notes = first.Migrations, append(planned.Notes, g.replacedNote(t, *result.replaced))
	}
	if result.err != nil || len(result.problems) > 0 {
		return result
	}
	r := render.New(t)
	for _, m := range planned.Migrations {
		files, err := r.MigrationFiles(wanted.Namespace, m)
		if err != nil {
			result.err = err
			return result
		}
		entry := lock.Migration{Number: m.Number, Name: m.Name, Phase: m.Phase}
		for _, f := range files {
			entry.Files = append(entry.Files, lock.File{Path: f.Path, SHA256: output.HashOf(f.Content)})
		}
		result.files = append(result.files, files...)
		result.locked.Migrations = append(result.locked.Migrations, entry)
	}
	result.locked.Schema, result.later, result.losses = planned.After, len(planned.Later), planned.Losses
	for _, note := range planned.Notes {
		if len(g.config.Targets) > 1 {
			note = g.in.at(t.Migrations.Dir) + ": " + note
		}
		result.notes = append(result.notes, note)
	}
	result.notes = append(result.notes, g.waiting(t, locked, &result.locked, planned, wanted, backfill)...)
	own, notes, problems, err := g.moveOwn(t, &result.locked)
	if result.problems, result.err = problems, err; err != nil || len(problems) > 0 {
		return result
	}
	result.files, result.notes = append(result.files, own...), append(result.notes, notes...)
	stale, err := g.staleStates(t)
	if err != nil {
		result.err = err
		return result
	}
	result.files = append(result.files, stale...)
	shared, sharedSchema := r, wanted
	if t.SharesQueries {
		bare := t
		bare.Namespace = ""
		shared, sharedSchema = render.New(bare), schema.Wanted(bare)
	}
	for _, render := range []func(schema.Schema) ([]output.File, error){shared.QueryFiles, shared.ServiceFile, shared.SnapshotFile} {
		files, err := render(sharedSchema)
		if err != nil {
			result.err = err
			return result
		}
		result.files = append(result.files, files...)
	}
	result.problems = g.checkGoNames(t, sharedSchema, result.files)
	return result
}

// until is the last phase of a target to write.
func (g *generation) until(locked *lock.Target) plan.Phase {
	if g.in.Check && locked != nil {
		return cmp.Or(g.in.Until, locked.Until, plan.Contract)
	}
	return cmp.Or(g.in.Until, plan.Contract)
}

// waiting notes in the lock what waits for a later run, and gives what the user
// should know of it.
func (g *generation) waiting(t config.Target, before, now *lock.Target, plan plan.Plan, wanted schema.Schema, backfill string) (notes []string) {
	now.Until, now.WantedSHA256 = "", ""
	if len(plan.Later) == 0 {
		return nil
	}
	dir := g.in.at(t.Migrations.Dir)
	now.Until, now.WantedSHA256 = g.until(before), output.HashOf([]byte(lock.SumOf(wanted)+" "+backfill))
	if before != nil && before.Until != "" {
		if before.Until.Rank() > now.Until.Rank() && before.Until.Rank() < plan.Later[0].Phase.Rank() {
			now.Until = before.Until // an earlier run went further
		}
		if g.in.Check && now.WantedSHA256 != before.WantedSHA256 {
			notes = append(notes, fmt.Sprintf("%s: the configuration has changed since the last run, and other migrations wait now.", dir))
		}
	}
	if g.in.Until != "" && !g.in.Check && len(plan.Migrations) == 0 {
		notes = append(notes, fmt.Sprintf("%s: --until %s adds no migration: all of them up to %s are there.", dir, g.in.Until, now.Until))
	}
	return append(notes, fmt.Sprintf("%s: %d migrations wait for a later phase than %s; adkgen status lists them, and adkgen generate writes them.", dir, len(plan.Later), now.Until))
}

// backfill reads the expression that gives existing sessions their owner. It can
// look at the columns of the sessions that are there before or afterwards.
func (g *generation) backfill(t config.Target, before *schema.Schema, wanted schema.Schema) (sql string, warnings, problems problem.Problems) {
	const key = "backfill"
	if t.Backfill == "" {
		return "", nil, nil
	}
	if !t.Owner.NotNull {
		return "", nil, problem.Problems{g.source.Problem(t.Places[key], 0, len(t.Backfill), key, "a backfill is for an owner column that is NOT NULL, and "+t.Owner.Name+" can be NULL",
			"add NOT NULL to owner_id_column; or remove backfill, and fill the column with a migration of your own: adkgen migration new")}
	}
	sessions := dialects.Sessions{Table: wanted.Table(store.RoleSessions).Name}
	for _, schema := range []*schema.Schema{&wanted, before} {
		if schema == nil {
			continue
		}
		table := schema.Table(store.RoleSessions)
		for _, c := range table.Columns {
			if c.Name != t.Owner.Name && !slices.Contains(sessions.Columns, c.Name) {
				sessions.Columns = append(sessions.Columns, c.Name)
			}
		}
		sessions.Keys = table.PrimaryKey.Columns
	}
	backfill, found := t.Dialect.ParseBackfill(t.Backfill, sessions)
	at := func(list []dialects.Problem) (places problem.Problems) {
		for _, p := range list {
			places = append(places, g.source.Problem(t.Places[key], p.Offset, p.Length, key, p.Message, p.Hint))
		}
		return places
	}
	warnings = at(backfill.Warnings)
	for i := range warnings {
		warnings[i].Warning = true
	}
	return backfill.SQL, warnings, at(found)
}

// staleStates empties the queries for scoped state where they were generated
// before, and scoped_state is false now: sqlc would look for their tables.
func (g *generation) staleStates(t config.Target) ([]output.File, error) {
	name := path.Join(t.QueriesDir, "states.sql")
	if t.ScopedState || t.QueriesDir == "" {
		return nil, nil
	}
	text, err := g.in.Read(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !output.IsOurs(text) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	empty, err := templates.Render("common", "common/no_states.sql.tmpl", nil)
	return []output.File{{Path: name, Content: []byte(empty), Role: output.RoleGenerated}}, err
}

// assemble joins the targets' files, adds sqlc.yaml and the lock, and compares
// all with what is there.
func (g *generation) assemble(results []targetResult, notes []string) (*Output, error) {
	var problems problem.Problems
	out := &Output{}
	now := lock.Lock{Version: 1, Complete: g.lock.Complete}
	for _, r := range results {
		if r.err != nil {
			return nil, r.err
		}
		problems = append(problems, r.problems...)
		out.Files = append(out.Files, r.files...)
		now.Targets = append(now.Targets, r.locked)
		status := statusOf(r.locked, r.emitted)
		for _, l := range r.losses {
			status.Losses = append(status.Losses, l.What)
		}
		out.Targets = append(out.Targets, status)
		notes = append(notes, r.notes...)
	}
	for _, note := range notes {
		out.Notes = append(out.Notes, note+"\n")
	}
	if len(problems) == 0 {
		lost, err := g.checkLost(results)
		if err != nil {
			return nil, err
		}
		if len(lost) > 0 {
			return nil, lost
		}
	}
	forgotten, found, err := g.checkForgotten(now, results)
	if err != nil {
		return nil, err
	}
	out.Notes, problems = append(out.Notes, forgotten...), append(problems, found...)
	stray, err := g.checkStray(out.Files)
	if err != nil {
		return nil, err
	}
	problems = append(problems, stray...)
	var edited problem.Problems
	if out.Files, edited, err = g.replace(out.Files); err != nil {
		return nil, err
	}
	if problems = append(problems, edited...); len(problems) > 0 {
		return nil, problems.Sorted()
	}
	sqlc, problems, err := g.sqlcFiles(&now)
	if err != nil {
		return nil, err
	}
	out.Files = append(out.Files, sqlc...)
	sums, sumProblems, err := g.atlasSums(out.Files)
	if err != nil {
		return nil, err
	}
	out.Files, problems = append(out.Files, sums...), append(problems, sumProblems...)
	slices.SortStableFunc(out.Files, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) })
	out.Files = append(out.Files, output.File{Path: lock.FileName(g.in.ConfigFile), Content: now.TextAfter(g.lockText), Role: output.RoleLock})
	problems = append(problems, g.checkPaths(out.Files)...)
	if len(problems) > 0 {
		return nil, problems.Sorted()
	}
	if err := g.compare(out); err != nil {
		return nil, err
	}
	until := g.in.Until
	for _, t := range now.Targets {
		until = cmp.Or(until, t.Until)
	}
	out.Again = g.in.Again(until)
	out.Next, err = g.next(results, out.Files)
	return out, err
}

// next says what to do when the files are written: compile the queries where
// something that sqlc reads has changed, and apply the new migrations.
func (g *generation) next(results []targetResult, files []output.File) (commands []string, err error) {
	changed := map[string]bool{}
	for _, f := range files {
		changed[f.Path] = f.State != output.Unchanged
	}
	add := func(command string) {
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	for i, t := range g.config.Targets {
		reads := changed[t.Snapshot] && t.SharesQueries
		for _, f := range results[i].files {
			reads = reads || changed[f.Path] && (f.Role == output.RoleMigration || path.Dir(f.Path) == t.QueriesDir)
		}
		if t.SQLC != nil && (reads || changed[t.SQLC.File]) {
			add("go tool sqlc generate -f " + t.SQLC.File)
		}
	}
	for i, t := range g.config.Targets {
		var added []lock.Migration
		for _, m := range results[i].locked.Migrations[results[i].emitted:] {
			if slices.ContainsFunc(m.Files, func(f lock.File) bool { return changed[f.Path] }) { // planned again, they can be the same
				added = append(added, m)
			}
		}
		if len(added) == 0 {
			continue
		}
		r := render.New(t)
		command, err := r.ApplyCommand(cmp.Or(results[i].locked.Bookkeeping, r.Bookkeeping(t.Namespace)))
		if err != nil {
			return nil, err
		}
		if results[i].locked.Bookkeeping == "" && results[i].emitted > 0 { // a lock of before
			first := results[i].locked.Migrations[0].Files[0].Path
			for _, f := range results[i].files { // as checkEmitted has read it
				if m := applyLine.FindSubmatch(f.Content); f.Path == first && m != nil && !strings.Contains(string(m[1]), path.Base(first)) {
					command = string(m[1])
				}
			}
		}
		if results[i].replaced != nil {
			add("on each database that has the tables, mark the first migration in " + t.Migrations.Dir + " as applied: docs/migration-tools.md, Another tool")
			add("on a new database, apply it: " + command)
			continue
		}
		how := "apply the new migrations in " + t.Migrations.Dir
		if added[0].Phase != added[len(added)-1].Phase {
			how += ", phase by phase, as adkgen status lists them"
		}
		add(how + ": " + command)
	}
	return commands, nil
}

// applyLine is the line of a first migration that says how to apply it. It names the
// table that counts, which is the first one's whatever the tables are called now.
var applyLine = regexp.MustCompile(`(?m)^-- Apply with: (.*)\r?$`)

// sqlcFiles renders one file for all targets that name it: sqlc reads a list
// of databases in one file. The lock keeps its hash, which tells it from one
// that somebody has changed since: that one is never overwritten.
func (g *generation) sqlcFiles(emitted *lock.Lock) (files []output.File, problems problem.Problems, err error) {
	blocks := map[string][]render.SqlcBlock{}
	var names []string
	for _, t := range g.config.Targets {
		if t.SQLC == nil {
			continue
		}
		if blocks[t.SQLC.File] == nil {
			names = append(names, t.SQLC.File)
		}
		blocks[t.SQLC.File] = append(blocks[t.SQLC.File], render.New(t).SqlcBlock())
	}
	hashes := map[string]*lock.File{}
	for _, name := range names {
		text, err := render.SqlcFile(blocks[name], true)
		if err != nil {
			return nil, nil, err
		}
		there, err := g.in.Read(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		wanted, found := output.HashOf([]byte(text)), output.HashOf(there)
		conflict := problem.ConflictIn(name, string(there))
		hint := "for Go types, write sqlc: {overrides: […]} in " + g.in.ConfigFile + ", and delete " + g.in.at(name) + ": adkgen writes it again; to keep the file as your own, remove its first line"
		switch written, known := g.writtenSQLC(name); {
		case conflict != nil:
			conflict.Message, conflict.Hint = "two branches have both changed this file, and the conflict is not resolved", problem.ConflictHint
			if output.IsOurs(there) {
				conflict.Hint = "resolve " + g.in.ConfigFile + " first, then delete " + g.in.at(name) + " and run adkgen again: it writes the file from " + g.in.ConfigFile + ", and git still has both versions"
			}
			problems = append(problems, *conflict)
		case err == nil && !output.IsOurs(there):
		case err != nil || found == wanted || slices.Contains(written, found):
			hashes[name] = &lock.File{Path: name, SHA256: wanted}
		case known:
			problems = append(problems, problem.Problem{File: name, Line: 1, Column: 1, Message: "this file was changed after adkgen wrote it, and adkgen would overwrite the change", Hint: hint})
		default:
			problems = append(problems, problem.Problem{File: name, Line: 1, Column: 1, Message: "this file is not what adkgen would write now, and " + g.in.lockFile() + " does not say that adkgen wrote it: it may have been changed by hand, and adkgen would overwrite the change", Hint: hint})
		}
		files = append(files, output.File{Path: name, Content: []byte(text), Role: output.RoleSQLC})
	}
	for i, t := range g.config.Targets {
		emitted.Targets[i].SQLC = nil
		if t.SQLC != nil {
			emitted.Targets[i].SQLC = hashes[t.SQLC.File]
		}
	}
	return files, problems, nil
}

// writtenSQLC gives the hashes that a configuration for sqlc had when adkgen wrote
// it, also since a revision. A lock that was lost, or is of before, does not tell.
func (g *generation) writtenSQLC(name string) (hashes []string, known bool) {
	locks := []lock.Lock{g.lock}
	if g.in.Since != nil {
		for _, text := range append([][]byte{g.lockText}, g.in.Since.Later...) {
			lock, _ := lock.Parse("", text) // as much as can be read
			locks = append(locks, lock)
		}
	}
	for _, lock := range locks {
		for _, t := range lock.Targets {
			if t.SQLC != nil && t.SQLC.Path == name {
				hashes = append(hashes, t.SQLC.SHA256)
			}
		}
	}
	return hashes, len(hashes) > 0
}
