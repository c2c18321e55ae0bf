package mysql

import (
	"cmp"
	"slices"
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

// hasCharacterSet reports whether the server has a character set.
func (d Dialect) hasCharacterSet(name string) bool {
	name = strings.ToUpper(name)
	return characterSets[name] || d.flavour.characterSets[name]
}

// The collations of MySQL and MariaDB: SHOW COLLATION. A test asks the servers.
// Those of one language each are in all sets of Unicode but UTF-16LE.
var (
	unicodeSets      = strings.Fields("ucs2 utf16 utf32 utf8mb3 utf8mb4")
	unicodeLanguages = strings.Fields(`croatian czech danish esperanto estonian german2 hungarian icelandic latvian lithuanian persian polish romanian roman
		sinhala slovak slovenian spanish2 spanish swedish turkish vietnamese`)
	plainCollations = strings.Fields(`armscii8_general_ci ascii_general_ci big5_chinese_ci cp1250_general_ci cp1251_general_ci cp1256_general_ci cp1257_general_ci
		cp850_general_ci cp852_general_ci cp866_general_ci cp932_japanese_ci dec8_swedish_ci eucjpms_japanese_ci euckr_korean_ci gb2312_chinese_ci gbk_chinese_ci
		geostd8_general_ci greek_general_ci hebrew_general_ci hp8_english_ci keybcs2_general_ci koi8r_general_ci koi8u_general_ci latin1_swedish_ci latin2_general_ci
		latin5_turkish_ci latin7_general_ci macce_general_ci macroman_general_ci sjis_japanese_ci swe7_swedish_ci tis620_thai_ci ujis_japanese_ci utf16le_general_ci`)
	otherCollations = strings.Fields(`binary cp1250_croatian_ci cp1250_czech_cs cp1250_polish_ci cp1251_bulgarian_ci cp1251_general_cs cp1251_ukrainian_ci cp1257_lithuanian_ci
		latin1_danish_ci latin1_general_ci latin1_general_cs latin1_german1_ci latin1_german2_ci latin1_spanish_ci latin2_croatian_ci latin2_czech_cs
		latin2_hungarian_ci latin7_estonian_cs latin7_general_cs ucs2_general_mysql500_ci utf8mb3_general_mysql500_ci`)
	languages0900 = strings.Fields(`bg bs cs da de_pb eo es es_trad et gl hr hu is la lt lv mn_cyrl nb nn pl ro ru sk sl sr_latn sv tr vi`)
)

// bothCollations are those that MySQL and MariaDB have.
func bothCollations() map[string]bool {
	all := map[string]bool{}
	for _, name := range slices.Concat(plainCollations, otherCollations) {
		all[name] = true
	}
	for set := range characterSets {
		if set != "BINARY" && set != "UTF8" { // which is another name for utf8mb3
			all[strings.ToLower(set)+"_bin"] = true
		}
	}
	for _, set := range unicodeSets {
		for _, language := range slices.Concat(unicodeLanguages, []string{"general", "unicode", "unicode_520"}) {
			all[set+"_"+language+"_ci"] = true
		}
	}
	return all
}

// mysqlCollations are MySQL's.
var mysqlCollations = func() map[string]bool {
	all := bothCollations()
	for _, name := range strings.Fields(`gb18030_bin gb18030_chinese_ci gb18030_unicode_520_ci utf8mb3_tolower_ci utf8mb4_0900_ai_ci utf8mb4_0900_as_ci utf8mb4_0900_as_cs
		utf8mb4_0900_bin utf8mb4_ja_0900_as_cs utf8mb4_ja_0900_as_cs_ks utf8mb4_zh_0900_as_cs`) {
		all[name] = true
	}
	for _, language := range languages0900 {
		all["utf8mb4_"+language+"_0900_ai_ci"], all["utf8mb4_"+language+"_0900_as_cs"] = true, true
	}
	return all
}()

// mariadbCollations are MariaDB's; uca1400 is there from 10.10 on.
var mariadbCollations = func() map[string]bool {
	all := bothCollations()
	for set := range characterSets {
		if set != "BINARY" && set != "UTF8" {
			all[strings.ToLower(set)+"_nopad_bin"] = true
		}
	}
	for _, name := range plainCollations {
		all[strings.TrimSuffix(name, "_ci")+"_nopad_ci"] = true
	}
	for _, set := range unicodeSets {
		for _, name := range strings.Fields("general_nopad_ci unicode_nopad_ci unicode_520_nopad_ci croatian_mysql561_ci myanmar_ci thai_520_w2") {
			all[set+"_"+name] = true
		}
	}
	for _, set := range append([]string{""}, unicodeSets...) {
		for _, language := range append([]string{""}, unicodeLanguages...) {
			for _, rest := range strings.Fields("ai_ci ai_cs as_ci as_cs nopad_ai_ci nopad_ai_cs nopad_as_ci nopad_as_cs") {
				all[strings.TrimPrefix(strings.ReplaceAll(set+"_uca1400_"+language+"_"+rest, "__", "_"), "_")] = true
			}
		}
	}
	return all
}()

// checkCollation refuses a collation that the server does not have (error 1273) or
// that is of another character set (error 1253). set is the column's, "" when it
// says none.
func (d Dialect) checkCollation(collation, set string) dialects.Refusal {
	name, set := strings.ToLower(collation), strings.ToLower(set)
	if rest, old := strings.CutPrefix(name, "utf8_"); old {
		name = "utf8mb3_" + rest
	}
	of := setOf("", name)
	if set == "utf8" {
		set = "utf8mb3"
	}
	switch {
	case !d.flavour.collations[name]:
		return dialects.Refusal{Message: d.flavour.title + " has no collation " + collation + " (error 1273)", Hint: "write COLLATE " + d.bytewise(set)}
	case of == "" && (set == "" || slices.Contains(unicodeSets, set)): // of each of these sets
	case set != "" && set != of:
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
		return confusesValues(o)
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
	case strings.HasSuffix(name, "_ai_cs"):
		return confuses("'acme' and 'acmé'")
	case strings.HasSuffix(name, "_cs"):
		return confuses("'acme' and 'acme' with a zero-width space or another sign without weight")
	case strings.HasSuffix(name, "_as_ci"):
		return confuses("'acme' and 'ACME'")
	}
	return confuses("'acme', 'ACME' and 'acmé'")
}

// confusesValues warns of types that round what they are given: manual, 14.23
// (Precision Math), 13.2.6 (Fractional Seconds) and 13.2.4 (YEAR).
func confusesValues(o dialects.Owner) dialects.Refusal {
	size := dialects.ParseSized(o.Type)
	switch name, _, _ := strings.Cut(size.Name, " "); name {
	case "DECIMAL", "NUMERIC":
		return dialects.ConfusesDigits(o, size.Scale, "write BIGINT, or a VARCHAR for what is no whole number")
	case "DATE":
		return dialects.ConfusesDays(o)
	case "DATETIME", "TIMESTAMP", "TIME":
		return dialects.ConfusesSeconds(o, size.Length)
	case "YEAR":
		return dialects.ConfusesValues(o, "70", "1970", "write INT")
	}
	return dialects.Refusal{}
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
