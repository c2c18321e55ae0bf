package generator

import (
	"reflect"
	"slices"
)

// apply gives the schema as it is when a change has run on the way up. Which
// column is the owner's, and which has retired, stays as it was: a plan that
// replaces the owner column has done so when its last migration has run.
func apply(s Schema, c Change) Schema {
	s.Tables = slices.Clone(s.Tables)
	switch c.Kind {
	case MoveTable:
		s.Namespace = c.NewName
		follow(s, c.Table.Name, func(k *ForeignKey) { k.Namespace = c.NewName })
	case CreateTable:
		s.Tables = append(s.Tables, c.Table)
	case DropTable:
		s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return t.Name == c.Table.Name })
	case RenameTable:
		s.table(c.Table.Role).Name = c.NewName
		follow(s, c.OldName, func(k *ForeignKey) { k.Table = c.NewName })
	case RebuildTables:
		for _, new := range c.Tables {
			t := s.table(new.Role)
			*t = new.withRolesOf(*t)
		}
	default:
		if t := s.table(c.Table.Role); t != nil {
			*t = applyTo(*t, c)
		}
	}
	return s
}

// follow changes adkgen's own foreign keys to a table, which follow it.
func follow(s Schema, table string, change func(*ForeignKey)) {
	for i := range s.Tables {
		t := &s.Tables[i]
		t.ForeignKeys = slices.Clone(t.ForeignKeys)
		for j := range t.ForeignKeys {
			if k := &t.ForeignKeys[j]; t.Role == RoleEvents && k.Table == table {
				change(k)
			}
		}
	}
}

// applyTo gives the table as it is when a change of its columns, constraints or
// indexes has run.
func applyTo(t Table, c Change) Table {
	t.Columns, t.Indexes, t.Unique = slices.Clone(t.Columns), slices.Clone(t.Indexes), slices.Clone(t.Unique)
	t.Checks, t.ForeignKeys = slices.Clone(t.Checks), slices.Clone(t.ForeignKeys)
	dropCheck := func() {
		t.Checks = slices.DeleteFunc(t.Checks, func(k Check) bool { return k.Name == c.Check.Name })
	}
	dropForeignKey := func(name string) {
		t.ForeignKeys = slices.DeleteFunc(t.ForeignKeys, func(k ForeignKey) bool { return k.Name == name })
	}
	switch c.Kind {
	case RenameIndex, RenameConstraint:
		t.rename(c.OldName, c.NewName)
	case AddColumn:
		t.Columns = append(t.Columns, c.Column.besides(t.owner()))
	case DropColumn:
		t.Columns = slices.DeleteFunc(t.Columns, func(other Column) bool { return other.Name == c.Column.Name })
	case ModifyColumn, RequireColumn:
		if column := column(t, c.Column.Name); column != nil {
			modify(column, c.OldColumn, c.Column)
		}
		if c.Kind == RequireColumn {
			dropCheck() // it has served
		}
	case Backfill:
		column(t, c.Column.Name).Filled = c.Expression
	case AddIndex:
		t.Indexes = append(t.Indexes, c.Index)
	case DropIndex:
		t.Indexes = slices.DeleteFunc(t.Indexes, func(i Index) bool { return i.Name == c.Index.Name })
	case AddUnique:
		t.Unique = append(t.Unique, c.Key)
	case DropUnique:
		t.Unique = slices.DeleteFunc(t.Unique, func(k Key) bool { return k.Name == c.Key.Name })
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
func modify(c *Column, from, to Column) {
	column, old, new := reflect.ValueOf(c).Elem(), reflect.ValueOf(from), reflect.ValueOf(to)
	for i := range column.NumField() {
		if !old.Field(i).Equal(new.Field(i)) {
			column.Field(i).Set(new.Field(i))
		}
	}
}
