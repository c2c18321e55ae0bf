package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/golden/databases/servers"
)

const want = `alice: Hello! My name is Alice.
assistant: I will remember that.
alice: I would like to fly to Oslo.
assistant: I will remember that.
-- 4 events are stored, and the state has last_answer = "I will remember that." --
-- the program stops, and starts again --
alice: What is my name?
assistant: Your name is Alice.
alice: And where did I want to go?
assistant: You wanted to fly to Oslo.
-- 8 events are stored, and the state has last_answer = "You wanted to fly to Oslo." --
`

func TestTalk(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres", "mariadb"} {
		t.Run(database, func(t *testing.T) {
			var out strings.Builder
			if err := talkTwice(context.Background(), database, dsnOf(t, database), &out); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("got\n%s\nwant\n%s", &out, want)
			}
		})
	}
}

func dsnOf(t *testing.T, database string) string {
	t.Helper()
	start := map[string]func(string, ...string) (*servers.Server, error){"postgres": servers.Postgres, "mariadb": servers.MariaDB}[database]
	if start == nil {
		return filepath.Join(t.TempDir(), "conversation.db")
	}
	dir, err := os.MkdirTemp("", "adkgen-example-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // the server runs as another user
		t.Fatal(err)
	}
	server, err := start(dir)
	if err != nil {
		if servers.Required(database) {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(server.Stop)
	if !server.IsOurs() {
		t.Skip("the example's tables do not go into a server that was there before")
	}
	return server.DSN(server.Admin)
}
