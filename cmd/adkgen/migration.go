package main

import (
	"fmt"
	"path/filepath"

	"github.com/adkgen/adkgen/generator"
	"github.com/spf13/cobra"
)

func migrationCommand(r *reporter) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migration",
		Short: "Migrations of your own among adkgen's",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrationCommand(r))
	return cmd
}

func newMigrationCommand(r *reporter) *cobra.Command {
	var message, dir string
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Write the shell of a migration for SQL of your own, with the next number",
		Long: `Writes the files of a migration that does nothing yet, in the way of the
migration tool, and gives it the next number in adkgen.lock. Its SQL is yours to
write, and to change until it is applied.`,
		Example: `  adkgen migration new -m "fill account_id"`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			config := r.config
			release, err := generator.Exclusive(config)
			if err != nil {
				return err
			}
			defer release()
			input, err := inputFrom(config)
			if err != nil {
				return err
			}
			out, err := generator.NewMigration(input, dir, message)
			if err != nil {
				return err
			}
			if err := generator.Write(filepath.Dir(config), out.Files); err != nil {
				return fmt.Errorf("%w: %w", errMachine, err)
			}
			if r.json {
				r.problems(nil)
			} else {
				r.files(out.Files, false)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&r.config, "config", "c", "adkgen.yaml", "the configuration")
	flags.StringVarP(&message, "message", "m", "", "what the migration does, in a few words")
	flags.StringVar(&dir, "dir", "", "the directory of one target's migrations (default: every target)")
	flags.BoolVar(&r.json, "json", false, "print problems as a list of JSON objects")
	_ = cmd.MarkFlagRequired("message") // fails only for a flag that is not there
	return cmd
}
