package store

import "slices"

// Role is what a table is for; it stays when the name changes.
type Role string

// The roles of tables.
const (
	RoleSessions   Role = "sessions"
	RoleEvents     Role = "events"
	RoleAppStates  Role = "app_states"
	RoleUserStates Role = "user_states"
	// RoleOwnerStates is for the states of users where there is an owner column:
	// each of a user's owners has one of its own.
	RoleOwnerStates Role = "owner_states"
)

// Store is what adkgen generates for one interface of ADK. What is said about
// tables and files elsewhere comes from here.
type Store struct {
	Name    string        // of the interface, as adkgen.yaml has it
	Tables  []Table       // a table stands after those that it references
	Queries []QueriesFile // in templates/<dialect>/queries
}

// Table is one table of a store.
type Table struct {
	Role      Role
	WithOwner Role     // its role where there is an owner column, when that has a table with another key; "" for the same
	Key       string   // of adkgen.yaml, that names the table
	Scoped    bool     // scoped_state: false leaves it out
	Documents []string // columns of JSON, which no index can be on
}

// QueriesFile is one file of queries.
type QueriesFile struct {
	Name    string
	Needs   Role // it is there when this table is; "" for always
	Service bool // it is for the generated service
}

// All are all of them.
var All = []Store{{
	Name: "sessions",
	Tables: []Table{
		{Role: RoleSessions, Key: "session_table", Documents: []string{"state"}},
		{Role: RoleEvents, Key: "events_table", Documents: []string{"event_data"}},
		{Role: RoleAppStates, Key: "app_state_table", Scoped: true, Documents: []string{"state"}},
		{Role: RoleUserStates, WithOwner: RoleOwnerStates, Key: "user_state_table", Scoped: true, Documents: []string{"state"}},
	},
	Queries: []QueriesFile{
		{Name: "sessions.sql"},
		{Name: "events.sql"},
		{Name: "states.sql", Needs: RoleAppStates},
		{Name: "service.sql", Service: true},
	},
}}

// Tables are the tables of all stores.
func Tables() []Table {
	var tables []Table
	for _, s := range All {
		tables = append(tables, s.Tables...)
	}
	return tables
}

// TableOf gives the table of a role; ok is false for a role that no store has.
func TableOf(role Role) (t Table, ok bool) {
	tables := Tables()
	i := slices.IndexFunc(tables, func(t Table) bool { return role != "" && (t.Role == role || t.WithOwner == role) })
	if i < 0 {
		return Table{}, false
	}
	return tables[i], true
}

// RoleFor is the role of the table in a target with an owner column, or without.
func (t Table) RoleFor(hasOwner bool) Role {
	if hasOwner && t.WithOwner != "" {
		return t.WithOwner
	}
	return t.Role
}

// StandardName is the name of a role's table when adkgen.yaml says none.
func (r Role) StandardName() string { return "adk_" + string(r) }

// Key is the key of adkgen.yaml that names the role's table.
func (r Role) Key() string {
	t, _ := TableOf(r)
	return t.Key
}

// TableKeys are the keys of adkgen.yaml that name tables.
func TableKeys() []string {
	var keys []string
	for _, t := range Tables() {
		keys = append(keys, t.Key)
	}
	return keys
}

// TableWords are the words for tables in adkgen.yaml: their roles without an owner.
func TableWords() []string {
	var words []string
	for _, t := range Tables() {
		words = append(words, string(t.Role))
	}
	return words
}
