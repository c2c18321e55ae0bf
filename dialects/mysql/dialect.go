// Package mysql answers for MySQL 8.0.17 and later and, in mariadb.go, for
// MariaDB 10.6 and later.
package mysql

import (
	"fmt"

	"github.com/adkgen/adkgen/dialects"
)

// Dialect is MySQL, or its flavour MariaDB: MariaDB() makes that one.
type Dialect struct {
	flavour flavour
	anyType bool // the column needs no index: ParseColumn
}

// flavour is what MySQL and MariaDB do differently.
type flavour struct {
	name, title string
	reserved    map[string]bool // what Quote quotes
	// ownReserved are those that the server itself reserves.
	ownReserved map[string]bool
	// byteCollation makes a utf8mb4 column compare byte for byte, trailing
	// spaces included.
	byteCollation string
	bytewise      string // ends the name of such a collation of another character set
	collate       string // the clause for a collation, %s
	// textCollation is the default collation of a column, where an index in it
	// does not serve a comparison with one that compares byte for byte.
	textCollation string
	// exists and notExists stand before names in DDL, so that it can be run again.
	exists, notExists string
	dropCheck         string // MySQL has DROP CONSTRAINT since 8.0.19 only, MariaDB has no DROP CHECK
	forShare          string // MariaDB has no FOR SHARE, and MySQL takes no SKIP LOCKED behind LOCK IN SHARE MODE
	unnamedChecks     bool   // a CHECK inside a column has no name
	jsonDepth         int    // the trait JSONDepth
	// mergeDepth is the trait MergeDepth. Where it is set, JSON is LONGTEXT with the
	// check JSON_VALID, which refuses what nests deeper than 31 levels (error 4025),
	// unless the column has another check.
	mergeDepth     int
	requiresByCopy string // the trait RequiresByCopy
	// characterSets are those that only the flavour has.
	characterSets map[string]bool
	collations    map[string]bool // all that it has
	// functions are those that only the flavour lets an expression call.
	functions map[string]function
	// lacks are functions of MySQL that the flavour does not have, and what
	// to write for them.
	lacks map[string]string
}

// MySQL is the dialect for MySQL.
func MySQL() Dialect {
	return Dialect{flavour: flavour{
		name: "mysql", title: "MySQL", reserved: mysqlReserved, ownReserved: mysqlReserved, characterSets: dialects.Words("gb18030"), collations: mysqlCollations,
		byteCollation: "utf8mb4_0900_bin", bytewise: "_bin", collate: "COLLATE %s",
		dropCheck: "DROP CHECK", forShare: "FOR SHARE", jsonDepth: 100 /* error 3157 */, textCollation: "utf8mb4_0900_ai_ci",
	}}
}

// Name implements dialects.Dialect.
func (d Dialect) Name() string { return d.flavour.name }

// Traits implements dialects.Dialect.
func (d Dialect) Traits() dialects.Traits {
	return dialects.Traits{
		Title:                 d.flavour.title,
		IdentifierLimit:       64, // MySQL manual, 11.2.1 Identifier Length Limits
		IdentifierInRunes:     true,
		KeyComparison:         d.keyComparison(),
		NumberComparison:      "CAST(%[1]s AS CHAR) = %[2]s", // manual, 14.3 Type Conversion in Expression Evaluation: 1 = '1a'
		CollateClause:         d.flavour.collate,
		QuoteMarks:            "`",
		FoldsCase:             true, // on Windows and macOS: 11.2.3, lower_case_table_names
		Namespaces:            "database",
		FoldsColumns:          true, // 11.2.3: column names are never case-sensitive
		CreatesNamespace:      true,
		ConstraintsShareNames: true,
		NamesReferencedColumn: true, // error 1239
		ExampleTypes:          "BIGINT, VARCHAR(36) or BINARY(16)",
		CutsSpaces:            true, // manual, 13.3.2 The CHAR and VARCHAR Types
		JSONDepth:             d.flavour.jsonDepth,
		SQLCEngine:            "mysql",
		SQLCTypes:             dialects.Words("bigint varchar datetime json"),
		Evolution: dialects.Evolution{LoopsInProcedures: true, ModifiesInProcedures: true, RequiresByCopy: d.flavour.requiresByCopy, ReplacesForeignKeys: true, AddsVirtual: true, DropCheck: d.flavour.dropCheck, ForShare: d.flavour.forShare, MergeDepth: d.flavour.mergeDepth, KeyCollation: fmt.Sprintf(d.flavour.collate, d.flavour.byteCollation),
			Exists: d.flavour.exists, NotExists: d.flavour.notExists},
		IndexBytes: 3072, // manual, 17.21 InnoDB Limits (error 1071)
		Tools:      []string{"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "flyway", "liquibase", "plain"},
		Templates:  "mysql",
	}
}

// keyComparison is the trait KeyComparison: the first half finds a row by the
// index, the second tells 'alice' from 'ALICE'.
func (d Dialect) keyComparison() string {
	if d.flavour.textCollation == "" {
		return "%[1]s = %[2]s"
	}
	return "%[1]s = %[2]s COLLATE " + d.flavour.textCollation + " AND %[1]s = %[2]s"
}
