package databases

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

var (
	purge = regexp.MustCompile(`(?m) PURGE;$`)
	// H2 sets a default with words of its own.
	// It has no PL/SQL: of a loop, the statement in it.
	loop          = regexp.MustCompile(`(?s)DECLARE\n  adk_moved .*?\n      UPDATE (\w+)\n      SET (.*?)\n      WHERE .*?\nEND;\n/\n`)
	copyLoop      = regexp.MustCompile(`(?s)DECLARE\n  adk_moved .*?FOR adk_one IN \((.*?)\n    \) LOOP.*?INSERT INTO (\w+) (\([^)]*\))\n.*?\nEND;\n/\n`)
	modifyDefault = regexp.MustCompile(`MODIFY \((\w+) DEFAULT (\S+)\)`)
)

// TestOracleEvolutionOnH2 runs every evolution of the golden cases for Oracle
// up, down and up again, with a session in the tables.
func TestOracleEvolutionOnH2(t *testing.T) {
	cases, err := filepath.Glob(casesDir + "/evolve-oracle-*-*")
	if err != nil || len(cases) < 10 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if name := filepath.Base(dir); slices.ContainsFunc(generator.Tools, func(tool string) bool { return strings.HasSuffix(name, "-"+tool) }) {
				t.Skip("TestOracleFilesOfOtherTools has them")
			}
			ups, err := filepath.Glob(dir + "/want/db/migrations/adk/*.up.sql")
			if err != nil || len(ups) < 2 {
				t.Fatal(ups, err)
			}
			var script strings.Builder
			script.WriteString("CREATE TABLE users (id NUMBER(10) PRIMARY KEY);\nCREATE TABLE teams (id NUMBER(10) PRIMARY KEY);\n")
			add := func(file string) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text = modifyDefault.ReplaceAll(text, []byte("ALTER COLUMN $1 SET DEFAULT $2"))
				if copyLoop.Match(text) {
					text = copyLoop.ReplaceAll(text, []byte("INSERT INTO $2 $3$1;\n"))
				}
				text = loop.ReplaceAll(text, []byte("UPDATE $1 SET $2;\n"))
				script.WriteString(purge.ReplaceAllString(sqlplusLine.ReplaceAllString(string(text), ""), ";") + "\n")
			}
			add(ups[0])
			for range 2 {
				for _, up := range ups[1:] {
					add(up)
				}
				for _, up := range slices.Backward(ups[1:]) {
					add(strings.Replace(up, ".up.sql", ".down.sql", 1))
				}
			}
			if err := h2(t, script.String()); err != nil {
				t.Error(err)
			}
		})
	}
}
