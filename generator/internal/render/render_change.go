package render

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
	"github.com/adkgen/adkgen/templates"
)

// changeView is what the template of a change sees. Names are quoted where
// they have to be.
type changeView struct {
	Stored            plan.Change // with the names as the catalog has them, without quotes
	Name              string      // of the table, with its namespace
	Bare              string      // without
	OldName, NewName  string
	Table             tableView
	Column            columnView
	OldColumn         columnView
	TypeChanges       bool // Column has another type than OldColumn
	Narrows           bool // and one that does not hold all of its values
	Requires          bool // Column is NOT NULL, and OldColumn is not
	Copies            bool // the database can do it only by copying the table
	Length            int  // how many characters a text in Column has at most; 0 for another type
	Index             indexView
	Key               keyView
	Check             schema.Check
	Reference         foreignKeyView
	OldReference      foreignKeyView // that Reference replaces
	Between           foreignKeyView // Reference, by the name that it has while the old one has its own; where they are the same
	OneStatement      bool           // the file can have one statement only
	Copy              copyView       // of states
	Copied, Restored  string         // the SELECTs of what is copied, up and down
	StateType         string         // of the column that a copy writes
	Expression        string         // what Column is filled with
	Procedure         string         // with its namespace
	DropsCheck        string         // the words that do it
	ForShare          string         // the words that lock rows for reading
	MergeDepth        int            // how deep JSON is nested at most that the database merges; 0 for no bound
	KeyCollation      string         // the clause for the collation of keys
	Exists, NotExists string         // before a name, where that makes DDL that can be run again
	Tool              templates.Tool
	Delimiter         string        // the tool's, where it wants one in this file
	Rebuilt           []rebuiltView // the parent first
	Dropped           []rebuiltView // the other way round

	qualified func(name string) string
}

// Qualified writes a name with the namespace of the table.
func (v changeView) Qualified(name string) string { return v.qualified(name) }

// Gone are the tables that the change drops, also those that a copy replaces.
func (v changeView) Gone() []tableView {
	if len(v.Rebuilt) == 0 {
		return []tableView{v.Table}
	}
	var tables []tableView
	for _, t := range v.Rebuilt {
		tables = append(tables, t.Old)
	}
	return tables
}

// copyView is what a copy of states looks at: tables, and the owner columns that
// they have.
type copyView struct {
	From, Sessions      string
	FromOwner, ToOwner  string // "" for none
	ToType, ToCollation string // of ToOwner
}

// rebuiltView is a table that is copied. New has the name of the copy.
type rebuiltView struct {
	Old, New tableView
	Shared   []string // the columns that are copied
	Filled   []string // what they are copied from
	Required []string // of these, those that were NULL perhaps, and may not be
	Empty    []string // the columns that no row has a value for, and that may not be NULL
}

// fillChanges renders the changes of a migration, up and down.
func (r Renderer) fillChanges(v *view, m plan.Migration) error {
	var up, down []string
	for _, c := range m.Changes {
		text, err := r.change(c, m.NoTransaction)
		if err != nil {
			return err
		}
		up = append(up, text)
		v.HasBlock = v.HasBlock || r.hasBlock(c)
		if (c.Kind == plan.AddForeignKey || c.Kind == plan.ReplaceForeignKey) && !r.isOwn(c.Reference.Table) {
			v.Requires = append(v.Requires, r.requirement(c.Reference))
		}
		if c.Kind == plan.CreateTable {
			v.Requires = append(v.Requires, r.requires(c.Table)...)
		}
	}
	for _, c := range slices.Backward(m.Changes) {
		text, err := r.change(c.Inverse(), m.NoTransaction)
		if err != nil {
			return err
		}
		down = append(down, text)
	}
	v.UpSQL, v.DownSQL = strings.Join(up, "\n"), strings.Join(down, "\n")
	lines := r.sentences(m)
	v.Summary = strings.Join(lines, "\n-- ")
	v.SummaryDown = "Undoes: " + strings.Join(lines, "\n--         ")
	return nil
}

// LooksAtValues reports whether some of the column's values may not be what the
// column becomes.
func (v changeView) LooksAtValues() bool { return v.Narrows || v.Requires }

// hasBlock reports whether a change, or what undoes it, has a statement with
// others in it.
func (r Renderer) hasBlock(c plan.Change) bool {
	switch c.Kind {
	case plan.CreateProcedure, plan.DropProcedure:
		return true
	case plan.AddForeignKey, plan.DropForeignKey, plan.ReplaceForeignKey:
		return r.traits.Evolution.ReplacesForeignKeys
	case plan.ModifyColumn: // there and back, one of the two looks at values
		return r.traits.Evolution.ModifiesInProcedures && (c.Column.Type != c.OldColumn.Type || c.Column.NotNull != c.OldColumn.NotNull)
	case plan.Backfill:
		return !r.traits.Evolution.LoopsInProcedures
	case plan.CopyStates:
		return !r.traits.Evolution.LoopsInProcedures && !r.traits.Evolution.Rebuilds
	case plan.MoveTable:
		return c.OldName == "" // its way down
	}
	return false
}

// sentence says what a change does.
func (r Renderer) sentence(c plan.Change) string {
	table, column := r.quote(c.Table.Name), r.quote(c.Column.Name)
	switch c.Kind {
	case plan.CreateNamespace, plan.MoveTable:
		from := "the connection's own schema"
		if c.OldName != "" {
			from = r.quote(c.OldName)
		}
		return "Moves the ADK tables from " + from + " to " + r.quote(c.NewName) + "."
	case plan.CreateTable:
		if c.Table.Role == store.RoleOwnerStates {
			return "Creates the table in which ADK keeps the states of users, for each " + r.quote(c.Table.OwnerName()) + "."
		}
		return "Creates the tables in which ADK keeps scoped state."
	case plan.DropTable:
		return "Drops " + table + "."
	case plan.RenameTable:
		return "Renames " + r.quote(c.OldName) + " to " + r.quote(c.NewName) + ", and what is named after it."
	case plan.RenameIndex, plan.RenameConstraint:
		return "Renames " + r.quote(c.OldName) + " to " + r.quote(c.NewName) + "."
	case plan.AddColumn:
		return "Adds the column " + column + " to " + table + "."
	case plan.DropColumn:
		return "Drops the column " + column + " of " + table + "."
	case plan.ModifyColumn:
		return "Changes the column " + column + " of " + table + "."
	case plan.RequireColumn:
		return "Makes the column " + column + " of " + table + " NOT NULL."
	case plan.AddIndex:
		return "Adds the index " + r.quote(c.Index.Name) + "."
	case plan.DropIndex:
		return "Drops the index " + r.quote(c.Index.Name) + "."
	case plan.AddUnique:
		return "Adds the unique key " + r.quote(c.Key.Name) + "."
	case plan.DropUnique:
		return "Drops the unique key " + r.quote(c.Key.Name) + "."
	case plan.BuildUnique:
		return "Builds the index of the unique key " + r.quote(c.Key.Name) + "."
	case plan.UnbuildUnique:
		return "Drops the index of the unique key " + r.quote(c.Key.Name) + ", if it is still there."
	case plan.AddCheck:
		return "Adds the check " + r.quote(c.Check.Name) + "."
	case plan.DropCheck:
		if c.Column.NotNull { // of a column that was made NULL: the check is for the way down
			return "Does nothing; on the way down, adds " + r.quote(c.Check.Name) + ", so that " + column + " can be NOT NULL again."
		}
		return "Drops the check " + r.quote(c.Check.Name) + "."
	case plan.AddForeignKey:
		return "Adds the foreign key " + r.quote(c.Reference.Name) + "."
	case plan.DropForeignKey:
		return "Drops the foreign key " + r.quote(c.Reference.Name) + "."
	case plan.ReplaceForeignKey:
		if c.OldReference.Name != c.Reference.Name {
			return "Replaces the foreign key " + r.quote(c.OldReference.Name) + " with " + r.quote(c.Reference.Name) + "."
		}
		return "Changes the foreign key " + r.quote(c.Reference.Name) + "."
	case plan.Backfill:
		return "Fills " + column + " of the sessions that have none, in batches. It can be stopped, and run again."
	case plan.CopyStates:
		if r.traits.Evolution.Rebuilds {
			return "Copies the states of users from " + r.quote(c.Source.Name) + " to " + table + "."
		}
		return "Copies the states of users from " + r.quote(c.Source.Name) + " to " + table + ", in batches. It can be stopped, and run again."
	case plan.CreateProcedure, plan.DropProcedure:
		if c.Source.Name != "" {
			verb := map[plan.ChangeKind]string{plan.CreateProcedure: "Creates the procedure that copies", plan.DropProcedure: "Drops the procedure that has copied"}[c.Kind]
			return verb + " the states of users to " + table + "."
		}
		if c.Kind == plan.DropProcedure {
			return "Drops the procedure that has filled " + column + "."
		}
		return "Creates the procedure that fills " + column + " of the sessions that have none."
	case plan.Invalidate:
		return "Does nothing; on the way down, validates " + r.quote(c.NewName) + ", which is dropped next."
	case plan.Validate:
		return "Validates " + r.quote(c.NewName) + " for the rows that were there before it."
	}
	var names []string // of RebuildTables
	for _, t := range c.Tables {
		names = append(names, r.quote(t.Name))
	}
	return "Copies " + strings.Join(names, ", ") + " into new tables, to change columns or constraints."
}

// change renders one change.
func (r Renderer) change(c plan.Change, alone bool) (string, error) {
	table := c.Table
	v := changeView{
		Stored: c, Name: r.qualified(c.Namespace, table.Name), Bare: r.quote(table.Name), OldName: r.quote(c.OldName), NewName: r.quote(c.NewName),
		Table: r.table(c.Namespace, table, false), Column: r.column(c.Column), OldColumn: r.column(c.OldColumn),
		Narrows:     c.OldColumn.Type != "" && !r.target.Dialect.Widens(c.OldColumn.Type, c.Column.Type),
		Requires:    c.Column.NotNull && !c.OldColumn.NotNull,
		Length:      schema.Characters(c.Column.Type),
		TypeChanges: c.Column.Type != c.OldColumn.Type || c.Column.Collation != c.OldColumn.Collation,
		Index:       r.index(c.Namespace, r.qualified(c.Namespace, table.Name), c.Index), Key: r.key(table, c.Key),
		Check: schema.Check{Name: r.quote(c.Check.Name), Column: r.quote(c.Check.Column), Expression: c.Check.Expression}, Reference: r.foreignKey(c.Reference), OldReference: r.foreignKey(c.OldReference),
		OneStatement: alone && r.Tool().OnePiece, Tool: r.Tool(),
		DropsCheck: r.traits.Evolution.DropCheck, ForShare: r.traits.Evolution.ForShare, MergeDepth: r.traits.Evolution.MergeDepth, KeyCollation: r.traits.Evolution.KeyCollation, Exists: r.traits.Evolution.Exists, NotExists: r.traits.Evolution.NotExists,
		Expression: c.Expression, Procedure: r.qualified(c.Namespace, c.Check.Name),
		qualified: func(name string) string {
			return dialects.Qualified(func(s string) string { return s }, namespaceOf(r, c), name)
		},
	}
	if r.hasBlock(c) {
		v.Delimiter = v.Tool.Delimiter
	}
	copied := r.traits.Evolution.RequiresByCopy
	v.Copies = v.Narrows || v.Requires && copied != "" && strings.HasPrefix(c.Column.Type, copied)
	if c.Kind == plan.ModifyColumn {
		v.Procedure = r.qualified(c.Namespace, schema.DerivedName(r.target.Dialect, table.Name, c.Column.Name, "change"))
	}
	if c.Source.Name != "" {
		v.Copy = copyView{From: r.qualified(c.Namespace, c.Source.Name), Sessions: r.qualified(c.Namespace, c.Sessions.Name), ToOwner: r.quote(c.Table.OwnerName())}
		if key := c.Source.PrimaryKey.Columns; len(key) > 2 {
			v.Copy.FromOwner = r.quote(key[2])
		}
		if owner := c.Table.Owner(); owner != nil {
			v.Copy.ToType, v.Copy.ToCollation = owner.Type, owner.Collation
		}
		var err error
		if v.Copied, err = r.render("copied_states", v); err != nil {
			return "", err
		}
		if v.Restored, err = r.render("restored_states", v); err != nil {
			return "", err
		}
		v.StateType = schema.ColumnOf(c.Table, r.target.Dialect.Fold("state")).Type
	}
	if c.Kind == plan.ReplaceForeignKey && c.Reference.Name == c.OldReference.Name {
		between := c.Reference
		between.Name = schema.DerivedName(r.target.Dialect, between.Name, "new")
		v.Between = r.foreignKey(between)
	}
	for i, new := range c.Tables {
		v.Rebuilt = append(v.Rebuilt, r.rebuilt(c, c.OldTables[i], new))
	}
	v.Dropped = slices.Clone(v.Rebuilt)
	slices.Reverse(v.Dropped)
	return r.render("change_"+string(c.Kind), v)
}

func namespaceOf(r Renderer, c plan.Change) string {
	if c.Namespace == "" {
		return ""
	}
	return r.quote(c.Namespace)
}

// rebuilt makes the view of a copied table: it and the tables that it
// references have a name of their own until the old ones are gone.
func (r Renderer) rebuilt(c plan.Change, old, new schema.Table) rebuiltView {
	v := rebuiltView{Old: r.table(c.Namespace, old, false)}
	copied := func(name string) string { return schema.DerivedName(r.target.Dialect, name, "new") }
	new.ForeignKeys = slices.Clone(new.ForeignKeys)
	for i, k := range new.ForeignKeys {
		for _, t := range c.Tables {
			if k.Table == t.Name {
				new.ForeignKeys[i].Table = copied(k.Table)
			}
		}
	}
	for _, to := range new.Columns {
		from := schema.ColumnOf(old, to.Name)
		value := r.quote(to.Name)
		if to.Generated != "" {
			continue
		}
		switch filled := c.Expression != "" && to.Owner && to.NotNull; {
		case from == nil && !filled:
			if to.NotNull && (to.Default == "" || to.Default == "NULL") {
				v.Empty = append(v.Empty, value)
			}
			continue
		case from == nil:
			value = c.Expression
		case filled && !from.NotNull:
			value = "COALESCE(" + value + ", " + c.Expression + ")"
		case to.NotNull && !from.NotNull:
			v.Required = append(v.Required, value)
		}
		v.Shared, v.Filled = append(v.Shared, r.quote(to.Name)), append(v.Filled, value)
	}
	new.Name = copied(new.Name)
	v.New = r.table(c.Namespace, new, false)
	return v
}

// sentences say what the migration does, a line each.
func (r Renderer) sentences(m plan.Migration) []string {
	var lines []string
	renamed := false
	for _, c := range m.Changes {
		renamed = renamed || c.Kind == plan.RenameTable
		if renamed && (c.Kind == plan.RenameIndex || c.Kind == plan.RenameConstraint) {
			continue // said of the table
		}
		if line := r.sentence(c); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
