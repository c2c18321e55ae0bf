package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// Type implements dialects.Dialect.
func (d Dialect) Type(kind dialects.Kind) dialects.ColumnType {
	switch kind {
	case dialects.KindKey:
		return dialects.ColumnType{SQL: `VARCHAR(128) COLLATE "C"`}
	case dialects.KindText:
		return dialects.ColumnType{SQL: "TEXT"}
	case dialects.KindCounter:
		return dialects.ColumnType{SQL: "BIGINT", Default: "0"}
	case dialects.KindTime:
		return dialects.ColumnType{SQL: "TIMESTAMPTZ", Default: "CURRENT_TIMESTAMP"}
	case dialects.KindState:
		return dialects.ColumnType{SQL: "JSONB", Default: "'{}'"}
	default:
		if d.PlainCompression {
			return dialects.ColumnType{SQL: "JSON"}
		}
		return dialects.ColumnType{SQL: "JSON COMPRESSION lz4"}
	}
}

// systemTypes are the names that the grammar gives to the standard's type
// words, and the words to write for them.
var systemTypes = map[string]string{
	"bool": "BOOLEAN", "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT",
	"float4": "REAL", "float8": "DOUBLE PRECISION", "numeric": "NUMERIC",
	"varchar": "VARCHAR", "bpchar": "CHAR", "bit": "BIT", "varbit": "BIT VARYING",
	"timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "time": "TIME", "timetz": "TIMETZ",
}

// plainTypes are PostgreSQL's other types that can be a key.
var plainTypes = dialects.Words(`uuid text bytea date inet cidr macaddr macaddr8 oid name money citext jsonb pg_lsn`)

// knownTypes are the names that a misspelt type may have been meant to be.
var knownTypes = append(slices.Sorted(maps.Keys(plainTypes)), "BIGINT", "BOOLEAN", "CHAR", "DECIMAL", "INTEGER", "NUMERIC", "REAL", "SMALLINT", "TIMESTAMP", "TIMESTAMPTZ", "VARCHAR")

// foreignTypes are other databases' types, and what PostgreSQL has instead.
var foreignTypes = map[string]string{
	"datetime": "TIMESTAMPTZ", "tinyint": "SMALLINT", "mediumint": "INTEGER", "number": "NUMERIC or BIGINT",
	"varchar2": "VARCHAR", "nvarchar": "VARCHAR", "nvarchar2": "VARCHAR", "string": "TEXT",
	"blob": "BYTEA", "clob": "TEXT", "longtext": "TEXT", "mediumtext": "TEXT", "tinytext": "TEXT",
	"binary": "BYTEA", "varbinary": "BYTEA", "raw": "BYTEA", "double": "DOUBLE PRECISION",
	"uniqueidentifier": "UUID", "guid": "UUID", "unsigned": "BIGINT",
}

// unindexed are types without a default B-tree operator class: neither an
// index nor a foreign key can use them (errors 42704 and 42883).
var unindexed = dialects.Words(`json xml point line lseg box path polygon circle xid aclitem`)

// serials are not types: they make the column count by itself.
var serials = map[string]string{
	"serial": "INTEGER", "serial4": "INTEGER", "bigserial": "BIGINT", "serial8": "BIGINT",
	"smallserial": "SMALLINT", "serial2": "SMALLINT",
}

// classes say what literals the types above take for a default.
var classes = map[string]dialects.Class{
	"SMALLINT": dialects.ClassNumber, "INTEGER": dialects.ClassNumber, "BIGINT": dialects.ClassNumber, "NUMERIC": dialects.ClassNumber,
	"REAL": dialects.ClassNumber, "DOUBLE PRECISION": dialects.ClassNumber, "OID": dialects.ClassNumber, "MONEY": dialects.ClassNumber,
	"TEXT": dialects.ClassText, "VARCHAR": dialects.ClassText, "CHAR": dialects.ClassText, "NAME": dialects.ClassText, "CITEXT": dialects.ClassText,
	"DATE": dialects.ClassTime, "TIMESTAMP": dialects.ClassTime, "TIMESTAMPTZ": dialects.ClassTime, "TIME": dialects.ClassClock, "TIMETZ": dialects.ClassClock,
	"UUID": dialects.ClassUUID, "BOOLEAN": dialects.ClassBoolean, "INET": dialects.ClassAddress, "CIDR": dialects.ClassAddress,
	"BYTEA": dialects.ClassOpaque, "BIT": dialects.ClassBits, "BIT VARYING": dialects.ClassBits, "JSONB": dialects.ClassJSON, "JSON": dialects.ClassJSON,
	"MACADDR": dialects.ClassOpaque, "MACADDR8": dialects.ClassOpaque, `"char"`: dialects.ClassOpaque,
}

// isUnindexed reports whether no index can be on a type that renderType has
// written.
func isUnindexed(sql string) bool { return unindexed[sql] || strings.HasSuffix(sql, "[]") }

// classOf gives the class of a type that renderType has written.
func classOf(sql string) dialects.Class {
	if strings.HasSuffix(sql, "[]") {
		return dialects.ClassOther
	}
	base, _, _ := strings.Cut(sql, "(")
	return classes[base]
}

// renderType writes a type name as SQL and tells whether it is none of the
// database's own, or says what is wrong with it.
func (d Dialect) renderType(t *typeName) (sql string, userType bool, why dialects.Refusal) {
	if t.Setof || t.PctType {
		return "", false, dialects.Refusal{Message: "SETOF and %TYPE belong to functions, not to columns", Hint: "write the type itself"}
	}
	if len(t.ArrayBounds) > 0 && !d.anyType {
		return "", false, dialects.Refusal{Message: "an owner is one value, not an array", Hint: "remove the [] or ARRAY"}
	}
	var names []string
	for _, n := range t.Names {
		names = append(names, n.GetString_().GetSval())
	}
	last := names[len(names)-1]
	var base string
	switch {
	case len(names) == 2 && names[0] == "pg_catalog" && systemTypes[last] != "":
		base = systemTypes[last]
	case len(names) == 1 && last == "bpchar": // alone it has no length, where CHAR has 1
		base = last
	case len(names) == 1 && systemTypes[last] != "":
		base = systemTypes[last]
	case len(names) == 2 && names[0] == "pg_catalog" && last == "interval" && d.anyType && len(t.Typmods) == 0:
		base = "INTERVAL"
	case len(names) == 2 && names[0] == "pg_catalog" && last == "interval" && d.anyType:
		return "", false, dialects.Refusal{Message: "adkgen takes no fields and no precision of INTERVAL", Hint: "write INTERVAL alone"}
	case len(names) == 2 && names[0] == "pg_catalog" && last == "interval":
		return "", false, dialects.Refusal{Message: "an interval is not an owner's ID", Hint: "use the type of the column that it references"}
	case len(names) == 1 && serials[last] != "":
		return "", false, dialects.Refusal{Message: dialects.RefuseIdentity.Message, Hint: "write " + serials[last]}
	case len(names) == 1 && foreignTypes[last] != "":
		return "", false, dialects.Refusal{Message: "PostgreSQL has no type " + strings.ToUpper(last), Hint: "write " + foreignTypes[last]}
	case unindexed[strings.ToUpper(last)] && d.anyType && len(t.Typmods) == 0:
		base = strings.ToUpper(last)
	case unindexed[strings.ToUpper(last)]:
		return "", false, dialects.Refusal{Message: "a column of type " + strings.ToUpper(last) + " can have no index and no foreign key", Hint: "use the type of the column that it references"}
	case len(names) == 1 && plainTypes[strings.ToUpper(last)] && len(t.Typmods) > 0:
		return "", false, dialects.Refusal{Message: strings.ToUpper(last) + " takes no length", Hint: "write " + strings.ToUpper(last) + " alone"}
	case len(names) == 1 && plainTypes[strings.ToUpper(last)]:
		base = strings.ToUpper(last)
	default:
		userType = names[0] != "pg_catalog"
		for i, name := range names {
			names[i] = quoteType(d, name)
		}
		base = strings.Join(names, ".")
	}
	array := strings.Repeat("[]", min(len(t.ArrayBounds), 1)) // the database keeps no bounds, and not how many there are
	if len(t.Typmods) == 0 {
		return base + array, userType, dialects.Refusal{}
	}
	var modifiers []string
	for _, m := range t.Typmods {
		c := m.GetAConst()
		if c == nil || c.GetSval() != nil || c.GetFval() != nil || c.Isnull {
			return "", false, dialects.Refusal{Message: "a type's length or precision is a whole number", Hint: "write it as in " + base + "(36)"}
		}
		modifiers = append(modifiers, fmt.Sprint(c.GetIval().GetIval()))
	}
	return base + "(" + strings.Join(modifiers, ", ") + ")" + array, userType, dialects.Refusal{}
}

// Widens implements dialects.Dialect: ALTER TABLE, Notes: a longer or unbounded
// VARCHAR and NUMERIC of the same scale, and TEXT.
func (Dialect) Widens(from, to string) bool {
	old, new := dialects.ParseSized(from), dialects.ParseSized(to)
	switch old.Name {
	case "VARCHAR":
		return to == "VARCHAR" || to == "TEXT" || old.Longer(new)
	case "NUMERIC":
		return to == "NUMERIC" || old.Longer(new)
	case "TEXT":
		return to == "VARCHAR"
	}
	return from == to
}

// Confuses implements dialects.Dialect. PostgreSQL's own collations compare
// bytes at last (manual, 24.2.2.4 Nondeterministic Collations); citext and
// CHAR (8.3 Character Types) do not.
func (Dialect) Confuses(o dialects.Owner) dialects.Refusal {
	switch {
	case o.Type == "CITEXT":
		return dialects.Confusion("in a CITEXT column", "'acme' and 'ACME'", "write TEXT")
	case strings.HasPrefix(o.Type, "CHAR"):
		return dialects.ConfusesPadding(o)
	}
	return dialects.Refusal{}
}
