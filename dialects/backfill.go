package dialects

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Sessions is what the expression of a backfill can see of the sessions table.
// Names are as the database stores them.
type Sessions struct {
	Table   string
	Columns []string
	Keys    []string // those of the columns that are of KindKey
}

// Backfill is an expression that was understood.
type Backfill struct {
	// SQL is the expression. Each column in it names its table.
	SQL      string
	Warnings []Problem
}

// ParseExpression runs the steps that every dialect's ParseBackfill has in
// common. read gives the expression as it is written, or reports to r.
func ParseExpression(tokenize func(string) ([]Token, *Problem), read func(r *Reader) string, expression string) (Backfill, []Problem) {
	if problems := expressionShape.checkText(expression); problems != nil {
		return Backfill{}, problems
	}
	tokens, problem := tokenize(expression)
	if problem != nil {
		return Backfill{}, []Problem{*problem}
	}
	if problems := expressionShape.checkTokens(tokens); problems != nil {
		return Backfill{}, problems
	}
	r := &Reader{Fragment: expression, Tokens: tokens, shape: expressionShape}
	sql := read(r)
	if len(r.Problems) == 0 && strings.ContainsFunc(sql, unicode.IsControl) {
		r.Refuse(0, Refusal{"the expression has a control character or a line break inside a text", "write texts in one line"})
	}
	if len(r.Problems) > 0 {
		return Backfill{}, r.Problems
	}
	return Backfill{sql, r.Warnings}, nil
}

// Scope says what a name in a backfill can mean: a column of the tables of a
// subquery, of the subqueries around it, and of the sessions table. SQL takes a
// name without a table for the nearest column that is called so (SQL-92, 6.4
// <column reference>): in (SELECT t.id FROM teams AS t WHERE t.owner = owner)
// both names are the team's, and the first team of all is found. So inside a
// subquery every name has its table, and no two tables have one name.
type Scope struct {
	*Reader
	dialect  Dialect
	sessions Sessions
	outer    *Scope // nil outside of every subquery
	tables   []string
	own      int  // names that were columns of its tables
	all      *int // names that were columns of any
}

// NewScope gives the scope outside of every subquery.
func NewScope(d Dialect, r *Reader, s Sessions) *Scope {
	return &Scope{Reader: r, dialect: d, sessions: s, all: new(int)}
}

// Inner gives the scope of a subquery in this one.
func (s *Scope) Inner() *Scope {
	return &Scope{Reader: s.Reader, dialect: s.dialect, sessions: s.sessions, outer: s, all: s.all}
}

// Inside reports whether the scope is that of a subquery.
func (s *Scope) Inside() bool { return s.outer != nil }

// Reads reports whether a table in FROM can be the sessions table.
func (s *Scope) Reads(table string) bool { return s.collide(table, s.sessions.Table) }

// AddTable reads a table in the FROM of the subquery, at an offset.
func (s *Scope) AddTable(offset int, table, alias string) {
	name := alias
	if name == "" {
		name = table
	}
	switch {
	case s.Reads(table):
		s.Refuse(offset, Refusal{"a subquery cannot read " + s.sessions.Table + ": its names would mean another row than the session that gets an owner",
			"leave it out of FROM, and write " + s.session(s.sessions.Keys[2]) + " for a column of the session"})
	case s.collide(name, s.sessions.Table):
		s.Refuse(offset, Refusal{name + " is the name of the sessions table: here it would mean another one", "choose another alias"})
	case s.find(func(known string) bool { return s.collide(name, known) }) != nil:
		s.Refuse(offset, Refusal{"two tables are called " + name + " here", "give each an alias of its own"})
	}
	s.tables = append(s.tables, name)
}

// CheckAggregate looks at the arguments of an aggregate at an offset. One whose
// columns are all of tables outside of the subquery is an aggregate of the query
// around it (SQL-92, 6.5 <set function specification>): of all sessions, which
// SQLite would make one.
func (s *Scope) CheckAggregate(offset int, arguments func()) {
	own, all := s.own, *s.all
	arguments()
	switch {
	case !s.Inside():
		s.Refuse(offset, RefuseAggregate)
	case s.own == own && *s.all > all:
		s.Refuse(offset, Refusal{"all columns of this aggregate are from outside of the subquery, so that it would be an aggregate of all sessions", "use a column of the subquery's own tables"})
	}
}

// UsesOwn reports whether look finds columns of the subquery's tables, or none
// at all.
func (s *Scope) UsesOwn(look func()) bool {
	own, all := s.own, *s.all
	look()
	return s.own > own || *s.all == all
}

// find looks for the scope of a table, in this one and those around it.
func (s *Scope) find(is func(table string) bool) *Scope {
	for ; s != nil; s = s.outer {
		if slices.ContainsFunc(s.tables, is) {
			return s
		}
	}
	return nil
}

// collide reports whether two names of tables can be one.
func (s *Scope) collide(a, b string) bool {
	return a == b || s.dialect.Traits().FoldsCase && strings.EqualFold(a, b)
}

// same reports whether two names of tables are one everywhere.
func (s *Scope) same(a, b string) bool {
	return a == b || s.dialect.Traits().FoldsTables && strings.EqualFold(a, b)
}

// CheckColumn reads the name of a column at an offset: the name alone, or
// behind those of its table and schema. It reports whether the column is one of
// the sessions table, under the name that it gives.
func (s *Scope) CheckColumn(offset int, parts ...string) (column string, ours bool) {
	name := parts[len(parts)-1]
	if len(parts) > 2 {
		s.Refuse(offset, Refusal{"there are two names before " + name, "write one: " + parts[len(parts)-2] + "." + name})
		return name, false
	}
	if len(parts) == 1 {
		if s.Inside() {
			s.Refuse(offset, s.refuseBare(name))
			return name, false
		}
		return s.checkOurs(offset, name)
	}
	table := parts[0]
	if s.same(table, s.sessions.Table) {
		return s.checkOurs(offset, name)
	}
	owner := s.find(func(known string) bool { return s.same(table, known) })
	switch {
	case owner != nil:
		owner.own++
		*s.all++
	case !s.Inside():
		s.Refuse(offset, Refusal{"outside of a subquery there are the columns of " + s.sessions.Table + " only", "put it into a subquery, such as " + BackfillExample(s.dialect, s.sessions.Table)})
	default:
		s.Refuse(offset, Refusal{table + " is no table of this subquery", "write the alias of a table in FROM, or " + s.sessions.Table + " for the session"})
	}
	return name, false
}

func (s *Scope) checkOurs(offset int, name string) (column string, ours bool) {
	is := func(c string) bool { return c == name || s.dialect.Traits().FoldsColumns && strings.EqualFold(c, name) }
	if i := slices.IndexFunc(s.sessions.Columns, is); i >= 0 {
		*s.all++
		return s.sessions.Columns[i], true
	}
	hint := "its columns are " + strings.Join(s.sessions.Columns, ", ")
	if near := Nearest(name, s.sessions.Columns); near != "" {
		hint = "did you mean " + near + "?"
	}
	s.Refuse(offset, Refusal{"the sessions table has no column " + name, hint})
	return name, false
}

// refuseBare says that a name in a subquery does not have its table.
func (s *Scope) refuseBare(name string) Refusal {
	quote := s.dialect.Quote
	own := quote(name) + " with its table"
	if len(s.tables) > 0 {
		own = quote(s.tables[0]) + "." + quote(name)
	}
	hint := "write " + own
	if slices.ContainsFunc(s.sessions.Columns, func(c string) bool { return strings.EqualFold(c, name) }) {
		hint = "write " + s.session(name) + " for the session's, or " + own + " for the subquery's own"
	}
	return Refusal{name + " does not say which table it is from. In a subquery, SQL takes the nearest table with a column of that name, so a comparison can be always true and give every session the same owner", hint}
}

// WarnComparison reports a comparison of a column of the user's with a key.
func (s *Scope) WarnComparison(offset int, message, theirs, key string) {
	traits := s.dialect.Traits()
	hint := "write " + fmt.Sprintf(traits.KeyComparison, theirs, s.session(key))
	if traits.NumberComparison != "" {
		hint += "; if " + theirs + " is a number, write " + fmt.Sprintf(traits.NumberComparison, theirs, s.session(key))
	}
	s.Warn(offset, Refusal{message, hint})
}

// BackfillExample is an expression that gives a session its owner.
func BackfillExample(d Dialect, sessions string) string {
	return "(SELECT u.id FROM users u WHERE " + fmt.Sprintf(d.Traits().KeyComparison, "u.login", d.Quote(sessions)+"."+d.Quote(d.Fold("user_id"))) + ")"
}

// Keys are the columns app_name, user_id, id.
func (s *Scope) Keys() []string { return s.sessions.Keys }

// session writes a column of the sessions with the table.
func (s *Scope) session(column string) string {
	return s.dialect.Quote(s.sessions.Table) + "." + s.dialect.Quote(column)
}

// IsKey reports whether a column of the sessions is of KindKey.
func (s *Scope) IsKey(column string) bool { return slices.Contains(s.sessions.Keys, column) }

// What no dialect takes in a subquery of a backfill.
var (
	RefuseFrom = Refusal{"a subquery can read tables and JOIN … ON: adkgen does not follow names through WITH, UNION, USING, NATURAL JOIN, LATERAL, a list of columns or a subquery in FROM",
		"write FROM with a table and its alias, and JOIN … ON for more tables"}
	RefuseStar = Refusal{"* does not say which column", "name one, with its table"}
)
