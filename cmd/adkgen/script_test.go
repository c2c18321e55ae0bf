package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// withoutSleep is for adkgen under the race detector, which else sleeps for a
// second whenever a program ends. It reports races at once all the same.
const withoutSleep = "atexit_sleep_ms=0"

// TestMain lets the scripts run this test binary as adkgen.
func TestMain(m *testing.M) {
	if err := os.Setenv("GORACE", withoutSleep+" "+os.Getenv("GORACE")); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"adkgen": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }})
}

// TestScript runs the scripts in testdata/script: what a person types, and
// what comes out.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode": exitCode,
		},
	})
}

// exitCode runs a command and compares its exit code: exitcode 2 adkgen …
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = err.Error()
	}
	if want := map[string]string{"0": "0", "1": "exit status 1", "2": "exit status 2", "3": "exit status 3"}[args[0]]; got != want {
		ts.Fatalf("%v: %s, want %s", args[1:], got, want)
	}
}
