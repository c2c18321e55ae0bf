package sqlite

import (
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
)

// Type implements dialects.Dialect.
func (Dialect) Type(kind dialects.Kind) dialects.ColumnType {
	switch kind {
	case dialects.KindCounter:
		return dialects.ColumnType{SQL: "INTEGER", Default: "0"}
	case dialects.KindTime: // microseconds since 1970: REAL loses them, TEXT does not compare as a number
		return dialects.ColumnType{SQL: "INTEGER"}
	case dialects.KindState:
		return dialects.ColumnType{SQL: "TEXT", Default: "'{}'"}
	default:
		return dialects.ColumnType{SQL: "TEXT"}
	}
}

// affinities are the type names that adkgen takes, and those that mean the
// same to SQLite (Datatypes In SQLite, 3.1). SQLite itself takes any word, but
// sqlc makes interface{} of those it does not know.
var affinities = map[string]string{
	"INT": "INT", "INTEGER": "INTEGER", "BIGINT": "BIGINT", "SMALLINT": "SMALLINT", "TINYINT": "TINYINT",
	"MEDIUMINT": "MEDIUMINT", "INT2": "INT2", "INT8": "INT8",
	"TEXT": "TEXT", "CLOB": "CLOB", "VARCHAR": "VARCHAR", "CHAR": "VARCHAR", "CHARACTER": "CHARACTER", "NCHAR": "NCHAR", "NVARCHAR": "NVARCHAR",
	"BLOB": "BLOB", "REAL": "REAL", "DOUBLE": "DOUBLE", "FLOAT": "FLOAT", "NUMERIC": "NUMERIC", "DECIMAL": "DECIMAL",
	"UNSIGNED BIG INT": "UNSIGNED BIG INT", "DOUBLE PRECISION": "DOUBLE PRECISION", "VARYING CHARACTER": "VARCHAR", "CHARACTER VARYING": "VARCHAR", "NATIVE CHARACTER": "NCHAR",
	"BOOLEAN": "BOOLEAN", "DATE": "DATE", "DATETIME": "DATETIME", "TIMESTAMP": "TIMESTAMP",
}

// knownTypes are the names that a misspelt type may have been meant to be.
var knownTypes = slices.Sorted(maps.Keys(affinities))

// foreignTypes are other databases' types, and what SQLite has instead: under
// these names it would keep what looks like a number as a number.
var foreignTypes = map[string]string{
	"UUID": "TEXT, or BLOB for 16 bytes", "GUID": "TEXT, or BLOB for 16 bytes", "UNIQUEIDENTIFIER": "TEXT, or BLOB for 16 bytes",
	"STRING": "TEXT", "CITEXT": "TEXT COLLATE NOCASE", "JSON": "TEXT", "JSONB": "BLOB", "BYTEA": "BLOB", "RAW": "BLOB", "BINARY": "BLOB", "VARBINARY": "BLOB",
	"NUMBER": "INTEGER", "TIMESTAMPTZ": "INTEGER or TEXT", "INET": "TEXT", "BOOL": "BOOLEAN",
}

// affinityOf says how SQLite treats a type's name: Datatypes In SQLite, 3.1.
func affinityOf(name string) string {
	has := func(part string) bool { return strings.Contains(strings.ToUpper(name), part) }
	switch {
	case has("INT"):
		return "INTEGER"
	case has("CHAR"), has("CLOB"), has("TEXT"):
		return "TEXT"
	case has("BLOB"), name == "":
		return "BLOB"
	case has("REAL"), has("FLOA"), has("DOUB"):
		return "REAL"
	}
	return "NUMERIC"
}

// renderType writes a type as SQL and tells whether it is none of SQLite's
// own, or says what is wrong with it.
func renderType(t *ast.TypeName) (sql string, userType bool, why dialects.Refusal) {
	name := strings.ToUpper(strings.Join(strings.Fields(t.Name), " "))
	sql = affinities[name]
	switch {
	case foreignTypes[name] != "":
		return "", false, dialects.Refusal{Message: "SQLite has no type " + name, Hint: "write " + foreignTypes[name]}
	case strings.Contains(name, "SERIAL"):
		return "", false, dialects.RefuseIdentity
	case sql == "":
		for _, word := range strings.Fields(t.Name) {
			if (Dialect{}).Quote(word) != word {
				return "", false, dialects.Refusal{Message: "SQLite has no type " + t.Name, Hint: "write INTEGER, TEXT or BLOB"}
			}
		}
		sql, userType = strings.Join(strings.Fields(t.Name), " "), true
	}
	if len(t.Args) > 0 {
		sql += "(" + strings.Join(t.Args, ", ") + ")"
	}
	return sql, userType, dialects.Refusal{}
}

// Widens implements dialects.Dialect. The table is copied anyway, and a value
// stays as it is when the affinity does.
func (Dialect) Widens(from, to string) bool { return affinityOf(from) == affinityOf(to) }

// Confuses implements dialects.Dialect: Datatypes In SQLite, 3 (Type Affinity)
// and 7 (Collating Sequences). Any other collation is the application's.
func (Dialect) Confuses(o dialects.Owner) dialects.Refusal {
	switch strings.ToUpper(o.Collation) {
	case "NOCASE":
		return dialects.Confusion("under the collation NOCASE", "'acme' and 'ACME'", "leave COLLATE out")
	case "RTRIM":
		return dialects.Confusion("under the collation RTRIM", "'acme' and 'acme '", "leave COLLATE out")
	}
	name, _, _ := strings.Cut(o.Type, "(")
	if affinity := affinityOf(name); !wholeOrTime[name] && (affinity == "NUMERIC" || affinity == "REAL") {
		return dialects.ConfusesValues(o, "'1'", "'01'", "write TEXT, or INTEGER for a number") // 3: it makes numbers of texts
	}
	return dialects.Refusal{}
}

// wholeOrTime are the types with the affinity NUMERIC that have no numbers of an
// owner's.
var wholeOrTime = dialects.Words("boolean date datetime timestamp")
