package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/adkgen/adkgen/generator"
)

// git runs git in a folder and gives what it prints. The error says what git
// says.
func git(folder string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", folder}, args...)...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errors.String()))
	}
	return out.String(), nil
}

// maxLocks bounds how many commits since a revision are asked for their lock.
const maxLocks = 200

// since reads the lock at a revision, and those of the commits after it.
func since(config, revision string) (*generator.Since, error) {
	const flag = "--redo-since"
	folder, lock := filepath.Dir(config), generator.LockFile(config)
	refuse := func(message, hint string) error {
		return generator.Problems{{File: flag, Message: message, Hint: hint}}
	}
	if _, err := git(folder, "rev-parse", "--git-dir"); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, refuse("git is not installed, and it alone knows the lock at "+revision, "install git")
		}
		return nil, refuse(config+" is in no git repository", "run adkgen where it is")
	}
	unknown := refuse("git knows no revision "+revision, "write a branch, tag or commit, such as main")
	if revision == "" || strings.HasPrefix(revision, "-") { // no option for git
		return nil, unknown
	}
	commit, err := git(folder, "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	if err != nil {
		return nil, unknown
	}
	commit = strings.TrimSpace(commit)
	s := &generator.Since{Revision: revision}
	if s.Lock, err = lockAt(folder, commit, lock); err != nil {
		return nil, err
	}
	// Both sides of a merge, rebase or cherry-pick that is not finished.
	stages, err := git(folder, "ls-files", "--stage", "--", lock)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(stages) {
		fields := strings.Fields(line) // mode, object, stage, path
		text, err := git(folder, "cat-file", "blob", fields[1])
		if err != nil {
			return nil, err
		}
		s.Later = append(s.Later, []byte(text))
	}
	heads := []string{"HEAD"}
	for _, head := range []string{"MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD"} {
		if _, err := git(folder, "rev-parse", "--verify", "--quiet", head); err == nil {
			heads = append(heads, head)
		}
	}
	args := append([]string{"rev-list", "--full-history", fmt.Sprint("--max-count=", maxLocks)}, heads...)
	commits, err := git(folder, append(args, "--not", commit, "--", lock)...)
	if err != nil {
		return nil, err
	}
	for _, later := range strings.Fields(commits) {
		text, err := lockAt(folder, later, lock)
		if err != nil {
			return nil, err
		}
		s.Later = append(s.Later, text)
	}
	return s, nil
}

// lockAt reads a file of a folder at a commit; nil when it is not there.
func lockAt(folder, commit, name string) ([]byte, error) {
	entry, err := git(folder, "ls-tree", commit, "--", name)
	if err != nil || entry == "" {
		return nil, err
	}
	text, err := git(folder, "cat-file", "blob", strings.Fields(entry)[2]) // mode, type, object, path
	return append([]byte{}, text...), err
}

// attributeLine makes git report a conflict when two branches have both changed
// the lock, instead of merging line by line what belongs together.
func attributeLine(lock string) string { return lock + " -merge" }

// attributeHint says what is missing in .gitattributes; "" when nothing is, or
// where there is no git.
func attributeHint(config string) string {
	folder, lock := filepath.Dir(config), generator.LockFile(config)
	text, err := git(folder, "check-attr", "merge", "--", lock)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(text), ": unspecified") {
		return ""
	}
	file := filepath.Join(folder, ".gitattributes")
	return fmt.Sprintf("%s does not say that git must not merge %s line by line. Add it: echo '%s' >> %s", file, lock, attributeLine(lock), file)
}
