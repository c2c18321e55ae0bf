package render

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
	"github.com/adkgen/adkgen/templates"
)

// view is what a dialect's templates see. Names in it are quoted where they
// have to be.
type view struct {
	Summary, SummaryDown string     // what the file does, in a line
	Phase                plan.Phase // when to run it; "" where adkgen does not know
	Requires             []string   // what must exist before
	Dir                  string     // of the migrations
	File                 string     // of this migration
	Bookkeeping          string     // the tool's own table; "" where no hint belongs
	Namespace            string     // to create first; "" for none
	Idempotent           bool
	Tables               []tableView // in the order of creation
	TablesDown           []tableView // the other way round

	Custom         bool // the SQL is the user's
	Tool           templates.Tool
	Number         string
	Up, Down       string // the SQL of both ways, whole
	HasPlaceholder bool   // there is a ${ in it
	References     bool   // a foreign key goes to a table of the user's
	HasBlock       bool   // a statement has others in it, each with its ;
	NoTransaction  bool   // the tool has to run it outside a transaction
	UpSQL, DownSQL string // of a migration that changes tables; "" for one that creates all

	Owner      *columnView // of the sessions, where a query names it; nil for none
	StateOwner *columnView // the same, in the key of the users' states
	Package    string      // of the Go code that stands on the queries
	JSONDepth  int         // how deep JSON can nest; 0 for deeper than the service goes
}

// table gives the table of a role; nil for none.
func (v view) table(roles ...store.Role) *tableView {
	for i := range v.Tables {
		if slices.Contains(roles, v.Tables[i].Role) {
			return &v.Tables[i]
		}
	}
	return nil
}

// Sessions is the table of sessions.
func (v view) Sessions() *tableView { return v.table(store.RoleSessions) }

// Events is the table of events.
func (v view) Events() *tableView { return v.table(store.RoleEvents) }

// AppStates is the table of the states of applications; nil without scoped state.
func (v view) AppStates() *tableView { return v.table(store.RoleAppStates) }

// UserStates is the table of the states of users; nil without scoped state.
func (v view) UserStates() *tableView { return v.table(store.RoleUserStates, store.RoleOwnerStates) }

// WithoutOwner is the view of a query that looks at no owner.
func (v view) WithoutOwner() view {
	v.Owner = nil
	return v
}

type tableView struct {
	Role                 store.Role
	Name                 string // with the namespace
	Stored               string // the name without quotes, as the catalog has it
	Columns              []columnView
	NameWidth, TypeWidth int
	PrimaryKey           keyView
	Unique               []keyView
	Checks               []schema.Check // names quoted
	ForeignKeys          []foreignKeyView
	Indexes              []indexView
	Idempotent           bool
	CreateBody           string // filled where a dialect creates in a string
}

// ColumnNames are the names of all columns, in order.
func (t tableView) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

type columnView struct {
	Stored                                             string // the name without quotes, as the catalog has it
	Name, Type, Collation, Default, Generated, Comment string
	NotNull                                            string // the clause, with its name; "" for none
	Storage                                            string // STORED or VIRTUAL, of a generated column
	OnUpdate                                           string
	Unchecked                                          bool // the type's own check is off
	Length                                             int  // how many characters of an owner the column keeps; 0 for no limit, and where more are an error
}

// IsStored reports whether the database keeps the value that it computes.
func (c columnView) IsStored() bool { return c.Generated != "" && c.Storage == "STORED" }

type keyView struct {
	Name    string
	Columns []string
	Owner   bool // it is UNIQUE of an owner column
}

type foreignKeyView struct {
	Name                          string
	Stored                        string // the name without quotes, as the catalog has it
	Columns, Referenced           []string
	Table                         string // with its namespace
	OnDelete, OnUpdate            dialects.Action
	MatchFull                     bool
	Deferrable, InitiallyDeferred bool
}

type indexView struct {
	Name       string
	Stored     string // without quotes, as the catalog has it
	On         string // the table
	Kind       schema.IndexKind
	Columns    []string
	CreateBody string // filled where a dialect creates in a string
}

// maxTypeWidth bounds the column that types are aligned in: a longer one
// pushes its own line out, not all of them.
const maxTypeWidth = 48

// Renderer writes the files of one target.
type Renderer struct {
	target config.Target
	traits dialects.Traits
	quoted map[string]string // what quote has answered: a name stands in many places
}

// New makes the renderer of a target.
func New(t config.Target) Renderer { return Renderer{t, t.Dialect.Traits(), map[string]string{}} }

func (r Renderer) quote(name string) string {
	if name == "" {
		return ""
	}
	quoted, known := r.quoted[name]
	if !known {
		quoted = r.target.Dialect.Quote(name)
		r.quoted[name] = quoted
	}
	return quoted
}

func (r Renderer) quoteAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = r.quote(name)
	}
	return quoted
}

func (r Renderer) qualified(namespace, name string) string {
	return dialects.Qualified(r.quote, namespace, name)
}

// view builds what the templates see of tables.
func (r Renderer) view(namespace string, tables []schema.Table, idempotent bool) view {
	v := view{Idempotent: idempotent, Dir: r.target.Migrations.Dir}
	if namespace != "" && r.traits.CreatesNamespace {
		v.Namespace = r.quote(namespace)
	}
	for _, t := range tables {
		v.Tables = append(v.Tables, r.table(namespace, t, idempotent))
		for _, need := range r.requires(t) {
			if !slices.Contains(v.Requires, need) {
				v.Requires = append(v.Requires, need)
			}
		}
		v.References = v.References || slices.ContainsFunc(t.ForeignKeys, func(k schema.ForeignKey) bool { return !r.isOwn(k.Table) })
	}
	if namespace != "" && !r.traits.CreatesNamespace {
		v.Requires = append(v.Requires, r.traits.Namespaces+" "+r.quote(namespace))
	}
	v.TablesDown = slices.Clone(v.Tables)
	slices.Reverse(v.TablesDown)
	for _, t := range tables {
		switch owner := t.Owner(); {
		case owner == nil:
		case t.Role == store.RoleSessions:
			column := r.column(*owner)
			if r.traits.CutsSpaces {
				column.Length = schema.Characters(column.Type)
			}
			v.Owner = &column
		case t.Role == store.RoleOwnerStates:
			column := r.column(*owner)
			v.StateOwner = &column
		}
	}
	return v
}

// requires lists the user's tables that a table's foreign keys need.
func (r Renderer) requires(t schema.Table) []string {
	var needs []string
	for _, d := range r.target.Definitions() {
		ofTable := d.Role == t.Role || t.Role == store.RoleOwnerStates && d.Key == "owner_id_column"
		if ofTable && d.Column.UserType && r.traits.DeclaresTypes {
			needs = append(needs, "type "+d.Column.Type)
		}
	}
	for _, k := range t.ForeignKeys {
		if !r.isOwn(k.Table) {
			needs = append(needs, r.requirement(k))
		}
	}
	return needs
}

// isOwn reports whether a table is one of adkgen's.
func (r Renderer) isOwn(table string) bool { return table == r.target.Tables[store.RoleSessions] }

// requirement is what a foreign key references.
func (r Renderer) requirement(k schema.ForeignKey) string {
	need := r.qualified(k.Namespace, k.Table)
	if len(k.Referenced) > 0 {
		need += "(" + strings.Join(r.quoteAll(k.Referenced), ", ") + ")"
	}
	return need
}

func (r Renderer) column(c schema.Column) columnView {
	view := columnView{Stored: c.Name, Name: r.quote(c.Name), Type: c.Type, Collation: c.Collation, Default: c.Default, Generated: c.Generated, Storage: "STORED", OnUpdate: c.OnUpdate, Comment: c.Comment, Unchecked: c.Unchecked}
	if c.Virtual {
		view.Storage = "VIRTUAL"
	}
	if c.NotNull {
		view.NotNull = "NOT NULL"
		if c.NotNullConstraint != "" {
			view.NotNull = "CONSTRAINT " + r.quote(c.NotNullConstraint) + " NOT NULL"
		}
	}
	return view
}

func (r Renderer) table(namespace string, t schema.Table, idempotent bool) tableView {
	v := tableView{Role: t.Role, Name: r.qualified(namespace, t.Name), Stored: t.Name, Idempotent: idempotent,
		PrimaryKey: r.key(t, t.PrimaryKey)}
	for _, c := range t.Columns {
		column := r.column(c)
		v.Columns = append(v.Columns, column)
		v.NameWidth = max(v.NameWidth, utf8.RuneCountInString(column.Name))
		if width := utf8.RuneCountInString(column.Type); width <= maxTypeWidth {
			v.TypeWidth = max(v.TypeWidth, width)
		}
	}
	for _, k := range t.Unique {
		v.Unique = append(v.Unique, r.key(t, k))
	}
	for _, c := range t.Checks {
		v.Checks = append(v.Checks, schema.Check{Name: r.quote(c.Name), Column: r.quote(c.Column), Expression: c.Expression})
	}
	for _, k := range t.ForeignKeys {
		v.ForeignKeys = append(v.ForeignKeys, r.foreignKey(k))
	}
	for _, i := range t.Indexes {
		v.Indexes = append(v.Indexes, r.index(namespace, v.Name, i))
	}
	return v
}

// key makes the view of a table's key.
func (r Renderer) key(t schema.Table, k schema.Key) keyView {
	v := keyView{Name: r.quote(k.Name), Columns: r.quoteAll(k.Columns)}
	if len(k.Columns) == 1 {
		c := schema.ColumnOf(t, k.Columns[0])
		v.Owner = c != nil && (c.Owner || c.Retired)
	}
	return v
}

func (r Renderer) foreignKey(k schema.ForeignKey) foreignKeyView {
	return foreignKeyView{
		Name: r.quote(k.Name), Stored: k.Name, Columns: r.quoteAll(k.Columns), Referenced: r.quoteAll(k.Referenced),
		Table: r.qualified(k.Namespace, k.Table), OnDelete: k.OnDelete, OnUpdate: k.OnUpdate, MatchFull: k.MatchFull,
		Deferrable: k.Deferrable, InitiallyDeferred: k.InitiallyDeferred,
	}
}

// index makes the view of an index on a table, whose name is quoted.
func (r Renderer) index(namespace, on string, i schema.Index) indexView {
	name := r.quote(i.Name)
	if r.traits.QualifiesIndexes {
		name = r.qualified(namespace, i.Name)
	}
	return indexView{Name: name, Stored: i.Name, On: on, Kind: i.Kind, Columns: r.quoteAll(i.Columns)}
}

func (r Renderer) render(template string, data any) (string, error) {
	return templates.Render(r.traits.Templates, template, data)
}

// fillBodies renders the CREATE statements that stand inside strings.
func (r Renderer) fillBodies(v *view) error {
	if !r.traits.CreatesInString {
		return nil
	}
	for i := range v.Tables {
		t := &v.Tables[i]
		var err error
		if t.CreateBody, err = r.render("create_body", t); err != nil {
			return err
		}
		for j := range t.Indexes {
			if t.Indexes[j].CreateBody, err = r.render("create_index_body", t.Indexes[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// MigrationFiles renders one migration as the files that the target's tool reads.
func (r Renderer) MigrationFiles(namespace string, m plan.Migration) ([]output.File, error) {
	v := view{Dir: r.target.Migrations.Dir}
	if m.CreatesAll() {
		var tables []schema.Table
		for _, change := range m.Changes {
			tables = append(tables, change.Table)
		}
		v = r.view(namespace, tables, false)
		v.Summary = "Creates the tables in which ADK keeps " + contents(tables) + "."
		v.SummaryDown = "Drops the ADK tables, and with them every session and event."
	} else if err := r.fillChanges(&v, m); err != nil {
		return nil, err
	}
	v.Phase = m.Phase
	if m.Number == r.target.Migrations.First() {
		v.Bookkeeping = r.Bookkeeping(namespace)
	}
	return r.files(v, m)
}

// CustomFiles renders the shell of a migration of the user's own.
func (r Renderer) CustomFiles(m plan.Migration, message string) ([]output.File, error) {
	return r.files(view{Dir: r.target.Migrations.Dir, Custom: true, Summary: "Purpose: " + message, SummaryDown: "Undoes: " + message, UpSQL: "-- Write your SQL here.\n", DownSQL: "-- Write here what undoes it.\n"}, m)
}

// files renders a migration as the files that the target's tool reads.
func (r Renderer) files(v view, m plan.Migration) ([]output.File, error) {
	v.NoTransaction = m.NoTransaction
	v.Tool, v.Number = r.Tool(), fmt.Sprintf("%04d", m.Number)
	var err error
	if v.Up, err = r.render("up_part", v); err != nil {
		return nil, err
	}
	if v.Down, err = r.render("down_part", v); err != nil {
		return nil, err
	}
	v.HasPlaceholder = strings.Contains(v.Up+v.Down, "${")
	var files []output.File
	for _, file := range v.Tool.Files {
		v.File = path.Join(r.target.Migrations.Dir, fmt.Sprintf(file.Name, v.Number, m.Name))
		text, err := r.render(file.Template, v)
		if err != nil {
			return nil, err
		}
		if v.Tool.Escape != nil {
			text = v.Tool.Escape(text)
		}
		if text != "" {
			files = append(files, output.File{Path: v.File, Content: []byte(text), Role: output.RoleMigration})
		}
	}
	return files, nil
}

// Tool gives what the target's migration tool wants.
func (r Renderer) Tool() templates.Tool { return templates.Tools[r.target.Migrations.Tool] }

// ApplyCommand says how the target's tool applies its migrations, which it counts
// in a table; "" for its own.
func (r Renderer) ApplyCommand(bookkeeping string) (string, error) {
	m := r.target.Migrations
	return r.render("apply_"+m.Tool, view{Dir: m.Dir, Bookkeeping: bookkeeping})
}

// contents says what tables hold: "sessions, events and scoped state".
func contents(tables []schema.Table) string {
	if len(tables) > 2 {
		return "sessions, events and scoped state"
	}
	return "sessions and events"
}

// Bookkeeping names the table in which the migration tool is to count adkgen's
// migrations apart from the host's, and one tenant's apart from another's; "" where
// they are counted with the host's.
func (r Renderer) Bookkeeping(namespace string) string {
	if r.target.Migrations.Start > 0 {
		return ""
	}
	name := "ext_adk_migrations"
	if namespace != "" {
		name += "_" + namespace
	}
	if sessions := r.target.Tables[store.RoleSessions]; !strings.EqualFold(sessions, store.RoleSessions.StandardName()) {
		name += "_" + sessions
	}
	name = strings.Map(func(c rune) rune {
		if c < utf8.RuneSelf && dialects.IsPlain("_"+string(c)) {
			return c
		}
		return '_'
	}, strings.ToLower(name))
	return strings.TrimPrefix(schema.DerivedName(r.target.Dialect, "", name), r.target.Dialect.Fold("_"))
}

// QueryFiles renders the files of queries.
func (r Renderer) QueryFiles(schema schema.Schema) ([]output.File, error) {
	if r.target.QueriesDir == "" {
		return nil, nil
	}
	v := r.view(schema.Namespace, schema.Tables, false)
	var files []output.File
	for _, store := range store.All {
		for _, file := range store.Queries {
			if file.Needs != "" && v.table(file.Needs) == nil || file.Service && r.target.Service == nil {
				continue
			}
			text, err := r.render(r.traits.Templates+"/queries/"+file.Name+".tmpl", v)
			if err != nil {
				return nil, err
			}
			files = append(files, output.File{Path: path.Join(r.target.QueriesDir, file.Name), Content: []byte(text), Role: output.RoleGenerated})
		}
	}
	return files, nil
}

// ServiceFile renders the session service in Go, on the code that sqlc makes of
// the queries.
func (r Renderer) ServiceFile(schema schema.Schema) ([]output.File, error) {
	if r.target.Service == nil {
		return nil, nil
	}
	v := r.view(schema.Namespace, schema.Tables, false)
	v.Package, v.JSONDepth = r.target.Service.Package, r.traits.JSONDepth
	text, err := r.render(r.traits.Templates+"/service.go.tmpl", v)
	if err != nil {
		return nil, err
	}
	return []output.File{{Path: path.Join(r.target.Service.Dir, "session_service.go"), Content: []byte(text), Role: output.RoleGenerated}}, nil
}

// SnapshotFile renders the whole schema as one file that can be run again.
func (r Renderer) SnapshotFile(schema schema.Schema) ([]output.File, error) {
	if r.target.Snapshot == "" {
		return nil, nil
	}
	v := r.view(schema.Namespace, schema.Tables, true)
	v.Summary = "The tables in which ADK keeps " + contents(schema.Tables) + "."
	if err := r.fillBodies(&v); err != nil {
		return nil, err
	}
	text, err := r.render("common/snapshot.sql.tmpl", v)
	if err != nil {
		return nil, err
	}
	return []output.File{{Path: r.target.Snapshot, Content: []byte(text), Role: output.RoleGenerated}}, nil
}

// SqlcBlock is one entry below sql: in sqlc.yaml.
type SqlcBlock struct {
	Engine, Schema, Queries, Package, Out string
	Overrides                             []string // of the user's, before adkgen's own: sqlc takes the first that fits
	UntypedColumns                        []string // those of which sqlc cannot know the type
}

// SqlcBlock describes the target to sqlc, with paths from the folder of sqlc.yaml.
func (r Renderer) SqlcBlock() SqlcBlock {
	from := path.Dir(r.target.SQLC.File)
	var untyped []string
	for _, d := range r.target.Definitions() {
		if !d.Column.UserType {
			continue
		}
		for _, t := range schema.Wanted(r.target).Tables {
			if t.Role != d.Role && (t.Role != store.RoleOwnerStates || d.Key != "owner_id_column") {
				continue
			}
			column := t.Name + "." + d.Column.Name
			if r.target.Namespace != "" && !r.target.SharesQueries {
				column = r.target.Namespace + "." + column
			}
			if !slices.ContainsFunc(r.target.SQLC.Overridden, func(o config.Overridden) bool { return o.Column == column }) {
				untyped = append(untyped, column)
			}
		}
	}
	schema := path.Join(relative(from, r.target.Migrations.Dir), r.Tool().SchemaFiles)
	if r.target.SharesQueries {
		schema = relative(from, r.target.Snapshot)
	}
	return SqlcBlock{
		Overrides:      r.target.SQLC.Overrides,
		UntypedColumns: untyped,
		Engine:         r.traits.SQLCEngine,
		Schema:         schema,
		Queries:        relative(from, r.target.QueriesDir),
		Package:        r.target.SQLC.Package,
		Out:            relative(from, r.target.SQLC.Out),
	}
}

// relative gives the path to a file from a folder; both are clean, with
// slashes, and relative to the same place.
func relative(from, to string) string {
	if from == "." {
		return to
	}
	fromParts, toParts := strings.Split(from, "/"), strings.Split(to, "/")
	for len(fromParts) > 0 && len(toParts) > 0 && fromParts[0] == toParts[0] {
		fromParts, toParts = fromParts[1:], toParts[1:]
	}
	return path.Join(strings.Repeat("../", len(fromParts)), path.Join(toParts...))
}

// SqlcFile renders sqlc.yaml; without the header it is a block to paste.
func SqlcFile(blocks []SqlcBlock, header bool) (string, error) {
	return templates.Render("common", "sqlc.yaml.tmpl", struct {
		Header bool
		Blocks []SqlcBlock
	}{header, blocks})
}

// OwnerSQL gives the sessions table as SQL, with its indexes, for an owner
// column and otherwise standard settings.
func OwnerSQL(d dialects.Dialect, o dialects.Owner) (string, error) {
	t := config.Standard(d)
	t.Owner = &o
	schema := schema.Wanted(t)
	r := New(t)
	return r.render("create_table", r.table("", schema.Tables[0], false))
}
