package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
)

// ownerFolder is where a dialect keeps its owner columns.
func ownerFolder(dialect string) string {
	return "../../../dialects/" + strings.ReplaceAll(dialect, "mariadb", "mysql") + "/testdata/"
}

// FuzzOwnerSQL holds that no owner column, however it is written, becomes
// anything but one column, with a foreign key, a check and an index or unique
// key at most: the dialect's own grammar reads the table that comes of it.
func FuzzOwnerSQL(f *testing.F) {
	for i, name := range config.DialectNames {
		for _, fragment := range dialecttest.Fragments(f, ownerFolder(name)+"owner") {
			f.Add(uint8(i), fragment)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, fragment string) {
		d, _ := config.NewDialect(config.DialectNames[int(which)%len(config.DialectNames)], config.DialectOptions{})
		owner, problems := d.ParseOwner(fragment)
		if len(problems) > 0 {
			return
		}
		sql, err := render.OwnerSQL(d, owner)
		if err != nil {
			t.Fatal(err)
		}
		h := &dialects.HostSchema{Types: map[string]bool{}}
		if unread := d.ReadSchema(h, "", sql); len(unread) > 0 {
			t.Fatalf("%q becomes what cannot be read: %v\n%s", fragment, unread, sql)
		}
		if len(h.Tables) != 1 {
			t.Fatalf("%q makes %d tables:\n%s", fragment, len(h.Tables), sql)
		}
		table := h.Tables[0]
		keys := 1 // the primary key
		if owner.Unique != nil {
			keys++
		}
		if len(table.Columns) != 8 || len(table.Keys) != keys || table.Opaque {
			t.Errorf("%q makes %d columns and %d keys:\n%s", fragment, len(table.Columns), len(table.Keys), sql)
		}
		column := table.Column(d, owner.Name)
		if column == nil || column.Name != owner.Name {
			t.Fatalf("%q: no column %q:\n%s", fragment, owner.Name, sql)
		}
		if constraints := strings.Count(sql, "\n    CONSTRAINT "); constraints > 4 || strings.Count(sql, "\nCREATE INDEX ") > 1 {
			t.Errorf("%q makes %d constraints:\n%s", fragment, constraints, sql)
		}
	})
}

// TestPlacesInYAML puts every refused fragment of the corpora into a block and
// into a quoted scalar of adkgen.yaml: the place must be that in the file.
func TestPlacesInYAML(t *testing.T) {
	refused := 0
	for _, name := range config.DialectNames {
		for _, rule := range dialecttest.Rules(t, ownerFolder(name)+"corpus/"+name+".txt") {
			if rule.Accept {
				continue
			}
			refused++
			mark := rule.Marks[0].Offset
			before := rule.Text[:mark]
			line := strings.Count(before, "\n")
			column := 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
			tool := "goose"
			if name == "oracle" {
				tool = "plain"
			}
			rest := fmt.Sprintf("\n    migrations: {tool: %s, dir: db}\n", tool)
			head := "# größe\nversion: 1\ntargets:\n  - dialect: " + name + "\n"
			if !strings.Contains(rule.Text, "\t") && mark < len(rule.Text) { // a block ends its own lines
				block := head + "    owner_id_column: |-\n      " + strings.ReplaceAll(rule.Text, "\n", "\n      ") + rest
				checkPlace(t, block, 6+line, column+6)
			}
			if !strings.Contains(rule.Text, "\n") && mark < len(rule.Text) {
				quoted := head + "    owner_id_column: '" + strings.ReplaceAll(rule.Text, "'", "''") + "'" + rest
				checkPlace(t, quoted, 5, len("    owner_id_column: '")+column+strings.Count(before, "'"))
			}
		}
	}
	if refused < 250 {
		t.Errorf("%d refused fragments", refused)
	}
}

func checkPlace(t *testing.T, parsed string, line, column int) {
	t.Helper()
	_, err := config.Parse("adkgen.yaml", []byte(parsed))
	problems, ok := err.(problem.Problems)
	if !ok || len(problems) == 0 {
		t.Errorf("%s\nis accepted: %v", parsed, err)
		return
	}
	for _, p := range problems {
		if p.Line == line && p.Column == column {
			return
		}
	}
	t.Errorf("expected %d:%d\n%v\n%s", line, column, err, parsed)
}
