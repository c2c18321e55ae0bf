package dialects

import (
	"slices"
	"strings"
)

// Grammar is what a dialect brings to ParseFragment: its lexer and its parser.
type Grammar struct {
	// Tokenize cuts a fragment into tokens, comments included.
	Tokenize func(fragment string) ([]Token, *Problem)
	// Read parses a fragment whose shape is that of one column definition,
	// reports to r what the model cannot hold, and returns the rest.
	Read func(fragment string, r *Reader) Owner
	// AnyType: the column needs no index, and is not the owner's.
	AnyType bool

	guessing bool // the fragment is a guess at what was meant
}

// ParseFragment runs the steps that every dialect's ParseOwner has in common:
// bounds, tokens, shape, grammar, and the rules that hold everywhere.
func ParseFragment(d Dialect, g Grammar, fragment string) (Owner, []Problem) {
	if problems := columnShape.checkText(fragment); problems != nil {
		return Owner{}, problems
	}
	guess := g
	guess.guessing = true
	reads := func(fragment string) bool {
		_, problems := ParseFragment(d, guess, fragment)
		return len(problems) == 0
	}
	if g.guessing {
		reads = nil
	} else if problems := checkMarks(d, fragment, reads); problems != nil {
		return Owner{}, problems
	}
	tokens, problem := g.Tokenize(fragment)
	if problem != nil {
		return Owner{}, []Problem{*problem}
	}
	if problems := columnShape.checkTokens(tokens); problems != nil {
		return Owner{}, problems
	}
	r := &Reader{Fragment: fragment, Tokens: tokens, shape: columnShape, dialect: d, reads: reads}
	owner := g.Read(fragment, r)
	owner.At, owner.Warnings = spansOf(tokens), r.Warnings
	if g.AnyType {
		owner.Warnings = slices.DeleteFunc(owner.Warnings, func(p Problem) bool { return p.Message == WarnUnique.Message })
		if owner.Unindexed && (owner.Unique != nil || owner.Reference != nil) {
			r.Problems = append(r.Problems, owner.At.Type.Problem("a column of type "+owner.Type+" can be neither unique nor a foreign key", "write a type that can be in an index"))
		}
	}
	owner.Quoted = strings.HasPrefix(d.Quote(owner.Name), d.Traits().QuoteMarks[:1])
	if len(r.Problems) == 0 {
		r.Problems = checkOwner(d, owner)
	}
	if len(r.Problems) == 0 {
		r.Problems = checkWritten(Definition(d, owner), g, owner.At.Name)
	}
	if len(r.Problems) > 0 {
		return Owner{}, r.Problems
	}
	return owner, nil
}

// checkWritten holds the bounds for the column as it is written, too: a grammar
// writes parentheses that were not there.
func checkWritten(definition string, g Grammar, at Span) []Problem {
	tokens, problem := g.Tokenize(definition)
	if problem == nil && columnShape.checkText(definition) == nil && columnShape.checkTokens(tokens) == nil {
		return nil
	}
	return []Problem{at.Problem("the column is too long, or nests too deeply, when it is written out", "simplify its DEFAULT or CHECK")}
}

// Reader collects the problems that a dialect finds while it reads a fragment.
type Reader struct {
	Fragment string
	Tokens   []Token
	Problems []Problem
	Warnings []Problem // reported only when there are no problems

	shape   shape
	dialect Dialect
	reads   func(fragment string) bool // tries a guess; nil where none is to be made
}

// Refusal is what is wrong with a clause, and what to write instead.
type Refusal struct{ Message, Hint string }

// Refuse reports a problem with the token that begins at an offset, or that
// contains it.
func (r *Reader) Refuse(offset int, why Refusal) {
	r.Problems = append(r.Problems, r.spanAt(offset).Problem(why.Message, why.Hint))
}

// Warn reports something to look at twice with the token at an offset.
func (r *Reader) Warn(offset int, why Refusal) {
	r.Warnings = append(r.Warnings, r.spanAt(offset).Problem(why.Message, why.Hint))
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
		offset, message = last.Offset+last.Length, "the "+r.shape.name+" ends too early"
	}
	if r.Explain(offset) {
		return
	}
	if first := r.Tokens[0]; !r.shape.subqueries && offset < first.Offset+first.Length && len(r.Tokens) > 1 && IsPlain(first.Text) {
		r.Refuse(offset, Refusal{first.Text + " is a reserved word, and cannot be a column's name without quotes", "choose another name, such as owner_" + strings.ToLower(first.Text)})
		return
	}
	r.Refuse(offset, Refusal{message, r.shape.hint})
}

// Explain reports a syntax error whose reason is known, with what to write
// instead, and false for any other.
func (r *Reader) Explain(offset int) bool {
	i := slices.IndexFunc(r.Tokens, func(t Token) bool { return offset < t.Offset+t.Length })
	if i < 0 {
		i = len(r.Tokens)
	}
	why, ok := r.explain(i)
	if ok {
		r.Refuse(offset, why)
	}
	return ok
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
	RefusePrimaryKey = Refusal{"the table has its primary key already",
		"remove PRIMARY KEY"}
	RefuseTwoChecks  = Refusal{"the column has two CHECKs", "join the conditions with AND"}
	RefuseTwoUniques = Refusal{"UNIQUE stands here twice", "keep one of the two"}
	RefuseIdentity   = Refusal{"this column would count by itself, but its value is given by the application",
		"write the type and NOT NULL only"}
	RefuseGenerated = Refusal{"a generated column cannot be written, but its value is given by the application",
		"write the type and NOT NULL only"}
	RefuseOnGenerated       = Refusal{"adkgen takes nothing but a comment behind a generated column: the database computes it", "remove NULL, NOT NULL, DEFAULT, UNIQUE, CHECK and REFERENCES; indexes: can have an index on it"}
	RefuseVolatileGenerated = Refusal{"a generated column cannot call a function whose result changes from call to call", "compute it from the columns of the row"}
	RefuseOtherTable        = Refusal{"a generated column looks at its own table only", "write the column's name alone"}
	RefuseTwoDefaults       = Refusal{"the column has two defaults", "keep one DEFAULT"}
	RefuseTwoKeys           = Refusal{"a column has one foreign key", "keep one REFERENCES"}
	RefuseNullTwice         = Refusal{"the column is NULL and NOT NULL at once", "keep one of the two"}
	RefuseTwoColumns        = Refusal{"one column cannot reference several", "name one column of the referenced table"}
	RefuseMatch             = Refusal{"MATCH PARTIAL exists in no database", "remove MATCH: it makes no difference to a foreign key of one column"}
	RefuseDeferrable        = Refusal{"only a foreign key can be deferrable", "remove the clause, or put it after REFERENCES"}
	RefuseDeferral          = Refusal{"the constraint is to be deferred and not to be deferred at once", "keep DEFERRABLE INITIALLY DEFERRED, or nothing"}
	RefuseTypeMissing       = Refusal{"the type is missing", "write it after the name"}
	RefuseSubquery          = Refusal{"a column definition cannot contain a subquery", "use a constant or a call of a function"}
	RefuseColumn            = Refusal{"a default cannot refer to a column", "use a constant or a call of a function"}
	RefuseOtherColumn       = Refusal{"the CHECK of a column looks at this column only", "remove the other column from the CHECK"}
	RefuseExpression        = Refusal{"adkgen does not understand this expression", "use constants, operators and calls of functions"}
	RefuseAggregate         = Refusal{"an aggregate or window function needs rows, and here are none", "use a constant or another function"}
	RefuseVolatile          = Refusal{"a CHECK cannot call a function whose result changes from call to call", "compare with constants"}
	RefuseName              = Refusal{"this clause has no name in the database", "leave CONSTRAINT and the name out"}
	RefuseUnknown           = Refusal{"adkgen does not take this clause on a column", "remove it"}
)

// WarnUnique is said of every UNIQUE owner column.
var WarnUnique = Refusal{"UNIQUE allows an owner one session in all", "remove UNIQUE, unless that is what you want"}

// aggregates are the databases' functions that need rows: aggregates and
// window functions.
var aggregates = Words(`any_value approx_count_distinct array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count
	covar_pop covar_samp cume_dist dense_rank every first_value group_concat json_agg json_array_agg json_arrayagg
	json_group_array json_group_object jsonb_group_array jsonb_group_object json_object_agg json_objectagg jsonb_agg jsonb_object_agg lag last_value lead listagg
	max median min mode nth_value ntile percent_rank percentile percentile_cont percentile_disc range_agg range_intersect_agg rank
	regr_slope row_number std stddev stddev_pop stddev_samp string_agg sum total var_pop var_samp variance xmlagg`)

// IsAggregate reports whether a function is an aggregate or a window function.
func IsAggregate(function string) bool { return aggregates[strings.ToUpper(function)] }

// Nearest gives the word of a list that another was probably meant to be, and
// "" when none is near: one letter wrong in three.
func Nearest(word string, list []string) string {
	best, distance := "", (len(word)+1)/3+1
	for _, candidate := range list {
		if n := editDistance(strings.ToUpper(word), strings.ToUpper(candidate)); n < distance {
			best, distance = candidate, n
		}
	}
	return best
}

// editDistance counts the letters to change, add or take away (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
