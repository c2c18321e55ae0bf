package main

import (
	"io"

	"github.com/spf13/cobra"
)

// run executes the command line and gives the exit code: report.go has their
// meaning.
func run(args []string, stdout, stderr io.Writer) int {
	report := &reporter{out: stdout, err: stderr}
	root := &cobra.Command{
		Use:   "adkgen",
		Short: "Reviewed migrations and sqlc-ready queries for ADK sessions",
		Long: `adkgen reads adkgen.yaml and writes, into your repository, the migrations and
the query files for the tables in which Google's Agent Development Kit keeps
sessions, events and state.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(initCommand(report), generateCommand(report), statusCommand(report), migrationCommand(report), ownerCommand(report), versionCommand())
	root.InitDefaultCompletionCmd(args...)
	root.SetVersionTemplate("adkgen {{.Version}}\n")
	report.json = asksForJSON(args) // also when the rest of the line is not understood
	return report.code(root.Execute())
}

// asksForJSON reports whether --json stands among the flags.
func asksForJSON(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "--json", "--json=true":
			return true
		}
	}
	return false
}
