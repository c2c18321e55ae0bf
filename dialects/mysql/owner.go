package mysql

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/adkgen/adkgen/dialects"
	"vitess.io/vitess/go/vt/sqlparser"
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

func newParser() *sqlparser.Parser {
	parser, err := sqlparser.New(sqlparser.Options{})
	if err != nil {
		panic(err) // only an unknown MySQL version is an error, and none is given
	}
	return parser
}

func tokenize(fragment string) ([]dialects.Token, *dialects.Problem) {
	scanner := newParser().NewStringTokenizer(fragment)
	var tokens []dialects.Token
	for {
		start := scanner.Pos
		for start < len(fragment) && strings.IndexByte(" \t\r\n", fragment[start]) >= 0 {
			start++
		}
		if start >= len(fragment) {
			return tokens, nil
		}
		// Vitess would skip a comment, or take what /*! … */ contains.
		if isComment(fragment[start:]) {
			end := start + 2
			return append(tokens, dialects.NewToken(fragment, start, min(end, len(fragment)), dialects.TokenComment)), nil
		}
		kind, _ := scanner.Scan()
		if kind == sqlparser.LEX_ERROR || scanner.Pos <= start {
			return nil, &dialects.Problem{Offset: start, Length: 1, Message: "MySQL's grammar cannot read this",
				Hint: "close every quote, and write names with letters other than a to z in backticks"}
		}
		tokens = append(tokens, dialects.NewToken(fragment, start, min(scanner.Pos, len(fragment)), tokenKind(kind)))
	}
}

// isComment reports whether text begins with a comment: manual, 11.7 Comments.
func isComment(text string) bool {
	return strings.HasPrefix(text, "/*") || strings.HasPrefix(text, "#") ||
		strings.HasPrefix(text, "--") && (len(text) == 2 || text[2] <= ' ')
}

func tokenKind(kind int) dialects.TokenKind {
	switch kind {
	case '(':
		return dialects.TokenOpen
	case ')':
		return dialects.TokenClose
	case ',':
		return dialects.TokenComma
	case ';':
		return dialects.TokenSemicolon
	case sqlparser.VALUE_ARG, sqlparser.LIST_ARG, sqlparser.AT_ID, sqlparser.AT_AT_ID, sqlparser.OFFSET_ARG:
		return dialects.TokenBind
	case sqlparser.COMMENT:
		return dialects.TokenComment
	}
	return dialects.TokenOther
}

func (d Dialect) read(fragment string, r *dialects.Reader) dialects.Owner {
	if len(r.Tokens) > 1 {
		if t := r.Tokens[1]; foreignTypes[t.Text] != "" {
			r.Refuse(t.Offset, dialects.Refusal{Message: d.flavour.title + " has no type " + t.Text + " that adkgen can use", Hint: "write " + foreignTypes[t.Text]})
			return dialects.Owner{}
		}
		if r.Tokens[1].Text == "SERIAL" {
			r.Refuse(r.Tokens[1].Offset, dialects.RefuseIdentity)
			return dialects.Owner{}
		}
	}
	for _, t := range r.Tokens {
		if instead := d.flavour.lacks[t.Text]; instead != "" && strings.HasPrefix(t.Text, "->") {
			r.Refuse(t.Offset, dialects.Refusal{Message: d.flavour.title + " has no operator " + t.Text + " (error 1064)", Hint: "write " + instead})
			return dialects.Owner{}
		}
		if t.Text == "||" {
			r.Refuse(t.Offset, dialects.Refusal{Message: "|| means OR, and under some SQL modes it joins texts", Hint: "write OR, or CONCAT"})
			return dialects.Owner{}
		}
		if strings.HasPrefix(t.Text, "`") && strings.Contains(t.Text, `\`) {
			r.Refuse(t.Offset, dialects.Refusal{Message: "a backslash in a name is read as an escape by many tools", Hint: "choose a name without one"})
			return dialects.Owner{}
		}
		if strings.Contains(t.Text, `\`) {
			r.Refuse(t.Offset, dialects.Refusal{Message: "a backslash in a text means different things under different SQL modes", Hint: "write it without one"})
			return dialects.Owner{}
		}
	}
	f := prepare(fragment, r.Tokens, d.respell(fragment, r.Tokens))
	statement, err := newParser().ParseStrictDDL(before + f.text + after)
	if err != nil {
		offset, message := syntaxError(err, before)
		d.refuseSyntax(r, f.original(offset), message)
		return dialects.Owner{}
	}
	column := onlyColumn(statement)
	if column == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseNotAColumn)
		return dialects.Owner{}
	}
	if name := r.Tokens[0].Text; !strings.HasPrefix(name, "`") && d.flavour.ownReserved[name] {
		r.Refuse(r.Tokens[0].Offset, dialects.Refusal{Message: name + " is a reserved word of " + d.flavour.title, Hint: "choose another name, such as owner_" + strings.ToLower(name)})
	}
	reader := reader{r, d}
	owner := reader.column(column)
	if f.columnless && owner.Reference != nil {
		owner.Reference.Column = ""
	}
	reader.readChecks(&owner, column.Type, f.checks)
	d.chooseCollation(&owner)
	return owner
}

// prepared is SQL as Vitess can read it. MySQL's grammar has things that
// Vitess's has not: a CHECK inside a column, which is blanked here and read by
// itself, and REFERENCES without columns, which gets one.
type prepared struct {
	text       string
	checks     []checkClause
	columnless bool // a REFERENCES got columnList
	edits      []edit
}

// edit is a part of the original text, which another stands for.
type edit struct {
	dialects.Span
	text string
}

// checkClause is a CHECK inside a column.
type checkClause struct {
	name       string
	at         int // the offset of the word
	start, end int // of the expression between the parentheses
	misplaced  bool
	last       bool // nothing follows it but REFERENCES
}

// columnList stands for the missing column of REFERENCES.
const columnList = " (_)"

// beforeConstraint are the tokens after which a CHECK is the table's.
var beforeConstraint = map[string]bool{",": true, "(": true, "ADD": true}

// prepare makes text ready for Vitess; the tokens are those of the text, and edits
// what else is to be written in another way.
func prepare(text string, tokens []dialects.Token, edits []edit) prepared {
	p := prepared{edits: edits}
	blanked := []byte(text)
	references := false
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.Text == "CHECK" && i+1 < len(tokens) && tokens[i+1].Kind == dialects.TokenOpen:
			first, check := i, checkClause{at: t.Offset, start: tokens[i+1].Offset + 1, misplaced: references}
			switch {
			case i > 1 && tokens[i-2].Text == "CONSTRAINT":
				first, check.name = i-2, unquote(tokens[i-1], text)
			case i > 0 && tokens[i-1].Text == "CONSTRAINT":
				first = i - 1
			}
			if first == 0 || beforeConstraint[tokens[first-1].Text] {
				continue
			}
			last := closing(tokens, i+1)
			check.end = tokens[last].Offset
			check.last = last+1 >= len(tokens) || tokens[last+1].Text == "REFERENCES" || tokens[last+1].Text == "CHECK"
			p.checks = append(p.checks, check)
			for at := tokens[first].Offset; at <= check.end; at++ {
				blanked[at] = ' '
			}
			i = last
		case t.Text == "PRECISION" && i > 0 && tokens[i-1].Text == "DOUBLE": // DOUBLE PRECISION is DOUBLE
			for at := t.Offset; at < t.Offset+t.Length; at++ {
				blanked[at] = ' '
			}
		case t.Text == "REFERENCES" && i+1 < len(tokens):
			references = true
			last := i + 1
			for last+2 < len(tokens) && tokens[last+1].Text == "." {
				last += 2
			}
			if last+1 >= len(tokens) || tokens[last+1].Kind != dialects.TokenOpen {
				p.edits = append(p.edits, edit{dialects.Span{Offset: tokens[last].Offset + tokens[last].Length}, columnList})
				p.columnless = true
			}
		}
	}
	slices.SortStableFunc(p.edits, func(a, b edit) int { return a.Offset - b.Offset })
	var b strings.Builder
	from := 0
	for _, e := range p.edits {
		b.Write(blanked[from:e.Offset])
		b.WriteString(e.text)
		from = e.Offset + e.Length
	}
	b.Write(blanked[from:])
	p.text = b.String()
	return p
}

// original gives the place in the original of a place in the prepared text.
func (p prepared) original(offset int) int {
	for _, e := range p.edits {
		if offset < e.Offset {
			break
		}
		if offset < e.Offset+len(e.text) {
			return e.Offset
		}
		offset += e.Length - len(e.text)
	}
	return offset
}

// synonyms are other words for types, which MySQL and MariaDB read and Vitess
// does not: manual, 13.1.1 and 13.9 (Using Data Types from Other Database Engines).
var synonyms = map[string]string{
	"INT1": "TINYINT", "INT2": "SMALLINT", "INT3": "MEDIUMINT", "MIDDLEINT": "MEDIUMINT", "INT4": "INT", "INT8": "BIGINT",
	"DEC": "DECIMAL", "FIXED": "DECIMAL", "CHARACTER": "CHAR", "VARCHARACTER": "VARCHAR",
}

// respell writes what the server reads and Vitess does not in another way:
// synonyms of types, and names that the server does not reserve.
func (d Dialect) respell(fragment string, tokens []dialects.Token) (edits []edit) {
	name := func(i int) {
		if i < len(tokens) && dialects.IsPlain(tokens[i].Text) && !d.flavour.ownReserved[tokens[i].Text] {
			edits = append(edits, edit{tokens[i].Span, "`" + fragment[tokens[i].Offset:tokens[i].Offset+tokens[i].Length] + "`"})
		}
	}
	name(0)
	for i, t := range tokens {
		switch {
		case i == 1 && len(tokens) > 2 && (t.Text == "CHARACTER" || t.Text == "CHAR") && tokens[2].Text == "VARYING":
			edits = append(edits, edit{dialects.Span{Offset: t.Offset, Length: tokens[2].Offset + tokens[2].Length - t.Offset}, "VARCHAR"})
		case i == 1 && synonyms[t.Text] != "":
			edits = append(edits, edit{t.Span, synonyms[t.Text]})
		case t.Text == "REFERENCES":
			at := i + 1
			for name(at); at+2 < len(tokens) && tokens[at+1].Text == "."; name(at) {
				at += 2
			}
			if at+2 < len(tokens) && tokens[at+1].Kind == dialects.TokenOpen {
				name(at + 2)
			}
		}
	}
	return edits
}

// closing gives the index of the token that closes an opening one.
func closing(tokens []dialects.Token, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		switch tokens[i].Kind {
		case dialects.TokenOpen:
			depth++
		case dialects.TokenClose:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

// unquote gives the name that a token writes.
func unquote(t dialects.Token, fragment string) string {
	text := fragment[t.Offset : t.Offset+t.Length]
	if strings.HasPrefix(text, "`") && len(text) > 1 {
		return strings.ReplaceAll(text[1:len(text)-1], "``", "`")
	}
	return text
}

// refuseSyntax says what a syntax error means, where another database would
// take the clause.
func (d Dialect) refuseSyntax(r *dialects.Reader, offset int, message string) {
	t, _ := r.TokenAt(offset)
	switch t.Text {
	case "CONSTRAINT":
		r.Refuse(offset, dialects.Refusal{Message: "only a CHECK can have a name inside a column of " + d.flavour.title, Hint: "leave CONSTRAINT and the name out: adkgen names the foreign key"})
	case "DEFERRABLE", "INITIALLY":
		r.Refuse(offset, dialects.Refusal{Message: d.flavour.title + " checks foreign keys at once", Hint: "remove " + t.Text})
	case "REFERENCES":
		r.Refuse(offset, dialects.RefuseTwoKeys)
	case "ENFORCED":
		r.Refuse(offset, dialects.Refusal{Message: "adkgen writes a CHECK that is enforced", Hint: "remove ENFORCED"})
	default:
		r.RefuseSyntax(offset, message)
	}
}

// onlyColumn gives the column of CREATE TABLE t (column), and nil when the
// statement is anything else.
func onlyColumn(statement sqlparser.Statement) *sqlparser.ColumnDefinition {
	table, ok := statement.(*sqlparser.CreateTable)
	if !ok || table.TableSpec == nil || table.OptLike != nil || table.Select != nil {
		return nil
	}
	spec := table.TableSpec
	if len(spec.Columns) != 1 || len(spec.Indexes)+len(spec.Constraints)+len(spec.Options) > 0 || spec.PartitionOption != nil {
		return nil
	}
	return spec.Columns[0]
}

// syntaxError places a parser's error behind a prefix. Its position is that of
// the byte after the token that it names, counted from 1.
func syntaxError(err error, prefix string) (offset int, message string) {
	var e sqlparser.PositionedErr
	if !errors.As(err, &e) {
		return 0, err.Error()
	}
	message = e.Err
	if e.Near != "" {
		message += " near " + e.Near
	}
	return max(0, e.Pos-2-len(prefix)), message
}

// reader turns a parsed column into the model.
type reader struct {
	*dialects.Reader
	dialect Dialect
}

func (r reader) column(c *sqlparser.ColumnDefinition) dialects.Owner {
	owner := dialects.Owner{Name: c.Name.String()}
	sql, why := r.dialect.renderType(c.Type)
	if why.Message != "" {
		r.Refuse(r.Tokens[1].Offset, why)
	}
	owner.Type, owner.Unindexed = sql, isUnindexed(sql)
	r.refuseRepeats()
	options := c.Type.Options
	if options == nil {
		return owner
	}
	owner.NotNull = options.Null != nil && !*options.Null
	switch options.KeyOpt {
	case sqlparser.ColKeyNone:
	case sqlparser.ColKeyPrimary:
		r.RefuseWords(dialects.RefusePrimaryKey, "PRIMARY", "KEY")
	case sqlparser.ColKey: // KEY alone means PRIMARY KEY
		r.RefuseWords(dialects.RefusePrimaryKey, "KEY")
	case sqlparser.ColKeyUnique, sqlparser.ColKeyUniqueKey:
		owner.Unique = &dialects.Unique{}
		unique, _ := dialects.FindWords(r.Tokens, "UNIQUE")
		r.Warn(unique.Offset, dialects.WarnUnique)
	default:
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseUnknown)
	}
	if options.Autoincrement {
		r.RefuseWords(dialects.RefuseIdentity, "AUTO_INCREMENT")
	}
	if options.As != nil {
		r.readGenerated(&owner, c.Type)
	}
	if options.OnUpdate != nil {
		owner.OnUpdate = r.readOnUpdate(c.Type)
	}
	if options.Comment != nil {
		owner.Comment = options.Comment.Val
		if utf8.RuneCountInString(owner.Comment) > 1024 {
			r.RefuseWords(dialects.Refusal{Message: "a column's comment has at most 1024 characters (error 1629)", Hint: "write a shorter comment"}, "COMMENT")
		}
	}
	if options.Invisible != nil || options.Format != sqlparser.UnspecifiedFormat || options.EngineAttribute != nil ||
		options.SecondaryEngineAttribute != nil || options.SRID != nil || options.Storage != 0 && options.As == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseUnknown)
	}
	if options.Collate != "" {
		if !dialects.IsPlain(options.Collate) {
			r.RefuseWords(dialects.RefuseUnknown, "COLLATE")
		} else if !isText(sql) && !strings.HasSuffix(sql, "TEXT") {
			r.RefuseWords(dialects.Refusal{Message: "only a text has a collation", Hint: "remove COLLATE"}, "COLLATE")
		} else if why := r.dialect.checkCollation(options.Collate, c.Type.Charset.Name); why.Message != "" {
			r.RefuseWords(why, "COLLATE")
		}
		owner.Collation = options.Collate
	}
	if options.Default != nil {
		owner.Default = r.readDefault(c.Type, owner.NotNull)
		if owner.Unindexed && owner.Default != "NULL" && !strings.HasPrefix(owner.Default, "(") {
			r.RefuseWords(dialects.Refusal{Message: "a column of type " + owner.Type + " has no literal default (error 1101)", Hint: "leave DEFAULT out, and let the column be NULL"}, "DEFAULT")
		}
	}
	if options.Reference != nil {
		owner.Reference = r.readReference(options.Reference)
	}
	return owner
}

// refuseRepeats finds clauses that Vitess lets overwrite one another.
func (r reader) refuseRepeats() {
	seen := map[string]int{}
	depth := 0
	for i, t := range r.Tokens {
		switch t.Kind {
		case dialects.TokenOpen:
			depth++
		case dialects.TokenClose:
			depth--
		}
		if depth > 0 || i == 0 {
			continue
		}
		previous := r.Tokens[i-1].Text
		switch word := t.Text; word {
		case "NULL":
			switch previous {
			case "NOT":
				seen["NOT NULL"]++
			case "SET", "DEFAULT":
			default:
				seen["NULL"]++
			}
			if seen["NULL"] > 0 && seen["NOT NULL"] > 0 {
				r.Refuse(t.Offset, dialects.RefuseNullTwice)
			}
		case "DEFAULT":
			if previous != "SET" {
				if seen[word]++; seen[word] > 1 {
					r.Refuse(t.Offset, dialects.RefuseTwoDefaults)
				}
			}
		case "REFERENCES":
			if seen[word]++; seen[word] > 1 {
				r.Refuse(t.Offset, dialects.RefuseTwoKeys)
			}
		case "UNIQUE":
			if seen[word]++; seen[word] > 1 {
				r.Refuse(t.Offset, dialects.RefuseTwoUniques)
			}
		case "COLLATE":
			if seen[word]++; seen[word] > 1 {
				r.Refuse(t.Offset, dialects.Refusal{Message: "COLLATE stands here twice", Hint: "keep one of the two"})
			}
		case "COMMENT":
			if seen[word]++; seen[word] > 1 {
				r.Refuse(t.Offset, dialects.Refusal{Message: "COMMENT stands here twice", Hint: "keep one of the two"})
			}
		}
	}
}

var actions = map[sqlparser.ReferenceAction]dialects.Action{
	sqlparser.DefaultAction: dialects.NoAction, sqlparser.NoAction: dialects.NoAction, sqlparser.Restrict: dialects.Restrict,
	sqlparser.Cascade: dialects.Cascade, sqlparser.SetNull: dialects.SetNull, sqlparser.SetDefault: dialects.SetDefault,
}

func (r reader) readReference(definition *sqlparser.ReferenceDefinition) *dialects.Reference {
	ref := &dialects.Reference{
		Schema:   definition.ReferencedTable.Qualifier.String(),
		Table:    definition.ReferencedTable.Name.String(),
		OnDelete: actions[definition.OnDelete],
		OnUpdate: actions[definition.OnUpdate],
	}
	if len(definition.ReferencedColumns) == 1 {
		ref.Column = definition.ReferencedColumns[0].String()
	} else {
		r.RefuseWords(dialects.RefuseTwoColumns, "REFERENCES")
	}
	if definition.Match != sqlparser.DefaultMatch { // MySQL manual, 15.1.20.5
		r.RefuseWords(dialects.Refusal{Message: "MATCH makes the database ignore ON DELETE and ON UPDATE", Hint: "remove MATCH: it makes no difference to a foreign key of one column"}, "MATCH")
	}
	if ref.OnDelete == dialects.SetDefault || ref.OnUpdate == dialects.SetDefault {
		r.RefuseWords(dialects.Refusal{Message: "InnoDB has no SET DEFAULT", Hint: "use CASCADE, SET NULL or RESTRICT"}, "SET", "DEFAULT")
	}
	return ref
}
