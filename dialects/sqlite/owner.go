package sqlite

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/lexer"
	"github.com/sqlc-dev/meyer/parser"
	"github.com/sqlc-dev/meyer/token"
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

func tokenize(fragment string) ([]dialects.Token, *dialects.Problem) {
	list, trivia := lexer.LexFile(fragment)
	var tokens []dialects.Token
	for _, t := range list {
		switch {
		case t.Kind == token.ILLEGAL:
			return nil, &dialects.Problem{Offset: t.Pos, Length: t.End - t.Pos, Message: "SQLite's grammar cannot read this", Hint: "close every quote"}
		case t.Kind != token.EOF:
			tokens = append(tokens, dialects.NewToken(fragment, t.Pos, t.End, tokenKind(t.Kind)))
		}
	}
	for _, t := range trivia {
		if t.Kind == token.COMMENT {
			tokens = append(tokens, dialects.NewToken(fragment, t.Pos, t.End, dialects.TokenComment))
		}
	}
	slices.SortFunc(tokens, func(a, b dialects.Token) int { return a.Offset - b.Offset })
	return tokens, nil
}

func tokenKind(kind token.Kind) dialects.TokenKind {
	switch kind {
	case token.LP:
		return dialects.TokenOpen
	case token.RP:
		return dialects.TokenClose
	case token.COMMA:
		return dialects.TokenComma
	case token.SEMI:
		return dialects.TokenSemicolon
	case token.VARIABLE:
		return dialects.TokenBind
	}
	return dialects.TokenOther
}

func (d Dialect) read(fragment string, r *dialects.Reader) dialects.Owner {
	statements, err := parser.ParseString(before + fragment + after)
	if err != nil {
		offset, message := 0, err.Error()
		var e *parser.Error
		if errors.As(err, &e) {
			offset, message = max(0, e.Offset-len(before)), e.Message
		}
		if t, ok := r.TokenAt(offset); ok && t.Text == "." && t.Offset == behindTarget(r.Tokens) {
			r.Refuse(offset, dialects.Refusal{Message: "a foreign key in SQLite cannot name a table in another database file", Hint: "write REFERENCES, the table's name, and its column in parentheses"})
			return dialects.Owner{}
		}
		r.RefuseSyntax(offset, message)
		return dialects.Owner{}
	}
	column := onlyColumn(statements)
	if column == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseNotAColumn)
		return dialects.Owner{}
	}
	return reader{r, d}.column(column)
}

// behindTarget gives the place of what follows REFERENCES and a name; -1 when
// nothing does.
func behindTarget(tokens []dialects.Token) int {
	for i, t := range tokens {
		if t.Text == "REFERENCES" && i+2 < len(tokens) {
			return tokens[i+2].Offset
		}
	}
	return -1
}

// onlyColumn gives the column of CREATE TABLE t (column), and nil when the
// statement is anything else.
func onlyColumn(statements []ast.Stmt) *ast.ColumnDef {
	if len(statements) != 1 {
		return nil
	}
	table, ok := statements[0].(*ast.CreateTableStmt)
	if !ok || len(table.Columns) != 1 || len(table.Constraints)+len(table.Options) > 0 || table.Select != nil {
		return nil
	}
	return table.Columns[0]
}

// reader turns a parsed column into the model.
type reader struct {
	*dialects.Reader
	dialect Dialect
}

// refuse reports a problem with a node of the tree.
func (r reader) refuse(n ast.Node, why dialects.Refusal) {
	r.Refuse(n.Pos()-len(before), why)
}

func (r reader) column(c *ast.ColumnDef) dialects.Owner {
	owner := dialects.Owner{Name: c.Name.Name}
	if c.Type == nil || c.Type.Name == "" {
		r.refuse(c, dialects.RefuseTypeMissing)
		return owner
	}
	for _, k := range c.Constraints { // the grammar takes these words for a part of the type, as SQLite's own does (build.c, sqlite3AddColumn)
		if words := strings.Fields(c.Type.Name); k.Kind == ast.ColumnGenerated && len(words) > 2 && strings.EqualFold(strings.Join(words[len(words)-2:], " "), "generated always") {
			c.Type.Name = strings.Join(words[:len(words)-2], " ")
		}
	}
	sql, userType, why := renderType(c.Type)
	if why.Message != "" {
		r.refuse(c.Type, why)
	}
	owner.Type, owner.UserType = sql, userType
	if userType {
		hint := "write INTEGER, TEXT or BLOB"
		if near := dialects.Nearest(sql, knownTypes); near != "" {
			hint = "did you mean " + near + "?"
		}
		r.Warn(c.Type.Pos()-len(before), dialects.Refusal{Message: "SQLite takes any word for a type, and " + sql + " means " + affinityOf(sql) + " to it", Hint: hint})
	}
	null := false
	for _, k := range c.Constraints {
		name := ""
		if k.Name != nil {
			name = k.Name.Name
		}
		if k.OnConflict != 0 {
			r.RefuseWords(dialects.RefuseUnknown, "ON", "CONFLICT")
		}
		switch k.Kind {
		case ast.ColumnNull:
			null = true
			r.refuseName(k)
		case ast.ColumnNotNull:
			owner.NotNull = true
			owner.NotNullConstraint = cmp.Or(owner.NotNullConstraint, name)
		case ast.ColumnDefault:
			r.refuseName(k)
			if owner.Default != "" {
				r.refuse(k, dialects.RefuseTwoDefaults)
			}
			owner.Default = r.readDefault(k)
		case ast.ColumnCollate:
			r.refuseName(k)
			if owner.Collation != "" {
				r.refuse(k, dialects.Refusal{Message: "COLLATE stands here twice", Hint: "keep one of the two"})
			}
			if !collations[strings.ToUpper(k.Collation.Name)] {
				r.refuse(k, dialects.Refusal{Message: "SQLite has no collation " + k.Collation.Name + " but where the application adds it", Hint: "write BINARY, NOCASE or RTRIM, or leave COLLATE out"})
			}
			owner.Collation = k.Collation.Name
		case ast.ColumnReferences:
			if owner.Reference != nil {
				r.refuse(k, dialects.RefuseTwoKeys)
			}
			owner.Reference = r.readReference(k)
		case ast.ColumnDeferrable:
			if owner.Reference == nil {
				r.refuse(k, dialects.RefuseDeferrable)
				continue
			}
			owner.Reference.Deferrable = !k.Deferrable.Not
			owner.Reference.InitiallyDeferred = !k.Deferrable.Not && k.Deferrable.InitiallyDeferred
		case ast.ColumnPrimaryKey:
			r.refuse(k, dialects.RefusePrimaryKey)
		case ast.ColumnUnique:
			if owner.Unique != nil {
				r.refuse(k, dialects.RefuseTwoUniques)
			}
			owner.Unique = &dialects.Unique{Constraint: name}
			r.Warn(k.Pos()-len(before), dialects.WarnUnique)
		case ast.ColumnCheck:
			if owner.Check != nil {
				r.refuse(k, dialects.RefuseTwoChecks)
			}
			if why := (place{column: owner.Name}).unknownPart(k.Expr); why.Message != "" {
				r.refuse(k, why)
				continue
			}
			owner.Check = &dialects.Check{Constraint: name, Expression: write(k.Expr)}
		case ast.ColumnGenerated:
			r.readGenerated(&owner, c, k)
		default:
			r.refuse(k, dialects.RefuseUnknown)
		}
	}
	if null && owner.NotNull {
		r.RefuseWords(dialects.RefuseNullTwice, "NOT", "NULL")
	}
	return owner
}

// collations are those that every connection has: Datatypes In SQLite, 7.
var collations = dialects.Words("binary nocase rtrim")

// refuseName refuses a name for what SQLite keeps without one.
func (r reader) refuseName(k *ast.ColumnConstraint) {
	if k.Name != nil {
		r.refuse(k, dialects.RefuseName)
	}
}

var actions = map[ast.ForeignKeyAction]dialects.Action{
	ast.FKNoAction: dialects.NoAction, ast.FKSetNull: dialects.SetNull, ast.FKSetDefault: dialects.SetDefault,
	ast.FKCascade: dialects.Cascade, ast.FKRestrict: dialects.Restrict,
}

func (r reader) readReference(k *ast.ColumnConstraint) *dialects.Reference {
	ref := &dialects.Reference{Table: k.References.Table.Name, OnDelete: dialects.NoAction, OnUpdate: dialects.NoAction}
	if k.Name != nil {
		ref.Constraint = k.Name.Name
	}
	switch columns := k.References.Columns; {
	case len(columns) > 1:
		r.refuse(columns[1], dialects.RefuseTwoColumns)
	case len(columns) == 1 && (columns[0].Collation != nil || columns[0].Order != 0):
		r.refuse(columns[0], dialects.RefuseUnknown)
	case len(columns) == 1:
		ref.Column = columns[0].Name.Name
	}
	for _, arg := range k.References.Args {
		switch {
		case arg.Match != nil:
			word := strings.ToUpper(arg.Match.Name)
			ref.MatchFull = word == "FULL"
			if word != "FULL" && word != "SIMPLE" {
				r.refuse(arg, dialects.RefuseMatch)
			}
		case arg.Event == "DELETE":
			ref.OnDelete = actions[arg.Action]
		case arg.Event == "UPDATE":
			ref.OnUpdate = actions[arg.Action]
		default:
			r.refuse(arg, dialects.RefuseUnknown)
		}
	}
	return ref
}
