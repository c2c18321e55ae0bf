package dialects

// Grammar is what a dialect brings to ParseFragment: its lexer and its parser.
type Grammar struct {
	// Tokenize cuts a fragment into tokens, comments included.
	Tokenize func(fragment string) ([]Token, *Problem)
	// Read parses a fragment whose shape is that of one column definition,
	// reports to r what the model cannot hold, and returns the rest.
	Read func(fragment string, r *Reader) Owner
}

// ParseFragment runs the steps that every dialect's ParseOwner has in common:
// bounds, tokens, shape, grammar, and the rules that hold everywhere.
func ParseFragment(d Dialect, g Grammar, fragment string) (Owner, []Problem) {
	if problems := checkText(fragment); problems != nil {
		return Owner{}, problems
	}
	tokens, problem := g.Tokenize(fragment)
	if problem != nil {
		return Owner{}, []Problem{*problem}
	}
	if problems := checkShape(tokens); problems != nil {
		return Owner{}, problems
	}
	r := &Reader{Fragment: fragment, Tokens: tokens}
	owner := g.Read(fragment, r)
	if len(r.Problems) == 0 {
		r.Problems = checkOwner(d, owner, clauseSpans(tokens))
	}
	if len(r.Problems) > 0 {
		return Owner{}, r.Problems
	}
	return owner, nil
}

// Reader collects the problems that a dialect finds while it reads a fragment.
type Reader struct {
	Fragment string
	Tokens   []Token
	Problems []Problem
}

// Refusal is what is wrong with a clause, and what to write instead.
type Refusal struct{ Message, Hint string }

// Refuse reports a problem with the token that begins at an offset, or that
// contains it.
func (r *Reader) Refuse(offset int, why Refusal) {
	r.Problems = append(r.Problems, r.spanAt(offset).Problem(why.Message, why.Hint))
}

// RefuseWords reports a problem with the first place where words stand.
func (r *Reader) RefuseWords(why Refusal, words ...string) {
	span, _ := FindWords(r.Tokens, words...)
	r.Problems = append(r.Problems, span.Problem(why.Message, why.Hint))
}

// RefuseSyntax reports the parser's own complaint.
func (r *Reader) RefuseSyntax(offset int, message string) {
	if offset >= len(r.Fragment) {
		last := r.Tokens[len(r.Tokens)-1]
		offset, message = last.Offset+last.Length, "the column definition ends too early"
	}
	r.Refuse(offset, Refusal{message, "write one column definition as in CREATE TABLE: name, type, constraints"})
}

// TokenAt gives the token that contains an offset; ok is false between tokens.
func (r *Reader) TokenAt(offset int) (t Token, ok bool) {
	for _, t := range r.Tokens {
		if t.Offset <= offset && offset < t.Offset+t.Length {
			return t, true
		}
	}
	return Token{}, false
}

func (r *Reader) spanAt(offset int) Span {
	if t, ok := r.TokenAt(offset); ok {
		return t.Span
	}
	return Span{Offset: max(0, min(offset, len(r.Fragment)))}
}

// What no dialect takes on an owner column.
var (
	RefuseNotAColumn = Refusal{"this is not a column definition",
		"write name, type and constraints, such as account_id BIGINT NOT NULL REFERENCES users(id)"}
	RefusePrimaryKey = Refusal{"the sessions table has its primary key already: app_name, user_id, id",
		"remove PRIMARY KEY"}
	RefuseUnique = Refusal{"UNIQUE would allow an owner one session only",
		"remove UNIQUE: adkgen adds an ordinary index"}
	RefuseCheck = Refusal{"adkgen does not take a CHECK on the owner column",
		"remove CHECK, and put it on the column that it references"}
	RefuseIdentity = Refusal{"this column would count by itself, but an owner is given by the application",
		"write the type and NOT NULL only"}
	RefuseGenerated = Refusal{"a generated column cannot be written, but an owner is given by the application",
		"write the type and NOT NULL only"}
	RefuseTwoDefaults = Refusal{"the column has two defaults", "keep one DEFAULT"}
	RefuseTwoKeys     = Refusal{"an owner column has one foreign key", "keep one REFERENCES"}
	RefuseNullTwice   = Refusal{"the column is NULL and NOT NULL at once", "keep one of the two"}
	RefuseTwoColumns  = Refusal{"one column cannot reference several", "name one column of the referenced table"}
	RefuseMatch       = Refusal{"MATCH makes no difference to a foreign key of one column", "remove MATCH"}
	RefuseDeferrable  = Refusal{"only a foreign key can be deferrable", "remove the clause, or put it after REFERENCES"}
	RefuseTypeMissing = Refusal{"the type is missing", "write it after the name"}
	RefuseSubquery    = Refusal{"a default cannot contain a subquery", "use a constant or a call of a function"}
	RefuseColumn      = Refusal{"a default cannot refer to a column", "use a constant or a call of a function"}
	RefuseExpression  = Refusal{"adkgen does not understand this default", "use a constant or a call of a function"}
	RefuseName        = Refusal{"only the foreign key can have a name here", "leave CONSTRAINT and the name out"}
	RefuseUnknown     = Refusal{"adkgen does not take this clause on an owner column", "remove it"}
)
