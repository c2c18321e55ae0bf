package golden

import (
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
	"sync"
	"sync/atomic"
	"testing"

	"gopkg.in/yaml.v3"
)

// sqlcProgram builds sqlc once, as the version that go.mod names.
var sqlcProgram = sync.OnceValues(func() (string, error) {
	name := filepath.Join(os.TempDir(), "adkgen-golden-sqlc-"+strconv.Itoa(os.Getpid()))
	out, err := exec.Command("go", "build", "-o", name, "github.com/sqlc-dev/sqlc/cmd/sqlc").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.Remove(filepath.Join(os.TempDir(), "adkgen-golden-sqlc-"+strconv.Itoa(os.Getpid())))
	os.Exit(code)
}

// compileTree runs sqlc on a case's tree where it has a sqlc.yaml, inspects
// the Go code, and gives the folder that it is in; "" without a sqlc.yaml.
func compileTree(t *testing.T, caseDir string, files tree) string {
	t.Helper()
	if hasService(files) { // it stands on what a sqlc.yaml of the user's own generates, too
		files = maps.Clone(files)
		for name, text := range readTree(t, filepath.Join(caseDir, "have")) {
			files["want/"+name] = text
		}
	}
	config := ""
	for name := range files {
		if path.Base(name) == "sqlc.yaml" {
			config = name
		}
	}
	if config == "" {
		return ""
	}
	sqlc, err := sqlcProgram()
	if err != nil {
		t.Fatalf("building sqlc: %v\n%s", err, sqlc)
	}
	work := t.TempDir()
	writeTree(t, work, files)
	for name, text := range readTree(t, filepath.Join(caseDir, "have")) {
		writeTree(t, filepath.Join(work, "want"), tree{name: text})
	}
	cmd := exec.Command(sqlc, "generate", "-f", path.Base(config))
	cmd.Dir = filepath.Join(work, filepath.FromSlash(path.Dir(config)))
	cmd.Env = append(os.Environ(), "GOGC=400") // a third less time
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sqlc generate: %v\n%s", err, out)
	}
	var outs struct {
		SQL []struct {
			Gen struct {
				Go struct{ Out string }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(files[config]), &outs); err != nil {
		t.Fatal(err)
	}
	if len(outs.SQL) == 0 {
		t.Fatalf("%s has no entry", config)
	}
	for _, entry := range outs.SQL {
		inspectGo(t, filepath.Join(cmd.Dir, filepath.FromSlash(entry.Gen.Go.Out)))
	}
	return filepath.Join(work, "want")
}

// hasService reports whether there is a session service in Go among the files.
func hasService(files tree) bool {
	for name := range files {
		if path.Base(name) == "session_service.go" {
			return true
		}
	}
	return false
}

// left is what sqlc leaves in a statement whose parameter it did not see.
var left = regexp.MustCompile(`sqlc\.|@[a-z]`)

var placeholder = regexp.MustCompile(`\$(\d+)|\?(\d*)`)

// placeholders counts what a statement expects: the highest number, or the
// question marks.
func placeholders(sql string) int {
	highest, plain := 0, 0
	for _, m := range placeholder.FindAllStringSubmatch(sql, -1) {
		number, err := strconv.Atoi(m[1] + m[2])
		if err != nil {
			plain++
		}
		highest = max(highest, number)
	}
	return max(highest, plain)
}

// inspectGo finds what sqlc gets wrong in silence: parameters that are left in
// the SQL, placeholders that no argument fills, types that it did not know.
func inspectGo(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) < 4 {
		t.Fatalf("sqlc wrote %v, %v", names, err)
	}
	for _, name := range names {
		if filepath.Base(name) == "session_service.go" {
			continue // adkgen's own
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		statements := map[string]string{}
		for _, declaration := range file.Decls {
			if d, ok := declaration.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec)
					statements[v.Names[0].Name] = stringOf(t, v.Values[0])
				}
			}
		}
		for constant, sql := range statements {
			if m := left.FindString(sql); m != "" {
				t.Errorf("%s: sqlc left %q in %s:\n%s", filepath.Base(name), m, constant, sql)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl: // of database/sql's interfaces, for an ENUM
				return n.Recv == nil || n.Name.Name != "Scan" && n.Name.Name != "Value"
			case *ast.CallExpr:
				if len(n.Args) >= 2 {
					if constant, ok := n.Args[1].(*ast.Ident); ok && statements[constant.Name] != "" {
						if want, got := placeholders(statements[constant.Name]), len(n.Args)-2; want != got {
							t.Errorf("%s: %s has %d placeholders and gets %d arguments", filepath.Base(name), constant.Name, want, got)
						}
					}
				}
			case *ast.Field:
				if filepath.Base(name) != "db.go" && isAny(n.Type) {
					t.Errorf("%s: %v is of type any", filepath.Base(name), n.Names)
				}
				if isTimestamptz(n.Type) {
					t.Errorf("%s: %v is no time.Time", filepath.Base(name), n.Names)
				}
			case *ast.ValueSpec:
				if filepath.Base(name) != "db.go" && isAny(n.Type) {
					t.Errorf("%s: %v is of type any", filepath.Base(name), n.Names)
				}
			}
			return true
		})
	}
}

// stringOf evaluates a constant: sqlc joins pieces around backticks.
func stringOf(t *testing.T, e ast.Expr) string {
	t.Helper()
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return stringOf(t, e.X) + stringOf(t, e.Y)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	t.Fatalf("a constant that is no string: %T", e)
	return ""
}

// isTimestamptz finds pgx's own type for times.
func isTimestamptz(e ast.Expr) bool {
	selector, ok := e.(*ast.SelectorExpr)
	return ok && strings.HasPrefix(selector.Sel.Name, "Timestamp")
}

func isAny(e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok && name.Name == "any" {
		return true
	}
	i, ok := e.(*ast.InterfaceType)
	return ok && len(i.Methods.List) == 0
}

// TestSQLCCompilesEveryTree runs sqlc on all trees that it has an engine for,
// then go vet, which compiles, on all that came out, in one module, with a file of
// a user's own beside each session service.
func TestSQLCCompilesEveryTree(t *testing.T) {
	module := t.TempDir()
	var compiled atomic.Int64
	t.Run("cases", func(t *testing.T) {
		for _, dir := range caseDirs(t) {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				t.Parallel()
				work := compileTree(t, dir, readTree(t, dir).generated())
				if work == "" {
					return
				}
				compiled.Add(1)
				for name, text := range withUsersFiles(t, readTree(t, work)) {
					if path.Ext(name) == ".go" {
						writeTree(t, filepath.Join(module, filepath.Base(dir)), tree{name: text})
					}
				}
			})
		}
	})
	if n := compiled.Load(); n < 150 {
		t.Errorf("only %d trees were compiled", n)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("databases", name)) // has pgx
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(regexp.MustCompile(`(?m)^(replace .*|\s*github.com/adkgen/.*|module .*)$`).ReplaceAllString(string(text), ""))
		if name == "go.mod" {
			text = append([]byte("module example.com/golden\n"), text...)
		}
		writeTree(t, module, tree{name: string(text)})
	}
	cmd := exec.Command("go", "vet", "-mod=mod", "./...")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet on the code that sqlc wrote: %v\n%s", err, out)
	}
}

// TestQueryNames holds that every dialect has the same queries, but for those
// that the database does in another way.
func TestQueryNames(t *testing.T) {
	others := map[string][]string{
		"postgres": {"AppendEvent", "AppendEventForOwner", "DeleteExpiredEvents", "MergeAppState", "MergeUserState", "EnsureAppState", "EnsureUserState", "LockAppState", "LockUserState"},
		"mysql":    {"AdvanceSession", "AdvanceSessionForOwner", "InsertEvent", "InsertEventForOwner", "ListExpiredEvents", "DeleteEvents", "EnsureAppState", "EnsureUserState", "LockAppState", "LockUserState"},
		"mariadb":  {"AdvanceSession", "AdvanceSessionForOwner", "InsertEvent", "InsertEventForOwner", "ListExpiredEvents", "DeleteEvents", "EnsureAppState", "EnsureUserState", "LockAppState", "LockUserState"},
		"sqlite":   {"AdvanceSession", "AdvanceSessionForOwner", "InsertEvent", "InsertEventForOwner", "DeleteExpiredEvents"},
		"oracle":   {"AdvanceSession", "AdvanceSessionForOwner", "InsertEvent", "InsertEventForOwner", "DeleteExpiredEvents", "EnsureAppState", "EnsureUserState", "LockAppState", "LockUserState"},
	}
	common := strings.Fields(`CreateSession GetSession ListSessions ListUserSessions UpdateSessionState DeleteSession ListIdleSessions DeleteIdleSession
		GetSessionForOwner ListSessionsForOwner ListUserSessionsForOwner CountSessionsForOwner DeleteSessionForOwner UpdateSessionStateForOwner ListEventsForOwner ListRecentEventsForOwner
		ListEvents ListRecentEvents ListSessionsWithExpiredEvents GetAppState PutAppState GetUserState PutUserState`)
	name := regexp.MustCompile(`(?m)^-- name: (\w+) :\w+\n-- \w`)
	for _, dialect := range slices.Sorted(maps.Keys(others)) {
		tool := "goose"
		if dialect == "oracle" {
			tool = "plain"
		}
		var got []string
		for file, text := range readTree(t, "cases/"+dialect+"-owner-"+tool+"/want/db/queries/adk") {
			for _, m := range name.FindAllStringSubmatch(text, -1) {
				got = append(got, m[1])
			}
			if strings.Count(text, "-- name:") != len(name.FindAllString(text, -1)) {
				t.Errorf("%s: %s has a query without a comment below its name", dialect, file)
			}
		}
		want := slices.Concat(common, others[dialect])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the queries\n%v\nwant\n%v", dialect, got, want)
		}
	}
}
