package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/generator"
)

// The exit codes.
const (
	exitDone    = 0
	exitStale   = 1 // generate --check found a difference
	exitUser    = 2 // the user has to change something
	exitMachine = 3 // reading or writing failed
)

// errStale says that --check found a difference, which is printed already.
var errStale = errors.New("stale")

// reporter prints what a person or, with json, a program reads.
type reporter struct {
	out, err io.Writer
	json     bool   // problems as a list of objects
	config   string // the configuration that the command line names
}

// code prints an error and gives the exit code for it.
func (r *reporter) code(err error) int {
	var problems generator.Problems
	var onDisk *fs.PathError
	var onLink *os.LinkError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errStale):
		return exitStale
	case errors.As(err, &problems):
		r.problems(problems)
		return exitUser
	case errors.As(err, &onDisk), errors.As(err, &onLink), errors.Is(err, errMachine):
		if r.json {
			r.problems(generator.Problems{{File: "adkgen", Message: err.Error(), Hint: "nothing was changed"}})
			return exitMachine
		}
		fmt.Fprintf(r.err, "adkgen: %v\nNothing was changed.\n", err)
		return exitMachine
	}
	r.problems(generator.Problems{{File: "adkgen", Message: strings.TrimSpace(err.Error()), Hint: "adkgen --help"}})
	return exitUser
}

// errMachine marks failures of the machine that are not errors of a path.
var errMachine = errors.New("nothing was written")

// problems prints problems, or warnings; as JSON it is a list, which can be empty.
func (r *reporter) problems(problems generator.Problems) {
	if r.json {
		list := generator.Problems{}
		for _, p := range problems {
			list = append(list, r.fromHere(p))
		}
		_ = r.encode(list) // the writer below has reported what failed
		return
	}
	r.text(problems)
}

// place gives a path from where adkgen runs, of one from the folder of the
// configuration.
func (r *reporter) place(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return path.Join(filepath.ToSlash(filepath.Dir(r.config)), name)
}

// fromHere is a problem as it is told where adkgen runs. The generator tells of
// files from the folder of the configuration.
func (r *reporter) fromHere(p generator.Problem) generator.Problem {
	isFile := p.File != r.config && p.File != "adkgen" && !strings.HasPrefix(p.File, "-")
	if isFile {
		p.File = r.place(p.File)
	}
	if p.Other != nil && p.Other.File != r.config {
		other := *p.Other
		other.File, p.Other = r.place(other.File), &other
	}
	p.Message, p.Hint = r.commands(p.Message), r.commands(p.Hint)
	return p
}

var (
	ownCommand = regexp.MustCompile(`\badkgen (?:generate|status|migration new|lock rebuild)\b`)
	gitCommand = regexp.MustCompile(`\bgit (checkout|log|mv|rev-list|show)\b`)
)

// commands gives the commands in a text what they need to do what they say where
// adkgen runs: the configuration to adkgen, its folder to git.
func (r *reporter) commands(text string) string {
	if r.config == "adkgen.yaml" {
		return text
	}
	text = ownCommand.ReplaceAllStringFunc(text, func(command string) string { return command + " -c " + shellWord(r.config) })
	if folder := filepath.Dir(r.config); folder != "." {
		text = gitCommand.ReplaceAllStringFunc(text, func(command string) string {
			return "git -C " + shellWord(folder) + strings.TrimPrefix(command, "git")
		})
	}
	return text
}

var plainWord = regexp.MustCompile(`^[\w./@%+=:,~-]+$`)

// shellWord quotes a word that a shell would take apart.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// encode prints a value as JSON.
func (r *reporter) encode(value any) error {
	encoder := json.NewEncoder(r.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// text prints problems or warnings as a person reads them.
func (r *reporter) text(problems generator.Problems) {
	for _, p := range problems {
		first, rest, _ := strings.Cut(r.fromHere(p).Text(), "\n")
		fmt.Fprintf(r.err, "%s\n%s", r.style(r.err, bold, first), rest)
	}
}

// The styles, as parts of ANSI sequences.
const (
	bold   = "1"
	green  = "32"
	yellow = "33"
	red    = "31"
	cyan   = "36"
)

// style colours text for a terminal, and never with NO_COLOR (no-color.org).
func (r *reporter) style(w io.Writer, style, text string) string {
	file, isFile := w.(*os.File)
	if !isFile || os.Getenv("NO_COLOR") != "" {
		return text
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}
