package yardstick

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects/oracle"
	"github.com/adkgen/adkgen/generator"
	"github.com/antlr4-go/antlr/v4"
	"github.com/bytebase/parser/plsql"
	"gopkg.in/yaml.v3"
)

// errorsOf collects the syntax errors of the library's lexer and parser.
type errorsOf struct {
	*antlr.DefaultErrorListener
	messages []string
}

func (e *errorsOf) SyntaxError(_ antlr.Recognizer, _ any, line, column int, message string, _ antlr.RecognitionException) {
	e.messages = append(e.messages, message)
}

// parse gives the library's complaints about a script.
func parse(sql string) []string {
	listener := &errorsOf{DefaultErrorListener: antlr.NewDefaultErrorListener()}
	lexer := plsql.NewPlSqlLexer(antlr.NewInputStream(sql))
	lexer.RemoveErrorListeners()
	lexer.AddErrorListener(listener)
	parser := plsql.NewPlSqlParser(antlr.NewCommonTokenStream(lexer, antlr.TokenDefaultChannel))
	parser.RemoveErrorListeners()
	parser.AddErrorListener(listener)
	parser.Sql_script()
	return listener.messages
}

// TestEverythingThatIsEmitted parses every file that the golden cases have for Oracle.
func TestEverythingThatIsEmitted(t *testing.T) {
	locks, err := filepath.Glob("../../../golden/cases/*/want/adkgen.lock")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, name := range locks {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var lock generator.Lock
		if err := yaml.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		for _, target := range lock.Targets {
			if target.Dialect != "oracle" {
				continue
			}
			dir := filepath.Dir(name)
			if len(lock.Targets) > 1 {
				dir = filepath.Join(dir, filepath.Dir(target.Dir))
			}
			err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
				if err != nil || filepath.Ext(name) != ".sql" {
					return err
				}
				files++
				text, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				for _, bind := range regexp.MustCompile(`:(\w+)`).FindAllStringSubmatch(string(text), -1) {
					if strings.HasPrefix(oracle.Dialect{}.Quote(strings.ToUpper(bind[1])), `"`) {
						t.Errorf("%s: a bind cannot have the reserved name :%s (ORA-01745)", name, bind[1])
					}
				}
				if messages := parse(string(text)); len(messages) > 0 {
					t.Errorf("%s: %s\n%s", name, strings.Join(messages, "\n"), text)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	if files < 30 {
		t.Errorf("only %d files", files)
	}
}

// fragments are judged by both parsers. Where they differ, the reason says why
// ours is right; where they agree, there is none.
var fragments = []struct{ fragment, reason string }{
	{"account_id NUMBER(10) REFERENCES users(id) ON DELETE CASCADE", ""},
	{"account_id NUMBER(10) REFERENCES users(id) ON DELETE SET NULL", ""},
	{"account_id NUMBER(10) NOT NULL REFERENCES users", ""},
	{"account_id NUMBER(10) CONSTRAINT fk REFERENCES app.users(id)", ""},
	{`"Account" VARCHAR2(36 CHAR) DEFAULT 'none' NOT NULL`, ""},
	{"x RAW(16) DEFAULT SYS_GUID() NOT NULL", ""},
	{"x VARCHAR2(36 BYTE)", ""},
	{"x NUMBER", ""},
	{"x NUMBER(10, 2)", ""},
	{"x DATE DEFAULT SYSDATE", ""},
	{"x TIMESTAMP(6)", ""},
	{"x CHAR(36) COLLATE BINARY_CI", ""},
	{"x NUMBER(10) REFERENCES users(id) DEFERRABLE INITIALLY DEFERRED", ""},
	{"x NUMBER(10) REFERENCES users(id) NOT DEFERRABLE", ""},
	{"x INTEGER NULL", ""},
	{"x NUMBER(10) REFERENCES users(id) ON DELETE RESTRICT", ""},
	{"x NUMBER(10) REFERENCES users(id) ON DELETE NO ACTION", ""},
	{"x NUMBER(10) REFERENCES users(id) ON DELETE SET DEFAULT", ""},
	{"x NUMBER(10) REFERENCES users(id) ON UPDATE CASCADE", ""},
	{"x NUMBER(10) REFERENCES users(id) MATCH FULL", ""},
	{"x NUMBER(10) NOT NULL DEFAULT 0", ""},
	{"x NUMBER(10", ""},
	{"x NUMBER(10) REFERENCES", ""},
	{"NUMBER(10)", ""},
	{"x", "the library takes a column without a type, which only CREATE TABLE AS SELECT and virtual columns may have; ORA-02263"},
	{"level NUMBER(10)", "a reserved word names no column without quotes; ORA-00904"},
	{"comment VARCHAR2(10)", "a reserved word names no column without quotes; ORA-00904"},
	{"session NUMBER(10)", "a reserved word names no column without quotes; ORA-00904"},
	{"x UUID", "the library takes any word for a type; ORA-00902"},
	{"x BIGINT", "the library takes any word for a type; ORA-00902"},
	{"x VARCHAR2", "the library takes a type without its length; ORA-00906"},
	{"x RAW", "the library takes a type without its length; ORA-00906"},
	{"x NUMBER(39)", "the library does not look at numbers; ORA-01727"},
	{"x VARCHAR2(5000)", "the library does not look at numbers; ORA-00910"},
	{"x CLOB", "a LOB can be in no index; ORA-02327"},
	{"x NUMBER(10) DEFAULT :n", "the library takes a bind variable; ORA-01027"},
	{"x NUMBER(10) DEFAULT other_column", "the library takes a column in a default; ORA-00984"},
	{"x NUMBER(10) DEFAULT (SELECT 1 FROM dual)", "the library takes a subquery in a default; ORA-02251"},
	{"x NUMBER(10) REFERENCES t(a, b)", "the library takes two columns; ORA-02256"},
	{"x NUMBER(10) REFERENCES users@remote(id)", "the library takes a database link; ORA-02021"},
	{"x NUMBER(10) NOT NULL NULL", "the library takes both; ORA-02259"},
	{"x NUMBER(10) /* a comment */", "the library skips comments, and adkgen refuses them"},
	{"x NUMBER(10) -- a comment", "the library skips comments, and adkgen refuses them"},
	{"x NUMBER(10), y NUMBER(10)", "the library takes two columns, and adkgen wants one"},
	{"x NUMBER(10)) TABLESPACE (users", ""},
	{"x NUMBER(10) PRIMARY KEY", "Oracle takes it too; the sessions table has a primary key already"},
	{"x NUMBER(10) GENERATED ALWAYS AS IDENTITY", "Oracle takes it too; the application gives the owner"},
	{"x NUMBER(10) GENERATED ALWAYS AS (1) VIRTUAL", ""},
	{"x TIMESTAMP WITH TIME ZONE", "Oracle takes it too, but not in a key: ORA-02329"},
}

func TestSameVerdicts(t *testing.T) {
	for _, f := range fragments {
		_, problems := oracle.Dialect{}.ParseOwner(f.fragment)
		ours := len(problems) == 0
		messages := parse("CREATE TABLE t (" + f.fragment + "\n);\n")
		library := len(messages) == 0
		switch {
		case ours != library && f.reason == "":
			t.Errorf("%s: adkgen accepts it: %v %v; the library: %v %v; and no reason is given", f.fragment, ours, problems, library, messages)
		case ours == library && f.reason != "":
			t.Errorf("%s: both say %v, and yet there is a reason: %s", f.fragment, ours, f.reason)
		}
	}
}
