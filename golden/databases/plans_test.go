package databases

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fill gives each dialect 100,000 events over 1,000 sessions of 100 users, and
// 1,000 states, in SQL of its own; %s is the time of the first event.
var fill = map[string][]string{
	"postgres": {
		"INSERT INTO users SELECT '00000000-0000-0000-0000-000000000001'",
		"INSERT INTO adk_sessions (app_name, user_id, account_id, id) SELECT 'app', 'u' || n / 10, '00000000-0000-0000-0000-000000000001', 's' || n FROM generate_series(0, 999) AS n",
		"INSERT INTO adk_events SELECT 'app', 'u' || (n % 1000) / 10, 's' || n % 1000, 'e' || n, n / 1000 + 1, 'inv', 'agent', '', TIMESTAMPTZ '2026-01-01 00:00:00+00' + n * interval '1 second', '{\"content\": \"hello\"}' FROM generate_series(0, 99999) AS n",
		"INSERT INTO adk_app_states SELECT 'app' || n, '{}' FROM generate_series(0, 999) AS n",
		"INSERT INTO adk_owner_states SELECT 'app', 'u' || n, '00000000-0000-0000-0000-000000000001', '{}' FROM generate_series(0, 999) AS n",
		"ANALYZE",
	},
	"mariadb": {
		"INSERT INTO users VALUES (1)",
		"INSERT INTO adk_sessions SELECT 'app', CONCAT('u', seq DIV 10), 1, CONCAT('s', seq), '{}', 0, '2026-01-01', '2026-01-01' FROM seq_0_to_999",
		"INSERT INTO adk_events SELECT 'app', CONCAT('u', (seq MOD 1000) DIV 10), CONCAT('s', seq MOD 1000), CONCAT('e', seq), seq DIV 1000 + 1, 'inv', 'agent', '', '2026-01-01' + INTERVAL seq SECOND, '{\"content\": \"hello\"}' FROM seq_0_to_99999",
		"INSERT INTO adk_app_states SELECT CONCAT('app', seq), '{}', '2026-01-01' FROM seq_0_to_999",
		"INSERT INTO adk_owner_states SELECT 'app', CONCAT('u', seq), 1, '{}', '2026-01-01' FROM seq_0_to_999",
		"ANALYZE TABLE adk_sessions, adk_events, adk_app_states, adk_owner_states",
	},
	"mysql": {
		"INSERT INTO users VALUES (1)",
		"CREATE TABLE numbers (seq INT PRIMARY KEY)",
		"INSERT INTO numbers SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n FROM " + digits + " a, " + digits + " b, " + digits + " c, " + digits + " d, " + digits + " e",
		"INSERT INTO adk_sessions SELECT 'app', CONCAT('u', seq DIV 10), 1, CONCAT('s', seq), '{}', 0, '2026-01-01', '2026-01-01' FROM numbers WHERE seq < 1000",
		"INSERT INTO adk_events SELECT 'app', CONCAT('u', (seq MOD 1000) DIV 10), CONCAT('s', seq MOD 1000), CONCAT('e', seq), seq DIV 1000 + 1, 'inv', 'agent', '', '2026-01-01' + INTERVAL seq SECOND, '{\"content\": \"hello\"}' FROM numbers",
		"DROP TABLE numbers",
		"ANALYZE TABLE adk_sessions, adk_events",
	},
	"sqlite": {
		"INSERT INTO users VALUES (1)",
		"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 999) INSERT INTO adk_sessions SELECT 'app', 'u' || (n / 10), 1, 's' || n, '{}', 0, 0, 0 FROM c",
		"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 99999) INSERT INTO adk_events SELECT 'app', 'u' || (n % 1000 / 10), 's' || (n % 1000), 'e' || n, n / 1000 + 1, 'inv', 'agent', '', 1767225600000000 + n * 1000000, '{\"content\": \"hello\"}' FROM c",
		"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 999) INSERT INTO adk_app_states SELECT 'app' || n, '{}', 0 FROM c",
		"WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 999) INSERT INTO adk_owner_states SELECT 'app', 'u' || n, 1, '{}', 0 FROM c",
		"ANALYZE",
	},
}

const digits = "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"

// bad is what a plan shows when it reads a whole table, or sorts.
var bad = map[string]*regexp.Regexp{
	"postgres": regexp.MustCompile(`Seq Scan|Sort`),
	"mariadb":  regexp.MustCompile(`filesort|temporary_table|"access_type": "(ALL|index)"`),
	"sqlite":   regexp.MustCompile(`SCAN|TEMP B-TREE`),
}

// good is what it shows when it uses an index.
var good = map[string]*regexp.Regexp{
	"postgres": regexp.MustCompile(`Index Scan`),
	"mariadb":  regexp.MustCompile(`"access_type": "(ref|range|const|eq_ref)"`),
	"sqlite":   regexp.MustCompile(`SEARCH`),
}

// filled is a store with the rows of fill.
func filled(t testing.TB, dialect string) store {
	s := newStore(t, dialect)
	for _, statement := range fill[dialect] {
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
	return s
}

// TestPlans holds that the reads of a conversation use an index and do not
// sort, with 100,000 events of 1,000 sessions in the tables.
func TestPlans(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := key{"app", "u42", "s421"}
	for _, dialect := range []string{"postgres", "mariadb", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			s := filled(t, dialect)
			for name, read := range map[string]func() error{
				"GetSession": func() error { _, err := s.GetSession(k); return err },
				"ListEvents": func() error {
					events, err := s.ListEvents(k, all)
					equal(t, "events", len(events), 100)
					return err
				},
				"ListRecentEvents": func() error {
					events, err := s.ListRecentEvents(k, start, all, 20)
					equal(t, "recent events", len(events), 20)
					return err
				},
			} {
				must(t, read())
				plan := s.Explain()
				if bad[dialect].MatchString(plan) || !good[dialect].MatchString(plan) {
					t.Errorf("the plan of %s:\n%s", name, strings.ReplaceAll(plan, " ] [", "\n"))
				}
			}
		})
	}
}

// TestAppendsAreHOT holds that PostgreSQL updates a session in place: at least
// 95 % of the updates that AppendEvent makes touch no index.
func TestAppendsAreHOT(t *testing.T) {
	s := filled(t, "postgres").(*postgresStore)
	const appends = 5000
	for n := range appends {
		k := key{"app", fmt.Sprint("u", n%1000/10), fmt.Sprint("s", n%1000)}
		_, err := s.Append(newEvent(k, fmt.Sprint("hot", n), now), int64(n/1000), fmt.Sprintf(`{"turn": %d}`, n), "{}", "{}")
		must(t, err)
	}
	s.pool.Reset() // a connection that ends reports its statistics
	var updates, hot int
	for range 100 {
		must(t, s.pool.QueryRow(background, "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'adk_sessions'").Scan(&updates, &hot))
		if updates >= appends {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if updates < appends || hot < updates*95/100 {
		t.Errorf("%d of %d updates were HOT", hot, updates)
	}
	t.Logf("%d of %d updates were HOT", hot, updates)
}

// TestNewestEventsOfAnOwner holds that naming the owner costs one look-up of the
// session by its key: the newest twenty of a hundred events are still read from the
// end of an index, whether they are the owner's or not.
func TestNewestEventsOfAnOwner(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := key{"app", "u42", "s421"}
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			s := filled(t, dialect)
			for owner, want := range map[int]int{1: 20, 2: 0} {
				equal(t, fmt.Sprint("events of owner ", owner), len(value[[]event](t)(s.ListRecentEventsForOwner(k, owner, start, all, 20))), want)
			}
			value[[]event](t)(s.ListRecentEventsForOwner(k, 1, start, all, 20))
			if s, ok := s.(*mysqlStore); ok { // which counts the rows that it reads
				s.db.SetMaxOpenConns(1)
				value[[]event](t)(s.ListRecentEventsForOwner(k, 1, start, all, 20)) // a new connection reads the tables' definitions
				exec1(t, s.db, "FLUSH STATUS")
				value[[]event](t)(s.ListRecentEventsForOwner(k, 1, start, all, 20))
				counted, err := s.db.Query("SHOW STATUS WHERE Variable_name LIKE 'Handler_read%' AND Value > 0")
				must(t, err)
				reads, total := "", 0
				for counted.Next() {
					var how string
					var n int
					must(t, counted.Scan(&how, &n))
					reads, total = fmt.Sprintf("%s %s=%d", reads, how, n), total+n
				}
				must(t, counted.Err())
				if t.Log(reads); total < 20 || total > 22 {
					t.Errorf("%d rows are read", total)
				}
				return
			}
			plan := strings.ReplaceAll(s.Explain(), "] [", "\n")
			for _, want := range map[string][]string{
				"postgres": {`Index Scan Backward using adk_events_order_idx`, `InitPlan`, `Index Scan using adk_sessions_pk`},
				"sqlite":   {`SEARCH e USING INDEX adk_events_order_idx \(app_name=\? AND user_id=\? AND session_id=\? AND timestamp>\?\)`, `SEARCH s (EXISTS )?USING INDEX sqlite_autoindex_adk_sessions_1 \(app_name=\? AND user_id=\? AND id=\?\)`},
			}[dialect] {
				if !regexp.MustCompile(want).MatchString(plan) || bad[dialect].MatchString(plan) || strings.Contains(plan, "CORRELATED") {
					t.Errorf("the plan has no %s, or a sort, or a read of a whole table:\n%s", want, plan)
				}
			}
		})
	}
}
