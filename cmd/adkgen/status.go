package main

import (
	"errors"
	"fmt"

	"github.com/adkgen/adkgen/generator"
	"github.com/spf13/cobra"
)

func statusCommand(r *reporter) *cobra.Command {
	var allowDestructive bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the emitted migrations, and what the next generate would add",
		Long: `Lists, target by target, the migrations that adkgen.lock knows, and those that
adkgen generate would write now, in phases: what to deploy before they run, and
what after. Nothing is written; no database is asked, so that status cannot tell
which of the emitted migrations have run. Where they would drop or shorten
something, the list is that of adkgen generate --allow-destructive, with a warning.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			input, err := inputFrom(r.config)
			if err != nil {
				return err
			}
			input.AllowDestructive = allowDestructive
			out, err := generator.Generate(input)
			var refused generator.Problems
			if errors.As(err, &refused) && !allowDestructive {
				input.AllowDestructive = true
				if all, err2 := generator.Generate(input); err2 == nil { // only the losses were in the way
					out, err = all, nil
					for _, p := range refused {
						p.Warning = true
						out.Warnings = append(out.Warnings, p)
					}
				}
			}
			if err != nil {
				emitted, lockErr := generator.Emitted(input)
				if lockErr == nil && !r.json {
					r.status(emitted)
				}
				return err
			}
			if r.json {
				return r.encode(out.Targets)
			}
			r.status(out.Targets)
			if n := changed(out.Files); n > 0 {
				fmt.Fprintf(r.out, "%s would write %d of %d files\n", r.commands(out.Again), n, len(out.Files))
			} else {
				fmt.Fprintln(r.out, "everything is up to date")
			}
			r.text(out.Warnings)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&r.config, "config", "c", "adkgen.yaml", "the configuration")
	flags.BoolVar(&allowDestructive, "allow-destructive", false, "show migrations that drop columns and tables, too")
	flags.BoolVar(&r.json, "json", false, "print the targets with their migrations, or the problems, as JSON")
	return cmd
}

// status prints the migrations of each target, with what to deploy when.
func (r *reporter) status(targets []generator.Status) {
	for _, t := range targets {
		fmt.Fprintf(r.out, "%s (%s, %s)\n", r.style(r.out, bold, r.place(t.Dir)), t.Dialect, t.Tool)
		for _, list := range []struct {
			title, style string
			groups       []generator.StatusGroup
		}{{"emitted", bold, t.Emitted}, {"to come", green, t.Next}} {
			for _, group := range list.groups {
				title := r.style(r.out, list.style, list.title)
				if group.Phase != "" {
					title += ", " + string(group.Phase) + ": " + group.Phase.Advice()
				}
				fmt.Fprintf(r.out, "  %s\n", title)
				for _, name := range group.Migrations {
					fmt.Fprintf(r.out, "    %s\n", name)
				}
			}
		}
	}
}
