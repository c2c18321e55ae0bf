package mysql

import (
	"cmp"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
)

// ReadSchema implements dialects.Dialect.
func (d Dialect) ReadSchema(h *dialects.HostSchema, file, sql string) []dialects.Problem {
	var problems []dialects.Problem
	for _, tokens := range dialects.Statements(tokenizeFile(sql)) {
		at := dialects.Extent(tokens)
		text := sql[at.Offset : at.Offset+at.Length]
		if tokens[0].Text == "USE" && len(tokens) > 1 {
			h.Namespace = unquote(tokens[1], sql)
			continue
		}
		if tokens[0].Text == "SET" {
			continue
		}
		local := make([]dialects.Token, len(tokens))
		for i, t := range tokens {
			t.Offset -= at.Offset
			local[i] = t
		}
		statement, err := newParser().ParseStrictDDL(prepare(maskTypes(text, local), local, nil).text)
		if err != nil {
			problems = append(problems, dialects.Unread(dialects.Span{Offset: at.Offset}, err.Error()))
			schemaReader{d, h, file, tokens, sql}.createUnread()
			continue
		}
		schemaReader{d, h, file, tokens, sql}.statement(statement)
	}
	return problems
}

// tokenizeFile cuts a file into tokens without its comments. What another
// DELIMITER encloses, procedures and triggers, is left out. It ends where the
// grammar finds no more tokens.
func tokenizeFile(sql string) (tokens []dialects.Token) {
	parser := newParser()
	for at := 0; at < len(sql); {
		rest := sql[at:]
		switch {
		case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
			at++
			continue
		case isComment(rest):
			at += commentLength(rest)
			continue
		case isDelimiter(rest):
			at += delimitedLength(rest)
			continue
		}
		scanner := parser.NewStringTokenizer(rest)
		kind, _ := scanner.Scan()
		if kind == 0 || kind == sqlparser.LEX_ERROR || scanner.Pos <= 0 {
			return tokens
		}
		end := min(at+scanner.Pos, len(sql))
		tokens = append(tokens, dialects.NewToken(sql, at, end, tokenKind(kind)))
		at = end
	}
	return tokens
}

// commentLength measures a comment: manual, 11.7 Comments.
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

// isDelimiter reports whether a line of the mysql client sets another end of
// statements, as around procedures.
func isDelimiter(text string) bool {
	return len(text) > 10 && strings.EqualFold(text[:10], "delimiter ")
}

// delimitedLength measures what stands between one DELIMITER line and the next
// that sets it back to a semicolon.
func delimitedLength(text string) int {
	at := 0
	for _, line := range strings.SplitAfter(text, "\n") {
		at += len(line)
		if isDelimiter(line) && strings.TrimSpace(line[10:]) == ";" {
			break
		}
	}
	return at
}

// unknownTypes are MariaDB's types that Vitess does not know. They are masked by
// one that it knows.
var unknownTypes = map[string]string{"UUID": "TEXT", "INET4": "TEXT ", "INET6": "TEXT "}

// beforeColumn are the tokens after which a column's name stands.
var beforeColumn = map[string]bool{",": true, "(": true, "ADD": true, "COLUMN": true, "MODIFY": true}

// maskTypes masks unknown types; the text keeps its length.
func maskTypes(text string, tokens []dialects.Token) string {
	masked := []byte(text)
	for i, t := range tokens {
		if i > 1 && unknownTypes[t.Text] != "" && beforeColumn[tokens[i-2].Text] {
			copy(masked[t.Offset:], unknownTypes[t.Text])
		}
	}
	return string(masked)
}

// unknownType gives the masked type of a column; "" when it has none.
func (s schemaReader) unknownType(column dialects.Place) string {
	for i, t := range s.tokens {
		if t.Span == column.Span && i+1 < len(s.tokens) && unknownTypes[s.tokens[i+1].Text] != "" {
			return s.tokens[i+1].Text
		}
	}
	return ""
}

// schemaReader applies one statement to the host's schema.
type schemaReader struct {
	dialect Dialect
	host    *dialects.HostSchema
	file    string
	tokens  []dialects.Token
	sql     string
}

// place finds where a name stands in the statement: Vitess keeps no positions.
func (s schemaReader) place(name string) dialects.Place {
	for _, t := range s.tokens {
		if strings.EqualFold(unquote(t, s.sql), name) {
			return dialects.Place{File: s.file, Span: t.Span}
		}
	}
	return dialects.Place{File: s.file, Span: s.tokens[0].Span}
}

func (s schemaReader) find(name sqlparser.TableName) *dialects.HostTable {
	schema := name.Qualifier.String()
	if schema == "" {
		schema = s.host.Namespace
	}
	return s.host.Find(s.dialect, schema, name.Name.String())
}

func (s schemaReader) statement(statement sqlparser.Statement) {
	switch n := statement.(type) {
	case *sqlparser.CreateTable:
		s.create(n)
	case *sqlparser.AlterTable:
		t := s.find(n.Table)
		for _, option := range n.AlterOptions {
			if t != nil {
				s.alter(t, option)
			}
		}
	case *sqlparser.DropTable:
		for _, name := range n.FromTables {
			if t := s.find(name); t != nil {
				s.host.Drop(t)
			}
		}
	case *sqlparser.RenameTable:
		for _, pair := range n.TablePairs {
			s.rename(s.find(pair.FromTable), pair.ToTable)
		}
	}
}

// createUnread notes the table of a CREATE TABLE that Vitess cannot read, such
// as one with DEFAULT uuid(): it is there, and its columns are not known.
func (s schemaReader) createUnread() {
	i := slices.IndexFunc(s.tokens, func(t dialects.Token) bool { return t.Text == "TABLE" }) + 1
	if s.tokens[0].Text != "CREATE" || i == 0 {
		return
	}
	if i+3 < len(s.tokens) && s.tokens[i].Text == "IF" {
		i += 3
	}
	t := &dialects.HostTable{Opaque: true}
	for ; i+2 < len(s.tokens) && s.tokens[i+1].Text == "."; i += 2 {
		t.Schema = unquote(s.tokens[i], s.sql)
	}
	if i < len(s.tokens) {
		t.Name, t.At = unquote(s.tokens[i], s.sql), dialects.Place{File: s.file, Span: s.tokens[i].Span}
		s.host.Add(s.dialect, t)
	}
}

func (s schemaReader) rename(t *dialects.HostTable, to sqlparser.TableName) {
	if t == nil {
		return
	}
	t.Name = to.Name.String()
	if !to.Qualifier.IsEmpty() {
		t.Schema = to.Qualifier.String()
	}
}

func (s schemaReader) create(c *sqlparser.CreateTable) {
	name := c.Table.Name.String()
	t := &dialects.HostTable{Schema: c.Table.Qualifier.String(), Name: name, At: s.place(name)}
	if c.OptLike != nil {
		if like := s.find(c.OptLike.LikeTable); like != nil {
			like.Copy(t)
		} else {
			t.Opaque = true
		}
	}
	if c.Select != nil {
		t.Opaque = true
	}
	if c.TableSpec != nil {
		for _, option := range c.TableSpec.Options {
			switch strings.ToLower(option.Name) { // without DEFAULT
			case "charset", "character set":
				t.CharacterSet = strings.ToLower(option.String)
			case "collate":
				t.Collation = strings.ToLower(option.String)
			}
		}
		for _, column := range c.TableSpec.Columns {
			s.column(t, column)
		}
		for _, index := range c.TableSpec.Indexes {
			s.index(t, index)
		}
	}
	s.host.Add(s.dialect, t)
}

// column adds a column, or puts it in the place of one of its name.
func (s schemaReader) column(t *dialects.HostTable, c *sqlparser.ColumnDefinition) {
	name := c.Name.String()
	column := dialects.HostColumn{Name: name, At: s.place(name)}
	plain := *c.Type // without the character set, which is compared by itself
	column.CharacterSet = strings.ToLower(plain.Charset.Name)
	plain.Charset = sqlparser.ColumnCharset{}
	sql, why := s.dialect.renderType(&plain)
	if why.Message != "" {
		sql = strings.ToUpper(plain.Type)
	}
	column.Type = cmp.Or(s.unknownType(column.At), sql)
	if options := c.Type.Options; options != nil {
		column.Collation = strings.ToLower(options.Collate)
		switch options.KeyOpt {
		case sqlparser.ColKeyPrimary, sqlparser.ColKey:
			t.Keys = append(t.Keys, dialects.HostKey{Primary: true, Columns: []string{name}, At: column.At})
		case sqlparser.ColKeyUnique, sqlparser.ColKeyUniqueKey:
			t.Keys = append(t.Keys, dialects.HostKey{Name: name, Columns: []string{name}, At: column.At})
		}
	}
	if old := t.Column(s.dialect, name); old != nil {
		*old = column
		return
	}
	t.Columns = append(t.Columns, column)
}

func (s schemaReader) index(t *dialects.HostTable, i *sqlparser.IndexDefinition) {
	primary := i.Info.Type == sqlparser.IndexTypePrimary
	if !primary && i.Info.Type != sqlparser.IndexTypeUnique {
		return
	}
	key := dialects.HostKey{Name: i.Info.Name.String(), Primary: primary}
	if key.Name == "" {
		key.Name = i.Info.ConstraintName.String()
	}
	for _, c := range i.Columns {
		if c.Length != nil { // a prefix is not the column
			return
		}
		key.Columns = append(key.Columns, c.Column.String())
	}
	if len(key.Columns) > 0 {
		key.At = s.place(key.Columns[0])
		if key.Name == "" && !primary {
			key.Name = key.Columns[0]
		}
	}
	t.AddKey(s.dialect, key)
}

func (s schemaReader) alter(t *dialects.HostTable, option sqlparser.AlterOption) {
	switch o := option.(type) {
	case *sqlparser.AddColumns:
		for _, c := range o.Columns {
			s.column(t, c)
		}
	case *sqlparser.ModifyColumn:
		s.column(t, o.NewColDefinition)
	case *sqlparser.ChangeColumn:
		t.RenameColumn(s.dialect, o.OldColumn.Name.String(), o.NewColDefinition.Name.String())
		s.column(t, o.NewColDefinition)
	case *sqlparser.RenameColumn:
		t.RenameColumn(s.dialect, o.OldName.Name.String(), o.NewName.Name.String())
	case *sqlparser.DropColumn:
		t.DropColumn(s.dialect, o.Name.Name.String())
	case *sqlparser.AddIndexDefinition:
		s.index(t, o.IndexDefinition)
	case *sqlparser.DropKey:
		if o.Type == sqlparser.PrimaryKeyType {
			t.DropPrimaryKey()
			return
		}
		t.DropKey(s.dialect, o.Name.String())
	case *sqlparser.RenameTableName:
		s.rename(t, o.Table)
	case sqlparser.TableOptions:
		for _, option := range o {
			switch strings.ToLower(option.Name) {
			case "charset", "character set":
				t.CharacterSet, t.Collation = strings.ToLower(option.String), ""
			case "collate":
				t.Collation = strings.ToLower(option.String)
			}
		}
	case *sqlparser.AlterCharset: // CONVERT TO CHARACTER SET: every column
		t.CharacterSet, t.Collation = strings.ToLower(o.CharacterSet), strings.ToLower(o.Collate)
		for i := range t.Columns {
			t.Columns[i].CharacterSet, t.Columns[i].Collation = "", ""
		}
	}
}

// typeRules say which types InnoDB lets reference one another: integers and
// decimals of the same size and sign, strings of any length (manual,
// 15.1.20.5); a column that is too short for the values is refused besides.
var typeRules = dialects.TypeRules{
	Family: map[string]string{"CHAR": "VARCHAR", "BINARY": "VARBINARY", "NUMERIC": "DECIMAL"},
	Size:   map[string]int{"CHAR": 1, "BINARY": 1, "DECIMAL": 10, "NUMERIC": 10, "DATETIME": 0, "TIMESTAMP": 0, "TIME": 0, "YEAR": 4, "TINYINT": 4},
	Exact:  map[string]bool{"DECIMAL": true, "DATETIME": true, "TIMESTAMP": true, "TIME": true},
}

// CheckHost implements dialects.Dialect.
func (d Dialect) CheckHost(o *dialects.Owner, t *dialects.HostTable, c dialects.HostColumn) (refusal, warning dialects.Refusal) {
	ownerType, _, _ := strings.Cut(o.Type, dialects.CharacterSet)
	plain := *o
	plain.Type = ownerType
	refusal = dialects.CompareTypes(d, typeRules, plain, t, c)
	if refusal.Message != "" || !isText(ownerType) {
		return refusal, warning
	}
	takeCollation(o, t, c)
	_, ownerSet, _ := strings.Cut(o.Type, dialects.CharacterSet)
	name, host := d.Quote(o.Name)+" "+ownerType, d.Quote(t.Name)+"."+d.Quote(c.Name)
	hostSet, hostCollation, ofTable := c.CharacterSet, c.Collation, false
	if hostSet == "" && hostCollation == "" {
		hostSet, hostCollation, ofTable = t.CharacterSet, t.Collation, true
	}
	ownerSet, ownerCollation := setOf(ownerSet, o.Collation), strings.ToLower(o.Collation)
	ours := "the database's own collation"
	if said := cmp.Or(ownerCollation, ownerSet); said != "" {
		ours = said
	}
	differ := func(theirs, clause string) dialects.Refusal {
		return dialects.Refusal{Message: d.Quote(o.Name) + " has " + ours + ", but " + host + ", which it references, has " + theirs + " (error 3780)",
			Hint: "write " + name + " " + clause + " " + theirs}
	}
	switch {
	case hostCollation != "" && ownerCollation != hostCollation:
		return differ(hostCollation, "COLLATE"), warning
	case hostCollation == "" && hostSet != "" && ownerSet != hostSet && !(ofTable && ownerSet == ""):
		return differ(hostSet, "CHARACTER SET"), warning
	case hostCollation == "" && ownerCollation != "", hostSet == "" && hostCollation == "" && ownerSet != "":
		warning = dialects.Refusal{Message: d.Quote(o.Name) + " has " + ours + ", and " + host + ", which it references, the database's own collation: they have to be the same (error 3780)",
			Hint: "say the collation in your own migration as well"}
	}
	return refusal, warning
}

// anySet begins the name of a collation that MariaDB has for each set of Unicode.
const anySet = "uca1400"

// setOf is the character set that a column says, itself or by its collation; "" for
// none.
func setOf(set, collation string) string {
	if set != "" {
		return strings.ToLower(set)
	}
	if set, _, _ = strings.Cut(collation, "_"); set == anySet {
		return ""
	}
	return set
}
