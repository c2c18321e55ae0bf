package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator"
	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"
)

func generateCommand(r *reporter) *cobra.Command {
	var until, redoSince string
	var check, dryRun, diff, allowDestructive bool
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write migrations, queries and sqlc.yaml",
		Long: `Writes everything that adkgen.yaml asks for and says what became of each file.
Migrations that were emitted before are never changed; when anything is wrong,
nothing at all is written.

With --until, the migrations of later phases wait for a later run of generate;
--check then finds nothing missing.

--redo-since is for migrations of a branch that is not merged: those that a git
revision, such as main, does not have are planned again, as one set, after those
that it has. Use it after a merge in which both branches have added migrations,
and to change what was never applied: take back first the databases on which they
have run. Migrations of your own are kept, and get the numbers after them.`,
		Example: `  adkgen generate --until expand     # what has to run before the new program
  adkgen generate                    # after the deployment: the rest
  adkgen generate --redo-since main  # after a merge`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config := r.config
			for _, group := range [][]string{{"check", "dry-run", "diff"}, {"json", "dry-run"}, {"json", "diff"}} {
				if err := oneOf(cmd, group); err != nil {
					return err
				}
			}
			writes := !check && !dryRun && !diff
			if writes {
				release, err := generator.Exclusive(config)
				if err != nil {
					return err
				}
				defer release()
			}
			input, err := inputFrom(config)
			if err != nil {
				return err
			}
			if input.Until, err = phaseOf(until); err != nil {
				return err
			}
			input.AllowDestructive, input.Check = allowDestructive, check
			if cmd.Flags().Changed("redo-since") {
				if input.Since, err = since(config, redoSince); err != nil {
					return err
				}
			}
			out, err := generator.Generate(input)
			if err != nil {
				return err
			}
			if writes {
				if err := generator.Write(filepath.Dir(config), out.Files); err != nil {
					return fmt.Errorf("%w: %w", errMachine, err)
				}
			}
			stale := check && changed(out.Files) > 0
			if r.json {
				list := out.Warnings
				if check {
					list = append(stalePlaces(*out), list...)
				}
				r.problems(list)
			} else {
				r.generated(*out, check, diff, writes)
			}
			if stale {
				return errStale
			}
			if hint := attributeHint(config); writes && !r.json && hint != "" {
				fmt.Fprintf(r.err, "\n%s\n", hint)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&r.config, "config", "c", "adkgen.yaml", "the configuration")
	flags.BoolVar(&check, "check", false, "write nothing; print a diff and exit 1 if anything is stale")
	flags.BoolVar(&dryRun, "dry-run", false, "write nothing; list what would change")
	flags.BoolVar(&allowDestructive, "allow-destructive", false, "let migrations drop columns and tables")
	flags.StringVar(&redoSince, "redo-since", "", "plan the migrations again, as one set, that a git revision does not have")
	flags.StringVar(&until, "until", "", "write the migrations up to this phase only: "+phaseNames())
	flags.BoolVar(&diff, "diff", false, "write nothing; print the diff")
	flags.BoolVar(&r.json, "json", false, "print problems, warnings and, with --check, stale files as a list of JSON objects; nothing else")
	return cmd
}

// oneOf refuses two flags that say different things.
func oneOf(cmd *cobra.Command, flags []string) error {
	var given []string
	for _, name := range flags {
		if f := cmd.Flags().Lookup(name); f.Value.String() == "true" {
			given = append(given, "--"+name)
		}
	}
	if len(given) < 2 {
		return nil
	}
	return generator.Problems{{File: given[1], Message: "this flag does not go with " + given[0], Hint: "leave one of the two out"}}
}

// generated prints what became, or would become, of the files, and what else a
// person should know.
func (r *reporter) generated(out generator.Output, check, diff, written bool) {
	switch {
	case check:
		r.diff(out.Files)
		if n := changed(out.Files); n > 0 {
			fmt.Fprintf(r.err, "%d of %d files are stale: run %s\n", n, len(out.Files), r.commands(out.Again))
		}
	case diff:
		r.diff(out.Files)
	default:
		r.files(out.Files, !written)
	}
	r.text(out.Warnings)
	for _, note := range out.Notes {
		fmt.Fprintf(r.err, "\n%s", r.commands(note))
	}
	if written {
		r.next(out.Next)
	}
}

// stalePlaces are the files that are stale, for a program to read.
func stalePlaces(out generator.Output) (list generator.Problems) {
	for _, f := range out.Files {
		if f.State != generator.Unchanged {
			list = append(list, generator.Problem{File: f.Path, Message: "the file is stale", Hint: "run " + out.Again})
		}
	}
	return list
}

// phaseOf reads the value of --until.
func phaseOf(word string) (generator.Phase, error) {
	phase := generator.Phase(word)
	if word == "" || slices.Contains(generator.Phases, phase) {
		return phase, nil
	}
	return "", generator.Problems{{File: "--until", Message: fmt.Sprintf("%q is not a phase", word), Hint: "write --until with " + phaseNames()}}
}

// phaseNames lists the phases.
func phaseNames() string {
	var names []string
	for _, p := range generator.Phases {
		names = append(names, string(p))
	}
	return dialects.OneOf(names)
}

// inputFrom reads a configuration file.
func inputFrom(config string) (generator.Input, error) {
	text, err := os.ReadFile(config)
	if os.IsNotExist(err) {
		return generator.Input{}, generator.Problems{{File: config, Message: "there is no such file", Hint: "adkgen init writes one to start from; -c FILE names another"}}
	}
	if info, statErr := os.Stat(config); statErr == nil && info.IsDir() {
		return generator.Input{}, generator.Problems{{File: config, Message: "this is a folder", Hint: "name the file in it: -c " + filepath.Join(config, "adkgen.yaml")}}
	}
	if err != nil {
		return generator.Input{}, err
	}
	return generator.OnDisk(config, text), nil
}

// next prints what to do next, as far as it helps: there may be thousands of
// tenants.
func (r *reporter) next(commands []string) {
	const most = 4
	title := "next"
	there := *r // they are run there, for what a tool reads names files from there
	if folder := filepath.Dir(r.config); folder != "." {
		title += ", in " + folder
		there.config = filepath.Base(r.config)
	}
	for i, command := range commands {
		if i == most {
			fmt.Fprintf(r.err, "… and the same for %d other targets\n", len(commands)-most)
			break
		}
		fmt.Fprintf(r.err, "%s: %s\n", title, there.commands(command))
	}
}

func changed(files []generator.File) int {
	n := 0
	for _, f := range files {
		if f.State != generator.Unchanged {
			n++
		}
	}
	return n
}

// files prints a line for each file and a summary.
func (r *reporter) files(files []generator.File, dryRun bool) {
	count := map[generator.State]int{}
	colour := map[generator.State]string{generator.Created: green, generator.Updated: yellow, generator.Unchanged: "", generator.Removed: red}
	for _, f := range files {
		count[f.State]++
		fmt.Fprintf(r.out, "%s %s\n", r.style(r.out, colour[f.State], fmt.Sprintf("%-9s", f.State)), r.place(f.Path))
	}
	would := ""
	if dryRun {
		would = "would be "
	}
	removed := ""
	if n := count[generator.Removed]; n > 0 {
		removed = fmt.Sprintf(", %d removed", n)
	}
	fmt.Fprintf(r.out, "%s%d created, %d updated, %d unchanged%s\n", would, count[generator.Created], count[generator.Updated], count[generator.Unchanged], removed)
}

// diff prints what would change as a unified diff.
func (r *reporter) diff(files []generator.File) {
	for _, f := range files {
		if f.State == generator.Unchanged {
			continue
		}
		from, to := "a/"+r.place(f.Path), "b/"+r.place(f.Path)
		switch f.State {
		case generator.Created:
			from = "/dev/null"
		case generator.Removed:
			to = "/dev/null"
		}
		text := udiff.Unified(from, to, string(f.Before), string(f.Content))
		for line := range strings.Lines(text) {
			switch line[0] {
			case '+':
				line = r.style(r.out, green, strings.TrimSuffix(line, "\n")) + "\n"
			case '-':
				line = r.style(r.out, red, strings.TrimSuffix(line, "\n")) + "\n"
			case '@':
				line = r.style(r.out, cyan, strings.TrimSuffix(line, "\n")) + "\n"
			}
			fmt.Fprint(r.out, line)
		}
	}
}
