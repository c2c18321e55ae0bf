package postgres

import (
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// What PostgreSQL's versions read in different ways. The C parser has the
// grammar of 16, the one in pure Go that of 18, and servers are from 14 on: a
// fragment has to mean the same to all of them.

// newerWords cannot name a type or a function without quotes from PostgreSQL 17
// on (kwlist.h, COL_NAME_KEYWORD).
var newerWords = dialects.Words("json_exists json_query json_scalar json_serialize json_table json_value merge_action")

// isName are the words behind which those words are names in all versions.
var isName = dialects.Words("REFERENCES CONSTRAINT COLLATE .")

var (
	number        = regexp.MustCompile(`^(\d|\.\d)`)
	decimalNumber = regexp.MustCompile(`^(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
)

// refuseByVersion refuses what not all versions read in the same way, and
// reports whether it has.
func refuseByVersion(r *dialects.Reader) bool {
	tested := false // behind IS, to which nothing but a condition's next word has come
	for i, t := range r.Tokens {
		before := ""
		if i > 0 {
			before = r.Tokens[i-1].Text
		}
		calls := i+1 < len(r.Tokens) && r.Tokens[i+1].Kind == dialects.TokenOpen
		switch {
		case number.MatchString(t.Text) && !decimalNumber.MatchString(t.Text):
			r.Refuse(t.Offset, dialects.Refusal{Message: t.Text + " is a number from PostgreSQL 16 on only", Hint: "write it in decimal digits, without _"})
			return true
		case i > 0 && !isName[before] && (newerWords[t.Text] || t.Text == "JSON" && calls):
			r.Refuse(t.Offset, dialects.Refusal{Message: strings.ToLower(t.Text) + " is a word of SQL from PostgreSQL 17 on", Hint: "put the name in quotes if it is yours; adkgen does not take the functions of SQL/JSON"})
			return true
		case t.Text == "IS" && tested:
			r.Refuse(t.Offset, dialects.Refusal{Message: "one IS follows another", Hint: "put the first test in parentheses"})
			return true
		case t.Text == "IS":
			tested = true
		case t.Kind == dialects.TokenOpen || t.Kind == dialects.TokenClose || t.Kind == dialects.TokenComma || conditionEnds[t.Text]:
			tested = false
		}
	}
	return false
}

// refuseClauseByVersion refuses clauses that only newer versions have.
func (d Dialect) refuseClauseByVersion(r *dialects.Reader) bool {
	if span, ok := dialects.FindWords(r.Tokens, "NULL", "NO", "INHERIT"); ok {
		r.Refuse(span.Offset, dialects.RefuseUnknown)
		return true
	}
	span, generated := dialects.FindWords(r.Tokens, "GENERATED", "ALWAYS", "AS")
	if _, identity := dialects.FindWords(r.Tokens, "AS", "IDENTITY"); !generated || identity {
		return false
	}
	if _, stored := dialects.FindWords(r.Tokens, "STORED"); !d.anyType {
		r.Refuse(span.Offset, dialects.RefuseGenerated)
	} else if !stored {
		r.Refuse(span.Offset, dialects.Refusal{Message: "a generated column that is not STORED is from PostgreSQL 18 on", Hint: "write GENERATED ALWAYS AS (…) STORED"})
	} else {
		return false
	}
	return true
}

// conditionEnds are the words that end what IS looks at.
var conditionEnds = dialects.Words("AND OR CASE WHEN THEN ELSE END")
