package service

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/adkgen/adkgen/golden/databases/servers"
	"google.golang.org/adk/v2/session"
)

// TestRoundTrips counts them on the wire, once the statements are prepared.
func TestRoundTrips(t *testing.T) {
	for _, k := range kinds {
		if k.dialect == "sqlite" {
			continue // there is no wire
		}
		t.Run(k.name, func(t *testing.T) {
			server := serverOf(k)
			s := newStore(t, k, server)
			proxy, err := servers.NewProxy(server.Address(), 0)
			must(t, err)
			t.Cleanup(proxy.Close)
			service := ownedService{s.serviceAt(t, proxy.Through(server, s.database)), s}
			open := create(t, service, "alice", "s0", nil)
			n := 0
			list := func(user string) func() error {
				return func() error {
					_, err := service.List(t.Context(), &session.ListRequest{AppName: "app", UserID: user})
					return err
				}
			}
			appendWith := func(delta map[string]any) func() error {
				return func() error {
					n++
					return service.AppendEvent(t.Context(), open, newEvent(fmt.Sprint(n), now, delta))
				}
			}
			for _, call := range []struct {
				name             string
				postgres, others int64
				do               func() error
			}{
				{"create", 1, 2, func() error {
					n++
					_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: fmt.Sprint("new", n)})
					return err
				}},
				{"append", 1, 4, appendWith(nil)},
				{"append with a state of its own", 1, 4, appendWith(map[string]any{"k": 1})},
				{"append with all states", 1, 6, appendWith(map[string]any{"k": 1, "app:k": 1, "user:k": 1})},
				{"get", 1, 2, func() error {
					_, err := service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "alice", SessionID: "s0"})
					return err
				}},
				{"list of a user", 1, 3, list("alice")},
				{"list of all", 1, 3, list("")},
				{"delete", 1, 1, func() error {
					return service.Delete(t.Context(), &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "new1"})
				}},
			} {
				for range 3 {
					must(t, call.do())
				}
				before := proxy.RoundTrips()
				const times = 5
				for range times {
					must(t, call.do())
				}
				want := call.others
				if k.dialect == "postgres" {
					want = call.postgres
				}
				if got := proxy.RoundTrips() - before; got != want*times {
					t.Errorf("%s: %d round trips in %d calls, want %d each", call.name, got, times, want)
				}
			}
		})
	}
}

// TestCoalescedAppendsShareRoundTrips lets 32 writers append over a slow wire.
func TestCoalescedAppendsShareRoundTrips(t *testing.T) {
	for _, k := range kinds {
		if !k.joins {
			continue
		}
		server := serverOf(k)
		s := newStore(t, k, server)
		proxy, err := servers.NewProxy(server.Address(), 5*time.Millisecond)
		must(t, err)
		t.Cleanup(proxy.Close)
		service := s.serviceAt(t, proxy.Through(server, s.database))
		const writers, each = 32, 10
		var sessions []session.Session
		for w := range writers {
			sessions = append(sessions, create(t, service, fmt.Sprint("u", w), "s", nil))
		}
		appendTo(t, service, sessions[0], newEvent("first", now, nil))
		stale := get(t, service, "u1", "s")
		appendTo(t, service, sessions[1], newEvent("first", now, nil))
		before := proxy.RoundTrips()
		var group sync.WaitGroup
		for w, open := range sessions {
			group.Go(func() {
				for i := range each {
					if err := service.AppendEvent(t.Context(), open, newEvent(fmt.Sprint(i), now, nil)); err != nil {
						t.Error(err)
					}
					if w == 1 { // amid the others: the one error is this one's alone
						is(t, "a stale one", service.AppendEvent(t.Context(), stale, newEvent(fmt.Sprint("stale", i), now, nil)), s.errors().stale)
					}
				}
			})
		}
		group.Wait()
		if trips := proxy.RoundTrips() - before; trips > writers*each/4 {
			t.Errorf("%d appends took %d round trips", writers*each, trips)
		}
		for w := range writers {
			n := each
			if w < 2 {
				n++
			}
			s.wantSeqs(t, fmt.Sprint("u", w), "s", n)
		}
	}
}
