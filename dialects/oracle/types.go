package oracle

import (
	"fmt"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// Type implements dialects.Dialect. ” is NULL in Oracle, so that text which
// ADK may leave empty has to be nullable.
func (d Dialect) Type(kind dialects.Kind) dialects.ColumnType {
	switch kind {
	case dialects.KindKey:
		return dialects.ColumnType{SQL: "VARCHAR2(128 CHAR)"}
	case dialects.KindText:
		return dialects.ColumnType{SQL: "VARCHAR2(1000 CHAR)", Nullable: true}
	case dialects.KindCounter:
		return dialects.ColumnType{SQL: "NUMBER(19)", Default: "0"}
	case dialects.KindTime:
		return dialects.ColumnType{SQL: "TIMESTAMP(6) WITH TIME ZONE"}
	default:
		if d.NativeJSON {
			return dialects.ColumnType{SQL: "JSON"}
		}
		return dialects.ColumnType{SQL: "BLOB", JSONCheck: true}
	}
}

// foreignTypes are other databases' types, and what Oracle has instead.
var foreignTypes = map[string]string{
	"UUID": "RAW(16) or VARCHAR2(36)", "BIGINT": "NUMBER(19)", "TINYINT": "NUMBER(3)", "MEDIUMINT": "NUMBER(8)", "INT8": "NUMBER(19)",
	"TEXT": "VARCHAR2(255 CHAR)", "STRING": "VARCHAR2(255 CHAR)", "DATETIME": "DATE", "TIMESTAMPTZ": "TIMESTAMP",
	"BYTEA": "RAW(16)", "BINARY": "RAW(16)", "VARBINARY": "RAW(16)", "SERIAL": "NUMBER(10)", "BIGSERIAL": "NUMBER(19)",
	"BOOL": "NUMBER(1)", "DOUBLE": "BINARY_DOUBLE", "LONG": "VARCHAR2(4000)",
}

// unindexed are types that can be neither in an index nor in a key
// (ORA-02327, ORA-02329).
var unindexed = dialects.Words("CLOB NCLOB BLOB BFILE JSON XMLTYPE VECTOR")

// sized are the types that take numbers in parentheses.
var sized = map[string]struct {
	required   bool
	least      int
	most       int  // of the first number
	scale      bool // a second number, from -84 to 127, may follow
	characters bool // BYTE or CHAR may follow the number
}{
	"NUMBER":    {most: 38, least: 1, scale: true}, // ORA-01727, ORA-01728
	"VARCHAR2":  {true, 1, 4000, false, true},      // ORA-00906 without a length, ORA-00910 past it
	"VARCHAR":   {true, 1, 4000, false, true},      //
	"NVARCHAR2": {required: true, least: 1, most: 2000},
	"CHAR":      {least: 1, most: 2000, characters: true},
	"NCHAR":     {least: 1, most: 1000},
	"RAW":       {required: true, least: 1, most: 2000},
	"TIMESTAMP": {most: 9}, // ORA-30088
	"FLOAT":     {least: 1, most: 126},
	"DECIMAL":   {least: 1, most: 38, scale: true},
	"NUMERIC":   {least: 1, most: 38, scale: true},
}

// sizeless are the types that take none.
var sizeless = dialects.Words("INTEGER INT SMALLINT DATE BINARY_FLOAT BINARY_DOUBLE")

// parseType reads a data type and writes it as SQL.
func (p *parser) parseType() (string, bool) {
	t := p.peek()
	name := t.Text
	size, takesSize := sized[name]
	switch {
	case t.Length == 0 || !t.word:
		p.refuse(t, dialects.RefuseTypeMissing)
		return "", false
	case foreignTypes[name] != "":
		p.refuse(t, dialects.Refusal{Message: "Oracle has no type " + name + " that adkgen can use", Hint: "write " + foreignTypes[name]})
		return "", false
	case p.dialect.anyType && (name == "CLOB" || name == "NCLOB" || name == "BLOB" || name == "JSON" && p.dialect.NativeJSON):
		p.next()
		return name, true
	case unindexed[name]:
		p.refuse(t, dialects.Refusal{Message: "a column of type " + name + " can have no index and no foreign key (ORA-02327)", Hint: "use the type of the column that it references"})
		return "", false
	case !takesSize && !sizeless[name]:
		p.RefuseSyntax(t.Offset, "Oracle has no type "+name)
		return "", false
	}
	p.next()
	sql := name
	if p.peek().Kind != dialects.TokenOpen {
		if size.required {
			p.refuse(t, dialects.Refusal{Message: name + " needs a length (ORA-00906)", Hint: "write " + name + "(36)"})
			return "", false
		}
		return p.timeZone(sql, name)
	}
	open := p.next()
	if !takesSize {
		p.refuse(open, dialects.Refusal{Message: name + " takes no length", Hint: "write " + name + " alone"})
		return "", false
	}
	first, ok := p.number(size.least, size.most, name)
	if !ok {
		return "", false
	}
	sql += fmt.Sprintf("(%d", first)
	if size.scale && p.accept(",") {
		scale, ok := p.number(-84, 127, "the scale of "+name)
		if !ok {
			return "", false
		}
		sql += fmt.Sprintf(", %d", scale)
	}
	if unit := p.peek().Text; size.characters && (unit == "BYTE" || unit == "CHAR") {
		p.next()
		sql += " " + unit
	}
	if !p.expect(")") {
		return "", false
	}
	return p.timeZone(sql+")", name)
}

// timeZone reads what follows TIMESTAMP. No key can have a time zone
// (ORA-02329), but for the session's own, which adkgen does not take.
func (p *parser) timeZone(sql, name string) (string, bool) {
	t := p.peek()
	if name != "TIMESTAMP" || t.Text != "WITH" {
		return sql, true
	}
	if p.dialect.anyType && p.accept("WITH", "TIME", "ZONE") {
		return sql + " WITH TIME ZONE", true
	}
	p.refuse(t, dialects.Refusal{Message: "a TIMESTAMP WITH TIME ZONE can be in no key (ORA-02329)", Hint: "write TIMESTAMP"})
	return "", false
}

func (p *parser) number(least, most int, of string) (int, bool) {
	t := p.next()
	sign := 1
	if t.Text == "-" {
		sign, t = -1, p.next()
	}
	n := 0
	if t.Length == 0 || t.Length > 6 || strings.Trim(t.Text, "0123456789") != "" {
		p.refuse(t, dialects.Refusal{Message: "a whole number belongs here", Hint: fmt.Sprintf("write a number from %d to %d", least, most)})
		return 0, false
	}
	for _, digit := range t.Text {
		n = 10*n + int(digit-'0')
	}
	if n *= sign; n < least || n > most {
		p.refuse(t, dialects.Refusal{Message: fmt.Sprintf("%s takes a number from %d to %d", of, least, most), Hint: fmt.Sprintf("write at most %d", most)})
		return 0, false
	}
	return n, true
}

// Widens implements dialects.Dialect: ALTER TABLE, modify_col_properties: a
// longer text or RAW, and a NUMBER of more digits.
func (Dialect) Widens(from, to string) bool {
	return from == to || dialects.ParseSized(from).Longer(dialects.ParseSized(to)) || strings.HasPrefix(from, "NUMBER(") && to == "NUMBER"
}

// Confuses implements dialects.Dialect: Database Globalization Support Guide,
// 5 (BINARY_CI, BINARY_AI and their like), and SQL Language Reference, CHAR.
func (Dialect) Confuses(o dialects.Owner) dialects.Refusal {
	size := dialects.ParseSized(o.Type)
	switch name := strings.ToUpper(o.Collation); {
	case strings.HasSuffix(name, "_CI"):
		return dialects.Confusion("under the collation "+o.Collation, "'acme' and 'ACME'", "write COLLATE BINARY, or leave COLLATE out")
	case strings.HasSuffix(name, "_AI"):
		return dialects.Confusion("under the collation "+o.Collation, "'acme', 'ACME' and 'acmé'", "write COLLATE BINARY, or leave COLLATE out")
	case strings.HasPrefix(o.Type, "CHAR") || strings.HasPrefix(o.Type, "NCHAR"):
		return dialects.ConfusesPadding(o)
	case o.Type == "DATE":
		return dialects.ConfusesSeconds(o, 0)
	case o.Type == "TIMESTAMP":
		return dialects.ConfusesSeconds(o, 6)
	case size.Name == "TIMESTAMP":
		return dialects.ConfusesSeconds(o, size.Length)
	case size.Scale > 0: // NUMBER(10) is Oracle's type for whole numbers
		return dialects.ConfusesDigits(o, size.Scale, "write NUMBER alone")
	case o.Type == "BINARY_FLOAT":
		return dialects.ConfusesFloats(o, 24, "write NUMBER")
	case o.Type == "BINARY_DOUBLE":
		return dialects.ConfusesFloats(o, 53, "write NUMBER")
	}
	return dialects.Refusal{}
}
