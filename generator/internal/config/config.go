package config

import (
	"cmp"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/parallel"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/store"
	"gopkg.in/yaml.v3"
)

// Config is a parsed adkgen.yaml. Everything in it is checked, but for what
// needs several targets at once or the disk.
type Config struct {
	Targets []Target
}

// Target is one database to generate for, or one tenant of one.
type Target struct {
	Dialect     dialects.Dialect
	Owner       *dialects.Owner       // nil for none
	Namespace   string                // as the database stores it; "" for none
	Tables      map[store.Role]string // the names of the tables as the database stores them, also of those that are left out
	ScopedState bool
	Columns     []ExtraColumn // of the user's own
	Indexes     []string      // optional indexes of the sessions table: "state", "update_time"
	OwnIndexes  []ExtraIndex  // of the user's own
	HostSchema  []string      // files or folders of the user's own migrations; none when they are not known
	Migrations  Migrations
	QueriesDir  string   // "" for none
	Snapshot    string   // "" for none
	Backfill    string   // the expression that gives existing sessions their owner; "" for none
	SQLC        *SQLC    // nil for none
	Service     *Service // nil for none
	Tenant      string   // the word of tenants: that the target is made for; "" for none
	// SharesQueries: queries, snapshot and sqlc's configuration are for all
	// tenants, and name no schema.
	SharesQueries bool

	Places map[string]*yaml.Node // the values of the target's keys, for problems
	Node   *yaml.Node
}

// ExtraColumn is a column of the user's own on one of adkgen's tables.
type ExtraColumn struct {
	Role   store.Role
	Column dialects.Owner

	Node *yaml.Node
}

// ExtraIndex is an index of the user's own on one of adkgen's tables.
type ExtraIndex struct {
	Role    store.Role
	Columns []string // as the database stores them
	Unique  bool

	Node *yaml.Node
}

// Migrations says where migrations go and what applies them.
type Migrations struct {
	Tool  string
	Dir   string
	Start int // the number of the first migration; 0 for 1 in a directory of their own
}

// First is the number of the first migration.
func (m Migrations) First() int { return max(m.Start, 1) }

// SQLC says where sqlc's configuration goes and what it generates.
type SQLC struct {
	File, Package, Out string
	Overrides          []string // Go types of the user's choice: entries for sqlc, each in one line of YAML
	Overridden         []Overridden
}

// Overridden is a column, or a pattern of columns, that an override names.
type Overridden struct {
	Column string
	Node   *yaml.Node
}

// Service says where the session service goes: into the package that sqlc
// writes, whose statements it uses.
type Service struct {
	Dir, Package string
}

// The keys of adkgen.yaml and where each belongs. A key that stands elsewhere
// is answered with this table.
var (
	topKeys    = []string{"version", "targets"}
	targetKeys = slices.Concat([]string{"dialect", "tenants", "owner_id_column", "backfill"}, store.TableKeys(),
		[]string{"schema", "host_schema", "scoped_state", "event_compression", "oracle_version", "columns", "indexes", "migrations", "queries", "snapshot", "sqlc", "service"})
	roleNames     = store.TableWords()
	indexKeys     = []string{"table", "columns", "unique"}
	migrationKeys = []string{"tool", "dir", "start"}
	queryKeys     = []string{"dir"}
	sqlcKeys      = []string{"file", "package", "out", "overrides"}
	overrideKeys  = []string{"db_type", "column", "go_type", "nullable", "unsigned", "go_struct_tag"}
	goTypeKeys    = []string{"import", "package", "type", "pointer", "slice"}
	serviceKeys   = []string{"dir", "package"}
)

// keyPlace is a place in adkgen.yaml and the keys that belong there.
type keyPlace struct {
	where string
	keys  []string
}

var keyPlaces = []keyPlace{
	{"the top of the file", topKeys},
	{"an entry of targets:", targetKeys},
	{"columns:", roleNames},
	{"an index of your own", indexKeys},
	{"migrations:", migrationKeys},
	{"queries:", queryKeys},
	{"sqlc:", sqlcKeys},
	{"an entry of overrides:", overrideKeys},
	{"service:", serviceKeys},
}

// Tools are the migration tools that adkgen writes for.
var Tools = []string{"goose", "golang-migrate", "dbmate", "atlas", "sql-migrate", "tern", "flyway", "liquibase", "plain"}

// Parse reads adkgen.yaml. file is its name in problems. The error is
// of type Problems.
func Parse(file string, text []byte) (*Config, error) {
	p := &configParser{Source: problem.NewSource(file, text)}
	if found := problem.ConflictIn(file, p.Text); found != nil {
		found.Message = "two branches have both changed this file, and the conflict is not resolved"
		found.Hint = problem.ConflictHint
		return nil, problem.Problems{*found}
	}
	config := p.parse()
	if len(p.problems) > 0 {
		return nil, p.problems.Sorted()
	}
	return config, nil
}

type configParser struct {
	problem.Source
	problems problem.Problems
	tenant   string // what $tenant stands for; "" for nothing
}

func (p *configParser) refuse(n *yaml.Node, key, message, hint string) {
	p.problems = append(p.problems, p.Problem(n, 0, len(n.Value), key, message, hint))
}

func (p *configParser) parse() *Config {
	if at := notUTF8(p.Text); at >= 0 {
		line, column := p.LineColumn(at)
		p.problems = append(p.problems, problem.Problem{File: p.File, Line: line, Column: column, Message: "the file is not UTF-8", Hint: "save it as UTF-8"})
		return nil
	}
	decoder := yaml.NewDecoder(strings.NewReader(p.Text))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		p.problems = append(p.problems, p.yamlProblem(err))
		return nil
	}
	var second yaml.Node
	if decoder.Decode(&second) == nil {
		p.refuse(&second, "", "the file has a second YAML document", "remove the --- and what follows it")
	}
	root := p.mapping(document.Content[0], "the top of the file", topKeys)
	if root == nil {
		return nil
	}
	if v := root["version"]; v == nil {
		p.refuse(document.Content[0], "version", "the version is missing", "write version: 1 in the first line")
	} else if v.Value != "1" {
		p.refuse(v, "version", "adkgen knows version 1 of this file, not "+strconv.Quote(v.Value), "write version: 1")
	}
	list := root["targets"]
	if list != nil && list.Kind == yaml.MappingNode {
		p.refuse(list, "targets", "the targets are a list", "write - before the first key, and indent the others as far as it")
		return nil
	}
	if list == nil && len(p.problems) > 0 { // a misspelt key
		return nil
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		at := list
		if at == nil {
			at = document.Content[0]
		}
		p.refuse(at, "targets", "there is no target", "write targets: and below it - dialect: with the name of a database")
		return nil
	}
	var entries []tenantEntry
	for _, n := range items(list) {
		entries = append(entries, p.tenants(n)...)
	}
	// Each target is parsed on its own, on every core: there can be thousands.
	parsers := make([]configParser, len(entries))
	targets := make([]*Target, len(entries))
	parallel.Do(len(entries), func(i int) {
		parsers[i].Source, parsers[i].tenant = p.Source, entries[i].tenant
		if targets[i] = parsers[i].target(entries[i].node); targets[i] != nil && entries[i].tenant != "" {
			parsers[i].shareQueries(targets[i], entries[i].first)
		}
	})
	config := &Config{}
	for i, t := range targets {
		p.problems = append(p.problems, parsers[i].problems...)
		if t != nil {
			config.Targets = append(config.Targets, *t)
		}
	}
	return config
}

// notUTF8 gives the offset of the first byte that is in no character, also of
// the zeros of UTF-16; -1 for none.
func notUTF8(text string) int {
	for at, c := range text {
		if c == 0 || c == utf8.RuneError && !strings.HasPrefix(text[at:], "\uFFFD") {
			return at
		}
	}
	return -1
}

// yamlProblem places an error of the YAML parser, which knows the line only.
func (p *configParser) yamlProblem(err error) problem.Problem {
	if errors.Is(err, io.EOF) {
		return problem.Problem{File: p.File, Message: "the file is empty", Hint: "adkgen init writes one to start from"}
	}
	line, message := problem.YamlMessage(err)
	if name := unknownAnchor.FindStringSubmatch(message); name != nil {
		return p.anchorProblem(name[1])
	}
	line = max(1, min(line, 1+strings.Count(p.Text, "\n")))
	if s := findSlip(p.Text, line-1); s != nil {
		source := strings.TrimRight(strings.Split(p.Text, "\n")[s.line], "\r")
		return problem.Problem{File: p.File, Line: s.line + 1, Column: 1 + utf8.RuneCountInString(source[:s.column]), Width: s.width, Message: s.message, Hint: s.hint, Source: source}
	}
	problem := problem.Problem{File: p.File, Line: line, Column: 1, Message: "this is not YAML: " + message,
		Hint: "look at this line and the ones around it: spaces indent, a space follows each colon and dash, and a text with : or # in it stands in quotes"}
	at := p.Offset(problem.Line, 1)
	problem.Source = p.UpToBreak(at, len(p.Text))
	return problem
}

var unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)

// anchorProblem places an alias that has no anchor above it, of which the parser
// says the name only.
func (p *configParser) anchorProblem(name string) problem.Problem {
	problem := problem.Problem{File: p.File, Message: "*" + name + " stands for the value that has &" + name + " before it, and there is none above",
		Hint: "write &" + name + " before that value; if *" + name + " is a text, put it in quotes: '*" + name + "'"}
	alias := regexp.MustCompile(`(?:^|[\s,\[{])(\*` + regexp.QuoteMeta(name) + `)(?:[\s,\]}]|$)`)
	for number, line := range strings.Split(p.Text, "\n") {
		m := alias.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		before := line[:m[2]]
		if yamlComment.MatchString(before) || strings.Count(before, "'")%2 == 1 || strings.Count(before, `"`)%2 == 1 {
			continue
		}
		problem.Line, problem.Column, problem.Width = number+1, 1+utf8.RuneCountInString(before), utf8.RuneCountInString(line[m[2]:m[3]])
		problem.Source = strings.TrimRight(line, "\r")
		break
	}
	return problem
}

var yamlComment = regexp.MustCompile(`(?:^|\s)#`)

// mapping reads a mapping with known keys; nil when it is none.
func (p *configParser) mapping(n *yaml.Node, where string, keys []string) map[string]*yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.refuse(n, "", "keys and values belong here, at "+where, mappingHint(n, where, keys))
		return nil
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if name, text, found := strings.Cut(key.Value, ":"); found && slices.Contains(keys, name) && value.Tag == "!!null" { // in { }, that is one key
			p.refuse(key, name, "a space is missing behind the colon", "write "+name+": "+text)
			values[name] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: key.Line, Column: key.Column + len(name) + 1}
			continue
		}
		switch {
		case !slices.Contains(keys, key.Value):
			p.unknownKey(key, where, keys)
		case values[key.Value] != nil:
			p.refuse(key, key.Value, "the key stands here twice", "keep one of the two")
		default:
			values[key.Value] = value
		}
	}
	return values
}

// items are the entries of a list. An alias stands for what its anchor is at.
func items(list *yaml.Node) []*yaml.Node {
	entries := slices.Clone(list.Content)
	for i, entry := range entries {
		if entry.Kind == yaml.AliasNode {
			entries[i] = entry.Alias
		}
	}
	return entries
}

// mappingHint says how what stands in the place of a mapping becomes one.
func mappingHint(n *yaml.Node, where string, keys []string) string {
	if n.Kind == yaml.ScalarNode {
		for _, slip := range colons([]string{n.Value}, 0) {
			return slip.hint
		}
		if len(keys) == 1 && n.Value != "" {
			return "write {" + keys[0] + ": " + n.Value + "}"
		}
	}
	if where == "columns:" {
		return "write the table first, such as sessions:, and its columns below it, with a - before each"
	}
	if len(keys) == 1 {
		return "write {" + keys[0] + ": …}"
	}
	return "write " + dialects.OneOf(keys) + ", each with a colon and its value"
}

// plainKey takes case, dashes and a plural out of a key, to recognise a slip.
func plainKey(key string) string {
	key = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key))
	return strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(key, "stables", "table"), "stable", "table"), "s")
}

func (p *configParser) unknownKey(key *yaml.Node, where string, keys []string) {
	if name, _, found := strings.Cut(key.Value, " "); found && slices.Contains(keys, name) {
		p.refuse(key, name, "the colon behind "+name+" is missing", "write "+name+":")
		return
	}
	var places []string
	for _, place := range keyPlaces {
		if place.where != where && slices.Contains(place.keys, key.Value) {
			places = append(places, place.where)
		}
	}
	if len(places) == 1 {
		p.refuse(key, key.Value, "this key belongs in "+places[0]+", not in "+where, "move it there")
		return
	}
	for _, known := range keys {
		if plainKey(known) == plainKey(key.Value) || len(key.Value) > 3 && strings.HasPrefix(known, key.Value) {
			p.refuse(key, key.Value, "unknown key in "+where, "did you mean "+known+"?")
			return
		}
	}
	if near := dialects.Nearest(key.Value, keys); near != "" {
		p.refuse(key, key.Value, "unknown key in "+where, "did you mean "+near+"?")
		return
	}
	for _, place := range keyPlaces {
		if near := dialects.Nearest(key.Value, place.keys); near != "" && len(near) > 4 {
			p.refuse(key, key.Value, "unknown key in "+where, "did you mean "+near+", which belongs in "+place.where+"?")
			return
		}
	}
	hint := "the keys there are " + strings.Join(keys, ", ")
	switch {
	case len(places) > 0 && len(keys) > 8:
		hint = "it is a key of " + dialects.OneOf(places)
	case len(keys) > 8:
		hint = "remove it, or see which keys there are: " + keysPage
	}
	p.refuse(key, key.Value, "unknown key in "+where, hint)
}

// keysPage tells of every key.
const keysPage = "https://github.com/adkgen/adkgen/blob/main/docs/configuration.md"

// stringOf reads a string; "" when the key is absent or the value is none.
func (p *configParser) stringOf(values map[string]*yaml.Node, key string) string {
	n := values[key]
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != "!!int" && n.Tag != "!!float" || n.Value == "" {
		hint := "write a value, or remove the key"
		if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode {
			hint = "remove the colon: " + n.Content[0].Value + " " + n.Content[1].Value
		}
		p.refuse(n, key, "a text belongs here", hint)
		return ""
	}
	if n.Style == 0 && n.LineComment != "" && strings.Count(n.Value, "'")%2 == 1 {
		whole := n.Value + " " + n.LineComment
		p.problems = append(p.problems, p.Problem(n, len(n.Value)-1, 1, key, "the text ends here, because a # behind a space begins a comment in YAML", "put the whole text in quotes: '"+strings.ReplaceAll(whole, "'", "''")+"'"))
		return ""
	}
	return p.expand(n.Value)
}

// isForTenants refuses a name or path with the tenant's word in it, where there
// are no tenants.
func (p *configParser) isForTenants(n *yaml.Node, key string) bool {
	at := strings.Index(n.Value, tenantWord)
	if at < 0 || p.tenant != "" {
		return false
	}
	p.problems = append(p.problems, p.Problem(n, at, len(tenantWord), key, tenantWord+" stands for each word of tenants:, which this target does not have", "write tenants: [a, b] in the target, or another name here"))
	return true
}

// expand puts the tenant's word in its place.
func (p *configParser) expand(text string) string {
	if p.tenant == "" {
		return text
	}
	return strings.ReplaceAll(text, tenantWord, p.tenant)
}

// oneOf reads a word from a list.
func (p *configParser) oneOf(values map[string]*yaml.Node, key string, words []string) string {
	word := p.stringOf(values, key)
	if word != "" && !slices.Contains(words, word) {
		hint := "write " + dialects.OneOf(words)
		if near := dialects.Nearest(word, words); near != "" {
			hint = "did you mean " + near + "?"
		}
		p.refuse(values[key], key, fmt.Sprintf("%q is not known here", word), hint)
		return ""
	}
	return word
}

// pathOf reads a path below or beside adkgen.yaml.
func (p *configParser) pathOf(values map[string]*yaml.Node, key string) string {
	name := p.stringOf(values, key)
	if name == "" || p.isForTenants(values[key], key) {
		return ""
	}
	message := ""
	switch {
	case path.IsAbs(name) || len(name) > 1 && name[1] == ':':
		message = "the path is absolute: the same file would mean something else on another machine"
	case strings.Contains(name, `\`):
		message = "the path has a backslash, which is part of a name on most systems"
	case strings.ContainsAny(name, "*?[]\"'<>|:\x00\n\t"):
		message = "the path has a character that tools read as a pattern or refuse"
	case path.Clean(name) == ".":
		message = "the path names the folder of adkgen.yaml itself"
	}
	if message != "" {
		p.refuse(values[key], key, message, "write a path relative to adkgen.yaml, with slashes, such as db/migrations/adk")
		return ""
	}
	return path.Clean(name)
}

var packageName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

func (p *configParser) target(n *yaml.Node) *Target {
	values := p.mapping(n, "an entry of targets:", targetKeys)
	if values == nil {
		return nil
	}
	t := &Target{Places: values, Node: n, ScopedState: true}
	name := p.oneOf(values, "dialect", DialectNames)
	if name == "" {
		if values["dialect"] == nil {
			p.refuse(n, "dialect", "the target does not say its database", "write dialect: with "+dialects.OneOf(DialectNames))
		}
		return nil
	}
	options := DialectOptions{
		PlainCompression: p.oneOf(values, "event_compression", []string{"lz4", "default"}) == "default",
		NativeJSON:       p.oracleVersion(values) >= 21,
	}
	t.Dialect, _ = NewDialect(name, options)
	p.settings(t)
	p.owner(t)
	p.tables(t)
	if t.Backfill = p.stringOf(values, "backfill"); values["backfill"] != nil && values["owner_id_column"] == nil {
		p.refuse(values["backfill"], "backfill", "there is no owner column to fill", "remove the key, or write owner_id_column:")
	}
	p.hostSchema(t)
	p.scopedState(t)
	p.columns(t)
	p.indexes(t)
	p.migrations(t)
	if q := values["queries"]; q != nil {
		if m := p.mapping(q, "queries:", queryKeys); m != nil {
			if t.QueriesDir = p.pathOf(m, "dir"); m["dir"] == nil {
				p.refuse(q, "queries", "the directory is missing", "write queries: {dir: db/queries/adk}")
			}
		}
	}
	t.Snapshot = p.pathOf(values, "snapshot")
	if t.Snapshot != "" && !strings.HasSuffix(t.Snapshot, ".sql") {
		p.refuse(values["snapshot"], "snapshot", "the snapshot is a file of SQL", "let its name end in .sql")
	}
	p.sqlc(t)
	p.service(t)
	return t
}

// settings refuses keys that only another dialect has.
func (p *configParser) settings(t *Target) {
	for _, name := range DialectNames {
		d, _ := NewDialect(name, DialectOptions{})
		for _, key := range d.Traits().Settings {
			if n := t.Places[key]; n != nil && !slices.Contains(t.Dialect.Traits().Settings, key) {
				p.refuse(n, key, "this key is for dialect "+name+", and the target is "+t.Dialect.Name(), "remove it")
			}
		}
	}
}

func (p *configParser) oracleVersion(values map[string]*yaml.Node) int {
	n := values["oracle_version"]
	if n == nil {
		return 0
	}
	major, minor, _ := strings.Cut(p.stringOf(values, "oracle_version"), ".")
	number, err := strconv.Atoi(strings.TrimRight(major, "abcdefghijklmnopqrstuvwxyz"))
	old := err == nil && (number < 12 || number == 12 && minor != "" && minor < "2")
	if err != nil || old {
		p.refuse(n, "oracle_version", "adkgen writes for Oracle 12.2 and later", "write 12.2, 19, 21, 23 or 26")
	}
	return number
}

func (p *configParser) tables(t *Target) {
	traits := t.Dialect.Traits()
	schemaKey := "schema"
	if schemaNode := t.Places["schema"]; schemaNode != nil {
		name := p.tableName(t, "schema", "")
		if name.Schema != "" {
			p.refuse(schemaNode, "schema", "a "+traits.Namespaces+" has no dot in its name", "write the name alone")
		}
		t.Namespace = name.Table
	}
	t.Tables = map[store.Role]string{}
	for _, table := range store.Tables() {
		role := table.RoleFor(t.Owner != nil)
		name := p.tableName(t, table.Key, role.StandardName())
		t.Tables[role] = name.Table
		switch {
		case name.Schema == "" || name.Schema == t.Namespace:
		case t.Namespace == "":
			t.Namespace, schemaKey = name.Schema, table.Key
		default:
			p.refuse(t.Places[table.Key], table.Key, "the table is in "+name.Schema+", but the target's other tables are in "+t.Namespace, "put all tables of a target into one "+traits.Namespaces)
		}
	}
	if n := t.Places[schemaKey]; n != nil && traits.Namespaces == "" {
		p.refuse(n, schemaKey, traits.Title+" has no schemas in one database file", "choose table names that tell tenants apart, or one file each")
	}
}

// tableName reads a name as the dialect's SQL would.
func (p *configParser) tableName(t *Target, key, standard string) dialects.Name {
	text := standard
	if t.Places[key] != nil {
		text = p.stringOf(t.Places, key)
		if text == "" || p.isForTenants(t.Places[key], key) {
			return dialects.Name{}
		}
	}
	name, problems := dialects.ParseName(t.Dialect, text)
	for _, problem := range problems {
		if n := t.Places[key]; n != nil && text != n.Value { // with a tenant's word in it
			problem.Offset, problem.Length = 0, len(n.Value)
		}
		p.problems = append(p.problems, p.Problem(t.Places[key], problem.Offset, problem.Length, key, problem.Message, problem.Hint))
	}
	return name
}

func (p *configParser) owner(t *Target) {
	const key = "owner_id_column"
	fragment := p.stringOf(t.Places, key)
	if fragment == "" {
		return
	}
	owner, problems := t.Dialect.ParseOwner(fragment)
	for _, problem := range problems {
		p.problems = append(p.problems, p.Problem(t.Places[key], problem.Offset, problem.Length, key, problem.Message, problem.Hint))
	}
	t.Owner = &owner
}

// hostSchema reads one path, or a list of them.
func (p *configParser) hostSchema(t *Target) {
	const key = "host_schema"
	n := t.Places[key]
	switch {
	case n == nil:
		return
	case n.Kind != yaml.SequenceNode:
		if name := p.pathOf(t.Places, key); name != "" {
			t.HostSchema = []string{name}
		}
		return
	case len(n.Content) == 0:
		p.refuse(n, key, "the list is empty", "write the path of your migrations, such as db/migrations")
	}
	for _, item := range items(n) {
		if name := p.pathOf(map[string]*yaml.Node{key: item}, key); name != "" {
			t.HostSchema = append(t.HostSchema, name)
		}
	}
}

func (p *configParser) scopedState(t *Target) {
	n := t.Places["scoped_state"]
	if n == nil {
		return
	}
	t.ScopedState = p.boolOf(t.Places, "scoped_state")
	for _, table := range store.Tables() {
		if key := table.Key; t.Places[key] != nil && table.Scoped && !t.ScopedState {
			p.refuse(t.Places[key], key, "scoped_state: false leaves this table out", "remove the key, or scoped_state: false")
		}
	}
}

// roleNamed is the role of the table that adkgen.yaml calls by a name.
func (t *Target) roleNamed(name string) store.Role {
	table, _ := store.TableOf(store.Role(name)) // one of roleNames
	return table.RoleFor(t.Owner != nil)
}

// columns reads the user's own columns, table by table.
func (p *configParser) columns(t *Target) {
	const key = "columns"
	n := t.Places[key]
	if n == nil {
		return
	}
	tables := p.mapping(n, "columns:", roleNames)
	for _, name := range roleNames {
		list := tables[name]
		if list == nil {
			continue
		}
		if !p.hasTable(t, list, name) {
			continue
		}
		if list.Kind != yaml.SequenceNode {
			p.refuse(list, key, "a list of column definitions belongs here", "write "+name+": and below it - title VARCHAR(200)")
			continue
		}
		for _, item := range items(list) {
			fragment := p.stringOf(map[string]*yaml.Node{key: item}, key)
			if fragment == "" {
				continue
			}
			if list.Style&yaml.FlowStyle != 0 && item.Style == 0 && strings.Count(fragment, "(") > strings.Count(fragment, ")") {
				p.refuse(item, key, "in [ ], a comma ends the text, also one in parentheses", "put the column in quotes, or write each behind a - in a line of its own")
				break
			}
			column, problems := t.Dialect.ParseColumn(fragment)
			for _, problem := range problems {
				p.problems = append(p.problems, p.Problem(item, problem.Offset, problem.Length, key, problem.Message, problem.Hint))
			}
			t.Columns = append(t.Columns, ExtraColumn{t.roleNamed(name), column, item})
		}
	}
}

// hasTable refuses what is said about a table that the target leaves out.
func (p *configParser) hasTable(t *Target, n *yaml.Node, role string) bool {
	if table, _ := store.TableOf(store.Role(role)); t.ScopedState || !table.Scoped {
		return true
	}
	p.refuse(n, role, "scoped_state: false leaves this table out", "remove the entry, or scoped_state: false")
	return false
}

// ownIndex reads an index of the user's own.
func (p *configParser) ownIndex(t *Target, n *yaml.Node) {
	m := p.mapping(n, "an index of your own", indexKeys)
	if m == nil {
		return
	}
	table := p.oneOf(m, "table", roleNames)
	if m["table"] == nil {
		p.refuse(n, "table", "the index does not say its table", "write table: with "+dialects.OneOf(roleNames))
	}
	if table == "" || !p.hasTable(t, m["table"], table) {
		return
	}
	index := ExtraIndex{Role: t.roleNamed(table), Node: n}
	if list := m["columns"]; list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		p.refuse(n, "columns", "the index has no columns", "write columns: [app_name, user_id]")
		return
	}
	for _, item := range items(m["columns"]) {
		text := p.stringOf(map[string]*yaml.Node{"columns": item}, "columns")
		if text == "" {
			return
		}
		name, problems := dialects.ParseName(t.Dialect, text)
		for _, problem := range problems {
			p.problems = append(p.problems, p.Problem(item, problem.Offset, problem.Length, "columns", problem.Message, problem.Hint))
		}
		index.Columns = append(index.Columns, name.Table)
	}
	if unique := m["unique"]; unique != nil {
		if unique.Tag != "!!bool" {
			p.refuse(unique, "unique", "true or false belongs here", "write unique: true for an index that allows no value twice")
		}
		_ = unique.Decode(&index.Unique)
	}
	t.OwnIndexes = append(t.OwnIndexes, index)
}

func (p *configParser) indexes(t *Target) {
	const key = "indexes"
	n := t.Places[key]
	if n == nil {
		return
	}
	words := []string{"update_time"}
	if t.Dialect.Traits().StateIndex {
		words = append(words, "state")
	}
	if n.Kind != yaml.SequenceNode {
		p.refuse(n, key, "a list belongs here", "write indexes: ["+words[0]+"]")
		return
	}
	for _, item := range items(n) {
		switch {
		case item.Kind == yaml.MappingNode:
			p.ownIndex(t, item)
		case !slices.Contains(words, item.Value):
			p.refuse(item, key, fmt.Sprintf("%s has no index %q for adkgen to add", t.Dialect.Traits().Title, item.Value), "write "+dialects.OneOf(words)+", or an index of your own: {table: sessions, columns: [app_name, create_time]}")
		case slices.Contains(t.Indexes, item.Value):
			p.refuse(item, key, "the index stands here twice", "keep one of the two")
		default:
			t.Indexes = append(t.Indexes, item.Value)
		}
	}
	slices.Sort(t.Indexes)
}

func (p *configParser) migrations(t *Target) {
	const key = "migrations"
	n := t.Places[key]
	if n == nil {
		p.refuse(t.Node, key, "the target does not say where its migrations go", "write migrations: {tool: goose, dir: db/migrations/adk}")
		return
	}
	m := p.mapping(n, "migrations:", migrationKeys)
	if m == nil {
		return
	}
	traits := t.Dialect.Traits()
	t.Migrations.Tool = p.oneOf(m, "tool", Tools)
	switch tool := t.Migrations.Tool; {
	case m["tool"] == nil:
		p.refuse(n, key, "the tool is missing", "write tool: with "+dialects.OneOf(traits.Tools))
	case tool != "" && !slices.Contains(traits.Tools, tool):
		p.refuse(m["tool"], "tool", tool+" has no driver for "+traits.Title, "write tool: "+dialects.OneOf(traits.Tools))
	}
	if t.Migrations.Dir = p.pathOf(m, "dir"); m["dir"] == nil {
		p.refuse(n, key, "the directory is missing", "write dir: db/migrations/adk")
	}
	if start := m["start"]; start != nil {
		number, err := strconv.Atoi(start.Value)
		if err != nil || number < 1 {
			p.refuse(start, "start", "the number of the first migration belongs here", "write a whole number from 1, such as the host's next one")
		}
		t.Migrations.Start = number
	}
}

func (p *configParser) sqlc(t *Target) {
	n := t.Places["sqlc"]
	if n == nil {
		return
	}
	m := p.mapping(n, "sqlc:", sqlcKeys)
	if m == nil {
		return
	}
	s := &SQLC{File: "sqlc.yaml", Package: "adkdb", Out: "internal/adkdb"}
	for key, value := range map[string]*string{"file": &s.File, "out": &s.Out} {
		if m[key] != nil {
			*value = p.pathOf(m, key)
		}
	}
	if m["package"] != nil {
		s.Package = p.packageOf(m)
	}
	p.overrides(t, s, m["overrides"])
	switch traits := t.Dialect.Traits(); {
	case traits.SQLCEngine == "":
		p.refuse(n, "sqlc", "sqlc has no engine for "+traits.Title, "remove sqlc:; the query files are written all the same")
	case t.Places["queries"] == nil:
		p.refuse(n, "sqlc", "sqlc has nothing to compile without queries", "write queries: {dir: db/queries/adk}")
	default:
		t.SQLC = s
	}
}

// overrides reads the Go types that the user wants for columns, as sqlc's own
// configuration has them (sqlc: Configuration, Type overriding).
func (p *configParser) overrides(t *Target, s *SQLC, list *yaml.Node) {
	const key, example = "overrides", "{db_type: uuid, go_type: github.com/google/uuid.UUID}"
	if list == nil {
		return
	}
	if list.Kind != yaml.SequenceNode {
		p.refuse(list, key, "a list of Go types for columns belongs here", "write overrides: ["+example+"]")
		return
	}
	for _, item := range items(list) {
		m := p.mapping(item, "an entry of overrides:", overrideKeys)
		if m == nil {
			continue
		}
		for _, name := range []string{"db_type", "column", "go_struct_tag"} {
			p.stringOf(m, name)
		}
		for _, name := range []string{"nullable", "unsigned"} {
			p.boolOf(m, name)
		}
		if goType := m["go_type"]; goType != nil && goType.Kind == yaml.ScalarNode {
			if text := p.stringOf(m, "go_type"); text != "" {
				p.checkGoType(goType, text)
			}
		} else if goType != nil {
			p.goType(goType)
		}
		own := t.Dialect.Traits().SQLCTypes
		switch dbType := m["db_type"]; {
		case (dbType == nil) == (m["column"] == nil):
			p.refuse(item, key, "an override is for a type of the database or for a column: one of the two", "write db_type: or column:, as in "+example)
		case m["go_type"] == nil && m["go_struct_tag"] == nil:
			p.refuse(item, key, "the Go type is missing", "write go_type:, as in "+example)
		case dbType != nil && own[strings.ToUpper(dbType.Value)]:
			p.refuse(dbType, "db_type", "adkgen's own columns have the type "+dbType.Value+", and its code needs their Go type as it is", "write column: with the name of a column of yours, such as "+t.Tables[store.RoleSessions]+".title")
		default:
			if m["column"] != nil {
				s.Overridden = append(s.Overridden, Overridden{p.expand(m["column"].Value), m["column"]})
			}
			s.Overrides = append(s.Overrides, p.inOneLine(item))
		}
	}
}

var goTypeOfPath = regexp.MustCompile(`^\*?(?:[\w.~+-]+/)*[\w.~+-]+\.(\w+)$`)

// checkGoType refuses what sqlc would refuse in a Go type, or write as Go that does
// not compile: it takes a basic type, or a path with the type behind a dot.
func (p *configParser) checkGoType(n *yaml.Node, text string) {
	const key, example = "go_type", "github.com/google/uuid.UUID"
	named := goTypeOfPath.FindStringSubmatch(text)
	basic, _ := types.Universe.Lookup(text).(*types.TypeName)
	switch {
	case slices.ContainsFunc(types.Typ[types.Bool:types.UnsafePointer], func(t *types.Basic) bool { return t.Name() == text }):
	case basic != nil:
		p.refuse(n, key, "sqlc does not take "+text+" here", "write go_type: {type: "+text+"}")
	case strings.HasPrefix(text, "[]") || strings.HasPrefix(text, "*") && !strings.ContainsAny(text, "./"):
		word := map[byte]string{'[': "slice", '*': "pointer"}[text[0]]
		p.refuse(n, key, "sqlc does not take "+text+" here", "write go_type: {type: "+strings.TrimLeft(text, "[]*")+", "+word+": true}")
	case named == nil:
		p.refuse(n, key, strconv.Quote(text)+" is no Go type for sqlc: it wants a basic type, or a package with the type behind a dot", "write a type such as string or "+example)
	case !token.IsExported(named[1]):
		p.refuse(n, key, "only a type whose name begins with a capital letter can be used from another package", "write its name as the package has it, such as "+example)
	}
}

// goType reads a Go type in parts.
func (p *configParser) goType(n *yaml.Node) {
	m := p.mapping(n, "go_type:", goTypeKeys)
	if m == nil {
		return
	}
	if m["type"] == nil {
		p.refuse(n, "go_type", "the name of the type is missing", "write go_type: {import: github.com/google/uuid, type: UUID}")
	}
	for _, name := range []string{"import", "package", "type"} {
		p.stringOf(m, name)
	}
	if m["package"] != nil && m["import"] == nil {
		p.refuse(m["package"], "package", "the package has no import path", "write import:, as in {import: github.com/google/uuid, package: uuid, type: UUID}")
	}
	if name := m["type"]; name != nil && name.Kind == yaml.ScalarNode {
		switch _, err := parser.ParseExpr(name.Value); {
		case err != nil:
			p.refuse(name, "type", strconv.Quote(name.Value)+" is not a Go type", "write the name of a type, such as UUID")
		case m["import"] != nil && !token.IsExported(strings.TrimLeft(name.Value, "*[]")):
			p.refuse(name, "type", "only a type whose name begins with a capital letter can be used from another package", "write its name as the package has it, such as UUID; package and path go into import:")
		}
	}
	for _, name := range []string{"pointer", "slice"} {
		p.boolOf(m, name)
	}
}

// boolOf reads true or false; false when the key is absent.
func (p *configParser) boolOf(values map[string]*yaml.Node, key string) (is bool) {
	if n := values[key]; n != nil && n.Decode(&is) != nil {
		p.refuse(n, key, "true or false belongs here", "write "+key+": true, or remove the key")
	}
	return is
}

// inOneLine writes a part of the file again, as YAML in one line.
func (p *configParser) inOneLine(n *yaml.Node) string {
	text, err := yaml.Marshal(p.plain(n))
	if err != nil {
		panic(err) // it was read from YAML
	}
	return strings.TrimSuffix(string(text), "\n")
}

// plain copies a part of the file without comments, anchors and aliases, and
// with the tenant's word in its place.
func (p *configParser) plain(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	c := &yaml.Node{Kind: n.Kind, Style: yaml.FlowStyle, Tag: n.Tag, Value: n.Value}
	if n.Kind == yaml.ScalarNode {
		c.Style, c.Value = 0, p.expand(n.Value)
	}
	for _, child := range n.Content {
		c.Content = append(c.Content, p.plain(child))
	}
	return c
}

// packageOf reads the name of a Go package.
func (p *configParser) packageOf(values map[string]*yaml.Node) string {
	name := p.stringOf(values, "package")
	if name != "" && !packageName.MatchString(name) {
		p.refuse(values["package"], "package", strconv.Quote(name)+" is not a name for a Go package", "write lower-case letters and digits, such as adkdb")
	}
	return name
}

// service reads where the session service goes. What is not written is where
// sqlc writes.
func (p *configParser) service(t *Target) {
	const key = "service"
	n := t.Places[key]
	if n == nil {
		return
	}
	m := p.mapping(n, "service:", serviceKeys)
	if m == nil {
		return
	}
	switch traits := t.Dialect.Traits(); {
	case traits.SQLCEngine == "":
		p.refuse(n, key, "the service stands on the code that sqlc writes, and sqlc has no engine for "+traits.Title, "remove service:")
		return
	case t.Places["queries"] == nil:
		p.refuse(n, key, "the service has no queries to stand on", "write queries: {dir: db/queries/adk}")
		return
	}
	s := &Service{Dir: p.pathOf(m, "dir"), Package: p.packageOf(m)}
	if t.Places["sqlc"] == nil { // a sqlc.yaml of the user's own
		for _, missing := range serviceKeys {
			if m[missing] == nil {
				p.refuse(n, key, missing+" is missing, and there is no sqlc: to take it from", "write service: {dir: internal/adkdb, package: adkdb}, with the package that sqlc generates")
			}
		}
	}
	if t.SQLC != nil {
		for _, part := range []struct {
			key, word string
			value     *string
			sqlc      string
		}{{"dir", "out", &s.Dir, t.SQLC.Out}, {"package", "package", &s.Package, t.SQLC.Package}} {
			if m[part.key] != nil && *part.value != "" && *part.value != part.sqlc {
				p.refuse(m[part.key], part.key, "the service uses statements that only sqlc's own package can see, and sqlc writes to "+part.word+" "+part.sqlc, "remove the key, or write "+part.key+": "+part.sqlc)
			}
			*part.value = part.sqlc
		}
	}
	t.Service = s
}

// Definition is a column definition in adkgen.yaml: the owner column, or one of
// the user's own.
type Definition struct {
	Role   store.Role
	Column *dialects.Owner
	Key    string
	Node   *yaml.Node
}

// Definitions are those of a target.
func (t *Target) Definitions() []Definition {
	var list []Definition
	if t.Owner != nil {
		list = append(list, Definition{store.RoleSessions, t.Owner, "owner_id_column", t.Places["owner_id_column"]})
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		list = append(list, Definition{c.Role, &c.Column, "columns", c.Node})
	}
	return list
}

// StoreTables are those that the target has.
func (t Target) StoreTables() []store.Table {
	return slices.DeleteFunc(store.Tables(), func(table store.Table) bool { return table.Scoped && !t.ScopedState })
}

// Roles are those of all tables that the target could have.
func (t Target) Roles() []store.Role {
	var roles []store.Role
	for _, table := range store.Tables() {
		roles = append(roles, table.RoleFor(t.Owner != nil))
	}
	return roles
}

// Standard is a target with the names that tables have by default.
func Standard(d dialects.Dialect) Target {
	t := Target{Dialect: d, Tables: map[store.Role]string{}}
	for _, role := range t.Roles() {
		t.Tables[role] = d.Fold(role.StandardName())
	}
	return t
}

// Problem points at the value of a target's key, or at the target when the key
// is not written.
func (t Target) Problem(s problem.Source, key, message, hint string) problem.Problem {
	node := cmp.Or(t.Places[key], t.Node)
	return s.Problem(node, 0, len(node.Value), key, message, hint)
}

// Clone copies a target with its column definitions, so that a later stage can
// complete them.
func (t Target) Clone() Target {
	if t.Owner != nil {
		owner := copyOf(*t.Owner)
		t.Owner = &owner
	}
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Column = copyOf(t.Columns[i].Column)
	}
	return t
}

func copyOf(o dialects.Owner) dialects.Owner {
	o.Warnings = slices.Clone(o.Warnings)
	if o.Reference != nil {
		reference := *o.Reference
		o.Reference = &reference
	}
	return o
}
