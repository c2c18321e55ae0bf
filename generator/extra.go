package generator

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"gopkg.in/yaml.v3"
)

// The user's own columns and indexes on adkgen's tables.

// definition is a column definition in adkgen.yaml: the owner column, or one of
// the user's own.
type definition struct {
	role   Role
	column *dialects.Owner
	key    string
	node   *yaml.Node
}

// definitions are those of a target.
func (t *Target) definitions() []definition {
	var list []definition
	if t.Owner != nil {
		list = append(list, definition{RoleSessions, t.Owner, "owner_id_column", t.places["owner_id_column"]})
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		list = append(list, definition{c.Role, &c.Column, "columns", c.node})
	}
	return list
}

// checkOwnName refuses a column of a name that adkgen's own table has.
func (c *referenceCheck) checkOwnName(d dialects.Dialect, role Role, o *dialects.Owner) {
	bare := standardTarget(d)
	bare.ScopedState = true
	if role == RoleOwnerStates { // but for the owner, which is a name of the user's
		role = RoleUserStates
	}
	for _, column := range wantedSchema(bare).table(role).Columns {
		if strings.EqualFold(column.Name, o.Name) {
			name := strings.ToLower(column.Name)
			c.refuse(o.At.Name, "the "+strings.ReplaceAll(string(role), "_", " ")+" table has a column "+name+" of its own", "choose another name", nil)
		}
	}
}

// checkColumns finds what only several columns of a table can do wrong, and
// columns that adkgen's own INSERTs would leave without a value.
func (g *generation) checkColumns(t *Target) Problems {
	var problems Problems
	seen := map[string]bool{}
	for _, d := range t.definitions() {
		key := string(d.role) + "\x00" + strings.ToLower(d.column.Name)
		refuse := func(at dialects.Span, message, hint string) {
			problems = append(problems, g.source.problem(d.node, at.Offset, at.Length, d.key, message, hint))
		}
		if seen[key] {
			refuse(d.column.At.Name, "the table has two columns "+d.column.Name, "give each a name of its own")
		}
		seen[key] = true
		if d.key == "owner_id_column" { // the owner is in the key of the states, too
			seen[string(RoleOwnerStates)+"\x00"+strings.ToLower(d.column.Name)] = true
		}
		for _, name := range d.column.Uses {
			g.checkUse(t, d, name, refuse)
		}
		if d.key == "columns" && d.column.NotNull && d.column.Default == "" && d.column.Generated == "" {
			refuse(d.column.At.NotNull, "adkgen's queries do not write "+d.column.Name+", so that it has to have a DEFAULT or be NULL", "add a DEFAULT, or drop NOT NULL")
		}
	}
	return problems
}

// checkUse checks a column that a generated one looks at: it is in the table,
// and not generated itself.
func (g *generation) checkUse(t *Target, d definition, name string, refuse func(at dialects.Span, message, hint string)) {
	table := wantedSchema(*t).table(d.role)
	if table == nil {
		return
	}
	used := column(*table, name)
	switch {
	case used == nil:
		refuse(d.column.At.Generated, table.Name+" has no column "+name, "its columns are "+table.columnNames(func(c Column) bool { return c.Generated == "" }))
	case used.Generated != "":
		refuse(d.column.At.Generated, name+" is generated itself, and a generated column cannot look at another (error 42P17)", "repeat the expression of "+name)
	}
}

// columnNames lists those columns of a table that may be named.
func (t Table) columnNames(may func(Column) bool) string {
	var names []string
	for _, c := range t.Columns {
		if may(c) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// checkIndexes checks the user's own indexes against the wanted tables.
func (g *generation) checkIndexes(t Target, schema Schema) Problems {
	var problems Problems
	seen := map[string]bool{}
	for _, i := range t.OwnIndexes {
		table := schema.table(i.Role)
		refuse := func(message, hint string) {
			problems = append(problems, g.source.problem(i.node, 0, len(i.node.Value), "indexes", message, hint))
		}
		key := fmt.Sprint(i.Role, i.Columns)
		if seen[key] {
			refuse("the index stands here twice", "keep one of the two")
			continue
		}
		seen[key] = true
		bytes := 0
		for at, name := range i.Columns {
			column := column(*table, name)
			switch {
			case column == nil:
				refuse(table.Name+" has no column "+name, "its columns are "+table.columnNames(func(Column) bool { return true }))
			case slices.Contains(i.Columns[:at], name):
				refuse("the column "+name+" stands in the index twice", "keep one of the two")
			case t.isUnindexed(*table, name):
				refuse("no index can be on "+name+": its type is "+column.Type, "choose other columns")
			default:
				bytes += keyBytes(column.Type)
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

// checkStateKey refuses an owner that is too long for the key of the users' states.
func (g *generation) checkStateKey(t Target, schema Schema) Problems {
	table, limit := schema.table(RoleOwnerStates), t.Dialect.Traits().IndexBytes
	if table == nil || limit == 0 {
		return nil
	}
	others := 0
	owner := table.owner()
	for _, name := range table.PrimaryKey.Columns {
		if name != owner.Name {
			others += keyBytes(column(*table, name).Type)
		}
	}
	bytes := keyBytes(owner.Type)
	if others+bytes <= limit {
		return nil
	}
	fits := limit - others
	if length, _ := lengthOf(owner.Type); length > 0 && bytes > length {
		fits /= bytes / length
	}
	at := t.Owner.At.Type
	return Problems{g.source.problem(t.places["owner_id_column"], at.Offset, at.Length, "owner_id_column",
		fmt.Sprintf("%s can have %d bytes, and is part of the key of %s, where %s allows %d bytes: app_name and user_id take %d of them", owner.Name, bytes, table.Name, t.Dialect.Traits().Title, limit, others),
		fmt.Sprintf("write a length of at most %d, or scoped_state: false", fits))}
}

// isUnindexed reports whether no index can be on a column.
func (t Target) isUnindexed(table Table, name string) bool {
	for _, c := range t.Columns {
		if c.Role == table.Role && c.Column.Name == name {
			return c.Column.Unindexed
		}
	}
	return strings.EqualFold(name, "state") || strings.EqualFold(name, "event_data")
}

// ownIndexName gives the name that an index of the user's gets, and whether it
// stands in the table twice.
func ownIndexName(table Table, own ExtraIndex) (name string, taken bool) {
	for _, i := range table.Indexes {
		if i.Kind == IndexExtra && slices.Equal(i.Columns, own.Columns) {
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

var sizedText = regexp.MustCompile(`^(N?(?:VAR)?CHAR2?|VARBINARY|BINARY|RAW)\((\d+)`)

// lengthOf is the length that a type says, and whether it counts characters; 0
// for none.
func lengthOf(sqlType string) (length int, characters bool) {
	m := sizedText.FindStringSubmatch(sqlType)
	if m == nil {
		return 0, false
	}
	length, _ = strconv.Atoi(m[2]) // digits
	return length, strings.Contains(m[1], "CHAR")
}

// keyBytes is the most that a value of a type takes in an index; what has no
// length counts for nothing. A character has up to four bytes.
func keyBytes(sqlType string) int {
	length, characters := lengthOf(sqlType)
	if characters && !strings.Contains(sqlType, "latin1") && !strings.Contains(sqlType, "ascii") && !strings.Contains(sqlType, " BYTE") {
		length *= 4
	}
	return length
}
