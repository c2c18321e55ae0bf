package postgres

import (
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/dialects"
)

// metaCommand is a line for psql, as pg_dump writes it: \restrict.
var metaCommand = regexp.MustCompile(`(?m)^\\.*$`)

// ReadSchema implements dialects.Dialect.
func (d Dialect) ReadSchema(h *dialects.HostSchema, file, sql string) []dialects.Problem {
	sql = metaCommand.ReplaceAllStringFunc(sql, func(line string) string { return strings.Repeat(" ", len(line)) })
	sql, open := blankComments(sql)
	if open >= 0 {
		return []dialects.Problem{dialects.Unread(dialects.Span{Offset: open}, "unterminated /* comment")}
	}
	tokens, problem := tokenize(sql)
	if problem != nil {
		return []dialects.Problem{dialects.Unread(dialects.Span{Offset: problem.Offset}, problem.Message)}
	}
	var problems []dialects.Problem
	for _, statement := range dialects.Statements(tokens) {
		at := dialects.Extent(statement)
		result, err := parse(sql[at.Offset : at.Offset+at.Length])
		if err != nil {
			problems = append(problems, dialects.Unread(dialects.Span{Offset: at.Offset}, err.Error()))
			continue
		}
		s := schemaReader{d, h, file, at.Offset, tokens}
		for _, parsed := range result.Stmts {
			s.statement(parsed.Stmt)
		}
	}
	return problems
}

// dollarQuote begins a string that ends with the same (manual, 4.1.2.4).
var dollarQuote = regexp.MustCompile(`^\$([A-Za-z_\x{80}-\x{10FFFF}][A-Za-z0-9_\x{80}-\x{10FFFF}]*)?\$`)

// wordOrByte is a name, in which a dollar sign begins no string, or one byte.
var wordOrByte = regexp.MustCompile(`^(?:[\pL_\x{80}-\x{10FFFF}][\pL\d_$\x{80}-\x{10FFFF}]*|(?s:.))`)

// continued is what stands between the parts of one string (manual, 4.1.2.1).
var continued = regexp.MustCompile(`^(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'`)

// blankComments puts blanks in the place of comments between /* and */, which
// nest (manual, 4.1.5). PostgreSQL's own scanner looks at what follows each /* up
// to the end of a run of operator characters, so that its time grows with the
// square of theirs. open is the place of a comment that does not end, or -1.
func blankComments(sql string) (blanked string, open int) {
	if !strings.Contains(sql, "/*") {
		return sql, -1
	}
	text := []byte(sql)
	for at := 0; at < len(sql); {
		rest := sql[at:]
		switch c := sql[at]; {
		case strings.HasPrefix(rest, "/*"):
			end := commentEnd(rest)
			if end < 0 {
				return "", at
			}
			for i := range end {
				text[at+i] = ' ' // also for a line break, which would join two strings
			}
			at += end
		case strings.HasPrefix(rest, "--"):
			at += len(rest)
			if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
				at += i - len(rest)
			}
		case c == '\'' || c == '"':
			at += quotedEnd(rest, c, false)
		case (c == 'e' || c == 'E') && strings.HasPrefix(rest[1:], "'"):
			at += 1 + quotedEnd(rest[1:], '\'', true)
		case c == '$' && dollarQuote.MatchString(rest):
			tag := dollarQuote.FindString(rest)
			end := strings.Index(rest[len(tag):], tag)
			if end < 0 {
				return string(text), -1 // the scanner says so
			}
			at += 2*len(tag) + end
		default:
			at += len(wordOrByte.FindString(rest))
		}
	}
	return string(text), -1
}

// commentEnd gives the length of the comment that a text begins with; -1 when it
// does not end.
func commentEnd(text string) int {
	depth := 0
	for at := 0; at+1 < len(text); at++ {
		switch text[at : at+2] {
		case "/*":
			depth++
			at++
		case "*/":
			depth--
			at++
		}
		if depth == 0 {
			return at + 1
		}
	}
	return -1
}

// quotedEnd gives the length of a text in quotes, with which another begins; in
// one that has escapes a backslash takes what follows.
func quotedEnd(text string, quote byte, escapes bool) int {
	at := 1
	for ; at < len(text); at++ {
		switch {
		case escapes && text[at] == '\\':
			at++
		case text[at] != quote:
		case at+1 < len(text) && text[at+1] == quote:
			at++
		default:
			more := ""
			if escapes { // the parts of one string have them in common
				more = continued.FindString(text[at+1:])
			}
			if more == "" {
				return at + 1
			}
			at += len(more)
		}
	}
	return min(at, len(text))
}

// schemaReader applies one statement to the host's schema.
type schemaReader struct {
	dialect Dialect
	host    *dialects.HostSchema
	file    string
	start   int // of the statement in the file
	tokens  []dialects.Token
}

// place is that of the token at a location of the tree.
func (s schemaReader) place(location int32) dialects.Place {
	offset := s.start + int(location)
	reader := dialects.Reader{Tokens: s.tokens}
	if t, ok := reader.TokenAt(offset); ok {
		return dialects.Place{File: s.file, Span: t.Span}
	}
	return dialects.Place{File: s.file, Span: dialects.Span{Offset: offset}}
}

func (s schemaReader) find(schema, name string) *dialects.HostTable {
	if schema == "" {
		schema = s.host.Namespace
	}
	return s.host.Find(s.dialect, schema, name)
}

func (s schemaReader) statement(n *node) {
	switch {
	case n.GetCreateStmt() != nil:
		s.create(n.GetCreateStmt())
	case n.GetCreateForeignTableStmt() != nil:
		s.create(n.GetCreateForeignTableStmt().GetBaseStmt())
	case n.GetCreateTableAsStmt() != nil:
		relation := n.GetCreateTableAsStmt().GetInto().GetRel()
		s.host.Add(s.dialect, &dialects.HostTable{Schema: relation.GetSchemaname(), Name: relation.GetRelname(), At: s.place(relation.GetLocation()), Opaque: true})
	case n.GetAlterTableStmt() != nil:
		a := n.GetAlterTableStmt()
		if t := s.find(a.Relation.GetSchemaname(), a.Relation.GetRelname()); t != nil {
			for _, cmd := range a.Cmds {
				s.alter(t, cmd)
			}
		}
	case n.GetRenameStmt() != nil:
		r := n.GetRenameStmt()
		t := s.find(r.Relation.GetSchemaname(), r.Relation.GetRelname())
		switch {
		case t == nil:
		case r.RenameType.String() == "OBJECT_TABLE":
			t.Name = r.Newname
		case r.RenameType.String() == "OBJECT_COLUMN":
			t.RenameColumn(s.dialect, r.Subname, r.Newname)
		}
	case n.GetAlterObjectSchemaStmt() != nil:
		a := n.GetAlterObjectSchemaStmt()
		if t := s.find(a.Relation.GetSchemaname(), a.Relation.GetRelname()); t != nil {
			t.Schema = a.Newschema
		}
	case n.GetDropStmt() != nil:
		s.drop(n)
	case n.GetIndexStmt() != nil:
		i := n.GetIndexStmt()
		t := s.find(i.Relation.GetSchemaname(), i.Relation.GetRelname())
		if t == nil || !i.Unique || i.WhereClause != nil {
			return
		}
		key := dialects.HostKey{Name: i.Idxname, At: s.place(i.Relation.GetLocation())}
		for _, p := range i.IndexParams {
			key.Columns = append(key.Columns, p.GetIndexElem().GetName()) // "" for an expression
		}
		t.AddKey(s.dialect, key)
	case n.GetVariableSetStmt() != nil:
		v := n.GetVariableSetStmt()
		if v.Name == "search_path" && len(v.Args) > 0 {
			s.host.Namespace = strings.TrimPrefix(v.Args[0].GetAConst().GetSval().GetSval(), "$user")
		}
	case n.GetCreateEnumStmt() != nil:
		s.addType(n.GetCreateEnumStmt().TypeName)
	case n.GetCreateDomainStmt() != nil:
		s.addType(n.GetCreateDomainStmt().Domainname)
	case n.GetCompositeTypeStmt() != nil:
		r := n.GetCompositeTypeStmt().GetTypevar()
		s.host.Types[dialects.Qualified(func(name string) string { return quoteType(s.dialect, name) }, r.GetSchemaname(), r.GetRelname())] = true
	}
}

func (s schemaReader) addType(names []*node) {
	var parts []string
	for _, n := range names {
		parts = append(parts, quoteType(s.dialect, n.GetString_().GetSval()))
	}
	s.host.Types[strings.Join(parts, ".")] = true
	s.host.Types[parts[len(parts)-1]] = true
}

func (s schemaReader) create(c *createStmt) {
	r := c.GetRelation()
	t := &dialects.HostTable{Schema: r.GetSchemaname(), Name: r.GetRelname(), At: s.place(r.GetLocation())}
	for _, parent := range c.GetInhRelations() {
		if p := s.find(parent.GetRangeVar().GetSchemaname(), parent.GetRangeVar().GetRelname()); p != nil {
			p.Copy(t)
			if c.Partbound == nil {
				t.Keys = nil // inheritance passes no keys on
			}
		}
	}
	for _, element := range c.GetTableElts() {
		switch {
		case element.GetColumnDef() != nil:
			s.column(t, element.GetColumnDef())
		case element.GetTableLikeClause() != nil:
			like := element.GetTableLikeClause()
			if p := s.find(like.Relation.GetSchemaname(), like.Relation.GetRelname()); p != nil {
				p.Copy(t)
			} else {
				t.Opaque = true
			}
		}
	}
	for _, element := range c.GetTableElts() {
		if k := element.GetConstraint(); k != nil {
			s.key(t, k)
		}
	}
	s.host.Add(s.dialect, t)
}

func (s schemaReader) column(t *dialects.HostTable, c *columnDef) {
	column := dialects.HostColumn{Name: c.Colname, Type: s.typeOf(c.TypeName), At: s.place(c.Location)}
	t.Columns = append(t.Columns, column)
	for _, n := range c.Constraints {
		k := n.GetConstraint()
		if k.Contype == constrPrimary || k.Contype == constrUnique {
			t.AddKey(s.dialect, dialects.HostKey{Name: k.Conname, Primary: k.Contype == constrPrimary, Columns: []string{c.Colname}, At: column.At})
		}
	}
}

// typeOf writes a column's type as an owner column would have it.
func (s schemaReader) typeOf(t *typeName) string {
	if t == nil {
		return ""
	}
	var names []string
	for _, n := range t.Names {
		names = append(names, n.GetString_().GetSval())
	}
	if counted := serials[names[len(names)-1]]; counted != "" && len(names) == 1 {
		return counted
	}
	sql, _, why := s.dialect.renderType(t)
	if why.Message != "" {
		sql = strings.ToUpper(names[len(names)-1]) + strings.Repeat("[]", len(t.ArrayBounds))
	}
	return sql
}

func (s schemaReader) key(t *dialects.HostTable, k *constraint) {
	if k.Contype != constrPrimary && k.Contype != constrUnique {
		return
	}
	key := dialects.HostKey{Name: k.Conname, Primary: k.Contype == constrPrimary, At: s.place(k.Location)}
	for _, n := range k.Keys {
		key.Columns = append(key.Columns, n.GetString_().GetSval())
	}
	if k.Indexname != "" { // PRIMARY KEY USING INDEX
		for i := range t.Keys {
			if t.Keys[i].Name == k.Indexname {
				t.Keys[i].Primary = key.Primary
				return
			}
		}
	}
	t.AddKey(s.dialect, key)
}

func (s schemaReader) alter(t *dialects.HostTable, n *node) {
	cmd := n.GetAlterTableCmd()
	switch cmd.GetSubtype().String() {
	case "AT_AddColumn":
		if t.Column(s.dialect, cmd.Def.GetColumnDef().GetColname()) == nil {
			s.column(t, cmd.Def.GetColumnDef())
		}
	case "AT_DropColumn":
		t.DropColumn(s.dialect, cmd.Name)
	case "AT_AlterColumnType":
		if c := t.Column(s.dialect, cmd.Name); c != nil {
			c.Type = s.typeOf(cmd.Def.GetColumnDef().GetTypeName())
		}
	case "AT_AddConstraint":
		s.key(t, cmd.Def.GetConstraint())
	case "AT_DropConstraint":
		s.dropConstraint(t, cmd.Name)
	}
}

// dropConstraint drops a key by its name, or by the name that PostgreSQL gives
// a key that has none: table_pkey, table_column_key.
func (s schemaReader) dropConstraint(t *dialects.HostTable, name string) {
	for i := range t.Keys {
		k := &t.Keys[i]
		if k.Name == "" && k.Primary {
			k.Name = t.Name + "_pkey"
		} else if k.Name == "" {
			k.Name = t.Name + "_" + strings.Join(k.Columns, "_") + "_key"
		}
	}
	t.DropKey(s.dialect, name)
}

func (s schemaReader) drop(n *node) {
	for _, object := range n.GetDropStmt().Objects {
		var names []string
		for _, item := range object.GetList().GetItems() {
			names = append(names, item.GetString_().GetSval())
		}
		if len(names) == 0 {
			continue
		}
		schema, name := "", names[len(names)-1]
		if len(names) > 1 {
			schema = names[len(names)-2]
		}
		switch n.GetDropStmt().RemoveType.String() {
		case "OBJECT_TABLE":
			if t := s.find(schema, name); t != nil {
				s.host.Drop(t)
			}
		case "OBJECT_INDEX":
			s.host.DropKey(s.dialect, name)
		}
	}
}

// typeRules say which types hold the same values.
var typeRules = dialects.TypeRules{
	Family: map[string]string{"TEXT": "VARCHAR"},
	Size:   map[string]int{"CHAR": 1, "BIT": 1, "TIMESTAMP": 6, "TIMESTAMPTZ": 6, "TIME": 6, "TIMETZ": 6},
}

// CheckHost implements dialects.Dialect.
func (d Dialect) CheckHost(o *dialects.Owner, t *dialects.HostTable, c dialects.HostColumn) (refusal, warning dialects.Refusal) {
	return dialects.CompareTypes(d, typeRules, *o, t, c), dialects.Refusal{}
}
