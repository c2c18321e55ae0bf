package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
)

// maxCustomName bounds the part of a file's name that a message becomes.
const maxCustomName = 60

// NewMigration gives the next number of a target to a migration of the user's
// own: files with nothing but a shell, and the lock that knows of them. dir is
// the directory of the target; "" means every target. The error is of type
// Problems when the user has to change something; any other is the machine's.
func NewMigration(in Input, dir, message string) (*Output, error) {
	config, err := config.Parse(in.ConfigFile, in.Config)
	if err != nil {
		return nil, err
	}
	name := customName(message)
	if name == "" || strings.ContainsAny(message, "\r\n") {
		return nil, problem.Problems{{File: "--message", Message: "the message becomes the name of a file", Hint: "write a few words in one line, with letters a to z: -m \"fill account_id\""}}
	}
	if found := directiveIn(message); found != "" {
		return nil, problem.Problems{{File: "--message", Message: fmt.Sprintf("the message has %q in it, which a migration tool does not read as text", found), Hint: "say it in words: -m \"fill account_id\""}}
	}
	emitted, lockText, err := readLock(in)
	if err != nil {
		return nil, err
	}
	g := generation{in: in, source: problem.NewSource(in.ConfigFile, in.Config), config: config, lock: emitted, lockText: lockText}
	out := &Output{}
	var dirs []string
	for _, t := range config.Targets {
		dirs = append(dirs, t.Migrations.Dir)
		if dir != "" && t.Migrations.Dir != dir {
			continue
		}
		locked := emitted.Find(t.Migrations)
		if locked == nil {
			return nil, problem.Problems{g.problem(t, "migrations", "nothing was generated for "+t.Migrations.Dir+" yet", "run adkgen generate first: its migration creates the tables")}
		}
		m := plan.Migration{Number: locked.Next(), Name: name}
		files, err := render.New(t).CustomFiles(m, message)
		if err != nil {
			return nil, err
		}
		entry := lock.Migration{Number: m.Number, Name: m.Name, Custom: true}
		for _, f := range files {
			entry.Files = append(entry.Files, lock.File{Path: f.Path})
		}
		locked.Migrations = append(locked.Migrations, entry) // an element of lock.Targets
		out.Files = append(out.Files, files...)
	}
	if len(out.Files) == 0 {
		return nil, problem.Problems{{File: "--dir", Message: fmt.Sprintf("no target of %s writes to %s", in.ConfigFile, dir), Hint: "write " + dialects.OneOf(slices.Compact(dirs))}}
	}
	sums, problems, err := g.atlasSums(out.Files)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems
	}
	out.Files = append(append(out.Files, sums...), output.File{Path: lock.FileName(in.ConfigFile), Content: emitted.TextAfter(lockText), Role: output.RoleLock})
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
	words := strings.FieldsFunc(plan.FileWord(message), func(r rune) bool { return r == '_' })
	name := strings.Join(words, "_")
	return strings.TrimRight(name[:min(len(name), maxCustomName)], "_")
}
