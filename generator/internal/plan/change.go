package plan

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// Migration is one numbered step from a schema to the next.
type Migration struct {
	Number  int
	Name    string   // what it does, in words joined by _
	Phase   Phase    // of all its changes
	Changes []Change // in the order of the way up
	// NoTransaction: the database refuses its one change inside a transaction.
	NoTransaction bool
}

// ChangeKind is a kind of change; the dialects' templates write each, as
// change_<kind>.
type ChangeKind string

// The kinds of change.
const (
	CreateNamespace  ChangeKind = "create_namespace"
	LeaveNamespace   ChangeKind = "leave_namespace" // the way down of CreateNamespace: nothing
	MoveTable        ChangeKind = "move_table"
	CreateTable      ChangeKind = "create_table"
	DropTable        ChangeKind = "drop_table"
	RenameTable      ChangeKind = "rename_table"
	RenameIndex      ChangeKind = "rename_index"
	RenameConstraint ChangeKind = "rename_constraint"
	AddColumn        ChangeKind = "add_column"
	DropColumn       ChangeKind = "drop_column"
	ModifyColumn     ChangeKind = "modify_column"
	RequireColumn    ChangeKind = "require_column" // NOT NULL, after a check has found no NULL
	AddIndex         ChangeKind = "add_index"
	DropIndex        ChangeKind = "drop_index"
	AddUnique        ChangeKind = "add_unique"
	DropUnique       ChangeKind = "drop_unique"
	BuildUnique      ChangeKind = "build_unique"   // the index that AddUnique then uses, where it is built online
	UnbuildUnique    ChangeKind = "unbuild_unique" // for the way down: DropUnique has dropped the index
	AddCheck         ChangeKind = "add_check"
	DropCheck        ChangeKind = "drop_check"
	AddForeignKey    ChangeKind = "add_foreign_key"
	DropForeignKey   ChangeKind = "drop_foreign_key"
	// ReplaceForeignKey puts one in the place of another of the same columns, so
	// that rows are held to one of them at any time.
	ReplaceForeignKey ChangeKind = "replace_foreign_key"
	Validate          ChangeKind = "validate"   // a foreign key or check that was added without a look at the rows
	Invalidate        ChangeKind = "invalidate" // the other way round: nothing
	Backfill          ChangeKind = "backfill"
	Unfill            ChangeKind = "unfill"           // the way down of Backfill: nothing
	CreateProcedure   ChangeKind = "create_procedure" // that Backfill calls, where loops are in procedures only
	DropProcedure     ChangeKind = "drop_procedure"
	// CopyStates copies the states of users from one table to another, which
	// keeps them in another way: for each owner, or for all of them.
	CopyStates    ChangeKind = "copy_states"
	RestoreStates ChangeKind = "restore_states" // its way down
	RebuildTables ChangeKind = "rebuild_tables"
)

// inverses are the kinds that undo others; what is not here is undone by the
// same kind, the other way round.
var inverses = map[ChangeKind]ChangeKind{
	CreateNamespace: LeaveNamespace, CreateTable: DropTable, AddColumn: DropColumn, AddIndex: DropIndex, AddUnique: DropUnique, BuildUnique: UnbuildUnique, Backfill: Unfill, CreateProcedure: DropProcedure, CopyStates: RestoreStates,
	AddCheck: DropCheck, AddForeignKey: DropForeignKey, Validate: Invalidate, RequireColumn: ModifyColumn,
}

func init() {
	for up, down := range inverses {
		if up != RequireColumn {
			inverses[down] = up
		}
	}
}

// Change is one step of a migration. Of the fields, those are set that its
// kind is about.
type Change struct {
	Kind      ChangeKind
	Namespace string       // where the table is when the change begins
	Table     schema.Table // as it is called when the change begins; for CreateTable, all of it
	OldName   string       // of what is renamed, or of the namespace that is left
	NewName   string
	Column    schema.Column
	OldColumn schema.Column // of ModifyColumn
	Index     schema.Index
	Key       schema.Key // of a UNIQUE constraint
	Check     schema.Check
	Reference schema.ForeignKey
	// OldReference is what Reference replaces.
	OldReference schema.ForeignKey
	// Expression fills Column where it is NULL, of Backfill, and of the way up of
	// RebuildTables, where it is of the owner column; the procedure has the name of Check.
	Expression string
	// Source is the table that CopyStates copies from, and Sessions the one that
	// tells the owners of a user.
	Source, Sessions schema.Table
	OldTables        []schema.Table // of RebuildTables, as they were
	Tables           []schema.Table // of RebuildTables, as they become

	phase Phase // set when the change is added to a plan
	// down undoes the change; nil for the inverse.
	down *Change
}

// Inverse gives the change that undoes this one.
func (c Change) Inverse() Change {
	if c.down != nil {
		return *c.down
	}
	down := c
	if kind, ok := inverses[c.Kind]; ok {
		down.Kind = kind
	}
	down.OldName, down.NewName = c.NewName, c.OldName
	down.OldTables, down.Tables = c.Tables, c.OldTables
	switch c.Kind {
	case ModifyColumn, RequireColumn:
		down.Column, down.OldColumn = c.OldColumn, c.Column
	case ReplaceForeignKey:
		down.Reference, down.OldReference = c.OldReference, c.Reference
	case RenameTable:
		down.Table.Name = c.NewName
	case MoveTable:
		down.Namespace = c.NewName
	case RebuildTables:
		down.Expression = "" // it is of the new column, and says nothing of the old one
	}
	return down
}

// isDestructive reports whether the change loses rows or values.
func (c Change) isDestructive() bool { return c.Kind == DropTable || c.Kind == DropColumn }

// standsAlone reports whether the change is a migration of its own: what it
// does has to be committed apart.
func (c Change) standsAlone() bool {
	return c.Kind == Validate || c.Kind == Invalidate || c.Kind == RequireColumn || c.Kind == CopyStates || c.isDestructive()
}

// isAboutAll reports whether the change belongs to one of the whole schema.
func (c Change) isAboutAll() bool {
	return slices.Contains([]ChangeKind{CreateNamespace, MoveTable, CreateTable, RenameTable, RenameIndex, RenameConstraint}, c.Kind)
}

// takes reports whether a change can join the migration.
func (m Migration) takes(c Change) bool {
	first := m.Changes[0]
	return !m.NoTransaction && m.Phase == c.phase && !first.standsAlone() && !c.standsAlone() &&
		(first.isAboutAll() && c.isAboutAll() || !first.isAboutAll() && !c.isAboutAll() && first.Table.Role == c.Table.Role)
}

// name says what the migration does, for the names of its files.
func (m Migration) name() string {
	first := m.Changes[0]
	for _, c := range m.Changes {
		switch {
		case c.isAboutAll() && c.Kind == CreateTable && c.Table.Role == store.RoleAppStates:
			return "create_scoped_state"
		case !c.isAboutAll() && c.Column.Name != first.Column.Name:
			return "change_" + string(first.Table.Role)
		}
	}
	return first.name()
}

// name says what a change does, for the name of its migration.
func (c Change) name() string {
	role := string(c.Table.Role)
	column := c.Column.Name
	part := strings.Join(c.Index.Columns, "_")
	loop := "backfill"
	if c.Source.Name != "" {
		loop, column = "copy", ""
	}
	words := map[ChangeKind][]string{
		CreateNamespace: {"move_adk_tables"}, MoveTable: {"move_adk_tables"}, CreateTable: {"create", role}, DropTable: {"drop", role},
		RenameTable: {"rename", role}, RenameIndex: {"rename_index", role}, RenameConstraint: {"rename_constraint", role},
		AddColumn: {"add", role, column}, DropColumn: {"drop", role, column}, ModifyColumn: {"change", role, column}, RequireColumn: {"require", role, column},
		AddIndex: {"index", role, part}, DropIndex: {"drop_index", role, part},
		AddUnique: {"unique", role, strings.Join(c.Key.Columns, "_")}, DropUnique: {"drop_unique", role, strings.Join(c.Key.Columns, "_")},
		BuildUnique: {"index", role, strings.Join(c.Key.Columns, "_")}, UnbuildUnique: {"drop_index", role, strings.Join(c.Key.Columns, "_")},
		AddCheck: {"check", role, column}, DropCheck: {"drop_check", role, column},
		AddForeignKey: {"reference", role, strings.Join(c.Reference.Columns, "_")}, DropForeignKey: {"drop_reference", role, strings.Join(c.Reference.Columns, "_")},
		ReplaceForeignKey: {"change_reference", role, strings.Join(c.Reference.Columns, "_")},
		Backfill:          {"backfill", role, column}, CreateProcedure: {"prepare_" + loop, role, column}, DropProcedure: {"after_" + loop, role, column}, CopyStates: {"copy", role},
		Validate: {"validate", role, column}, Invalidate: {"before_dropping", role, column}, RebuildTables: {"change", role, column},
	}[c.Kind]
	return FileWord(strings.TrimSuffix(strings.Join(words, "_"), "_"))
}

// FileWord makes a word for a file's name: lower case, ASCII letters and digits.
func FileWord(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, text)
}

// CreatesAll reports whether the migration is the one that every target begins
// with.
func (m Migration) CreatesAll() bool {
	return m.Name == "create_adk_tables"
}

// setsNull reports whether the foreign key of a change writes NULL.
func (c Change) setsNull() bool {
	return c.Reference.OnDelete == dialects.SetNull || c.Reference.OnUpdate == dialects.SetNull
}
