package mysql

import (
	"maps"

	"github.com/adkgen/adkgen/dialects"
)

// MariaDB is the dialect for MariaDB. Its collations stand in /*M! … */, which
// MariaDB runs and MySQL's grammar, and so sqlc, skips.
func MariaDB() Dialect {
	return Dialect{flavour: flavour{
		name: "mariadb", title: "MariaDB", reserved: bothReserved, ownReserved: mariadbReserved, functions: mariadbFunctions, collations: mariadbCollations, // MySQL's grammar reads the fragments, and sqlc's the queries
		lacks:         map[string]string{"UUID_TO_BIN": "UNHEX(REPLACE(UUID(), '-', ''))", "BIN_TO_UUID": "HEX", "IS_UUID": "a LIKE or REGEXP", "->": "JSON_EXTRACT(state, '$.title')", "->>": "JSON_UNQUOTE(JSON_EXTRACT(state, '$.title'))", "REGEXP_LIKE": "the operator REGEXP, as in name REGEXP '^[a-z]+$'"},
		unnamedChecks: true, mergeDepth: 32 /* warning 4040 */, dropCheck: "DROP CONSTRAINT", forShare: "LOCK IN SHARE MODE",
		byteCollation: "utf8mb4_nopad_bin", bytewise: "_nopad_bin", collate: "/*M! COLLATE %s */",
		requiresByCopy: "TIMESTAMP", // error 1846: cannot convert NULL to non-constant DEFAULT
		exists:         "/*M! IF EXISTS */ ", notExists: "/*M! IF NOT EXISTS */ ",
	}}
}

// bothReserved are the words that MySQL or MariaDB reserves.
var bothReserved = func() map[string]bool {
	words := maps.Clone(mysqlReserved)
	maps.Copy(words, mariadbReserved)
	return words
}()

// mariadbReserved are the reserved words of MariaDB 10.6 to 11.4: Knowledge
// Base, "Reserved Words", less the exceptions it lists, and the words that the
// server was seen to refuse besides.
var mariadbReserved = dialects.Words(`
	accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case
	change char character check collate column condition constraint continue convert create cross current_date
	current_role current_time current_timestamp current_user cursor database databases day_hour day_microsecond
	day_minute day_second dec decimal declare default delayed delete delete_domain_id desc describe deterministic
	distinct distinctrow div do_domain_ids double drop dual each else elseif empty enclosed escaped except exists exit
	explain false fetch float float4 float8 for force foreign from fulltext general grant group having high_priority
	hour_microsecond hour_minute hour_second if ignore ignore_domain_ids ignore_server_ids in index infile inner inout
	insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into is iterate join key keys kill
	leading leave left like limit linear lines load localtime localtimestamp lock long longblob longtext loop
	low_priority master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext
	middleint minute_microsecond minute_second minus mod modifies natural not no_write_to_binlog null numeric offset on
	optimize option optionally or order out outer outfile over page_checksum parse_vcol_expr partition precision
	primary procedure purge range read reads read_write real recursive ref_system_id references regexp release rename
	repeat replace require resignal restrict return returning revoke right rlike row_number rows schema schemas
	second_microsecond select sensitive separator set show signal slow smallint spatial specific sql sqlexception
	sqlstate sqlwarning sql_big_result sql_calc_found_rows sql_small_result ssl starting stats_auto_recalc
	stats_persistent stats_sample_pages straight_join table terminated then tinyblob tinyint tinytext to trailing
	trigger true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp value values
	varbinary varchar varcharacter varying vector when where while window with write xor year_month zerofill
	master_demote_to_replica master_demote_to_slave portion sql_buffer_result sql_cache sql_no_cache`)
