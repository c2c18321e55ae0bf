package mysql

import (
	"errors"
	"strings"

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
	return dialects.ParseFragment(d, dialects.Grammar{Tokenize: tokenize, Read: d.read}, fragment)
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
		if strings.Contains(t.Text, `\`) {
			r.Refuse(t.Offset, dialects.Refusal{Message: "a backslash in a text means different things under different SQL modes", Hint: "write it without one"})
			return dialects.Owner{}
		}
	}
	statement, err := newParser().ParseStrictDDL(before + fragment + after)
	if err != nil {
		d.refuseSyntax(r, err)
		return dialects.Owner{}
	}
	column := onlyColumn(statement)
	if column == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseNotAColumn)
		return dialects.Owner{}
	}
	if name := r.Tokens[0].Text; !strings.HasPrefix(name, "`") && d.flavour.reserved[name] {
		r.Refuse(r.Tokens[0].Offset, dialects.Refusal{Message: name + " is a reserved word of " + d.flavour.title, Hint: "choose another name, such as owner_" + strings.ToLower(name)})
	}
	return reader{r, d}.column(column)
}

// refuseSyntax says what a syntax error means, where MySQL knows the clause and
// Vitess does not, or where another database would take it.
func (d Dialect) refuseSyntax(r *dialects.Reader, err error) {
	offset, message := syntaxError(err)
	if offset >= len(r.Fragment) {
		if _, references := dialects.FindWords(r.Tokens, "REFERENCES"); references {
			message = "the referenced column is missing, which " + d.flavour.title + " wants named"
			r.Refuse(r.Tokens[len(r.Tokens)-1].Offset, dialects.Refusal{Message: message, Hint: "write REFERENCES users(id)"})
			return
		}
	}
	t, _ := r.TokenAt(offset)
	switch t.Text {
	case "CHECK":
		r.Refuse(offset, dialects.RefuseCheck)
	case "CONSTRAINT":
		r.Refuse(offset, dialects.Refusal{Message: "a constraint inside a column has no name in " + d.flavour.title, Hint: "leave CONSTRAINT and the name out: adkgen names the foreign key"})
	case "DEFERRABLE", "INITIALLY":
		r.Refuse(offset, dialects.Refusal{Message: d.flavour.title + " checks foreign keys at once", Hint: "remove " + t.Text})
	case "REFERENCES":
		r.Refuse(offset, dialects.RefuseTwoKeys)
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

// syntaxError places a parser's error in the fragment. Its position is that of
// the byte after the token that it names, counted from 1.
func syntaxError(err error) (offset int, message string) {
	var e sqlparser.PositionedErr
	if !errors.As(err, &e) {
		return 0, err.Error()
	}
	message = e.Err
	if e.Near != "" {
		message += " near " + e.Near
	}
	return max(0, e.Pos-2-len(before)), message
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
	owner.Type = sql
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
	default:
		r.RefuseWords(dialects.RefuseUnique, "UNIQUE")
	}
	if options.Autoincrement {
		r.RefuseWords(dialects.RefuseIdentity, "AUTO_INCREMENT")
	}
	if options.As != nil {
		r.RefuseWords(dialects.RefuseGenerated, "AS")
	}
	if options.OnUpdate != nil {
		r.RefuseWords(dialects.RefuseUnknown, "ON", "UPDATE")
	}
	if options.Comment != nil {
		r.RefuseWords(dialects.RefuseUnknown, "COMMENT")
	}
	if options.Invisible != nil || options.Format != sqlparser.UnspecifiedFormat || options.EngineAttribute != nil ||
		options.SecondaryEngineAttribute != nil || options.SRID != nil || options.Storage != 0 && options.As == nil {
		r.Refuse(r.Tokens[0].Offset, dialects.RefuseUnknown)
	}
	if options.Collate != "" {
		if !dialects.IsPlain(options.Collate) {
			r.RefuseWords(dialects.RefuseUnknown, "COLLATE")
		}
		owner.Collation = options.Collate
	}
	if options.Default != nil {
		owner.Default = r.readDefault(c.Type, owner.NotNull)
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
	if definition.Match != sqlparser.DefaultMatch {
		r.RefuseWords(dialects.RefuseMatch, "MATCH")
	}
	if ref.OnDelete == dialects.SetDefault || ref.OnUpdate == dialects.SetDefault {
		r.RefuseWords(dialects.Refusal{Message: "InnoDB has no SET DEFAULT", Hint: "use CASCADE, SET NULL or RESTRICT"}, "SET", "DEFAULT")
	}
	return ref
}

// readDefault writes a default as SQL again: a literal, or an expression in
// parentheses (MySQL manual, 13.6 Data Type Default Values).
func (r reader) readDefault(t *sqlparser.ColumnType, notNull bool) string {
	options := t.Options
	if _, isNull := options.Default.(*sqlparser.NullVal); isNull {
		if notNull {
			r.RefuseWords(dialects.Refusal{Message: "the column is NOT NULL, but its default is NULL (error 1067)", Hint: "remove DEFAULT NULL"}, "DEFAULT")
		}
		return "NULL"
	}
	why := dialects.Refusal{}
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) {
		switch n := n.(type) {
		case *sqlparser.Literal:
		case *sqlparser.Subquery:
			why = dialects.RefuseSubquery
		case *sqlparser.ColName:
			why = dialects.RefuseColumn
		case *sqlparser.FuncExpr:
			if instead := r.dialect.flavour.lacks[strings.ToUpper(n.Name.String())]; instead != "" {
				why = dialects.Refusal{Message: r.dialect.flavour.title + " has no function " + n.Name.String() + " for a default", Hint: "write " + instead}
			}
		case *sqlparser.CurTimeFuncExpr, *sqlparser.UnaryExpr, *sqlparser.BinaryExpr, *sqlparser.NullVal,
			sqlparser.BoolVal, sqlparser.IdentifierCI, sqlparser.IdentifierCS, *sqlparser.Exprs, *sqlparser.IntroducerExpr:
		default:
			why = dialects.RefuseExpression
		}
		return why.Message == "", nil
	}, options.Default)
	if why.Message != "" {
		r.RefuseWords(why, "DEFAULT")
		return "NULL"
	}
	literal := literalOf(options)
	why = dialects.CheckDefault(classOf(t.Type), strings.ToUpper(t.Type), literal)
	if now, isNow := options.Default.(*sqlparser.CurTimeFuncExpr); isNow && options.DefaultLiteral {
		length := 0
		if t.Length != nil {
			length = *t.Length
		}
		if name := strings.ToLower(t.Type); name != "datetime" && name != "timestamp" || now.Fsp != length {
			why = dialects.Refusal{Message: "CURRENT_TIMESTAMP is a default for DATETIME and TIMESTAMP only, with as many digits as the type (error 1067)", Hint: "write DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)"}
		}
	}
	if why.Message != "" {
		r.RefuseWords(why, "DEFAULT")
		return "NULL"
	}
	sql := write(options.Default)
	if options.DefaultLiteral {
		return sql
	}
	return "(" + sql + ")"
}

// write gives an expression as SQL. Quotes in a text are doubled, not escaped
// with a backslash, which some SQL modes take literally.
func write(e sqlparser.Expr) string {
	buffer := sqlparser.NewTrackedBuffer(func(buffer *sqlparser.TrackedBuffer, node sqlparser.SQLNode) {
		if text, ok := node.(*sqlparser.Literal); ok && text.Type == sqlparser.StrVal {
			buffer.WriteString("'" + strings.ReplaceAll(text.Val, "'", "''") + "'")
			return
		}
		node.Format(buffer)
	})
	buffer.Myprintf("%v", e)
	return buffer.String()
}

// literalOf tells a default that is written out from other expressions.
func literalOf(options *sqlparser.ColumnTypeOptions) dialects.Literal {
	value, ok := options.Default.(*sqlparser.Literal)
	switch {
	case !options.DefaultLiteral || !ok:
		return dialects.Literal{}
	case value.Type == sqlparser.StrVal:
		return dialects.Literal{Kind: dialects.LiteralText, Text: value.Val}
	case value.Type == sqlparser.IntVal || value.Type == sqlparser.DecimalVal || value.Type == sqlparser.FloatVal:
		return dialects.Literal{Kind: dialects.LiteralNumber, Text: value.Val}
	}
	return dialects.Literal{}
}
