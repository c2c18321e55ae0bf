package sqlite

import (
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
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: d.read}, fragment)
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
		r.RefuseSyntax(offset, message)
		return dialects.Owner{}
	}
	column := onlyColumn(statements)
	if column == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseNotAColumn)
		return dialects.Owner{}
	}
	return reader{r}.column(column)
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
type reader struct{ *dialects.Reader }

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
	sql, why := renderType(c.Type)
	if why.Message != "" {
		r.refuse(c.Type, why)
	}
	owner.Type = sql
	null := false
	for _, k := range c.Constraints {
		if k.Name != nil && k.Kind != ast.ColumnReferences {
			r.refuse(k, dialects.RefuseName)
		}
		if k.OnConflict != 0 {
			r.RefuseWords(dialects.RefuseUnknown, "ON", "CONFLICT")
		}
		switch k.Kind {
		case ast.ColumnNull:
			null = true
		case ast.ColumnNotNull:
			owner.NotNull = true
		case ast.ColumnDefault:
			if owner.Default != "" {
				r.refuse(k, dialects.RefuseTwoDefaults)
			}
			owner.Default = r.readDefault(k)
		case ast.ColumnCollate:
			if !dialects.IsPlain(k.Collation.Name) {
				r.refuse(k, dialects.RefuseUnknown)
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
			r.refuse(k, dialects.RefuseUnique)
		case ast.ColumnCheck:
			r.refuse(k, dialects.RefuseCheck)
		case ast.ColumnGenerated:
			r.refuse(k, dialects.RefuseGenerated)
		default:
			r.refuse(k, dialects.RefuseUnknown)
		}
	}
	if null && owner.NotNull {
		r.refuse(c, dialects.RefuseNullTwice)
	}
	return owner
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
			r.refuse(arg, dialects.RefuseMatch)
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

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (CREATE TABLE, 3.2 The DEFAULT clause).
func (r reader) readDefault(k *ast.ColumnConstraint) string {
	why := unknownPart(k.Expr)
	if why.Message != "" {
		r.refuse(k, why)
		return "NULL"
	}
	return ast.String(k.Expr)
}

// unknownPart says what in an expression adkgen does not take; a zero Refusal
// when it takes all of it.
func unknownPart(expr ast.Node) (why dialects.Refusal) {
	ast.Walk(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SubqueryExpr, *ast.ExistsExpr:
			why = dialects.RefuseSubquery
		case *ast.QualifiedRef:
			why = dialects.RefuseColumn
		case *ast.Ident:
			// SQLite takes a name for text here; TRUE and FALSE are numbers.
			if word := strings.ToUpper(n.Raw); word != "TRUE" && word != "FALSE" {
				why = dialects.Refusal{Message: "a default cannot refer to a column", Hint: "write a text in single quotes"}
			}
		case *ast.FuncCall:
			if n.Distinct || n.Filter != nil || n.Over != nil || len(n.OrderBy) > 0 {
				why = dialects.RefuseExpression
			}
			for _, arg := range n.Args {
				if why.Message == "" {
					why = unknownPart(arg)
				}
			}
			return false // the name is an Ident as well
		case *ast.Literal, *ast.UnaryExpr, *ast.BinaryExpr, *ast.ParenExpr, *ast.CastExpr, *ast.TypeName:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == ""
	})
	return why
}
