package golden

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The session service stands in a package that its user may add to, beside what
// sqlc writes there: its names must be few, and told by their look.

// serviceNames are what the service may declare in its user's package: what it
// documents, and names of its own that begin with adk.
var serviceNames = regexp.MustCompile(`^(SessionService|NewSessionService|SessionServiceOption|WithRetries|WithCoalescing|WithOwner|` +
	`ErrSessionNotFound|ErrSessionExists|ErrSessionStale|ErrEventExists|ErrForeignSession|ErrKeyDoesNotFit|ErrDoesNotSurvive|ErrTooLarge|ErrMaybeStored|ErrNoOwner|adk[A-Z]\w*)$`)

// serviceImports are the names of its imports, which nothing in the package may
// have either: those of the standard library, of the driver, and its own.
var serviceImports = regexp.MustCompile(`^(adk[a-z]+|fastjson|mysql|pgx|pgconn|pgtype|pgxpool)$`)

// TestServiceNames reads the service of every case.
func TestServiceNames(t *testing.T) {
	services := 0
	for _, dir := range caseDirs(t) {
		for name, text := range readTree(t, dir) {
			if path.Base(name) != "session_service.go" {
				continue
			}
			services++
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, name, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, declared := range packageNames(file) {
				if !serviceNames.MatchString(declared) {
					t.Errorf("%s: %s declares %s, which a user may have, too", filepath.Base(dir), name, declared)
				}
			}
			for _, spec := range file.Imports {
				full, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				imported := path.Base(full)
				if spec.Name != nil {
					imported = spec.Name.Name
				} else if full == "github.com/jackc/pgx/v5" {
					imported = "pgx"
				}
				standard := !strings.Contains(strings.Split(full, "/")[0], ".")
				if !standard && !serviceImports.MatchString(imported) {
					t.Errorf("%s: %s imports %s as %s, which a user may have declared", filepath.Base(dir), name, full, imported)
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if r, ok := n.(*ast.ReturnStmt); ok && readsBesideCall(r) {
					t.Errorf("%s: %s: line %d returns a variable beside a call that may set it: Go leaves the order open", filepath.Base(dir), name, files.Position(r.Pos()).Line)
				}
				// Many packages still have a min and a max of their own.
				if ident, ok := n.(*ast.Ident); ok && slices.Contains([]string{"min", "max", "clear"}, ident.Name) {
					t.Errorf("%s: %s uses the name %s", filepath.Base(dir), name, ident.Name)
				}
				return true
			})
		}
	}
	if services < 8 {
		t.Errorf("only %d services", services)
	}
}

// readsBesideCall finds a variable among the results of a return that has a
// method's result, too. The specification orders calls, but not variables.
func readsBesideCall(r *ast.ReturnStmt) (found bool) {
	variable, call := false, false
	for _, result := range r.Results {
		switch e := result.(type) {
		case *ast.Ident:
			variable = variable || !slices.Contains([]string{"nil", "true", "false"}, e.Name)
		case *ast.CallExpr:
			if callee, ok := e.Fun.(*ast.SelectorExpr); ok {
				of, ok := callee.X.(*ast.Ident)
				call = call || !ok || !slices.Contains([]string{"fmt", "errors"}, of.Name)
			}
		}
	}
	return variable && call
}

// packageNames are the names that a file declares at package level, without methods.
func packageNames(file *ast.File) (names []string) {
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						if n.Name != "_" {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	return names
}

// usersFile is what a user may have in the package of the service: names that
// the service had, those of ADK's packages, and helpers from before Go 1.21.
func usersFile(packageName string) string {
	return "package " + packageName + `

var delta, queue, unread, newEvent, statements, session, platform, storedSession, sessionState, sessionEvents, plainEvent int
var ownerKey, ownerOf, joinedAppends, joinedAppend, errNotAdvanced, firstTime int

func min(a, b int) int { return a + b }
func max(a, b int) int { return a + b }

func isNoRow() {}; func isRetryable() {}; func isDuplicate() {}; func isEmpty() {}; func checkKeys() {}; func afterTime() {}
func toColumn() {}; func fromColumn() {}; func merge() {}; func mergeStates() {}; func removedKeys() {}; func rollback() {}
func decodeEvent() {}; func decodeState() {}; func scanState() {}; func splitDelta() {}; func withoutTemp() {}; func withOwner() {}
func newSession() {}; func newScopedSession() {}; func retry() {}
`
}

// withUsersFiles adds a user's file to each package that has a service.
func withUsersFiles(t *testing.T, files tree) tree {
	t.Helper()
	files = maps.Clone(files)
	for name, text := range files {
		if path.Base(name) != "session_service.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		files[path.Join(path.Dir(name), "users_own.go")] = usersFile(file.Name.Name)
	}
	return files
}

// TestOwnersHaveTheColumnsType compiles calls of WithOwner: it takes what sqlc
// has made of the owner's column, and nothing else.
func TestOwnersHaveTheColumnsType(t *testing.T) {
	for folder, types := range map[string]struct{ imports, right, wrong string }{
		"postgresdb": {`"github.com/jackc/pgx/v5/pgtype"`, "pgtype.UUID{}", `"a"`},
		"mysqldb":    {"", "int64(1)", "int32(1)"},
		"sqlitedb":   {"", "1", "uint(1)"}, // a constant takes the column's type
	} {
		for _, c := range []struct {
			value    string
			compiles bool
		}{{types.right, true}, {types.wrong, false}, {"any(1)", false}, {"nil", false}} {
			imports := types.imports
			if c.value != types.right {
				imports = ""
			}
			text := "package " + folder + "\n\nimport (\n\t\"context\"\n\t" + imports + "\n)\n\nvar _ = WithOwner(context.Background(), " + c.value + ")\n"
			err := compileBeside(t, folder, text)
			if (err == "") != c.compiles {
				t.Errorf("WithOwner(ctx, %s) in %s: %s", c.value, folder, err)
			}
			if !c.compiles && !strings.Contains(err, "WithOwner") {
				t.Errorf("WithOwner(ctx, %s) in %s: the compiler says %q", c.value, folder, err)
			}
		}
	}
}

// compileBeside compiles a package of databases/ with one more file in it, and
// gives what the compiler says.
func compileBeside(t *testing.T, folder, text string) string {
	t.Helper()
	dir := t.TempDir()
	writeTree(t, dir, tree{"more.go": text})
	databases, err := filepath.Abs("databases")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(databases, folder, "more.go"): filepath.Join(dir, "more.go")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "./"+folder)
	cmd.Dir = databases
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	return string(out)
}
