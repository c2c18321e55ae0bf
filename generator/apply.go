package generator

import (
	"reflect"
	"slices"
)

// with gives the schema as it is when a change has run on the way up. Which
// column is the owner's, and which has retired, stays as it was: a plan that
// replaces the owner column has done so when its last migration has run.
func (s Schema) with(c Change) Schema {
	s.Tables = slices.Clone(s.Tables)
	switch c.Kind {
	case MoveTable:
		s.Namespace = c.NewName
		s.follow(c.Table.Name, func(k *ForeignKey) { k.Namespace = c.NewName })
	case CreateTable:
		s.Tables = append(s.Tables, c.Table)
	case DropTable:
		s.Tables = slices.DeleteFunc(s.Tables, func(t Table) bool { return t.Name == c.Table.Name })
	case RenameTable:
		s.table(c.Table.Role).Name = c.NewName
		s.follow(c.OldName, func(k *ForeignKey) { k.Table = c.NewName })
	case RebuildTables:
		for _, new := range c.Tables {
			t := s.table(new.Role)
			*t = new.withRolesOf(*t)
		}
	default:
		if t := s.table(c.Table.Role); t != nil {
			*t = t.with(c)
		}
	}
	return s
}

// follow changes adkgen's own foreign keys to a table, which follow it.
func (s Schema) follow(table string, change func(*ForeignKey)) {
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

// with gives the table as it is when a change of its columns, constraints or
// indexes has run.
func (t Table) with(c Change) Table {
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

// rename gives an index or constraint of the table, which is a copy, another name.
func (t *Table) rename(old, new string) {
	names := []*string{&t.PrimaryKey.Name}
	for i := range t.Indexes {
		names = append(names, &t.Indexes[i].Name)
	}
	for i := range t.Unique {
		names = append(names, &t.Unique[i].Name)
	}
	for i := range t.Checks {
		names = append(names, &t.Checks[i].Name)
	}
	for i := range t.ForeignKeys {
		names = append(names, &t.ForeignKeys[i].Name)
	}
	for _, name := range names {
		if *name == old {
			*name = new
		}
	}
}

// besides gives a column that is added to a table with an owner column, nil for
// none: there is one at a time.
func (c Column) besides(owner *Column) Column {
	c.Owner = c.Owner && owner == nil
	return c
}

// withRolesOf gives the columns of a copied table the roles that they had.
func (t Table) withRolesOf(old Table) Table {
	t.Columns = slices.Clone(t.Columns)
	for i, c := range t.Columns {
		if was := column(old, c.Name); was != nil {
			t.Columns[i].Owner, t.Columns[i].Retired = was.Owner, was.Retired
		} else {
			t.Columns[i] = c.besides(old.owner())
		}
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
