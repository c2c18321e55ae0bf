// Package postgres answers for PostgreSQL 13 and later.
package postgres

import "github.com/adkgen/adkgen/dialects"

// Dialect is PostgreSQL. PlainCompression leaves COMPRESSION lz4 out of the
// event data, for a server before 14 or one that was built without lz4.
type Dialect struct {
	PlainCompression bool

	anyType bool // the column needs no index: ParseColumn
}

// Name implements dialects.Dialect.
func (Dialect) Name() string { return "postgres" }

// Traits implements dialects.Dialect.
func (Dialect) Traits() dialects.Traits {
	return dialects.Traits{
		Title:             "PostgreSQL",
		IdentifierLimit:   63, // NAMEDATALEN - 1, in bytes: Lexical Structure, 4.1.1
		KeyComparison:     `%[1]s = %[2]s COLLATE "default"`,
		CollateClause:     "COLLATE %s",
		QuoteMarks:        `"`,
		Namespaces:        "schema",
		DeclaresTypes:     true,
		DefaultNamespace:  "public",
		CreatesNamespace:  true,
		IndexesShareNames: true,
		ReservedPrefix:    "pg_",                                               // System Catalogs; CREATE SCHEMA refuses it (42939)
		HiddenColumns:     dialects.Words("tableoid xmin cmin xmax cmax ctid"), // System Columns, 5.5 (42701)
		CutsSpaces:        true,                                                // manual, 8.3 Character Types
		StateIndex:        true,
		ExampleTypes:      "BIGINT, TEXT or UUID",
		SQLCEngine:        "postgresql",
		SQLCTypes:         dialects.Words("bigint int8 pg_catalog.int8 varchar pg_catalog.varchar timestamptz pg_catalog.timestamptz jsonb json pg_catalog.json"),
		Tools:             []string{"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "tern", "flyway", "liquibase", "plain"},
		Settings:          []string{"event_compression"},
		Evolution:         dialects.Evolution{Transactional: true, OnlineIndex: true, Validates: true, RenamesConstraints: true, MovesTables: true},
		Templates:         "postgres",
	}
}
