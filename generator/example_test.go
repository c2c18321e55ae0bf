package generator_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/adkgen/adkgen/generator"
)

const config = `version: 1
targets:
  - dialect: sqlite
    owner_id_column: account_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE
    migrations: {tool: goose, dir: db/migrations/adk}
    queries: {dir: db/queries/adk}
`

// empty is the input of a configuration in a folder that has nothing else.
func empty(config string) generator.Input {
	return generator.Input{
		ConfigFile: "adkgen.yaml",
		Config:     []byte(config),
		Read:       func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		List:       func(string) ([]string, error) { return nil, fs.ErrNotExist },
	}
}

// In memory: nothing is read from the disk, and nothing is written.
func ExampleGenerate() {
	out, err := generator.Generate(empty(config))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range out.Files {
		fmt.Println(f.State, f.Path)
	}
	// Output:
	// created db/migrations/adk/0001_ext_adk_create_adk_tables.sql
	// created db/queries/adk/events.sql
	// created db/queries/adk/sessions.sql
	// created db/queries/adk/states.sql
	// created adkgen.lock
}

// What the user has to change comes as Problems, each with its place.
func ExampleGenerate_problems() {
	_, err := generator.Generate(empty(strings.Replace(config, "CASCADE", "SET NULL", 1)))
	var problems generator.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Printf("line %d, column %d\n", p.Line, p.Column)
		}
		fmt.Println(problems)
	}
	// Output:
	// line 4, column 41
	// adkgen.yaml:4:41: owner_id_column: ON DELETE SET NULL needs a column that can be NULL, but account_id is NOT NULL
	//     owner_id_column: account_id INTEGER NOT NULL REFERENCES users(id) ON DELETE SET NULL
	//                                         ^~~~~~~~
	// hint: drop NOT NULL, or use ON DELETE CASCADE
}

// A second run finds the lock that the first has written, and changes nothing.
func ExampleWrite() {
	folder, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	in := generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), []byte(config))
	for range 2 {
		out, err := generator.Generate(in)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := generator.Write(folder, out.Files); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(out.Files[0].State, out.Files[0].Path)
	}
	// Output:
	// created db/migrations/adk/0001_ext_adk_create_adk_tables.sql
	// unchanged db/migrations/adk/0001_ext_adk_create_adk_tables.sql
}
