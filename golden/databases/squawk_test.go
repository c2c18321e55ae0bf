package databases

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/golden/databases/servers"
)

// excused are rules of squawk (squawkhq.com/docs/rules) that do not fit here,
// by the part of a file's name that they are excused for, with the reason.
var excused = []struct{ rule, file, why string }{
	{"prefer-text-field", "", "VARCHAR(128) bounds adkgen's keys, and is never changed"},
	{"require-statement-timeout", "", "what blocks is bounded by lock_timeout; a validation or a backfill takes its time and blocks nobody"},
	{"require-lock-timeout", "create_", "nobody waits for tables that are new"},
	{"require-lock-timeout", "_index_", "CONCURRENTLY waits for others, and nobody for it; a timeout would leave an index that is not valid"},
	{"adding-not-nullable-field", "_require_", "the check that the migration before has validated proves that there is no NULL"},
	{"prefer-bigint-over-int", "", "the type of the user's own column is the user's"},
	{"changing-column-type", "_change_sessions_slug", "a longer VARCHAR writes no row again; a shorter one the user has allowed"},
	{"renaming-table", "_rename_", "the user has asked for it"},
	{"ban-drop-table", "_drop_", "the user has said --allow-destructive"},
	{"ban-drop-column", "_drop_", "the user has said --allow-destructive"},
	{"ban-drop-not-null", "change_sessions", "an owner column that is no longer used must not be NOT NULL"},
	{"ban-drop-not-null", "drop-owner", "the program that does not know the column any more could not write a row"},
}

// TestSquawk gives the way up of every evolution to squawk, the linter of
// PostgreSQL migrations.
func TestSquawk(t *testing.T) {
	squawk := os.Getenv("ADKGEN_SQUAWK")
	if squawk == "" {
		squawk = "squawk"
	}
	if _, err := exec.LookPath(squawk); err != nil {
		if servers.Required("all") {
			t.Fatal(err)
		}
		t.Skip("no squawk: npm install squawk-cli, or set ADKGEN_SQUAWK")
	}
	files, err := filepath.Glob(casesDir + "/evolve-postgres-*/want/db/migrations/adk/0*.sql")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	work := t.TempDir()
	inside, outside := []string{"--assume-in-transaction"}, []string(nil)
	for _, file := range files {
		up, _, isGoose := strings.Cut(read(t, file), "-- +goose Down")
		if !isGoose {
			continue
		}
		name := filepath.Join(work, filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(file))))))+"-"+filepath.Base(file))
		if err := os.WriteFile(name, []byte(up), 0o644); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(up, "NO TRANSACTION") {
			outside = append(outside, name)
		} else {
			inside = append(inside, name)
		}
	}
	used := map[int]bool{}
	for _, args := range [][]string{inside, outside} {
		cmd := exec.Command(squawk, append([]string{"--reporter", "json"}, args...)...)
		out, err := cmd.Output() // exit status 1 says that there are findings
		var findings []struct {
			File, Message string
			Line          int
			Rule          string `json:"rule_name"`
		}
		if jsonErr := json.Unmarshal(out, &findings); jsonErr != nil {
			t.Fatalf("%v: %v\n%s", jsonErr, err, out)
		}
	next:
		for _, f := range findings {
			for i, e := range excused {
				if e.rule == f.Rule && strings.Contains(filepath.Base(f.File), e.file) {
					used[i] = true
					continue next
				}
			}
			t.Errorf("%s:%d: %s: %s", filepath.Base(f.File), f.Line, f.Rule, f.Message)
		}
	}
	for i, e := range excused {
		if !used[i] {
			t.Errorf("squawk no longer says %s of %q", e.rule, e.file)
		}
	}
}
