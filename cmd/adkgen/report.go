package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	json     bool // problems as a list of objects
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
		_ = r.encode(append(generator.Problems{}, problems...)) // the writer below has reported what failed
		return
	}
	r.text(problems)
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
		first, rest, _ := strings.Cut(p.Text(), "\n")
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
