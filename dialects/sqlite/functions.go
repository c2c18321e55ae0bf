package sqlite

import (
	"maps"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// functions are SQLite's own functions with the least and most arguments, from
// 3.35 on and in every build but one without JSON (Built-In Scalar SQL
// Functions; Date And Time Functions; JSON Functions And Operators). A CHECK that
// calls another is refused by SQLite, and a DEFAULT when it is used.
var functions = dialects.Functions(`abs/1 changes/0 char/1-9 coalesce/2-9 glob/2 hex/1 ifnull/2 iif/3 instr/2 last_insert_rowid/0 length/1
		like/2-3 likelihood/2 likely/1 lower/1 ltrim/1-2 max/2-9 min/2-9 nullif/2 printf/1-9 quote/1 random/0 randomblob/1 replace/3
		round/1-2 rtrim/1-2 sqlite_version/0 substr/2-3 substring/2-3 total_changes/0 trim/1-2 typeof/1 unicode/1 unlikely/1 upper/1
		zeroblob/1 date/0-9 time/0-9 datetime/0-9 julianday/0-9 strftime/1-9
		json/1 json_array/0-9 json_array_length/1-2 json_extract/2-9 json_insert/3-9 json_object/0-8 json_patch/2 json_remove/1-9
		json_replace/3-9 json_set/3-9 json_type/1-2 json_valid/1 json_quote/1`)

var functionNames = slices.Sorted(maps.Keys(functions))

// isFunction reports whether there is a function with a number of arguments.
func isFunction(name string, arguments int) bool {
	f, known := functions[strings.ToLower(name)]
	odd := map[string]int{"json_insert": 1, "json_replace": 1, "json_set": 1, "json_object": 0} // pairs, behind so many
	if behind, paired := odd[strings.ToLower(name)]; paired && (arguments-behind)%2 != 0 {
		return false
	}
	return known && f[0] <= arguments && arguments <= f[1]
}
