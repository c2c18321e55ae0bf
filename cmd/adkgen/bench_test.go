package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// program builds adkgen as a user has it.
func program(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "adkgen")
	if out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return name
}

func execute(b *testing.B, dir, name string, args ...string) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}

// BenchmarkProcess runs adkgen as a whole process: help, which pays for no
// parser, and the case with all five dialects, written and unchanged.
func BenchmarkProcess(b *testing.B) {
	name := program(b)
	config, err := os.ReadFile("../../golden/cases/five-dialects/adkgen.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("help", func(b *testing.B) {
		for b.Loop() {
			execute(b, b.TempDir(), name, "--help")
		}
	})
	b.Run("five-dialects/first", func(b *testing.B) {
		dir := b.TempDir()
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			folder := filepath.Join(dir, fmt.Sprint(i))
			if err := os.Mkdir(folder, 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "adkgen.yaml"), config, 0o644); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			execute(b, folder, name, "generate")
		}
	})
	b.Run("five-dialects/check", func(b *testing.B) {
		dir := b.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "adkgen.yaml"), config, 0o644); err != nil {
			b.Fatal(err)
		}
		execute(b, dir, name, "generate")
		for b.Loop() {
			execute(b, dir, name, "generate", "--check")
		}
	})
}

// BenchmarkOwner parses and checks one owner column: first in a process, with
// the process itself, and warm.
func BenchmarkOwner(b *testing.B) {
	name := program(b)
	for _, dialect := range generator.DialectNames {
		fragment := "account_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE"
		if dialect == "oracle" {
			fragment = strings.ReplaceAll(fragment, "BIGINT", "NUMBER(19)")
		}
		b.Run(dialect+"/first", func(b *testing.B) {
			for b.Loop() {
				execute(b, b.TempDir(), name, "owner", "--json", "-d", dialect, fragment)
			}
		})
		d, _ := generator.NewDialect(dialect, generator.DialectOptions{})
		b.Run(dialect+"/warm", func(b *testing.B) {
			for b.Loop() {
				if _, _, err := generator.ParseOwner("FRAGMENT", d, fragment, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTargets generates, writes and checks many tenants; ns/target tells
// whether the work grows with their number only, and -cpu 1,2 whether cores
// share it.
func BenchmarkTargets(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		var config strings.Builder
		config.WriteString("version: 1\ntargets:\n  - dialect: postgres\n    tenants:\n")
		for i := range n {
			fmt.Fprintf(&config, "      - t%d\n", i)
		}
		config.WriteString("    owner_id_column: account_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE\n    schema: tenant_$tenant\n    migrations: {tool: goose, dir: db/migrations/$tenant}\n    queries: {dir: db/queries/$tenant}\n")
		input := generator.Input{ConfigFile: "adkgen.yaml", Config: []byte(config.String()), Read: func(string) ([]byte, error) { return nil, os.ErrNotExist }}
		b.Run(fmt.Sprintf("generate/%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := generator.Generate(input); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/target")
		})
		b.Run(fmt.Sprintf("write/%d", n), func(b *testing.B) {
			out, err := generator.Generate(input)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			for i := 0; b.Loop(); i++ {
				if err := generator.Write(filepath.Join(dir, fmt.Sprint(i)), out.Files); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/target")
		})
		b.Run(fmt.Sprintf("check/%d", n), func(b *testing.B) {
			out, err := generator.Generate(input)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			if err := generator.Write(dir, out.Files); err != nil {
				b.Fatal(err)
			}
			written := generator.OnDisk(filepath.Join(dir, "adkgen.yaml"), []byte(config.String()))
			for b.Loop() {
				out, err := generator.Generate(written)
				if err != nil || changed(out.Files) > 0 {
					b.Fatal(err, changed(out.Files))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/target")
		})
	}
}
