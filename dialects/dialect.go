// Package dialects says what differs between databases. It holds the
// questions that the generator asks (Dialect), the facts that it may rely on
// (Traits) and the model of an owner column (Owner). Each database answers in
// a folder of its own, and imports only this package and its parser.
package dialects

// Dialect answers for one database. All methods are pure: the same question
// gets the same answer, and nothing is read but the arguments.
type Dialect interface {
	// Name is the word for the dialect in adkgen.yaml.
	Name() string
	// Traits are the facts about the database that rendering depends on.
	Traits() Traits
	// Fold gives the name under which the database stores an identifier that
	// was written without quotes.
	Fold(identifier string) string
	// Quote writes a stored name as SQL. It adds quotes only where the name
	// without them would mean something else: another case, a reserved word,
	// other characters.
	Quote(identifier string) string
	// Type gives the column type for what adkgen keeps in a column.
	Type(kind Kind) ColumnType
	// ParseOwner reads an owner column: one column definition as it would
	// stand in CREATE TABLE. It returns what was understood, or every problem
	// that was found; never both.
	ParseOwner(fragment string) (Owner, []Problem)
	// ParseColumn reads a column of the user's own on one of adkgen's tables. It
	// is an owner column but for its type, which can be one without an index.
	ParseColumn(fragment string) (Owner, []Problem)
	// ParseBackfill reads the expression that gives existing sessions their
	// owner: it can look at the columns of the sessions table, and at other
	// tables in a subquery. It returns what was understood, or every problem
	// that was found; never both.
	ParseBackfill(expression string, s Sessions) (Backfill, []Problem)
	// Widens reports whether a column of a type can get another, which holds all
	// of its values, without each row being written again.
	Widens(from, to string) bool
	// ReadSchema adds to h what the SQL of one of the user's migrations does to
	// tables, and returns what it could not read. file is its name in places.
	ReadSchema(h *HostSchema, file, sql string) []Problem
	// CheckHost says why an owner column cannot refer to a column, or what has
	// to hold besides that the schema does not say; zero when it can. An owner
	// column that does not say its collation gets that of the column.
	CheckHost(o *Owner, t *HostTable, c HostColumn) (refusal, warning Refusal)
	// Confuses says which owners an owner column takes for one although their
	// bytes differ, because of its collation; zero for none.
	Confuses(o Owner) (warning Refusal)
}

// Kind is what a column of the ADK schema holds.
type Kind int

// The kinds of column. Lengths are characters.
const (
	// KindKey is an identifier of at most 128 characters that is compared byte
	// for byte: 'alice', 'ALICE', 'älice' and 'alice ' are four users.
	KindKey Kind = iota
	// KindText is a scalar of an event, kept for filters.
	KindText
	// KindCounter is a 64-bit integer that starts at 0.
	KindCounter
	// KindTime is a point in time: UTC, microseconds.
	KindTime
	// KindState is a JSON object of state keys.
	KindState
	// KindDocument is a whole ADK event as JSON.
	KindDocument
)

// ColumnType is how a database declares a column of some Kind.
type ColumnType struct {
	SQL       string // the data type, with everything that must follow it directly
	Nullable  bool   // the column accepts NULL although adkgen always writes a value
	Default   string // an SQL expression; "" for none
	JSONCheck bool   // the type does not check JSON by itself: a CHECK (… IS JSON) does
	Unchecked bool   // the type's own check refuses JSON that ADK can hand us: one that is always true takes its place
}

// Traits are facts about a database, each with its source where it is not
// plain from the manual's CREATE TABLE page.
type Traits struct {
	// Title is the database's name as a person writes it.
	Title string
	// IdentifierLimit is the longest identifier; 0 for none. It counts bytes,
	// or characters when IdentifierInRunes is set.
	IdentifierLimit   int
	IdentifierInRunes bool
	// QuoteMarks are the characters that may open and close a quoted
	// identifier; the mark inside is written twice.
	QuoteMarks string
	// FoldsCase: two table names that differ only in case are one table, or
	// would be on some of the database's platforms.
	FoldsCase bool
	// FoldsTables: they are one table everywhere.
	FoldsTables bool
	// DeclaresTypes: a type of the user's own is created before it is used.
	DeclaresTypes bool
	// FoldsColumns: two column names that differ only in case are one.
	FoldsColumns bool
	// DefaultNamespace is where unqualified names are found unless a connection
	// says otherwise; "" when there is no such place.
	DefaultNamespace string
	// Namespaces is the database's word for what a table name can be qualified
	// with ("schema", "database"); "" when it has none that adkgen can use.
	Namespaces string
	// CreatesNamespace: a migration can create the namespace when it is missing.
	CreatesNamespace bool
	// QualifiesIndexes: CREATE INDEX takes the namespace before the index's
	// name; elsewhere an index goes where its table is.
	QualifiesIndexes bool
	// CreatesInString: an idempotent CREATE needs EXECUTE IMMEDIATE '…'.
	CreatesInString bool
	// IndexesShareNames: an index may not have the name of a table or of
	// another table's index in the same namespace.
	IndexesShareNames bool
	// ConstraintsShareNames: two tables of one namespace may not have foreign
	// keys or checks of one name (MySQL error 1826, ORA-02264).
	ConstraintsShareNames bool
	// ReservedPrefix begins names that are the database's own; "" for none.
	ReservedPrefix string
	// HiddenColumns are names of columns that every table has, in capitals.
	HiddenColumns map[string]bool
	// NamesReferencedColumn: a foreign key must name the column that it
	// references; elsewhere none means the primary key.
	NamesReferencedColumn bool
	// KeyComparison finds the row whose text, the first %s, is a key of adkgen's,
	// the second: byte for byte, and by the index of a column that has the
	// database's default collation.
	KeyComparison string
	// NumberComparison is KeyComparison for a number, which the database would
	// compare with what a text begins with; "" where it refuses that, or does not.
	NumberComparison string
	// CollateClause is the clause for a column's collation, %s.
	CollateClause string
	// IndexBytes is the most that the columns of an index have together; 0 for
	// no limit that CREATE INDEX would check.
	IndexBytes int
	// CutsSpaces: a text that is too long for its column is stored without the
	// spaces at its end, and without an error.
	CutsSpaces bool
	// StateIndex: an index over the whole state column is possible.
	StateIndex bool
	// ExampleTypes are types that an owner column often has.
	ExampleTypes string
	// JSONDepth is how deep JSON can nest in a column; 0 when that is deeper than
	// adkgen's session service goes.
	JSONDepth int
	// SQLCEngine is sqlc's name for the database; "" when sqlc has none.
	SQLCEngine string
	// SQLCTypes are the names by which sqlc knows the types of adkgen's own
	// columns, in capitals.
	SQLCTypes map[string]bool
	// Tools are the migration tools that have a driver for the database.
	Tools []string
	// Settings are the keys of a target that only this dialect has.
	Settings []string
	// Evolution says how tables with rows in them are changed.
	Evolution Evolution
	// Templates is the folder below templates/ with the dialect's SQL.
	Templates string
}

// Evolution says what a database's DDL can do to tables that live.
type Evolution struct {
	// Transactional: DDL is undone with its transaction; elsewhere each change
	// is a migration of its own.
	Transactional bool
	// OnlineIndex: an index is built while rows are written, outside a
	// transaction (CONCURRENTLY).
	OnlineIndex bool
	// Validates: a foreign key or check is added without a look at the rows,
	// and validated later without blocking writers.
	Validates bool
	// RenamesConstraints: a constraint can be renamed; elsewhere a foreign key
	// is replaced.
	RenamesConstraints bool
	// ReplacesForeignKeys: one statement drops a foreign key and adds another,
	// so that there is no moment without one. Elsewhere they are two changes.
	ReplacesForeignKeys bool
	// Exists and NotExists make DDL that can be run again of DDL that cannot: in
	// MariaDB, IF EXISTS and IF NOT EXISTS; "" for none. MySQL has none: its
	// templates ask the catalog instead.
	Exists, NotExists string
	// LoopsInProcedures: there are loops in stored procedures only.
	LoopsInProcedures bool
	// ModifiesInProcedures: a procedure makes a column shorter or NOT NULL, as
	// nothing else can look at the values first, or keep the session as it was when
	// the statement fails.
	ModifiesInProcedures bool
	// RequiresByCopy is a type of which a column becomes NOT NULL by a copy of the
	// table, while writers wait; "" for none.
	RequiresByCopy string
	// DropCheck drops a check: DROP CONSTRAINT, or what the database had before that.
	DropCheck string
	// ForShare locks the rows that are read, so that SKIP LOCKED can follow.
	ForShare string
	// MergeDepth is how deep JSON can be nested at most for the database to merge
	// it; 0 where it can merge all that a column holds.
	MergeDepth int
	// KeyCollation is the clause for the collation of keys, of a variable that
	// holds one; "" where it needs none.
	KeyCollation string
	// AddsVirtual: a generated column that is not kept can be added without a
	// look at the rows.
	AddsVirtual bool
	// Rebuilds: columns and constraints are changed by copying the table.
	Rebuilds bool
	// MovesTables: a table can go to another namespace, and sqlc follows (it
	// takes MySQL's RENAME TABLE a.t TO b.t for a change of name).
	MovesTables bool
}

// Problem is something in a text that the user has to change.
type Problem struct {
	Offset  int    // first byte of the culprit in the text
	Length  int    // bytes; 0 points between two characters
	Message string // what is wrong
	Hint    string // what to write instead; "" when the message says it
}
