// Package oracle answers for Oracle Database 12.2 and later. Its parser of a
// column definition is adkgen's own: parse.go says why.
package oracle

import "github.com/adkgen/adkgen/dialects"

// Dialect is Oracle. NativeJSON uses the JSON type, which Oracle 21c brought;
// without it JSON is kept in a BLOB with an IS JSON check.
type Dialect struct {
	NativeJSON bool

	anyType bool // the column needs no index: ParseColumn
}

// Name implements dialects.Dialect.
func (Dialect) Name() string { return "oracle" }

// Traits implements dialects.Dialect.
func (Dialect) Traits() dialects.Traits {
	return dialects.Traits{
		Title:                 "Oracle",
		ExampleTypes:          "NUMBER(19), VARCHAR2(36) or RAW(16)",
		IdentifierLimit:       128, // SQL Language Reference, Database Object Naming Rules; bytes, from 12.2
		CollateClause:         "COLLATE %s",
		KeyComparison:         "%[1]s = %[2]s",
		QuoteMarks:            `"`,
		Namespaces:            "schema",
		IndexesShareNames:     true,
		ConstraintsShareNames: true,
		QualifiesIndexes:      true,
		CreatesInString:       true,
		IndexBytes:            6398, // ORA-01450, with blocks of 8 KB
		Tools:                 []string{"plain", "sql-migrate", "flyway", "liquibase"},
		Settings:              []string{"oracle_version"},
		HiddenColumns:         dialects.Words("rowid"), // Pseudocolumns: not even in quotes
		Evolution:             dialects.Evolution{RenamesConstraints: true},
		Templates:             "oracle",
	}
}
