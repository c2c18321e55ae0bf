package databases

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator"
)

// A catalog is what a database says of tables, a line for each column, key,
// index and check, sorted. Both what the lock says that was meant and what
// the database has are put into this form, and compared as text.
type catalog []string

func (c catalog) String() string { return strings.Join(c, "\n") }

// catalogTypes are the names under which the databases' catalogs show the
// types and collations that adkgen writes.
var catalogTypes = map[string]map[string]string{
	"postgres": {
		`VARCHAR(128) COLLATE "C"`: "character varying(128) C", "TEXT": "text", "BIGINT": "bigint", "JSONB": "jsonb", "UUID": "uuid",
		"JSON COMPRESSION lz4": "json lz4", "JSON": "json", "TIMESTAMPTZ": "timestamp with time zone",
		"VARCHAR(64)": "character varying(64)", "VARCHAR(128)": "character varying(128)", "BOOLEAN": "boolean", "INTEGER": "integer",
		"VARCHAR(10)": "character varying(10)", "DATE": "date", "INET": "inet",
	},
	"mariadb": {
		"VARCHAR(128) /*M! COLLATE utf8mb4_nopad_bin */": "varchar(128) utf8mb4_nopad_bin", "VARCHAR(1024) /*M! COLLATE utf8mb4_nopad_bin */": "varchar(1024) utf8mb4_nopad_bin",
		"BIGINT": "bigint(20)", "BIGINT UNSIGNED": "bigint(20) unsigned", "VARCHAR(40)": "varchar(40)", "VARCHAR(40) CHARACTER SET latin1": "varchar(40) latin1_swedish_ci", "JSON": "longtext utf8mb4_bin", "DATETIME(6)": "datetime(6)",
		"VARCHAR(36)": "varchar(36) utf8mb4_general_ci", "VARCHAR(64)": "varchar(64) utf8mb4_general_ci", "VARCHAR(128)": "varchar(128) utf8mb4_general_ci", "VARCHAR(200)": "varchar(200) utf8mb4_general_ci",
		"ENUM('chat', 'task')": "enum('chat','task') utf8mb4_general_ci", "DATETIME": "datetime",
		"TEXT": "text utf8mb4_general_ci", "BOOLEAN": "tinyint(1)", "INT": "int(11)",
	},
	"mysql": {
		"VARCHAR(128) COLLATE utf8mb4_0900_bin": "varchar(128) utf8mb4_0900_bin", "VARCHAR(1024) COLLATE utf8mb4_0900_bin": "varchar(1024) utf8mb4_0900_bin",
		"VARCHAR(36)": "varchar(36) utf8mb4_0900_ai_ci", "VARCHAR(64)": "varchar(64) utf8mb4_0900_ai_ci", "VARCHAR(128)": "varchar(128) utf8mb4_0900_ai_ci", "VARCHAR(200)": "varchar(200) utf8mb4_0900_ai_ci",
		"BIGINT": "bigint", "BIGINT UNSIGNED": "bigint unsigned", "VARCHAR(40)": "varchar(40)", "VARCHAR(40) CHARACTER SET latin1": "varchar(40) latin1_swedish_ci", "JSON": "json", "DATETIME(6)": "datetime(6)",
		"ENUM('chat', 'task')": "enum('chat','task') utf8mb4_0900_ai_ci", "DATETIME": "datetime",
		"VARCHAR(36) CHARACTER SET ascii": "varchar(36)", "TEXT": "text utf8mb4_0900_ai_ci", "BOOLEAN": "tinyint(1)", "INT": "int",
	},
	"sqlite": {},
}

var catalogDefaults = map[string]map[string]string{
	"postgres": {
		"'{}'": "'{}'::jsonb", "'open'": "'open'::character varying", "(now() AT TIME ZONE 'utc')::date": "((now() AT TIME ZONE 'utc'::text))::date",
		"COALESCE(state ->> 'model', 'none')":                         "COALESCE((state ->> 'model'::text), 'none'::text)",
		"CASE WHEN author = 'user' THEN 'question' ELSE 'answer' END": "\nCASE\n    WHEN (author = 'user'::text) THEN 'question'::text\n    ELSE 'answer'::text\nEND",
	},
	"mariadb": {"false": "0", "(UUID())": "uuid()", "(CURRENT_DATE())": "curdate()", "(CURRENT_DATE)": "curdate()", "(IFNULL(now() + INTERVAL 30 day, NULL))": "ifnull(current_timestamp() + interval 30 day,NULL)"},
	"mysql": {"false": "0", "(UUID())": "uuid()", "(CURRENT_DATE())": "curdate()", "(CURRENT_DATE)": "curdate()", "(IFNULL(now() + INTERVAL 30 day, NULL))": "ifnull((now() + interval 30 day),NULL)",
		"current_timestamp(6)": "CURRENT_TIMESTAMP(6)", "'chat'": "chat"},
	"sqlite": {"(lower('X'))": "lower('X')", "(randomblob(16))": "randomblob(16)"},
}

// shown is a stored text in the catalog's words.
func shown(table map[string]map[string]string, dialect, text string) string {
	if word, ok := table[dialect][text]; ok {
		return word
	}
	return text
}

// meant is the catalog that a schema asks for.
func meant(dialect string, schema generator.Schema) catalog {
	var c catalog
	add := func(format string, args ...any) { c = append(c, fmt.Sprintf(format, args...)) }
	for _, t := range schema.Tables {
		for i, column := range t.Columns {
			typ := shown(catalogTypes, dialect, column.Type)
			if column.Collation != "" && dialect != "sqlite" {
				typ = strings.TrimSuffix(strings.TrimSuffix(typ, " utf8mb4_general_ci"), " utf8mb4_0900_ai_ci") // the database's own
				typ += " " + strings.Trim(strings.TrimPrefix(strings.Trim(column.Collation, "/*M! "), "COLLATE "), `"`)
			}
			null := "null"
			if column.NotNull {
				null = "not null"
			}
			comment := ""
			if column.Comment != "" {
				comment = ", comment " + column.Comment
			}
			value, computed := column.Default, ""
			switch {
			case column.Virtual:
				computed = ", virtual"
			case column.Generated != "" && dialect == "postgres": // which shows it as a default
				value = column.Generated
			case column.Generated != "":
				computed = ", stored"
			case column.OnUpdate != "":
				computed = ", on update " + strings.ToLower(column.OnUpdate)
			}
			if dialect == "mariadb" && column.Type == "JSON" {
				check := "json_valid" + column.Name
				if column.Unchecked {
					check = "1"
				}
				add("%s check %s: %s", t.Name, column.Name, check)
			}
			add("%s column %02d %s: %s, %s, default %s%s%s", t.Name, i+1, column.Name, typ, null, shown(catalogDefaults, dialect, value), computed, comment)
		}
		add("%s key: %s", t.Name, strings.Join(t.PrimaryKey.Columns, ", "))
		for _, k := range t.Unique {
			name := k.Name
			if dialect == "sqlite" {
				name = "-" // the catalog has a name of SQLite's
			}
			add("%s unique %s: %s", t.Name, name, strings.Join(k.Columns, ", "))
		}
		for _, c := range t.Checks {
			add("%s check %s: %s", t.Name, c.Name, plainCondition(c.Expression))
		}
		for _, k := range t.ForeignKeys {
			name, onDelete, onUpdate := k.Name, k.OnDelete, k.OnUpdate
			if dialect == "sqlite" {
				name = "-" // PRAGMA foreign_key_list does not tell names
			}
			if dialect == "mariadb" || dialect == "mysql" { // NO ACTION and RESTRICT are one in InnoDB, and shown as either
				onDelete, onUpdate = restrict(onDelete), restrict(onUpdate)
			}
			match := ""
			if k.MatchFull && dialect != "sqlite" { // which shows NONE for all
				match = " match full"
			}
			add("%s foreign key %s: %s -> %s(%s) on delete %s on update %s deferred %v%s", t.Name, name, strings.Join(k.Columns, ", "),
				qualifiedTable(dialect, schema.Namespace, k), strings.Join(k.Referenced, ", "), onDelete, onUpdate, k.InitiallyDeferred, match)
		}
		for _, index := range t.Indexes {
			add("%s index %s: %s", t.Name, index.Name, strings.Join(index.Columns, ", "))
		}
	}
	slices.Sort(c)
	return c
}

// plainCondition takes out of a CHECK what the databases write in ways of their
// own: parentheses, blanks, quotes around names, capitals, casts of literals.
func plainCondition(sql string) string {
	sql = literalCast.ReplaceAllString(strings.ToLower(sql), "")
	return strings.NewReplacer("(", "", ")", "", " ", "", "`", "", `"`, "", "!=", "<>").Replace(sql)
}

var literalCast = regexp.MustCompile(`::[a-z ]+(\[\])?`)

func restrict(a dialects.Action) dialects.Action {
	if a == dialects.NoAction {
		return dialects.Restrict
	}
	return a
}

// qualifiedTable names the table that a foreign key references as the catalog does.
func qualifiedTable(dialect, namespace string, k generator.ForeignKey) string {
	if k.Namespace != "" && !((dialect == "mariadb" || dialect == "mysql") && k.Namespace == namespace) {
		return k.Namespace + "." + k.Table
	}
	return k.Table
}

// found is the catalog that a database has, without the tables in besides.
func found(t *testing.T, h *host, db *sql.DB, namespace string, besides ...string) catalog {
	t.Helper()
	read := map[string]func(*testing.T, *sql.DB, string) catalog{"postgres": foundPostgres, "mariadb": foundMariaDB, "mysql": foundMySQL, "sqlite": foundSQLite}[h.dialect]
	c := read(t, db, namespace)
	c = slices.DeleteFunc(c, func(line string) bool {
		return slices.ContainsFunc(besides, func(table string) bool { return strings.HasPrefix(line, table+" ") })
	})
	for i, line := range c {
		if before, condition, ok := strings.Cut(line, " CHECK "); ok {
			c[i] = before + " " + plainCondition(condition)
		}
	}
	slices.Sort(c)
	return c
}

// lines runs a query whose rows are one text each.
func lines(t testing.TB, db *sql.DB, query string, args ...any) (result catalog) {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		result = append(result, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return result
}

func foundPostgres(t *testing.T, db *sql.DB, namespace string) catalog {
	if namespace == "" {
		namespace = "public"
	}
	const columnsOf = `(SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(%[1]s) WITH ORDINALITY AS k(attnum, n) JOIN pg_attribute a ON a.attrelid = %[2]s AND a.attnum = k.attnum)`
	return lines(t, db, `
		SELECT format('%s column %s %s: %s%s%s, %s, default %s', c.relname, to_char(a.attnum, 'FM00'), a.attname, format_type(a.atttypid, a.atttypmod),
			CASE WHEN a.attcollation <> ty.typcollation THEN ' ' || co.collname ELSE '' END,
			CASE a.attcompression WHEN 'l' THEN ' lz4' ELSE '' END,
			CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END, COALESCE(pg_get_expr(d.adbin, d.adrelid), ''))
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type ty ON ty.oid = a.atttypid
		LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = $1::regnamespace
		UNION ALL
		SELECT format('%s key: %s', c.relname, `+fmt.Sprintf(columnsOf, "k.conkey", "c.oid")+`)
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'p' AND c.relnamespace = $1::regnamespace
		UNION ALL
		SELECT format('%s foreign key %s: %s -> %s(%s) on delete %s on update %s deferred %s', c.relname, k.conname, `+fmt.Sprintf(columnsOf, "k.conkey", "c.oid")+`,
			CASE WHEN rn.nspname = 'public' THEN r.relname ELSE rn.nspname || '.' || r.relname END, `+fmt.Sprintf(columnsOf, "k.confkey", "r.oid")+`,
			CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' ELSE 'SET DEFAULT' END,
			CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' ELSE 'SET DEFAULT' END,
			CASE WHEN k.condeferred THEN 'true' ELSE 'false' END || CASE k.confmatchtype WHEN 'f' THEN ' match full' ELSE '' END)
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
		WHERE k.contype = 'f' AND c.relnamespace = $1::regnamespace
		UNION ALL
		SELECT format('%s check %s: %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'c' AND c.relnamespace = $1::regnamespace
		UNION ALL
		SELECT format('%s %s %s: %s', c.relname, CASE WHEN i.indisunique THEN 'unique' ELSE 'index' END, ic.relname, `+fmt.Sprintf(columnsOf, "i.indkey::int2[]", "c.oid")+`)
		FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
		WHERE NOT i.indisprimary AND i.indisvalid AND c.relnamespace = $1::regnamespace`, `"`+namespace+`"`)
}

// MariaDB tells a check's table, and has one of its own for JSON.
func foundMariaDB(t *testing.T, db *sql.DB, namespace string) catalog {
	return foundInnoDB(t, db, namespace, `SELECT CONCAT(table_name, ' check ', constraint_name, ': CHECK ', check_clause)
		FROM information_schema.check_constraints WHERE constraint_schema = @db`)
}

// MySQL tells a check's table elsewhere, and the character set of each literal.
func foundMySQL(t *testing.T, db *sql.DB, namespace string) catalog {
	return foundInnoDB(t, db, namespace, `SELECT CONCAT(table_name, ' check ', constraint_name, ': CHECK ', REPLACE(REPLACE(check_clause, '_utf8mb4', ''), '\\\\''', ''''))
		FROM information_schema.check_constraints JOIN information_schema.table_constraints USING (constraint_schema, constraint_name) WHERE constraint_schema = @db`)
}

// foundInnoDB is what MySQL and MariaDB have, with a query for the checks.
func foundInnoDB(t *testing.T, db *sql.DB, namespace, checks string) catalog {
	q := `
		SELECT CONCAT(table_name, ' column ', LPAD(ordinal_position, 2, '0'), ' ', column_name, ': ', column_type,
			IF(collation_name IS NULL, '', CONCAT(' ', collation_name)), IF(is_nullable = 'YES', ', null', ', not null'), ', default ', IF(column_default IS NULL OR column_default = 'NULL', '', column_default),
			CASE WHEN extra LIKE 'VIRTUAL GENERATED%' THEN ', virtual' WHEN extra LIKE 'STORED GENERATED%' THEN ', stored' WHEN extra LIKE '%on update%' THEN CONCAT(', ', REPLACE(LOWER(extra), 'default_generated ', '')) ELSE '' END, IF(column_comment = '', '', CONCAT(', comment ', column_comment)))
		FROM information_schema.columns WHERE table_schema = @db
		UNION ALL
		SELECT CONCAT(table_name, ' key: ', GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '))
		FROM information_schema.statistics WHERE table_schema = @db AND index_name = 'PRIMARY' GROUP BY table_name
		UNION ALL
		SELECT CONCAT(table_name, IF(non_unique, ' index ', ' unique '), index_name, ': ', GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '))
		FROM information_schema.statistics WHERE table_schema = @db AND index_name <> 'PRIMARY' GROUP BY table_name, index_name, non_unique
		UNION ALL
		` + checks + `
		UNION ALL
		SELECT CONCAT(k.table_name, ' foreign key ', k.constraint_name, ': ', GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '),
			' -> ', IF(MIN(k.referenced_table_schema) = MIN(k.table_schema), '', CONCAT(MIN(k.referenced_table_schema), '.')), MIN(k.referenced_table_name), '(', GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), ')',
			' on delete ', MIN(IF(r.delete_rule = 'NO ACTION', 'RESTRICT', r.delete_rule)), ' on update ', MIN(IF(r.update_rule = 'NO ACTION', 'RESTRICT', r.update_rule)), ' deferred false')
		FROM information_schema.key_column_usage k
		JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
		WHERE k.table_schema = @db AND k.referenced_table_name IS NOT NULL
		GROUP BY k.table_name, k.constraint_name`
	database := "DATABASE()"
	if namespace != "" {
		database = "'" + namespace + "'"
	}
	return lines(t, db, strings.ReplaceAll(q, "@db", database))
}

func foundSQLite(t *testing.T, db *sql.DB, _ string) catalog {
	c := lines(t, db, `
		SELECT m.name || printf(' column %02d ', c.cid + 1) || c.name || ': ' || c.type || iif(c."notnull", ', not null', ', null') || ', default ' || COALESCE(c.dflt_value, '') || CASE c.hidden WHEN 2 THEN ', virtual' WHEN 3 THEN ', stored' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		UNION ALL
		SELECT m.name || ' key: ' || COALESCE((SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk)), '')
		FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
		UNION ALL
		SELECT name || ' foreign key -: ' || group_concat(f, ', ') || ' -> ' || t || '(' || COALESCE(group_concat(r, ', '), '') || ') on delete ' || d || ' on update ' || u || ' deferred ' || iif(instr(sql, 'INITIALLY DEFERRED') AND NOT instr(sql, 'NOT DEFERRABLE'), 'true', 'false')
		FROM (SELECT m.name, m.sql, k.id, k."from" AS f, k."table" AS t, k."to" AS r, k.on_delete AS d, k.on_update AS u
			FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table' ORDER BY m.name, k.id, k.seq) GROUP BY name, id
		UNION ALL
		SELECT m.name || ' unique -: ' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
		FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'u'
		UNION ALL
		SELECT m.name || ' index ' || i.name || ': ' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
		FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'c'`)
	for _, table := range lines(t, db, "SELECT name || ' ' || sql FROM sqlite_master WHERE type = 'table'") {
		c = append(c, checksIn(table)...)
	}
	return c
}

var checkWord = regexp.MustCompile(`(?i)(?:constraint\s+(\S+)\s+)?check\s*\(`)

// checksIn finds the CHECKs in the text of CREATE TABLE, with the table's name
// before it: SQLite's catalog has no other trace of them.
func checksIn(table string) (c catalog) {
	name, sql, _ := strings.Cut(table, " ")
	for _, m := range checkWord.FindAllStringSubmatchIndex(sql, -1) {
		constraint, depth, end := "", 1, m[1]
		if m[2] >= 0 {
			constraint = sql[m[2]:m[3]]
		}
		for ; depth > 0 && end < len(sql); end++ {
			depth += strings.Count(sql[end:end+1], "(") - strings.Count(sql[end:end+1], ")")
		}
		c = append(c, fmt.Sprintf("%s check %s: CHECK (%s", name, constraint, sql[m[1]:end]))
	}
	return c
}
