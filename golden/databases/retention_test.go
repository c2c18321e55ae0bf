package databases

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adkgen/adkgen/golden/databases/mysqldb"
	"github.com/adkgen/adkgen/golden/databases/postgresdb"
	"github.com/jackc/pgx/v5"
)

// big is a session with 2 % of all events, among sessions of 50.
var big = key{"app", "u5", "big"}

// history begins with the first event of fillHistory; there is one a second.
var history = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fillHistory gives a store a number of events: big has 2 % of them, spread over the
// whole time, and the others lie in sessions of 50, one after the other.
func fillHistory(t testing.TB, dialect string, events int) store {
	s := newStore(t, dialect)
	many := events * 98 / 100
	numbers := "WITH c(n) AS (SELECT * FROM generate_series(0, %d))"
	switch dialect {
	case "sqlite":
		numbers = "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < %d)"
	case "mysql", "mariadb":
		numbers = "WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 999), c(n) AS (SELECT a.n * 1000 + b.n FROM d AS a, d AS b WHERE a.n <= %[1]d DIV 1000 AND a.n * 1000 + b.n <= %[1]d)"
	}
	// concat joins texts, quotient divides without a rest, and at gives the time of a second.
	concat := func(a, b string) string { return a + " || " + b }
	quotient := func(n string, by int) string { return fmt.Sprintf("(%s / %d)", n, by) }
	at := func(n string) string {
		return "TIMESTAMPTZ '2026-01-01 00:00:00+00' + (" + n + ") * interval '1 second'"
	}
	owner := "1"
	switch dialect {
	case "postgres":
		owner = "'00000000-0000-0000-0000-000000000001'::uuid"
	case "sqlite":
		at = func(n string) string { return fmt.Sprint(history.UnixMicro(), " + 1000000 * (", n, ")") }
	default:
		concat = func(a, b string) string { return "CONCAT(" + a + ", " + b + ")" }
		quotient = func(n string, by int) string { return fmt.Sprintf("(%s DIV %d)", n, by) }
		at = func(n string) string { return "'2026-01-01' + INTERVAL (" + n + ") SECOND" }
	}
	insert := func(into, values string, last int) string {
		with := fmt.Sprintf(numbers, last)
		if dialect == "mysql" || dialect == "mariadb" {
			return "INSERT INTO " + into + " " + with + " SELECT " + values + " FROM c"
		}
		return with + " INSERT INTO " + into + " SELECT " + values + " FROM c"
	}
	const sessionColumns = "adk_sessions (app_name, user_id, account_id, id, state, revision, create_time, update_time)"
	document := `'{"content": "hello"}'`
	if dialect == "postgres" {
		document += "::json"
	}
	statements := []string{
		"INSERT INTO users VALUES (" + owner + ")",
		insert(sessionColumns, fmt.Sprintf("'app', %s, %s, %s, '{}', 50, %s, %s", concat("'u'", quotient("n", 10)), owner, concat("'s'", "n"), at("n * 50"), at("n * 50 + 49")), many/50-1),
		insert(sessionColumns, fmt.Sprintf("'app', 'u5', %s, 'big', '{}', %d, %s, %s", owner, events/50, at("0"), at(fmt.Sprint(events))), 0),
		insert("adk_events", fmt.Sprintf("'app', %s, %s, %s, n %% 50 + 1, 'inv', 'agent', '', %s, %s", concat("'u'", quotient("n", 500)), concat("'s'", quotient("n", 50)), concat("'e'", "n"), at("n"), document), many-1),
		insert("adk_events", fmt.Sprintf("'app', 'u5', 'big', %s, n + 1, 'inv', 'agent', '', %s, %s", concat("'b'", "n"), at("n * 49"), document), events/50-1),
		map[string]string{"postgres": "VACUUM ANALYZE", "sqlite": "ANALYZE"}[dialect],
	}
	if dialect == "mysql" || dialect == "mariadb" {
		statements[len(statements)-1] = "ANALYZE TABLE adk_sessions, adk_events"
	}
	for _, statement := range statements {
		run(t, s, statement)
	}
	return s
}

// run runs a statement that is no query of a store's.
func run(t testing.TB, s store, statement string) {
	t.Helper()
	var err error
	switch s := s.(type) {
	case *postgresStore:
		_, err = s.pool.Exec(background, statement)
	case *mysqlStore:
		_, err = s.db.Exec(statement)
	case *sqliteStore:
		_, err = s.db.Exec(statement)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// rowsRead counts the rows that a call has read of a database of MySQL's kind.
// The store has one connection.
func (s *mysqlStore) rowsRead(t testing.TB, call func()) int64 {
	count := func() (n int64) {
		rows, err := s.db.Query("SHOW SESSION STATUS LIKE 'Handler_read%'")
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			var value int64
			must(t, rows.Scan(&name, &value))
			n += value
		}
		must(t, rows.Err())
		return n
	}
	before := count()
	call()
	return count() - before
}

// locked counts the records that the transaction of the store's one connection
// has locked.
func (s *mysqlStore) locked(t testing.TB, dialect string) (n int64) {
	if dialect == "mysql" {
		must(t, s.db.QueryRow(`SELECT COUNT(*) FROM performance_schema.data_locks AS l
			JOIN performance_schema.threads AS t ON t.thread_id = l.thread_id WHERE t.processlist_id = CONNECTION_ID() AND l.lock_type = 'RECORD'`).Scan(&n))
		return n
	}
	time.Sleep(200 * time.Millisecond) // the server keeps an answer for a tenth of a second
	err := s.db.QueryRow("SELECT trx_rows_locked FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()").Scan(&n)
	if errors.Is(err, sql.ErrNoRows) { // it has not begun in the engine
		return 0
	}
	must(t, err)
	return n
}

var sharedBuffers = regexp.MustCompile(`Buffers: shared([^\n\]]*)`)

// buffers runs the last statement again, with its plan, undoes it, and counts
// the pages that it has touched.
func (s *postgresStore) buffers(t testing.TB) (n int64, plan string) {
	tx, err := s.pool.Begin(background)
	must(t, err)
	defer func() { _ = tx.Rollback(background) }()
	rows, err := tx.Query(background, "EXPLAIN (ANALYZE, BUFFERS) "+s.sql, s.args...)
	must(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	plan = strings.Join(lines, "\n")
	found := sharedBuffers.FindStringSubmatch(plan)
	if found == nil {
		t.Fatalf("a plan without buffers:\n%s", plan)
	}
	for _, word := range strings.Fields(found[1]) {
		if kind, number, _ := strings.Cut(word, "="); kind == "hit" || kind == "read" {
			one, err := strconv.ParseInt(number, 10, 64)
			must(t, err)
			n += one
		}
	}
	return n, plan
}

// TestRetentionReadsAndLocksLittle finds and deletes expired events among
// 100,000, and counts what is read and locked: an index entry per session to
// find that nothing is expired, a few pages per event that is deleted, and
// nothing is locked but what is deleted.
func TestRetentionReadsAndLocksLittle(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) { retention(t, dialect, 100_000) })
	}
}

// BenchmarkRetention does the same among a million events. It also tells what
// an index by time costs an append, which the queries do without, and how long
// a session with 19,000 events takes to delete.
func BenchmarkRetention(b *testing.B) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		b.Run(dialect, func(b *testing.B) {
			s := retention(b, dialect, 1_000_000)
			with, without := appendsWithIndex(b, s, "CREATE INDEX expiry ON adk_events (app_name, timestamp)", "DROP INDEX expiry")
			b.ReportMetric(with/without, "events-index-ratio")
			with, without = appendsWithIndex(b, s, "CREATE INDEX recency ON adk_sessions (app_name, update_time)", "DROP INDEX recency")
			b.ReportMetric(with/without, "sessions-index-ratio")
			start := time.Now()
			n, err := s.DeleteIdleSession(big, far)
			must(b, err)
			b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-to-delete-a-session-of-19000")
			if n != 1 {
				b.Errorf("%d sessions were deleted", n)
			}
		})
	}
}

// appendsWithIndex gives the seconds that 500 appends take with an index and
// without: the quickest of five times each, in turn.
func appendsWithIndex(b *testing.B, s store, create, drop string) (with, without float64) {
	if _, ok := s.(*mysqlStore); ok {
		drop += " ON " + strings.Fields(create)[4]
	}
	const appends = 500
	with, without = math.Inf(1), math.Inf(1)
	for range 5 {
		for _, seconds := range []*float64{&without, &with} {
			if seconds == &with {
				run(b, s, create)
			}
			sessions, err := s.ListSessions("app", key{"", "u1" + fmt.Sprint(rand.IntN(900)), ""}, appends)
			must(b, err)
			if x, ok := s.(*postgresStore); ok {
				run(b, x, "CHECKPOINT")
			}
			start := time.Now()
			for i, x := range sessions {
				at := history.Add(time.Duration(2_000_000+i) * time.Second)
				_, err := s.Append(newEvent(x.key, fmt.Sprint(rand.Int64()), at), x.revision, `{"turn": 1}`, "{}", "{}")
				must(b, err)
			}
			*seconds = min(*seconds, time.Since(start).Seconds())
			if seconds == &with {
				run(b, s, drop)
			}
		}
	}
	return with, without
}

func retention(t testing.TB, dialect string, events int) store {
	s := fillHistory(t, dialect, events)
	sessions := int64(events*98/100/50 + 1)
	const batch = 1000
	none, some, soon := history.Add(-time.Second), history.Add(time.Duration(events)*time.Second/50), history.Add(time.Duration(events)*time.Second)
	atMost := func(what string, got, want int64) {
		t.Helper()
		t.Logf("%s: %d", what, got)
		if b, ok := t.(*testing.B); ok {
			b.ReportMetric(float64(got), strings.ReplaceAll(what, " ", "-"))
		}
		if got > want {
			t.Errorf("%s: %d, want at most %d", what, got, want)
		}
	}
	find := func(before time.Time, limit, want int) {
		t.Helper()
		found, err := s.ListSessionsWithExpiredEvents("app", before, key{}, limit)
		must(t, err)
		if len(found) != want {
			t.Errorf("%d sessions have events from before %s, want %d", len(found), before, want)
		}
	}
	expired := events/50/50 + 1 // sessions of 50, and big
	remove := func(before time.Time, limit int) {
		t.Helper()
		n, err := s.DeleteExpiredEvents(big, before, limit)
		must(t, err)
		if want := min(int64(limit), map[time.Time]int64{soon: batch}[before]); n != want {
			t.Errorf("%d events were deleted, want %d", n, want)
		}
	}
	start := time.Now()
	find(none, 100, 0)
	t.Logf("finding nothing takes %s", time.Since(start))
	find(some, events, expired)
	switch s := s.(type) {
	case *postgresStore:
		n, plan := s.buffers(t)
		t.Log(plan)
		atMost("pages to find some", n, 4*sessions+200)
		find(none, 100, 0)
		n, _ = s.buffers(t)
		atMost("pages to find nothing", n, 4*sessions+200)
		_, err := s.ListIdleSessions("app", none, key{}, 100)
		must(t, err)
		n, _ = s.buffers(t)
		atMost("pages to find no idle session", n, 2*sessions)
		remove(none, batch)
		n, _ = s.buffers(t)
		atMost("pages to delete nothing", n, 20)
		remove(soon, batch)
		n, plan = s.buffers(t)
		t.Log(plan)
		atMost("pages to delete a batch", n, 6*batch)
	case *mysqlStore:
		s.db.SetMaxOpenConns(1)
		run(t, s, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
		atMost("rows to find nothing", s.rowsRead(t, func() { find(none, 100, 0) }), 3*sessions)
		atMost("rows to find some", s.rowsRead(t, func() { find(some, events, expired) }), 3*sessions)
		atMost("rows to find no idle session", s.rowsRead(t, func() { _, err := s.ListIdleSessions("app", none, key{}, 100); must(t, err) }), 2*sessions)
		run(t, s, "START TRANSACTION")
		find(some, events, expired)
		remove(none, batch)
		atMost("rows locked to delete nothing", s.locked(t, dialect), 0)
		atMost("rows to delete a batch", s.rowsRead(t, func() { remove(soon, batch) }), 4*batch)
		atMost("rows locked to delete a batch", s.locked(t, dialect), batch*11/10)
		run(t, s, "COMMIT")
		run(t, s, "START TRANSACTION")
		n, err := s.DeleteIdleSession(big, none)
		must(t, err)
		atMost("sessions deleted that are not idle", n, 0)
		atMost("rows locked by a session that is not idle", s.locked(t, dialect), 1)
		run(t, s, "COMMIT")
		s.db.SetMaxOpenConns(0)
	case *sqliteStore:
		for _, want := range []struct{ what, plan string }{
			{"sessions", `^SEARCH s USING COVERING INDEX sqlite_autoindex_adk_sessions_1 \(app_name=\? AND user_id>\?\)
CORRELATED SCALAR SUBQUERY 1
SEARCH e USING COVERING INDEX adk_events_order_idx \(app_name=\? AND user_id=\? AND session_id=\?\)
$`},
			{"events", `^SEARCH adk_events USING INTEGER PRIMARY KEY \(rowid=\?\)
LIST SUBQUERY 1
SEARCH x USING COVERING INDEX adk_events_order_idx \(app_name=\? AND user_id=\? AND session_id=\? AND timestamp<\?\)
`},
		} {
			if plan := s.Explain(); !regexp.MustCompile(want.plan).MatchString(plan) {
				t.Errorf("the plan of expired %s:\n%s", want.what, plan)
			}
			remove(soon, batch)
		}
	}
	return s
}

// concurrent are the databases that several connections write at once.
var concurrent = []string{"postgres", "mariadb", "mysql"}

// impatient makes each connection of a store give up a lock after two seconds,
// under REPEATABLE READ on MySQL, which is the default there.
func impatient(t *testing.T, dialect string) store {
	s := newStore(t, dialect)
	switch s := s.(type) {
	case *postgresStore:
		_, err := s.pool.Exec(background, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''2s''', current_database()); END $$")
		must(t, err)
		s.pool.Reset()
	case *mysqlStore:
		h, name := map[string]*host{"mysql": mysqlServer, "mariadb": mariadb}[dialect], ""
		must(t, s.db.QueryRow("SELECT DATABASE()").Scan(&name))
		db, err := sql.Open(h.driver, h.dsn(name)+"&innodb_lock_wait_timeout=2")
		must(t, err)
		t.Cleanup(func() { _ = db.Close() })
		s.db = db
	}
	must(t, s.CreateOwner(1))
	return s
}

// deleting deletes events of a session in a transaction that stays open until
// the function that it gives is called.
func deleting(t *testing.T, s store, k key, before time.Time, limit int) (commit func()) {
	t.Helper()
	switch s := s.(type) {
	case *postgresStore:
		tx, err := s.pool.Begin(background)
		must(t, err)
		t.Cleanup(func() { _ = tx.Rollback(background) })
		n, err := s.q.WithTx(tx).DeleteExpiredEvents(background, postgresdb.DeleteExpiredEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, BeforeTime: before, Limit: int32(limit)})
		must(t, err)
		equal(t, "deleted in a transaction", n, int64(limit))
		return func() { must(t, tx.Commit(background)) }
	case *mysqlStore:
		tx, err := s.db.Begin()
		must(t, err)
		t.Cleanup(func() { _ = tx.Rollback() })
		q := s.q.WithTx(tx)
		ids, err := q.ListExpiredEvents(background, mysqldb.ListExpiredEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, BeforeTime: before, Limit: int32(limit)})
		must(t, err)
		n, err := q.DeleteEvents(background, mysqldb.DeleteEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, Ids: ids})
		must(t, err)
		equal(t, "deleted in a transaction", n, int64(limit))
		return func() { must(t, tx.Commit()) }
	}
	return nil
}

// TestAppendsDoNotWaitForRetention appends to a session of which a transaction
// has just deleted events, and to those beside it, before it commits.
func TestAppendsDoNotWaitForRetention(t *testing.T) {
	for _, dialect := range concurrent {
		t.Run(dialect, func(t *testing.T) {
			s := impatient(t, dialect)
			const events = 20
			for _, id := range []string{"a", "b", "c"} {
				k := key{"app", "alice", id}
				must(t, s.CreateSession(session{key: k, owner: 1, state: "{}", created: now}))
				for i := range events {
					value[int64](t)(s.Append(newEvent(k, fmt.Sprintf("e%02d", i), now.Add(time.Duration(i)*time.Second)), int64(i), "{}", "{}", "{}"))
				}
			}
			for _, limit := range []int{5, events - 5} { // a part, and then all
				commit := deleting(t, s, key{"app", "alice", "b"}, far, limit)
				for i, id := range []string{"a", "b", "c"} {
					k := key{"app", "alice", id}
					at := now.Add(time.Hour)
					value[int64](t)(s.Append(newEvent(k, fmt.Sprint("at the end", limit), at), value[session](t)(s.GetSession(k)).revision, "{}", "{}", "{}"))
					value[int64](t)(s.Append(newEvent(k, fmt.Sprint("d", i, limit), now.Add(-time.Hour)), value[session](t)(s.GetSession(k)).revision, "{}", "{}", "{}"))
				}
				commit()
			}
			equal(t, "the events that were not deleted", len(value[[]event](t)(s.ListEvents(key{"app", "alice", "b"}, all))), 4)
		})
	}
}

// TestPrunersDoNotWaitOnPostgreSQL has one delete what another has not locked.
func TestPrunersDoNotWaitOnPostgreSQL(t *testing.T) {
	s := impatient(t, "postgres")
	k := key{"app", "alice", "s"}
	must(t, s.CreateSession(session{key: k, owner: 1, state: "{}", created: now}))
	for i := range 5 {
		value[int64](t)(s.Append(newEvent(k, fmt.Sprint("e", i), now.Add(time.Duration(i)*time.Second)), int64(i), "{}", "{}", "{}"))
	}
	commit := deleting(t, s, k, far, 2)
	equal(t, "deleted beside another", value[int64](t)(s.DeleteExpiredEvents(k, far, 2)), int64(2))
	commit()
	equal(t, "what is left", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string{"e4"})
}

// TestIdleSessionThatIsUsedAgainStays appends between finding an idle session
// and deleting it, and while it is being deleted.
func TestIdleSessionThatIsUsedAgainStays(t *testing.T) {
	for _, dialect := range concurrent {
		t.Run(dialect, func(t *testing.T) {
			s := impatient(t, dialect)
			k := key{"app", "alice", "s"}
			must(t, s.CreateSession(session{key: k, owner: 1, state: "{}", created: now}))
			cutoff := now.Add(time.Hour)
			equal(t, "idle sessions", value[[]key](t)(s.ListIdleSessions("app", cutoff, key{}, 9)), []key{k})
			value[int64](t)(s.Append(newEvent(k, "e1", cutoff), 0, "{}", "{}", "{}"))
			equal(t, "a deletion after an append", value[int64](t)(s.DeleteIdleSession(k, cutoff)), int64(0))

			later := cutoff.Add(time.Hour)
			use, commit := "UPDATE adk_sessions SET revision = 2, update_time = '"+later.Add(time.Hour).Format("2006-01-02 15:04:05")+"' WHERE id = 's'", func() {}
			switch s := s.(type) {
			case *postgresStore:
				tx, err := s.pool.Begin(background)
				must(t, err)
				t.Cleanup(func() { _ = tx.Rollback(background) })
				_, err = tx.Exec(background, use)
				must(t, err)
				commit = func() { must(t, tx.Commit(background)) }
			case *mysqlStore:
				tx, err := s.db.Begin()
				must(t, err)
				t.Cleanup(func() { _ = tx.Rollback() })
				_, err = tx.Exec(use)
				must(t, err)
				commit = func() { must(t, tx.Commit()) }
			}
			type result struct {
				n   int64
				err error
			}
			deleted := make(chan result)
			go func() {
				n, err := s.DeleteIdleSession(k, later)
				deleted <- result{n, err}
			}()
			select {
			case r := <-deleted:
				t.Errorf("the deletion did not wait for the append: %v", r)
			case <-time.After(300 * time.Millisecond):
				commit()
				equal(t, "a deletion during an append", <-deleted, result{0, nil})
			}
			equal(t, "the events", eventIDs(value[[]event](t)(s.ListEvents(k, all))), []string{"e1"})
		})
	}
}

// prune deletes an app's expired events and idle sessions, as docs/queries.md
// shows.
func prune(s store, app string, expired, idle time.Time) error {
	const page, batch = 10, 20
	for after := (key{}); ; {
		sessions, err := s.ListSessionsWithExpiredEvents(app, expired, after, page)
		if err != nil {
			return err
		}
		for _, k := range sessions {
			for n := int64(batch); n == batch; {
				if n, err = s.DeleteExpiredEvents(k, expired, batch); err != nil {
					return err
				}
			}
		}
		if len(sessions) < page {
			break
		}
		after = sessions[page-1]
	}
	for after := (key{}); ; {
		sessions, err := s.ListIdleSessions(app, idle, after, page)
		if err != nil {
			return err
		}
		for _, k := range sessions {
			if _, err = s.DeleteIdleSession(k, idle); err != nil {
				return err
			}
		}
		if len(sessions) < page {
			return nil
		}
		after = sessions[page-1]
	}
}

// TestPrunersAmongWriters has two pruners at work while sessions are appended
// to, created and deleted: nobody meets a deadlock or waits in vain, what is
// expired goes, and what is not stays.
func TestPrunersAmongWriters(t *testing.T) {
	for _, dialect := range concurrent {
		t.Run(dialect, func(t *testing.T) {
			s := impatient(t, dialect)
			ancient, old, recent := now.Add(-90*24*time.Hour), now.Add(-48*time.Hour), now
			expired, idle := now.Add(-24*time.Hour), now.Add(-60*24*time.Hour)
			// insert makes a session and its events, from a time on; the last five of those that are not ancient are recent.
			insert := func(k key, events int, from time.Time) error {
				if err := s.CreateSession(session{key: k, owner: 1, state: "{}", created: from}); err != nil {
					return err
				}
				for i := range events {
					at := from
					if from != ancient && i >= events-5 {
						at = recent
					}
					if _, err := s.Append(newEvent(k, fmt.Sprint(rand.Int64()), at.Add(time.Duration(i)*time.Second)), int64(i), "{}", "{}", "{}"); err != nil {
						return err
					}
				}
				return nil
			}
			const writers = 4
			var ready, group sync.WaitGroup
			stop := make(chan struct{})
			going := func() bool {
				select {
				case <-stop:
					return false
				default:
					return true
				}
			}
			appended := make([]int, writers)
			for i := range writers {
				ready.Add(1)
				group.Go(func() { // a writer, on a session with expired events, that appends new and expired ones
					k := key{"app", fmt.Sprint("user", i), "s"}
					if err := insert(k, 100, old); err != nil {
						t.Error(err)
					}
					ready.Done()
					for n := 100; going(); n++ {
						at := recent.Add(time.Duration(n) * time.Second)
						if n%2 == 1 {
							at = old
						} else {
							appended[i]++
						}
						if _, err := s.Append(newEvent(k, fmt.Sprint(rand.Int64()), at), int64(n), "{}", "{}", "{}"); err != nil {
							t.Errorf("appending: %v", err)
							return
						}
					}
				})
			}
			ready.Wait()
			for i := range 2 {
				group.Go(func() { // somebody who deletes sessions that the pruners are at
					for n := 0; going(); n++ {
						k := key{"app", "user1", fmt.Sprint("gone", i, n)}
						if err := insert(k, 30, old); err != nil {
							t.Errorf("creating: %v", err)
						}
						if _, err := s.DeleteSession(k); err != nil {
							t.Errorf("deleting: %v", err)
						}
					}
				})
				group.Go(func() {
					for going() {
						if err := prune(s, "app", expired, idle); err != nil {
							t.Errorf("pruning: %v", err)
						}
					}
				})
			}
			for i := range 5 {
				if err := insert(key{"app", "nobody", fmt.Sprint("idle", i)}, 40, ancient); err != nil && !errors.Is(err, errStale) {
					t.Error(err) // stale is what a pruner makes of a session that nobody has used since
				}
			}
			time.Sleep(3 * time.Second)
			close(stop)
			group.Wait()
			must(t, prune(s, "app", expired, idle))
			equal(t, "sessions", ids(value[[]session](t)(s.ListSessions("app", key{}, 99))), []string{"user0/s", "user1/s", "user2/s", "user3/s"})
			for i := range writers {
				events := value[[]event](t)(s.ListEvents(key{"app", fmt.Sprint("user", i), "s"}, all))
				equal(t, "events that are not expired", len(events), appended[i]+5)
			}
			t.Log("events appended:", appended)
		})
	}
}
