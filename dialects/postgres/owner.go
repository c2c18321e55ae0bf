package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
)

// The fragment is parsed where it will stand: inside CREATE TABLE.
const (
	before = "CREATE TABLE t ("
	after  = "\n)"
)

// ParseOwner implements dialects.Dialect.
func (d Dialect) ParseOwner(fragment string) (dialects.Owner, []dialects.Problem) {
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: d.read, AnyType: d.anyType}, fragment)
}

// ParseColumn implements dialects.Dialect.
func (d Dialect) ParseColumn(fragment string) (dialects.Owner, []dialects.Problem) {
	d.anyType = true
	return d.ParseOwner(fragment)
}

// read reads a fragment, and what is written from it, in its place: both have
// to be understood in the same way.
func (d Dialect) read(fragment string, r *dialects.Reader) dialects.Owner {
	owner := d.readOnce(fragment, r)
	if len(r.Problems) > 0 {
		return owner
	}
	written := dialects.Definition(d, owner)
	tokens, problem := tokenize(written)
	again := &dialects.Reader{Fragment: written, Tokens: tokens}
	if problem != nil || !reflect.DeepEqual(d.readOnce(written, again), owner) || len(again.Problems) > 0 {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseExpression)
	}
	return owner
}

func (d Dialect) readOnce(fragment string, r *dialects.Reader) dialects.Owner {
	for _, t := range r.Tokens {
		// The parser would cut a longer name without a word: 4.1.1.
		name := strings.Trim(t.Text, `"`)
		if limit := d.Traits().IdentifierLimit; len(name) > limit && (dialects.IsPlain(name) || name != t.Text) {
			r.Refuse(t.Offset, dialects.Refusal{Message: fmt.Sprintf("a name has %d bytes, and PostgreSQL allows %d", len(name), limit), Hint: "choose a shorter name"})
			return dialects.Owner{}
		}
	}
	if d.refuseClauseByVersion(r) || refuseByVersion(r) {
		return dialects.Owner{}
	}
	result, err := parse(before + fragment + after)
	if err != nil {
		offset, message := syntaxError(err, before, fragment)
		def, ok := dialects.FindWords(r.Tokens, "DEFAULT")
		if t, _ := r.TokenAt(offset); ok && def.Offset < offset && looseWords[t.Text] {
			r.Refuse(offset, dialects.Refusal{Message: message, Hint: "put the expression behind DEFAULT in parentheses"})
			return dialects.Owner{}
		}
		r.RefuseSyntax(offset, message)
		return dialects.Owner{}
	}
	column := onlyColumn(result)
	if column == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseNotAColumn)
		return dialects.Owner{}
	}
	return reader{r, d}.column(column)
}

// looseWords follow an expression, and not one behind DEFAULT, which is a b_expr.
var looseWords = dialects.Words("AT IS IN BETWEEN LIKE ILIKE SIMILAR AND OR ISNULL NOTNULL")

// onlyColumn gives the column of CREATE TABLE t (column), and nil when the
// statement is anything else.
func onlyColumn(result *parseResult) *columnDef {
	if len(result.Stmts) != 1 {
		return nil
	}
	table := result.Stmts[0].Stmt.GetCreateStmt()
	if table == nil || len(table.TableElts) != 1 || !isBare(table) {
		return nil
	}
	return table.TableElts[0].GetColumnDef()
}

// isBare reports whether CREATE TABLE has nothing but its list of columns.
func isBare(table *createStmt) bool {
	return table.Relation.GetRelname() == "t" && len(table.InhRelations) == 0 && table.Partspec == nil && table.Partbound == nil &&
		table.OfTypename == nil && len(table.Constraints) == 0 && len(table.Options) == 0 &&
		table.Tablespacename == "" && table.AccessMethod == "" &&
		(table.Oncommit == onCommitNothing || table.Oncommit == onCommitUnassigned)
}

func tokenize(fragment string) ([]dialects.Token, *dialects.Problem) {
	result, err := scan(fragment)
	if err != nil {
		offset, message := syntaxError(err, "", fragment)
		return nil, &dialects.Problem{Offset: offset, Message: message, Hint: "close every quote"}
	}
	var tokens []dialects.Token
	for _, t := range result.Tokens {
		tokens = append(tokens, dialects.NewToken(fragment, int(t.Start), int(t.End), tokenKind(t)))
	}
	return tokens, nil
}

func tokenKind(t *scanToken) dialects.TokenKind {
	switch t.Token {
	case tokenSQLComment, tokenCComment:
		return dialects.TokenComment
	case tokenOpen:
		return dialects.TokenOpen
	case tokenClose:
		return dialects.TokenClose
	case tokenComma:
		return dialects.TokenComma
	case tokenSemicolon:
		return dialects.TokenSemicolon
	case tokenParam:
		return dialects.TokenBind
	}
	return dialects.TokenOther
}

// syntaxError places a parser's error in the fragment, in bytes. Its own
// position counts characters from 1 in prefix + fragment; 0 means none.
func syntaxError(err error, prefix, fragment string) (offset int, message string) {
	var e *parseError
	if !errors.As(err, &e) || e.Cursorpos == 0 {
		return 0, err.Error()
	}
	characters := e.Cursorpos - 1 - utf8.RuneCountInString(prefix)
	for ; characters > 0 && offset < len(fragment); characters-- {
		_, size := utf8.DecodeRuneInString(fragment[offset:])
		offset += size
	}
	return offset, err.Error()
}

// reader turns a parsed column into the model.
type reader struct {
	*dialects.Reader
	dialect Dialect
}

// refuse reports a problem at a location of the tree: a byte of the statement
// that the fragment was put into.
func (r reader) refuse(location int32, why dialects.Refusal) {
	r.Refuse(int(location)-len(before), why)
}

func (r reader) column(c *columnDef) dialects.Owner {
	owner := dialects.Owner{Name: c.Colname}
	if c.TypeName == nil {
		r.refuse(c.Location, dialects.RefuseTypeMissing)
		return owner
	}
	sql, userType, why := r.dialect.renderType(c.TypeName)
	if why.Message != "" {
		r.refuse(c.TypeName.Location, why)
	}
	owner.Type, owner.UserType, owner.Unindexed = sql, userType, isUnindexed(sql)
	if near := dialects.Nearest(sql, knownTypes); userType && near != "" {
		r.Warn(int(c.TypeName.Location)-len(before), dialects.Refusal{
			Message: "PostgreSQL has no type " + sql + " of its own; it must be a type of yours, which exists before", Hint: "did you mean " + near + "?"})
	}
	if c.Compression != "" || c.StorageName != "" || len(c.Fdwoptions) > 0 {
		r.refuse(c.Location, dialects.RefuseUnknown)
	}
	if c.CollClause != nil {
		var names []string
		for _, n := range c.CollClause.Collname {
			names = append(names, r.dialect.Quote(n.GetString_().GetSval()))
		}
		owner.Collation = strings.Join(names, ".")
		if !collates(sql) {
			r.RefuseWords(dialects.Refusal{Message: "a column of type " + sql + " has no collation (error 42804)", Hint: "remove COLLATE"}, "COLLATE")
		}
	}
	null := false
	var last *constraint // the one that DEFERRABLE would belong to
	var said deferral
	for _, n := range c.Constraints {
		k := n.GetConstraint()
		if k.IsNoInherit || k.SkipValidation && k.Contype != constrForeign {
			r.refuse(k.Location, dialects.RefuseUnknown)
		}
		switch k.Contype {
		case constrNull:
			null = true
			r.refuseName(k)
		case constrNotNull:
			owner.NotNull = true
			owner.NotNullConstraint = cmp.Or(owner.NotNullConstraint, k.Conname)
		case constrDefault:
			r.refuseName(k)
			if owner.Default != "" {
				r.refuse(k.Location, dialects.RefuseTwoDefaults)
			}
			owner.Default = r.readDefault(k.RawExpr, k.Location, owner)
		case constrForeign:
			if owner.Reference != nil {
				r.refuse(k.Location, dialects.RefuseTwoKeys)
			}
			owner.Reference = r.readReference(k)
		case constrCheck:
			if owner.Check != nil {
				r.refuse(k.Location, dialects.RefuseTwoChecks)
			}
			owner.Check = r.readCheck(k, owner)
		case constrUnique:
			if owner.Unique != nil {
				r.refuse(k.Location, dialects.RefuseTwoUniques)
			}
			if k.NullsNotDistinct || len(k.Options) > 0 || k.Indexspace != "" || len(k.Including) > 0 {
				r.refuse(k.Location, dialects.Refusal{Message: "adkgen takes UNIQUE without options", Hint: "write UNIQUE alone"})
			}
			owner.Unique = &dialects.Unique{Constraint: k.Conname}
			r.Warn(int(k.Location)-len(before), dialects.WarnUnique)
		case constrDeferrable, constrNotDeferr, constrDeferred, constrImmediate:
			r.readDeferral(&said, owner.Reference, last, k)
			continue
		case constrPrimary:
			r.refuse(k.Location, dialects.RefusePrimaryKey)
		case constrIdentity:
			r.refuse(k.Location, dialects.RefuseIdentity)
		case constrGenerated:
			r.refuseName(k)
			r.readGenerated(k, &owner)
		default:
			r.refuse(k.Location, dialects.RefuseUnknown)
		}
		last, said = k, nil
	}
	if owner.Generated != "" {
		r.checkGenerated(owner)
	}
	if null && owner.NotNull {
		r.RefuseWords(dialects.RefuseNullTwice, "NOT", "NULL")
	}
	return owner
}

// refuseName refuses a name for what PostgreSQL keeps without one.
func (r reader) refuseName(k *constraint) {
	if k.Conname != "" {
		r.refuse(k.Location, dialects.RefuseName)
	}
}

func (r reader) readReference(k *constraint) *dialects.Reference {
	ref := &dialects.Reference{
		Constraint: k.Conname,
		Schema:     k.Pktable.GetSchemaname(),
		Table:      k.Pktable.GetRelname(),
		OnDelete:   actions[k.FkDelAction],
		OnUpdate:   actions[k.FkUpdAction],
		MatchFull:  k.FkMatchtype == "f",
	}
	if k.Pktable.GetCatalogname() != "" {
		r.refuse(k.Pktable.Location, dialects.Refusal{Message: "a foreign key cannot reach another database", Hint: "write schema.table"})
	}
	switch len(k.PkAttrs) {
	case 0:
	case 1:
		ref.Column = k.PkAttrs[0].GetString_().GetSval()
	default:
		r.refuse(k.Location, dialects.RefuseTwoColumns)
	}
	if k.FkMatchtype == "p" {
		r.RefuseWords(dialects.RefuseMatch, "MATCH") // error 0A000
	}
	if len(k.FkDelSetCols) > 0 {
		r.RefuseWords(dialects.Refusal{Message: "ON DELETE SET … needs no list of columns here", Hint: "remove the list"}, "ON", "DELETE")
	}
	return ref
}

// actions are pg_constraint's letters (confdeltype, confupdtype).
var actions = map[string]dialects.Action{
	"a": dialects.NoAction, "r": dialects.Restrict, "c": dialects.Cascade, "n": dialects.SetNull, "d": dialects.SetDefault,
}

// deferral is what was said of a constraint's deferral so far.
type deferral map[string]bool

// readDeferral reads one word of a constraint's deferral, which follows the
// constraint directly (error 42601 "misplaced DEFERRABLE clause").
func (r reader) readDeferral(said *deferral, ref *dialects.Reference, last, k *constraint) {
	if last == nil || last.Contype != constrForeign {
		r.refuse(k.Location, dialects.RefuseDeferrable)
		return
	}
	if *said == nil {
		*said = deferral{}
	}
	word := map[constrType]string{constrDeferrable: "DEFERRABLE", constrNotDeferr: "NOT DEFERRABLE", constrDeferred: "INITIALLY DEFERRED", constrImmediate: "INITIALLY IMMEDIATE"}[k.Contype]
	(*said)[word] = true
	switch {
	case (*said)["NOT DEFERRABLE"] && ((*said)["DEFERRABLE"] || (*said)["INITIALLY DEFERRED"]),
		(*said)["INITIALLY DEFERRED"] && (*said)["INITIALLY IMMEDIATE"]:
		r.refuse(k.Location, dialects.RefuseDeferral)
	case k.Contype == constrDeferrable:
		ref.Deferrable = true
	case k.Contype == constrDeferred:
		ref.Deferrable, ref.InitiallyDeferred = true, true
	}
}
