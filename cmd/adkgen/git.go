package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/adkgen/adkgen/generator"
)

// git runs git in a folder and gives what it prints. The error says what git
// says.
func git(folder string, args ...string) (string, error) { return gitReads(folder, "", args...) }

// gitReads runs git with an input.
func gitReads(folder, input string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", folder}, args...)...)
	cmd.Stdin = strings.NewReader(input)
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
	// The index has both sides of a merge, rebase or cherry-pick that is not finished.
	places := append([]string{commit, ":0", ":2", ":3", ":1"}, strings.Fields(commits)...)
	for i := range places {
		places[i] += ":./" + lock
	}
	locks, err := objects(folder, places)
	if err != nil {
		return nil, err
	}
	s := &generator.Since{Revision: revision, Lock: locks[0], Later: locks[1:]}
	s.Files = func(names []string) ([][]byte, error) {
		places := make([]string, len(names))
		for i, name := range names {
			places[i] = commit + ":./" + name
		}
		return objects(folder, places)
	}
	return s, nil
}

// objects reads what git has, in the words of gitrevisions(7); nil for what it has
// not. A path is from the folder.
func objects(folder string, names []string) ([][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	text, err := gitReads(folder, strings.Join(names, "\n")+"\n", "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	contents := make([][]byte, len(names))
	for i := range names { // a line with hash, type and size, then the content; or a line that ends in "missing"
		head, rest, _ := strings.Cut(text, "\n")
		text = rest
		fields := strings.Fields(head)
		if strings.HasSuffix(head, " missing") || len(fields) != 3 {
			continue
		}
		size, err := strconv.Atoi(fields[2])
		if err != nil || size >= len(text) {
			return nil, fmt.Errorf("git cat-file: %q is not understood", head)
		}
		if fields[1] == "blob" {
			contents[i] = []byte(text[:size])
		}
		text = text[size+1:]
	}
	return contents, nil
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
