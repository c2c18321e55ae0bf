package pipeline

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/output"
)

// tree is the files of a user, to generate into.
type tree map[string][]byte

func (f tree) generate(t *testing.T, config string, destructive bool) *Output {
	t.Helper()
	out, err := Generate(Input{ConfigFile: "adkgen.yaml", Config: []byte(config), AllowDestructive: destructive, Read: func(path string) ([]byte, error) {
		if text, ok := f[path]; ok {
			return text, nil
		}
		return nil, fs.ErrNotExist
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range out.Files {
		f[file.Path] = file.Content
	}
	return out
}

// created are the files that a run adds.
func created(out *Output) (names []string) {
	for _, f := range out.Files {
		if f.State == output.Created {
			names = append(names, f.Path)
		}
	}
	return names
}

// TestKeptStatesAreCopiedWithTheBackfill adds an owner column that can be NULL, and
// makes it NOT NULL later: the states that are kept are copied then, and not
// dropped in the same run, even if it may drop.
func TestKeptStatesAreCopiedWithTheBackfill(t *testing.T) {
	const head, foot = "version: 1\ntargets:\n  - dialect: postgres\n", "    migrations: {tool: goose, dir: db/migrations}\n"
	const required = head + "    owner_id_column: account_id BIGINT NOT NULL\n    backfill: (SELECT u.id FROM users AS u WHERE u.login = adk_sessions.user_id)\n" + foot
	for _, destructive := range []bool{false, true} {
		files := tree{}
		files.generate(t, head+foot, false)
		out := files.generate(t, head+"    owner_id_column: account_id BIGINT\n"+foot, false)
		if text := strings.Join(created(out), " "); strings.Contains(text, "copy") {
			t.Errorf("states are copied before sessions have owners: %s", text)
		}
		if notes := strings.Join(out.Notes, ""); !strings.Contains(notes, "Nothing is copied from adk_user_states to adk_owner_states") {
			t.Errorf("the notes are %q", notes)
		}
		out = files.generate(t, required, destructive)
		text := strings.Join(created(out), " ")
		if fill, copied := strings.Index(text, "backfill_sessions_account_id"), strings.Index(text, "copy_owner_states"); fill < 0 || copied < fill || strings.Contains(text, "drop_user_states") {
			t.Errorf("destructive %v: %s", destructive, text)
		}
		out = files.generate(t, required, true)
		if names := created(out); len(names) != 1 || !strings.Contains(names[0], "drop_user_states") {
			t.Errorf("what is dropped at last: %v", names)
		}
		if out = files.generate(t, required, true); slices.ContainsFunc(out.Files, func(f output.File) bool { return f.State != output.Unchanged }) {
			t.Error("there is no end")
		}
	}
}

// TestForeignKeyOfBothTables changes what deleting an owner does: for the sessions,
// and for the states of users.
func TestForeignKeyOfBothTables(t *testing.T) {
	for _, dialect := range []string{"postgres", "mysql", "mariadb", "sqlite"} {
		config := func(rule string) string {
			return "version: 1\ntargets:\n  - dialect: " + dialect + "\n    owner_id_column: account_id BIGINT NOT NULL REFERENCES users(id) ON DELETE " + rule + "\n    migrations: {tool: goose, dir: db/migrations}\n"
		}
		files := tree{}
		files.generate(t, config("CASCADE"), false)
		var text strings.Builder
		for _, name := range created(files.generate(t, config("RESTRICT"), false)) {
			text.Write(files[name])
		}
		for _, key := range []string{"adk_sessions_account_id_fk", "adk_owner_states_account_id_fk"} {
			if !strings.Contains(text.String(), key) {
				t.Errorf("%s: %s stays as it was", dialect, key)
			}
		}
	}
}
