package dialects

import (
	"strings"
	"unicode"
)

// Owner is an owner column as it was understood. SQL is written from it alone:
// what it cannot hold, a dialect refuses.
type Owner struct {
	Name      string     `json:"name"`                // as the database stores it
	Type      string     `json:"type"`                // as SQL, in the database's usual spelling
	UserType  bool       `json:"user_type,omitempty"` // the type is none of the database's own
	NotNull   bool       `json:"not_null"`
	Default   string     `json:"default,omitempty"`   // an SQL expression; "" for none
	Collation string     `json:"collation,omitempty"` // as SQL; "" for the type's own
	Reference *Reference `json:"references,omitempty"`
}

// Reference is the foreign key of an owner column.
type Reference struct {
	Constraint        string `json:"constraint,omitempty"` // the user's name for it; "" for adkgen's
	Schema            string `json:"schema,omitempty"`     // "" when the table is not qualified
	Table             string `json:"table"`
	Column            string `json:"column,omitempty"` // "" refers to the table's primary key
	OnDelete          Action `json:"on_delete"`
	OnUpdate          Action `json:"on_update"`
	Deferrable        bool   `json:"deferrable,omitempty"`
	InitiallyDeferred bool   `json:"initially_deferred,omitempty"`
}

// Action is what happens to a row when the row it references goes away or
// changes its key, as SQL writes it.
type Action string

// The referential actions of standard SQL.
const (
	NoAction   Action = "NO ACTION"
	Restrict   Action = "RESTRICT"
	Cascade    Action = "CASCADE"
	SetNull    Action = "SET NULL"
	SetDefault Action = "SET DEFAULT"
)

// SessionColumns are the names of the columns that adkgen itself gives the
// sessions table; no owner column may have one of them.
var SessionColumns = []string{"app_name", "user_id", "id", "state", "revision", "create_time", "update_time"}

// checkOwner applies the rules that hold in every database to a parsed owner
// column. A span that is zero points at the fragment's start.
func checkOwner(d Dialect, o Owner, at ownerSpans) []Problem {
	var problems []Problem
	for _, column := range SessionColumns {
		if strings.EqualFold(o.Name, column) {
			problems = append(problems, at.Name.Problem(
				"the sessions table has a column "+column+" of its own",
				"call it owner_"+column))
		}
	}
	if p, bad := CheckName(d, o.Name, at.Name); bad {
		problems = append(problems, p)
	}
	if strings.ContainsFunc(o.Default, unicode.IsControl) {
		problems = append(problems, at.Default.Problem("the default has a control character or a line break", "write a value in one line"))
	}
	if r := o.Reference; r != nil {
		problems = append(problems, checkActions(o, at)...)
		if r.Schema != "" && !d.Traits().ReferenceInNamespace {
			problems = append(problems, at.Target.Problem(
				"a foreign key in "+d.Traits().Title+" cannot name a table in another database file",
				"write REFERENCES "+d.Quote(r.Table)+" without the "+r.Schema+"."))
		}
		for _, name := range []string{r.Constraint, r.Schema, r.Table, r.Column} {
			if name == "" {
				continue
			}
			if p, bad := CheckName(d, name, at.Target); bad {
				problems = append(problems, p)
			}
		}
	}
	return problems
}

func checkActions(o Owner, at ownerSpans) []Problem {
	var problems []Problem
	for _, clause := range []struct {
		words  string
		action Action
		span   Span
	}{{"ON DELETE ", o.Reference.OnDelete, at.OnDelete}, {"ON UPDATE ", o.Reference.OnUpdate, at.OnUpdate}} {
		switch {
		case clause.action == SetNull && o.NotNull:
			problems = append(problems, at.NotNull.Problem(
				clause.words+"SET NULL needs a column that can be NULL, but "+o.Name+" is NOT NULL",
				"drop NOT NULL, or use "+clause.words+"CASCADE"))
		case clause.action == SetDefault && o.Default == "":
			problems = append(problems, clause.span.Problem(
				clause.words+"SET DEFAULT needs a DEFAULT, but "+o.Name+" has none",
				"add a DEFAULT, or use "+clause.words+"CASCADE"))
		}
	}
	return problems
}

// Span is a part of a text, in bytes.
type Span struct{ Offset, Length int }

// Problem makes a Problem that points at the span.
func (s Span) Problem(message, hint string) Problem {
	return Problem{Offset: s.Offset, Length: s.Length, Message: message, Hint: hint}
}

// ownerSpans are the places in a fragment that problems point at.
type ownerSpans struct {
	Name, NotNull, Default, Target, OnDelete, OnUpdate Span
}
