// Command adk-go is an agent that talks, stops, and goes on with its
// conversation: in an SQLite file, or on PostgreSQL or MariaDB. Its sessions are
// kept by the service that adkgen wrote into internal/.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/adk/v2/agent"
	"google.golang.org/adk/v2/agent/llmagent"
	"google.golang.org/adk/v2/runner"
	"google.golang.org/adk/v2/session"
	"google.golang.org/genai"
)

//go:generate go run -C ../.. ./cmd/adkgen generate -c examples/adk-go/adkgen.yaml
//go:generate go -C ../.. tool sqlc generate -f examples/adk-go/sqlc.yaml

// Who talks to the agent, and on whose account.
const (
	appName         = "assistant"
	userID          = "alice"
	sessionID       = "s1"
	accountID int64 = 7
)

func main() {
	database := flag.String("database", "sqlite", "sqlite, postgres or mariadb")
	dsn := flag.String("dsn", "conversation.db", "the file, or the server's data source name")
	flag.Parse()
	if err := talkTwice(context.Background(), *database, *dsn, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// talkTwice talks, closes everything, and opens it again.
func talkTwice(ctx context.Context, database, dsn string, out io.Writer) error {
	if err := talk(ctx, database, dsn, out, "Hello! My name is Alice.", "I would like to fly to Oslo."); err != nil {
		return err
	}
	fmt.Fprintln(out, "-- the program stops, and starts again --")
	return talk(ctx, database, dsn, out, "What is my name?", "And where did I want to go?")
}

// talk says something to the agent and prints the conversation.
func talk(ctx context.Context, database, dsn string, out io.Writer, says ...string) error {
	store, err := open(ctx, database, dsn)
	if err != nil {
		return err
	}
	defer store.close()
	ctx = store.withOwner(ctx, accountID)
	if err := store.begin(ctx); err != nil {
		return err
	}
	assistant, err := llmagent.New(llmagent.Config{
		Name: "assistant", Description: "Remembers what it was told.", Model: memory{}, OutputKey: "last_answer",
	})
	if err != nil {
		return err
	}
	r, err := runner.New(runner.Config{AppName: appName, Agent: assistant, SessionService: store.service})
	if err != nil {
		return err
	}
	for _, text := range says {
		fmt.Fprintln(out, "alice:", text)
		for event, err := range r.Run(ctx, userID, sessionID, genai.NewContentFromText(text, genai.RoleUser), agent.RunConfig{}) {
			if err != nil {
				return err
			}
			fmt.Fprintln(out, event.Author+":", event.Content.Parts[0].Text)
		}
	}
	got, err := store.service.Get(ctx, &session.GetRequest{AppName: appName, UserID: userID, SessionID: sessionID})
	if err != nil {
		return err
	}
	answer, err := got.Session.State().Get("last_answer")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "-- %d events are stored, and the state has last_answer = %q --\n", got.Session.Events().Len(), answer)
	return nil
}
