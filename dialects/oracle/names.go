package oracle

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// Fold implements dialects.Dialect: names without quotes become upper case.
func (Dialect) Fold(identifier string) string { return strings.ToUpper(identifier) }

// Quote implements dialects.Dialect. A name that is stored in upper case is
// written in lower case, which means the same without quotes.
func (d Dialect) Quote(identifier string) string {
	if isWord(identifier) && d.Fold(identifier) == identifier && !reserved[identifier] {
		return strings.ToLower(identifier)
	}
	return dialects.QuoteWith(`"`, identifier)
}

// isWord reports whether a name needs no quotes for its characters: a letter
// first, not _ (Database Object Naming Rules, 6).
func isWord(name string) bool {
	return dialects.IsPlain(name) && name[0] != '_'
}

// reserved are Oracle's reserved words: SQL Language Reference, Appendix D,
// and those that V$RESERVED_WORDS marks RESERVED = 'Y' or RES_ATTR = 'Y'
// (those name no column: ORA-00904, ORA-01747).
var reserved = dialects.Words(`
	access add all alter and any as asc audit between by char check cluster column column_value comment compress connect
	create current date decimal default delete desc distinct drop else exclusive exists file float for from grant group
	having identified immediate in increment index initial insert integer intersect into is level like lock long
	maxextents minus mlslabel mode modify nested_table_id noaudit nocompress not nowait null number of offline on online
	option or order pctfree prior public raw rename resource revoke row rowid rownum rows select session set share size
	smallint start successful synonym sysdate table then to trigger uid union unique update user validate values varchar
	varchar2 view whenever where with`)
