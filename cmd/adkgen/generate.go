package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adkgen/adkgen/generator"
	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"
)

func generateCommand(r *reporter) *cobra.Command {
	var config, redoSince string
	var check, dryRun, diff, allowDestructive bool
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write migrations, queries and sqlc.yaml",
		Example: `  adkgen generate
  adkgen generate --redo-since main`,
		Long: `Writes everything that adkgen.yaml asks for and says what became of each file.
Migrations that were emitted before are never changed; when anything is wrong,
nothing at all is written.

--redo-since is for migrations of a branch that is not merged: those that a git
revision, such as main, does not have are planned again, as one set, after those
that it has. Use it after a merge in which both branches have added migrations,
and to change what was never applied: take back first the databases on which they
have run. Migrations of your own are kept, and get the numbers after them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			input.AllowDestructive = allowDestructive
			if cmd.Flags().Changed("redo-since") {
				if input.Since, err = since(config, redoSince); err != nil {
					return err
				}
			}
			out, err := generator.Generate(input)
			if err != nil {
				return err
			}
			switch {
			case check:
				r.diff(out.Files)
				if changed(out.Files) > 0 {
					fmt.Fprintf(r.err, "%d of %d files are stale: run adkgen generate\n", changed(out.Files), len(out.Files))
					return errStale
				}
			case diff:
				r.diff(out.Files)
			case dryRun:
				r.files(out.Files, true)
			default:
				if err := generator.Write(filepath.Dir(config), out.Files); err != nil {
					return fmt.Errorf("%w: %w", errMachine, err)
				}
				r.files(out.Files, false)
			}
			r.text(out.Warnings)
			for _, note := range out.Notes {
				fmt.Fprintf(r.err, "\n%s", note)
			}
			if hint := attributeHint(config); writes && hint != "" {
				fmt.Fprintf(r.err, "\n%s\n", hint)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&config, "config", "c", "adkgen.yaml", "the configuration")
	flags.BoolVar(&check, "check", false, "write nothing; print a diff and exit 1 if anything is stale")
	flags.BoolVar(&dryRun, "dry-run", false, "write nothing; list what would change")
	flags.BoolVar(&allowDestructive, "allow-destructive", false, "let migrations drop columns and tables")
	flags.StringVar(&redoSince, "redo-since", "", "plan the migrations again, as one set, that a git revision does not have")
	flags.BoolVar(&diff, "diff", false, "write nothing; print the diff")
	flags.BoolVar(&r.json, "json", false, "print problems as a list of JSON objects")
	cmd.MarkFlagsMutuallyExclusive("check", "dry-run", "diff")
	return cmd
}

// inputFrom reads a configuration file.
func inputFrom(config string) (generator.Input, error) {
	text, err := os.ReadFile(config)
	if os.IsNotExist(err) {
		return generator.Input{}, generator.Problems{{File: config, Message: "there is no such file", Hint: "adkgen init writes one to start from; -c FILE names another"}}
	}
	if err != nil {
		return generator.Input{}, err
	}
	return generator.OnDisk(config, text), nil
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
		fmt.Fprintf(r.out, "%s %s\n", r.style(r.out, colour[f.State], fmt.Sprintf("%-9s", f.State)), f.Path)
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
		from, to := "a/"+f.Path, "b/"+f.Path
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
