package dialecttest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/dialects"
	"github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"
)

// schemas reads the files in testdata/schema: a txtar file each, whose file
// "sql" is what the user's migrations do, and "tables" what comes of it.
func schemas(t *testing.T, d dialects.Dialect) {
	files, err := filepath.Glob("testdata/schema/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/schema: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil || len(archive.Files) == 0 || archive.Files[0].Name != "sql" {
			t.Errorf("%s does not begin with -- sql --: %v", file, err)
			continue
		}
		text := schemaText(t, d, string(archive.Files[0].Data))
		if *update && os.Getenv("CI") == "" {
			archive.Files = append(archive.Files[:1], txtar.File{Name: "tables", Data: []byte(text)})
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if len(archive.Files) != 2 || string(archive.Files[1].Data) != text {
			want := ""
			if len(archive.Files) == 2 {
				want = string(archive.Files[1].Data)
			}
			t.Errorf("%s (- want, + got):\n%s", file, udiff.Unified("want", "got", want, text))
		}
	}
}

// schemaText reads a schema and lists it: tables, columns with the place where
// they are created, keys, types, and the statements that were not read. It
// fails the test when a place is not in the text.
func schemaText(t testing.TB, d dialects.Dialect, sql string) string {
	h := &dialects.HostSchema{Types: map[string]bool{}}
	problems := d.ReadSchema(h, "x.sql", sql)
	var b strings.Builder
	at := func(p dialects.Span) string {
		if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(sql) {
			t.Errorf("%q: a place outside: %+v", sql, p)
			return ""
		}
		return fmt.Sprintf("line %d", 1+strings.Count(sql[:p.Offset], "\n"))
	}
	for _, table := range h.Tables {
		fmt.Fprintf(&b, "table %s (%s)", dialects.Qualified(d.Quote, table.Schema, table.Name), at(table.At.Span))
		if table.Opaque {
			b.WriteString(", columns not known")
		}
		b.WriteString("\n")
		for _, c := range table.Columns {
			fmt.Fprintf(&b, "  %s %s (%s)\n", d.Quote(c.Name), strings.TrimSpace(strings.Join([]string{c.Type, c.CharacterSet, c.Collation}, " ")), at(c.At.Span))
		}
		for _, k := range table.Keys {
			kind := "unique"
			if k.Primary {
				kind = "primary"
			}
			fmt.Fprintf(&b, "  %s %s (%s) (%s)\n", kind, k.Name, strings.Join(k.Columns, ", "), at(k.At.Span))
		}
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "not read (%s): %s\n", at(dialects.Span{Offset: p.Offset, Length: p.Length}), p.Message)
	}
	return b.String()
}

// FuzzSchema gives a dialect migrations that grow from those in testdata/schema.
func FuzzSchema(f *testing.F, d dialects.Dialect) {
	files, err := filepath.Glob("testdata/schema/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.SplitSeq(string(archive.Files[0].Data), ";\n") {
			f.Add(line)
		}
		f.Add(string(archive.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) < 4096 {
			schemaText(t, d, sql)
		}
	})
}
