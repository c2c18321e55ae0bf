package lock

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/parallel"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
	"gopkg.in/yaml.v3"
)

// FileName is the name of the lock of a configuration; it stands beside it:
// adkgen.lock for adkgen.yaml.
func FileName(configFile string) string {
	name := filepath.Base(configFile)
	return strings.TrimSuffix(name, filepath.Ext(name)) + ".lock"
}

const lockHeader = `# What adkgen has emitted, and the schema after it. Commit this file; do not edit it.
# When two branches have both added a migration, git reports a conflict here: adkgen generate --redo-since main resolves it.
`

// Lock is the content of adkgen.lock: what was emitted, target by target.
type Lock struct {
	Version  int      `yaml:"version"`
	Targets  []Target `yaml:"targets"`
	Complete bool     `yaml:"complete,omitempty"` // the last line, without which the file was cut; locks of before have none
}

// Target is what was emitted for one target, which is known by the
// directory and first number of its migrations.
type Target struct {
	Dir     string `yaml:"dir"`
	Start   int    `yaml:"start"`
	Dialect string `yaml:"dialect"`
	Tool    string `yaml:"tool"`
	// Bookkeeping is the tool's table that counts the migrations, whatever adkgen's
	// tables are called now; "" for one that the host's are in, and in locks of before.
	Bookkeeping string     `yaml:"bookkeeping,omitempty"`
	Until       plan.Phase `yaml:"until,omitempty"` // the phase after which migrations wait for a later run; "" when none do
	// WantedSHA256 is the hash of the schema and the backfill that the migrations
	// that wait lead to: what waits is another when it changes. "" when none do.
	WantedSHA256 string        `yaml:"wanted_sha256,omitempty"`
	SQLC         *File         `yaml:"sqlc,omitempty"` // the configuration that adkgen wrote for sqlc; nil for none
	Migrations   []Migration   `yaml:"migrations"`
	Schema       schema.Schema `yaml:"schema"`
}

// Migration is one emitted migration.
type Migration struct {
	Number int        `yaml:"number"`
	Was    int        `yaml:"was,omitempty"` // the number that a custom migration had first, if --redo-since has given it another
	Name   string     `yaml:"name"`
	Phase  plan.Phase `yaml:"phase,omitempty"`  // none for a custom migration, and one of before phases were kept
	Custom bool       `yaml:"custom,omitempty"` // its SQL is the user's: adkgen migration new
	Files  []File     `yaml:"files"`
	// SchemaSHA256, of the last migration only, is the hash of the target's schema,
	// unless git has merged two locks; none in locks of before.
	SchemaSHA256 string `yaml:"schema_sha256,omitempty"`
}

// File is an emitted file, by path from adkgen.yaml and SHA-256 of its
// Text with line ends as \n (git may check it out with others).
type File struct {
	Path   string `yaml:"path"`
	SHA256 string `yaml:"sha256,omitempty"` // none for a custom migration
	Since  string `yaml:"-"`                // of a custom one, the hash that it has at the revision since which migrations are planned again
}

// Parse reads a lock, whose name is file; nil text is an empty lock. What
// can be read of a lock that is refused is given all the same.
func Parse(file string, text []byte) (Lock, error) {
	lock := Lock{Version: 1}
	if text == nil {
		return lock, nil
	}
	if p := problem.ConflictIn(file, string(text)); p != nil {
		p.Message, p.Hint = "two branches have both changed the lock, and the conflict is not resolved", RedoHint
		return lock, problem.Problems{*p}
	}
	lock.Version = 0
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&lock); err != nil && !errors.Is(err, io.EOF) {
		line, message := problem.YamlMessage(err)
		found := problem.Problem{File: file, Line: max(line, 1), Column: 1, Message: "the lock cannot be read: " + message, Hint: takeAgain(file)}
		if key := unknownField.FindStringSubmatch(message); key != nil {
			found.Message, found.Hint = "this lock was written by a newer adkgen: this one does not know the key "+key[1], NewerHint
		}
		return lock, problem.Problems{found}
	}
	return lock, lock.check(file)
}

const (
	NewerHint = "install the adkgen that wrote it, or a later one"
	RedoHint  = "run adkgen generate --redo-since main, where main is the branch whose migrations stay: the other branch's are planned again after them"
)

var unknownField = regexp.MustCompile(`^field (\S+) not found in type`)

// check finds a lock that is not as adkgen has written it: one that was cut,
// merged by git, or written by an adkgen that knows more.
func (l Lock) check(file string) error {
	refuse := func(message, hint string) error { return problem.Problems{{File: file, Message: message, Hint: hint}} }
	switch {
	case l.Version > 1:
		return refuse(fmt.Sprintf("this lock was written by a newer adkgen: it has version %d, and this one knows version 1", l.Version), NewerHint)
	case l.Version != 1 || len(l.Targets) == 0:
		return refuse("the lock is cut off: it has no targets", takeAgain(file))
	}
	sealed := l.Complete || slices.ContainsFunc(l.Targets, func(t Target) bool {
		return slices.ContainsFunc(t.Migrations, func(m Migration) bool { return m.SchemaSHA256 != "" })
	})
	if sealed && !l.Complete {
		return refuse("the lock is cut off: its last line is not there", takeAgain(file))
	}
	problems := make([]*problem.Problem, len(l.Targets))
	parallel.Do(len(l.Targets), func(i int) { problems[i] = l.Targets[i].check(sealed) })
	for _, p := range problems {
		if p != nil {
			return refuse(p.Message, cmp.Or(p.Hint, takeAgain(file)))
		}
	}
	return nil
}

// takeAgain says how a lock that was spoilt comes back.
func takeAgain(file string) string {
	return "take it from a commit in which it is whole: " + FromCommit(file) + "; after a merge, " + RedoHint
}

// check finds what is wrong with one target; no hint means that the lock is to
// be taken from git. In a lock that is sealed, each target has its hash.
func (t Target) check(sealed bool) *problem.Problem {
	cut := func(what string) *problem.Problem { return &problem.Problem{Message: "the lock is cut off: " + what} }
	if t.Dir == "" || t.Start < 1 || t.Dialect == "" || t.Tool == "" || len(t.Migrations) == 0 {
		return cut(fmt.Sprintf("a target has no dir, start, dialect, tool or migrations (%s)", t.Dir))
	}
	names := map[int]string{}
	for _, m := range t.Migrations {
		if other, taken := names[m.Number]; taken {
			return &problem.Problem{Message: fmt.Sprintf("two migrations in %s have the number %d: %s and %s", t.Dir, m.Number, other, m.Name), Hint: RedoHint}
		}
		names[m.Number] = m.Name
	}
	for _, m := range t.Migrations {
		if m.Name == "" || m.Number < 1 || len(m.Files) == 0 {
			return cut(fmt.Sprintf("a migration in %s has no name, number or files", t.Dir))
		}
		for _, f := range m.Files {
			if f.Path == "" || f.SHA256 == "" && !m.Custom {
				return cut(fmt.Sprintf("migration %d in %s has a file without path or hash", m.Number, t.Dir))
			}
		}
	}
	if what := missing(t.Schema); what != "" {
		return cut(fmt.Sprintf("the schema of %s has %s", t.Dir, what))
	}
	if what := unknown(t.Schema); what != "" {
		return &problem.Problem{Message: fmt.Sprintf("this lock was written by a newer adkgen: the schema of %s has %s, which this one does not know", t.Dir, what), Hint: NewerHint}
	}
	if last := t.last(); sealed && last.SchemaSHA256 != SumOf(t.Schema) {
		return &problem.Problem{Message: fmt.Sprintf("the schema of %s is not the one after migration %d, %s: git has merged the locks of two branches, or the lock was edited", t.Dir, last.Number, last.Name), Hint: RedoHint}
	}
	return nil
}

// last is the last migration; a target in a lock has one.
func (t Target) last() Migration { return t.Migrations[len(t.Migrations)-1] }

// missing says what a schema has not that every one has; "" for nothing.
func missing(s schema.Schema) string {
	for _, table := range store.All[0].Tables { // the one that every target has
		if role := table.Role; !table.Scoped && s.Table(role) == nil {
			return "no table for " + string(role)
		}
	}
	if (s.Table(store.RoleAppStates) == nil) != (s.UserStates() == nil) {
		return "one of the two tables for states only"
	}
	for _, t := range s.Tables {
		if t.Name == "" || t.PrimaryKey.Name == "" || len(t.PrimaryKey.Columns) == 0 {
			return "a table without name or primary key"
		}
		for _, c := range t.PrimaryKey.Columns {
			if schema.ColumnOf(t, c) == nil {
				return "no column " + t.Name + "." + c
			}
		}
		for _, c := range t.Columns {
			if c.Name == "" || c.Type == "" {
				return "a column without name or type in " + t.Name
			}
		}
		for _, i := range t.Indexes {
			if i.Name == "" || len(i.Columns) == 0 {
				return "an index without name or columns on " + t.Name
			}
		}
		for _, k := range t.ForeignKeys {
			if k.Name == "" || len(k.Columns) == 0 || k.Table == "" {
				return "a foreign key without name, columns or table in " + t.Name
			}
		}
	}
	events := s.Table(store.RoleEvents)
	if len(events.ForeignKeys) == 0 || !slices.ContainsFunc(events.Indexes, func(i schema.Index) bool { return i.Kind == schema.IndexOrder }) {
		return "no foreign key or no index on " + events.Name
	}
	return ""
}

// unknown says what a schema has that this adkgen does not know; "" for nothing.
func unknown(s schema.Schema) string {
	for _, t := range s.Tables {
		if _, known := store.TableOf(t.Role); !known {
			return fmt.Sprintf("a table of the role %q", t.Role)
		}
		for _, i := range t.Indexes {
			if !slices.Contains(indexKinds, i.Kind) {
				return fmt.Sprintf("an index of the kind %q", i.Kind)
			}
		}
	}
	return ""
}

var indexKinds = []schema.IndexKind{schema.IndexOwner, schema.IndexState, schema.IndexRecency, schema.IndexOrder, schema.IndexKey, schema.IndexExtra}

// SumOf is the hash of a schema. What is empty does not count, so that a field
// that a later adkgen adds leaves the hashes of before as they are.
func SumOf(s schema.Schema) string {
	var b bytes.Buffer
	writeCanonical(&b, reflect.ValueOf(s))
	return output.HashOf(b.Bytes())
}

// writeCanonical writes a value under the names that it has in the lock.
func writeCanonical(b *bytes.Buffer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		b.WriteByte('{')
		for i := range v.NumField() {
			if field := v.Field(i); !field.IsZero() && (field.Kind() != reflect.Slice || field.Len() > 0) {
				name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
				b.WriteString(name + ":")
				writeCanonical(b, field)
			}
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			writeCanonical(b, v.Index(i))
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Bool:
		b.WriteString("true") // false is empty
	default:
		panic("generator: a schema has a field of type " + v.Type().String()) // every test that generates comes here
	}
}

// Sealed gives the lock with the hash of each target's schema.
func (l Lock) Sealed() Lock {
	l.Complete = true
	l.Targets = slices.Clone(l.Targets)
	for i := range l.Targets {
		t := &l.Targets[i]
		t.Migrations = slices.Clone(t.Migrations)
		for j := range t.Migrations {
			t.Migrations[j].SchemaSHA256 = ""
		}
		t.Migrations[len(t.Migrations)-1].SchemaSHA256 = SumOf(t.Schema)
	}
	return l
}

// TextAfter is the lock as it is written over one that is there, whose text is
// before: one that says the same stays as it is, also without hashes.
func (l Lock) TextAfter(before []byte) []byte {
	if text := l.Text(); bytes.Equal(withoutComments(text), withoutComments(before)) {
		return before
	}
	return l.Sealed().Text()
}

// withoutComments is a lock from its first key on, with line ends as \n.
func withoutComments(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	for bytes.HasPrefix(text, []byte("#")) {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text
}

// Text writes the lock. Each target is encoded on its own, on every core.
func (l Lock) Text() []byte {
	entries := make([]bytes.Buffer, len(l.Targets))
	parallel.Do(len(entries), func(i int) {
		encoder := yaml.NewEncoder(&entries[i])
		encoder.SetIndent(2)
		if err := encoder.Encode(map[string][]Target{"targets": l.Targets[i : i+1]}); err != nil {
			panic(err) // strings, numbers and lists of them always encode
		}
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sversion: %d\ntargets:\n", lockHeader, l.Version)
	for _, entry := range entries {
		b.Write(bytes.TrimPrefix(entry.Bytes(), []byte("targets:\n")))
	}
	if l.Complete {
		b.WriteString("complete: true\n")
	}
	return b.Bytes()
}

// Next is the number of the next migration.
func (t Target) Next() int {
	if len(t.Migrations) == 0 {
		return t.Start
	}
	return t.Migrations[len(t.Migrations)-1].Number + 1
}

// Find gives the entry of a target; nil before its first migration.
func (l Lock) Find(m config.Migrations) *Target {
	for i, t := range l.Targets {
		if t.Dir == m.Dir && t.Start == m.First() {
			return &l.Targets[i]
		}
	}
	return nil
}

// MoveTo says that a target's files are in another directory. Other locks with
// these migrations stay as they are.
func (t *Target) MoveTo(dir string) {
	old := t.Dir
	t.Dir, t.Migrations = dir, slices.Clone(t.Migrations)
	for i := range t.Migrations {
		m := &t.Migrations[i]
		m.Files = slices.Clone(m.Files)
		for j := range m.Files {
			m.Files[j].Path = m.Files[j].In(old, dir)
		}
	}
}

// FromCommit says how files come back that git has, also when what became of them
// is staged or committed. Without --full-history, git passes over what a merge has
// dropped.
func FromCommit(files ...string) string {
	names := strings.Join(files, " ")
	return "git log --full-history -- " + names + ", then git checkout COMMIT -- " + names
}

// In is the path of a file when its directory has another name.
func (f File) In(old, dir string) string {
	return path.Join(dir, strings.TrimPrefix(f.Path, old+"/"))
}

// FirstNumber is the one that a migration had before any that was planned again.
func (m Migration) FirstNumber() int { return cmp.Or(m.Was, m.Number) }

// Renumbered is a migration of the user's own under another number, with what
// changes in its texts: they name their files, and a Liquibase changeset has the
// number in its id.
func (m Migration) Renumbered(number int) (Migration, *strings.Replacer) {
	to := Migration{Number: number, Name: m.Name, Custom: true}
	if first := m.FirstNumber(); first != number {
		to.Was = first
	}
	before, after := fmt.Sprintf("%04d", m.Number), fmt.Sprintf("%04d", number)
	texts := []string{"changeset adk:ext_adk_" + before, "changeset adk:ext_adk_" + after}
	for _, f := range m.Files {
		dir, name := path.Split(f.Path)
		renamed := strings.Replace(name, before, after, 1)
		to.Files = append(to.Files, File{Path: dir + renamed})
		texts = append(texts, name, renamed)
	}
	return to, strings.NewReplacer(texts...)
}
