package sqlite

import (
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
	"BOOLEAN": "BOOLEAN", "DATE": "DATE", "DATETIME": "DATETIME", "TIMESTAMP": "TIMESTAMP",
}

// renderType writes a type as SQL, or says what is wrong with it.
func renderType(t *ast.TypeName) (string, dialects.Refusal) {
	name := strings.ToUpper(t.Name)
	sql := affinities[name]
	switch {
	case name == "UUID" || name == "GUID" || name == "UNIQUEIDENTIFIER":
		return "", dialects.Refusal{Message: "SQLite has no type " + name + ": it would keep numbers in it", Hint: "write TEXT, or BLOB for 16 bytes"}
	case strings.Contains(name, "SERIAL"):
		return "", dialects.RefuseIdentity
	case sql == "":
		return "", dialects.Refusal{Message: "SQLite has no type " + name, Hint: "write INTEGER, TEXT or BLOB"}
	}
	if len(t.Args) > 0 {
		sql += "(" + strings.Join(t.Args, ", ") + ")"
	}
	return sql, dialects.Refusal{}
}
