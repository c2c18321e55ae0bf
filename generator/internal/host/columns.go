package host

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// The user's own columns and indexes on adkgen's tables.

// checkOwnName refuses a column of a name that adkgen's own table has.
func (c *referenceCheck) checkOwnName(d dialects.Dialect, role store.Role, o *dialects.Owner) {
	bare := config.Standard(d)
	bare.ScopedState = true
	own, _ := store.TableOf(role) // without the owner, which is a name of the user's
	for _, column := range schema.Wanted(bare).Table(own.Role).Columns {
		if strings.EqualFold(column.Name, o.Name) {
			name := strings.ToLower(column.Name)
			c.refuse(o.At.Name, "the "+strings.ReplaceAll(string(role), "_", " ")+" table has a column "+name+" of its own", "choose another name", nil)
		}
	}
}

// checkColumns finds what only several columns of a table can do wrong, and
// columns that adkgen's own INSERTs would leave without a value.
func checkColumns(s problem.Source, t config.Target) problem.Problems {
	var problems problem.Problems
	seen := map[string]bool{}
	for _, d := range t.Definitions() {
		key := string(d.Role) + "\x00" + strings.ToLower(d.Column.Name)
		refuse := func(at dialects.Span, message, hint string) {
			problems = append(problems, s.Problem(d.Node, at.Offset, at.Length, d.Key, message, hint))
		}
		if seen[key] {
			refuse(d.Column.At.Name, "the table has two columns "+d.Column.Name, "give each a name of its own")
		}
		seen[key] = true
		if d.Key == "owner_id_column" { // the owner is in the key of the states, too
			seen[string(store.RoleOwnerStates)+"\x00"+strings.ToLower(d.Column.Name)] = true
		}
		for _, name := range d.Column.Uses {
			checkUse(t, d, name, refuse)
		}
		if d.Key == "columns" && d.Column.NotNull && d.Column.Default == "" && d.Column.Generated == "" {
			refuse(d.Column.At.NotNull, "adkgen's queries do not write "+d.Column.Name+", so that it has to have a DEFAULT or be NULL", "add a DEFAULT, or drop NOT NULL")
		}
	}
	return problems
}

// checkUse checks a column that a generated one looks at: it is in the table,
// and not generated itself.
func checkUse(t config.Target, d config.Definition, name string, refuse func(at dialects.Span, message, hint string)) {
	table := schema.Wanted(t).Table(d.Role)
	if table == nil {
		return
	}
	used := schema.ColumnOf(*table, name)
	switch {
	case used == nil:
		refuse(d.Column.At.Generated, table.Name+" has no column "+name, "its columns are "+table.ColumnNames(func(c schema.Column) bool { return c.Generated == "" }))
	case used.Generated != "":
		refuse(d.Column.At.Generated, name+" is generated itself, and a generated column cannot look at another (error 42P17)", "repeat the expression of "+name)
	}
}

// CheckIndexes checks the user's own indexes against the wanted tables.
func CheckIndexes(s problem.Source, t config.Target, wanted schema.Schema) problem.Problems {
	var problems problem.Problems
	seen := map[string]bool{}
	for _, i := range t.OwnIndexes {
		table := wanted.Table(i.Role)
		refuse := func(message, hint string) {
			problems = append(problems, s.Problem(i.Node, 0, len(i.Node.Value), "indexes", message, hint))
		}
		key := fmt.Sprint(i.Role, i.Columns)
		if seen[key] {
			refuse("the index stands here twice", "keep one of the two")
			continue
		}
		seen[key] = true
		bytes := 0
		for at, name := range i.Columns {
			column := schema.ColumnOf(*table, name)
			switch {
			case column == nil:
				refuse(table.Name+" has no column "+name, "its columns are "+table.ColumnNames(func(schema.Column) bool { return true }))
			case slices.Contains(i.Columns[:at], name):
				refuse("the column "+name+" stands in the index twice", "keep one of the two")
			case isUnindexed(t, *table, name):
				refuse("no index can be on "+name+": its type is "+column.Type, "choose other columns")
			default:
				bytes += schema.KeyBytes(column.Type)
			}
		}
		if limit := t.Dialect.Traits().IndexBytes; limit > 0 && bytes > limit {
			refuse(fmt.Sprintf("the columns of the index can have %d bytes together, and %s allows %d", bytes, t.Dialect.Traits().Title, limit), "choose fewer or shorter columns")
		}
		if name, taken := ownIndexName(*table, i); taken {
			refuse("adkgen's own index "+name+" has the name that this one would get", "remove it: that index serves")
		}
	}
	return problems
}

// CheckOverrides refuses an override for a column that sqlc does not find: it would
// say nothing, and give the column its own type.
func CheckOverrides(s problem.Source, t config.Target, wanted schema.Schema, locked *lock.Target) (problems problem.Problems) {
	if t.SQLC == nil {
		return nil
	}
	tables := wanted.Tables
	others := t.Migrations.Start > 0 && !t.SharesQueries // tables of the user's own among what sqlc reads
	if locked != nil {
		tables = slices.Concat(tables, locked.Schema.Tables) // what is kept
		others = others || slices.ContainsFunc(locked.Migrations, func(m lock.Migration) bool { return m.Custom })
	}
	qualified := wanted.Namespace != "" && wanted.Namespace != "public" && !t.SharesQueries // public is sqlc's default
	for _, o := range t.SQLC.Overridden {
		parts := strings.Split(o.Column, ".")
		refuse := func(message, hint string) {
			problems = append(problems, s.Problem(o.Node, 0, len(o.Node.Value), "column", message, hint))
		}
		if len(parts) < 2 || len(parts) > 4 {
			refuse(strconv.Quote(o.Column)+" does not name a table and its column", "write column: "+wanted.Table(store.RoleSessions).Name+".title")
			continue
		}
		name, of := parts[len(parts)-1], parts[len(parts)-2]
		if qualified && (len(parts) == 2 || !sqlcMatches(parts[len(parts)-3], wanted.Namespace)) {
			if !others {
				refuse("the tables are in "+wanted.Namespace+", which has to be said for sqlc", "write column: "+wanted.Namespace+"."+of+"."+name)
			}
			continue
		}
		var there []string
		found, known := false, false
		for _, table := range tables {
			if !slices.Contains(there, table.Name) {
				there = append(there, table.Name)
			}
			if sqlcMatches(of, table.Name) {
				known = true
				found = found || slices.ContainsFunc(table.Columns, func(c schema.Column) bool { return sqlcMatches(name, c.Name) })
			}
		}
		switch {
		case !known && !others:
			refuse("there is no table "+of+" for sqlc to read", "the tables are "+strings.Join(there, ", "))
		case known && !found && !others:
			i := slices.IndexFunc(tables, func(table schema.Table) bool { return strings.EqualFold(table.Name, of) })
			if i < 0 { // a pattern
				refuse("no column of "+strings.Join(there, ", ")+" fits "+o.Column, "write the name of a table and its column")
				continue
			}
			refuse(of+" has no column "+name, "its columns are "+tables[i].ColumnNames(func(schema.Column) bool { return true }))
		}
	}
	return problems
}

// sqlcMatches reports whether sqlc's pattern is for a name: * stands for any text,
// ? for a character (sqlc: internal/pattern). Cases do not count here, for sqlc
// changes those of some dialects.
func sqlcMatches(pattern, name string) bool {
	return regexp.MustCompile("(?i)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$").MatchString(name)
}

// CheckStateKey refuses an owner that is too long for the key of the users' states.
func CheckStateKey(s problem.Source, t config.Target, wanted schema.Schema) problem.Problems {
	table, limit := wanted.Table(store.RoleOwnerStates), t.Dialect.Traits().IndexBytes
	if table == nil || limit == 0 {
		return nil
	}
	others := 0
	owner := table.Owner()
	for _, name := range table.PrimaryKey.Columns {
		if name != owner.Name {
			others += schema.KeyBytes(schema.ColumnOf(*table, name).Type)
		}
	}
	bytes := schema.KeyBytes(owner.Type)
	if others+bytes <= limit {
		return nil
	}
	fits := limit - others
	if length, _ := schema.LengthOf(owner.Type); length > 0 && bytes > length {
		fits /= bytes / length
	}
	at := t.Owner.At.Type
	return problem.Problems{s.Problem(t.Places["owner_id_column"], at.Offset, at.Length, "owner_id_column",
		fmt.Sprintf("%s can have %d bytes, and is part of the key of %s, where %s allows %d bytes: app_name and user_id take %d of them", owner.Name, bytes, table.Name, t.Dialect.Traits().Title, limit, others),
		fmt.Sprintf("write a length of at most %d, or scoped_state: false", fits))}
}

// ownIndexName gives the name that an index of the user's gets, and whether it
// stands in the table twice.
func ownIndexName(table schema.Table, own config.ExtraIndex) (name string, taken bool) {
	for _, i := range table.Indexes {
		if i.Kind == schema.IndexExtra && slices.Equal(i.Columns, own.Columns) {
			name = i.Name
		}
	}
	for _, k := range table.Unique {
		if own.Unique && slices.Equal(k.Columns, own.Columns) {
			name = cmp.Or(name, k.Name)
		}
	}
	count := 0
	for _, i := range table.Indexes {
		if i.Name == name {
			count++
		}
	}
	for _, k := range table.Unique {
		if k.Name == name {
			count++
		}
	}
	return name, count > 1
}

// isUnindexed reports whether no index can be on a column.
func isUnindexed(t config.Target, table schema.Table, name string) bool {
	for _, c := range t.Columns {
		if c.Role == table.Role && c.Column.Name == name {
			return c.Column.Unindexed
		}
	}
	own, _ := store.TableOf(table.Role)
	return slices.ContainsFunc(own.Documents, func(document string) bool { return strings.EqualFold(name, document) })
}
