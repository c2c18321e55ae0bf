package postgres

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
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
		names = append(names, nameOf(n))
	}
	last := names[len(names)-1]
	upper := strings.ToUpper(last)
	own := len(names) == 2 && names[0] == "pg_catalog" // the grammar's own words
	alone := len(names) == 1
	var base string
	switch {
	case pseudoTypes[upper] && (own || alone):
		return "", false, dialects.Refusal{Message: last + " is a type of functions, not of columns (error 42P16)", Hint: "write the type of the values"}
	case own && systemTypes[last] != "" && (len(t.Typmods) > 0 || last != "bpchar" && last != "bit"):
		base = systemTypes[last]
	case (own || alone) && last == "bit": // without a length it takes any, where BIT has 1
		base = `"bit"`
	case (own || alone) && last == "bpchar": // so with CHAR
		base = last
	case (own || alone) && last == "char" && len(t.Typmods) == 0: // of one byte: 8.3
		base = `"char"`
	case alone && systemTypes[last] != "":
		base = systemTypes[last]
	case own && last == "interval" && d.anyType && len(t.Typmods) == 0:
		base = "INTERVAL"
	case own && last == "interval" && d.anyType:
		return "", false, dialects.Refusal{Message: "adkgen takes no fields and no precision of INTERVAL", Hint: "write INTERVAL alone"}
	case own && last == "interval":
		return "", false, dialects.Refusal{Message: "an interval is not an owner's ID", Hint: "use the type of the column that it references"}
	case alone && serials[last] != "":
		return "", false, dialects.Refusal{Message: dialects.RefuseIdentity.Message, Hint: "write " + serials[last]}
	case alone && foreignTypes[last] != "":
		return "", false, dialects.Refusal{Message: "PostgreSQL has no type " + upper, Hint: "write " + foreignTypes[last]}
	case unindexed[upper] && (own || alone) && d.anyType && len(t.Typmods) == 0:
		base = upper
	case unindexed[upper] && (own || alone):
		return "", false, dialects.Refusal{Message: "a column of type " + upper + " can have no index and no foreign key", Hint: "use the type of the column that it references"}
	case (own || alone) && plainTypes[upper] && len(t.Typmods) > 0:
		return "", false, dialects.Refusal{Message: upper + " takes no length", Hint: "write " + upper + " alone"}
	case alone && plainTypes[upper]:
		base = upper
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
	modifiers, why := d.modifiers(base, userType, t.Typmods)
	return base + "(" + strings.Join(modifiers, ", ") + ")" + array, userType, why
}

// modifiers writes what stands in the parentheses behind a type: a length or
// precision. Those of a user's type are its own, as in geometry(Point, 4326):
// whole numbers, texts and words (typenameTypeMod in parse_type.c).
func (d Dialect) modifiers(base string, userType bool, nodes []*node) (modifiers []string, why dialects.Refusal) {
	w := writer{d, new(bool)}
	for _, m := range nodes {
		c, ref := m.GetAConst(), m.GetColumnRef()
		switch {
		case c != nil && c.GetIval() != nil, userType && c != nil && c.GetSval() != nil, userType && ref != nil && len(ref.Fields) == 1:
			modifiers = append(modifiers, w.expression(m))
		default:
			return nil, dialects.Refusal{Message: "a type's length or precision is a whole number", Hint: "write it as in " + base + "(36)"}
		}
	}
	limit, limited := lengths[base]
	if !limited {
		return modifiers, why
	}
	numbers := make([]int32, len(nodes))
	for i, m := range nodes {
		numbers[i] = m.GetAConst().GetIval().GetIval()
	}
	switch {
	case len(numbers) > 2 || len(numbers) == 2 && base != "NUMERIC":
		return nil, dialects.Refusal{Message: base + " takes one number", Hint: "write it as in " + base + fmt.Sprintf("(%d)", max(1, limit.least))}
	case numbers[0] < limit.least || numbers[0] > limit.most:
		return nil, dialects.Refusal{Message: fmt.Sprintf("%s takes %d to %d, not %d", base, limit.least, limit.most, numbers[0]), Hint: cmp.Or(limit.hint, "write a number in that range")}
	case len(numbers) == 2 && (numbers[1] < 0 || numbers[1] > numbers[0]):
		return nil, dialects.Refusal{Message: fmt.Sprintf("the scale of NUMERIC is 0 to its precision, not %d; PostgreSQL takes others from 15 on", numbers[1]), Hint: fmt.Sprintf("write a scale of 0 to %d", numbers[0])}
	}
	return modifiers, why
}

// lengths are what the database takes as length or precision: chapters 8.1,
// 8.3, 8.10 and 8.5, error 22023. A precision of more than 6 is cut to 6 with a
// warning.
var lengths = map[string]struct {
	least, most int32
	hint        string
}{
	"VARCHAR": {1, 10485760, "write TEXT, or a number in that range"}, "CHAR": {1, 10485760, ""}, "bpchar": {1, 10485760, ""},
	"BIT": {1, 83886080, ""}, "BIT VARYING": {1, 83886080, ""}, "NUMERIC": {1, 1000, "write NUMERIC alone, or a number in that range"},
	"TIMESTAMP": {0, 6, ""}, "TIMESTAMPTZ": {0, 6, ""}, "TIME": {0, 6, ""}, "TIMETZ": {0, 6, ""},
}

// pseudoTypes cannot be a column's: 8.21, error 42P16.
var pseudoTypes = dialects.Words(`any anyelement anyarray anynonarray anyenum anyrange anymultirange anycompatible anycompatiblearray
	anycompatiblenonarray anycompatiblerange anycompatiblemultirange cstring internal language_handler fdw_handler table_am_handler
	index_am_handler tsm_handler record trigger event_trigger pg_ddl_command void unknown`)

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
		return to == "TEXT" || to == "VARCHAR"
	}
	return from == to
}

// Confuses implements dialects.Dialect. PostgreSQL's own collations compare
// bytes at last (manual, 24.2.2.4 Nondeterministic Collations); one of the user's
// may not. citext and CHAR (8.3 Character Types) compare in ways of their own, and
// other types round or cut what they are given (8.1, 8.3, 8.5).
func (Dialect) Confuses(o dialects.Owner) dialects.Refusal {
	size := dialects.ParseSized(o.Type)
	digits := 6
	if strings.Contains(o.Type, "(") {
		digits = size.Length
	}
	switch {
	case o.Type == "CITEXT":
		return dialects.Confusion("in a CITEXT column", "'acme' and 'ACME'", "write TEXT")
	case o.Collation != "" && !ownCollation.MatchString(o.Collation):
		return dialects.Refusal{Message: "the collation " + o.Collation + " is not one of PostgreSQL's own: if it is not deterministic, different texts are one owner, and each can read and delete the sessions of the other",
			Hint: `write COLLATE "C", or make sure that it was not created with deterministic = false`}
	case strings.HasPrefix(o.Type, "CHAR"), o.Type == "bpchar":
		return dialects.ConfusesPadding(o)
	case o.Type == "NAME":
		return dialects.ConfusesValues(o, "a text of 63 bytes", "each longer one that begins with it", "write TEXT")
	case o.Type == `"char"`:
		return dialects.ConfusesValues(o, "'acme'", "'a'", "write TEXT")
	case size.Name == "NUMERIC" && size.Length > 0:
		return dialects.ConfusesDigits(o, size.Scale, "write NUMERIC alone, or BIGINT")
	case o.Type == "MONEY":
		return dialects.ConfusesDigits(o, 2, "write NUMERIC alone")
	case o.Type == "REAL":
		return dialects.ConfusesFloats(o, 24, "write NUMERIC or BIGINT")
	case o.Type == "DOUBLE PRECISION":
		return dialects.ConfusesFloats(o, 53, "write NUMERIC or BIGINT")
	case o.Type == "DATE":
		return dialects.ConfusesDays(o)
	case strings.HasPrefix(o.Type, "TIME"):
		return dialects.ConfusesSeconds(o, digits)
	}
	return dialects.Refusal{}
}

// ownCollation matches the collations that a database has from the beginning: the
// standard ones, and those of ICU and of the operating system.
var ownCollation = regexp.MustCompile(`^(pg_catalog\.)?("?(C|POSIX)(\.\w+)?"?|"?default"?|ucs_basic|unicode|pg_c_utf8|pg_unicode_fast|"[\w-]+-x-icu"|"[a-z]{2,3}_[A-Z]{2}(\.\w+)?(@\w+)?")$`)
