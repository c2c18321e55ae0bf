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
	var config string
	var check, dryRun, diff, allowDestructive bool
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write migrations, queries and sqlc.yaml",
		Long: `Writes everything that adkgen.yaml asks for and says what became of each file.
Migrations that were emitted before are never changed; when anything is wrong,
nothing at all is written.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			out, err := generateFrom(config, allowDestructive)
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
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&config, "config", "c", "adkgen.yaml", "the configuration")
	flags.BoolVar(&check, "check", false, "write nothing; print a diff and exit 1 if anything is stale")
	flags.BoolVar(&dryRun, "dry-run", false, "write nothing; list what would change")
	flags.BoolVar(&allowDestructive, "allow-destructive", false, "let migrations drop columns and tables")
	flags.BoolVar(&diff, "diff", false, "write nothing; print the diff")
	flags.BoolVar(&r.json, "json", false, "print problems as a list of JSON objects")
	cmd.MarkFlagsMutuallyExclusive("check", "dry-run", "diff")
	return cmd
}

// generateFrom runs the pipeline on a file and the folder it is in.
func generateFrom(config string, allowDestructive bool) (*generator.Output, error) {
	input, err := inputFrom(config)
	if err != nil {
		return nil, err
	}
	input.AllowDestructive = allowDestructive
	return generator.Generate(input)
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
	colour := map[generator.State]string{generator.Created: green, generator.Updated: yellow, generator.Unchanged: ""}
	for _, f := range files {
		count[f.State]++
		fmt.Fprintf(r.out, "%s %s\n", r.style(r.out, colour[f.State], fmt.Sprintf("%-9s", f.State)), f.Path)
	}
	would := ""
	if dryRun {
		would = "would be "
	}
	fmt.Fprintf(r.out, "%s%d created, %d updated, %d unchanged\n", would, count[generator.Created], count[generator.Updated], count[generator.Unchanged])
}

// diff prints what would change as a unified diff.
func (r *reporter) diff(files []generator.File) {
	for _, f := range files {
		if f.State == generator.Unchanged {
			continue
		}
		from := "a/" + f.Path
		if f.State == generator.Created {
			from = "/dev/null"
		}
		text := udiff.Unified(from, "b/"+f.Path, string(f.Before), string(f.Content))
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
