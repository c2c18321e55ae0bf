package mysql

import (
	"cmp"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// isText reports whether values of a type that renderType has written are
// compared by a collation.
func isText(sql string) bool {
	return strings.HasPrefix(sql, "CHAR") || strings.HasPrefix(sql, "VARCHAR")
}

// characterSets are those that MySQL and MariaDB both have: manual, 12.10.
var characterSets = dialects.Words(`armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr
	gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ucs2 ujis
	utf16 utf16le utf32 utf8 utf8mb3 utf8mb4`)

// checkCollation refuses a collation that is of none of the server's kinds
// (error 1273) or of another character set (error 1253). set is the column's,
// "" when it says none.
func (d Dialect) checkCollation(collation, set string) dialects.Refusal {
	name := strings.ToLower(collation)
	switch of := setOf("", name); {
	case !characterSets[strings.ToUpper(of)], d.flavour.foreignCollations != "" && strings.Contains(name, d.flavour.foreignCollations), of == name && of != "binary":
		return dialects.Refusal{Message: d.flavour.title + " has no collation " + collation + " (error 1273)", Hint: "write COLLATE " + d.bytewise(set)}
	case set != "" && strings.ToLower(set) != of:
		return dialects.Refusal{Message: "the collation " + collation + " is not of the character set " + set + " (error 1253)", Hint: "write COLLATE " + d.bytewise(set)}
	}
	return dialects.Refusal{}
}

// chooseCollation gives a text owner column whose definition says no collation
// one that compares byte for byte; any other column keeps the database's own. A foreign key needs the collation of the
// column that it references (errors 3780, and 1005 with 150): CheckHost knows
// it, or else the database's own is the best guess.
func (d Dialect) chooseCollation(o *dialects.Owner) {
	if !isText(o.Type) || o.Collation != "" {
		return
	}
	_, set, _ := strings.Cut(o.Type, dialects.CharacterSet)
	switch {
	case o.Reference != nil && set == "":
		o.CollationFrom = dialects.FromDatabase
	case o.Reference == nil && !d.anyType:
		o.Collation, o.CollationFrom = d.bytewise(set), dialects.FromDefault
	}
}

// bytewise names the collation of a character set that compares byte for byte.
// On MySQL, those of other sets than utf8mb4 ignore spaces at the end.
func (d Dialect) bytewise(set string) string {
	switch set = strings.ToLower(set); set {
	case "", "utf8mb4":
		return d.flavour.byteCollation
	case "binary":
		return set
	case "utf8": // an alias: MySQL manual, 12.9.3
		set = "utf8mb3"
	}
	return set + d.flavour.bytewise
}

// Confuses implements dialects.Dialect: MySQL manual, 12.3.1 (Collation Naming
// Conventions) and 12.10.1 (_bin: pad attributes); MariaDB, Supported Character
// Sets and Collations.
func (d Dialect) Confuses(o dialects.Owner) dialects.Refusal {
	if !isText(o.Type) {
		return dialects.Refusal{}
	}
	_, set, _ := strings.Cut(o.Type, dialects.CharacterSet)
	instead := "write COLLATE " + d.bytewise(set)
	if strings.EqualFold(o.Collation, d.bytewise(set)) {
		instead = "leave CHARACTER SET out"
	}
	if o.Reference != nil {
		instead += ", here and in the column that it references"
	}
	if o.CollationFrom == dialects.FromLock {
		instead = "give the owner column another name, and fill it with backfill: " + d.Quote(o.Name) + "; the new column compares byte for byte"
	}
	confuses := func(alike string) dialects.Refusal {
		how := "under the collation " + o.Collation
		if o.Collation == "" {
			how = "under the collation that " + cmp.Or(strings.ToLower(set), "the database") + " has by default"
		}
		return dialects.Confusion(how, alike, instead)
	}
	switch name := strings.ToLower(o.Collation); {
	case name == "":
		return confuses("'acme', 'ACME' and 'acmé'")
	case name == "binary" || strings.HasSuffix(name, "_0900_bin") || strings.HasSuffix(name, "_nopad_bin"):
		if strings.HasPrefix(o.Type, "CHAR") {
			return dialects.ConfusesPadding(o)
		}
		return dialects.Refusal{}
	case strings.HasSuffix(name, "_bin"):
		return confuses("'acme' and 'acme '")
	case strings.HasSuffix(name, "_as_cs"), strings.HasSuffix(name, "_cs"):
		return confuses("'acme' and 'acme' with a zero-width space or another sign without weight")
	case strings.HasSuffix(name, "_as_ci"):
		return confuses("'acme' and 'ACME'")
	}
	return confuses("'acme', 'ACME' and 'acmé'")
}

// takeCollation gives an owner column that does not say its collation that of
// the column which it references; a column that says none has its table's.
func takeCollation(o *dialects.Owner, t *dialects.HostTable, c dialects.HostColumn) {
	if o.CollationFrom != dialects.FromDatabase && o.CollationFrom != dialects.FromLock {
		return
	}
	set, collation := c.CharacterSet, c.Collation
	if set == "" && collation == "" {
		set, collation = t.CharacterSet, t.Collation
	}
	if collation+set != "" && !dialects.IsPlain(collation+set) {
		return // quoted, and none that a server knows
	}
	if collation != "" {
		o.Collation, o.CollationFrom = collation, dialects.FromTarget
	} else if set != "" {
		plain, _, _ := strings.Cut(o.Type, dialects.CharacterSet)
		o.Type, o.CollationFrom = plain+dialects.CharacterSet+set, dialects.FromTarget
	}
}
