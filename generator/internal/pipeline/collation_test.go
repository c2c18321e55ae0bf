package pipeline

import (
	"regexp"
	"strings"
	"testing"
)

var lockedCollation = regexp.MustCompile(`\n +collation: .*`)

// TestAnEmittedCollationIsKept generates for a database whose text owner column
// was emitted with the database's own collation: nothing is planned, the
// snapshot says what is there, and a warning says what compares equal. To ask for
// another collation is refused: each row would be written again under a lock.
func TestAnEmittedCollationIsKept(t *testing.T) {
	for dialect, clause := range map[string]string{"mysql": "COLLATE utf8mb4_0900_bin", "mariadb": "/*M! COLLATE utf8mb4_nopad_bin */"} {
		t.Run(dialect, func(t *testing.T) {
			files := disk{}
			config := func(owner string) string {
				return "version: 1\ntargets:\n  - dialect: " + dialect + "\n    owner_id_column: " + owner + "\n    migrations: {tool: goose, dir: db}\n    snapshot: schema.sql\n"
			}
			files.generate(t, config("tenant VARCHAR(64) NOT NULL"))
			if text := files["schema.sql"]; !strings.Contains(text, clause+" NOT NULL,\n    id ") {
				t.Fatalf("a new column does not compare byte for byte:\n%s", text)
			}
			old := unsealed(lockedCollation.ReplaceAllString(files["adkgen.lock"], ""))
			if old == unsealed(files["adkgen.lock"]) {
				t.Fatalf("the lock has no collation:\n%s", old)
			}
			files["adkgen.lock"] = old
			out, err := Generate(files.input(config("tenant VARCHAR(64) NOT NULL")))
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Targets[0].Next) > 0 || len(out.Warnings) != 1 || !strings.Contains(out.Warnings[0].Hint, "backfill: tenant") {
				t.Errorf("planned %v, warned %v", out.Targets[0], out.Warnings)
			}
			for _, f := range out.Files {
				if f.Path == "schema.sql" && strings.Contains(string(f.Content), clause+" NOT NULL,\n    id ") {
					t.Errorf("the snapshot has a collation that the column has not:\n%s", f.Content)
				}
			}
			wants(t, files.refusal(t, config("tenant VARCHAR(64) COLLATE utf8mb4_bin NOT NULL")), "every row has to be written again under a lock", "give the new column another name")
		})
	}
}
