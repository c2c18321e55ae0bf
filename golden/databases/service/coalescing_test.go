package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/adk/v2/session"
)

// What WithCoalescing promises to appends that share a transaction.

// soon is longer than anything takes that waits for nothing, on a busy machine,
// and much shorter than what the tests below hold up.
const soon = 500 * time.Millisecond

// newCoalescing makes a store of the kind that coalesces, on a database whose
// events of sessions named "sleep 0.5" take half a second to insert.
func newCoalescing(t *testing.T) *store {
	t.Helper()
	for _, k := range kinds {
		if k.joins {
			s := newStore(t, k, serverOf(k))
			run(t, s.db, `CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(substr(NEW.session_id, 7)::float); RETURN NEW; END'`)
			run(t, s.db, `CREATE TRIGGER doze BEFORE INSERT ON agents.events FOR EACH ROW WHEN (NEW.session_id LIKE 'sleep %') EXECUTE FUNCTION doze()`)
			return s
		}
	}
	panic("no kind coalesces")
}

// lock locks rows until the function that it gives is called.
func (s *store) lock(t *testing.T, query string) (unlock func()) {
	t.Helper()
	tx, err := s.db.BeginTx(context.Background(), nil)
	must(t, err)
	result, err := tx.Exec(query)
	must(t, err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s locks %d rows, %v", query, n, err)
	}
	unlock = sync.OnceFunc(func() { _ = tx.Rollback() })
	t.Cleanup(unlock)
	return unlock
}

func (s *store) lockSession(t *testing.T, user string) (unlock func()) {
	t.Helper()
	return s.lock(t, fmt.Sprintf("SELECT 1 FROM agents.sessions WHERE user_id = '%s' FOR UPDATE", user))
}

// start appends to a session, and gives the channel of the result.
func start(ctx context.Context, service session.Service, to session.Session, e *session.Event) chan error {
	done := make(chan error, 1)
	go func() { done <- service.AppendEvent(ctx, to, e) }()
	return done
}

// in gives a result that comes soon.
func in(t *testing.T, what string, done chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: no result", what)
		return nil
	}
}

// together queues appends behind one that keeps the only connection of the
// service's pool, so that they go in one batch, and lets them go.
func (s *store) together(t *testing.T, service session.Service, appends ...func() chan error) []chan error {
	t.Helper()
	if s.maxConns != 1 {
		t.Fatal("there is more than one connection")
	}
	user := fmt.Sprint("first", databases.Add(1))
	first := create(t, service, user, "s", nil)
	unlock := s.lockSession(t, user)
	keeps := start(t.Context(), service, first, newEvent("e", now, nil))
	s.waitFor(t, "an append that waits for a lock", "wait_event_type = 'Lock'")
	var done []chan error
	for _, a := range appends {
		done = append(done, a())
		time.Sleep(30 * time.Millisecond) // it is queued by now
	}
	unlock()
	must(t, in(t, "the first", keeps))
	return done
}

// waitFor waits until another connection to the database is in a state.
func (s *store) waitFor(t *testing.T, what, condition string) {
	t.Helper()
	for range 1000 {
		var n int
		must(t, s.db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "+condition).Scan(&n))
		if n > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("there never is %s", what)
}

// TestOneSlowAppendHoldsNoOther: whatever one append waits for, those to other
// sessions do not.
func TestOneSlowAppendHoldsNoOther(t *testing.T) {
	for _, c := range []struct {
		name  string
		slow  string // the session that is slow to append to
		delta map[string]any
		hold  func(t *testing.T, s *store) (release func())
		// begun: what is slow is on its way, and with it those that are sent together
		begun string
	}{
		{"a session is locked", "s", nil, func(t *testing.T, s *store) func() { return s.lockSession(t, "slow") }, "wait_event_type = 'Lock'"},
		{"a state of a user is locked", "s", map[string]any{"user:k": 1}, func(t *testing.T, s *store) func() {
			return s.lock(t, "SELECT 1 FROM agents.adk_user_states WHERE user_id = 'slow' FOR UPDATE")
		}, "wait_event_type = 'Lock'"},
		{"a statement is slow", "sleep 2", nil, func(*testing.T, *store) func() { return func() {} }, "wait_event = 'PgSleep'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCoalescing(t)
			service := s.service(t)
			slow := create(t, service, "slow", c.slow, map[string]any{"user:k": 0})
			var open []session.Session
			for w := range 16 {
				open = append(open, create(t, service, fmt.Sprint("u", w), "s", nil))
				appendTo(t, service, open[w], newEvent("first", now, nil))
			}
			release := c.hold(t, s)
			stop := make(chan struct{})
			longest := make([]time.Duration, len(open))
			counts := make([]int, len(open))
			var group sync.WaitGroup
			for w := range open {
				group.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						counts[w]++
						at := time.Now()
						if err := service.AppendEvent(t.Context(), open[w], newEvent(fmt.Sprint(counts[w]), now, nil)); err != nil {
							t.Error(err)
							return
						}
						longest[w] = max(longest[w], time.Since(at))
					}
				})
			}
			time.Sleep(50 * time.Millisecond) // amid the others
			at := time.Now()
			done := start(t.Context(), service, slow, newEvent("slow", now, c.delta))
			s.waitFor(t, "the slow append", c.begun)
			late := create(t, service, "late", "s", nil)
			for i := range 5 {
				ctx, cancel := context.WithTimeout(t.Context(), soon)
				err := service.AppendEvent(ctx, late, newEvent(fmt.Sprint(i), now, nil))
				cancel()
				if err != nil {
					t.Errorf("an append that came later: %v", err)
					break
				}
			}
			time.Sleep(2*time.Second - time.Since(at))
			release()
			must(t, in(t, "the slow append", done))
			took := time.Since(at)
			close(stop)
			group.Wait()
			if took < 1900*time.Millisecond {
				t.Errorf("the slow append took %v: it was not slow", took)
			}
			total := 0
			for w := range open {
				// A lock holds nobody; a slow statement those that were sent with it.
				if c.slow == "s" && (longest[w] > soon || counts[w] < 20) {
					t.Errorf("the slow append took %v, and held one of %d others of a writer for %v", took, counts[w], longest[w])
				}
				s.wantSeqs(t, fmt.Sprint("u", w), "s", counts[w]+1)
				total += counts[w]
			}
			s.wantSeqs(t, "slow", c.slow, 1)
			t.Logf("%d other appends in %v, none longer than %v", total, took, slices.Max(longest))
		})
	}
}

// TestCallersThatLeave: what was not sent yet is never stored, and of what was
// sent the caller learns that it may have been.
func TestCallersThatLeave(t *testing.T) {
	s := newCoalescing(t)
	s.maxConns = 1
	service := s.service(t)
	early, late, stays := create(t, service, "early", "s", nil), create(t, service, "late", "s", nil), create(t, service, "stays", "sleep 0.5", nil)
	earlyCtx, leaveEarly := context.WithCancel(t.Context())
	lateCtx, leaveLate := context.WithCancel(t.Context())
	defer leaveLate()
	e := newEvent("late", now, nil)
	done := s.together(t, service,
		func() chan error { return start(lateCtx, service, late, e) },
		func() chan error { return start(t.Context(), service, stays, newEvent("stays", now, nil)) },
		func() chan error {
			done := start(earlyCtx, service, early, newEvent("early", now, nil))
			time.Sleep(30 * time.Millisecond)
			leaveEarly()
			at := time.Now()
			err := in(t, "one that leaves before it is sent", done)
			if !errors.Is(err, context.Canceled) || errors.Is(err, s.errors().maybe) || time.Since(at) > soon {
				t.Errorf("one that leaves before it is sent gets %v after %v", err, time.Since(at))
			}
			done <- nil
			return done
		},
	)
	s.waitFor(t, "the batch", "wait_event = 'PgSleep'")
	at := time.Now()
	leaveLate()
	err := in(t, "one that leaves when it is under way", done[0])
	if !errors.Is(err, context.Canceled) || !errors.Is(err, s.errors().maybe) || time.Since(at) > soon {
		t.Errorf("one that leaves when it is under way gets %v after %v", err, time.Since(at))
	}
	if len(ids(late)) != 0 {
		t.Error("it has changed the session")
	}
	must(t, in(t, "one that stays", done[1]))
	s.wantSeqs(t, "stays", "sleep 0.5", 1)
	s.wantSeqs(t, "early", "s", 0)
	s.wantSeqs(t, "late", "s", 1) // as it was told
	appendTo(t, service, late, e) // finds out
	appendTo(t, service, late, newEvent("next", now, nil))
	appendTo(t, service, early, newEvent("next", now, nil))
	s.wantSeqs(t, "late", "s", 2)
	equal(t, "the events of the early one", ids(get(t, service, "early", "s")), []string{"next"})
}

// TestAllCallersLeave: nobody waits for a batch, so that it is given up, and
// with it the connection.
func TestAllCallersLeave(t *testing.T) {
	s := newCoalescing(t)
	s.maxConns = 1
	service := s.service(t)
	one, two := create(t, service, "one", "sleep 30", nil), create(t, service, "two", "s", nil)
	ctx, leave := context.WithCancel(t.Context())
	done := s.together(t, service,
		func() chan error { return start(ctx, service, one, newEvent("e", now, nil)) },
		func() chan error { return start(ctx, service, two, newEvent("e", now, nil)) })
	s.waitFor(t, "the batch", "wait_event = 'PgSleep'")
	at := time.Now()
	leave()
	for _, d := range done {
		is(t, "one that leaves", in(t, "one that leaves", d), s.errors().maybe)
	}
	appendTo(t, service, create(t, service, "three", "s", nil), newEvent("e", now, nil)) // on the one connection there is
	if took := time.Since(at); took > 5*time.Second {
		t.Errorf("the connection was free after %v", took)
	}
	noGoroutines(t)
}

// noGoroutines holds that the service has none, at last.
func noGoroutines(t *testing.T) {
	t.Helper()
	var text strings.Builder
	for range 100 {
		text.Reset()
		must(t, pprof.Lookup("goroutine").WriteTo(&text, 2))
		if !strings.Contains(text.String(), "service/postgresdb.") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", &text)
}

// TestNoGoroutinesAreLeft lets many callers leave at any moment.
func TestNoGoroutinesAreLeft(t *testing.T) {
	s := newCoalescing(t)
	service := s.service(t)
	var group sync.WaitGroup
	for w := range 32 {
		open := create(t, service, fmt.Sprint("u", w), "s", nil)
		group.Go(func() {
			for i := range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(5*time.Millisecond))
				_ = service.AppendEvent(ctx, open, newEvent(fmt.Sprint(i), now, nil))
				cancel()
			}
		})
	}
	group.Wait()
	noGoroutines(t)
}

// TestOneBatchOneSession puts appends to one session, read twice at the same
// revision, into one batch.
func TestOneBatchOneSession(t *testing.T) {
	s := newCoalescing(t)
	s.maxConns = 1
	service := s.service(t)
	create(t, service, "alice", "s", nil)
	first, second := get(t, service, "alice", "s"), get(t, service, "alice", "s")
	done := s.together(t, service,
		func() chan error { return start(t.Context(), service, first, newEvent("e1", now, nil)) },
		func() chan error { return start(t.Context(), service, second, newEvent("e2", now, nil)) })
	must(t, in(t, "the first", done[0]))
	is(t, "the second", in(t, "the second", done[1]), s.errors().stale)
	s.wantSeqs(t, "alice", "s", 1)

	first, second = get(t, service, "alice", "s"), get(t, service, "alice", "s")
	done = s.together(t, service,
		func() chan error { return start(t.Context(), service, first, newEvent("e3", now, nil)) },
		func() chan error { return start(t.Context(), service, second, newEvent("e3", now, nil)) })
	must(t, in(t, "the first", done[0]))
	must(t, in(t, "the same event again", done[1]))
	s.wantSeqs(t, "alice", "s", 2)

	// One that fails the whole fails alone.
	third, other := get(t, service, "alice", "s"), create(t, service, "bob", "s", nil)
	done = s.together(t, service,
		func() chan error { return start(t.Context(), service, third, newEvent("e1", now, nil)) },
		func() chan error { return start(t.Context(), service, other, newEvent("e", now, nil)) })
	is(t, "an id that is taken", in(t, "an id that is taken", done[0]), s.errors().eventExists)
	must(t, in(t, "the other", done[1]))
	s.wantSeqs(t, "alice", "s", 2)
	s.wantSeqs(t, "bob", "s", 1)
}

// TestBatchesDoNotDeadlock lets the batches of two programs lock a session and
// the state of the app in opposite orders.
func TestBatchesDoNotDeadlock(t *testing.T) {
	s := newCoalescing(t)
	s.maxConns = 1
	one, other := s.service(t), s.service(t)
	append := func(service session.Service, user, id string, delta map[string]any) func() chan error {
		open := create(t, service, user, id, nil)
		return func() chan error { return start(t.Context(), service, open, newEvent("e", now, delta)) }
	}
	app := map[string]any{"app:k": 1}
	shared := append(one, "m", "s", nil)
	sharedToo := get(t, other, "m", "s")
	done := s.together(t, one, append(one, "a", "s", app), append(one, "b", "sleep 1", nil), shared)
	s.waitFor(t, "the batch of one, which has the state of the app", "wait_event = 'PgSleep'")
	done = slices.Concat(done, s.together(t, other,
		func() chan error { return start(t.Context(), other, sharedToo, newEvent("other", now, nil)) },
		append(other, "z", "s", app)))
	stale := 0
	for i, d := range done {
		switch err := in(t, fmt.Sprint("append ", i), d); {
		case errors.Is(err, s.errors().stale) && (i == 2 || i == 3):
			stale++
		case err != nil:
			t.Errorf("append %d: %v", i, err)
		}
	}
	if stale != 1 {
		t.Errorf("%d of the two appends to one session are stale", stale)
	}
	time.Sleep(1100 * time.Millisecond) // the server's processes report once a second
	var deadlocks int
	must(t, s.db.QueryRow("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	if deadlocks > 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
}

// TestOneConnectionManyWriters: with one connection for all, one that is locked
// out holds the others, as it does without coalescing, and then all go on.
func TestOneConnectionManyWriters(t *testing.T) {
	s := newCoalescing(t)
	s.maxConns = 1
	service := s.service(t)
	locked := create(t, service, "locked", "s", nil)
	var open []session.Session
	for w := range 16 {
		open = append(open, create(t, service, fmt.Sprint("u", w), "s", nil))
	}
	unlock := s.lockSession(t, "locked")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var group sync.WaitGroup
	for w := range open {
		group.Go(func() {
			for i := range 20 {
				if err := service.AppendEvent(ctx, open[w], newEvent(fmt.Sprint(i), now, nil)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	done := start(ctx, service, locked, newEvent("e", now, nil))
	time.Sleep(300 * time.Millisecond)
	unlock()
	group.Wait()
	must(t, in(t, "the locked one", done))
	for w := range open {
		s.wantSeqs(t, fmt.Sprint("u", w), "s", 20)
	}
}

// TestCancelledAppendsTellTheTruth cancels appends at many moments, on every
// kind of service. Without ErrMaybeStored, one that failed is never stored.
func TestCancelledAppendsTellTheTruth(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		const n = 400
		var open [n]session.Session
		var errs [n]error
		var took [20]time.Duration
		for i := range n {
			open[i] = create(t, service, fmt.Sprint("u", i), "s", nil)
		}
		warm := create(t, service, "warm", "s", nil)
		for i := range took {
			at := time.Now()
			appendTo(t, service, warm, newEvent(fmt.Sprint(i), now, nil))
			took[i] = time.Since(at)
		}
		usual := took[len(took)/2] + time.Microsecond
		var group sync.WaitGroup
		for w := range 8 {
			group.Go(func() {
				for i := w; i < n; i += 8 {
					within := 4 * usual
					if i%2 == 0 {
						within += 50 * time.Millisecond // for another connection after one that was given up
					}
					ctx, cancel := context.WithTimeout(t.Context(), rand.N(within))
					event := newEvent("e", now, map[string]any{"app:k": i})
					errs[i] = service.AppendEvent(ctx, open[i], event)
					cancel()
					if errors.Is(errs[i], s.errors().maybe) { // which a call that finds out nothing does not take back
						if err := service.AppendEvent(ctx, open[i], event); !errors.Is(err, s.errors().maybe) && errors.Is(err, context.Canceled) {
							t.Errorf("append %d, called again with a context that has ended: %v", i, err)
						}
					}
				}
			})
		}
		group.Wait()
		time.Sleep(500 * time.Millisecond) // for what the server is still at
		stored, maybe, cancelled := 0, 0, 0
		for i, err := range errs {
			there := len(s.seqs(t, fmt.Sprint("u", i), "s")) > 0
			switch {
			case err == nil:
				stored++
				if !there {
					t.Errorf("append %d was acknowledged, and is not there", i)
				}
			case errors.Is(err, s.errors().maybe):
				maybe++
			default:
				cancelled++
				if there {
					t.Errorf("append %d is there, and the caller was told: %v", i, err)
				}
			}
		}
		if stored == 0 || cancelled == 0 {
			t.Errorf("the moments are badly chosen: %d stored, %d cancelled", stored, cancelled)
		}
		t.Logf("%d stored, %d may be, %d cancelled", stored, maybe, cancelled)
	})
}
