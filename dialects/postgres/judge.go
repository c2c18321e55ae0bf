package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// judge finds the types of an expression's parts as the server does (chapter
// 10, Type Conversion), and what they cannot be used for. A type is its name in
// pg_type; "unknown" is a text in quotes or NULL, and "" a type that adkgen does
// not know, which can be used for anything.
type judge struct {
	column string // its name
	kind   string // its type
	steady bool   // the expression is to give the same for the same row, always
	why    dialects.Refusal
}

func (j *judge) refuse(message, hint string) {
	if j.why.Message == "" {
		j.why = dialects.Refusal{Message: message, Hint: hint}
	}
}

// kinds are the names in pg_type of the types that renderType writes in words
// of standard SQL.
var kinds = map[string]string{
	"SMALLINT": "int2", "INTEGER": "int4", "BIGINT": "int8", "REAL": "float4", "DOUBLE PRECISION": "float8", "CHAR": "bpchar",
	"BIT VARYING": "varbit", "BOOLEAN": "bool", `"char"`: "char", `"bit"`: "bit",
}

// kindOf gives the name in pg_type of a type that renderType has written.
func kindOf(sql string) string {
	if strings.HasSuffix(sql, "[]") {
		return "array"
	}
	base, _, _ := strings.Cut(sql, "(")
	base = strings.TrimPrefix(base, "pg_catalog.")
	if kind := kinds[base]; kind != "" {
		return kind
	}
	if kind := strings.ToLower(base); groups[kind] != "" {
		return kind
	}
	return ""
}

// groups are the types that can be compared with one another. What is not here
// is none of those that adkgen knows.
var groups = map[string]string{
	"int2": "number", "int4": "number", "int8": "number", "numeric": "number", "float4": "number", "float8": "number",
	"text": "text", "varchar": "text", "bpchar": "text", "name": "text", "char": "text",
	"date": "date", "timestamp": "date", "timestamptz": "date", "time": "time", "timetz": "time", "interval": "interval",
	"bool": "bool", "uuid": "uuid", "json": "json", "jsonb": "jsonb", "bytea": "bytea", "inet": "address", "cidr": "address",
	"bit": "bits", "varbit": "bits", "macaddr": "macaddr", "macaddr8": "macaddr8", "xml": "xml", "pg_lsn": "pg_lsn", "point": "point",
	"tsvector": "tsvector", "money": "money", "array": "array",
	"int4range": "int4range", "int8range": "int8range", "numrange": "numrange", "tsrange": "tsrange", "tstzrange": "tstzrange", "daterange": "daterange",
}

// collates reports whether a type that renderType has written can have a
// collation: those of texts, their arrays, and the user's own.
func collates(sql string) bool {
	base := strings.TrimSuffix(sql, "[]")
	group := groups[kindOf(base)]
	return (group == "" || group == "text") && kindOf(base) != "char" && !uncollated[strings.ToUpper(strings.TrimPrefix(base, "pg_catalog."))]
}

// uncollated are the types without collation that are not in groups.
var uncollated = dialects.Words(`oid tid xid xid8 cid int2vector oidvector line lseg box path polygon circle aclitem tsquery jsonpath txid_snapshot pg_snapshot
	regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype
	int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`)

// ranks order the types of a group, from the narrow to the wide.
var ranks = map[string]int{"int2": 1, "int4": 2, "int8": 3, "numeric": 4, "float4": 5, "float8": 6, "date": 1, "timestamp": 2, "timestamptz": 3}

// unlike are the types without comparisons.
var unlike = dialects.Words("json xml point")

// shownType is a type in the words of SQL.
func shownType(kind string) string {
	for sql, k := range kinds {
		if k == kind {
			return sql
		}
	}
	return strings.ToUpper(kind)
}

// condition finds out whether an expression is a condition.
func (j *judge) condition(n *node) {
	switch kind := j.infer(n); {
	case kind == "unknown":
		j.fits(n, "bool")
	case kind != "" && kind != "bool":
		j.refuse("a value of type "+shownType(kind)+" is no condition (error 42804)", "compare it with something")
	}
}

// fits refuses a text that is no value of a type.
func (j *judge) fits(n *node, kind string) {
	if text := n.GetAConst().GetSval(); text != nil && kind != "" {
		if why := checkText(kind, text.GetSval()); why.Message != "" {
			j.refuse(why.Message, why.Hint)
		}
	}
}

// infer gives the type of an expression.
func (j *judge) infer(n *node) string {
	switch {
	case n.GetAConst() != nil:
		return constantKind(n)
	case n.GetColumnRef() != nil:
		if !isColumn(n, j.column) {
			return standardKinds[nameOf(n.GetColumnRef().Fields[0])]
		}
		return j.kind
	case n.GetSqlvalueFunction() != nil:
		j.refuseUnsteady(n.GetSqlvalueFunction().Op.String() != "")
		op := strings.TrimSuffix(strings.TrimPrefix(n.GetSqlvalueFunction().Op.String(), "SVFOP_"), "_N")
		if kind := map[string]string{"CURRENT_DATE": "date", "CURRENT_TIME": "timetz", "CURRENT_TIMESTAMP": "timestamptz", "LOCALTIME": "time", "LOCALTIMESTAMP": "timestamp"}[op]; kind != "" {
			return kind
		}
		return "name"
	case n.GetTypeCast() != nil:
		return j.cast(n)
	case n.GetCollateClause() != nil:
		kind := j.infer(n.GetCollateClause().Arg)
		if kind == "unknown" {
			return "text"
		}
		if kind != "" && groups[kind] != "text" {
			j.refuse("a value of type "+shownType(kind)+" has no collation (error 42804)", "remove COLLATE")
		}
		return kind
	case n.GetBoolExpr() != nil:
		for _, arg := range n.GetBoolExpr().Args {
			j.condition(arg)
		}
		return "bool"
	case n.GetNullTest() != nil:
		j.infer(n.GetNullTest().Arg)
		return "bool"
	case n.GetBooleanTest() != nil:
		j.condition(n.GetBooleanTest().Arg)
		return "bool"
	case n.GetCoalesceExpr() != nil:
		return j.common(n.GetCoalesceExpr().Args)
	case n.GetMinMaxExpr() != nil:
		return j.common(n.GetMinMaxExpr().Args)
	case n.GetAArrayExpr() != nil:
		j.common(n.GetAArrayExpr().Elements)
		return "array"
	case n.GetCaseExpr() != nil:
		return j.cases(n)
	case n.GetAExpr() != nil:
		return j.operation(n)
	case n.GetFuncCall() != nil:
		return j.call(n)
	}
	return ""
}

func constantKind(n *node) string {
	c := n.GetAConst()
	switch {
	case c.GetIval() != nil:
		return "int4"
	case c.GetFval() != nil && strings.ContainsAny(c.GetFval().GetFval(), ".eE"):
		return "numeric"
	case c.GetFval() != nil && checkText("int8", c.GetFval().GetFval()).Message == "":
		return "int8"
	case c.GetFval() != nil:
		return "numeric"
	case c.GetBoolval() != nil:
		return "bool"
	case c.GetBsval() != nil:
		return "bit"
	}
	return "unknown"
}

// cast gives the type of a cast, and refuses those that there are not.
func (j *judge) cast(n *node) string {
	from, to := j.infer(n.GetTypeCast().Arg), castKind(n.GetTypeCast().TypeName)
	isTime := func(kind string) bool { return groups[kind] == "date" || groups[kind] == "time" || kind == "interval" }
	j.refuseUnsteady(isTime(from) && groups[to] == "text" || groups[from] == "text" && isTime(to) && to != "interval" ||
		from == "timestamptz" && isTime(to) && to != from || to == "timestamptz" && isTime(from) && to != from || from == "time" && to == "timetz")
	switch {
	case from == "unknown":
		j.fits(n.GetTypeCast().Arg, to)
	case from == "" || to == "" || assigns(from, to) || groups[from] == "text":
	case from == "int4" && to == "bool", from == "bool" && to == "int4", groups[from] == "bits" && groups[to] == "number", groups[from] == "number" && groups[to] == "bits",
		from == "jsonb" && (groups[to] == "number" || to == "bool"), groups[from] == "text" && groups[to] != "":
	default:
		j.refuse("PostgreSQL does not convert "+shownType(from)+" to "+shownType(to)+" (error 42846)", "remove the cast")
	}
	return to
}

// castKind is the type of a cast; "" for one that adkgen does not know.
func castKind(t *typeName) string {
	name := nameOf(t.Names[len(t.Names)-1])
	if len(t.ArrayBounds) > 0 {
		return "array"
	}
	if len(t.Names) > 1 && nameOf(t.Names[0]) != "pg_catalog" || groups[name] == "" {
		return ""
	}
	return name
}

// assigns reports whether a value of a type can be stored in a column of
// another: pg_cast, assignment; every type goes into a text.
func assigns(from, to string) bool {
	switch a, b := groups[from], groups[to]; {
	case from == "" || to == "" || b == "text" || a == b && from != "json" && from != "xml":
		return true
	case a == "number" && to == "money", a == "json" && b == "jsonb", a == "jsonb" && b == "json", from == to:
		return true
	case from == "timestamp" && to == "time", from == "timestamptz" && b == "time", from == "time" && to == "interval", from == "interval" && to == "time":
		return true
	}
	return false
}

// value finds out whether a value can be stored in the column.
func (j *judge) value(n *node) {
	from := j.infer(n)
	switch {
	case from == "unknown":
		j.fits(n, j.kind)
	case !assigns(from, j.kind):
		j.refuse("a value of type "+shownType(from)+" cannot be stored in a column of type "+shownType(j.kind)+" (error 42804)", "write a value of the column's type, or cast it with ::")
	}
}

// common gives the type that several values have together (10.5, UNION, CASE,
// and Related Constructs).
func (j *judge) common(values []*node) string {
	kind := "unknown"
	for _, value := range values {
		switch next := j.infer(value); {
		case next == "unknown" || next == kind:
		case next == "" || kind == "":
			kind = ""
		case kind == "unknown":
			kind = next
		case groups[next] != groups[kind] && !(groups[next] == "time" && kind == "interval" || next == "interval" && groups[kind] == "time"):
			j.refuse("values of the types "+shownType(kind)+" and "+shownType(next)+" stand where all have one type (error 42804)", "write values of one type")
			return ""
		case ranks[next] > ranks[kind] || groups[next] == "text" && next == "text":
			kind = next
		}
	}
	if kind == "unknown" {
		return "text"
	}
	for _, value := range values {
		j.fits(value, kind)
	}
	return kind
}

func (j *judge) cases(n *node) string {
	c := n.GetCaseExpr()
	var results []*node
	for _, arg := range c.Args {
		when := arg.GetCaseWhen()
		if c.Arg == nil {
			j.condition(when.Expr)
		} else {
			j.compare("=", c.Arg, when.Expr)
		}
		results = append(results, when.Result)
	}
	if c.Defresult != nil {
		results = append(results, c.Defresult)
	}
	return j.common(results)
}

// compare finds out whether two values can be compared.
func (j *judge) compare(operator string, left, right *node) {
	a, b := j.infer(left), j.infer(right)
	switch {
	case unlike[strings.ToUpper(a)] || unlike[strings.ToUpper(b)]:
		j.noOperator(a, operator, b)
	case a == "unknown":
		j.fits(left, b)
	case b == "unknown":
		j.fits(right, a)
	case a == "" || b == "" || groups[a] == groups[b]:
		j.refuseUnsteady(a != b && groups[a] == "date" && (a == "timestamptz" || b == "timestamptz"))
	case groups[a] == "time" && b == "interval" && a == "time", a == "interval" && b == "time":
	default:
		j.noOperator(a, operator, b)
	}
}

func (j *judge) noOperator(a, operator, b string) {
	if b == "" && a == "" {
		return
	}
	show := func(kind string) string {
		return strings.TrimSuffix(map[string]string{"unknown": "a text"}[kind]+shownType(kind), "UNKNOWN")
	}
	j.refuse(strings.TrimSpace(fmt.Sprintf("PostgreSQL has no operator %s for %s", operator, strings.Trim(show(a)+" and "+show(b), " ")))+" (error 42883)", "use values of one type, or cast one with ::")
}

func (j *judge) operation(n *node) string {
	e := n.GetAExpr()
	name := nameOf(e.Name[len(e.Name)-1])
	switch kind := strings.TrimPrefix(e.Kind.String(), "AEXPR_"); kind {
	case "OP":
		return j.operator(name, e.Lexpr, e.Rexpr)
	case "OP_ANY", "OP_ALL":
		if array := e.Rexpr.GetAArrayExpr(); array != nil {
			for _, element := range array.Elements {
				if comparisons[name] && !patterns[name] {
					j.compare(name, e.Lexpr, element)
				}
			}
			j.common(array.Elements)
		}
		return "bool"
	case "DISTINCT", "NOT_DISTINCT":
		j.compare("=", e.Lexpr, e.Rexpr)
		return "bool"
	case "NULLIF":
		j.compare("=", e.Lexpr, e.Rexpr)
		return j.common([]*node{e.Lexpr})
	case "IN":
		for _, item := range e.Rexpr.GetList().GetItems() {
			j.compare("=", e.Lexpr, item)
		}
		return "bool"
	case "LIKE", "ILIKE":
		return j.operator(name, e.Lexpr, e.Rexpr)
	case "SIMILAR":
		return j.operator("~", e.Lexpr, e.Rexpr.GetFuncCall().GetArgs()[0])
	}
	for _, item := range e.Rexpr.GetList().GetItems() { // BETWEEN
		j.compare("<=", e.Lexpr, item)
	}
	return "bool"
}

// patterns are the comparisons with a pattern.
var patterns = dialects.Words("~ ~* !~ !~* ~~ !~~ ~~* !~~* ^@")

// operator gives the type of the result of an operator.
func (j *judge) operator(name string, left, right *node) string {
	if left == nil {
		kind := j.infer(right)
		fits := map[string][]string{"-": {"number", "interval"}, "+": {"number"}, "@": {"number"}, "~": {"number", "bits", "address", "macaddr"}}[name]
		if kind != "" && (!slices.Contains(fits, groups[kind]) || name == "~" && groups[kind] == "number" && ranks[kind] > 3) {
			j.noOperator("", name, kind)
		}
		return kind
	}
	if comparisons[name] && !patterns[name] {
		j.compare(name, left, right)
		return "bool"
	}
	a, b := j.infer(left), j.infer(right)
	none := func() string {
		j.noOperator(a, name, b)
		return ""
	}
	ga, gb := groups[a], groups[b]
	if patterns[name] {
		text := func(kind string) bool { return kind == "" || kind == "unknown" || groups[kind] == "text" }
		if !(text(a) && text(b)) && !(ga == "bytea" && strings.HasSuffix(name, "~~")) {
			none()
		}
		return "bool"
	}
	if a == "" || b == "" || (name == "@>" || name == "<@") && ga == "array" {
		return ""
	}
	json := ga == "json" || ga == "jsonb"
	key := b == "unknown" || gb == "text" || b == "int4" || b == "int2"
	switch name {
	case "->", "->>":
		switch {
		case !json || !key:
			return none()
		case name == "->":
			return a
		}
		return "text"
	case "#>", "#>>":
		if !json || b != "unknown" {
			return none()
		}
		return map[bool]string{true: "text", false: a}[name == "#>>"]
	case "@>", "<@":
		if ga == "jsonb" && (gb == "jsonb" || b == "unknown") {
			j.fits(right, "jsonb")
			return "bool"
		}
		return none()
	case "||":
		switch {
		case ga == "jsonb" && b == "unknown":
			j.fits(right, "jsonb")
			return "jsonb"
		case gb == "jsonb" && a == "unknown":
			j.fits(left, "jsonb")
			return "jsonb"
		case ga == "text" || gb == "text" || a == "unknown" || b == "unknown":
			return map[bool]string{true: "array", false: "text"}[ga == "array" || gb == "array"]
		case ga == "array" || gb == "array":
			return "array"
		case ga == gb && slices.Contains([]string{"jsonb", "bits", "bytea", "tsvector"}, ga):
			return a
		}
		return none()
	}
	if a == "unknown" || b == "unknown" { // of the other's type, or ambiguous
		if ga == "number" || gb == "number" {
			j.fits(left, b)
			j.fits(right, a)
		} else if slices.Contains([]string{"bool", "uuid", "text", "json"}, ga+gb) {
			return none()
		}
		return ""
	}
	switch {
	case ga == "number" && gb == "number":
		return j.arithmetic(name, a, b)
	case ga == "jsonb" && name == "-" && (gb == "text" || b == "int4"):
		return "jsonb"
	case ga == "date" && b == "interval" && (name == "+" || name == "-"):
		j.refuseUnsteady(a == "timestamptz")
		return map[bool]string{true: "timestamp", false: a}[a == "date"]
	case a == "interval" && gb == "date" && name == "+":
		j.refuseUnsteady(b == "timestamptz")
		return map[bool]string{true: "timestamp", false: b}[b == "date"]
	case a == "date" && ranks[b] > 0 && gb == "number" && ranks[b] < 3 && (name == "+" || name == "-"):
		return "date"
	case b == "date" && ga == "number" && ranks[a] < 3 && name == "+":
		return "date"
	case a == "date" && b == "date" && name == "-":
		return "int4"
	case ga == "date" && gb == "date" && name == "-":
		return "interval"
	case ga == "time" && b == "interval" && (name == "+" || name == "-"):
		return a
	case a == "interval" && gb == "time" && name == "+":
		return b
	case a == "time" && b == "time" && name == "-":
		return "interval"
	case a == "date" && gb == "time" && name == "+", ga == "time" && b == "date" && name == "+":
		return map[bool]string{true: "timestamptz", false: "timestamp"}[a == "timetz" || b == "timetz"]
	case a == "interval" && b == "interval" && (name == "+" || name == "-"):
		return a
	case a == "interval" && gb == "number" && (name == "*" || name == "/"), ga == "number" && b == "interval" && name == "*":
		return "interval"
	case ga == "money" || gb == "money" || ga == "address" || gb == "address" || ga == "pg_lsn" || gb == "pg_lsn" || ga == "bits" || ga == "point" || gb == "point" || strings.HasSuffix(ga, "range") || ga == "array":
		return ""
	}
	return none()
}

// arithmetic gives the type of the result of an operator on two numbers.
func (j *judge) arithmetic(name, a, b string) string {
	wide := a
	if ranks[b] > ranks[a] {
		wide = b
	}
	if wide == "float4" && ranks[a] != ranks[b] {
		wide = "float8"
	}
	switch name {
	case "+", "-", "*", "/":
		return wide
	case "%":
		if ranks[wide] <= 4 {
			return wide
		}
	case "^":
		return map[bool]string{true: "numeric", false: "float8"}[wide == "numeric"]
	case "&", "|", "#":
		if ranks[wide] <= 3 {
			return wide
		}
	case "<<", ">>":
		if ranks[a] <= 3 && ranks[b] <= 2 {
			return a
		}
	}
	j.noOperator(a, name, b)
	return ""
}

// signature says which groups of types a function takes for each of its
// arguments, the last for all that follow, and what it gives; "" gives the type
// of the first.
type signature struct {
	takes string
	gives string
}

// functions are those that are often used in a column's definition.
var functions = map[string]signature{
	"lower": {"text", "text"}, "upper": {"text", "text"}, "initcap": {"text", "text"}, "md5": {"text|bytea", "text"}, "length": {"text|bytea|bits|tsvector", "int4"},
	"char_length": {"text", "int4"}, "character_length": {"text", "int4"}, "octet_length": {"text|bytea|bits", "int4"},
	"btrim": {"text|bytea text|bytea", "text"}, "ltrim": {"text|bytea text|bytea", "text"}, "rtrim": {"text|bytea text|bytea", "text"},
	"replace": {"text", "text"}, "left": {"text number", "text"}, "right": {"text number", "text"}, "starts_with": {"text", "bool"},
	"substring": {"text|bytea|bits number|text", "text"}, "substr": {"text|bytea number", "text"}, "overlay": {"text|bytea|bits text|bytea|bits number", "text"},
	"position": {"text|bytea|bits", "int4"}, "strpos": {"text", "int4"}, "normalize": {"text text", "text"}, "is_normalized": {"text text", "bool"},
	"like_escape": {"text|bytea", "text"}, "concat": {"any", "text"}, "format": {"text any", "text"},
	"abs": {"number", ""}, "floor": {"number", "float8"}, "ceil": {"number", "float8"}, "round": {"number", "float8"}, "random": {"", "float8"}, "mod": {"exact", "numeric"},
	"now": {"", "timestamptz"}, "clock_timestamp": {"", "timestamptz"}, "statement_timestamp": {"", "timestamptz"}, "transaction_timestamp": {"", "timestamptz"},
	"to_timestamp": {"number|text text", "timestamptz"}, "make_date": {"number", "date"}, "date_trunc": {"text date|interval|plain text", "trunc"}, "extract": {"text date|time|interval", "numeric"},
	"date_part": {"text date|time|interval", "float8"}, "isfinite": {"date|interval|plain", "bool"}, "timezone": {"text|interval date|time", "zone"},
	"gen_random_uuid": {"", "uuid"}, "nextval": {"", "int8"}, "jsonb_typeof": {"jsonb", "text"}, "json_typeof": {"json", "text"},
	"jsonb_build_object": {"any", "jsonb"}, "jsonb_build_array": {"any", "jsonb"}, "json_build_object": {"any", "json"}, "to_jsonb": {"any", "jsonb"},
	"jsonb_array_length": {"jsonb", "int4"},
}

// call gives the type of the result of a function; those that adkgen does not
// know take and give anything.
func (j *judge) call(n *node) string {
	f := n.GetFuncCall()
	var args []string
	for _, arg := range f.Args {
		args = append(args, j.infer(arg))
	}
	name := nameOf(f.Funcname[len(f.Funcname)-1])
	s, known := functions[name]
	j.refuseUnsteady(unsteady[strings.ToUpper(name)] || slices.Contains(args, "timestamptz") && (name == "date_trunc" || name == "extract" || name == "date_part") || name == "date_trunc" && slices.Contains(args, "date"))
	if !known || len(f.Funcname) > 1 && nameOf(f.Funcname[0]) != "pg_catalog" {
		return ""
	}
	if name == "overlaps" || name == "nextval" {
		return s.gives
	}
	takes := strings.Fields(s.takes)
	for i, kind := range args {
		if kind == "" || kind == "unknown" {
			continue
		}
		allowed := []string{"none"}
		if len(takes) > 0 {
			allowed = strings.Split(takes[min(i, len(takes)-1)], "|")
		}
		if !slices.Contains(allowed, "any") && !slices.Contains(allowed, groups[kind]) &&
			!(slices.Contains(allowed, "plain") && kind == "time") && !(slices.Contains(allowed, "exact") && groups[kind] == "number" && ranks[kind] <= 4) {
			j.refuse("PostgreSQL has no function "+name+" of "+shownType(kind)+" (error 42883)", "cast the value with ::, or use another function")
			return ""
		}
	}
	switch {
	case s.gives == "" && len(args) > 0:
		return args[0]
	case s.gives == "trunc" && len(args) > 1: // of a date it gives a time with a zone
		return map[string]string{"date": "timestamptz", "time": "interval"}[args[1]] + map[bool]string{true: args[1]}[args[1] == "timestamp" || args[1] == "timestamptz" || args[1] == "interval"]
	case s.gives == "zone" && len(args) > 1:
		return map[string]string{"timestamptz": "timestamp", "timestamp": "timestamptz", "date": "timestamp", "timetz": "timetz", "time": "timetz"}[args[1]]
	case s.gives == "trunc" || s.gives == "zone":
		return ""
	}
	return s.gives
}

// standardKinds are the types of the columns of adkgen's own tables, which a
// generated column can look at.
var standardKinds = map[string]string{
	"app_name": "varchar", "user_id": "varchar", "id": "varchar", "session_id": "varchar", "invocation_id": "text", "author": "text", "branch": "text",
	"state": "jsonb", "event_data": "json", "revision": "int8", "seq": "int8", "create_time": "timestamptz", "update_time": "timestamptz", "timestamp": "timestamptz",
}

// unsteady are functions that are not IMMUTABLE.
var unsteady = dialects.Words(`now clock_timestamp statement_timestamp transaction_timestamp timeofday random gen_random_uuid nextval currval concat concat_ws format
	to_timestamp to_char age jsonb_build_object jsonb_build_array json_build_object json_build_array to_jsonb to_json current_setting version make_timestamptz quote_literal pg_collation_for`)

// refuseUnsteady refuses a part of a generated column's expression that gives
// another value at another time, or under other settings (error 42P17).
func (j *judge) refuseUnsteady(is bool) {
	if is && j.steady {
		j.refuse("a generated column cannot use what changes with the time or with settings (error 42P17)", "use functions that are immutable, or give the column a DEFAULT")
	}
}
