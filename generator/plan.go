package generator

import (
	"fmt"
	"reflect"
	"strings"
)

// Migration is one numbered step from a schema to the next.
type Migration struct {
	Number  int
	Name    string   // what it does, in words joined by _
	Changes []Change // in the order of the way up
}

// Change is one difference between two schemas.
type Change struct {
	Create *Table // a table that is not there yet
}

// plan gives the migrations that lead from the locked schema to the wanted
// one; locked is nil before the first. Where no migration can be planned, it
// says what differs.
func plan(locked *Schema, wanted Schema, next int) (migrations []Migration, differences []string) {
	if locked != nil {
		return nil, schemaDifferences(*locked, wanted)
	}
	first := Migration{Number: next, Name: "create_adk_tables"}
	for i := range wanted.Tables {
		first.Changes = append(first.Changes, Change{Create: &wanted.Tables[i]})
	}
	return []Migration{first}, nil
}

// schemaDifferences lists what differs, a line each, by table and column.
func schemaDifferences(locked, wanted Schema) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if locked.Namespace != wanted.Namespace {
		add("the tables move from %s to %s", orNone(locked.Namespace), orNone(wanted.Namespace))
	}
	old := map[Role]Table{}
	for _, t := range locked.Tables {
		old[t.Role] = t
	}
	for _, table := range wanted.Tables {
		before, known := old[table.Role]
		delete(old, table.Role)
		if !known {
			add("table %s is new", table.Name)
			continue
		}
		if before.Name != table.Name {
			add("table %s becomes %s", before.Name, table.Name)
		}
		compare(add, "column "+table.Name+".", before.Columns, table.Columns, func(c Column) string { return c.Name }, describeColumn)
		compare(add, "foreign key ", before.ForeignKeys, table.ForeignKeys, func(k ForeignKey) string { return k.Name }, describeKey)
		compare(add, "index ", before.Indexes, table.Indexes, func(i Index) string { return i.Name }, func(i Index) string { return strings.Join(i.Columns, ", ") })
	}
	for _, table := range locked.Tables {
		if _, left := old[table.Role]; left {
			add("table %s goes away", table.Name)
		}
	}
	return lines
}

func orNone(name string) string {
	if name == "" {
		return "the connection's own schema"
	}
	return name
}

// compare lists what was added, removed or changed in a list of named things.
func compare[T any](add func(string, ...any), what string, before, after []T, name func(T) string, describe func(T) string) {
	old := map[string]T{}
	for _, b := range before {
		old[name(b)] = b
	}
	for _, a := range after {
		b, known := old[name(a)]
		delete(old, name(a))
		switch {
		case !known:
			add("%s%s is new: %s", what, name(a), describe(a))
		case !reflect.DeepEqual(a, b):
			add("%s%s changes from %s to %s", what, name(a), describe(b), describe(a))
		}
	}
	for _, b := range before {
		if _, left := old[name(b)]; left {
			add("%s%s goes away", what, name(b))
		}
	}
}

func describeColumn(c Column) string {
	words := []string{c.Type}
	if c.Collation != "" {
		words = append(words, c.Collation)
	}
	if c.NotNull {
		words = append(words, "NOT NULL")
	}
	if c.Default != "" {
		words = append(words, "DEFAULT "+c.Default)
	}
	return strings.Join(words, " ")
}

func describeKey(k ForeignKey) string {
	return fmt.Sprintf("%s (%s) ON DELETE %s ON UPDATE %s", k.Table, strings.Join(k.Referenced, ", "), k.OnDelete, k.OnUpdate)
}
