package plan

import (
	"slices"

	"github.com/adkgen/adkgen/generator/internal/schema"
)

// Phase says when a migration runs beside a deployment of the program: queries
// list their columns, so that a program and a schema that do not fit fail.
type Phase string

// The phases, in the order in which a plan has them.
const (
	// Switch fits neither the program of before nor the new one: it runs while
	// none of them does.
	Switch Phase = "switch"
	// Expand fits both: it runs before the new program is deployed, which needs it.
	Expand Phase = "expand"
	// Fill is the backfill: it runs when all new sessions have an owner.
	Fill Phase = "backfill"
	// Contract fits the new program only: it runs when no other is left.
	Contract Phase = "contract"
)

// Phases are all of them, in that order.
var Phases = []Phase{Switch, Expand, Fill, Contract}

// Advice says when the migrations of the phase run. It stands in their headers,
// and in what status prints.
func (p Phase) Advice() string {
	return map[Phase]string{
		Switch:   "stop the program, run this, start the program with the new queries",
		Expand:   "run this before you deploy the program with the new queries",
		Fill:     "run this when every running program has the new queries",
		Contract: "run this when no program with the old queries is running",
	}[p]
}

// Rank is the place of the phase in their order, from 0.
func (p Phase) Rank() int { return slices.Index(Phases, p) }

// phase gives the phase of a change, where the planner has not said another.
func (p *planner) phase(c Change) Phase {
	switch c.Kind {
	case CreateNamespace, MoveTable, RenameTable:
		return Switch
	case RenameIndex, RenameConstraint:
		if before := p.locked.Table(c.Table.Role); before.Name != c.Table.Name || p.locked.Namespace != p.wanted.Namespace {
			return Switch // with its table
		}
		return Expand
	case CreateProcedure, Backfill, DropProcedure, CopyStates:
		return Fill
	case DropTable, DropIndex:
		return Contract
	case CreateTable:
		return Expand
	case RebuildTables: // changed at once
		return p.phaseBetween(c.OldTables, c.Tables)
	case BuildUnique:
		c.Kind = AddUnique
	}
	before := *p.locked.Table(c.Table.Role)
	if c.OldColumn.Name != "" { // as it is when the change begins
		before = applyTo(applyTo(before, Change{Kind: DropColumn, Column: c.OldColumn}), Change{Kind: AddColumn, Column: c.OldColumn})
	}
	after := applyTo(before, c)
	if p.fits(before, after) {
		return Expand
	}
	return Contract
}

// phaseBetween is the phase in which tables get another form.
func (p *planner) phaseBetween(before, after []schema.Table) Phase {
	fitsBefore, fitsAfter := true, true
	for i := range before {
		fitsBefore = fitsBefore && p.fits(before[i], after[i])
		fitsAfter = fitsAfter && p.fits(after[i], before[i])
	}
	switch {
	case fitsBefore:
		return Expand
	case fitsAfter:
		return Contract
	}
	return Switch
}

// fits reports whether a program that was written for one form of a table can
// read and write another. It does not know columns that are new, and a
// constraint on one of them demands nothing of it.
func (p *planner) fits(program, there schema.Table) bool {
	for _, c := range program.Columns {
		if is := schema.ColumnOf(there, c.Name); is == nil || !p.dialect.Widens(c.Type, is.Type) {
			return false
		}
	}
	for _, c := range there.Columns {
		was := schema.ColumnOf(program, c.Name)
		if c.NotNull && (was == nil && c.Default == "" || was != nil && !was.NotNull) {
			return false
		}
	}
	_, keys := difference(program.ForeignKeys, there.ForeignKeys)
	_, checks := difference(program.Checks, there.Checks)
	_, unique := difference(program.Unique, there.Unique)
	return !slices.ContainsFunc(keys, func(k schema.ForeignKey) bool { return writes(program, k.Columns) }) &&
		!slices.ContainsFunc(checks, func(c schema.Check) bool { return writes(program, []string{c.Column}) }) &&
		!slices.ContainsFunc(unique, func(k schema.Key) bool { return writes(program, k.Columns) })
}

// writes reports whether a program that was written for a table writes all of
// some columns.
func writes(program schema.Table, columns []string) bool {
	return !slices.ContainsFunc(columns, func(name string) bool { return schema.ColumnOf(program, name) == nil })
}
