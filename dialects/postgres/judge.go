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
	column  string // its name
	kind    string // its type
	element string // of an array
	steady  bool   // the expression is to give the same for the same row, always
	why     dialects.Refusal
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

// elements refuses a text that is no array of values of a type.
func (j *judge) elements(n *node, kind string) {
	text := n.GetAConst().GetSval()
	if text == nil {
		return
	}
	j.fits(n, "array")
	elements, _ := arrayElements(text.GetSval())
	for _, element := range elements {
		if why := checkText(kind, element); why.Message != "" {
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
	case from == "unknown" && to == "array":
		j.elements(n.GetTypeCast().Arg, elementKind(n.GetTypeCast().TypeName))
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
	if len(t.ArrayBounds) > 0 {
		return "array"
	}
	return elementKind(t)
}

// elementKind is the type of a cast, or that of the values where it is one to an
// array.
func elementKind(t *typeName) string {
	name := nameOf(t.Names[len(t.Names)-1])
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
	case from == "unknown" && j.kind == "array":
		j.elements(n, j.element)
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
	case likened(a, b):
	default:
		j.noOperator(a, operator, b)
	}
}

// likened reports whether values of two types can be compared.
func likened(a, b string) bool {
	return a == "" || b == "" || groups[a] == groups[b] || a == "time" && b == "interval" || a == "interval" && b == "time"
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
		} else if comparisons[name] && !patterns[name] {
			kind := j.infer(e.Lexpr)
			if kind != "unknown" {
				j.elements(e.Rexpr, kind)
			}
			j.infer(e.Rexpr)
			if t := e.Rexpr.GetTypeCast(); t != nil && kind != "unknown" && !likened(kind, elementKind(t.TypeName)) {
				j.noOperator(kind, name, elementKind(t.TypeName))
			}
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
		if pattern := right.GetAConst().GetSval(); pattern != nil && strings.Contains(name, "~") && !strings.Contains(name, "~~") && !strings.HasPrefix(pattern.GetSval(), "***") { // 9.7.3.4: what says that it is no regular expression
			if why := dialects.CheckPattern(pattern.GetSval()); why.Message != "" {
				j.refuse(why.Message+" (error 2201B)", why.Hint)
			}
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

// signature says what a function takes, for each number of arguments that there
// is, separated by " / ": a word an argument, with the groups of types that it can
// be of. A * behind the last says that more of it may follow. gives is the type
// of the result; "" for that of the first argument.
//
// Words that are no group: any; typed, which is any but a text in quotes; plain,
// a TIME without zone; zoned, a date or time; whole, an integer of 32 bits;
// decimal, any number but the binary ones; exact, which is that too, and the same
// as the other argument.
type signature struct {
	takes string
	gives string
}

// functions are those that are often used in a column's definition.
var functions = map[string]signature{
	"lower": {"text", "text"}, "upper": {"text", "text"}, "initcap": {"text", "text"}, "md5": {"text|bytea", "text"}, "length": {"text|bytea|bits|tsvector / bytea text", "int4"},
	"char_length": {"text", "int4"}, "character_length": {"text", "int4"}, "octet_length": {"text|bytea|bits", "int4"}, "ascii": {"text", "int4"}, "chr": {"whole", "text"},
	"btrim": {"text / text|bytea text|bytea", "text"}, "ltrim": {"text / text|bytea text|bytea", "text"}, "rtrim": {"text / text|bytea text|bytea", "text"},
	"replace": {"text text text", "text"}, "translate": {"text text text", "text"}, "left": {"text whole", "text"}, "right": {"text whole", "text"}, "starts_with": {"text text", "bool"},
	"repeat": {"text whole", "text"}, "reverse": {"text", "text"}, "lpad": {"text whole / text whole text", "text"}, "rpad": {"text whole / text whole text", "text"}, "split_part": {"text text whole", "text"},
	"substring": {"text|bytea|bits whole|text / text|bytea|bits whole|text whole|text", "text"}, "substr": {"text|bytea whole / text|bytea whole whole", "text"},
	"overlay":  {"text|bytea|bits text|bytea|bits whole / text|bytea|bits text|bytea|bits whole whole", "text"},
	"position": {"text|bytea|bits text|bytea|bits", "int4"}, "strpos": {"text text", "int4"}, "normalize": {"text / text text", "text"}, "is_normalized": {"text / text text", "bool"},
	"like_escape": {"text|bytea text|bytea", "text"}, "concat": {"any*", "text"}, "concat_ws": {"text any*", "text"}, "format": {"text / text any*", "text"},
	"encode": {"bytea text", "text"}, "decode": {"text text", "bytea"}, "to_char": {"date|number|interval|plain text", "text"},
	"abs": {"number", ""}, "floor": {"number", "float8"}, "ceil": {"number", "float8"}, "ceiling": {"number", "float8"}, "round": {"number / decimal whole", "float8"}, "random": {"", "float8"}, "mod": {"exact exact", "numeric"},
	"sign": {"number", "float8"}, "sqrt": {"number", "float8"}, "power": {"number number", "float8"},
	"now": {"", "timestamptz"}, "clock_timestamp": {"", "timestamptz"}, "statement_timestamp": {"", "timestamptz"}, "transaction_timestamp": {"", "timestamptz"},
	"to_timestamp": {"number / text text", "timestamptz"}, "make_date": {"whole whole whole", "date"}, "date_trunc": {"text date|interval|plain / text date text", "trunc"}, "extract": {"text date|time|interval", "numeric"},
	"date_part": {"text date|time|interval", "float8"}, "isfinite": {"date|interval|plain", "bool"}, "overlaps": {"date|time date|time|interval date|time date|time|interval", "bool"}, "timezone": {"text|interval zoned", "zone"},
	"gen_random_uuid": {"", "uuid"}, "nextval": {"any", "int8"}, "jsonb_typeof": {"jsonb", "text"}, "json_typeof": {"json", "text"},
	"jsonb_build_object": {" / any*", "jsonb"}, "jsonb_build_array": {" / any*", "jsonb"}, "json_build_object": {" / any*", "json"}, "to_jsonb": {"typed", "jsonb"},
	"jsonb_array_length": {"jsonb", "int4"},
}

// arguments gives the words for n arguments, and nil with the numbers that there
// are when the function does not take so many.
func (s signature) arguments(n int) (words []string, numbers string) {
	var counts []string
	for form := range strings.SplitSeq(s.takes, "/") {
		words := strings.Fields(form)
		last := len(words) - 1
		many := last >= 0 && strings.HasSuffix(words[last], "*")
		if many {
			words[last] = strings.TrimSuffix(words[last], "*")
			for len(words) < n {
				words = append(words, words[last])
			}
			counts = append(counts, fmt.Sprint(last+1)+" or more")
		} else {
			counts = append(counts, fmt.Sprint(len(words)))
		}
		if len(words) == n {
			return append([]string{}, words...), ""
		}
	}
	return nil, strings.Join(counts, " or ")
}

// whatText says what a text in quotes is read as, where an argument is of a
// group; "text" for what takes any.
var whatText = map[string]string{"text": "text", "any": "text", "number": "float8", "whole": "int4", "decimal": "numeric", "bytea": "bytea", "jsonb": "jsonb", "json": "json", "zoned": "timestamptz"}

// argument finds out whether a value can be an argument of a function; other is the
// type of the first argument that is more than a text in quotes.
func (j *judge) argument(function, word string, n *node, kind, other string) {
	groupsOf := strings.Split(word, "|")
	if kind == "unknown" && function == "overlaps" { // of a time or of how long it takes
		return
	}
	if kind == "unknown" {
		as := whatText[groupsOf[0]]
		if slices.Contains(groupsOf, "text") {
			as = "text"
		}
		if word == "exact" && other != "unknown" {
			as = other
			if as == "" {
				return
			}
		}
		if as == "" {
			j.refuse("PostgreSQL cannot tell of which type an argument of "+function+" is (error 42725)", "cast it with ::")
			return
		}
		j.fits(n, as)
		return
	}
	for _, group := range groupsOf {
		rank, isNumber := ranks[kind], groups[kind] == "number"
		switch {
		case kind == "", group == "any", group == "typed", group == groups[kind],
			group == "plain" && kind == "time", group == "zoned" && (groups[kind] == "date" || groups[kind] == "time"),
			group == "whole" && isNumber && rank <= 2, (group == "decimal" || group == "exact") && isNumber && rank <= 4:
			return
		}
	}
	j.refuse("PostgreSQL has no function "+function+" of "+shownType(kind)+" (error 42883)", "cast the value with ::, or use another function")
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
	if name == "nextval" {
		return s.gives
	}
	words, numbers := s.arguments(len(args))
	if words == nil {
		j.refuse(fmt.Sprintf("PostgreSQL has no function %s of %d arguments (error 42883)", name, len(args)), "write "+numbers)
		return ""
	}
	other := "unknown"
	for _, kind := range args {
		if other == "unknown" {
			other = kind
		}
	}
	for i, kind := range args {
		j.argument(name, words[i], f.Args[i], kind, other)
	}
	if j.why.Message != "" {
		return ""
	}
	switch {
	case s.gives == "" && args[0] == "unknown":
		return "float8"
	case s.gives == "":
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
