package generator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// maxCustomName bounds the part of a file's name that a message becomes.
const maxCustomName = 60

// NewMigration gives the next number of a target to a migration of the user's
// own: files with nothing but a shell, and the lock that knows of them. dir is
// the directory of the target; "" means every target. The error is of type
// Problems when the user has to change something; any other is the machine's.
func NewMigration(in Input, dir, message string) (*Output, error) {
	config, err := ParseConfig(in.ConfigFile, in.Config)
	if err != nil {
		return nil, err
	}
	name := customName(message)
	if name == "" || strings.ContainsAny(message, "\r\n") {
		return nil, Problems{{File: "--message", Message: "the message becomes the name of a file", Hint: "write a few words in one line, with letters a to z: -m \"fill account_id\""}}
	}
	if found := directiveIn(message); found != "" {
		return nil, Problems{{File: "--message", Message: fmt.Sprintf("the message has %q in it, which a migration tool does not read as text", found), Hint: "say it in words: -m \"fill account_id\""}}
	}
	lock, lockText, err := readLock(in)
	if err != nil {
		return nil, err
	}
	g := generation{in: in, source: newSource(in.ConfigFile, in.Config), config: config, lock: lock, lockText: lockText}
	out := &Output{}
	var dirs []string
	for _, t := range config.Targets {
		dirs = append(dirs, t.Migrations.Dir)
		if dir != "" && t.Migrations.Dir != dir {
			continue
		}
		locked := lock.find(t.Migrations)
		if locked == nil {
			return nil, Problems{g.problem(t, "migrations", "nothing was generated for "+t.Migrations.Dir+" yet", "run adkgen generate first: its migration creates the tables")}
		}
		m := Migration{Number: locked.next(), Name: name}
		files, err := newRenderer(t).customFiles(m, message)
		if err != nil {
			return nil, err
		}
		entry := LockMigration{Number: m.Number, Name: m.Name, Custom: true}
		for _, f := range files {
			entry.Files = append(entry.Files, LockHash{Path: f.Path})
		}
		locked.Migrations = append(locked.Migrations, entry) // an element of lock.Targets
		out.Files = append(out.Files, files...)
	}
	if len(out.Files) == 0 {
		return nil, Problems{{File: "--dir", Message: fmt.Sprintf("no target of %s writes to %s", in.ConfigFile, dir), Hint: "write " + dialects.OneOf(slices.Compact(dirs))}}
	}
	sums, problems, err := g.atlasSums(out.Files)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems
	}
	out.Files = append(append(out.Files, sums...), File{Path: LockFile(in.ConfigFile), Content: lock.textAfter(lockText), role: roleLock})
	if err := g.compare(out); err != nil {
		return nil, err
	}
	return out, nil
}

// directiveIn gives what a tool would find in the middle of a comment: tern's
// separators (---- create above / drop below ----) and templates, the
// placeholders of Flyway and Liquibase, the variables of SQL*Plus. What tools find at the start of one, such
// as +goose Down or rollback, is no matter: the message does not stand there.
func directiveIn(message string) string {
	for _, mark := range []string{"--", "{{", "${", "&"} {
		if strings.Contains(message, mark) {
			return mark
		}
	}
	return ""
}

// customName makes a message the name of a migration.
func customName(message string) string {
	words := strings.FieldsFunc(fileWord(message), func(r rune) bool { return r == '_' })
	name := strings.Join(words, "_")
	return strings.TrimRight(name[:min(len(name), maxCustomName)], "_")
}
