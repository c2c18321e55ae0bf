package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/problem"
)

// atlasSum is the file in which Atlas keeps the hash of a directory of
// migrations (Atlas: Migration Directory Integrity File).
const atlasSum = "atlas.sum"

// atlasSums gives the atlas.sum of each directory that Atlas reads, when the
// files are in it. One that does not agree with what is there now is refused:
// writing it anew would hide somebody's edit from Atlas. Where migrations are
// planned again, as after a merge, it is written anew if a lock has every file.
func (g *generation) atlasSums(files []output.File) (sums []output.File, problems problem.Problems, err error) {
	added := map[string]map[string][]byte{} // by directory and name
	known := map[string]bool{}              // files of adkgen's, and of the user's own, that a lock has
	for _, f := range files {
		known[f.Path] = f.Role == output.RoleMigration
		if f.Role == output.RoleMigration && f.State != output.Unchanged {
			dir := path.Dir(f.Path)
			if added[dir] == nil {
				added[dir] = map[string][]byte{}
			}
			added[dir][path.Base(f.Path)] = f.Content
		}
	}
	done := map[string]bool{}
	for _, t := range g.config.Targets {
		dir := t.Migrations.Dir
		if t.Migrations.Tool != "atlas" || done[dir] {
			continue
		}
		done[dir] = true
		there, err := g.sqlFiles(dir)
		if err != nil {
			return nil, nil, err
		}
		name := path.Join(dir, atlasSum)
		before, err := g.in.Read(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		merged := g.later != nil && !slices.ContainsFunc(slices.Collect(maps.Keys(there)), func(file string) bool { return !known[path.Join(dir, file)] })
		if err == nil && !merged && !bytes.Equal(bytes.TrimSpace(before), bytes.TrimSpace(hashDirectory(there))) {
			problems = append(problems, problem.Problem{File: name, Line: 1, Column: 1, Message: "the hash is not that of the files in " + g.in.at(dir),
				Hint: "look at what was changed there; if it is meant, run atlas migrate hash --dir \"file://" + g.in.at(dir) + "\""})
			continue
		}
		for file, text := range added[dir] {
			if there[file] = text; text == nil {
				delete(there, file) // it is removed
			}
		}
		sums = append(sums, output.File{Path: name, Content: hashDirectory(there), Role: output.RoleSum})
	}
	return sums, problems, nil
}

// sqlFiles reads the .sql files of a folder.
func (g *generation) sqlFiles(dir string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	names, err := g.in.List(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sql") {
			if texts[name], err = g.in.Read(path.Join(dir, name)); err != nil {
				return nil, err
			}
		}
	}
	return texts, nil
}

// hashDirectory writes the content of atlas.sum: each file's hash includes the
// names and texts of all before it.
func hashDirectory(files map[string][]byte) []byte {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	running, whole := sha256.New(), sha256.New()
	var lines strings.Builder
	for _, name := range names {
		running.Write([]byte(name))
		if atlasIgnored.Match(files[name]) {
			continue
		}
		running.Write(files[name])
		hash := base64.StdEncoding.EncodeToString(running.Sum(nil))
		whole.Write([]byte(name + hash))
		fmt.Fprintf(&lines, "%s h1:%s\n", name, hash)
	}
	return []byte("h1:" + base64.StdEncoding.EncodeToString(whole.Sum(nil)) + "\n" + lines.String())
}

// atlasIgnored is the start of a file that atlas.sum leaves out.
var atlasIgnored = regexp.MustCompile(`^[ -~]*atlas:sum +ignore(?:[^ -~]|$)`)
