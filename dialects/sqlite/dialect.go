// Package sqlite answers for SQLite 3.35 and later.
package sqlite

import "github.com/adkgen/adkgen/dialects"

// Dialect is SQLite.
type Dialect struct {
	anyType bool // the column needs no index: ParseColumn
}

// Name implements dialects.Dialect.
func (Dialect) Name() string { return "sqlite" }

// Traits implements dialects.Dialect.
func (Dialect) Traits() dialects.Traits {
	return dialects.Traits{
		Title:             "SQLite",
		CollateClause:     "COLLATE %s",
		QuoteMarks:        "\"`",
		FoldsCase:         true,
		FoldsTables:       true,
		KeyComparison:     "%[2]s = %[1]s", // the left operand's collation is taken: Datatypes In SQLite, 7.1
		FoldsColumns:      true,
		IndexesShareNames: true,
		ReservedPrefix:    "sqlite_",                           // CREATE TABLE, 2: reserved for internal use
		HiddenColumns:     dialects.Words("rowid oid _rowid_"), // ROWIDs and the INTEGER PRIMARY KEY: the queries need it
		ExampleTypes:      "INTEGER, TEXT or BLOB",
		SQLCEngine:        "sqlite",
		SQLCTypes:         dialects.Words("integer text"),
		Tools:             []string{"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "flyway", "liquibase", "plain"},
		Evolution:         dialects.Evolution{Transactional: true, Rebuilds: true},
		Templates:         "sqlite",
	}
}
