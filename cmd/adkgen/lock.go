package main

import (
	"fmt"
	"path/filepath"

	"github.com/adkgen/adkgen/generator"
	"github.com/spf13/cobra"
)

func lockCommand(r *reporter) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Mend adkgen.lock",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rebuildLockCommand(r))
	return cmd
}

func rebuildLockCommand(r *reporter) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make a lock again that is lost, from the migrations that are there",
		Long: `Writes adkgen.lock again, from the migrations in the directory and from
adkgen.yaml, when git does not have it. That works where the first migration is
what adkgen writes for adkgen.yaml as it is now, and only migrations of your own
follow. Otherwise the schema after the last migration is not known: the lock has to
come from git.`,
		Args: cobra.NoArgs,
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
			out, err := generator.Rebuild(input)
			if err != nil {
				return err
			}
			if err := generator.Write(filepath.Dir(config), out.Files); err != nil {
				return fmt.Errorf("%w: %w", errMachine, err)
			}
			r.files(out.Files, false)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&r.config, "config", "c", "adkgen.yaml", "the configuration")
	flags.BoolVar(&r.json, "json", false, "print problems as a list of JSON objects")
	return cmd
}
