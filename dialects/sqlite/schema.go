package sqlite

import (
	"errors"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"
)

// ReadSchema implements dialects.Dialect.
func (d Dialect) ReadSchema(h *dialects.HostSchema, file, sql string) []dialects.Problem {
	tokens, problem := tokenize(sql)
	if problem != nil {
		return []dialects.Problem{dialects.Unread(dialects.Span{Offset: problem.Offset}, problem.Message)}
	}
	var problems []dialects.Problem
	for _, statement := range dialects.Statements(tokens) {
		at := dialects.Extent(statement)
		parsed, err := parser.ParseString(sql[at.Offset : at.Offset+at.Length])
		if err != nil {
			offset, message := at.Offset, err.Error()
			var e *parser.Error
			if errors.As(err, &e) {
				offset, message = at.Offset+min(e.Offset, at.Length), e.Message
			}
			problems = append(problems, dialects.Unread(dialects.Span{Offset: offset}, message))
			continue
		}
		for _, s := range parsed {
			schemaReader{d, h, file, at.Offset}.statement(s)
		}
	}
	return problems
}

// schemaReader applies one statement to the host's schema.
type schemaReader struct {
	dialect Dialect
	host    *dialects.HostSchema
	file    string
	start   int // of the statement in the file
}

func (s schemaReader) place(n ast.Node) dialects.Place {
	return dialects.Place{File: s.file, Span: dialects.Span{Offset: s.start + n.Pos(), Length: n.End() - n.Pos()}}
}

func (s schemaReader) find(name *ast.QualifiedName) *dialects.HostTable {
	return s.host.Find(s.dialect, "", name.Name.Name)
}

func (s schemaReader) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.CreateTableStmt:
		s.create(n)
	case *ast.DropTableStmt:
		if t := s.find(n.Name); t != nil {
			s.host.Drop(t)
		}
	case *ast.CreateIndexStmt:
		if t := s.host.Find(s.dialect, "", n.Table.Name); t != nil && n.Unique && n.Where == nil {
			s.key(t, dialects.HostKey{Name: n.Name.Name.Name, At: s.place(n.Name)}, n.Columns)
		}
	case *ast.DropIndexStmt:
		s.host.DropKey(s.dialect, n.Name.Name.Name)
	case *ast.AlterTableStmt:
		t := s.find(n.Table)
		switch {
		case t == nil:
		case n.Action == ast.AlterRenameTable:
			t.Name = n.NewName.Name
		case n.Action == ast.AlterRenameColumn:
			t.RenameColumn(s.dialect, n.Column.Name, n.NewName.Name)
		case n.Action == ast.AlterAddColumn:
			s.column(t, n.ColumnDef)
		case n.Action == ast.AlterDropColumn:
			t.DropColumn(s.dialect, n.Column.Name)
		}
	}
}

func (s schemaReader) create(c *ast.CreateTableStmt) {
	t := &dialects.HostTable{Name: c.Name.Name.Name, At: s.place(c.Name), Opaque: c.Select != nil}
	for _, column := range c.Columns {
		s.column(t, column)
	}
	for _, k := range c.Constraints {
		if k.Kind == ast.TablePrimaryKey || k.Kind == ast.TableUnique {
			s.key(t, dialects.HostKey{Primary: k.Kind == ast.TablePrimaryKey, At: s.place(k)}, k.Columns)
		}
	}
	s.host.Add(s.dialect, t)
}

func (s schemaReader) column(t *dialects.HostTable, c *ast.ColumnDef) {
	column := dialects.HostColumn{Name: c.Name.Name, At: s.place(c.Name)}
	if c.Type != nil {
		column.Type = strings.ToUpper(c.Type.Name)
	}
	t.Columns = append(t.Columns, column)
	for _, k := range c.Constraints {
		if k.Kind == ast.ColumnPrimaryKey || k.Kind == ast.ColumnUnique {
			t.Keys = append(t.Keys, dialects.HostKey{Primary: k.Kind == ast.ColumnPrimaryKey, Columns: []string{c.Name.Name}, At: column.At})
		}
	}
}

// key adds a key over terms; one with an expression has no column there.
func (s schemaReader) key(t *dialects.HostTable, k dialects.HostKey, terms []*ast.OrderingTerm) {
	for _, term := range terms {
		name := ""
		if column, ok := term.Expr.(*ast.Ident); ok {
			name = column.Name
		}
		k.Columns = append(k.Columns, name)
	}
	t.AddKey(s.dialect, k)
}

// CheckHost implements dialects.Dialect. SQLite lets any two columns reference
// one another, and never finds the text '7' where the number 7 is kept: the
// affinities have to be the same.
func (Dialect) CheckHost(o *dialects.Owner, t *dialects.HostTable, c dialects.HostColumn) (refusal, warning dialects.Refusal) {
	base, _, _ := strings.Cut(o.Type, "(")
	owner, host := affinityOf(base), affinityOf(c.Type)
	if owner == host {
		return refusal, warning
	}
	return dialects.Refusal{
		Message: o.Name + " is " + o.Type + ", which SQLite keeps as " + owner + ", but " + t.Name + "." + c.Name + ", which it references, is " + c.Type + ", kept as " + host,
		Hint:    "write " + o.Name + " " + host,
	}, warning
}
