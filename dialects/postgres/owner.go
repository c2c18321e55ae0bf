package postgres

import (
	"errors"
	"fmt"
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
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: d.read}, fragment)
}

func (d Dialect) read(fragment string, r *dialects.Reader) dialects.Owner {
	for _, t := range r.Tokens {
		// The parser would cut a longer name without a word: 4.1.1.
		name := strings.Trim(t.Text, `"`)
		if limit := d.Traits().IdentifierLimit; len(name) > limit && (dialects.IsPlain(name) || name != t.Text) {
			r.Refuse(t.Offset, dialects.Refusal{Message: fmt.Sprintf("a name has %d bytes, and PostgreSQL allows %d", len(name), limit), Hint: "choose a shorter name"})
			return dialects.Owner{}
		}
	}
	result, err := parse(before + fragment + after)
	if err != nil {
		offset, message := syntaxError(err, before, fragment)
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
	owner.Type, owner.UserType = sql, userType
	if c.Compression != "" || c.StorageName != "" {
		r.refuse(c.Location, dialects.RefuseUnknown)
	}
	if c.CollClause != nil {
		var names []string
		for _, n := range c.CollClause.Collname {
			names = append(names, r.dialect.Quote(n.GetString_().GetSval()))
		}
		owner.Collation = strings.Join(names, ".")
	}
	null := false
	for _, n := range c.Constraints {
		k := n.GetConstraint()
		if k.Conname != "" && k.Contype != constrForeign {
			r.refuse(k.Location, dialects.RefuseName)
		}
		switch k.Contype {
		case constrNull:
			null = true
		case constrNotNull:
			owner.NotNull = true
		case constrDefault:
			if owner.Default != "" {
				r.refuse(k.Location, dialects.RefuseTwoDefaults)
			}
			owner.Default = r.readDefault(k.RawExpr, k.Location)
			if why := dialects.CheckDefault(classOf(owner.Type), owner.Type, literalOf(k.RawExpr)); why.Message != "" {
				r.refuse(k.Location, why)
			}
		case constrForeign:
			if owner.Reference != nil {
				r.refuse(k.Location, dialects.RefuseTwoKeys)
			}
			owner.Reference = r.readReference(k)
		case constrDeferrable, constrNotDeferr, constrDeferred, constrImmediate:
			r.readDeferral(&owner, k)
		case constrPrimary:
			r.refuse(k.Location, dialects.RefusePrimaryKey)
		case constrUnique:
			r.refuse(k.Location, dialects.RefuseUnique)
		case constrCheck:
			r.refuse(k.Location, dialects.RefuseCheck)
		case constrIdentity:
			r.refuse(k.Location, dialects.RefuseIdentity)
		case constrGenerated:
			r.refuse(k.Location, dialects.RefuseGenerated)
		default:
			r.refuse(k.Location, dialects.RefuseUnknown)
		}
	}
	if null && owner.NotNull {
		r.refuse(c.Location, dialects.RefuseNullTwice)
	}
	return owner
}

func (r reader) readReference(k *constraint) *dialects.Reference {
	ref := &dialects.Reference{
		Constraint: k.Conname,
		Schema:     k.Pktable.GetSchemaname(),
		Table:      k.Pktable.GetRelname(),
		OnDelete:   actions[k.FkDelAction],
		OnUpdate:   actions[k.FkUpdAction],
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
	if k.FkMatchtype != "s" {
		r.RefuseWords(dialects.RefuseMatch, "MATCH")
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

func (r reader) readDeferral(owner *dialects.Owner, k *constraint) {
	ref := owner.Reference
	if ref == nil {
		r.refuse(k.Location, dialects.RefuseDeferrable)
		return
	}
	switch k.Contype {
	case constrDeferrable:
		ref.Deferrable = true
	case constrNotDeferr:
		if ref.InitiallyDeferred {
			r.refuse(k.Location, dialects.Refusal{Message: "a constraint that is INITIALLY DEFERRED must be DEFERRABLE", Hint: "remove one of the two"})
		}
	case constrDeferred:
		ref.Deferrable, ref.InitiallyDeferred = true, true
	}
}

// readDefault writes a default as SQL again. It knows constants, casts,
// functions and operators; a default cannot contain columns or subqueries
// anyway (error 0A000).
func (r reader) readDefault(expr *node, location int32) string {
	if why := unknownPart(expr); why.Message != "" {
		r.refuse(location, why)
		return "NULL"
	}
	// A tree that was parsed has all its fields set as the deparser wants them.
	statement, err := parse("SELECT 1")
	if err != nil {
		panic(err) // it parses
	}
	statement.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val = expr
	sql, err := deparse(statement)
	if err != nil {
		r.refuse(location, dialects.RefuseExpression)
		return "NULL"
	}
	sql = strings.TrimPrefix(sql, "SELECT ")
	if expr.GetAExpr() != nil {
		return "(" + sql + ")"
	}
	return sql
}

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it.
func unknownPart(expr *node) dialects.Refusal {
	var parts []*node
	switch {
	case expr.GetAConst() != nil || expr.GetSqlvalueFunction() != nil:
	case expr.GetTypeCast() != nil:
		parts = []*node{expr.GetTypeCast().Arg}
	case expr.GetAExpr() != nil && expr.GetAExpr().Kind == aExprOp:
		parts = []*node{expr.GetAExpr().Lexpr, expr.GetAExpr().Rexpr}
	case expr.GetCoalesceExpr() != nil:
		parts = expr.GetCoalesceExpr().Args
	case expr.GetFuncCall() != nil:
		f := expr.GetFuncCall()
		if len(f.AggOrder) > 0 || f.AggFilter != nil || f.Over != nil || f.AggWithinGroup || f.AggStar || f.AggDistinct || f.FuncVariadic {
			return dialects.RefuseExpression
		}
		parts = f.Args
	case expr.GetSubLink() != nil:
		return dialects.RefuseSubquery
	case expr.GetColumnRef() != nil:
		return dialects.RefuseColumn
	default:
		return dialects.RefuseExpression
	}
	for _, p := range parts {
		if p == nil { // the missing left side of a sign
			continue
		}
		if why := unknownPart(p); why.Message != "" {
			return why
		}
	}
	return dialects.Refusal{}
}

// literalOf tells a default that is written out from other expressions.
func literalOf(expr *node) dialects.Literal {
	c := expr.GetAConst()
	switch {
	case c != nil && c.GetSval() != nil:
		return dialects.Literal{Kind: dialects.LiteralText, Text: c.GetSval().GetSval()}
	case c != nil && c.GetIval() != nil:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: fmt.Sprint(c.GetIval().GetIval())}
	case c != nil && c.GetFval() != nil:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: c.GetFval().GetFval()}
	case expr.GetSqlvalueFunction() != nil && strings.Contains(expr.GetSqlvalueFunction().Op.String(), "TIMESTAMP"):
		return dialects.Literal{Kind: dialects.LiteralNow, Text: "CURRENT_TIMESTAMP"}
	}
	return dialects.Literal{}
}
