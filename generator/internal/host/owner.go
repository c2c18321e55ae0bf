package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// ParseOwner reads one owner column in a dialect, and checks it against the
// user's schema; host is nil when that is not known. Warnings are what is
// accepted and worth a second look. The error is of type Problems; file is the
// fragment's name in them.
func ParseOwner(file string, d dialects.Dialect, fragment string, host *Host) (owner dialects.Owner, warnings problem.Problems, err error) {
	s := problem.Source{File: file, Text: fragment}
	owner, found := d.ParseOwner(fragment)
	var problems problem.Problems
	for _, p := range found {
		problems = append(problems, s.FragmentProblem(p))
	}
	if len(found) == 0 {
		result := checkReference(config.Standard(d), store.RoleSessions, &owner, host)
		for _, p := range result.problems {
			problem := s.FragmentProblem(p.Problem)
			problem.Other = p.other
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return dialects.Owner{}, nil, problems.Sorted()
	}
	warnConfused(d, &owner)
	for _, p := range owner.Warnings {
		warning := s.FragmentProblem(p)
		warning.Warning = true
		warnings = append(warnings, warning)
	}
	return owner, warnings, nil
}

// ownerProblem is a problem with an owner column, and the place in the user's
// schema that it does not go with.
type ownerProblem struct {
	dialects.Problem
	other *problem.Place
}

// referenceCheck is what came of checking an owner column's foreign key.
type referenceCheck struct {
	problems []ownerProblem
	needs    []dialects.Place // what has to be there first
}

// refuse adds a problem; other is nil for none.
func (c *referenceCheck) refuse(at dialects.Span, message, hint string, other *problem.Place) {
	c.problems = append(c.problems, ownerProblem{at.Problem(message, hint), other})
}

// checkReference checks what an owner column references: none of adkgen's own
// tables, and in the user's schema a column that is a key of its table and has
// the same type. A reference without a column gets that of the primary key.
func checkReference(t config.Target, role store.Role, o *dialects.Owner, host *Host) (c referenceCheck) {
	c.checkOwnName(t.Dialect, role, o)
	if host != nil && o.UserType && host.complete && t.Dialect.Traits().DeclaresTypes {
		o.Warnings = slices.DeleteFunc(o.Warnings, func(w dialects.Problem) bool { return w.Offset == o.At.Type.Offset })
		if !host.schema.Types[o.Type] {
			hint := "create it in a migration of yours first, unless an extension brings it"
			if near := dialects.Nearest(o.Type, slices.Sorted(maps.Keys(host.schema.Types))); near != "" {
				hint = "did you mean " + near + "?"
			}
			o.Warnings = append(o.Warnings, o.At.Type.Problem("no migration in "+strings.Join(host.paths, ", ")+" creates a type "+o.Type, hint))
		}
	}
	ref := o.Reference
	if ref == nil {
		return c
	}
	if table := strings.ToLower(ref.Table); ref.Column == "" && ref.Schema != "" && (table == "id" || strings.HasSuffix(table, "_id")) {
		quote := t.Dialect.Quote
		c.refuse(o.At.Target, fmt.Sprintf("this names a table %s in the %s %s", quote(ref.Table), t.Dialect.Traits().Namespaces, quote(ref.Schema)),
			fmt.Sprintf("write REFERENCES %s(%s); if there is such a table, name its column too", quote(ref.Schema), quote(ref.Table)), nil)
		return c
	}
	if ref.Schema == "" || ref.Schema == t.Namespace {
		for _, role := range t.Roles() {
			if table := t.Tables[role]; strings.EqualFold(ref.Table, table) {
				c.refuse(o.At.Target, table+" is one of adkgen's own tables", "reference the table of your users, accounts or tenants", nil)
				return c
			}
		}
	}
	if host != nil {
		c.checkTable(t.Dialect, o, host)
	}
	traits := t.Dialect.Traits()
	if ref.Column == "" && traits.NamesReferencedColumn && len(c.problems) == 0 {
		c.refuse(o.At.Target, "the referenced column is missing, which "+traits.Title+" wants named", "write REFERENCES "+ref.Table+"(id), or say with host_schema where your tables are", nil)
	}
	return c
}

// checkTable looks the referenced table up in the user's schema.
func (c *referenceCheck) checkTable(d dialects.Dialect, o *dialects.Owner, host *Host) {
	ref, quote := o.Reference, d.Quote
	name := dialects.Qualified(d.Quote, ref.Schema, ref.Table)
	table := host.schema.Find(d, ref.Schema, ref.Table)
	if table == nil {
		if !host.complete {
			return
		}
		var names []string
		for _, t := range host.schema.Tables {
			names = append(names, t.Name)
		}
		hint := "create it in a migration of yours first"
		var other *problem.Place
		if near := dialects.Nearest(ref.Table, names); near != "" {
			t := host.schema.Tables[slices.Index(names, near)]
			hint = "did you mean " + dialects.Qualified(d.Quote, t.Schema, t.Name) + "?"
			other = host.place(t.At, quote(near)+" is created here")
		}
		c.refuse(o.At.Target, "no migration in "+strings.Join(host.paths, ", ")+" creates a table "+name, hint, other)
		return
	}
	c.needs = append(c.needs, table.At)
	if table.Opaque && len(table.Columns) == 0 {
		return
	}
	if ref.Column == "" && !c.takePrimaryKey(d, o, table, host) {
		return
	}
	column := table.Column(d, ref.Column)
	if column == nil {
		if !table.Opaque {
			var names []string
			for _, column := range table.Columns {
				names = append(names, quote(column.Name))
			}
			hint := "its columns are " + strings.Join(names, ", ")
			if near := dialects.Nearest(quote(ref.Column), names); near != "" {
				hint = "did you mean " + near + "?"
			}
			c.refuse(o.At.Column, quote(table.Name)+" has no column "+quote(ref.Column), hint, host.place(table.At, quote(table.Name)+" is created here"))
		}
		return
	}
	c.needs = append(c.needs, column.At)
	full := quote(table.Name) + "." + quote(column.Name)
	here := host.place(column.At, full+" is created here")
	key := table.KeyOf(column.Name)
	switch {
	case key != nil:
		c.needs = append(c.needs, key.At)
	case !table.Opaque:
		c.refuse(o.At.Column, full+" is neither the primary key nor unique, and can be referenced by nothing", "reference the primary key, or make the column UNIQUE", here)
	}
	refusal, warning := d.CheckHost(o, table, *column)
	if refusal.Message != "" {
		c.refuse(o.At.Type, refusal.Message, refusal.Hint, here)
	}
	if warning.Message != "" {
		o.Warnings = append(o.Warnings, o.At.Type.Problem(warning.Message, warning.Hint))
	}
}

// takePrimaryKey writes the column of the primary key into a reference that
// names none.
func (c *referenceCheck) takePrimaryKey(d dialects.Dialect, o *dialects.Owner, table *dialects.HostTable, host *Host) bool {
	key := table.PrimaryKey()
	if len(key) == 1 {
		o.Reference.Column = key[0]
		return true
	}
	name := d.Quote(table.Name)
	message := name + " has no primary key"
	if len(key) > 1 {
		message = "the primary key of " + name + " has several columns: " + strings.Join(quoted(d, key), ", ")
	}
	c.refuse(o.At.Target, message, "name a column that is unique: REFERENCES "+name+"(id)", host.place(table.At, name+" is created here"))
	return false
}

// Resolve checks the column definitions of all targets, and the schemas that they
// refer to. It gives the targets with what the definitions leave to others: the
// type and the column that a foreign key references, and the collation with which
// a column was emitted; emitted gives the schema of a target that was emitted, nil
// for none.
func Resolve(s problem.Source, given []config.Target, hosts []*Host, emitted func(config.Target) *schema.Schema) ([]config.Target, problem.Problems) {
	var problems problem.Problems
	targets := make([]config.Target, len(given))
	for i := range given {
		targets[i] = given[i].Clone()
		t := &targets[i]
		problems = append(problems, checkColumns(s, *t)...)
		for _, d := range t.Definitions() {
			result := checkReference(*t, d.Role, d.Column, hosts[i])
			for _, p := range result.problems {
				problem := s.Problem(d.Node, p.Offset, p.Length, d.Key, p.Message, p.Hint)
				problem.Other = p.other
				problems = append(problems, problem)
			}
			if len(result.problems) == 0 && hosts[i] != nil {
				problems = append(problems, checkOrder(s, *t, hosts[i], result.needs)...)
			}
			if schema := emitted(*t); schema != nil {
				keepCollation(t.Dialect, d.Column, schema.Table(d.Role))
			}
			if d.Key == "owner_id_column" {
				warnConfused(t.Dialect, d.Column)
			}
		}
	}
	return targets, problems
}

// Warnings gives those about all column definitions and about the user's schemas.
func Warnings(s problem.Source, targets []config.Target, hosts []*Host) problem.Problems {
	var warnings problem.Problems
	for i := range targets {
		for _, d := range targets[i].Definitions() {
			for _, w := range d.Column.Warnings {
				warning := s.Problem(d.Node, w.Offset, w.Length, d.Key, w.Message, w.Hint)
				warning.Warning = true
				warnings = append(warnings, warning)
			}
		}
		if hosts[i] != nil && hosts[i].complete {
			warnings = append(warnings, hosts[i].Warnings...)
		}
	}
	return warnings.Sorted()
}

// keepCollation gives a column that does not say its collation the one with which
// it was emitted: to change that, the database would write each row again under
// a lock. A foreign key that was not there yet has to fit what it references.
func keepCollation(d dialects.Dialect, o *dialects.Owner, emitted *schema.Table) {
	if emitted == nil || o.CollationFrom == dialects.FromDefinition {
		return
	}
	old := schema.ColumnOf(*emitted, o.Name)
	hasKey := slices.ContainsFunc(emitted.ForeignKeys, func(k schema.ForeignKey) bool { return slices.Equal(k.Columns, []string{o.Name}) })
	if old == nil || o.CollationFrom == dialects.FromTarget && !hasKey {
		return
	}
	before, after, _ := strings.Cut(d.Traits().CollateClause, "%s")
	plain, _, _ := strings.Cut(o.Type, dialects.CharacterSet)
	if _, set, _ := strings.Cut(old.Type, dialects.CharacterSet); set != "" {
		plain += dialects.CharacterSet + set
	}
	kept := *o
	kept.Type, kept.Collation = plain, strings.TrimSuffix(strings.TrimPrefix(old.Collation, before), after)
	if kept.Type != o.Type || kept.Collation != o.Collation {
		*o, o.CollationFrom = kept, dialects.FromLock
	}
}

// warnConfused warns of owners that the owner column takes for one.
func warnConfused(d dialects.Dialect, o *dialects.Owner) {
	warning := d.Confuses(*o)
	if warning.Message == "" {
		return
	}
	at := o.At.Type
	if o.CollationFrom == dialects.FromDefinition && o.At.Collation.Length > 0 {
		at = o.At.Collation
	}
	o.Warnings = append(o.Warnings, at.Problem(warning.Message, warning.Hint))
}

// quoted are names as they stand in SQL.
func quoted(d dialects.Dialect, names []string) []string {
	names = slices.Clone(names)
	for i, name := range names {
		names[i] = d.Quote(name)
	}
	return names
}
