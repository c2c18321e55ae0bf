package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

var seals = regexp.MustCompile(`(?m)^ *(schema_sha256: .*|complete: true)\n`)

// unsealed is a lock as an adkgen wrote it that knew no hash of the schema.
func unsealed(lock string) string { return seals.ReplaceAllString(lock, "") }

func TestAnUnreadableLockIsRefused(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	lock := d[lockName]
	change := func(old, new string) string {
		changed := strings.Replace(lock, old, new, 1)
		if changed == lock {
			t.Fatalf("%q is not in the lock", old)
		}
		return changed
	}
	for text, says := range map[string]string{
		"":                                "the lock is cut off",
		"version: 2\n":                    "this lock was written by a newer adkgen: it has version 2",
		"version: 1\ncolour: red\n":       "adkgen.lock:2:1: this lock was written by a newer adkgen: this one does not know the key colour",
		"version: [\n":                    "the lock cannot be read",
		"a\n<<<<<<< ours\nb\n>>>>>>> x\n": "adkgen.lock:2:1: two branches have both changed the lock, and the conflict is not resolved\n    <<<<<<< ours\n    ^\nhint: run adkgen generate --redo-since main",
		change("not_null: true", "not_null: true\n              secret: 1"): "written by a newer adkgen: this one does not know the key secret",
		change("role: app_states", "role: memory"):                          "the lock is cut off",
		change("complete: true\n", ""):                                      "the lock is cut off: its last line is not there",
		change("kind: order", "kind: columnar"):                             "the lock is cut off",
		change("kind: owner", "kind: columnar"):                             "an index of the kind \"columnar\", which this one does not know",
		change("        - role: app_states", "        - role: memory\n          name: m\n          columns: [{name: id, type: TEXT}]\n          primary_key: {name: m_pk, columns: [id]}\n        - role: app_states"): "a table of the role \"memory\", which this one does not know",
		lock[:strings.Index(lock, "      tables:")] + "      tables: []\ncomplete: true\n": "the schema of db/migrations has no table for sessions",
		change("type: UUID", "type: BIGINT"):                                               "the schema of db/migrations is not the one after migration 1, create_adk_tables",
	} {
		wants(t, disk{lockName: text}.refusal(t, simple), "adkgen.lock:", says)
	}
}

// TestALockThatIsCutIsRefused cuts a lock with two targets behind each of its lines.
func TestALockThatIsCutIsRefused(t *testing.T) {
	config := manyTargets(2)
	d := disk{}
	d.generate(t, config)
	lines := strings.SplitAfter(strings.TrimSuffix(d[lockName], "\n"), "\n")
	if len(lines) < 200 {
		t.Fatalf("the lock has %d lines", len(lines))
	}
	for i := range lines {
		d[lockName] = strings.Join(lines[:i], "")
		out, err := Generate(d.input(config))
		var problems problem.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(problems.Error(), "git checkout COMMIT -- adkgen.lock") {
			t.Errorf("cut after %d lines: %v, %v", i, out, err)
		}
	}
}

// TestAnOldLockThatIsCut holds that one without hashes leads to no panic, and to
// no migration but where the cut leaves a schema that adkgen can have written.
func TestAnOldLockThatIsCut(t *testing.T) {
	const shared = "../../../golden/cases/evolve-postgres-shared-states/" // its lock is of before
	d := disk{}
	if err := filepath.WalkDir(shared+"have", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var text []byte
			text, err = os.ReadFile(name)
			d[filepath.ToSlash(strings.TrimPrefix(name, filepath.Clean(shared+"have")+"/"))] = string(text)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(shared + "adkgen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(d[lockName], "\n"), "\n")
	var accepted []string
	for i := range lines {
		d[lockName] = strings.Join(lines[:i], "")
		if _, err := Generate(d.input(string(config))); err == nil {
			accepted = append(accepted, lines[i])
		}
	}
	if len(lines) < 100 || len(accepted) > 1 {
		t.Errorf("%d cuts are accepted: %q", len(accepted), accepted)
	}
}

// TestALockIsSealedWhenItIsWritten holds that a lock without hashes stays as it is
// until it is written for another reason, and has them then.
func TestALockIsSealedWhenItIsWritten(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	old := strings.Replace(unsealed(d[lockName]), "# What", "# As it was written once. What", 1)
	d[lockName] = old
	d.generate(t, simple)
	if d[lockName] != old {
		t.Errorf("the lock became\n%s", d[lockName])
	}
	wider := strings.Replace(simple, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
	d.generate(t, wider)
	if n := strings.Count(d[lockName], "schema_sha256: "); n != 1 || !strings.HasSuffix(d[lockName], "complete: true\n") {
		t.Errorf("%d hashes in\n%s", n, d[lockName])
	}
	again := d[lockName]
	d.generate(t, wider)
	if d[lockName] != again {
		t.Error("the lock is not stable")
	}

	d[lockName] = old
	out, err := NewMigration(d.input(simple), "", "fill it")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out.Files[len(out.Files)-1].Content); strings.Count(text, "schema_sha256: ") != 1 {
		t.Errorf("a migration of the user's own leaves no hash:\n%s", text)
	}
}

// TestTheHashOfASchema holds that each value counts, and that a field that is
// empty does not.
func TestTheHashOfASchema(t *testing.T) {
	wanted := func() schema.Schema {
		config, err := config.Parse("adkgen.yaml", []byte(simple))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Wanted(config.Targets[0])
	}
	sum := lock.SumOf(wanted())
	same := wanted()
	same.Tables[0].Checks = []schema.Check{}
	if lock.SumOf(same) != sum {
		t.Error("an empty list counts")
	}
	for name, change := range map[string]func(s *schema.Schema){
		"namespace":    func(s *schema.Schema) { s.Namespace = "x" },
		"a table less": func(s *schema.Schema) { s.Tables = s.Tables[:3] },
		"nullable":     func(s *schema.Schema) { s.Tables[0].Columns[0].NotNull = false },
		"order":        func(s *schema.Schema) { c := s.Tables[0].Columns; c[0], c[1] = c[1], c[0] },
		"key":          func(s *schema.Schema) { s.Tables[0].PrimaryKey.Columns = []string{"id"} },
		"delete rule":  func(s *schema.Schema) { s.Tables[0].ForeignKeys[0].OnDelete = "RESTRICT" },
		"index":        func(s *schema.Schema) { s.Tables[0].Indexes = nil },
	} {
		changed := wanted()
		if change(&changed); lock.SumOf(changed) == sum {
			t.Errorf("%s does not count", name)
		}
	}
}
