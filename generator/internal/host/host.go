package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

// Host is the user's own schema, read from the migrations that create it.
type Host struct {
	Warnings problem.Problems // statements that could not be read

	schema   *dialects.HostSchema
	sources  map[string]problem.Source // the files, by path
	paths    []string                  // as the user named them
	complete bool                      // what is not in it is not in the database
}

// Read reads the user's migrations: files, or folders of them, in the order
// in which a migration tool applies them, without the parts that go down. It
// knows the formats of goose, golang-migrate, dbmate, sql-migrate, atlas, tern,
// Flyway and Liquibase, and plain SQL. The error is of type Problems when a
// path leads nowhere; any other is the machine's.
func Read(d dialects.Dialect, in output.Folder, paths []string) (*Host, error) {
	host := &Host{schema: &dialects.HostSchema{Types: map[string]bool{}}, sources: map[string]problem.Source{}, paths: paths, complete: true}
	for _, name := range paths {
		files, err := hostFiles(in, name)
		found := false
		for _, file := range files {
			var text []byte
			if text, err = in.Read(file); err != nil {
				break
			}
			if output.IsOurs(text) {
				continue
			}
			found = true
			s := problem.NewSource(file, text)
			host.sources[file] = s
			for _, p := range d.ReadSchema(host.schema, file, upPart(s.Text)) {
				warning := s.FragmentProblem(p)
				warning.Warning = true
				host.Warnings = append(host.Warnings, warning)
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, problem.Problems{{File: name, Message: "there is no such file or folder", Hint: "write the path of your migrations: a folder with .sql files, or a file"}}
		case err != nil:
			return nil, err
		case !found:
			return nil, problem.Problems{{File: name, Message: "there are no migrations of yours here", Hint: "write the path of a folder with .sql files, or of a file"}}
		}
	}
	return host, nil
}

// hostFiles lists a file, or the migrations in a folder in their order.
func hostFiles(in output.Folder, name string) ([]string, error) {
	if path.Ext(name) == ".sql" {
		return []string{name}, nil
	}
	names, err := in.List(name)
	if err != nil {
		if _, readErr := in.Read(name); readErr == nil {
			return []string{name}, nil
		}
		return nil, err
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return path.Ext(name) != ".sql" || strings.HasSuffix(name, ".down.sql") || flywayUndo.MatchString(name)
	})
	slices.SortFunc(names, compareVersions)
	for i := range names {
		names[i] = path.Join(name, names[i])
	}
	return names, nil
}

var (
	flywayUndo    = regexp.MustCompile(`^U[\d._]+__`)
	flywayVersion = regexp.MustCompile(`^V([\d._]+)__`)
	firstNumber   = regexp.MustCompile(`^(?:ext_adk_)?(\d+)`)
)

// VersionOf gives the numbers that a migration is ordered by: none for one
// that has none, as Flyway's repeatable migrations, which come last.
func VersionOf(name string) (numbers []int) {
	text := ""
	if m := flywayVersion.FindStringSubmatch(name); m != nil {
		text = m[1]
	} else if m := firstNumber.FindStringSubmatch(name); m != nil {
		text = m[1]
	}
	for _, digits := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '_' }) {
		number, _ := strconv.Atoi(digits) // digits; the largest int when there are too many
		numbers = append(numbers, number)
	}
	return numbers
}

func compareVersions(a, b string) int {
	x, y := VersionOf(a), VersionOf(b)
	switch {
	case len(x) == 0 && len(y) > 0:
		return 1
	case len(y) == 0 && len(x) > 0:
		return -1
	}
	return cmp.Or(slices.Compare(x, y), strings.Compare(a, b))
}

var (
	upMark   = regexp.MustCompile(`(?i)^--\s*(\+goose\s+up|\+migrate\s+up|migrate:up)\b`)
	downMark = regexp.MustCompile(`(?i)^--\s*(\+goose\s+down|\+migrate\s+down|migrate:down)\b|^---- create above / drop below ----`)
)

// upPart blanks the parts of a migration that go down; every place stays.
func upPart(text string) string {
	var b strings.Builder
	down := false
	for line := range strings.Lines(text) {
		if downMark.MatchString(line) {
			down = true
		} else if upMark.MatchString(line) {
			down = false
		}
		if !down {
			b.WriteString(line)
			continue
		}
		body := strings.TrimRight(line, "\r\n")
		b.WriteString(strings.Repeat(" ", len(body)) + line[len(body):])
	}
	return b.String()
}

// place is that of a part of a host's file, with what is there.
func (h *Host) place(at dialects.Place, message string) *problem.Place {
	p := h.sources[at.File].FragmentProblem(at.Problem(message, ""))
	return &problem.Place{File: p.File, Line: p.Line, Column: p.Column, Message: message, Source: p.Source, Width: p.Width}
}

// Load reads the schema that each target names, or the directory that it
// shares with the host's migrations; nil where there is neither. Targets with
// the same paths share what was read.
func Load(s problem.Source, targets []config.Target, in output.Folder) ([]*Host, problem.Problems, error) {
	hosts := make([]*Host, len(targets))
	loaded := map[string]*Host{}
	var problems problem.Problems
	for i, t := range targets {
		paths, shared := t.HostSchema, false
		if len(paths) == 0 && t.Migrations.Start > 0 && slices.ContainsFunc(t.Definitions(), func(d config.Definition) bool { return d.Column.Reference != nil }) {
			paths, shared = []string{t.Migrations.Dir}, true
		}
		if len(paths) == 0 {
			continue
		}
		key := fmt.Sprint(t.Dialect.Name(), shared, paths)
		if loaded[key] == nil {
			host, err := Read(t.Dialect, in, paths)
			var unread problem.Problems
			switch {
			case errors.As(err, &unread) && shared: // nothing of the host's is there
				host = &Host{schema: &dialects.HostSchema{}}
			case errors.As(err, &unread):
				for _, p := range unread {
					problems = append(problems, t.Problem(s, "host_schema", p.File+": "+p.Message, p.Hint))
				}
				continue
			case err != nil:
				return nil, nil, err
			}
			host.complete = !shared
			loaded[key] = host
		}
		hosts[i] = loaded[key]
	}
	return hosts, problems, nil
}

// checkOrder refuses a target whose migrations stand in one directory with the
// host's and come before what they refer to.
func checkOrder(s problem.Source, t config.Target, host *Host, needs []dialects.Place) problem.Problems {
	for _, need := range needs {
		numbers := VersionOf(path.Base(need.File))
		if path.Dir(need.File) != t.Migrations.Dir || len(numbers) == 0 || numbers[0] < t.Migrations.First() {
			continue
		}
		p := t.Problem(s, "migrations", fmt.Sprintf("adkgen's migrations begin with number %d, but what a column references is created in %s", t.Migrations.First(), path.Base(need.File)),
			fmt.Sprintf("write start: with a number above %d", numbers[0]))
		p.Other = host.place(need, "it is created here")
		return problem.Problems{p}
	}
	return nil
}

// CheckHostNames refuses tables that the host has already.
func CheckHostNames(s problem.Source, t config.Target, schema schema.Schema, host *Host) problem.Problems {
	var problems problem.Problems
	for _, table := range schema.Tables {
		theirs := host.schema.Find(t.Dialect, schema.Namespace, table.Name)
		if theirs == nil {
			continue
		}
		key := table.Role.Key()
		p := t.Problem(s, key, "your own schema has a table "+table.Name, "choose another name: "+key+": adk_"+table.Name)
		p.Other = host.place(theirs.At, "it is created here")
		problems = append(problems, p)
	}
	return problems
}
