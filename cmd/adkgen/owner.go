package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator"
	"github.com/spf13/cobra"
)

func ownerCommand(r *reporter) *cobra.Command {
	var name string
	var schema []string
	cmd := &cobra.Command{
		Use:     "owner FRAGMENT",
		Short:   "Parse one owner column and print what was understood",
		Example: `  adkgen owner -d postgres 'account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE'`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, ok := generator.NewDialect(name, generator.DialectOptions{})
			if !ok {
				return generator.Problems{{File: "--dialect", Message: fmt.Sprintf("%q is not a dialect", name), Hint: "write -d with " + dialects.OneOf(generator.DialectNames)}}
			}
			var host *generator.Host
			if len(schema) > 0 {
				var err error
				if host, err = generator.ReadHost(d, generator.OnDisk("adkgen.yaml", nil), schema); err != nil {
					return err
				}
			}
			owner, warnings, err := generator.ParseOwner("FRAGMENT", d, args[0], host)
			if err != nil {
				return err
			}
			if host != nil {
				warnings = append(warnings, host.Warnings...)
			}
			if r.json {
				return r.encode(struct {
					dialects.Owner
					Warnings generator.Problems `json:"warnings,omitempty"`
				}{owner, warnings})
			}
			sql, err := generator.OwnerSQL(d, owner)
			if err != nil {
				return err
			}
			r.owner(d, owner)
			fmt.Fprintf(r.out, "\n%s", sql)
			r.text(warnings)
			return nil
		},
	}
	cmd.Flags().StringVarP(&name, "dialect", "d", "", "the database: "+strings.Join(generator.DialectNames, ", "))
	cmd.Flags().StringSliceVar(&schema, "schema", nil, "a file or folder of your own migrations, to check the foreign key against")
	cmd.Flags().BoolVar(&r.json, "json", false, "print the column, or the problems, as JSON")
	_ = cmd.MarkFlagRequired("dialect") // fails only for a flag that is not there
	return cmd
}

// owner prints an owner column as a small table.
func (r *reporter) owner(d dialects.Dialect, o dialects.Owner) {
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', 0)
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", label, value)
		}
	}
	null := "yes"
	if o.NotNull {
		null = "no"
	}
	ownType := ""
	if o.UserType {
		ownType = " (none of " + d.Traits().Title + "'s own)"
	}
	line("column", d.Quote(o.Name))
	line("type", o.Type+ownType)
	line("can be NULL", null)
	line("NOT NULL's name", o.NotNullConstraint)
	line("default", o.Default)
	line("collation", o.Collation)
	line("comment", o.Comment)
	if o.Unique != nil {
		line("unique", strings.TrimSpace("yes "+o.Unique.Constraint))
	}
	if o.Check != nil {
		line("check", o.Check.Expression)
		line("check's name", o.Check.Constraint)
	}
	if ref := o.Reference; ref != nil {
		target := dialects.Qualified(d.Quote, ref.Schema, ref.Table)
		if ref.Column != "" {
			target += "(" + d.Quote(ref.Column) + ")"
		}
		line("references", target)
		line("constraint", ref.Constraint)
		if ref.MatchFull {
			line("match", "FULL")
		}
		line("on delete", string(ref.OnDelete))
		line("on update", string(ref.OnUpdate))
		switch {
		case ref.InitiallyDeferred:
			line("checked", "at the end of the transaction")
		case ref.Deferrable:
			line("checked", "at once, or at the end of the transaction on request")
		}
	}
	_ = w.Flush() // the writer below has reported what failed
}
