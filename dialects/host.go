package dialects

import (
	"slices"
	"strconv"
	"strings"
)

// HostSchema is what the user's own migrations have created, as far as an
// owner column can refer to it. A dialect's ReadSchema adds to it.
type HostSchema struct {
	Tables []*HostTable
	Types  map[string]bool // the user's own types, as SQL writes them
	// Namespace is where unqualified names go from here on (SET search_path,
	// USE); "" for the connection's own.
	Namespace string
}

// HostTable is one of the user's tables.
type HostTable struct {
	Schema, Name string // Schema is "" for the connection's own
	At           Place
	Columns      []HostColumn
	Keys         []HostKey
	// Opaque: the columns are not known, as with CREATE TABLE … AS SELECT.
	Opaque bool
	// CharacterSet and Collation are those of columns that say none; "" when
	// the table says none either.
	CharacterSet, Collation string
}

// HostColumn is a column of one of the user's tables.
type HostColumn struct {
	Name                    string
	Type                    string // as in Owner; any other type as it is written
	CharacterSet, Collation string // as the column says them; "" for none
	At                      Place
}

// HostKey is a primary key or a unique key or index.
type HostKey struct {
	Name    string // "" when the migration gives none
	Primary bool
	Columns []string
	At      Place
}

// Place is a part of one of the user's files.
type Place struct {
	File string
	Span
}

// sameName reports whether two stored names are one to a database that folds
// their case, or does not.
func sameName(folds bool, a, b string) bool {
	return a == b || folds && strings.EqualFold(a, b)
}

// Find gives the table that an unqualified or qualified name means, and nil
// when there is none. Where one of the two says no schema, the name decides.
func (h *HostSchema) Find(d Dialect, schema, name string) *HostTable {
	folds := d.Traits().FoldsCase
	for _, exact := range []bool{true, false} {
		for _, t := range h.Tables {
			unsaid := t.Schema == "" || schema == "" && sameName(folds, t.Schema, d.Traits().DefaultNamespace)
			if sameName(folds, t.Name, name) && (sameName(folds, t.Schema, schema) || !exact && unsaid) {
				return t
			}
		}
	}
	return nil
}

// Add puts a table into the schema, unless it is there already (CREATE TABLE
// IF NOT EXISTS).
func (h *HostSchema) Add(d Dialect, t *HostTable) {
	if t.Schema == "" {
		t.Schema = h.Namespace
	}
	if h.Find(d, t.Schema, t.Name) == nil {
		h.Tables = append(h.Tables, t)
	}
}

// Drop takes a table out of the schema.
func (h *HostSchema) Drop(t *HostTable) {
	h.Tables = slices.DeleteFunc(h.Tables, func(other *HostTable) bool { return other == t })
}

// DropKey takes a key out of the table that has it: DROP INDEX of databases
// whose indexes share one space of names.
func (h *HostSchema) DropKey(d Dialect, name string) {
	for _, t := range h.Tables {
		t.DropKey(d, name)
	}
}

// DropKey takes a key out of the table.
func (t *HostTable) DropKey(d Dialect, name string) {
	folds := d.Traits().FoldsCase
	t.Keys = slices.DeleteFunc(t.Keys, func(k HostKey) bool { return k.Name != "" && sameName(folds, k.Name, name) })
}

// DropPrimaryKey takes the primary key out of the table.
func (t *HostTable) DropPrimaryKey() {
	t.Keys = slices.DeleteFunc(t.Keys, func(k HostKey) bool { return k.Primary })
}

// Column gives a column by its stored name, and nil when there is none.
func (t *HostTable) Column(d Dialect, name string) *HostColumn {
	folds := d.Traits().FoldsColumns
	for i := range t.Columns {
		if sameName(folds, t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

// DropColumn takes a column and the keys that contain it out of the table.
func (t *HostTable) DropColumn(d Dialect, name string) {
	column := t.Column(d, name)
	if column == nil {
		return
	}
	stored := column.Name
	t.Columns = slices.DeleteFunc(t.Columns, func(c HostColumn) bool { return c.Name == stored })
	t.Keys = slices.DeleteFunc(t.Keys, func(k HostKey) bool { return slices.Contains(k.Columns, stored) })
}

// RenameColumn gives a column another name, in keys as well.
func (t *HostTable) RenameColumn(d Dialect, from, to string) {
	column := t.Column(d, from)
	if column == nil {
		return
	}
	stored := column.Name
	column.Name = to
	for i := range t.Keys {
		for j, c := range t.Keys[i].Columns {
			if c == stored {
				t.Keys[i].Columns[j] = to
			}
		}
	}
}

// AddKey adds a key over columns, which are given by their names.
func (t *HostTable) AddKey(d Dialect, k HostKey) {
	for i, name := range k.Columns {
		if c := t.Column(d, name); c != nil {
			k.Columns[i] = c.Name
		}
	}
	t.Keys = append(t.Keys, k)
}

// PrimaryKey gives the columns of the primary key; none when there is none.
func (t *HostTable) PrimaryKey() []string {
	for _, k := range t.Keys {
		if k.Primary {
			return k.Columns
		}
	}
	return nil
}

// KeyOf gives the primary or unique key that consists of one column, and nil
// when there is none.
func (t *HostTable) KeyOf(column string) *HostKey {
	for i, k := range t.Keys {
		if len(k.Columns) == 1 && k.Columns[0] == column {
			return &t.Keys[i]
		}
	}
	return nil
}

// Copy gives the table's columns and keys to another, as CREATE TABLE … LIKE
// does.
func (t *HostTable) Copy(to *HostTable) {
	to.Columns = append(to.Columns, slices.Clone(t.Columns)...)
	for _, k := range t.Keys {
		k.Columns = slices.Clone(k.Columns)
		to.Keys = append(to.Keys, k)
	}
	to.CharacterSet, to.Collation, to.Opaque = t.CharacterSet, t.Collation, t.Opaque
}

// The bounds of a statement in the user's migrations; what passes them defines
// no table that an owner column could refer to.
const (
	maxStatementTokens = 20_000
	maxStatementDepth  = 64
)

// Statements cuts the tokens of a file into statements that change tables,
// without comments: CREATE, ALTER, DROP and RENAME of tables, indexes and
// types, and what says where unqualified names go.
func Statements(tokens []Token) (statements [][]Token) {
	var statement []Token
	depth, deepest := 0, 0
	end := func() {
		if changesTables(statement) && len(statement) <= maxStatementTokens && deepest <= maxStatementDepth {
			statements = append(statements, statement)
		}
		statement, depth, deepest = nil, 0, 0
	}
	for _, t := range tokens {
		switch t.Kind {
		case TokenComment:
			continue
		case TokenSemicolon:
			end()
			continue
		case TokenOpen:
			depth++
			deepest = max(deepest, depth)
		case TokenClose:
			depth--
		}
		statement = append(statement, t)
	}
	end()
	return statements
}

var changedThings = Words("TABLE TABLES INDEX TYPE DOMAIN")

func changesTables(statement []Token) bool {
	if len(statement) < 2 {
		return false
	}
	switch statement[0].Text {
	case "SET", "USE":
		return true
	case "CREATE", "ALTER", "DROP", "RENAME":
		for _, t := range statement[1:min(len(statement), 6)] {
			if t.Text == "TRIGGER" || t.Text == "FUNCTION" || t.Text == "PROCEDURE" || t.Text == "VIEW" {
				return false
			}
			if changedThings[t.Text] {
				return true
			}
		}
		return statement[0].Text == "RENAME"
	}
	return false
}

// Extent gives the part of a file that a statement's tokens take.
func Extent(statement []Token) Span {
	last := statement[len(statement)-1]
	return Span{statement[0].Offset, last.Offset + last.Length - statement[0].Offset}
}

// Unread is the warning about a statement that a grammar cannot read.
func Unread(at Span, reason string) Problem {
	return at.Problem("adkgen cannot read this statement, and goes on without it: "+reason, "nothing has to be done unless the owner column refers to the table")
}

// TypeRules say when a column can hold every value of another.
type TypeRules struct {
	// Family gives types that hold the same values one name; a type that is
	// not in it is its own family.
	Family map[string]string
	// Size is the size of a type that is written without one; a type that is
	// not in it has no limit then.
	Size map[string]int
	// Exact are the families whose sizes have to be equal.
	Exact map[string]bool
}

// Compare says how the type of an owner column does not fit the column that it
// references; "" when it fits.
func (r TypeRules) Compare(owner, host string) string {
	o, h := splitType(owner), splitType(host)
	family := func(base string) string {
		if f := r.Family[base]; f != "" {
			return f
		}
		return base
	}
	if family(o.base) != family(h.base) || o.rest != h.rest {
		return "differs"
	}
	const unlimited = 1 << 30
	size := func(t sqlType) int {
		if len(t.sizes) > 0 {
			return t.sizes[0]
		}
		if n, known := r.Size[t.base]; known {
			return n
		}
		return unlimited
	}
	scale := func(t sqlType) int {
		if len(t.sizes) > 1 {
			return t.sizes[1]
		}
		return 0
	}
	switch {
	case r.Exact[family(o.base)] && (size(o) != size(h) || scale(o) != scale(h)):
		return "differs"
	case size(o) < size(h):
		return "is narrower"
	case size(o) < unlimited && scale(o) != scale(h):
		return "differs"
	}
	return ""
}

// CompareTypes is a dialect's CheckHost as far as types go.
func CompareTypes(d Dialect, rules TypeRules, o Owner, t *HostTable, c HostColumn) Refusal {
	how := rules.Compare(o.Type, c.Type)
	if how == "" {
		return Refusal{}
	}
	name, host := d.Quote(o.Name), d.Quote(t.Name)+"."+d.Quote(c.Name)
	message := name + " is " + o.Type + ", but " + host + ", which it references, is " + c.Type
	if how == "is narrower" {
		message = name + " is " + o.Type + ", and cannot hold every value of " + host + ", which is " + c.Type
	}
	return Refusal{Message: message, Hint: "write " + name + " " + c.Type}
}

// sqlType is a type in its parts: base(sizes) rest.
type sqlType struct {
	base  string
	sizes []int
	rest  string
}

func splitType(sql string) sqlType {
	base, inside, sized := strings.Cut(strings.ToUpper(sql), "(")
	t := sqlType{base: strings.TrimSpace(base)}
	if !sized {
		return t
	}
	numbers, rest, _ := strings.Cut(inside, ")")
	t.rest = strings.TrimSpace(rest)
	for _, number := range strings.Split(numbers, ",") {
		digits, _, _ := strings.Cut(strings.TrimSpace(number), " ") // VARCHAR2(36 CHAR)
		if n, err := strconv.Atoi(digits); err == nil {
			t.sizes = append(t.sizes, n)
		}
	}
	return t
}
