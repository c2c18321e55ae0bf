package main

import (
	"context"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), "file::memory:", &out); err != nil {
		t.Fatal(err)
	}
	const want = `session s1 of account 7 is at revision 2
1 15:09:26 {"author":"user","content":"Hello"}
2 15:09:27 {"author":"agent","content":"Hello, Alice"}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
