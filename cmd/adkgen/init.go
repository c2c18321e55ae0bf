package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/generator"
	"github.com/spf13/cobra"
)

func initCommand(r *reporter) *cobra.Command {
	var dialect, tool string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented adkgen.yaml to start from",
		Long: `Writes a commented adkgen.yaml, and beside a go.mod a generate.go with the
//go:generate line. Neither is written over a file that is there. A line in
.gitattributes, which is added to what is there, keeps git from merging
adkgen.lock line by line.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			config, err := generator.InitialConfig(dialect, tool)
			if err != nil {
				return err
			}
			if _, err := os.Lstat("adkgen.yaml"); err == nil {
				return generator.Problems{{File: "adkgen.yaml", Message: "the file is there already", Hint: "edit it, or remove it first"}}
			}
			files := []generator.File{{Path: "adkgen.yaml", Content: []byte(config), State: generator.Created}}
			directive, err := directiveFile()
			if err != nil {
				return err
			}
			attributes, err := attributesFile()
			if err != nil {
				return err
			}
			files = append(append(files, directive...), attributes...)
			if err := generator.Write(".", files); err != nil {
				return fmt.Errorf("%w: %w", errMachine, err)
			}
			for _, f := range files {
				fmt.Fprintf(r.out, "%s %s\n", r.style(r.out, green, fmt.Sprintf("%-9s", f.State)), f.Path)
			}
			fmt.Fprint(r.err, "next: edit adkgen.yaml, then run adkgen generate\n")
			if len(directive) > 0 {
				fmt.Fprint(r.err, "and, for go generate: go get -tool github.com/adkgen/adkgen/cmd/adkgen\n")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dialect, "dialect", "postgres", "the database: "+strings.Join(generator.DialectNames, ", "))
	cmd.Flags().StringVar(&tool, "tool", "", "the migration tool: "+strings.Join(generator.Tools, ", ")+" (default: the first that fits)")
	return cmd
}

var notInPackageName = regexp.MustCompile(`[^a-z0-9_]+`)

// directiveFile gives generate.go, if a Go module is here that has none.
func directiveFile() ([]generator.File, error) {
	module, err := os.ReadFile("go.mod")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat("generate.go"); err == nil || hasDirective() {
		return nil, nil
	}
	text, err := generator.GenerateDirective(packageHere(string(module)))
	return []generator.File{{Path: "generate.go", Content: []byte(text), State: generator.Created}}, err
}

var directive = regexp.MustCompile(`(?m)^//go:generate .*\badkgen\b.*\bgenerate\b`)

// hasDirective reports whether a Go file here runs adkgen already.
func hasDirective() bool {
	names, _ := filepath.Glob("*.go") // the pattern is right
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && directive.Match(text) {
			return true
		}
	}
	return false
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// packageHere is the name of the package in this folder; without one, the last
// part of the module's path.
func packageHere(module string) string {
	names, _ := filepath.Glob("*.go")
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly); err == nil {
			return f.Name.Name
		}
	}
	name := "app"
	if m := moduleLine.FindStringSubmatch(module); m != nil {
		name = path.Base(m[1])
	}
	name = notInPackageName.ReplaceAllString(strings.ToLower(name), "")
	if name == "" || strings.Trim(name[:1], "0123456789") == "" || token.IsKeyword(name) {
		return "app"
	}
	return name
}

// attributesFile gives .gitattributes with the line for the lock, behind what is
// there already; none when it has the line.
func attributesFile() ([]generator.File, error) {
	const name = ".gitattributes"
	line := attributeLine(generator.LockFile("adkgen.yaml"))
	before, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return []generator.File{{Path: name, Content: []byte(line + "\n"), State: generator.Created}}, nil
	}
	if err != nil {
		return nil, err
	}
	text := string(before)
	for there := range strings.Lines(text) {
		if strings.TrimSpace(there) == line {
			return nil, nil
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return []generator.File{{Path: name, Content: []byte(text + line + "\n"), Before: before, State: generator.Updated}}, nil
}
