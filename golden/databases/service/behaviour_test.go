package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	ownedmariadb "github.com/adkgen/adkgen/golden/databases/mariadbdb"
	ownedpostgres "github.com/adkgen/adkgen/golden/databases/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/servers"
	"github.com/adkgen/adkgen/golden/databases/service/mariadbdb"
	"github.com/adkgen/adkgen/golden/databases/service/mysqldb"
	"github.com/adkgen/adkgen/golden/databases/service/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/service/sqlitedb"
	ownedsqlite "github.com/adkgen/adkgen/golden/databases/sqlitedb"
	"github.com/mattn/go-sqlite3"
	"google.golang.org/adk/v2/model"
	"google.golang.org/adk/v2/session"
	"google.golang.org/genai"
	"modernc.org/sqlite"
)

// What ADK's own tests leave out.

// errorsOf are the errors of a kind's package.
type errorsOf struct {
	notFound, exists, stale, eventExists, foreign, maybe, doesNotFit, doesNotSurvive, tooLarge, noOwner error
}

func (k kind) errors() errorsOf {
	switch {
	case k.dialect == "postgres" && k.owned:
		return errorsOf{ownedpostgres.ErrSessionNotFound, ownedpostgres.ErrSessionExists, ownedpostgres.ErrSessionStale, ownedpostgres.ErrEventExists, ownedpostgres.ErrForeignSession, ownedpostgres.ErrMaybeStored, ownedpostgres.ErrKeyDoesNotFit, ownedpostgres.ErrDoesNotSurvive, ownedpostgres.ErrTooLarge, ownedpostgres.ErrNoOwner}
	case k.dialect == "postgres":
		return errorsOf{postgresdb.ErrSessionNotFound, postgresdb.ErrSessionExists, postgresdb.ErrSessionStale, postgresdb.ErrEventExists, postgresdb.ErrForeignSession, postgresdb.ErrMaybeStored, postgresdb.ErrKeyDoesNotFit, postgresdb.ErrDoesNotSurvive, postgresdb.ErrTooLarge, nil}
	case k.dialect == "mariadb" && k.owned:
		return errorsOf{ownedmariadb.ErrSessionNotFound, ownedmariadb.ErrSessionExists, ownedmariadb.ErrSessionStale, ownedmariadb.ErrEventExists, ownedmariadb.ErrForeignSession, ownedmariadb.ErrMaybeStored, ownedmariadb.ErrKeyDoesNotFit, ownedmariadb.ErrDoesNotSurvive, ownedmariadb.ErrTooLarge, ownedmariadb.ErrNoOwner}
	case k.dialect == "mariadb":
		return errorsOf{mariadbdb.ErrSessionNotFound, mariadbdb.ErrSessionExists, mariadbdb.ErrSessionStale, mariadbdb.ErrEventExists, mariadbdb.ErrForeignSession, mariadbdb.ErrMaybeStored, mariadbdb.ErrKeyDoesNotFit, mariadbdb.ErrDoesNotSurvive, mariadbdb.ErrTooLarge, nil}
	case k.dialect == "mysql":
		return errorsOf{mysqldb.ErrSessionNotFound, mysqldb.ErrSessionExists, mysqldb.ErrSessionStale, mysqldb.ErrEventExists, mysqldb.ErrForeignSession, mysqldb.ErrMaybeStored, mysqldb.ErrKeyDoesNotFit, mysqldb.ErrDoesNotSurvive, mysqldb.ErrTooLarge, nil}
	case k.owned:
		return errorsOf{ownedsqlite.ErrSessionNotFound, ownedsqlite.ErrSessionExists, ownedsqlite.ErrSessionStale, ownedsqlite.ErrEventExists, ownedsqlite.ErrForeignSession, ownedsqlite.ErrMaybeStored, ownedsqlite.ErrKeyDoesNotFit, ownedsqlite.ErrDoesNotSurvive, ownedsqlite.ErrTooLarge, ownedsqlite.ErrNoOwner}
	}
	return errorsOf{sqlitedb.ErrSessionNotFound, sqlitedb.ErrSessionExists, sqlitedb.ErrSessionStale, sqlitedb.ErrEventExists, sqlitedb.ErrForeignSession, sqlitedb.ErrMaybeStored, sqlitedb.ErrKeyDoesNotFit, sqlitedb.ErrDoesNotSurvive, sqlitedb.ErrTooLarge, nil}
}

// now is a time with microseconds.
var now = time.Date(2026, 3, 14, 15, 9, 26, 535898000, time.UTC)

func create(t testing.TB, s session.Service, user, id string, state map[string]any) session.Session {
	t.Helper()
	created, err := s.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: user, SessionID: id, State: state})
	must(t, err)
	return created.Session
}

func get(t testing.TB, s session.Service, user, id string) session.Session {
	t.Helper()
	got, err := s.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: user, SessionID: id})
	must(t, err)
	return got.Session
}

func newEvent(id string, at time.Time, delta map[string]any) *session.Event {
	e := &session.Event{ID: id, InvocationID: "inv", Author: "agent", Timestamp: at, Actions: session.EventActions{StateDelta: delta}}
	e.Content = genai.NewContentFromText("Hello", genai.RoleModel)
	return e
}

func appendTo(t testing.TB, s session.Service, to session.Session, e *session.Event) *session.Event {
	t.Helper()
	must(t, s.AppendEvent(t.Context(), to, e))
	return e
}

func ids(s session.Session) (list []string) {
	for e := range s.Events().All() {
		list = append(list, e.ID)
	}
	return list
}

func stateOf(s session.Session) map[string]any { return maps.Collect(s.State().All()) }

// equal compares, as JSON does: 1 and 1.0 are one number.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(viaJSON(t, got), viaJSON(t, want)) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func viaJSON(t testing.TB, v any) (result any) {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(text, &result))
	return result
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// seqs are the seqs of a session's events in the database.
func (s *store) seqs(t testing.TB, user, id string) (list []int) {
	t.Helper()
	rows, err := s.db.Query(fmt.Sprintf("SELECT seq FROM %s WHERE user_id = '%s' AND session_id = '%s' ORDER BY seq", s.eventsTable(), user, id))
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var seq int
		must(t, rows.Scan(&seq))
		list = append(list, seq)
	}
	must(t, rows.Err())
	return list
}

// wantSeqs holds that a session has n events with the seqs 1 to n.
func (s *store) wantSeqs(t testing.TB, user, id string, n int) {
	t.Helper()
	var want []int
	for i := range n {
		want = append(want, i+1)
	}
	if got := s.seqs(t, user, id); !slices.Equal(got, want) {
		t.Errorf("session %s of %s has the seqs %v, want 1 to %d", id, user, got, n)
	}
}

func TestTwoUsersWithOneSessionID(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		alice, bob := create(t, service, "alice", "s1", nil), create(t, service, "bob", "s1", map[string]any{"k": "bob's"})
		appendTo(t, service, alice, newEvent("e1", now, map[string]any{"k": "alice's", "user:u": 1}))
		appendTo(t, service, bob, newEvent("e1", now, nil))
		equal(t, "alice's state", stateOf(get(t, service, "alice", "s1")), map[string]any{"k": "alice's", "user:u": 1})
		equal(t, "bob's state", stateOf(get(t, service, "bob", "s1")), map[string]any{"k": "bob's"})
		must(t, service.Delete(t.Context(), &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "s1"}))
		equal(t, "bob's events", ids(get(t, service, "bob", "s1")), []string{"e1"})
		equal(t, "alice's events", s.seqs(t, "alice", "s1"), nil)
	})
}

func TestEqualTimestampsStayInAppendOrder(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		var want []string
		for _, id := range []string{"z", "a", "m", "b", "y", "c"} {
			appendTo(t, service, open, newEvent(id, now, nil))
			want = append(want, id)
		}
		appendTo(t, service, open, newEvent("earlier", now.Add(-time.Hour), nil))
		equal(t, "the events", ids(get(t, service, "alice", "s1")), append([]string{"earlier"}, want...))
		got, err := service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "alice", SessionID: "s1", NumRecentEvents: 2})
		must(t, err)
		equal(t, "the newest two", ids(got.Session), want[4:])
		s.wantSeqs(t, "alice", "s1", 7)
	})
}

func TestStateDeltasSetTopLevelKeys(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		for _, prefix := range []string{"", "app:", "user:"} {
			id := "s" + strings.TrimSuffix(prefix, ":")
			open := create(t, service, "alice", id, map[string]any{
				prefix + "object": map[string]any{"a": 1, "b": map[string]any{"c": 2}}, prefix + "list": []any{1, 2}, prefix + "kept": "ä\U0001F600\"'", "temp:x": 1})
			appendTo(t, service, open, newEvent("e1", now, map[string]any{
				prefix + "object": map[string]any{"b": map[string]any{"d": nil}}, prefix + "list": []any{nil, map[string]any{}},
				prefix + "null": nil, prefix + "big": 1 << 53, prefix + "": "no name", prefix + `q"'\$.x`: true, "temp:y": 2}))
			appendTo(t, service, open, newEvent("e2", now, map[string]any{prefix + "null": nil, prefix + "object": nil}))
			appendTo(t, service, open, newEvent("e3", now, map[string]any{prefix + "object": map[string]any{"e": nil, "f": []any{}}}))
			want := map[string]any{prefix + "object": map[string]any{"e": nil, "f": []any{}}, prefix + "list": []any{nil, map[string]any{}},
				prefix + "kept": "ä\U0001F600\"'", prefix + "null": nil, prefix + "big": 1 << 53, prefix + "": "no name", prefix + `q"'\$.x`: true}
			got := stateOf(get(t, service, "alice", id))
			maps.DeleteFunc(got, func(key string, _ any) bool {
				return !strings.HasPrefix(key, prefix) || prefix == "" && strings.Contains(key, ":")
			})
			equal(t, "the state of "+prefix, got, want)
			if value, err := open.State().Get("temp:y"); err != nil || value != 2 {
				t.Errorf("temp:y is gone from the open session: %v, %v", value, err)
			}
		}
	})
}

func TestLargeAndStrangeContent(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		large := newEvent("large", now, nil)
		large.Content = genai.NewContentFromText(strings.Repeat("0123456789abcdef", 1<<16), genai.RoleModel)
		nul := newEvent("nul", now.Add(1), nil)
		nul.Content = genai.NewContentFromText("a\x00b\u2028<&>\U0001F600", genai.RoleUser)
		nul.CustomMetadata = map[string]any{"k\x00": "\x00", "html": "<b>"}
		nul.Output = map[string]any{"nested": []any{1.5, nil, "x"}}
		node := newEvent("node", now.Add(2*time.Microsecond), nil)
		node.NodeInfo = &session.NodeInfo{Path: "a/b@1", OutputFor: []string{"a"}}
		node.Routes = []string{"r"}
		node.Actions.ArtifactDelta = map[string]int64{"f": 3}
		for _, e := range []*session.Event{large, nul, node} {
			appendTo(t, service, open, e)
		}
		i := 0
		for e := range get(t, service, "alice", "s1").Events().All() {
			if want := []*session.Event{large, nul, node}[i]; !reflect.DeepEqual(viaJSON(t, e), viaJSON(t, want)) || !e.Timestamp.Equal(want.Timestamp) || e.Timestamp.Location() != time.UTC {
				t.Errorf("event %s has changed", want.ID)
			}
			i++
		}
		equal(t, "the number of events", i, 3)
	})
}

func TestTimes(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		before := open.LastUpdateTime()
		zero := appendTo(t, service, open, newEvent("zero", time.Time{}, nil))
		if !open.LastUpdateTime().Equal(before) || !zero.Timestamp.IsZero() {
			t.Errorf("a zero timestamp moved the session to %v, or became %v", open.LastUpdateTime(), zero.Timestamp)
		}
		at := time.Date(2126, 1, 2, 3, 4, 5, 678901999, time.FixedZone("", 3600))
		e := appendTo(t, service, open, newEvent("late", at, nil))
		if want := at.Truncate(time.Microsecond); !e.Timestamp.Equal(want) || !open.LastUpdateTime().Equal(want) {
			t.Errorf("%v became %v, and the session is of %v", at, e.Timestamp, open.LastUpdateTime())
		}
		got := get(t, service, "alice", "s1")
		if !got.LastUpdateTime().Equal(e.Timestamp) || !got.Events().At(0).Timestamp.IsZero() || !got.Events().At(1).Timestamp.Equal(e.Timestamp) || got.Events().At(2) != nil {
			t.Errorf("read back: session of %v, events of %v", got.LastUpdateTime(), ids(got))
		}
		for _, c := range []struct {
			after time.Time
			want  []string
		}{{time.Time{}, []string{"zero", "late"}}, {e.Timestamp, []string{"late"}}, {e.Timestamp.Add(time.Nanosecond), nil}, {now, []string{"late"}}} {
			got, err := service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "alice", SessionID: "s1", After: c.after})
			must(t, err)
			equal(t, fmt.Sprint("events after ", c.after), ids(got.Session), c.want)
		}
	})
}

func TestKeysCompareByteForByte(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		keys := []string{"alice", "ALICE", "älice", "alice ", " alice", "a%"}
		for _, user := range keys {
			for _, id := range keys {
				appendTo(t, service, create(t, service, user, id, map[string]any{"user:me": user}), newEvent(id, now, nil))
			}
		}
		for _, user := range keys {
			listed, err := service.List(t.Context(), &session.ListRequest{AppName: "app", UserID: user})
			must(t, err)
			equal(t, "sessions of "+user, len(listed.Sessions), len(keys))
			for _, id := range keys {
				got := get(t, service, user, id)
				equal(t, "the session "+id+" of "+user, []any{ids(got), stateOf(got)["user:me"]}, []any{[]string{id}, user})
			}
		}
		all, err := service.List(t.Context(), &session.ListRequest{AppName: "app"})
		must(t, err)
		equal(t, "all sessions", len(all.Sessions), len(keys)*len(keys))
		for _, listed := range all.Sessions {
			equal(t, "the state in the list of all", stateOf(listed)["user:me"], listed.UserID())
		}
	})
}

func TestStaleSessions(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		create(t, service, "alice", "s1", nil)
		first, second := get(t, service, "alice", "s1"), get(t, service, "alice", "s1")
		appendTo(t, service, first, newEvent("e1", now, map[string]any{"k": 1, "app:k": 1}))
		e := newEvent("e2", now, map[string]any{"k": 2, "app:k": 2, "user:k": 2})
		is(t, "an append to a stale session", service.AppendEvent(t.Context(), second, e), s.errors().stale)
		equal(t, "the stale session", []any{ids(second), stateOf(second)}, []any{nil, map[string]any{}})
		equal(t, "the states", stateOf(get(t, service, "alice", "s1")), map[string]any{"k": 1, "app:k": 1})
		appendTo(t, service, get(t, service, "alice", "s1"), e)
		s.wantSeqs(t, "alice", "s1", 2)
	})
}

func TestAppendsAreNotDoubled(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		create(t, service, "alice", "s1", nil)
		first, again := get(t, service, "alice", "s1"), get(t, service, "alice", "s1")
		appendTo(t, service, first, newEvent("e1", now, map[string]any{"n": 1}))
		// As after a lost connection: the same event, and the session as it was.
		appendTo(t, service, again, newEvent("e1", now, map[string]any{"n": 1}))
		appendTo(t, service, again, newEvent("e2", now, nil))
		is(t, "an id that is taken", service.AppendEvent(t.Context(), again, newEvent("e1", now, nil)), s.errors().eventExists)
		appendTo(t, service, again, newEvent("e3", now, nil))
		s.wantSeqs(t, "alice", "s1", 3)
		equal(t, "the session that was open", ids(again), []string{"e1", "e2", "e3"})
	})
}

func TestErrors(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		want := s.errors()
		open := create(t, service, "alice", "s1", nil)
		_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: "s1", State: map[string]any{"app:k": 1, "user:k": 1}})
		is(t, "an id that is taken", err, want.exists)
		equal(t, "the state after that", stateOf(get(t, service, "alice", "s1")), map[string]any{})
		_, err = service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "bob", SessionID: "s1"})
		is(t, "another user's session", err, want.notFound)
		must(t, service.Delete(t.Context(), &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "s1"}))
		is(t, "a deleted session", service.AppendEvent(t.Context(), open, newEvent("e", now, nil)), want.notFound)
		other, err := session.InMemoryService().Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "alice"})
		must(t, err)
		is(t, "a session of another service", service.AppendEvent(t.Context(), other.Session, newEvent("e", now, nil)), want.foreign)
		open = create(t, service, "alice", "s2", nil)
		if err := service.AppendEvent(t.Context(), open, newEvent("e", now, map[string]any{"f": func() {}})); err == nil {
			t.Error("a function was stored")
		}
		if err := service.AppendEvent(t.Context(), nil, newEvent("e", now, nil)); err == nil {
			t.Error("an event was appended to nil")
		}
		if err := service.AppendEvent(t.Context(), open, nil); err == nil {
			t.Error("nil was appended")
		}
		for _, r := range []*session.GetRequest{{UserID: "u", SessionID: "s"}, {AppName: "a", SessionID: "s"}, {AppName: "a", UserID: "u"}} {
			if _, err := service.Get(t.Context(), r); err == nil || errors.Is(err, want.notFound) {
				t.Errorf("get without a key: %v", err)
			}
		}
		partial := &session.Event{ID: "p", LLMResponse: model.LLMResponse{Partial: true}}
		must(t, service.AppendEvent(t.Context(), open, partial))
		anonymous := appendTo(t, service, open, newEvent("", now, map[string]any{"temp:t": 1}))
		equal(t, "the events", ids(open), []string{anonymous.ID})
		if anonymous.ID == "" || anonymous.Actions.StateDelta["temp:t"] != 1 || len(open.Events().At(0).Actions.StateDelta) != 0 {
			t.Errorf("the id %q, the caller's delta %v, the session's %v", anonymous.ID, anonymous.Actions.StateDelta, open.Events().At(0).Actions.StateDelta)
		}
	})
}

func TestOwnersAreApart(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		if !s.owned {
			t.Skip("no owner column")
		}
		want := s.errors()
		mine, theirs := s.asOwner(t.Context(), 0), s.asOwner(t.Context(), 1)
		key := session.GetRequest{AppName: "app", UserID: "alice", SessionID: "s1"}
		open := create(t, service, "alice", "s1", nil)
		_, err := service.Get(theirs, &key)
		is(t, "get", err, want.notFound)
		is(t, "append", service.AppendEvent(theirs, open, newEvent("e1", now, map[string]any{"app:k": 1})), want.notFound)
		must(t, service.Delete(theirs, &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "s1"}))
		_, err = service.Create(theirs, &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: "s1"})
		is(t, "create", err, want.exists)
		for _, user := range []string{"alice", ""} {
			for ctx, n := range map[context.Context]int{mine: 1, theirs: 0} {
				listed, err := service.List(ctx, &session.ListRequest{AppName: "app", UserID: user})
				must(t, err)
				equal(t, "sessions in the list of "+user, len(listed.Sessions), n)
			}
		}
		must(t, service.AppendEvent(mine, open, newEvent("e1", now, nil)))
		equal(t, "the session afterwards", []any{ids(get(t, service, "alice", "s1")), stateOf(get(t, service, "alice", "s1"))}, []any{[]string{"e1"}, map[string]any{}})

		nobody := context.WithValue(t.Context(), ownerGiven{}, true)
		_, err = service.Create(nobody, &session.CreateRequest{AppName: "app", UserID: "alice"})
		is(t, "create without an owner", err, want.noOwner)
		_, err = service.Get(nobody, &key)
		is(t, "get without an owner", err, want.noOwner)
		_, err = service.List(nobody, &session.ListRequest{AppName: "app"})
		is(t, "list without an owner", err, want.noOwner)
		is(t, "append without an owner", service.AppendEvent(nobody, open, newEvent("e2", now, nil)), want.noOwner)
		is(t, "delete without an owner", service.Delete(nobody, &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "s1"}), want.noOwner)
	})
}

// TestOwnersShareNoUserState has two owners whose users have one id: what one of
// them writes with user: is nothing to the other.
func TestOwnersShareNoUserState(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		if !s.owned {
			t.Skip("no owner column")
		}
		mine, theirs := s.asOwner(t.Context(), 0), s.asOwner(t.Context(), 1)
		open, err := service.Create(mine, &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: "mine", State: map[string]any{"user:created": "mine", "app:both": "ours"}})
		must(t, err)
		other, err := service.Create(theirs, &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: "theirs"})
		must(t, err)
		equal(t, "the state when the other is created", stateOf(other.Session), map[string]any{"app:both": "ours"})
		must(t, service.AppendEvent(mine, open.Session, newEvent("e1", now, map[string]any{"user:appended": "mine"})))
		must(t, service.AppendEvent(theirs, other.Session, newEvent("e1", now, map[string]any{"user:appended": "theirs"})))
		for ctx, want := range map[context.Context]map[string]any{
			mine:   {"app:both": "ours", "user:created": "mine", "user:appended": "mine"},
			theirs: {"app:both": "ours", "user:appended": "theirs"},
		} {
			id := want["user:appended"].(string)
			got, err := service.Get(ctx, &session.GetRequest{AppName: "app", UserID: "alice", SessionID: id})
			must(t, err)
			equal(t, "the state that get gives", stateOf(got.Session), want)
			for _, user := range []string{"alice", ""} {
				listed, err := service.List(ctx, &session.ListRequest{AppName: "app", UserID: user})
				must(t, err)
				equal(t, "sessions", len(listed.Sessions), 1)
				equal(t, "the state that list gives", stateOf(listed.Sessions[0]), want)
			}
		}
	})
}

// TestOneSessionManyGoroutines appends through one session object: none is stale.
func TestOneSessionManyGoroutines(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				for j := range 5 {
					if err := service.AppendEvent(t.Context(), open, newEvent(fmt.Sprint(i, ".", j), now, map[string]any{fmt.Sprint(i): j, "app:n": j})); err != nil {
						t.Error(err)
					}
					_, _ = stateOf(open), ids(open)
				}
			})
		}
		group.Wait()
		equal(t, "the events", len(ids(open)), 80)
		s.wantSeqs(t, "alice", "s1", 80)
		equal(t, "the events as they are read", len(ids(get(t, service, "alice", "s1"))), 80)
	})
}

// TestReadsWhileWriting reads the newest events while others come: as many as
// were asked for, without a gap, up to the session's own revision.
func TestReadsWhileWriting(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		for i := range 10 {
			appendTo(t, service, open, newEvent(fmt.Sprintf("%04d", i), now.Add(time.Duration(i)*time.Second), map[string]any{"last": i}))
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 10; i < 150; i++ {
				if err := service.AppendEvent(t.Context(), open, newEvent(fmt.Sprintf("%04d", i), now.Add(time.Duration(i)*time.Second), map[string]any{"last": i})); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		for reading := true; reading; {
			select {
			case <-done:
				reading = false
			default:
			}
			got, err := service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "alice", SessionID: "s1", NumRecentEvents: 5})
			must(t, err)
			last := int(stateOf(got.Session)["last"].(float64))
			var want []string
			for i := last - 4; i <= last; i++ {
				want = append(want, fmt.Sprintf("%04d", i))
			}
			if !slices.Equal(ids(got.Session), want) {
				t.Fatalf("the state is of event %d, the events are %v", last, ids(got.Session))
			}
		}
	})
}

// TestOneConnection: a call needs no second connection, which a pool of one
// could never give it, and leaves the one it had fit for the next call.
func TestOneConnection(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, k, serverOf(k))
			s.maxConns = 1
			service := ownedService{s.service(t), s}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			state := map[string]any{"k": 1, "app:k": 2, "user:k": 3}
			created, err := service.Create(ctx, &session.CreateRequest{AppName: "app", UserID: "alice", SessionID: "s1", State: state})
			must(t, err)
			old := get(t, service, "alice", "s1")
			must(t, service.AppendEvent(ctx, created.Session, newEvent("e1", now, state)))
			is(t, "a stale append", service.AppendEvent(ctx, old, newEvent("e2", now, state)), s.errors().stale)
			is(t, "an event twice", service.AppendEvent(ctx, get(t, service, "alice", "s1"), newEvent("e1", now, state)), s.errors().eventExists)
			must(t, service.AppendEvent(ctx, created.Session, newEvent("e3", now, state)))
			equal(t, "events", ids(get(t, service, "alice", "s1")), []string{"e1", "e3"})
			_, err = service.List(ctx, &session.ListRequest{AppName: "app"})
			must(t, err)
			must(t, service.Delete(ctx, &session.DeleteRequest{AppName: "app", UserID: "alice", SessionID: "s1"}))
		})
	}
}

// TestCancelledAppends cancels appends at many moments. Whatever the database
// made of one, the same call again ends with the event stored once.
func TestCancelledAppends(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		open := create(t, service, "alice", "s1", nil)
		cancelled := 0
		for i := range 40 {
			e := newEvent(fmt.Sprint("e", i), now, map[string]any{fmt.Sprint(i): i, "app:k": i})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
			err := service.AppendEvent(ctx, open, e)
			cancel()
			if err == nil {
				continue
			}
			cancelled++
			if !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				t.Errorf("append %d: %v", i, err)
			}
			if len(ids(open)) != i || stateOf(open)[fmt.Sprint(i)] != nil {
				t.Errorf("append %d failed and changed the session", i)
			}
			appendTo(t, service, open, e)
		}
		if cancelled == 0 {
			t.Error("no append was cancelled")
		}
		s.wantSeqs(t, "alice", "s1", 40)
		equal(t, "the session that was open", ids(open), ids(get(t, service, "alice", "s1")))
		equal(t, "its state", len(stateOf(get(t, service, "alice", "s1"))), 41)
	})
}

// TestKeysThatDoNotFit refuses keys that a database would cut, so that one user
// is never another.
func TestKeysThatDoNotFit(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		longest := strings.Repeat("é", 127) + "v"
		current := create(t, service, longest, longest, map[string]any{"user:secret": 1})
		for _, long := range []string{longest + " ", longest + "   ", longest + "w", "\xff"} {
			_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: long, SessionID: "s"})
			wantError(t, "create for the user", err, s.errors().doesNotFit)
			_, err = service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "u", SessionID: long})
			wantError(t, "create the session", err, s.errors().doesNotFit)
			_, err = service.Create(t.Context(), &session.CreateRequest{AppName: long, UserID: "u", SessionID: "s"})
			wantError(t, "create in the app", err, s.errors().doesNotFit)
			_, err = service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: long, SessionID: longest})
			wantError(t, "get", err, s.errors().doesNotFit)
			_, err = service.List(t.Context(), &session.ListRequest{AppName: "app", UserID: long})
			wantError(t, "list", err, s.errors().doesNotFit)
			wantError(t, "delete", service.Delete(t.Context(), &session.DeleteRequest{AppName: "app", UserID: longest, SessionID: long}), s.errors().doesNotFit)
			wantError(t, "append", service.AppendEvent(t.Context(), current, newEvent(long, now, nil)), s.errors().doesNotFit)
		}
		appendTo(t, service, current, newEvent(longest, now, map[string]any{"k": "v"}))
		if got := get(t, service, longest, longest); got.Events().Len() != 1 {
			t.Errorf("%d events", got.Events().Len())
		}
	})
}

// TestValuesThatDoNotSurvive refuses what would be read back as something else, or
// would make each later read of the user, or the app, fail; the error names the key.
func TestValuesThatDoNotSurvive(t *testing.T) {
	var deep any = "end"
	for range 12_000 {
		deep = []any{deep}
	}
	bad := map[string]any{
		"huge": json.Number("1e400"), "digits": json.Number(strings.Repeat("9", 400)), "deep": deep, "exact": int64(1<<53 + 1),
		"bytes": "a\xffb", "nested": map[string]any{"list": []any{1, uint64(1<<63 + 1)}}, "text in it": map[string]any{"a": "\xc3\x28"},
		"raw bytes": json.RawMessage("{\"a\": \"b\xff\"}"), "half a pair": json.RawMessage(`["\ud800"]`), "the other half": json.RawMessage(`"\uDC00x"`), "name": json.RawMessage(`{"\ud800": 1}`),
		"a name twice": json.RawMessage(`[{"a": 1, "a": 2}]`), "tiny": json.Number("1e-400"), "raw tiny": json.RawMessage(`[-1.5e-400]`), "long": json.Number("0." + strings.Repeat("0", 20_000)),
		"scale": json.RawMessage(`0e-20000`), "exponent": json.RawMessage(`0e999999`),
	}
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		current := create(t, service, "u", "s", nil)
		values := maps.Clone(bad)
		if s.dialect == "postgres" {
			values["nul"] = "a\x00b"
		}
		keepsMinusZero := s.dialect != "mysql"
		if s.dialect == "postgres" || s.dialect == "mysql" {
			values["minus zero"] = math.Copysign(0, -1)
		}
		for key, value := range values {
			for _, prefix := range []string{"", "app:", "user:"} {
				_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "u", State: map[string]any{prefix + key: value, "good": 1}})
				wantError(t, "create with "+prefix+key, err, s.errors().doesNotSurvive)
				err = service.AppendEvent(t.Context(), current, newEvent("e", now, map[string]any{prefix + key: value, "good": 1}))
				wantError(t, "append with "+prefix+key, err, s.errors().doesNotSurvive)
				if err != nil && !strings.Contains(err.Error(), strconv.Quote(key)) {
					t.Errorf("the error does not name %s: %.200s", key, err)
				}
			}
			if key != "nul" && !(key == "minus zero" && keepsMinusZero) { // which an event may have
				e := newEvent("e", now, nil)
				e.CustomMetadata = map[string]any{key: value}
				wantError(t, "append with metadata "+key, service.AppendEvent(t.Context(), current, e), s.errors().doesNotSurvive)
			}
		}
		good := map[string]any{"a": float64(1 << 53), "b": -0.1, "c": 1e300, "d": 5e-324, "e": "\ufffd \\ufffd", "f": math.MaxFloat64, "user:g": []any{123456789012345.0}}
		appendTo(t, service, current, newEvent("raw", now, map[string]any{"raw": json.RawMessage(`["\ud83d\ude00", 0e0, 1.50]`), "user:raw": 1}))
		appendTo(t, service, current, newEvent("e", now, good))
		state := get(t, service, "u", "s").State()
		good["raw"] = []any{"\U0001F600", 0.0, 1.5}
		for key, want := range good {
			if got, err := state.Get(key); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s is %v, not %v: %v", key, got, want, err)
			}
		}
		if !keepsMinusZero {
			return
		}
		e := newEvent("minus zero", now, nil)
		if values["minus zero"] == nil {
			e = newEvent("minus zero", now, map[string]any{"zero": math.Copysign(0, -1), "user:zero": math.Copysign(0, -1)})
		}
		e.CustomMetadata = map[string]any{"zero": math.Copysign(0, -1), "raw": json.RawMessage(`["\ud83d\ude00", 0e0, 1.50]`)}
		appendTo(t, service, current, e)
		got := get(t, service, "u", "s")
		for what, zero := range map[string]any{"event": got.Events().At(2).CustomMetadata["zero"], "state": stateOf(got)["zero"], "user's state": stateOf(got)["user:zero"]} {
			if f, ok := zero.(float64); values["minus zero"] != nil && what != "event" {
				continue
			} else if !ok || f != 0 || !math.Signbit(f) {
				t.Errorf("the %s has %v for -0", what, zero)
			}
		}
		equal(t, "raw JSON", got.Events().At(2).CustomMetadata["raw"], []any{"\U0001F600", 0, 1.5})
	})
}

// TestNumbersSurvive stores numbers of all sizes, and reads each back bit for bit.
func TestNumbersSurvive(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		random := rand.New(rand.NewPCG(1, 2))
		current := create(t, service, "u", "s", nil)
		numbers := map[string]any{}
		for i := range 500 {
			f := math.Float64frombits(random.Uint64())
			if size := math.Abs(f); size < 1<<53 || size >= 1e21 && size <= math.MaxFloat64 { // between, some may be integers that a float64 does not hold
				numbers[fmt.Sprint(i)] = f
			}
			numbers[fmt.Sprint("user:", i)] = float64(random.Int64N(1 << 53))
			numbers[fmt.Sprint("app:", i)] = random.NormFloat64()
		}
		e := newEvent("e", now, numbers)
		e.CustomMetadata = maps.Clone(numbers)
		appendTo(t, service, current, e)
		got := get(t, service, "u", "s")
		state, metadata := stateOf(got), got.Events().At(0).CustomMetadata
		for key, want := range numbers {
			if state[key] != want || metadata[key] != want {
				t.Errorf("%v is %v in the state and %v in the event", want, state[key], metadata[key])
			}
		}
	})
}

// TestNULInKeys refuses the character U+0000 where the database's texts do not have it, and names the key. Elsewhere it is a
// character like others.
func TestNULInKeys(t *testing.T) {
	const nul = "a\x00b"
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		current := create(t, service, "u", "s", nil)
		named := newEvent("named", now, nil)
		named.Author, named.InvocationID, named.Branch = nul, nul, nul
		if s.dialect != "postgres" {
			appendTo(t, service, create(t, service, nul, nul, map[string]any{"user:mine": true}), newEvent(nul, now, nil))
			got := get(t, service, nul, nul)
			equal(t, "the session", []any{ids(got), stateOf(got), got.UserID()}, []any{[]string{nul}, map[string]any{"user:mine": true}, nul})
			appendTo(t, service, current, named)
			equal(t, "the author", get(t, service, "u", "s").Events().At(0).Author, nul)
			return
		}
		refused := func(what string, err, want error) {
			t.Helper()
			wantError(t, what, err, want)
			if err != nil && !strings.Contains(err.Error(), what) {
				t.Errorf("the error does not name the %s: %v", what, err)
			}
		}
		_, err := service.Create(t.Context(), &session.CreateRequest{AppName: nul, UserID: "u", SessionID: "new"})
		refused("app name", err, s.errors().doesNotFit)
		_, err = service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: nul, SessionID: "new"})
		refused("user id", err, s.errors().doesNotFit)
		_, err = service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "u", SessionID: nul})
		refused("session id", err, s.errors().doesNotFit)
		_, err = service.List(t.Context(), &session.ListRequest{AppName: "app", UserID: nul})
		refused("user id", err, s.errors().doesNotFit)
		refused("session id", service.Delete(t.Context(), &session.DeleteRequest{AppName: "app", UserID: "u", SessionID: nul}), s.errors().doesNotFit)
		refused("event id", service.AppendEvent(t.Context(), current, newEvent(nul, now, nil)), s.errors().doesNotFit)
		for _, what := range []string{"author", "invocation id", "branch"} {
			e := newEvent("e", now, nil)
			*map[string]*string{"author": &e.Author, "invocation id": &e.InvocationID, "branch": &e.Branch}[what] = nul
			refused(what, service.AppendEvent(t.Context(), current, e), s.errors().doesNotSurvive)
		}
		appendTo(t, service, current, newEvent("e", now, nil))
		s.wantSeqs(t, "u", "s", 1)
	})
}

// nested nests lists and objects so many levels deep.
func nested(levels int) any {
	var value any = "end"
	for n := range levels {
		if n%2 == 0 {
			value = []any{value}
		} else {
			value = map[string]any{"k": value}
		}
	}
	return value
}

// TestDeepContent nests events and states as deep as the outputs of tools can: what is accepted is read back as it was, also
// when its state is changed later, and what is not is refused before anything is written.
func TestDeepContent(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		deepest := 5000
		if s.dialect == "mysql" { // error 3157
			deepest = 100
		}
		stored := 0
		for _, levels := range []int{27, 31, 90, 100, 120, 1_100, 5_000, 9_000} {
			for _, prefix := range []string{"", "app:", "user:"} {
				t.Run(fmt.Sprint(levels, prefix), func(t *testing.T) {
					user := fmt.Sprint("user", levels)
					value := nested(levels - 1) // around a state is one level
					id := fmt.Sprint(prefix, "s", levels)
					_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: user, SessionID: id, State: map[string]any{prefix + "deep": value}})
					if levels > deepest {
						wantError(t, "create", err, s.errors().doesNotSurvive)
						create(t, service, user, id, nil)
					} else {
						must(t, err)
					}
					current := get(t, service, user, id)
					e := newEvent("other", now, map[string]any{prefix + "other": 1.0}) // into a state that is deep
					appendTo(t, service, current, e)

					e = newEvent("event", now, nil)
					e.CustomMetadata = map[string]any{"deep": nested(levels - 2)}
					err = service.AppendEvent(t.Context(), current, e)
					if levels > deepest {
						wantError(t, "append", err, s.errors().doesNotSurvive)
						if !strings.Contains(err.Error(), `"event"`) {
							t.Errorf("the error does not name the event: %v", err)
						}
					} else {
						must(t, err)
						stored++
					}
					e = newEvent("delta", now, map[string]any{prefix + "replaced": nested(levels - 5)}) // four are around it
					err = service.AppendEvent(t.Context(), current, e)
					if levels-2 > deepest {
						wantError(t, "append", err, s.errors().doesNotSurvive)
						if !strings.Contains(err.Error(), `"replaced"`) {
							t.Errorf("the error does not name the key: %v", err)
						}
						return
					}
					must(t, err)
					state := stateOf(get(t, service, user, id))
					equal(t, "the other key", state[prefix+"other"], any(1.0))
					equal(t, "the new key", state[prefix+"replaced"], viaJSON(t, nested(levels-5)))
					if levels <= deepest {
						equal(t, "the deep key", state[prefix+"deep"], viaJSON(t, value))
					}
					appendTo(t, service, current, newEvent("null", now, map[string]any{prefix + "replaced": nil, prefix + "deep": []any{}}))
					state = stateOf(get(t, service, user, id))
					null, there := state[prefix+"replaced"]
					equal(t, "the key that was set to null", []any{null, there}, []any{nil, true})
					equal(t, "the deep key that was replaced", state[prefix+"deep"], any([]any{}))
					equal(t, "the same state in memory", viaJSON(t, stateOf(current)), viaJSON(t, state))
				})
			}
			if levels <= deepest && !t.Failed() {
				got := get(t, service, fmt.Sprint("user", levels), fmt.Sprint("s", levels))
				equal(t, fmt.Sprintf("the event of %d levels", levels), got.Events().At(1).CustomMetadata["deep"], viaJSON(t, nested(levels-2)))
			}
		}
		if stored < 12 {
			t.Errorf("%d events are stored", stored)
		}
	})
}

// TestDeepStatesWithoutStrictMode merges a deep state where MariaDB's functions give NULL instead of an error, which a column
// that is NOT NULL would then keep as an empty text.
func TestDeepStatesWithoutStrictMode(t *testing.T) {
	k := kind{name: "mariadb", dialect: "mariadb"}
	s := newStore(t, k, serverOf(k))
	service := s.serviceAt(t, s.dsn()+"&sql_mode=%27%27")
	deep := map[string]any{"k": nested(50), "app:k": nested(50), "user:k": nested(50)}
	current := create(t, service, "u", "s", deep)
	appendTo(t, service, current, newEvent("e", now, map[string]any{"n": 1.0, "app:n": 2.0, "user:n": 3.0}))
	maps.Copy(deep, map[string]any{"n": 1.0, "app:n": 2.0, "user:n": 3.0})
	equal(t, "the state", stateOf(get(t, service, "u", "s")), deep)
}

// TestLargeEvents stores what the servers take unless they are told otherwise.
func TestLargeEvents(t *testing.T) {
	onEach(t, func(t *testing.T, s *store, service session.Service) {
		current := create(t, service, "u", "s", nil)
		appendTo(t, service, current, ofSize("1", 1<<20))
		appendTo(t, service, current, ofSize("15", 15<<20))
		equal(t, "the events", ids(get(t, service, "u", "s")), []string{"1", "15"})
	})
}

// ofSize is an event with a text of so many bytes.
func ofSize(id string, size int) *session.Event {
	e := newEvent(id, now, nil)
	e.Content = genai.NewContentFromText(textOf(size), genai.RoleModel)
	return e
}

func textOf(size int) string { return strings.Repeat("0123456789abcdef", size/16) }

// TestTooLarge says of what is too large for a database which event it is, and what limits it. Nothing of it is stored, it is no
// ErrMaybeStored, and the session can be used as before. The limits are made small, but for that of PostgreSQL's JSONB.
func TestTooLarge(t *testing.T) {
	const limit = 1 << 20
	for _, server := range []*servers.Server{mariadb, mysqlServer} {
		if server == nil {
			continue
		}
		admin, before := open(t, server.Driver, server.DSN(server.Admin)), 0
		must(t, admin.QueryRow("SELECT @@GLOBAL.max_allowed_packet").Scan(&before))
		run(t, admin, fmt.Sprint("SET GLOBAL max_allowed_packet = ", limit))
		t.Cleanup(func() { run(t, admin, fmt.Sprint("SET GLOBAL max_allowed_packet = ", before)) })
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s := newStore(t, k, serverOf(k))
			var service session.Service = ownedService{s.service(t), s}
			prefixes, tooLarge, said := []string{"", "app:", "user:"}, limit+limit/4, "max_allowed_packet"
			switch {
			case k.name == "postgres":
				prefixes, tooLarge, said = []string{""}, 257<<20, "jsonb"
			case k.dialect == "postgres":
				t.Skip("as without an owner, which takes its time")
			case k.dialect == "sqlite":
				db := open(t, s.driver(), s.dsn())
				db.SetMaxOpenConns(1)
				conn, err := db.Conn(t.Context())
				must(t, err)
				if s.driver() == "sqlite3" {
					must(t, conn.Raw(func(c any) error {
						c.(*sqlite3.SQLiteConn).SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, limit)
						return nil
					}))
				} else {
					_, err = sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, limit)
					must(t, err)
				}
				must(t, conn.Close())
				said = "too big"
				if k.owned {
					service = ownedService{ownedsqlite.NewSessionService(db), s}
				} else {
					service = sqlitedb.NewSessionService(db)
				}
			}
			refused := func(what string, err error, names ...string) {
				t.Helper()
				wantError(t, what, err, s.errors().tooLarge)
				if errors.Is(err, s.errors().maybe) {
					t.Errorf("%s may have been stored: %.300v", what, err)
				}
				for _, name := range names {
					if err != nil && !strings.Contains(err.Error(), name) {
						t.Errorf("%s: the error does not have %s: %.300v", what, name, err)
					}
				}
			}
			current := create(t, service, "u", "s", map[string]any{"k": textOf(limit / 4)})
			if k.dialect != "postgres" {
				appendTo(t, service, current, ofSize("fits", limit/4*3))
				refused("an event", service.AppendEvent(t.Context(), current, ofSize("too large", tooLarge)), `"too large"`, said)
			}
			for _, prefix := range prefixes {
				refused("a delta "+prefix, service.AppendEvent(t.Context(), current, newEvent("delta", now, map[string]any{prefix + "k": textOf(tooLarge)})), `"delta"`, said)
				if k.dialect == "postgres" {
					continue
				}
				id := "new" + prefix
				_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: "u", SessionID: id, State: map[string]any{prefix + "k": textOf(tooLarge)}})
				refused("a new state "+prefix, err, strconv.Quote(id), said)
				_, err = service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: "u", SessionID: id})
				wantError(t, "the session that was not created", err, s.errors().notFound)
				for i := range 3 { // a state that grows, by changes that are not too large: MariaDB merges more than it takes
					err := service.AppendEvent(t.Context(), current, newEvent(fmt.Sprint("grows", prefix, i), now, map[string]any{fmt.Sprint(prefix, "k", i): textOf(limit / 2)}))
					if i == 2 && err != nil {
						refused("a state that grows "+prefix, err, `"grows`, said)
					}
					if i == 0 {
						must(t, err)
					}
				}
			}
			appendTo(t, service, current, newEvent("last", now, map[string]any{"k": 1.0}))
			got := get(t, service, "u", "s")
			equal(t, "the events", ids(got), ids(current))
			equal(t, "the states", stateOf(got), stateOf(current))
			s.wantSeqs(t, "u", "s", len(ids(got)))
		})
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %.200v, want %v", what, err, want)
	}
}
