package service

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adkgen/adkgen/golden/databases/servers"
	"google.golang.org/adk/v2/session"
)

// writer appends to a session, gets it again when it is stale, and calls again
// with the same event when the database was gone. It remembers what it was told
// had been stored.
type writer struct {
	name    string
	service session.Service
	errs    errorsOf
	user    string

	stored []string
	stale  int
	lost   int // calls that failed for another reason than a stale session
}

// work appends until stop is closed, and ends with every call answered.
func (w *writer) work(t *testing.T, stop chan struct{}) {
	deadline := time.Now().Add(2 * time.Minute)
	var open session.Session
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		e := newEvent(fmt.Sprintf("%s-%d", w.name, n), now.Add(time.Duration(n)*time.Second), map[string]any{w.name: n, "app:" + w.name: n})
		for stored := false; !stored; {
			if time.Now().After(deadline) {
				t.Errorf("%s: the database did not come back", w.name)
				return
			}
			if open == nil {
				got, err := w.service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: w.user, SessionID: "s", NumRecentEvents: 1})
				if err != nil {
					w.lost++
					time.Sleep(20 * time.Millisecond)
					continue
				}
				open = got.Session
			}
			switch err := w.service.AppendEvent(t.Context(), open, e); {
			case err == nil:
				w.stored, stored = append(w.stored, e.ID), true
			case errors.Is(err, w.errs.stale):
				w.stale++
				open = nil
			case errors.Is(err, w.errs.eventExists), errors.Is(err, w.errs.notFound):
				t.Errorf("%s: %v", w.name, err)
				return
			default: // the answer was lost: ask again with the same session and event
				w.lost++
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
}

// TestFaults lets 16 writers append to one session and 16 to one each, through
// a proxy that cuts connections, on a server that is killed and started again.
// Afterwards the database has what was acknowledged, once each, without gaps.
func TestFaults(t *testing.T) {
	for _, k := range kinds {
		if k.name != "sqlite" && k.name != "postgres" && k.name != "postgres, coalescing" && k.name != "mariadb" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			testFaults(t, k)
		})
	}
}

func testFaults(t *testing.T, k kind) {
	server, proxy := faultyServer(t, k)
	s := newStore(t, k, server)
	dsn := s.dsn()
	if proxy != nil {
		dsn = proxy.Through(server, s.database)
	}
	services := []session.Service{s.serviceAt(t, dsn), s.serviceAt(t, dsn)} // as of two programs
	var writers []*writer
	for i := range 32 {
		user := "shared"
		if i >= 16 {
			user = fmt.Sprint("user", i)
		}
		if i == 0 || i >= 16 {
			create(t, s.service(t), user, "s", nil)
		}
		writers = append(writers, &writer{name: fmt.Sprint("w", i), service: services[i%2], errs: s.errors(), user: user})
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, w := range writers {
		group.Go(func() { w.work(t, stop) })
	}
	if proxy == nil {
		time.Sleep(3 * time.Second)
	} else {
		for range 2 {
			for range 10 {
				time.Sleep(50 * time.Millisecond)
				proxy.Cut()
			}
			server.Kill()
			time.Sleep(100 * time.Millisecond)
			must(t, server.Start())
			time.Sleep(500 * time.Millisecond)
		}
	}
	close(stop)
	group.Wait()

	lost, stale := 0, 0
	byUser := map[string][]string{}
	for _, w := range writers {
		if w.user != "shared" && w.stale > 0 {
			t.Errorf("%s was told %d times that its session is stale, and nobody else appends to it", w.name, w.stale)
		}
		byUser[w.user] = append(byUser[w.user], w.stored...)
		lost, stale = lost+w.lost, stale+w.stale
	}
	service := s.service(t)
	total := 0
	for user, want := range byUser {
		total += len(want)
		got := get(t, service, user, "s")
		events, state := ids(got), stateOf(got)
		slices.Sort(want)
		slices.Sort(events)
		if !slices.Equal(events, want) {
			t.Errorf("%s has %d events, acknowledged were %d", user, len(events), len(want))
		}
		s.wantSeqs(t, user, "s", len(want))
		for _, w := range writers {
			if w.user == user && len(w.stored) > 0 {
				equal(t, "the last of "+w.name, []any{state[w.name], state["app:"+w.name]}, []any{len(w.stored) - 1, len(w.stored) - 1})
			}
		}
	}
	t.Logf("%d events, %d appends told that they are stale, %d answers lost", total, stale, lost)
	if stale == 0 || proxy != nil && lost == 0 {
		t.Error("nothing went wrong")
	}
}

var faulty atomic.Int64

// faultyServer starts a server that is the test's to kill; none for SQLite.
func faultyServer(t *testing.T, k kind) (*servers.Server, *servers.Proxy) {
	t.Helper()
	start := map[string]func(string, ...string) (*servers.Server, error){"postgres": servers.Postgres, "mariadb": servers.MariaDB}[k.dialect]
	if start == nil {
		return nil, nil
	}
	if shared := serverOf(k); shared == nil || !shared.IsOurs() {
		newStore(t, k, nil) // skips, or fails where databases are required
	}
	dir := fmt.Sprintf("%s/adkgen-faults-%d-%d", os.TempDir(), os.Getpid(), faulty.Add(1))
	must(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := start(dir)
	must(t, err)
	t.Cleanup(server.Stop)
	proxy, err := servers.NewProxy(server.Address(), 0)
	must(t, err)
	t.Cleanup(proxy.Close)
	return server, proxy
}
