package mysql

import (
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// function is a function that an expression may call, with how many arguments.
type function struct {
	least, most int
	class       dialects.Class // of the result; ClassOther when its arguments decide
	// changes: the result is not the same for the same arguments, always and
	// everywhere. A CHECK and a generated column cannot call it (errors 3814,
	// 3763, and MariaDB's 1901).
	changes bool
}

// functions are those that MySQL 8.0 to 9.7 and MariaDB 10.6 to 11.8 let a
// default call: a test asks the servers. What is not here is refused, as it would
// be by the server when the migration runs (errors 3770, 1901).
var functions = func() map[string]function {
	all := map[string]function{}
	add := func(class dialects.Class, changes bool, list string) { addFunctions(all, class, changes, list) }
	add(dialects.ClassNumber, false, `abs/1 ceil/1 ceiling/1 floor/1 round/1-2 truncate/2 mod/2 pow/2 power/2 sqrt/1 sign/1 exp/1 ln/1
		log/1-2 log2/1 log10/1 pi/0 crc32/1 ascii/1 bit_count/1 bit_length/1 char_length/1 character_length/1 length/1 octet_length/1
		field/2-9 find_in_set/2 instr/2 ord/1 strcmp/2 isnull/1 year/1 month/1 day/1 dayofmonth/1 dayofweek/1 dayofyear/1 hour/1
		minute/1 second/1 weekday/1 quarter/1 time_to_sec/1 datediff/2 to_days/1 inet_aton/1 is_ipv4/1 is_ipv6/1 degrees/1 radians/1`)
	add(dialects.ClassText, false, `bin/1 oct/1 conv/3 concat/1-9 concat_ws/2-9 elt/2-9 format/2 from_base64/1 to_base64/1 hex/1 unhex/1 lcase/1
		lower/1 ucase/1 upper/1 left/2 right/2 lpad/3 rpad/3 ltrim/1 rtrim/1 mid/3 quote/1 repeat/2 replace/3 reverse/1 soundex/1
		space/1 substring_index/3 sha2/2 inet_ntoa/1 inet6_aton/1 inet6_ntoa/1 make_set/2-9 uuid_to_bin/1-2 bin_to_uuid/1-2`)
	add(dialects.ClassNumber, false, "is_uuid/1")
	add(dialects.ClassTime, false, "date/1 last_day/1 makedate/2 from_days/1 str_to_date/2 convert_tz/3")
	add(dialects.ClassClock, false, "maketime/3 sec_to_time/1")
	add(dialects.ClassOther, false, "coalesce/1-9 ifnull/2 nullif/2 if/3 greatest/2-9 least/2-9")
	add(dialects.ClassText, true, `uuid/0 random_bytes/1 user/0 session_user/0 system_user/0 current_user/0 database/0 schema/0 current_role/0 dayname/1
		monthname/1 date_format/2`)
	add(dialects.ClassNumber, true, "rand/0-1 uuid_short/0 connection_id/0 unix_timestamp/0-1 week/1-2")
	add(dialects.ClassTime, true, "from_unixtime/1 curdate/0 current_date/0 sysdate/0-1")
	add(dialects.ClassClock, true, "curtime/0-1 current_time/0-1")
	return all
}()

// mariadbFunctions are those that MariaDB lets an expression call and MySQL does
// not (errors 3770, 3814 and 3763).
var mariadbFunctions = func() map[string]function {
	all := map[string]function{}
	addFunctions(all, dialects.ClassText, false, "md5/1 sha/1 sha1/1")
	addFunctions(all, dialects.ClassText, true, "version/0")
	return all
}()

func addFunctions(all map[string]function, class dialects.Class, changes bool, list string) {
	for name, arguments := range dialects.Functions(list) {
		all[strings.ToUpper(name)] = function{arguments[0], arguments[1], class, changes}
	}
}

// function gives what is known of a function by its name in capitals.
func (d Dialect) function(upper string) (f function, known bool) {
	if f, known = d.flavour.functions[upper]; known {
		return f, true
	}
	f, known = functions[upper]
	return f, known
}

// instead are what to write for functions that are not among them.
var instead = map[string]string{"MD5": "SHA2(…, 256)", "VERSION": "a constant", "SHA": "SHA2(…, 256)", "SHA1": "SHA2(…, 256)", "GEN_RANDOM_UUID": "UUID()", "NEWID": "UUID()",
	"LEN": "CHAR_LENGTH", "STRFTIME": "DATE_FORMAT", "GETDATE": "NOW()", "REGEXP_LIKE": "the operator REGEXP"}

// refuseCall says why a function cannot be called; zero when it can.
func (d Dialect) refuseCall(name string, arguments int, deterministic bool) dialects.Refusal {
	upper := strings.ToUpper(name)
	f, known := d.function(upper)
	_, mariadbs := mariadbFunctions[upper]
	switch {
	case d.flavour.lacks[upper] != "":
		return dialects.Refusal{Message: d.flavour.title + " has no function " + name, Hint: "write " + d.flavour.lacks[upper]}
	case dialects.IsAggregate(name): // error 1111
		return dialects.RefuseAggregate
	case deterministic && (nonDeterministic[upper] || f.changes):
		return dialects.RefuseVolatile
	case !known && mariadbs:
		return dialects.Refusal{Message: "MySQL calls no " + upper + " in a default (error 3770), a CHECK (3814) or a generated column (3763)", Hint: "write " + instead[upper]}
	case !known:
		hint := "use another function, or a constant"
		if instead[upper] != "" {
			hint = "write " + instead[upper]
		} else if near := dialects.Nearest(upper, functionNames); near != "" {
			hint = "did you mean " + near + "?"
		}
		return dialects.Refusal{Message: "adkgen takes no function " + name + " here: a default, CHECK or generated column cannot call every function", Hint: hint}
	case arguments < f.least || arguments > f.most: // error 1582
		return dialects.Refusal{Message: name + " has another number of arguments", Hint: "write as many as the manual says"}
	}
	return dialects.Refusal{}
}

var functionNames = func() (names []string) {
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()
