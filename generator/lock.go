package generator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// lockFile is the name of the lock of a configuration; it stands beside it:
// adkgen.lock for adkgen.yaml.
func lockFile(configFile string) string {
	name := filepath.Base(configFile)
	return strings.TrimSuffix(name, filepath.Ext(name)) + ".lock"
}

const lockHeader = `# What adkgen has emitted, and the schema after it. Commit this file; do not edit it.
# When two branches have both added a migration, git reports a conflict here: keep one, and generate the other again.
`

// Lock is the content of adkgen.lock: what was emitted, target by target.
type Lock struct {
	Version int          `yaml:"version"`
	Targets []LockTarget `yaml:"targets"`
}

// LockTarget is what was emitted for one target, which is known by the
// directory and first number of its migrations.
type LockTarget struct {
	Dir        string          `yaml:"dir"`
	Start      int             `yaml:"start"`
	Dialect    string          `yaml:"dialect"`
	Tool       string          `yaml:"tool"`
	Until      Phase           `yaml:"until,omitempty"` // the phase after which migrations wait for a later run; "" when none do
	SQLC       *LockHash       `yaml:"sqlc,omitempty"`  // the configuration that adkgen wrote for sqlc; nil for none
	Migrations []LockMigration `yaml:"migrations"`
	Schema     Schema          `yaml:"schema"`
}

// LockMigration is one emitted migration.
type LockMigration struct {
	Number int        `yaml:"number"`
	Name   string     `yaml:"name"`
	Phase  Phase      `yaml:"phase,omitempty"`  // none for a custom migration, and one of before phases were kept
	Custom bool       `yaml:"custom,omitempty"` // its SQL is the user's: adkgen migration new
	Files  []LockHash `yaml:"files"`
}

// LockHash is an emitted file, by path from adkgen.yaml and SHA-256 of its
// text with line ends as \n (git may check it out with others).
type LockHash struct {
	Path   string `yaml:"path"`
	SHA256 string `yaml:"sha256,omitempty"` // none for a custom migration
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")))
	return hex.EncodeToString(sum[:])
}

// parseLock reads a lock, whose name is file; nil text is an empty lock.
func parseLock(file string, text []byte) (Lock, error) {
	lock := Lock{Version: 1}
	if text == nil {
		return lock, nil
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, ">>>>>>>") {
			return lock, Problems{{File: file, Line: i + 1, Column: 1, Source: strings.TrimRight(line, "\r"),
				Message: "two branches have both changed the lock, and the conflict is not resolved",
				Hint:    "keep one branch's " + file + " and its migrations, delete the other branch's migrations that are not in it, and run adkgen generate again"}}
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(&lock)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		problem := Problem{File: file, Line: 1, Column: 1, Hint: "take " + file + " from git again"}
		line, message := yamlMessage(err)
		problem.Line, problem.Message = max(line, 1), "the lock cannot be read: "+message
		return lock, Problems{problem}
	case twoOfOneNumber(lock) != nil:
		return lock, Problems{{File: file, Message: twoOfOneNumber(lock).Error(), Hint: "keep the one that was applied; delete the other's entry and files, and run adkgen generate, which writes it again with the next number"}}
	case lock.Version != 1:
		return lock, Problems{{File: file, Message: fmt.Sprintf("the lock has version %d, and this adkgen knows version 1", lock.Version), Hint: "install the adkgen that wrote it"}}
	}
	return lock, nil
}

// twoOfOneNumber finds two migrations of one number, as when both sides of a
// merge were kept.
func twoOfOneNumber(lock Lock) error {
	for _, t := range lock.Targets {
		names := map[int]string{}
		for _, m := range t.Migrations {
			if other, taken := names[m.Number]; taken {
				return fmt.Errorf("two migrations in %s have the number %d: %s and %s", t.Dir, m.Number, other, m.Name)
			}
			names[m.Number] = m.Name
		}
	}
	return nil
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
