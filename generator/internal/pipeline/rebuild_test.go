package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
)

// TestRebuild makes the lock again with every tool: it must be the one that was
// lost. What the migrations do not say is refused.
func TestRebuild(t *testing.T) {
	for _, tool := range config.Tools {
		t.Run(tool, func(t *testing.T) {
			config := fmt.Sprintf("version: 1\ntargets:\n  - dialect: postgres\n    migrations: {tool: %s, dir: db}\n", tool)
			d := disk{}
			d.generate(t, config)
			for _, message := range []string{"fill it", "and again"} {
				out, err := NewMigration(d.input(config), "", message)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range out.Files {
					d[f.Path] = string(f.Content)
				}
			}
			if _, err := Rebuild(d.input(config)); err == nil || !strings.Contains(err.Error(), "there is nothing to rebuild") {
				t.Errorf("a lock that is there: %v", err)
			}
			lock := d[lockName]
			rebuilt := func() (string, error) {
				out, err := Rebuild(d.input(config))
				if err != nil {
					return "", err
				}
				if len(out.Files) != 1 || out.Files[0].Path != lockName {
					t.Errorf("the files are %v", out.Files)
				}
				return string(out.Files[0].Content), nil
			}
			refused := func(says ...string) {
				t.Helper()
				if _, err := rebuilt(); err == nil {
					t.Error("no error")
				} else {
					wants(t, err.Error(), says...)
				}
			}
			delete(d, lockName)
			wants(t, d.refusal(t, config), "the lock is gone", "adkgen lock rebuild")
			text, err := rebuilt()
			if err != nil {
				t.Fatal(err)
			}
			// The hash that stood in the first entry is not needed, and not known.
			if unsealed(text) != unsealed(lock) {
				t.Errorf("the lock is\n%s\nand was\n%s", text, lock)
			}
			d[lockName] = lock[:len(lock)/2]
			if again, err := rebuilt(); err != nil || again != text {
				t.Errorf("one that was cut: %v", err)
			}

			delete(d, lockName)
			config = strings.Replace(config, "    migrations:", "    indexes: [update_time]\n    migrations:", 1)
			refused("this is not what adkgen would write for the adkgen.yaml of now", "git log -- adkgen.lock")
			d[lockName] = text
			d.generate(t, config)
			if len(d) < 5 {
				t.Fatalf("nothing was planned: %v", d)
			}
			delete(d, lockName)
			refused("the schema after these migrations is not known, and cannot be read from their SQL: ")
		})
	}
}

func TestRebuildWithAGap(t *testing.T) {
	d := disk{}
	d.generate(t, simple)
	for _, message := range []string{"one", "two"} {
		out, err := NewMigration(d.input(simple), "", message)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range out.Files {
			d[f.Path] = string(f.Content)
		}
	}
	delete(d, lockName)
	delete(d, "db/migrations/0002_ext_adk_one.sql")
	_, err := Rebuild(d.input(simple))
	if err == nil {
		t.Fatal("no error")
	}
	wants(t, err.Error(), "db/migrations/0003_ext_adk_two.sql: this migration has the number 3, and the one before it 1")
	delete(d, firstMigration)
	if _, err = Rebuild(d.input(simple)); err == nil || !strings.Contains(err.Error(), firstMigration+": this file is not there") {
		t.Errorf("the error is %v", err)
	}
}
