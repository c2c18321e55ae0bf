package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// Type implements dialects.Dialect.
func (d Dialect) Type(kind dialects.Kind) dialects.ColumnType {
	text := " " + fmt.Sprintf(d.flavour.collate, d.flavour.byteCollation) // says the character set as well
	switch kind {
	case dialects.KindKey:
		return dialects.ColumnType{SQL: "VARCHAR(128)" + text}
	case dialects.KindText:
		return dialects.ColumnType{SQL: "VARCHAR(1024)" + text}
	case dialects.KindCounter:
		return dialects.ColumnType{SQL: "BIGINT", Default: "0"}
	case dialects.KindTime:
		return dialects.ColumnType{SQL: "DATETIME(6)"}
	default:
		return dialects.ColumnType{SQL: "JSON", Unchecked: d.flavour.mergeDepth > 0}
	}
}

// foreignTypes are other databases' types, and what to write here. Vitess does
// not know them, and MariaDB's UUID is unknown to sqlc.
var foreignTypes = map[string]string{
	"UUID": "BINARY(16) or CHAR(36)", "INET6": "VARBINARY(16)", "INET4": "VARBINARY(4)", "NUMBER": "BIGINT or DECIMAL",
	"VARCHAR2": "VARCHAR(255)", "NVARCHAR2": "VARCHAR(255)", "NVARCHAR": "VARCHAR(255)", "STRING": "VARCHAR(255)",
	"BYTEA": "VARBINARY(255)", "RAW": "VARBINARY(255)", "CITEXT": "VARCHAR(255)", "TIMESTAMPTZ": "DATETIME(6)",
	"UNIQUEIDENTIFIER": "BINARY(16)", "GUID": "BINARY(16)", "CLOB": "VARCHAR(255)",
	"BIGSERIAL": "BIGINT", "SERIAL4": "INT", "SERIAL8": "BIGINT",
}

// sizes are the types that an owner column can have, with the largest first
// and second number in parentheses; a negative one is required.
var sizes = map[string][2]int{
	"tinyint": {255, 0}, "smallint": {255, 0}, "mediumint": {255, 0}, "int": {255, 0}, "integer": {255, 0}, "bigint": {255, 0},
	"decimal": {65, 30}, "numeric": {65, 30},
	"char": {255, 0}, "varchar": {-768, 0}, // 3,072 bytes a key of four-byte characters: manual, 17.21 InnoDB Limits
	"binary": {255, 0}, "varbinary": {-3072, 0},
	"date": {0, 0}, "datetime": {6, 0}, "timestamp": {6, 0}, "time": {6, 0}, "year": {4, 0},
}

// roomless are types that MySQL takes with a length of 0 (error 1167 for the
// index); it makes another length of DECIMAL(0).
var roomless = map[string]bool{"char": true, "varchar": true, "binary": true, "varbinary": true, "decimal": true, "numeric": true}

// otherTypes are those that no owner's ID has, and how to write them.
var otherTypes = map[string]string{
	"tinytext": "TINYTEXT", "text": "TEXT", "mediumtext": "MEDIUMTEXT", "longtext": "LONGTEXT", "json": "JSON",
	"tinyblob": "TINYBLOB", "blob": "BLOB", "mediumblob": "MEDIUMBLOB", "longblob": "LONGBLOB",
	"float": "FLOAT", "double": "DOUBLE", "bool": "BOOLEAN", "boolean": "BOOLEAN",
}

// isUnindexed reports whether no index can be on a whole column of a type that
// renderType has written (errors 1170 and 3152). Such a column has no literal
// default either (error 1101).
func isUnindexed(sql string) bool {
	return strings.HasSuffix(sql, "TEXT") || strings.HasSuffix(sql, "BLOB") || sql == "JSON"
}

// classOf gives the class of a type, for its default. MySQL takes
// CURRENT_TIMESTAMP for DATETIME and TIMESTAMP only (error 1067), which
// readDefault checks.
func classOf(name string) dialects.Class {
	switch strings.ToLower(name) {
	case "date", "datetime", "timestamp":
		return dialects.ClassTime
	case "char", "varchar", "binary", "varbinary":
		return dialects.ClassText
	case "time":
		return dialects.ClassClock
	case "year":
		return dialects.ClassYear
	case "json":
		return dialects.ClassJSON
	case "float", "double", "bool", "boolean":
		return dialects.ClassNumber
	}
	if _, known := sizes[strings.ToLower(name)]; known {
		return dialects.ClassNumber
	}
	return dialects.ClassOther // refused besides
}

// renderType writes a type as SQL, or says what is wrong with it.
func (d Dialect) renderType(t *sqlparser.ColumnType) (string, dialects.Refusal) {
	name := strings.ToLower(t.Type)
	limits, known := sizes[name]
	if t.EnumValues != nil && d.anyType && t.Charset.Name == "" && !t.Charset.Binary {
		return renderEnum(t)
	}
	if other := otherTypes[name]; d.anyType && other != "" && t.Length == nil && !t.Unsigned && !t.Zerofill && !t.Charset.Binary && t.Charset.Name == "" {
		return other, dialects.Refusal{}
	}
	upper := strings.ToUpper(name)
	switch {
	case otherTypes[name] != "" && d.anyType:
		return "", dialects.Refusal{Message: upper + " takes no length and no options here", Hint: "write " + upper + " alone"}
	case strings.HasSuffix(name, "text") || strings.HasSuffix(name, "blob"):
		return "", dialects.Refusal{Message: "a " + upper + " column cannot be indexed as a whole (error 1170)", Hint: "write VARCHAR(255) or VARBINARY(255)"}
	case name == "json":
		return "", dialects.Refusal{Message: "a JSON column cannot be indexed (error 3152)", Hint: "use the type of the column that it references"}
	case !known && d.anyType:
		return "", dialects.Refusal{Message: "adkgen does not take the type " + upper + ", or not with these options", Hint: "write VARCHAR(255), BIGINT, DOUBLE, DECIMAL(10, 2), BOOLEAN, DATETIME(6), TEXT or JSON"}
	case !known:
		return "", dialects.Refusal{Message: upper + " is not a type for an owner's ID", Hint: "use the type of the column that it references"}
	case t.Zerofill:
		return "", dialects.Refusal{Message: "ZEROFILL is deprecated, and pads what an ID is shown as", Hint: "remove ZEROFILL"}
	case t.Length == nil && limits[0] < 0:
		return "", dialects.Refusal{Message: upper + " needs a length", Hint: "write " + upper + "(255)"}
	case t.Length != nil && *t.Length > max(limits[0], -limits[0]):
		return "", dialects.Refusal{Message: fmt.Sprintf("%s(%d) is more than an index or the type can have", upper, *t.Length), Hint: fmt.Sprintf("write at most %s(%d)", upper, max(limits[0], -limits[0]))}
	case t.Length != nil && *t.Length == 0 && roomless[name]:
		return "", dialects.Refusal{Message: upper + "(0) has room for nothing, and no index", Hint: "write " + upper + "(" + strconv.Itoa(min(255, max(limits[0], -limits[0]))) + ")"}
	case name == "year" && t.Length != nil && *t.Length != 4:
		return "", dialects.Refusal{Message: "YEAR has four digits (error 1818)", Hint: "write YEAR"}
	case t.Scale != nil && (*t.Scale > limits[1] || *t.Scale > *t.Length):
		return "", dialects.Refusal{Message: fmt.Sprintf("%s cannot have %d decimals here", upper, *t.Scale), Hint: fmt.Sprintf("write at most %d decimals, and no more than digits", limits[1])}
	}
	sql := upper
	if upper == "INTEGER" {
		sql = "INT"
	}
	isInt := strings.HasSuffix(sql, "INT")
	// The display width of an integer is deprecated and means nothing, but for
	// TINYINT(1), which clients read as a boolean.
	if t.Length != nil && (!isInt || sql == "TINYINT" && *t.Length == 1) {
		sql += "(" + strconv.Itoa(*t.Length)
		if t.Scale != nil {
			sql += ", " + strconv.Itoa(*t.Scale)
		}
		sql += ")"
	}
	if t.Unsigned {
		sql += " UNSIGNED"
	}
	if t.Charset.Binary {
		return "", dialects.Refusal{Message: "BINARY after a character type is deprecated", Hint: "write COLLATE and a collation that ends in _bin"}
	}
	if t.Charset.Name != "" {
		if !d.hasCharacterSet(t.Charset.Name) {
			return "", dialects.Refusal{Message: d.flavour.title + " has no character set " + t.Charset.Name + " (error 1115)", Hint: "write CHARACTER SET utf8mb4, or leave it out"}
		}
		sql += dialects.CharacterSet + t.Charset.Name
	}
	return sql, dialects.Refusal{}
}

// Widens implements dialects.Dialect: MySQL manual, 17.12.1 (Extending VARCHAR
// Column Size). It is done in place when the length takes as many bytes as
// before, one or two, whatever the character set.
func (Dialect) Widens(from, to string) bool {
	class := func(length int) int {
		switch {
		case length < 64: // one byte, with four bytes a character
			return 1
		case length < 256: // one or two, which the character set decides
			return 2
		}
		return 3
	}
	old, new := dialects.ParseSized(from), dialects.ParseSized(to)
	return from == to || widensEnum(from, to) || strings.HasPrefix(old.Name, "VAR") && old.Longer(new) && class(old.Length) == class(new.Length)
}
