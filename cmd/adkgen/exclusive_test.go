package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// treeOf reads a folder with hidden files; one that is still written is as it is.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		tree[strings.TrimPrefix(name, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func sameTree(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s differs", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s should not be there", name)
		}
	}
}

// configured makes a folder with an adkgen.yaml.
func configured(t *testing.T, extra string) string {
	t.Helper()
	dir := t.TempDir()
	text := "version: 1\ntargets:\n  - dialect: sqlite\n    migrations: {tool: goose, dir: db}\n    queries: {dir: queries}\n" + extra
	if err := os.WriteFile(filepath.Join(dir, "adkgen.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// atOnce runs adkgen in a folder several times at once, with other arguments each.
func atOnce(t *testing.T, dir string, commands ...[]string) {
	t.Helper()
	var group sync.WaitGroup
	for _, args := range commands {
		group.Go(func() {
			cmd := exec.Command("adkgen", args...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("adkgen %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		})
	}
	group.Wait()
}

const pairs = 15

func TestTwoRunsAtOnce(t *testing.T) {
	alone := configured(t, "")
	atOnce(t, alone, []string{"generate"})
	for range pairs {
		dir := configured(t, "")
		atOnce(t, dir, []string{"generate"}, []string{"generate"})
		sameTree(t, treeOf(t, dir), treeOf(t, alone))
	}
}

func TestTwoNewMigrationsAtOnce(t *testing.T) {
	for range pairs {
		dir := configured(t, "")
		atOnce(t, dir, []string{"generate"})
		atOnce(t, dir, []string{"migration", "new", "-m", "a"}, []string{"migration", "new", "-m", "b"})
		numbers, err := filepath.Glob(filepath.Join(dir, "db", "000[23]_*"))
		if err != nil || len(numbers) != 2 || filepath.Base(numbers[0])[:4] == filepath.Base(numbers[1])[:4] {
			t.Errorf("the migrations are %v", numbers)
		}
		atOnce(t, dir, []string{"generate", "--check"})
	}
}

// TestAKilledRun kills runs at moments all over their time, and wants the next to
// leave the tree of one that was not disturbed.
func TestAKilledRun(t *testing.T) {
	var tenants strings.Builder
	tenants.WriteString("    tenants: [")
	for i := range 40 {
		fmt.Fprintf(&tenants, "t%d, ", i)
	}
	tenants.WriteString("x]\n    session_table: s_$tenant\n    events_table: e_$tenant\n    app_state_table: a_$tenant\n    user_state_table: u_$tenant\n")
	text := strings.NewReplacer("dir: db", "dir: db/$tenant", "dir: queries", "dir: queries/$tenant")
	prepare := func() string {
		dir := configured(t, tenants.String())
		name := filepath.Join(dir, "adkgen.yaml")
		config, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, []byte(text.Replace(string(config))), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	alone := prepare()
	start := time.Now()
	atOnce(t, alone, []string{"generate"})
	whole := time.Since(start)
	want := treeOf(t, alone)
	half := 0
	const kills = 12
	for i := range kills {
		dir := prepare()
		cmd := exec.Command("adkgen", "generate")
		cmd.Dir = dir
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(i+1) / (kills + 1))
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if n := len(treeOf(t, dir)); n > 1 && n != len(want) {
			half++
		}
		atOnce(t, dir, []string{"generate"})
		sameTree(t, treeOf(t, dir), want)
	}
	t.Logf("%d of %d runs were killed while they wrote", half, kills)
}
