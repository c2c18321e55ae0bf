package plan

import (
	"reflect"
	"slices"

	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// apply gives the schema as it is when a change has run on the way up. Which
// column is the owner's, and which has retired, stays as it was: a plan that
// replaces the owner column has done so when its last migration has run.
func apply(s schema.Schema, c Change) schema.Schema {
	s.Tables = slices.Clone(s.Tables)
	switch c.Kind {
	case MoveTable:
		s.Namespace = c.NewName
		follow(s, c.Table.Name, func(k *schema.ForeignKey) { k.Namespace = c.NewName })
	case CreateTable:
		s.Tables = append(s.Tables, c.Table)
	case DropTable:
		s.Tables = slices.DeleteFunc(s.Tables, func(t schema.Table) bool { return t.Name == c.Table.Name })
	case RenameTable:
		s.Table(c.Table.Role).Name = c.NewName
		follow(s, c.OldName, func(k *schema.ForeignKey) { k.Table = c.NewName })
	case RebuildTables:
		for _, new := range c.Tables {
			t := s.Table(new.Role)
			*t = new.WithRolesOf(*t)
		}
	default:
		if t := s.Table(c.Table.Role); t != nil {
			*t = applyTo(*t, c)
		}
	}
	return s
}

// follow changes adkgen's own foreign keys to a table, which follow it.
func follow(s schema.Schema, table string, change func(*schema.ForeignKey)) {
	for i := range s.Tables {
		t := &s.Tables[i]
		t.ForeignKeys = slices.Clone(t.ForeignKeys)
		for j := range t.ForeignKeys {
			if k := &t.ForeignKeys[j]; t.Role == store.RoleEvents && k.Table == table {
				change(k)
			}
		}
	}
}

// applyTo gives the table as it is when a change of its columns, constraints or
// indexes has run.
func applyTo(t schema.Table, c Change) schema.Table {
	t.Columns, t.Indexes, t.Unique = slices.Clone(t.Columns), slices.Clone(t.Indexes), slices.Clone(t.Unique)
	t.Checks, t.ForeignKeys = slices.Clone(t.Checks), slices.Clone(t.ForeignKeys)
	dropCheck := func() {
		t.Checks = slices.DeleteFunc(t.Checks, func(k schema.Check) bool { return k.Name == c.Check.Name })
	}
	dropForeignKey := func(name string) {
		t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(k schema.ForeignKey) bool { return k.Name == name })
	}
	switch c.Kind {
	case RenameIndex, RenameConstraint:
		t.Rename(c.OldName, c.NewName)
	case AddColumn:
		t.Columns = append(t.Columns, c.Column.Besides(t.Owner()))
	case DropColumn:
		t.Columns = slices.DeleteFunc(t.Columns, func(other schema.Column) bool { return other.Name == c.Column.Name })
	case ModifyColumn, RequireColumn:
		if column := schema.ColumnOf(t, c.Column.Name); column != nil {
			modify(column, c.OldColumn, c.Column)
		}
		if c.Kind == RequireColumn {
			dropCheck() // it has served
		}
	case Backfill:
		schema.ColumnOf(t, c.Column.Name).Filled = c.Expression
	case AddIndex:
		t.Indexes = append(t.Indexes, c.Index)
	case DropIndex:
		t.Indexes = slices.DeleteFunc(t.Indexes, func(i schema.Index) bool { return i.Name == c.Index.Name })
	case AddUnique:
		t.Unique = append(t.Unique, c.Key)
	case DropUnique:
		t.Unique = slices.DeleteFunc(t.Unique, func(k schema.Key) bool { return k.Name == c.Key.Name })
	case AddCheck:
		t.Checks = append(t.Checks, c.Check)
	case DropCheck:
		dropCheck()
	case AddForeignKey:
		t.ForeignKeys = append(t.ForeignKeys, c.Reference)
	case DropForeignKey:
		dropForeignKey(c.Reference.Name)
	case ReplaceForeignKey:
		dropForeignKey(c.OldReference.Name)
		t.ForeignKeys = append(t.ForeignKeys, c.Reference)
	}
	return t
}

// modify changes what differs between two forms of a column, and nothing else:
// the column may have other changes behind it or before it.
func modify(c *schema.Column, from, to schema.Column) {
	column, old, new := reflect.ValueOf(c).Elem(), reflect.ValueOf(from), reflect.ValueOf(to)
	for i := range column.NumField() {
		if !old.Field(i).Equal(new.Field(i)) {
			column.Field(i).Set(new.Field(i))
		}
	}
}
