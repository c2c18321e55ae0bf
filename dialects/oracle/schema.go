package oracle

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
)

// plusLine is a line for SQL*Plus, which needs no semicolon.
var plusLine = regexp.MustCompile(`(?mi)^(set|whenever|prompt|spool|rem|remark|define|undefine|exit|connect|show|@)\b.*$`)

// ReadSchema implements dialects.Dialect.
func (d Dialect) ReadSchema(h *dialects.HostSchema, file, sql string) []dialects.Problem {
	sql = plusLine.ReplaceAllStringFunc(sql, func(line string) string { return strings.Repeat(" ", len(line)) })
	tokens := tokenizeFile(sql)
	for _, statement := range dialects.Statements(tokens) {
		s := schemaReader{parser{Reader: &dialects.Reader{Fragment: sql, Tokens: statement}, dialect: d}, h, file}
		s.statement()
	}
	// A block creates a table only in a text: EXECUTE IMMEDIATE 'CREATE TABLE …'.
	for i := 2; i < len(tokens); i++ {
		text := tokens[i].Text
		if tokens[i-2].Text != "EXECUTE" || tokens[i-1].Text != "IMMEDIATE" || !strings.HasPrefix(text, "'") {
			continue
		}
		before := len(h.Tables)
		d.ReadSchema(h, file, strings.ReplaceAll(strings.Trim(text, "'"), "''", "'"))
		for _, t := range h.Tables[min(before, len(h.Tables)):] {
			t.At.Span = tokens[i].Span
			for j := range t.Columns {
				t.Columns[j].At.Span = tokens[i].Span
			}
			for j := range t.Keys {
				t.Keys[j].At.Span = tokens[i].Span
			}
		}
	}
	return nil
}

// tokenizeFile cuts a file into tokens without its comments. A / alone in its
// line ends a statement, as in SQL*Plus. It ends at a quote that is not closed.
func tokenizeFile(sql string) (tokens []dialects.Token) {
	for i := 0; i < len(sql); {
		r, size := utf8.DecodeRuneInString(sql[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		end, kind := scanToken(sql, i)
		switch {
		case end < 0:
			return tokens
		case kind == dialects.TokenComment:
			i += commentLength(sql[i:])
			continue
		case sql[i] == '/' && isAlone(sql, i):
			kind = dialects.TokenSemicolon
		}
		tokens = append(tokens, dialects.NewToken(sql, i, end, kind))
		i = end
	}
	return tokens
}

func commentLength(text string) int {
	end := "\n"
	if strings.HasPrefix(text, "/*") {
		end = "*/"
	}
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

// isAlone reports whether nothing else stands in the line of a sign.
func isAlone(sql string, at int) bool {
	start := strings.LastIndexByte(sql[:at], '\n') + 1
	line, _, _ := strings.Cut(sql[start:], "\n")
	return len(strings.TrimSpace(line)) == 1
}

// schemaReader applies one statement to the host's schema. What it does not
// understand of a statement it leaves out.
type schemaReader struct {
	parser
	host *dialects.HostSchema
	file string
}

func (s *schemaReader) place(t token) dialects.Place {
	return dialects.Place{File: s.file, Span: t.Span}
}

// skipTo reads on to a word and past it.
func (s *schemaReader) skipTo(word string) bool {
	for s.at < len(s.Tokens) {
		if s.accept(word) {
			return true
		}
		s.at++
	}
	return false
}

// name reads a name that may be qualified, IF [NOT] EXISTS before it included.
func (s *schemaReader) name() (schema, name string, at token, ok bool) {
	if !s.accept("IF", "NOT", "EXISTS") {
		s.accept("IF", "EXISTS")
	}
	at = s.peek()
	if name, ok = s.identifier(); !ok {
		return "", "", at, false
	}
	if s.accept(".") {
		schema = name
		name, ok = s.identifier()
	}
	return schema, name, at, ok
}

func (s *schemaReader) find() *dialects.HostTable {
	schema, name, _, ok := s.name()
	if !ok {
		return nil
	}
	return s.host.Find(s.dialect, schema, name)
}

func (s *schemaReader) statement() {
	switch {
	case s.accept("CREATE", "UNIQUE", "INDEX"):
		_, index, at, ok := s.name()
		if ok && s.accept("ON") {
			if t := s.find(); t != nil {
				s.key(t, dialects.HostKey{Name: index, At: s.place(at)})
			}
		}
	case s.accept("CREATE"):
		if s.skipTo("TABLE") {
			s.create()
		}
	case s.accept("ALTER", "TABLE"):
		if t := s.find(); t != nil {
			s.alter(t)
		}
	case s.accept("DROP", "TABLE"):
		if t := s.find(); t != nil {
			s.host.Drop(t)
		}
	case s.accept("DROP", "INDEX"):
		if _, name, _, ok := s.name(); ok {
			s.host.DropKey(s.dialect, name)
		}
	case s.accept("RENAME"):
		s.rename(s.find())
	}
}

// rename reads TO and the new name.
func (s *schemaReader) rename(t *dialects.HostTable) {
	if t == nil || !s.accept("TO") {
		return
	}
	if _, name, _, ok := s.name(); ok {
		t.Name = name
	}
}

func (s *schemaReader) create() {
	schema, name, at, ok := s.name()
	if !ok {
		return
	}
	t := &dialects.HostTable{Schema: schema, Name: name, At: s.place(at)}
	if s.accept("(") {
		s.items(t)
	}
	for ; s.at < len(s.Tokens); s.at++ {
		t.Opaque = t.Opaque || s.peek().Text == "AS" // SELECT
	}
	s.host.Add(s.dialect, t)
}

// items reads columns and constraints up to the closing parenthesis.
func (s *schemaReader) items(t *dialects.HostTable) {
	for s.at < len(s.Tokens) && !s.accept(")") {
		s.item(t)
		s.accept(",")
	}
}

// item reads a column or a constraint of the table.
func (s *schemaReader) item(t *dialects.HostTable) {
	start := s.peek()
	constraint := ""
	if s.accept("CONSTRAINT") {
		constraint, _ = s.identifier()
	}
	switch {
	case s.accept("PRIMARY", "KEY"):
		s.key(t, dialects.HostKey{Name: constraint, Primary: true, At: s.place(start)})
		s.restOfItem(t, "", start)
	case s.accept("UNIQUE"):
		s.key(t, dialects.HostKey{Name: constraint, At: s.place(start)})
		s.restOfItem(t, "", start)
	case constraint != "" || start.Text == "FOREIGN" || start.Text == "CHECK" || start.Text == "SUPPLEMENTAL":
		s.restOfItem(t, "", start)
	default:
		s.column(t)
	}
}

// column reads a column; one of its name is replaced, as by MODIFY.
func (s *schemaReader) column(t *dialects.HostTable) {
	start := s.peek()
	name, ok := s.identifier()
	if !ok {
		s.restOfItem(t, "", start)
		return
	}
	column := dialects.HostColumn{Name: name, At: s.place(start)}
	first := s.peek()
	if column.Type, ok = s.parseType(); !ok { // a type that no owner column has
		column.Type = first.Text
	}
	switch old := t.Column(s.dialect, name); {
	case old == nil:
		t.Columns = append(t.Columns, column)
	case !clauseWords[first.Text]: // MODIFY without a type leaves it
		*old = column
	}
	s.restOfItem(t, name, start)
}

// restOfItem reads to the end of an item, and the keys of a column on the way.
func (s *schemaReader) restOfItem(t *dialects.HostTable, column string, start token) {
	depth, constraint := 0, ""
	for s.at < len(s.Tokens) {
		next := s.peek()
		if depth == 0 && (next.Kind == dialects.TokenComma || next.Kind == dialects.TokenClose) {
			return
		}
		key := dialects.HostKey{Name: constraint, Columns: []string{column}, At: s.place(start)}
		switch {
		case next.Kind == dialects.TokenOpen:
			depth++
		case next.Kind == dialects.TokenClose:
			depth--
		case depth > 0 || column == "":
		case s.accept("CONSTRAINT"):
			constraint, _ = s.identifier()
			continue
		case s.accept("PRIMARY", "KEY"):
			key.Primary = true
			t.AddKey(s.dialect, key)
			continue
		case s.accept("UNIQUE"):
			t.AddKey(s.dialect, key)
			continue
		}
		s.at++
	}
}

// key reads a list of columns, and adds the key.
func (s *schemaReader) key(t *dialects.HostTable, k dialects.HostKey) {
	if !s.accept("(") {
		return
	}
	for s.at < len(s.Tokens) && !s.accept(")") {
		name, ok := s.identifier()
		if next := s.peek().Text; !ok || next != "," && next != ")" && next != "ASC" && next != "DESC" {
			name = "" // an expression
		}
		k.Columns = append(k.Columns, name)
		for depth := 0; s.at < len(s.Tokens); s.at++ {
			next := s.peek()
			if depth == 0 && (next.Kind == dialects.TokenComma || next.Kind == dialects.TokenClose) {
				break
			}
			if next.Kind == dialects.TokenOpen {
				depth++
			} else if next.Kind == dialects.TokenClose {
				depth--
			}
		}
		s.accept(",")
	}
	t.AddKey(s.dialect, k)
}

func (s *schemaReader) alter(t *dialects.HostTable) {
	for s.at < len(s.Tokens) {
		switch {
		case s.accept("ADD", "("), s.accept("MODIFY", "("):
			s.items(t)
		case s.accept("ADD"), s.accept("MODIFY"):
			s.item(t)
		case s.accept("DROP", "COLUMN"):
			if name, ok := s.identifier(); ok {
				t.DropColumn(s.dialect, name)
			}
		case s.accept("DROP", "("):
			for s.at < len(s.Tokens) && !s.accept(")") {
				if name, ok := s.identifier(); ok {
					t.DropColumn(s.dialect, name)
				}
				s.accept(",")
			}
		case s.accept("DROP", "CONSTRAINT"):
			if name, ok := s.identifier(); ok {
				t.DropKey(s.dialect, name)
			}
		case s.accept("DROP", "PRIMARY", "KEY"):
			t.DropPrimaryKey()
		case s.accept("RENAME", "COLUMN"):
			from, ok := s.identifier()
			if ok && s.accept("TO") {
				if to, ok := s.identifier(); ok {
					t.RenameColumn(s.dialect, from, to)
				}
			}
		case s.accept("RENAME"):
			s.rename(t)
		default:
			s.at++
		}
	}
}

// typeRules say which types hold the same values; of others Oracle makes no
// foreign key (ORA-02267).
var typeRules = dialects.TypeRules{
	Family: map[string]string{"VARCHAR": "VARCHAR2", "INTEGER": "NUMBER", "INT": "NUMBER", "SMALLINT": "NUMBER", "DECIMAL": "NUMBER", "NUMERIC": "NUMBER"},
	Size:   map[string]int{"CHAR": 1, "NCHAR": 1, "INTEGER": 38, "INT": 38, "SMALLINT": 38, "DECIMAL": 38, "NUMERIC": 38, "TIMESTAMP": 6},
}

// CheckHost implements dialects.Dialect.
func (d Dialect) CheckHost(o *dialects.Owner, t *dialects.HostTable, c dialects.HostColumn) (refusal, warning dialects.Refusal) {
	return dialects.CompareTypes(d, typeRules, *o, t, c), dialects.Refusal{}
}
