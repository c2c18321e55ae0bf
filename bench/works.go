package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/adkgen/adkgen/golden/databases/service/postgresdb"
	"google.golang.org/adk/v2/model"
	adk "google.golang.org/adk/v2/session"
	"google.golang.org/genai"
)

const app, user = "assistant", "alice"

// plainWorks are the works that every database has.
func plainWorks() []work {
	both := []string{ours, peer}
	return []work{
		{"Append/writers=1", both, 300, appends(1, nil)},
		{"Append/writers=1/state", both, 300, appends(1, map[string]any{"step": 1, "user:name": "Alice", "app:version": "2"})},
		{"Create", both, 200, creates},
		{"Get/events=50", both, 50, gets("events-50", 0)},
		{"Get/events=1000", both, 10, gets("events-1000", 0)},
		{"Get/newest=20/of=10000", both, 20, gets("events-10000", 20)},
		{"List/sessions=200", both, 20, lists},
	}
}

// serverWorks are those of databases that let several write at a time: with
// SQLite the peer fails then, for it takes the write lock too late.
func serverWorks() []work {
	return append(plainWorks(), work{"Append/writers=8", []string{ours, peer}, 800, appends(8, nil)})
}

func postgresWorks() []work {
	works := serverWorks()
	works[0].services = []string{ours, bare, peer}
	return append(works,
		work{"Append/writers=8", []string{coalesced, peer}, 800, appends(8, nil)},
		work{"Append/writers=32", []string{ours, coalesced, peer}, 1600, appends(32, nil)})
}

func delayedWorks() []work {
	both := []string{ours, peer}
	return []work{
		{"Append/writers=1", both, 50, appends(1, nil)},
		{"Get/events=50", both, 20, gets("events-50", 0)},
	}
}

// fill gives each service the same sessions: 200 of other users and 200 of the
// user with 50 events in some, and some long ones.
func (d *database) fill(ctx context.Context) error {
	for name, s := range d.services {
		if name == coalesced || name == bare {
			continue // on the same database
		}
		sizes := map[string]int{"events-50": 50, "events-1000": 1000, "events-10000": 10000}
		if strings.Contains(d.name, "+") {
			sizes = map[string]int{"events-50": 50}
		}
		for id, n := range sizes {
			if err := s.session(ctx, "reader", id, n); err != nil {
				return err
			}
		}
		if strings.Contains(d.name, "+") {
			continue
		}
		for i := range 200 {
			if err := s.session(ctx, user, fmt.Sprint("listed-", i), 0); err != nil {
				return err
			}
			if err := s.session(ctx, fmt.Sprint("other-", i), "s", 50); err != nil {
				return err
			}
		}
	}
	return nil
}

// session makes a session with n events.
func (s *subject) session(ctx context.Context, user, id string, n int) error {
	created, err := s.Create(ctx, &adk.CreateRequest{AppName: app, UserID: user, SessionID: id, State: map[string]any{"language": "en", "step": 1.0, "cart": []any{"a", "b"}}})
	if err != nil {
		return err
	}
	for i := range n {
		if err := s.AppendEvent(ctx, created.Session, newEvent(ctx, i, nil)); err != nil {
			return err
		}
	}
	return nil
}

// newEvent is an answer of a model, of about 600 bytes.
func newEvent(ctx context.Context, i int, delta map[string]any) *adk.Event {
	e := adk.NewEvent(ctx, "e-3f6c9d3e-7d64-4b0e-8d42-000000000000")
	e.Author = "agent"
	e.LLMResponse = model.LLMResponse{
		Content:       genai.NewContentFromText(fmt.Sprint("Answer ", i, ": ", strings.Repeat("It depends on what you mean. ", 8)), genai.RoleModel),
		UsageMetadata: &genai.GenerateContentResponseUsageMetadata{PromptTokenCount: 812, CandidatesTokenCount: 64, TotalTokenCount: 876},
		FinishReason:  genai.FinishReasonStop,
	}
	for key, value := range delta {
		e.Actions.StateDelta[key] = value
	}
	return e
}

// appends appends from a number of writers, each to a session of its own.
func appends(writers int, delta map[string]any) func(context.Context, *database, string, int) error {
	return func(ctx context.Context, d *database, service string, ops int) error {
		s := d.services[service]
		for len(s.open) < writers {
			created, err := s.Create(ctx, &adk.CreateRequest{AppName: app, UserID: fmt.Sprint("writer-", len(s.open))})
			if err != nil {
				return err
			}
			s.open = append(s.open, created.Session)
		}
		if s.queries != nil {
			return s.bareAppends(ctx, ops)
		}
		errs := make([]error, writers)
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range ops / writers {
					if errs[w] = s.AppendEvent(ctx, s.open[w], newEvent(ctx, i, delta)); errs[w] != nil {
						return
					}
				}
			})
		}
		group.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// bareAppends runs the statement of an append in a loop: what is left when all
// that a service does is taken away.
func (s *subject) bareAppends(ctx context.Context, ops int) error {
	session := s.open[0]
	found, err := s.queries.ServiceFindEvent(ctx, postgresdb.ServiceFindEventParams{AppName: app, UserID: session.UserID(), ID: session.ID()})
	if err != nil {
		return err
	}
	data, err := json.Marshal(newEvent(ctx, 0, nil))
	if err != nil {
		return err
	}
	for i := range ops {
		e := newEvent(ctx, i, nil) // as the caller of the service makes one
		_, err := s.queries.ServiceAppend(ctx, postgresdb.ServiceAppendParams{
			SessionDelta: []byte("{}"), AppDelta: []byte("{}"), UserDelta: []byte("{}"),
			AppName: app, UserID: session.UserID(), SessionID: session.ID(), Revision: found.Revision + int64(i),
			ID: e.ID, InvocationID: e.InvocationID, Author: e.Author, Timestamp: e.Timestamp, EventData: data,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func creates(ctx context.Context, d *database, service string, ops int) error {
	s := d.services[service]
	for range ops {
		s.made++
		_, err := s.Create(ctx, &adk.CreateRequest{AppName: app, UserID: "creator", SessionID: fmt.Sprint("made-", s.made), State: map[string]any{"language": "en"}})
		if err != nil {
			return err
		}
	}
	return nil
}

func gets(id string, newest int) func(context.Context, *database, string, int) error {
	return func(ctx context.Context, d *database, service string, ops int) error {
		for range ops {
			got, err := d.services[service].Get(ctx, &adk.GetRequest{AppName: app, UserID: "reader", SessionID: id, NumRecentEvents: newest})
			if err != nil {
				return err
			}
			if n := got.Session.Events().Len(); n < 20 {
				return fmt.Errorf("only %d events", n)
			}
		}
		return nil
	}
}

func lists(ctx context.Context, d *database, service string, ops int) error {
	for range ops {
		got, err := d.services[service].List(ctx, &adk.ListRequest{AppName: app, UserID: user})
		if err != nil {
			return err
		}
		if len(got.Sessions) != 200 {
			return fmt.Errorf("%d sessions", len(got.Sessions))
		}
	}
	return nil
}
