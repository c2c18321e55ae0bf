package databases

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adkgen/adkgen/golden/databases/mysqldb"
)

// now is a time with microseconds, which every dialect must keep.
var now = time.Date(2026, 3, 14, 15, 9, 26, 535898000, time.UTC)

// far is the time to start a list of recent sessions from.
var far = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

const all = int64(1) << 62

// onEach runs a test on every database.
func onEach(t *testing.T, test func(t *testing.T, s store)) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) { test(t, newStore(t, dialect)) })
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value fails the test on an error, and gives the value otherwise.
func value[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// equal compares values; texts that are JSON are compared as JSON.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if a, ok := got.(string); ok {
		var x, y any
		if json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(want.(string)), &y) == nil {
			got, want = x, y
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func ids(sessions []session) (list []string) {
	for _, s := range sessions {
		list = append(list, s.key.user+"/"+s.key.id)
	}
	return list
}

func eventIDs(events []event) (list []string) {
	for _, e := range events {
		list = append(list, e.id)
	}
	return list
}

func newEvent(k key, id string, at time.Time) event {
	return event{key: k, id: id, invocation: "inv", author: "agent", branch: "", document: `{"content": "x"}`, at: at}
}

// TestQueries calls every query once and checks what it gives.
func TestQueries(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		must(t, s.CreateOwner(1))
		must(t, s.CreateOwner(2))
		k := key{"app", "alice", "s1"}
		must(t, s.CreateSession(session{key: k, owner: 1, state: `{"a": 1}`, created: now}))
		must(t, s.CreateSession(session{key: key{"app", "alice", "s2"}, owner: 2, state: "{}", created: now.Add(time.Microsecond)}))
		must(t, s.CreateSession(session{key: key{"app", "bob", "s1"}, owner: 1, state: "{}", created: now.Add(-time.Hour)}))

		got := value[session](t)(s.GetSession(k))
		equal(t, "a new session", fmt.Sprint(got.key, got.owner, got.revision, got.created.Equal(now), got.updated.Equal(now)), fmt.Sprint(k, 1, 0, true, true))
		equal(t, "its state", got.state, `{"a": 1}`)
		equal(t, "the app's state, which nobody set", got.appState, "{}")
		equal(t, "the user's state, which nobody set", got.userState, "{}")

		// An append changes the three states by top-level keys.
		e := newEvent(k, "e1", now.Add(time.Second))
		equal(t, "the first seq", value[int64](t)(s.Append(e, 0, `{"b": 2}`, `{"x": 1}`, `{"y": 1}`)), int64(1))
		equal(t, "the second seq", value[int64](t)(s.Append(newEvent(k, "e2", now.Add(time.Second)), 1, "{}", `{"z": null}`, "{}")), int64(2))
		got = value[session](t)(s.GetSession(k))
		equal(t, "the state", got.state, `{"a": 1, "b": 2}`)
		equal(t, "the app's state", got.appState, `{"x": 1, "z": null}`)
		equal(t, "the user's state", got.userState, `{"y": 1}`)
		equal(t, "the revision", got.revision, int64(2))
		equal(t, "the time of the last event", got.updated.Equal(now.Add(time.Second)), true)

		// Events in order, equal timestamps by seq; the newest first, turned round.
		equal(t, "seq 3", value[int64](t)(s.Append(newEvent(k, "e0", now.Add(2*time.Second)), 2, "{}", "{}", "{}")), int64(3))
		events := value[[]event](t)(s.ListEvents(k, all))
		equal(t, "the events", eventIDs(events), []string{"e1", "e2", "e0"})
		equal(t, "an event", fmt.Sprint(events[0].key, events[0].seq, events[0].invocation, events[0].author, events[0].branch, events[0].at.Equal(e.at)), fmt.Sprint(k, 1, "inv", "agent", "", true))
		equal(t, "its document", events[0].document, e.document)
		equal(t, "the events at a revision", eventIDs(value[[]event](t)(s.ListEvents(k, 2))), []string{"e1", "e2"})
		equal(t, "the two newest events", eventIDs(value[[]event](t)(s.ListRecentEvents(k, now, all, 2))), []string{"e0", "e2"})
		equal(t, "the events at or after a time", eventIDs(value[[]event](t)(s.ListRecentEvents(k, now.Add(2*time.Second), all, 9))), []string{"e0"})
		equal(t, "the newest event at a revision", eventIDs(value[[]event](t)(s.ListRecentEvents(k, now, 1, 9))), []string{"e1"})

		// Lists of sessions, page by page.
		equal(t, "the first page", ids(value[[]session](t)(s.ListSessions("app", key{}, 2))), []string{"alice/s1", "alice/s2"})
		equal(t, "the second page", ids(value[[]session](t)(s.ListSessions("app", key{"", "alice", "s2"}, 2))), []string{"bob/s1"})
		equal(t, "the rest of a user", ids(value[[]session](t)(s.ListSessions("app", key{"", "alice", "s1"}, 9))), []string{"alice/s2", "bob/s1"})
		equal(t, "another app", ids(value[[]session](t)(s.ListSessions("other", key{}, 9))), []string(nil))
		equal(t, "an owner's sessions", ids(value[[]session](t)(s.ListSessionsForOwner("app", 1, key{}, 9))), []string{"alice/s1", "bob/s1"})
		equal(t, "an owner's sessions after one", ids(value[[]session](t)(s.ListSessionsForOwner("app", 1, key{"", "alice", "s1"}, 9))), []string{"bob/s1"})
		page := value[[]session](t)(s.ListUserSessions("app", "alice", far, "", 1))
		equal(t, "a user's newest session", ids(page), []string{"alice/s1"})
		equal(t, "the one before", ids(value[[]session](t)(s.ListUserSessions("app", "alice", page[0].updated, page[0].key.id, 9))), []string{"alice/s2"})
		equal(t, "a user's sessions of an owner", ids(value[[]session](t)(s.ListUserSessionsForOwner("app", "alice", 2, far, "", 9))), []string{"alice/s2"})
		equal(t, "the number of an owner's sessions", value[int64](t)(s.CountSessionsForOwner("app", 1)), int64(2))
		value[session](t)(s.GetSessionForOwner(k, 1))
		_, err := s.GetSessionForOwner(k, 2)
		equal(t, "another owner's session", errors.Is(err, sql.ErrNoRows), true)

		// Updates and deletions.
		equal(t, "an update at a stale revision", value[int64](t)(s.UpdateSessionState(k, 1, "{}", now)), int64(0))
		equal(t, "an update at the current revision", value[int64](t)(s.UpdateSessionState(k, 3, `{"c": 3}`, now.Add(time.Minute))), int64(1))
		got = value[session](t)(s.GetSession(k))
		equal(t, "the replaced state", got.state, `{"c": 3}`)
		equal(t, "the revision after the update", got.revision, int64(4))
		for _, stranger := range []bool{true, false} {
			owner, n := 1, int64(1)
			if stranger {
				owner, n = 2, 0
			}
			equal(t, "an update for an owner", value[int64](t)(s.UpdateSessionStateForOwner(k, owner, 4, `{"c": 4}`, now.Add(time.Minute))), n)
			equal(t, "an owner's events", len(value[[]event](t)(s.ListEventsForOwner(k, owner, all))), 3*int(n))
			equal(t, "an owner's newest events", len(value[[]event](t)(s.ListRecentEventsForOwner(k, owner, now, all, 2))), 2*int(n))
		}
		equal(t, "a deletion by another owner", value[int64](t)(s.DeleteSessionForOwner(k, 2)), int64(0))
		expired := value[[]key](t)(s.ListSessionsWithExpiredEvents("app", now.Add(2*time.Second), key{}, 9))
		equal(t, "sessions with expired events", expired, []key{k})
		equal(t, "sessions with expired events after the last", value[[]key](t)(s.ListSessionsWithExpiredEvents("app", now.Add(2*time.Second), k, 9)), []key(nil))
		equal(t, "sessions with expired events of another app", value[[]key](t)(s.ListSessionsWithExpiredEvents("other", far, key{}, 9)), []key(nil))
		oldest := value[[]event](t)(s.ListEvents(k, all))[0].at
		equal(t, "sessions with events from before the oldest", value[[]key](t)(s.ListSessionsWithExpiredEvents("app", oldest, key{}, 9)), []key(nil))
		equal(t, "sessions with events from a microsecond later", value[[]key](t)(s.ListSessionsWithExpiredEvents("app", oldest.Add(time.Microsecond), key{}, 9)), []key{k})
		equal(t, "expired events, one at a time", value[int64](t)(s.DeleteExpiredEvents(k, now.Add(2*time.Second), 1)), int64(1))
		equal(t, "the other expired event", value[int64](t)(s.DeleteExpiredEvents(k, now.Add(2*time.Second), 9)), int64(1))
		equal(t, "no more expired events", value[int64](t)(s.DeleteExpiredEvents(k, now.Add(2*time.Second), 9)), int64(0))
		equal(t, "expired events of a session of the same id", value[int64](t)(s.DeleteExpiredEvents(key{"app", "bob", "s1"}, far, 9)), int64(0))
		equal(t, "the events that are left", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string{"e0"})
		bob := key{"app", "bob", "s1"}
		equal(t, "idle sessions", value[[]key](t)(s.ListIdleSessions("app", now, key{}, 9)), []key{bob})
		equal(t, "idle sessions of another app", value[[]key](t)(s.ListIdleSessions("other", far, key{}, 9)), []key(nil))
		idle := value[[]key](t)(s.ListIdleSessions("app", far, key{}, 2))
		equal(t, "the first page of idle sessions", idle, []key{k, {"app", "alice", "s2"}})
		equal(t, "the second page", value[[]key](t)(s.ListIdleSessions("app", far, idle[1], 2)), []key{bob})
		equal(t, "a deletion of a session that is not idle", value[int64](t)(s.DeleteIdleSession(k, now)), int64(0))
		equal(t, "a deletion of an idle session", value[int64](t)(s.DeleteIdleSession(k, far)), int64(1))
		equal(t, "its events", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string(nil))
		equal(t, "a deletion of nothing", value[int64](t)(s.DeleteSession(key{"app", "nobody", "s"})), int64(0))
		must(t, s.CreateSession(session{key: key{"app", "carol", "s"}, owner: 1, state: "{}", created: now}))
		equal(t, "a deletion by the owner", value[int64](t)(s.DeleteSessionForOwner(key{"app", "carol", "s"}, 1)), int64(1))

		// States.
		must(t, s.PutAppState("app2", `{"a": {"b": 1}, "c": 1}`, now))
		must(t, s.MergeAppState("app2", `{"a": {"d": 2}, "e": null}`, now))
		equal(t, "a merged app state", value[string](t)(s.GetAppState("app2")), `{"a": {"d": 2}, "c": 1, "e": null}`)
		must(t, s.PutAppState("app2", `{}`, now))
		equal(t, "a replaced app state", value[string](t)(s.LockAppState("app2")), `{}`)
		must(t, s.MergeUserState("app2", "u", `{"a": 1}`, now))
		must(t, s.MergeUserState("app2", "u", `{"b": 2}`, now))
		equal(t, "a merged user state", value[string](t)(s.LockUserState("app2", "u")), `{"a": 1, "b": 2}`)
		must(t, s.PutUserState("app2", "u", `{"c": 3}`, now))
		equal(t, "a replaced user state", value[string](t)(s.GetUserState("app2", "u")), `{"c": 3}`)
		must(t, s.EnsureAppState("app2", now))
		must(t, s.EnsureUserState("app2", "u", now))
		equal(t, "an app state that was there", value[string](t)(s.GetAppState("app2")), `{}`)
		equal(t, "a user state that was there", value[string](t)(s.GetUserState("app2", "u")), `{"c": 3}`)
		if !strings.HasSuffix(t.Name(), "/sqlite") {
			must(t, s.EnsureAppState("app3", now))
			must(t, s.EnsureUserState("app3", "u", now))
			equal(t, "an app state that was not there", value[string](t)(s.LockAppState("app3")), `{}`)
			equal(t, "a user state that was not there", value[string](t)(s.LockUserState("app3", "u")), `{}`)
		}
		_, err = s.GetUserState("app2", "nobody")
		equal(t, "the state of a user who has none", errors.Is(err, sql.ErrNoRows), true)
		_, err = s.GetAppState("nothing")
		equal(t, "the state of an app that has none", errors.Is(err, sql.ErrNoRows), true)
	})
}

func withSession(t *testing.T, s store) key {
	t.Helper()
	k := key{"app", "alice", "s"}
	must(t, s.CreateOwner(1))
	must(t, s.CreateSession(session{key: k, owner: 1, state: "{}", created: now}))
	return k
}

func TestAppendToAMissingSession(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		withSession(t, s)
		for _, k := range []key{{"app", "alice", "other"}, {"app", "bob", "s"}, {"other", "alice", "s"}} {
			_, err := s.Append(newEvent(k, "e", now), 0, "{}", `{"leak": 1}`, `{"leak": 1}`)
			equal(t, fmt.Sprint(k), errors.Is(err, errStale), true)
			_, err = s.GetAppState(k.app)
			equal(t, "a state that a refused append must not have left", errors.Is(err, sql.ErrNoRows), true)
		}
		if s, ok := s.(interface{ InsertEvent(event) error }); ok { // without AdvanceSession, the foreign key refuses
			equal(t, "an event of no session", s.(store).Kind(s.InsertEvent(newEvent(key{"app", "alice", "other"}, "e", now))), "no owner")
		}
	})
}

func TestAppendAtAStaleRevision(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		value[int64](t)(s.Append(newEvent(k, "e1", now), 0, "{}", "{}", "{}"))
		for _, revision := range []int64{0, 2, -1} {
			_, err := s.Append(newEvent(k, "e2", now), revision, `{"x": 1}`, "{}", "{}")
			equal(t, fmt.Sprint("revision ", revision), errors.Is(err, errStale), true)
		}
		equal(t, "the state", value[session](t)(s.GetSession(k)).state, "{}")
		equal(t, "the events", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string{"e1"})
	})
}

func TestDuplicateEvent(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		value[int64](t)(s.Append(newEvent(k, "e1", now), 0, "{}", "{}", "{}"))
		_, err := s.Append(newEvent(k, "e1", now), 1, `{"x": 1}`, `{"x": 1}`, "{}")
		equal(t, "the error", s.Kind(err), "duplicate")
		got := value[session](t)(s.GetSession(k))
		equal(t, "the revision, which must not move", got.revision, int64(1))
		equal(t, "the state", got.state+got.appState, "{}{}")
	})
}

func TestDuplicateSession(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		equal(t, "the error", s.Kind(s.CreateSession(session{key: k, owner: 1, state: "{}", created: now})), "duplicate")
	})
}

func TestUnknownOwner(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		err := s.CreateSession(session{key: key{"app", "alice", "s"}, owner: 77, state: "{}", created: now})
		equal(t, "the error", s.Kind(err), "no owner")
	})
}

func TestDeletingAnOwnerDeletesSessionsAndEvents(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		other := key{"app", "alice", "of another owner"}
		must(t, s.CreateOwner(2))
		must(t, s.CreateSession(session{key: other, owner: 2, state: "{}", created: now}))
		value[int64](t)(s.Append(newEvent(k, "e", now), 0, "{}", "{}", "{}"))
		value[int64](t)(s.Append(newEvent(other, "e", now), 0, "{}", "{}", "{}"))
		must(t, s.DeleteOwner(1))
		_, err := s.GetSession(k)
		equal(t, "the session", errors.Is(err, sql.ErrNoRows), true)
		equal(t, "its events", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string(nil))
		equal(t, "the other owner's events", eventIDs(value[[]event](t)(s.ListEvents(other, all))), []string{"e"})
	})
}

func TestDeletingASessionDeletesItsEvents(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		value[int64](t)(s.Append(newEvent(k, "e", now), 0, "{}", "{}", "{}"))
		equal(t, "deleted", value[int64](t)(s.DeleteSession(k)), int64(1))
		equal(t, "its events", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string(nil))
	})
}

// TestKeysCompareByteForByte has users, sessions and events whose names differ
// only in case, accent or trailing space: all are different.
func TestKeysCompareByteForByte(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		must(t, s.CreateOwner(1))
		names := []string{"alice", "ALICE", "älice", "alice ", "ａlice"}
		for i, name := range names {
			k := key{name, name, name}
			must(t, s.CreateSession(session{key: k, owner: 1, state: fmt.Sprintf(`{"n": %d}`, i), created: now}))
			must(t, s.CreateSession(session{key: key{"app", "user", name}, owner: 1, state: "{}", created: now}))
			value[int64](t)(s.Append(newEvent(key{"app", "user", names[0]}, name, now), int64(i), "{}", "{}", "{}"))
			must(t, s.PutAppState(name, fmt.Sprintf(`{"n": %d}`, i), now))
			must(t, s.PutUserState("app", name, fmt.Sprintf(`{"n": %d}`, i), now))
		}
		for i, name := range names {
			want := fmt.Sprintf(`{"n": %d}`, i)
			equal(t, "session of "+name, value[session](t)(s.GetSession(key{name, name, name})).state, want)
			equal(t, "app state of "+name, value[string](t)(s.GetAppState(name)), want)
			equal(t, "user state of "+name, value[string](t)(s.GetUserState("app", name)), want)
			equal(t, "sessions of "+name, len(value[[]session](t)(s.ListUserSessions(name, name, far, "", 9))), 1)
		}
		equal(t, "events whose ids differ in case, accent or space", len(value[[]event](t)(s.ListEvents(key{"app", "user", "alice"}, all))), len(names))
	})
}

// TestKeysThatDoNotFit has keys of more than 128 characters that end in spaces, which PostgreSQL, MySQL and MariaDB would cut:
// the user 'v…v ' would then write into what is of the user 'v…v'. MySQL and MariaDB cut any key when sql_mode is not strict.
// SQLite's TEXT holds keys of any length.
func TestKeysThatDoNotFit(t *testing.T) {
	fits := strings.Repeat("v", 127) + "ä" // 128 characters, 129 bytes
	onEach(t, func(t *testing.T, s store) {
		modes := []string{""}
		mysql, isMySQL := s.(*mysqlStore)
		if isMySQL {
			mysql.db.SetMaxOpenConns(1)
			modes = []string{"SET SESSION sql_mode = DEFAULT", "SET SESSION sql_mode = ''"}
		}
		_, isSQLite := s.(*sqliteStore)
		must(t, s.CreateOwner(1))
		victim := key{fits, fits, fits}
		must(t, s.CreateSession(session{key: victim, owner: 1, state: "{}", created: now}))
		value[int64](t)(s.Append(newEvent(victim, fits, now), 0, `{}`, `{"of": "app"}`, `{"of": "user"}`))
		for _, mode := range modes {
			if isMySQL {
				exec1(t, mysql.db, mode)
			}
			for _, long := range []string{fits + " ", fits + "  ", fits + strings.Repeat(" ", 200), fits + "x", fits + " x"} {
				stores := map[string]func() error{
					"CreateSession, app": func() error {
						return s.CreateSession(session{key: key{long, fits, "x"}, owner: 1, state: "{}", created: now})
					},
					"CreateSession, user": func() error {
						return s.CreateSession(session{key: key{fits, long, "x"}, owner: 1, state: "{}", created: now})
					},
					"CreateSession, id": func() error {
						return s.CreateSession(session{key: key{fits, "x", long}, owner: 1, state: "{}", created: now})
					},
					"event id": func() error {
						_, err := s.Append(newEvent(victim, long, now), 1, "{}", "{}", "{}")
						return err
					},
					"EnsureAppState":        func() error { return s.EnsureAppState(long, now) },
					"PutAppState":           func() error { return s.PutAppState(long, "{}", now) },
					"MergeAppState":         func() error { return s.MergeAppState(long, "{}", now) },
					"EnsureUserState, app":  func() error { return s.EnsureUserState(long, fits, now) },
					"EnsureUserState, user": func() error { return s.EnsureUserState(fits, long, now) },
					"PutUserState, app":     func() error { return s.PutUserState(long, fits, "{}", now) },
					"PutUserState, user":    func() error { return s.PutUserState(fits, long, "{}", now) },
					"MergeUserState, app":   func() error { return s.MergeUserState(long, fits, "{}", now) },
					"MergeUserState, user":  func() error { return s.MergeUserState(fits, long, "{}", now) },
				}
				if isMySQL {
					delete(stores, "MergeAppState") // PostgreSQL's
					delete(stores, "MergeUserState, app")
					delete(stores, "MergeUserState, user")
					for i, k := range []key{{long, fits, fits}, {fits, long, fits}, {fits, fits, long}} {
						stores[fmt.Sprint("InsertEvent, ", i)] = func() error {
							return mysql.q.InsertEvent(background, mysqldb.InsertEventParams{AppName: k.app, UserID: k.user, SessionID: k.id, ID: fmt.Sprint(i), Seq: 9, Timestamp: now, EventData: json.RawMessage("{}")})
						}
					}
					stores["InsertEventForOwner"] = func() error {
						_, err := mysql.q.InsertEventForOwner(background, mysqldb.InsertEventForOwnerParams{ID: long, Seq: 9, Timestamp: now, EventData: json.RawMessage("{}"), AppName: fits, UserID: fits, SessionID: fits, OwnerID: 1})
						return err
					}
				}
				for what, store := range stores {
					if isSQLite {
						break // below
					}
					if err := store(); s.Kind(err) != "does not fit" {
						t.Errorf("%s %s of %d characters: %v", mode, what, len([]rune(long)), err)
					}
				}
				if isSQLite {
					must(t, s.PutUserState(fits, long, fmt.Sprintf(`{"of": %q}`, long), now))
					equal(t, "the state of the long key", value[string](t)(s.GetUserState(fits, long)), fmt.Sprintf(`{"of": %q}`, long))
				}
				// What reads and deletes does not take a key for what is left of it.
				for i, k := range []key{{long, fits, fits}, {fits, long, fits}, {fits, fits, long}} {
					_, err := s.GetSession(k)
					equal(t, fmt.Sprint("GetSession ", i), errors.Is(err, sql.ErrNoRows), true)
					equal(t, fmt.Sprint("DeleteSession ", i), value[int64](t)(s.DeleteSession(k)), int64(0))
					equal(t, fmt.Sprint("UpdateSessionState ", i), value[int64](t)(s.UpdateSessionState(k, 1, "{}", now)), int64(0))
					equal(t, fmt.Sprint("ListEvents ", i), len(value[[]event](t)(s.ListEvents(k, all))), 0)
				}
			}
		}
		equal(t, "the state of the app", value[string](t)(s.GetAppState(fits)), `{"of": "app"}`)
		equal(t, "the state of the user", value[string](t)(s.GetUserState(fits, fits)), `{"of": "user"}`)
		equal(t, "the events", eventIDs(value[[]event](t)(s.ListEvents(victim, all))), []string{fits})
		equal(t, "the sessions", len(value[[]session](t)(s.ListSessions(fits, key{}, 9))), 1)
	})
}

// TestNulCharacters keeps what a tool may print: \u0000 inside JSON.
func TestNulCharacters(t *testing.T) {
	onEach(t, func(t *testing.T, s store) {
		k := withSession(t, s)
		e := newEvent(k, "e", now)
		e.document = `{"content":"a\u0000b","order":{"z":1,"a":2}}`
		value[int64](t)(s.Append(e, 0, "{}", "{}", "{}"))
		equal(t, "the document", value[[]event](t)(s.ListEvents(k, all))[0].document, e.document)
	})
}

// TestOneWriterWins has sixteen writers append at one revision: one succeeds,
// and all others are told that they are stale.
func TestOneWriterWins(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb"} {
		t.Run(dialect, func(t *testing.T) {
			s := newStore(t, dialect)
			k := withSession(t, s)
			var group sync.WaitGroup
			errs := make([]error, 16)
			for i := range errs {
				group.Go(func() {
					_, errs[i] = s.Append(newEvent(k, fmt.Sprint("e", i), now), 0, "{}", `{"x": 1}`, `{"x": 1}`)
				})
			}
			group.Wait()
			won := 0
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case !errors.Is(err, errStale):
					t.Error(err)
				}
			}
			equal(t, "writers that won", won, 1)
			equal(t, "events", len(value[[]event](t)(s.ListEvents(k, all))), 1)
		})
	}
}

// TestNoStateIsLost has sixteen sessions of one app append at once, each with a
// key of its own for the state of the app and of the user, which is not there
// yet: in the end all keys are.
func TestNoStateIsLost(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb"} {
		t.Run(dialect, func(t *testing.T) {
			s := newStore(t, dialect)
			must(t, s.CreateOwner(1))
			const writers = 16
			for i := range writers {
				must(t, s.CreateSession(session{key: key{"app", "alice", fmt.Sprint(i)}, owner: 1, state: "{}", created: now}))
			}
			var group sync.WaitGroup
			for i := range writers {
				group.Go(func() {
					delta := fmt.Sprintf(`{"k%d": %d}`, i, i)
					if _, err := s.Append(newEvent(key{"app", "alice", fmt.Sprint(i)}, "e", now), 0, "{}", delta, delta); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for what, state := range map[string]string{"app": value[string](t)(s.GetAppState("app")), "user": value[string](t)(s.GetUserState("app", "alice"))} {
				keys := map[string]int{}
				must(t, json.Unmarshal([]byte(state), &keys))
				equal(t, "keys in the state of the "+what, len(keys), writers)
			}
		})
	}
}
