package dialects

import (
	"strings"
	"unicode"
)

// Owner is an owner column as it was understood. SQL is written from it alone:
// what it cannot hold, a dialect refuses.
type Owner struct {
	Name              string     `json:"name"`                          // as the database stores it
	Quoted            bool       `json:"quoted,omitempty"`              // SQL has to put the name in quotes
	Type              string     `json:"type"`                          // as SQL with its arguments, in the database's usual spelling
	UserType          bool       `json:"user_type,omitempty"`           // the type is none of the database's own
	NotNull           bool       `json:"not_null"`                      //
	NotNullConstraint string     `json:"not_null_constraint,omitempty"` // the user's name for NOT NULL; "" for none
	Default           string     `json:"default,omitempty"`             // an SQL expression; "" for none
	Generated         string     `json:"generated,omitempty"`           // the expression that the database computes it from; only from ParseColumn
	Uses              []string   `json:"uses,omitempty"`                // the table's other columns in Generated
	Collation         string     `json:"collation,omitempty"`           // as SQL; "" for the type's own
	Check             *Check     `json:"check,omitempty"`
	Unique            *Unique    `json:"unique,omitempty"`
	Comment           string     `json:"comment,omitempty"`   // the text, without quotes
	Unindexed         bool       `json:"unindexed,omitempty"` // no index can be on the type; only from ParseColumn
	Reference         *Reference `json:"references,omitempty"`

	Warnings []Problem  `json:"-"` // what is accepted, and worth a second look
	At       OwnerSpans `json:"-"` // where its parts stand in the fragment
}

// Check is a CHECK of an owner column. It looks at no other column.
type Check struct {
	Constraint string `json:"constraint,omitempty"` // the user's name for it; "" for adkgen's
	Expression string `json:"expression"`           // SQL, without the parentheses around it
}

// Unique says that an owner has one session at most.
type Unique struct {
	Constraint string `json:"constraint,omitempty"` // the user's name for it; "" for adkgen's
}

// Reference is the foreign key of an owner column.
type Reference struct {
	Constraint        string `json:"constraint,omitempty"` // the user's name for it; "" for adkgen's
	Schema            string `json:"schema,omitempty"`     // "" when the table is not qualified
	Table             string `json:"table"`
	Column            string `json:"column,omitempty"` // "" refers to the table's primary key
	MatchFull         bool   `json:"match_full,omitempty"`
	OnDelete          Action `json:"on_delete"`
	OnUpdate          Action `json:"on_update"`
	Deferrable        bool   `json:"deferrable,omitempty"`
	InitiallyDeferred bool   `json:"initially_deferred,omitempty"`
}

// Definition writes a model as one column definition.
func Definition(d Dialect, o Owner) string {
	words := []string{d.Quote(o.Name), o.Type}
	if o.Collation != "" {
		words = append(words, "COLLATE", o.Collation)
	}
	if o.Default != "" {
		words = append(words, "DEFAULT", o.Default)
	}
	if o.Generated != "" {
		words = append(words, "GENERATED ALWAYS AS ("+o.Generated+") STORED")
	}
	constraint := func(name string, rest ...string) {
		if name != "" {
			words = append(words, "CONSTRAINT", d.Quote(name))
		}
		words = append(words, rest...)
	}
	if o.NotNull {
		constraint(o.NotNullConstraint, "NOT NULL")
	}
	if o.Comment != "" {
		words = append(words, "COMMENT", "'"+strings.ReplaceAll(o.Comment, "'", "''")+"'")
	}
	if o.Unique != nil {
		constraint(o.Unique.Constraint, "UNIQUE")
	}
	if o.Check != nil {
		constraint(o.Check.Constraint, "CHECK ("+o.Check.Expression+")")
	}
	if ref := o.Reference; ref != nil {
		constraint(ref.Constraint, "REFERENCES", Qualified(d.Quote, ref.Schema, ref.Table))
		if ref.Column != "" {
			words = append(words, "("+d.Quote(ref.Column)+")")
		}
		if ref.MatchFull {
			words = append(words, "MATCH FULL")
		}
		if ref.OnDelete != NoAction {
			words = append(words, "ON DELETE", string(ref.OnDelete))
		}
		if ref.OnUpdate != NoAction {
			words = append(words, "ON UPDATE", string(ref.OnUpdate))
		}
		if ref.Deferrable {
			words = append(words, "DEFERRABLE")
		}
		if ref.InitiallyDeferred {
			words = append(words, "INITIALLY DEFERRED")
		}
	}
	return strings.Join(words, " ")
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

// checkOwner applies the rules that hold in every database to a parsed owner
// column. A span that is zero points at the fragment's start.
func checkOwner(d Dialect, o Owner) []Problem {
	var problems []Problem
	if d.Traits().HiddenColumns[strings.ToUpper(o.Name)] {
		problems = append(problems, o.At.Name.Problem(
			"every table of "+d.Traits().Title+" has a hidden column "+o.Name, "call it owner_"+strings.Trim(strings.ToLower(o.Name), "_")))
	}
	if p, bad := CheckName(d, o.Name, o.At.Name); bad {
		problems = append(problems, p)
	}
	if strings.ContainsFunc(o.Default, unicode.IsControl) {
		problems = append(problems, o.At.Default.Problem("the default has a control character or a line break", "write a value in one line"))
	}
	if strings.ContainsFunc(o.Generated, unicode.IsControl) {
		problems = append(problems, o.At.Generated.Problem("the expression has a control character or a line break inside a text", "write texts in one line"))
	}
	if strings.ContainsFunc(o.Comment, unicode.IsControl) {
		problems = append(problems, o.At.Comment.Problem("the comment has a control character or a line break", "write a text in one line"))
	}
	if o.Check != nil && strings.ContainsFunc(o.Check.Expression, unicode.IsControl) {
		problems = append(problems, o.At.Check.Problem("the CHECK has a control character or a line break inside a text", "write texts in one line"))
	}
	problems = append(problems, checkConstraintNames(d, o)...)
	if r := o.Reference; r != nil {
		problems = append(problems, checkActions(o, o.At)...)
		for _, name := range []string{r.Schema, r.Table, r.Column} {
			if name == "" {
				continue
			}
			if p, bad := CheckName(d, name, o.At.Target); bad {
				problems = append(problems, p)
			}
		}
	}
	return problems
}

// checkConstraintNames checks the names that the user gave to constraints.
func checkConstraintNames(d Dialect, o Owner) []Problem {
	var problems []Problem
	names := map[string]bool{}
	check := func(name string, at Span) {
		if name == "" {
			return
		}
		if p, bad := CheckName(d, name, at); bad {
			problems = append(problems, p)
		}
		if names[strings.ToLower(name)] {
			problems = append(problems, at.Problem("two constraints have the name "+name, "give each a name of its own, or leave the names out"))
		}
		names[strings.ToLower(name)] = true
	}
	check(o.NotNullConstraint, o.At.NotNull)
	if o.Check != nil {
		check(o.Check.Constraint, o.At.Check)
	}
	if o.Unique != nil {
		check(o.Unique.Constraint, o.At.Unique)
	}
	if o.Reference != nil {
		check(o.Reference.Constraint, o.At.References)
	}
	return problems
}

func checkActions(o Owner, at OwnerSpans) []Problem {
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

// OwnerSpans are the places of an owner column's parts in its fragment; zero
// for a part that is not there.
type OwnerSpans struct {
	Name, Type, Collation, NotNull, Default, Generated, Check, Unique, Comment Span
	References                                                                 Span // the word
	Target                                                                     Span // the referenced table, with its schema
	Column                                                                     Span // the referenced column
	OnDelete, OnUpdate                                                         Span
}

// spansOf finds the parts of an owner column among its tokens.
func spansOf(tokens []Token) OwnerSpans {
	var at OwnerSpans
	if len(tokens) > 0 {
		at.Name = tokens[0].Span
	}
	if len(tokens) > 1 {
		at.Type = tokens[1].Span
	}
	for _, part := range []struct {
		span  *Span
		words []string
	}{
		{&at.Collation, []string{"COLLATE"}}, {&at.NotNull, []string{"NOT", "NULL"}}, {&at.Default, []string{"DEFAULT"}},
		{&at.Generated, []string{"GENERATED"}}, {&at.Check, []string{"CHECK"}}, {&at.Unique, []string{"UNIQUE"}}, {&at.Comment, []string{"COMMENT"}}, {&at.References, []string{"REFERENCES"}},
		{&at.OnDelete, []string{"ON", "DELETE"}}, {&at.OnUpdate, []string{"ON", "UPDATE"}},
	} {
		*part.span, _ = FindWords(tokens, part.words...)
	}
	for i, t := range tokens {
		if t.Span != at.References || i+1 >= len(tokens) {
			continue
		}
		last := i + 1
		for last+2 < len(tokens) && tokens[last+1].Text == "." {
			last += 2
		}
		at.Target = Span{tokens[i+1].Offset, tokens[last].Offset + tokens[last].Length - tokens[i+1].Offset}
		if last+2 < len(tokens) && tokens[last+1].Kind == TokenOpen {
			at.Column = tokens[last+2].Span
		}
	}
	return at
}
