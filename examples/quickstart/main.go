// Command quickstart keeps a conversation in SQLite with what adkgen and sqlc
// wrote: it creates a session for an account, appends two events, and reads
// them back.
package main

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/adkgen/adkgen/examples/quickstart/internal/adkdb"
	_ "modernc.org/sqlite"
)

//go:generate go run -C ../.. ./cmd/adkgen generate -c examples/quickstart/adkgen.yaml
//go:generate go -C ../.. tool sqlc generate -f examples/quickstart/sqlc.yaml

// The snapshot is for development and tests; a deployment applies the
// migrations in db/migrations/adk.
//
//go:embed db/adk_schema.sql
var schema string

func main() {
	if err := run(context.Background(), "file::memory:", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, database string, out io.Writer) error {
	db, err := sql.Open("sqlite", database+"?_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	for _, statement := range []string{"CREATE TABLE accounts (id INTEGER PRIMARY KEY)", "INSERT INTO accounts VALUES (7)", schema} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	q := adkdb.New(db)
	start := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	err = q.CreateSession(ctx, adkdb.CreateSessionParams{AppName: "assistant", UserID: "alice", OwnerID: 7, ID: "s1", State: "{}", CreateTime: start.UnixMicro()})
	if err != nil {
		return err
	}
	for i, text := range []string{`{"author":"user","content":"Hello"}`, `{"author":"agent","content":"Hello, Alice"}`} {
		if err := appendEvent(ctx, db, int64(i), text, start.Add(time.Duration(i)*time.Second)); err != nil {
			return err
		}
	}
	session, err := q.GetSessionForOwner(ctx, adkdb.GetSessionForOwnerParams{AppName: "assistant", UserID: "alice", ID: "s1", OwnerID: 7})
	if err != nil {
		return err
	}
	events, err := q.ListEventsForOwner(ctx, adkdb.ListEventsForOwnerParams{AppName: "assistant", UserID: "alice", SessionID: "s1", OwnerID: 7, MaxSeq: session.Revision})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "session %s of account %d is at revision %d\n", session.ID, session.AccountID, session.Revision)
	for _, e := range events {
		fmt.Fprintf(out, "%d %s %s\n", e.Seq, time.UnixMicro(e.Timestamp).UTC().Format(time.TimeOnly), e.EventData)
	}
	return nil
}

// appendEvent is one transaction: advance the session if nobody else has, then
// insert the event with the new revision as its seq.
func appendEvent(ctx context.Context, db *sql.DB, revision int64, event string, at time.Time) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	q := adkdb.New(tx)
	n, err := q.AdvanceSessionForOwner(ctx, adkdb.AdvanceSessionForOwnerParams{
		AppName: "assistant", UserID: "alice", ID: "s1", OwnerID: 7, Revision: revision, State: "{}", UpdateTime: at.UnixMicro()})
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("somebody else has appended since revision %d", revision)
	}
	n, err = q.InsertEventForOwner(ctx, adkdb.InsertEventForOwnerParams{
		AppName: "assistant", UserID: "alice", SessionID: "s1", OwnerID: 7, ID: fmt.Sprint("e", revision+1), Seq: revision + 1, Timestamp: at.UnixMicro(), EventData: event})
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("the session is another account's")
	}
	return tx.Commit()
}
