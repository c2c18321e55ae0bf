package generator

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// LockFile is the name of the lock of a configuration; it stands beside it:
// adkgen.lock for adkgen.yaml.
func LockFile(configFile string) string {
	name := filepath.Base(configFile)
	return strings.TrimSuffix(name, filepath.Ext(name)) + ".lock"
}

const lockHeader = `# What adkgen has emitted, and the schema after it. Commit this file; do not edit it.
# When two branches have both added a migration, git reports a conflict here: adkgen generate --redo-since main resolves it.
`

// Lock is the content of adkgen.lock: what was emitted, target by target.
type Lock struct {
	Version  int          `yaml:"version"`
	Targets  []LockTarget `yaml:"targets"`
	Complete bool         `yaml:"complete,omitempty"` // the last line, without which the file was cut; locks of before have none
}

// LockTarget is what was emitted for one target, which is known by the
// directory and first number of its migrations.
type LockTarget struct {
	Dir     string `yaml:"dir"`
	Start   int    `yaml:"start"`
	Dialect string `yaml:"dialect"`
	Tool    string `yaml:"tool"`
	// Bookkeeping is the tool's table that counts the migrations, whatever adkgen's
	// tables are called now; "" for one that the host's are in, and in locks of before.
	Bookkeeping string `yaml:"bookkeeping,omitempty"`
	Until       Phase  `yaml:"until,omitempty"` // the phase after which migrations wait for a later run; "" when none do
	// WantedSHA256 is the hash of the schema and the backfill that the migrations
	// that wait lead to: what waits is another when it changes. "" when none do.
	WantedSHA256 string          `yaml:"wanted_sha256,omitempty"`
	SQLC         *LockHash       `yaml:"sqlc,omitempty"` // the configuration that adkgen wrote for sqlc; nil for none
	Migrations   []LockMigration `yaml:"migrations"`
	Schema       Schema          `yaml:"schema"`
}

// LockMigration is one emitted migration.
type LockMigration struct {
	Number int        `yaml:"number"`
	Was    int        `yaml:"was,omitempty"` // the number that a custom migration had first, if --redo-since has given it another
	Name   string     `yaml:"name"`
	Phase  Phase      `yaml:"phase,omitempty"`  // none for a custom migration, and one of before phases were kept
	Custom bool       `yaml:"custom,omitempty"` // its SQL is the user's: adkgen migration new
	Files  []LockHash `yaml:"files"`
	// SchemaSHA256, of the last migration only, is the hash of the target's schema,
	// unless git has merged two locks; none in locks of before.
	SchemaSHA256 string `yaml:"schema_sha256,omitempty"`
}

// LockHash is an emitted file, by path from adkgen.yaml and SHA-256 of its
// text with line ends as \n (git may check it out with others).
type LockHash struct {
	Path   string `yaml:"path"`
	SHA256 string `yaml:"sha256,omitempty"` // none for a custom migration
	since  string // of a custom one, the hash that it has at the revision since which migrations are planned again
}

// parseLock reads a lock, whose name is file; nil text is an empty lock. What
// can be read of a lock that is refused is given all the same.
func parseLock(file string, text []byte) (Lock, error) {
	lock := Lock{Version: 1}
	if text == nil {
		return lock, nil
	}
	if p := conflictIn(file, string(text)); p != nil {
		p.Message, p.Hint = "two branches have both changed the lock, and the conflict is not resolved", redoHint
		return lock, Problems{*p}
	}
	lock.Version = 0
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&lock); err != nil && !errors.Is(err, io.EOF) {
		line, message := yamlMessage(err)
		problem := Problem{File: file, Line: max(line, 1), Column: 1, Message: "the lock cannot be read: " + message, Hint: takeAgain(file)}
		if key := unknownField.FindStringSubmatch(message); key != nil {
			problem.Message, problem.Hint = "this lock was written by a newer adkgen: this one does not know the key "+key[1], newerHint
		}
		return lock, Problems{problem}
	}
	return lock, lock.check(file)
}

const (
	newerHint = "install the adkgen that wrote it, or a later one"
	redoHint  = "run adkgen generate --redo-since main, where main is the branch whose migrations stay: the other branch's are planned again after them"
)

// conflictHint says how a file is mended that git has merged.
const conflictHint = "keep what you want of both sides, remove the lines that begin with <<<<<<<, ======= and >>>>>>>, and run adkgen again"

var unknownField = regexp.MustCompile(`^field (\S+) not found in type`)

// check finds a lock that is not as adkgen has written it: one that was cut,
// merged by git, or written by an adkgen that knows more.
func (l Lock) check(file string) error {
	refuse := func(message, hint string) error { return Problems{{File: file, Message: message, Hint: hint}} }
	switch {
	case l.Version > 1:
		return refuse(fmt.Sprintf("this lock was written by a newer adkgen: it has version %d, and this one knows version 1", l.Version), newerHint)
	case l.Version != 1 || len(l.Targets) == 0:
		return refuse("the lock is cut off: it has no targets", takeAgain(file))
	}
	sealed := l.Complete || slices.ContainsFunc(l.Targets, func(t LockTarget) bool {
		return slices.ContainsFunc(t.Migrations, func(m LockMigration) bool { return m.SchemaSHA256 != "" })
	})
	if sealed && !l.Complete {
		return refuse("the lock is cut off: its last line is not there", takeAgain(file))
	}
	problems := make([]*Problem, len(l.Targets))
	inParallel(len(l.Targets), func(i int) { problems[i] = l.Targets[i].check(sealed) })
	for _, p := range problems {
		if p != nil {
			return refuse(p.Message, cmp.Or(p.Hint, takeAgain(file)))
		}
	}
	return nil
}

// takeAgain says how a lock that was spoilt comes back.
func takeAgain(file string) string {
	return "take it from a commit in which it is whole: " + fromCommit(file) + "; after a merge, " + redoHint
}

// check finds what is wrong with one target; no hint means that the lock is to
// be taken from git. In a lock that is sealed, each target has its hash.
func (t LockTarget) check(sealed bool) *Problem {
	cut := func(what string) *Problem { return &Problem{Message: "the lock is cut off: " + what} }
	if t.Dir == "" || t.Start < 1 || t.Dialect == "" || t.Tool == "" || len(t.Migrations) == 0 {
		return cut(fmt.Sprintf("a target has no dir, start, dialect, tool or migrations (%s)", t.Dir))
	}
	names := map[int]string{}
	for _, m := range t.Migrations {
		if other, taken := names[m.Number]; taken {
			return &Problem{Message: fmt.Sprintf("two migrations in %s have the number %d: %s and %s", t.Dir, m.Number, other, m.Name), Hint: redoHint}
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
		return &Problem{Message: fmt.Sprintf("this lock was written by a newer adkgen: the schema of %s has %s, which this one does not know", t.Dir, what), Hint: newerHint}
	}
	if last := t.last(); sealed && last.SchemaSHA256 != sumOf(t.Schema) {
		return &Problem{Message: fmt.Sprintf("the schema of %s is not the one after migration %d, %s: git has merged the locks of two branches, or the lock was edited", t.Dir, last.Number, last.Name), Hint: redoHint}
	}
	return nil
}

// last is the last migration; a target in a lock has one.
func (t LockTarget) last() LockMigration { return t.Migrations[len(t.Migrations)-1] }

// missing says what a schema has not that every one has; "" for nothing.
func missing(s Schema) string {
	for _, table := range Stores[0].Tables { // the one that every target has
		if role := table.Role; !table.Scoped && s.table(role) == nil {
			return "no table for " + string(role)
		}
	}
	if (s.table(RoleAppStates) == nil) != (s.userStates() == nil) {
		return "one of the two tables for states only"
	}
	for _, t := range s.Tables {
		if t.Name == "" || t.PrimaryKey.Name == "" || len(t.PrimaryKey.Columns) == 0 {
			return "a table without name or primary key"
		}
		for _, c := range t.PrimaryKey.Columns {
			if column(t, c) == nil {
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
	events := s.table(RoleEvents)
	if len(events.ForeignKeys) == 0 || !slices.ContainsFunc(events.Indexes, func(i Index) bool { return i.Kind == IndexOrder }) {
		return "no foreign key or no index on " + events.Name
	}
	return ""
}

// unknown says what a schema has that this adkgen does not know; "" for nothing.
func unknown(s Schema) string {
	for _, t := range s.Tables {
		if _, known := StoreTableOf(t.Role); !known {
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

var indexKinds = []IndexKind{IndexOwner, IndexState, IndexRecency, IndexOrder, IndexKey, IndexExtra}

// sumOf is the hash of a schema. What is empty does not count, so that a field
// that a later adkgen adds leaves the hashes of before as they are.
func sumOf(s Schema) string {
	var b bytes.Buffer
	writeCanonical(&b, reflect.ValueOf(s))
	return hashOf(b.Bytes())
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

// sealed gives the lock with the hash of each target's schema.
func (l Lock) sealed() Lock {
	l.Complete = true
	l.Targets = slices.Clone(l.Targets)
	for i := range l.Targets {
		t := &l.Targets[i]
		t.Migrations = slices.Clone(t.Migrations)
		for j := range t.Migrations {
			t.Migrations[j].SchemaSHA256 = ""
		}
		t.Migrations[len(t.Migrations)-1].SchemaSHA256 = sumOf(t.Schema)
	}
	return l
}

// textAfter is the lock as it is written over one that is there, whose text is
// before: one that says the same stays as it is, also without hashes.
func (l Lock) textAfter(before []byte) []byte {
	if text := l.text(); bytes.Equal(withoutComments(text), withoutComments(before)) {
		return before
	}
	return l.sealed().text()
}

// withoutComments is a lock from its first key on, with line ends as \n.
func withoutComments(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	for bytes.HasPrefix(text, []byte("#")) {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return text
}

// text writes the lock. Each target is encoded on its own, on every core.
func (l Lock) text() []byte {
	entries := make([]bytes.Buffer, len(l.Targets))
	inParallel(len(entries), func(i int) {
		encoder := yaml.NewEncoder(&entries[i])
		encoder.SetIndent(2)
		if err := encoder.Encode(map[string][]LockTarget{"targets": l.Targets[i : i+1]}); err != nil {
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

// next is the number of the next migration.
func (t LockTarget) next() int {
	if len(t.Migrations) == 0 {
		return t.Start
	}
	return t.Migrations[len(t.Migrations)-1].Number + 1
}

// find gives the entry of a target; nil before its first migration.
func (l Lock) find(m Migrations) *LockTarget {
	for i, t := range l.Targets {
		if t.Dir == m.Dir && t.Start == m.First() {
			return &l.Targets[i]
		}
	}
	return nil
}

// moveTo says that a target's files are in another directory. Other locks with
// these migrations stay as they are.
func (t *LockTarget) moveTo(dir string) {
	old := t.Dir
	t.Dir, t.Migrations = dir, slices.Clone(t.Migrations)
	for i := range t.Migrations {
		m := &t.Migrations[i]
		m.Files = slices.Clone(m.Files)
		for j := range m.Files {
			m.Files[j].Path = m.Files[j].in(old, dir)
		}
	}
}
