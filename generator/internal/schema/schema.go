package schema

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// Schema is what a target's database is meant to contain. It is what the plan
// compares, what the lock keeps and what the templates write.
type Schema struct {
	Namespace string  `yaml:"namespace,omitempty"` // as the database stores it; "" for the connection's own
	Tables    []Table `yaml:"tables"`              // a table stands after those that it references
}

// Table is one table, with names as the database stores them.
type Table struct {
	Role        store.Role   `yaml:"role"`
	Name        string       `yaml:"name"`
	Columns     []Column     `yaml:"columns"`
	PrimaryKey  Key          `yaml:"primary_key,flow"`
	Unique      []Key        `yaml:"unique,omitempty"`
	Checks      []Check      `yaml:"checks,omitempty"`
	ForeignKeys []ForeignKey `yaml:"foreign_keys,omitempty"`
	Indexes     []Index      `yaml:"indexes,omitempty"`
	Retired     bool         `yaml:"retired,omitempty"`  // another has taken its place, and it waits to be dropped
	Replaced    bool         `yaml:"replaced,omitempty"` // that, or the last copy from it, is of a plan of which migrations wait for a later run
}

// Column is one column. Type and Default are SQL.
type Column struct {
	Name              string `yaml:"name"`
	Type              string `yaml:"type"`
	Collation         string `yaml:"collation,omitempty"` // the clause, of an owner column; adkgen's own types contain theirs
	NotNull           bool   `yaml:"not_null,omitempty"`
	NotNullConstraint string `yaml:"not_null_constraint,omitempty"` // a name for NOT NULL; "" for none
	Default           string `yaml:"default,omitempty"`
	Generated         string `yaml:"generated,omitempty"` // the expression that the database computes the column from
	Virtual           bool   `yaml:"virtual,omitempty"`   // it is computed when it is read, and not kept
	Unchecked         bool   `yaml:"unchecked,omitempty"` // its type's own check is off; see dialects.ColumnType
	OnUpdate          string `yaml:"on_update,omitempty"` // what an update of the row sets it to
	Comment           string `yaml:"comment,omitempty"`   // the text
	Owner             bool   `yaml:"owner,omitempty"`
	Extra             bool   `yaml:"extra,omitempty"`   // of the user's own, by columns:
	Retired           bool   `yaml:"retired,omitempty"` // was the owner column, and waits to be dropped
	Filled            string `yaml:"filled,omitempty"`  // the expression of a backfill, when NOT NULL waits for a later run
}

// Check is a condition on the values of one column, as SQL.
type Check struct {
	Name       string `yaml:"name"`
	Column     string `yaml:"column"`
	Expression string `yaml:"expression"`
}

// Key is a named list of columns.
type Key struct {
	Name    string   `yaml:"name"`
	Columns []string `yaml:"columns,flow"`
}

// ForeignKey references a table of ours or, from an owner column, of the user's.
type ForeignKey struct {
	Name              string          `yaml:"name"`
	Columns           []string        `yaml:"columns,flow"`
	Namespace         string          `yaml:"namespace,omitempty"` // of the referenced table
	Table             string          `yaml:"table"`
	Referenced        []string        `yaml:"referenced,flow,omitempty"` // columns; none for the primary key
	MatchFull         bool            `yaml:"match_full,omitempty"`
	OnDelete          dialects.Action `yaml:"on_delete"`
	OnUpdate          dialects.Action `yaml:"on_update"`
	Deferrable        bool            `yaml:"deferrable,omitempty"`
	InitiallyDeferred bool            `yaml:"initially_deferred,omitempty"`
}

// IndexKind tells the indexes of the sessions table apart in the templates.
type IndexKind string

// The kinds of index.
const (
	IndexOwner   IndexKind = "owner"       // on the owner column
	IndexState   IndexKind = "state"       // over the keys of the state, on request
	IndexRecency IndexKind = "update_time" // by update_time, on request
	IndexOrder   IndexKind = "order"       // of events: a session's, by time
	IndexKey     IndexKind = "key"         // on the foreign key of a column of the user's own
	IndexExtra   IndexKind = "extra"       // of the user's own, by indexes:
)

// Index is an index that no key brings with it.
type Index struct {
	Name    string    `yaml:"name"`
	Kind    IndexKind `yaml:"kind"`
	Columns []string  `yaml:"columns,flow"`
}

// Wanted builds the schema that a target asks for (design: "The schema").
func Wanted(t config.Target) Schema {
	b := schemaBuilder{t}
	schema := Schema{Namespace: t.Namespace}
	for _, table := range t.StoreTables() {
		built := b.table(table.RoleFor(t.Owner != nil))
		b.extend(&built)
		schema.Tables = append(schema.Tables, built)
	}
	return schema
}

// Table builds the table of a role.
func (b schemaBuilder) table(role store.Role) Table {
	switch role {
	case store.RoleSessions:
		return b.sessions()
	case store.RoleEvents:
		return b.events()
	case store.RoleAppStates:
		return b.states(role, "app_name")
	case store.RoleUserStates, store.RoleOwnerStates:
		return b.states(role, "app_name", "user_id")
	}
	panic("generator: no table is built for the role " + role) // every test that generates comes here
}

type schemaBuilder struct{ target config.Target }

// ColumnOf makes a column of a kind; only withDefault takes the kind's default.
func (b schemaBuilder) column(name string, kind dialects.Kind, withDefault bool) Column {
	t := b.target.Dialect.Type(kind)
	c := Column{Name: b.stored(name), Type: t.SQL, NotNull: !t.Nullable, Unchecked: t.Unchecked}
	if withDefault {
		c.Default = t.Default
	}
	return c
}

// jsonCheck is the CHECK of a column whose type does not check JSON itself.
func (b schemaBuilder) jsonCheck(table, column string, kind dialects.Kind) []Check {
	if !b.target.Dialect.Type(kind).JSONCheck {
		return nil
	}
	return []Check{{b.name(table, column, "ck"), b.stored(column), b.target.Dialect.Quote(b.stored(column)) + " IS JSON"}}
}

// stored folds a name of adkgen's own as the database does.
func (b schemaBuilder) stored(name string) string { return b.target.Dialect.Fold(name) }

func (b schemaBuilder) allStored(names ...string) []string {
	for i, name := range names {
		names[i] = b.stored(name)
	}
	return names
}

func (b schemaBuilder) name(table string, parts ...string) string {
	return DerivedName(b.target.Dialect, table, parts...)
}

// DerivedName names a constraint or an index after its table, never after the
// namespace. A name past the dialect's limit is cut, and ends in a hash of the
// whole, so that two never become one.
func DerivedName(d dialects.Dialect, table string, parts ...string) string {
	name := table + d.Fold("_"+strings.Join(parts, "_"))
	traits := d.Traits()
	length := func(s string) int {
		if traits.IdentifierInRunes {
			return utf8.RuneCountInString(s)
		}
		return len(s)
	}
	if traits.IdentifierLimit == 0 || length(name) <= traits.IdentifierLimit {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	suffix := d.Fold("_" + hex.EncodeToString(sum[:4]))
	runes := []rune(name)
	for length(string(runes))+len(suffix) > traits.IdentifierLimit {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + suffix
}

func (b schemaBuilder) sessions() Table {
	name := b.target.Tables[store.RoleSessions]
	table := Table{Role: store.RoleSessions, Name: name, Columns: []Column{
		b.column("app_name", dialects.KindKey, false),
		b.column("user_id", dialects.KindKey, false),
		b.column("id", dialects.KindKey, false),
		b.column("state", dialects.KindState, true),
		b.column("revision", dialects.KindCounter, true),
		b.column("create_time", dialects.KindTime, true),
		b.column("update_time", dialects.KindTime, true),
	},
		PrimaryKey: Key{b.name(name, "pk"), b.allStored("app_name", "user_id", "id")},
		Checks:     b.jsonCheck(name, "state", dialects.KindState),
	}
	if o := b.target.Owner; o != nil {
		column := b.define(&table, o)
		column.Owner = true
		table.Columns = slices.Insert(table.Columns, 2, column)
		if o.Unique == nil { // its index serves as well
			table.Indexes = append(table.Indexes, Index{b.name(name, o.Name, "idx"), IndexOwner, []string{o.Name}})
		}
	}
	for _, index := range b.target.Indexes {
		switch IndexKind(index) {
		case IndexState:
			table.Indexes = append(table.Indexes, Index{b.name(name, "state_idx"), IndexState, b.allStored("state")})
		case IndexRecency:
			table.Indexes = append(table.Indexes, Index{b.name(name, "update_time_idx"), IndexRecency, b.allStored("app_name", "update_time")})
		}
	}
	return table
}

// define makes the column of a definition, and gives the table its constraints.
func (b schemaBuilder) define(table *Table, o *dialects.Owner) Column {
	column := Column{Name: o.Name, Type: o.Type, NotNull: o.NotNull, NotNullConstraint: o.NotNullConstraint, Default: o.Default, Generated: o.Generated, Virtual: o.Virtual, OnUpdate: o.OnUpdate, Comment: o.Comment}
	if o.Collation != "" {
		column.Collation = fmt.Sprintf(b.target.Dialect.Traits().CollateClause, o.Collation)
	}
	if o.Reference != nil {
		table.ForeignKeys = append(table.ForeignKeys, b.ownerKey(table.Name, o))
	}
	if o.Check != nil {
		table.Checks = append(table.Checks, Check{cmp.Or(o.Check.Constraint, b.name(table.Name, o.Name, "ck")), o.Name, o.Check.Expression})
	}
	if o.Unique != nil {
		table.Unique = append(table.Unique, Key{cmp.Or(o.Unique.Constraint, b.name(table.Name, o.Name, "uq")), []string{o.Name}})
	}
	return column
}

// extend gives a table the user's own columns and indexes.
func (b schemaBuilder) extend(table *Table) {
	for _, c := range b.target.Columns {
		if c.Role != table.Role {
			continue
		}
		column := b.define(table, &c.Column)
		column.Extra = true
		table.Columns = append(table.Columns, column)
		if c.Column.Reference != nil && c.Column.Unique == nil {
			table.Indexes = append(table.Indexes, Index{b.name(table.Name, c.Column.Name, "idx"), IndexKey, []string{c.Column.Name}})
		}
	}
	for _, i := range b.target.OwnIndexes {
		if i.Role != table.Role {
			continue
		}
		if parts := slices.Clone(i.Columns); i.Unique {
			table.Unique = append(table.Unique, Key{b.name(table.Name, append(parts, "uq")...), i.Columns})
		} else {
			table.Indexes = append(table.Indexes, Index{b.name(table.Name, append(parts, "idx")...), IndexExtra, i.Columns})
		}
	}
}

func (b schemaBuilder) ownerKey(table string, o *dialects.Owner) ForeignKey {
	ref := o.Reference
	key := ForeignKey{
		Name: cmp.Or(ref.Constraint, b.name(table, o.Name, "fk")), Columns: []string{o.Name},
		Namespace: ref.Schema, Table: ref.Table, MatchFull: ref.MatchFull,
		OnDelete: ref.OnDelete, OnUpdate: ref.OnUpdate,
		Deferrable: ref.Deferrable, InitiallyDeferred: ref.InitiallyDeferred,
	}
	if ref.Column != "" {
		key.Referenced = []string{ref.Column}
	}
	return key
}

func (b schemaBuilder) events() Table {
	name := b.target.Tables[store.RoleEvents]
	return Table{Role: store.RoleEvents, Name: name, Columns: []Column{
		b.column("app_name", dialects.KindKey, false),
		b.column("user_id", dialects.KindKey, false),
		b.column("session_id", dialects.KindKey, false),
		b.column("id", dialects.KindKey, false),
		b.column("seq", dialects.KindCounter, false),
		b.column("invocation_id", dialects.KindText, false),
		b.column("author", dialects.KindText, false),
		b.column("branch", dialects.KindText, false),
		b.column("timestamp", dialects.KindTime, false),
		b.column("event_data", dialects.KindDocument, false),
	},
		PrimaryKey: Key{b.name(name, "pk"), b.allStored("app_name", "user_id", "session_id", "id")},
		Checks:     b.jsonCheck(name, "event_data", dialects.KindDocument),
		ForeignKeys: []ForeignKey{{
			Name: b.name(name, "session_fk"), Columns: b.allStored("app_name", "user_id", "session_id"),
			Namespace: b.target.Namespace, Table: b.target.Tables[store.RoleSessions], Referenced: b.allStored("app_name", "user_id", "id"),
			OnDelete: dialects.Cascade, OnUpdate: dialects.NoAction,
		}},
		Indexes: []Index{{b.name(name, "order_idx"), IndexOrder, b.allStored("app_name", "user_id", "session_id", "timestamp", "seq")}},
	}
}

func (b schemaBuilder) states(role store.Role, key ...string) Table {
	name := b.target.Tables[role]
	table := Table{Role: role, Name: name}
	for _, column := range key {
		table.Columns = append(table.Columns, b.column(column, dialects.KindKey, false))
	}
	table.Columns = append(table.Columns,
		b.column("state", dialects.KindState, true),
		b.column("update_time", dialects.KindTime, true))
	table.PrimaryKey = Key{b.name(name, "pk"), b.allStored(slices.Clone(key)...)}
	table.Checks = b.jsonCheck(name, "state", dialects.KindState)
	if role == store.RoleOwnerStates {
		b.addOwner(&table)
	}
	return table
}

// addOwner puts the owner into the key of a table: with the type, the collation
// and the foreign key of the owner column, but never NULL, and with no default,
// check or unique key, which are about sessions. A state is nothing without its
// owner, so that it goes where a session would stay with NULL or a default.
func (b schemaBuilder) addOwner(table *Table) {
	o := *b.target.Owner
	o.NotNull, o.NotNullConstraint, o.Default, o.Check, o.Unique, o.Comment = true, "", "", nil, nil, ""
	if o.Reference != nil {
		ref := *o.Reference
		ref.Constraint = "" // that of the sessions has the name
		for _, action := range []*dialects.Action{&ref.OnDelete, &ref.OnUpdate} {
			if *action == dialects.SetNull || *action == dialects.SetDefault {
				*action = dialects.Cascade
			}
		}
		o.Reference = &ref
	}
	column := b.define(table, &o)
	column.Owner = true
	table.Columns = slices.Insert(table.Columns, 2, column)
	table.PrimaryKey.Columns = append(table.PrimaryKey.Columns, o.Name)
	table.Indexes = append(table.Indexes, Index{b.name(table.Name, o.Name, "idx"), IndexOwner, []string{o.Name}})
}

// Table gives the table of a role; nil when the schema has none.
func (s Schema) Table(role store.Role) *Table {
	for i := range s.Tables {
		if s.Tables[i].Role == role && !s.Tables[i].Retired {
			return &s.Tables[i]
		}
	}
	return nil
}

// Owner gives the owner column; nil when the table has none.
func (t Table) Owner() *Column {
	for i := range t.Columns {
		if t.Columns[i].Owner {
			return &t.Columns[i]
		}
	}
	return nil
}

// StartsIndex reports whether an index or a unique key begins with a column.
func (t Table) StartsIndex(first string) bool {
	return slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Columns[0] == first }) ||
		slices.ContainsFunc(t.Unique, func(k Key) bool { return k.Columns[0] == first })
}

// ColumnOf gives the column of a name; nil when the table has none.
func ColumnOf(t Table, name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// WithRolesOf gives a column all of another that is not in the database.
func (c Column) WithRolesOf(other Column) Column {
	c.Owner, c.Retired, c.Extra, c.Filled = other.Owner, other.Retired, other.Extra, other.Filled
	return c
}

// UserStates gives the table of the states of users; nil when there is none.
func (s Schema) UserStates() *Table {
	return cmp.Or(s.Table(store.RoleOwnerStates), s.Table(store.RoleUserStates))
}

// OwnerName is the name of the owner column; "" when the table has none.
func (t Table) OwnerName() string {
	if owner := t.Owner(); owner != nil {
		return owner.Name
	}
	return ""
}

// ColumnNames lists those columns of a table that may be named.
func (t Table) ColumnNames(may func(Column) bool) string {
	var names []string
	for _, c := range t.Columns {
		if may(c) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

var sizedText = regexp.MustCompile(`^(N?(?:VAR)?CHAR2?|VARBINARY|BINARY|RAW)\((\d+)`)

// LengthOf is the length that a type says, and whether it counts characters; 0
// for none. CHAR by itself is CHAR(1).
func LengthOf(sqlType string) (length int, characters bool) {
	m := sizedText.FindStringSubmatch(sqlType)
	if m == nil {
		if loneChar.MatchString(sqlType) {
			return 1, true
		}
		return 0, false
	}
	length, _ = strconv.Atoi(m[2]) // digits
	return length, strings.Contains(m[1], "CHAR")
}

// KeyBytes is the most that a value of a type takes in an index; what has no
// length counts for nothing. A character has up to four bytes.
func KeyBytes(sqlType string) int {
	length, characters := LengthOf(sqlType)
	if characters && !strings.Contains(sqlType, "latin1") && !strings.Contains(sqlType, "ascii") && !strings.Contains(sqlType, " BYTE") {
		length *= 4
	}
	return length
}

// Characters is how many a text of a type has at most; 0 for another type.
func Characters(sqlType string) int {
	if length, characters := LengthOf(sqlType); characters {
		return length
	}
	return 0
}

var loneChar = regexp.MustCompile(`^N?CHAR\b`)

// Rename gives an index or constraint of the table, which is a copy, another name.
func (t *Table) Rename(old, new string) {
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

// Besides gives a column that is added to a table with an owner column, nil for
// none: there is one at a time.
func (c Column) Besides(owner *Column) Column {
	c.Owner = c.Owner && owner == nil
	return c
}

// WithRolesOf gives the columns of a copied table the roles that they had.
func (t Table) WithRolesOf(old Table) Table {
	t.Columns = slices.Clone(t.Columns)
	for i, c := range t.Columns {
		if was := ColumnOf(old, c.Name); was != nil {
			t.Columns[i].Owner, t.Columns[i].Retired = was.Owner, was.Retired
		} else {
			t.Columns[i] = c.Besides(old.Owner())
		}
	}
	return t
}
