package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// Plan is what leads from the locked schema to the wanted one.
type Plan struct {
	Migrations []Migration
	Later      []Migration   // what was planned, and waits for its phase
	After      schema.Schema // when the migrations have run; in the end the wanted one, and columns that wait to be dropped
	Notes      []string      // what waits for a later run
	Refusals   []refusal
	Losses     []Loss // it needs --allow-destructive
}

// Loss is what would be lost by migrations of a phase.
type Loss struct {
	Asked Asker
	phase Phase
	What  string
}

// Fills reports whether the plan gives sessions their owner.
func (p Plan) Fills() bool {
	return slices.ContainsFunc(p.Migrations, func(m Migration) bool {
		return slices.ContainsFunc(m.Changes, func(c Change) bool { return c.Expression != "" })
	})
}

// refusal is a change that cannot be planned.
type refusal struct {
	Asked         Asker
	Message, Hint string
}

// Asker is what in a target's configuration asks for a change.
type Asker struct {
	Key    string
	Role   store.Role // of the table, of columns:
	Column string     // of columns:
}

// Input is what a plan is made from.
type Input struct {
	Dialect     dialects.Dialect
	Locked      *schema.Schema // nil before the first migration
	Wanted      schema.Schema
	Next        int    // the number of the first migration
	Backfill    string // the owner of a session that has none, as SQL; "" when that is not known
	Destructive bool
	Until       Phase // the last to write
}

// For plans the migrations of a target.
func For(in Input) Plan {
	wanted := in.Wanted
	if in.Locked == nil {
		first := Migration{Number: in.Next, Name: "create_adk_tables", Phase: Expand}
		for i := range wanted.Tables {
			first.Changes = append(first.Changes, Change{Kind: CreateTable, Table: wanted.Tables[i]})
		}
		return Plan{Migrations: []Migration{first}, After: wanted}
	}
	p := &planner{dialect: in.Dialect, rules: in.Dialect.Traits().Evolution, locked: *in.Locked, wanted: wanted, destructive: in.Destructive, backfill: in.Backfill}
	p.retire()
	p.keepStates()
	p.diff()
	p.copyStates()
	p.After.Tables = slices.Concat(p.wanted.Tables, p.kept)
	if len(p.Refusals) > 0 {
		return p.Plan
	}
	p.group(in.Next)
	p.stopAfter(in.Until)
	return p.Plan
}

// stopAfter leaves the migrations of later phases to a later run, which finds
// the schema that those before them lead to.
func (p *planner) stopAfter(phase Phase) {
	n := slices.IndexFunc(p.Migrations, func(m Migration) bool { return m.Phase.Rank() > phase.Rank() })
	if n < 0 {
		return
	}
	p.Migrations, p.Later = p.Migrations[:n], p.Migrations[n:]
	p.After = p.locked
	for _, m := range p.Migrations {
		for _, c := range m.Changes {
			p.After = apply(p.After, c)
		}
	}
	p.keepFor(p.Later, &p.After)
	p.Losses = slices.DeleteFunc(p.Losses, func(l Loss) bool { return l.phase.Rank() > phase.Rank() })
}

// planner compares two schemas and collects the changes between them.
type planner struct {
	Plan
	dialect        dialects.Dialect
	rules          dialects.Evolution
	locked, wanted schema.Schema
	destructive    bool
	backfill       string
	changes        []Change
	replaced       *schema.Table  // the table of user states whose place another takes
	kept           []schema.Table // that wait to be dropped
}

func (p *planner) add(c Change) {
	if c.phase == "" {
		c.phase = p.phase(c)
	}
	switch c.Kind {
	case DropTable:
		p.Losses = append(p.Losses, Loss{Asker{Key: "scoped_state"}, c.phase, "table " + c.Table.Name + " with its rows"})
	case DropColumn:
		p.loseColumn(c.phase, c.Table, c.Column)
	case ModifyColumn:
		p.loseLength(c.phase, c.Table, c.OldColumn, c.Column)
	case RebuildTables:
		for i, before := range c.OldTables {
			for _, old := range before.Columns {
				if new := schema.ColumnOf(c.Tables[i], old.Name); new == nil {
					p.loseColumn(c.phase, c.Tables[i], old)
				} else {
					p.loseLength(c.phase, c.Tables[i], old, *new)
				}
			}
		}
	}
	p.changes = append(p.changes, c)
}

// loseColumn notes that the values of a column go.
func (p *planner) loseColumn(phase Phase, t schema.Table, c schema.Column) {
	p.Losses = append(p.Losses, Loss{p.askerOf(t, c), phase, "column " + t.Name + "." + c.Name + " with its values"})
}

// loseLength notes that a column gets a type that is shorter, if it does.
func (p *planner) loseLength(phase Phase, t schema.Table, old, new schema.Column) {
	if !p.dialect.Widens(old.Type, new.Type) {
		p.Losses = append(p.Losses, Loss{p.askerOf(t, new), phase, fmt.Sprintf("column %s.%s, which gets shorter: %s becomes %s", t.Name, new.Name, old.Type, new.Type)})
	}
}

func (p *planner) refuse(asked Asker, message, hint string) {
	p.Refusals = append(p.Refusals, refusal{asked, message, hint})
}

// askerOf gives what asks for a change of a column. One of adkgen's own changes
// with a setting of its dialect, where there is one.
func (p *planner) askerOf(t schema.Table, c schema.Column) Asker {
	switch {
	case c.Owner || c.Retired:
		return Asker{Key: "owner_id_column"}
	case c.Extra:
		return Asker{"columns", t.Role, c.Name}
	}
	for _, key := range p.dialect.Traits().Settings {
		return Asker{Key: key}
	}
	return Asker{Key: "dialect"}
}

// retire keeps an owner column that another replaces: it becomes nullable, so
// that the application can write both for a while, and is dropped by a later
// run that allows it.
func (p *planner) retire() {
	before, after := p.locked.Table(store.RoleSessions), p.wanted.Table(store.RoleSessions)
	old, new := before.Owner(), after.Owner()
	p.wanted.Tables = slices.Clone(p.wanted.Tables)
	sessions := p.wanted.Table(store.RoleSessions)
	sessions.Columns, sessions.ForeignKeys = slices.Clone(sessions.Columns), slices.Clone(sessions.ForeignKeys)
	sessions.Checks, sessions.Unique, sessions.Indexes = slices.Clone(sessions.Checks), slices.Clone(sessions.Unique), slices.Clone(sessions.Indexes)
	for _, c := range before.Columns {
		replaced := old != nil && new != nil && c.Name == old.Name && new.Name != old.Name
		if !replaced && (!c.Retired || p.destructive || new != nil && new.Name == c.Name) {
			continue
		}
		name := c.Name
		p.Notes = append(p.Notes, fmt.Sprintf("The column %s.%s is no longer used, and stays until a run of adkgen generate --allow-destructive.", before.Name, name))
		c.Owner, c.Retired, c.NotNull, c.NotNullConstraint = false, true, false, ""
		sessions.Columns = append(sessions.Columns, c)
		only := func(columns []string) bool { return len(columns) == 1 && columns[0] == name }
		for _, k := range before.ForeignKeys {
			if only(k.Columns) {
				sessions.ForeignKeys = append(sessions.ForeignKeys, k)
			}
		}
		for _, k := range before.Unique {
			if only(k.Columns) {
				sessions.Unique = append(sessions.Unique, k)
			}
		}
		for _, k := range before.Checks {
			if k.Column == name {
				sessions.Checks = append(sessions.Checks, k)
			}
		}
		for _, i := range before.Indexes {
			if only(i.Columns) && i.Kind == schema.IndexOwner {
				sessions.Indexes = append(sessions.Indexes, i)
			}
		}
	}
	p.After = p.wanted
}

// diff collects the changes in an order in which each finds what it needs.
func (p *planner) diff() {
	p.move()
	var current []schema.Table // as they are called when a change begins
	for _, t := range p.locked.Tables {
		if !t.Retired && (p.replaced == nil || t.Name != p.replaced.Name) {
			current = append(current, t)
		}
	}
	for i := range current {
		if wanted := p.wanted.Table(current[i].Role); wanted != nil {
			p.rename(&current[i], *wanted)
		}
	}
	for _, t := range slices.Backward(current) {
		if p.wanted.Table(t.Role) == nil {
			p.add(Change{Kind: DropTable, Table: t})
		}
	}
	rebuilt := map[store.Role]bool{}
	if p.rules.Rebuilds {
		rebuilt = p.rebuild(current)
	}
	for i, t := range p.wanted.Tables {
		before := schema.Schema{Tables: current}.Table(t.Role)
		switch {
		case before == nil:
			p.add(Change{Kind: CreateTable, Table: p.wanted.Tables[i]})
		case !rebuilt[t.Role]:
			p.alter(*before, t)
		}
	}
	for i := range p.changes {
		if p.changes[i].Kind != MoveTable {
			p.changes[i].Namespace = p.wanted.Namespace
		}
	}
}

// move takes the tables into another namespace.
func (p *planner) move() {
	from, to := p.locked.Namespace, p.wanted.Namespace
	if from == to {
		return
	}
	switch {
	case !p.rules.MovesTables:
		p.refuse(Asker{Key: "schema"}, fmt.Sprintf("the tables would move from %s to %s, which adkgen writes for PostgreSQL only", orNone(from), orNone(to)), "undo the change")
		return
	case to == "":
		p.refuse(Asker{Key: "schema"}, "the tables would move from "+from+" to the connection's own schema, whose name is not known", "name it with schema:, such as public")
		return
	}
	p.add(Change{Kind: CreateNamespace, NewName: to, OldName: from})
	for _, t := range p.locked.Tables {
		p.add(Change{Kind: MoveTable, Namespace: from, Table: t, OldName: from, NewName: to})
	}
}

func orNone(name string) string {
	if name == "" {
		return "the connection's own"
	}
	return name
}

// rename renames a table and what is named after it, so that t is called as
// the wanted table is.
func (p *planner) rename(t *schema.Table, wanted schema.Table) {
	if t.Name != wanted.Name {
		p.add(Change{Kind: RenameTable, Table: *t, OldName: t.Name, NewName: wanted.Name})
		t.Name = wanted.Name
	}
	t.Indexes, t.ForeignKeys = slices.Clone(t.Indexes), slices.Clone(t.ForeignKeys)
	t.Checks, t.Unique = slices.Clone(t.Checks), slices.Clone(t.Unique)
	for i := range t.Indexes {
		for _, w := range wanted.Indexes {
			if old := &t.Indexes[i]; old.Kind == w.Kind && slices.Equal(old.Columns, w.Columns) && old.Name != w.Name {
				p.add(Change{Kind: RenameIndex, Table: *t, Index: w, OldName: old.Name, NewName: w.Name})
				old.Name = w.Name
			}
		}
	}
	constraint := func(old *string, name string) {
		if *old == name {
			return
		}
		if p.rules.RenamesConstraints {
			p.add(Change{Kind: RenameConstraint, Table: *t, OldName: *old, NewName: name})
		}
		if p.rules.RenamesConstraints || p.rules.Rebuilds { // SQLite's catalog does not show the names
			*old = name
		}
	}
	constraint(&t.PrimaryKey.Name, wanted.PrimaryKey.Name)
	for i := range t.ForeignKeys {
		old := &t.ForeignKeys[i]
		// Keys of ours follow the table that they reference.
		if parent := p.locked.Table(store.RoleSessions); t.Role == store.RoleEvents && old.Table == parent.Name {
			old.Table, old.Namespace = p.wanted.Table(store.RoleSessions).Name, p.wanted.Namespace
		}
		for _, w := range wanted.ForeignKeys {
			if named := *old; func() bool { named.Name = w.Name; return reflect.DeepEqual(named, w) }() {
				constraint(&old.Name, w.Name)
			}
		}
	}
	for i := range t.Checks {
		for _, w := range wanted.Checks {
			if t.Checks[i].Expression == w.Expression {
				constraint(&t.Checks[i].Name, w.Name)
			}
		}
	}
	for i := range t.Unique {
		for _, w := range wanted.Unique {
			if slices.Equal(t.Unique[i].Columns, w.Columns) {
				constraint(&t.Unique[i].Name, w.Name)
			}
		}
	}
}

// alter collects the changes of one table.
func (p *planner) alter(before, after schema.Table) {
	gone, added := difference(before.ForeignKeys, after.ForeignKeys)
	gone, added, replacements := p.replace(after, gone, added)
	for _, c := range replacements {
		if !c.setsNull() {
			p.add(c)
		}
	}
	for _, k := range gone {
		phase := Expand
		if slices.ContainsFunc(added, func(new schema.ForeignKey) bool { return slices.Equal(new.Columns, k.Columns) }) {
			phase = Contract // another takes its place: with no gap between them
		}
		p.invalidate(after, k.Name, strings.Join(k.Columns, "_"), phase)
		p.add(Change{Kind: DropForeignKey, Table: after, Reference: k, Column: schema.Column{Name: strings.Join(k.Columns, "_")}, phase: phase})
	}
	goneChecks, addedChecks := difference(before.Checks, after.Checks)
	for _, c := range goneChecks {
		phase := Expand
		if slices.ContainsFunc(addedChecks, func(new schema.Check) bool { return new.Column == c.Column }) {
			phase = Contract
		}
		p.invalidate(after, c.Name, c.Column, phase)
		p.add(Change{Kind: DropCheck, Table: after, Check: c, Column: schema.Column{Name: c.Column}, phase: phase})
	}
	goneUnique, addedUnique := difference(before.Unique, after.Unique)
	goneIndexes, addedIndexes := difference(before.Indexes, after.Indexes)
	for _, c := range after.Columns {
		old := schema.ColumnOf(before, c.Name)
		switch {
		case old == nil:
			p.addColumn(before, after, c)
		default:
			if p.fills(before, c) {
				c.NotNull, c.NotNullConstraint = false, "" // until it is filled
			}
			p.change(after, *old, c)
		}
	}
	for _, c := range replacements {
		if c.setsNull() { // which its column has to accept
			p.add(c)
		}
	}
	for _, i := range addedIndexes {
		p.add(Change{Kind: AddIndex, Table: after, Index: i})
	}
	for _, k := range addedUnique {
		if p.rules.OnlineIndex {
			p.add(Change{Kind: BuildUnique, Table: after, Key: k})
		}
		p.add(Change{Kind: AddUnique, Table: after, Key: k})
	}
	for _, k := range goneUnique { // after the new ones: a foreign key needs an index at all times
		phase := Expand
		if after.StartsIndex(k.Columns[0]) {
			phase = Contract
		}
		p.add(Change{Kind: DropUnique, Table: after, Key: k, phase: phase})
		if p.rules.OnlineIndex {
			p.add(Change{Kind: UnbuildUnique, Table: after, Key: k, phase: phase})
		}
	}
	for _, i := range goneIndexes {
		p.add(Change{Kind: DropIndex, Table: after, Index: i})
	}
	for _, c := range addedChecks {
		p.add(Change{Kind: AddCheck, Table: after, Check: c, Column: schema.Column{Name: c.Column}})
		p.validate(after, c.Name, c.Column)
	}
	for _, k := range added {
		p.add(Change{Kind: AddForeignKey, Table: after, Reference: k, Column: schema.Column{Name: strings.Join(k.Columns, "_")}})
		p.validate(after, k.Name, strings.Join(k.Columns, "_"))
	}
	p.fill(before, after)
	for _, generated := range []bool{true, false} { // those first that look at others
		for _, c := range before.Columns {
			if schema.ColumnOf(after, c.Name) == nil && generated == (c.Generated != "") {
				p.add(Change{Kind: DropColumn, Table: after, Column: p.unneeded(after, c)})
			}
		}
	}
}

// replace pairs foreign keys of the same columns, where one can take the
// other's place. It gives the changes, and what has no such pair.
func (p *planner) replace(t schema.Table, gone, added []schema.ForeignKey) (stillGone, stillAdded []schema.ForeignKey, replacements []Change) {
	if !p.rules.ReplacesForeignKeys {
		return gone, added, nil
	}
	for _, old := range gone {
		i := slices.IndexFunc(added, func(new schema.ForeignKey) bool { return slices.Equal(new.Columns, old.Columns) })
		if i < 0 {
			stillGone = append(stillGone, old)
			continue
		}
		replacements = append(replacements, Change{Kind: ReplaceForeignKey, Table: t, OldReference: old, Reference: added[i], Column: schema.Column{Name: strings.Join(old.Columns, "_")}})
		added = slices.Delete(slices.Clone(added), i, i+1)
	}
	return stillGone, added, replacements
}

// unneeded lets a column that goes be NULL first, where the program that does
// not know it any more could not write a row otherwise, and takes a default away
// that is no constant, as addColumn gives it later: the way down brings neither
// back at once. It gives the column as it then is.
func (p *planner) unneeded(t schema.Table, c schema.Column) schema.Column {
	computed := c.Default != "" && !isConstant(c.Default)
	if c.Generated != "" || !computed && (!c.NotNull || c.Default != "") {
		return c
	}
	free, phase := c, Phase("")
	free.NotNull, free.NotNullConstraint = false, ""
	if computed {
		free.Default, phase = "", Contract // until then, it gives the rows their value
	}
	p.add(Change{Kind: ModifyColumn, Table: t, Column: free, OldColumn: c, phase: phase})
	return free
}

// Fills reports whether a column is NOT NULL, and has to be filled before that.
func (p *planner) fills(before schema.Table, c schema.Column) bool {
	old := schema.ColumnOf(before, c.Name)
	return p.backfill != "" && c.Owner && c.NotNull && (old == nil && !hasValue(c) || old != nil && !old.NotNull)
}

// fill gives existing sessions their owner, and makes the column NOT NULL.
func (p *planner) fill(before, after schema.Table) {
	for _, c := range after.Columns {
		if !p.fills(before, c) {
			continue
		}
		fill := Change{Kind: Backfill, Table: after, Column: c, Expression: p.backfill, Check: schema.Check{Name: schema.DerivedName(p.dialect, after.Name, "backfill")}}
		if old := schema.ColumnOf(before, c.Name); old == nil || old.Filled != p.backfill { // else an earlier run has filled it
			for _, step := range p.looped(fill) {
				p.add(step)
			}
		}
		nullable := c
		nullable.NotNull, nullable.NotNullConstraint = false, ""
		p.require(after, nullable, c)
	}
}

// looped gives the steps of a change that loops over rows: where only procedures
// can loop, one is created before it and dropped after it.
func (p *planner) looped(c Change) []Change {
	if !p.rules.LoopsInProcedures {
		return []Change{c}
	}
	create, drop := c, c
	create.Kind, drop.Kind = CreateProcedure, DropProcedure
	return []Change{create, c, drop}
}

// validate follows a constraint that was added without a look at the rows.
func (p *planner) validate(t schema.Table, constraint, column string) {
	if p.rules.Validates {
		phase := p.changes[len(p.changes)-1].phase
		p.add(Change{Kind: Validate, Table: t, OldName: constraint, NewName: constraint, Column: schema.Column{Name: column}, phase: phase})
	}
}

// invalidate comes before a constraint is dropped: its way down validates what
// the drop's has added, when that is committed.
func (p *planner) invalidate(t schema.Table, constraint, column string, phase Phase) {
	if p.rules.Validates {
		p.add(Change{Kind: Invalidate, Table: t, OldName: constraint, NewName: constraint, Column: schema.Column{Name: column}, phase: phase})
	}
}

// difference gives what is in one list only; names included.
func difference[T any](before, after []T) (gone, added []T) {
	in := func(list []T, item T) bool {
		return slices.ContainsFunc(list, func(other T) bool { return reflect.DeepEqual(item, other) })
	}
	for _, b := range before {
		if !in(after, b) {
			gone = append(gone, b)
		}
	}
	for _, a := range after {
		if !in(before, a) {
			added = append(added, a)
		}
	}
	return gone, added
}

// addColumn adds a column: existing rows get the default, if it is a constant,
// or NULL. Any other default is for new rows: to compute it for those that are
// there, the database would write each again under a lock.
func (p *planner) addColumn(before, t schema.Table, c schema.Column) {
	if p.fills(before, c) {
		c.NotNull, c.NotNullConstraint = false, "" // until it is filled
	}
	if !p.canAdd(t, c) {
		return
	}
	if c.Default == "" || isConstant(c.Default) {
		p.add(Change{Kind: AddColumn, Table: t, Column: c})
		return
	}
	bare := c
	bare.Default = ""
	p.add(Change{Kind: AddColumn, Table: t, Column: bare})
	p.add(Change{Kind: ModifyColumn, Table: t, Column: c, OldColumn: bare})
}

// isConstant reports whether a default is the same for every row.
func isConstant(expression string) bool { return !strings.Contains(expression, "(") }

// canAdd refuses a column that existing rows have no value for.
func (p *planner) canAdd(t schema.Table, c schema.Column) bool {
	if c.Generated != "" && !c.Virtual && !p.rules.Rebuilds {
		hint := "compute it in your queries instead; generated columns come with a new table only"
		if p.rules.AddsVirtual {
			hint = "write VIRTUAL instead of STORED: it is computed when it is read"
		}
		p.refuse(p.askerOf(t, c), t.Name+"."+c.Name+" is generated: to compute it, the database would write every row that is there again, and lock the table for that time", hint)
		return false
	}
	if !c.NotNull || hasValue(c) {
		return true
	}
	if c.Owner {
		p.refuse(p.askerOf(t, c), t.Name+"."+c.Name+" is NOT NULL, and sessions that are there already have no value for it", "say which with backfill: and an expression, such as "+dialects.BackfillExample(p.dialect, t.Name))
	} else {
		p.refuse(p.askerOf(t, c), t.Name+"."+c.Name+" is NOT NULL, and rows that are there already have no value for it", "give it a constant DEFAULT")
	}
	return false
}

// hasValue reports whether existing rows have a value for a new column.
func hasValue(c schema.Column) bool {
	return c.Default != "" && c.Default != "NULL" && isConstant(c.Default)
}

// change changes one column.
func (p *planner) change(t schema.Table, old, new schema.Column) {
	if sameColumn(old, new) {
		return
	}
	old = old.WithRolesOf(new)
	if !p.canChange(t, old, new) {
		return
	}
	if p.rules.Validates && new.NotNull && !old.NotNull {
		old = p.require(t, old, new)
		if old == new {
			return
		}
	}
	if p.rules.Validates && old.NotNull && !new.NotNull {
		if old = p.relax(t, old); old == new {
			return
		}
	}
	p.add(Change{Kind: ModifyColumn, Table: t, Column: new, OldColumn: old})
}

// relax lets a column be NULL, and gives it as it then is. The way down makes it
// NOT NULL as require does: what goes up does nothing but for the first change.
func (p *planner) relax(t schema.Table, old schema.Column) schema.Column {
	new := old
	new.NotNull, new.NotNullConstraint = false, ""
	check := p.notNullCheck(t, old)
	require := Change{Kind: RequireColumn, Namespace: p.wanted.Namespace, Table: t, Column: old, OldColumn: new, Check: check}
	p.add(Change{Kind: ModifyColumn, Table: t, Column: new, OldColumn: old, down: &require})
	p.invalidate(t, check.Name, old.Name, Expand)
	p.add(Change{Kind: DropCheck, Table: t, Check: check, Column: old})
	return new
}

// notNullCheck is the check that proves that a column has no NULL.
func (p *planner) notNullCheck(t schema.Table, c schema.Column) schema.Check {
	return schema.Check{Name: schema.DerivedName(p.dialect, t.Name, c.Name, "not_null_ck"), Column: c.Name, Expression: p.dialect.Quote(c.Name) + " IS NOT NULL"}
}

// require makes a column NOT NULL without a lock for the time of a look at all
// rows, and gives the column as it then is.
func (p *planner) require(t schema.Table, old, new schema.Column) schema.Column {
	if !p.rules.Validates {
		p.add(Change{Kind: ModifyColumn, Table: t, Column: new, OldColumn: old})
		return new
	}
	check := p.notNullCheck(t, new)
	p.add(Change{Kind: AddCheck, Table: t, Check: check, Column: new, phase: Contract})
	p.validate(t, check.Name, new.Name)
	required := new
	required.Type, required.Default, required.Comment, required.Collation = old.Type, old.Default, old.Comment, old.Collation
	p.add(Change{Kind: RequireColumn, Table: t, Column: required, OldColumn: old, Check: check})
	return required
}

// canChange refuses another type, unless it holds every value of the old one.
func (p *planner) canChange(t schema.Table, old, new schema.Column) bool {
	if (old.Generated != new.Generated || old.Virtual != new.Virtual) && !p.rules.Rebuilds {
		p.refuse(p.askerOf(t, new), t.Name+"."+new.Name+" would be computed in another way, for which every row has to be written again under a lock", "undo the change")
		return false
	}
	for _, c := range t.Columns { // error 0A000
		if old.Type != new.Type && strings.Contains(c.Generated, p.dialect.Quote(new.Name)) {
			p.refuse(p.askerOf(t, new), t.Name+"."+new.Name+" would change its type, and "+c.Name+" is generated from it", "undo the change, or drop "+c.Name+" first")
			return false
		}
	}
	if old.Type == new.Type && old.Collation == new.Collation {
		return true
	}
	if (new.Owner || new.Extra) && old.Collation == new.Collation {
		switch {
		case p.dialect.Widens(old.Type, new.Type):
			return true
		case p.dialect.Widens(new.Type, old.Type): // a loss
			return true
		}
	}
	asked, why := p.askerOf(t, new), "for which every row has to be written again under a lock"
	hint := "give the new column another name: adkgen adds it beside the old one, which stays until --allow-destructive"
	switch {
	case new.Extra:
		hint = "undo the change, or add a column of another name"
	case !new.Owner: // adkgen's own
		why, hint = "which adkgen does not do to a table that is there", "put "+asked.Key+" back as it was: it is for new tables"
	}
	p.refuse(asked, fmt.Sprintf("%s.%s would change from %s to %s, %s", t.Name, new.Name, strings.TrimSpace(old.Type+" "+old.Collation), strings.TrimSpace(new.Type+" "+new.Collation), why), hint)
	return false
}

// needsRebuild reports whether a database that can add indexes, and little
// else, has to copy a table.
func needsRebuild(before, after schema.Table) bool {
	for _, c := range before.Columns {
		if new := schema.ColumnOf(after, c.Name); new == nil || !sameColumn(c, *new) {
			return true
		}
	}
	goneKeys, addedKeys := difference(before.ForeignKeys, after.ForeignKeys)
	goneChecks, addedChecks := difference(before.Checks, after.Checks)
	goneUnique, addedUnique := difference(before.Unique, after.Unique)
	changes := len(goneKeys) + len(addedKeys) + len(goneChecks) + len(addedChecks) + len(goneUnique) + len(addedUnique)
	return changes > 0 || len(after.Columns) > len(before.Columns)
}

// sameColumn compares columns but for their roles.
func sameColumn(a, b schema.Column) bool { return a.WithRolesOf(b) == b }

// rebuild copies the tables that need it into new ones: with the sessions, the
// events that reference them. It gives the roles of those that it copies.
func (p *planner) rebuild(current []schema.Table) map[store.Role]bool {
	roles := map[store.Role]bool{}
	changed := map[string]bool{} // columns
	var c Change
	for _, before := range current {
		after := p.wanted.Table(before.Role)
		if after == nil || !needsRebuild(before, *after) && !(before.Role == store.RoleEvents && roles[store.RoleSessions]) {
			continue
		}
		if len(roles) == 0 {
			c = Change{Kind: RebuildTables, Table: *after}
		}
		roles[before.Role] = true
		c.OldTables, c.Tables = append(c.OldTables, before), append(c.Tables, *after)
		for _, old := range before.Columns {
			switch new := schema.ColumnOf(*after, old.Name); {
			case new == nil:
				c.Column, changed[old.Name] = old, true
			case !sameColumn(old, *new):
				p.canChange(*after, old, *new)
				c.Column, changed[old.Name] = *new, true
			}
		}
		for _, new := range after.Columns {
			if p.fills(before, new) {
				c.Expression, c.Column, changed[new.Name] = p.backfill, new, true
			} else if schema.ColumnOf(before, new.Name) == nil {
				p.canAdd(*after, new)
				c.Column, changed[new.Name] = new, true
			}
		}
	}
	if len(changed) > 1 {
		c.Column = schema.Column{} // the migration is named after the table alone
	}
	if len(roles) > 0 {
		p.add(c)
	}
	return roles
}

// group puts the changes into migrations. Where the database undoes DDL with its
// transaction, the changes of one table and phase go together; elsewhere each is
// a migration of its own, which has happened or not.
func (p *planner) group(next int) {
	if slices.ContainsFunc(p.changes, func(c Change) bool { return c.phase == Switch }) {
		for i := range p.changes {
			if p.changes[i].phase == Expand {
				p.changes[i].phase = Switch // the new program needs both, and the one of before does not run
			}
		}
	}
	slices.SortStableFunc(p.changes, func(a, b Change) int { return a.phase.Rank() - b.phase.Rank() })
	for _, c := range p.changes {
		noTransaction := c.Kind == Backfill || c.Kind == CopyStates && !p.rules.Rebuilds || p.rules.OnlineIndex && slices.Contains([]ChangeKind{AddIndex, DropIndex, BuildUnique, UnbuildUnique}, c.Kind)
		if last := len(p.Migrations) - 1; last >= 0 && p.rules.Transactional && !noTransaction && p.Migrations[last].takes(c) {
			p.Migrations[last].Changes = append(p.Migrations[last].Changes, c)
			continue
		}
		p.Migrations = append(p.Migrations, Migration{Number: next + len(p.Migrations), Phase: c.phase, Changes: []Change{c}, NoTransaction: noTransaction})
	}
	for i := range p.Migrations {
		p.Migrations[i].Name = p.Migrations[i].name()
	}
}
