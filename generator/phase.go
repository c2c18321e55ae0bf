package generator

import "slices"

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

var phases = []Phase{Switch, Expand, Fill, Contract}

// Advice says what to deploy before the migrations of the phase run, and what after.
func (p Phase) Advice() string {
	return map[Phase]string{
		Switch:   "stop the program, run these, start the program with the new queries",
		Expand:   "run these, then deploy the program with the new queries",
		Fill:     "run these when every running program has the new queries",
		Contract: "run these when no program with the old queries is running",
	}[p]
}

func (p Phase) rank() int { return slices.Index(phases, p) }

// phase gives the phase of a change by its kind, where the planner has not said
// another. What a constraint demands, a program of before may not do; a change
// that demands nothing, and takes nothing away, is for the new program.
func (p *planner) phase(c Change) Phase {
	switch c.Kind {
	case CreateNamespace, MoveTable, RenameTable:
		return Switch
	case RenameIndex, RenameConstraint:
		if before := p.locked.table(c.Table.Role); before.Name != c.Table.Name || p.locked.Namespace != p.wanted.Namespace {
			return Switch // with its table
		}
		return Expand
	case CreateProcedure, Backfill, DropProcedure, CopyStates:
		return Fill
	case DropTable, DropColumn, DropIndex, RequireColumn, ReplaceForeignKey:
		return Contract
	case ModifyColumn:
		if c.Column.NotNull && !c.OldColumn.NotNull || !p.dialect.Widens(c.OldColumn.Type, c.Column.Type) {
			return Contract
		}
		return Expand
	case AddForeignKey:
		return p.demanding(c, c.Reference.Columns...)
	case BuildUnique, AddUnique:
		return p.demanding(c, c.Key.Columns...)
	case AddCheck:
		return p.demanding(c, c.Check.Column)
	}
	return Expand
}

// demanding is the phase of a constraint: one on a column that no program has
// written before demands nothing of it.
func (p *planner) demanding(c Change, columns ...string) Phase {
	if writes(*p.locked.table(c.Table.Role), columns) {
		return Contract
	}
	return Expand
}

// phaseOfRebuild is the phase of tables that are copied, and so changed at once.
func (p *planner) phaseOfRebuild(c Change) Phase {
	fitsBefore, fitsAfter := true, true
	for i, new := range c.Tables {
		fitsBefore = fitsBefore && p.fits(c.OldTables[i], new)
		fitsAfter = fitsAfter && p.fits(new, c.OldTables[i])
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
// read and write another.
func (p *planner) fits(program, there Table) bool {
	for _, c := range program.Columns {
		if is := column(there, c.Name); is == nil || !p.dialect.Widens(c.Type, is.Type) {
			return false
		}
	}
	for _, c := range there.Columns {
		if was := column(program, c.Name); c.NotNull && c.Default == "" && (was == nil || !was.NotNull) {
			return false
		}
	}
	_, keys := difference(program.ForeignKeys, there.ForeignKeys)
	_, checks := difference(program.Checks, there.Checks)
	_, unique := difference(program.Unique, there.Unique)
	return !slices.ContainsFunc(keys, func(k ForeignKey) bool { return writes(program, k.Columns) }) &&
		!slices.ContainsFunc(checks, func(c Check) bool { return writes(program, []string{c.Column}) }) &&
		!slices.ContainsFunc(unique, func(k Key) bool { return writes(program, k.Columns) })
}

// writes reports whether a program that was written for a table writes all of
// some columns.
func writes(program Table, columns []string) bool {
	return !slices.ContainsFunc(columns, func(name string) bool { return column(program, name) == nil })
}
