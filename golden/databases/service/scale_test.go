package service

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"google.golang.org/adk/v2/session"
)

// TestCostDoesNotGrow counts what calls for one user read, among 10⁴ and among
// 10⁶ events of others: pages on PostgreSQL, rows on MariaDB.
func TestCostDoesNotGrow(t *testing.T) {
	for _, k := range kinds {
		if k.name != "postgres" && k.name != "mariadb" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			s := newStore(t, k, serverOf(k))
			costs := map[int]map[string]float64{}
			filled := 0
			for _, events := range []int{10_000, 1_000_000} {
				s.fill(t, filled, events)
				filled = events
				costs[events] = s.costs(t, fmt.Sprint("alice", events))
			}
			for call, few := range costs[10_000] {
				many := costs[1_000_000][call]
				t.Logf("%s: %.1f among 10⁴ events, %.1f among 10⁶", call, few, many)
				if many > few*1.5+5 { // an index is a level or two deeper
					t.Errorf("%s reads %.1f among 10⁴ events and %.1f among 10⁶", call, few, many)
				}
			}
		})
	}
}

// fill adds sessions of 50 events each, from a number of events to another.
func (s *store) fill(t *testing.T, from, to int) {
	t.Helper()
	first, last := from/50+1, to/50
	statements := []string{
		fmt.Sprintf(`INSERT INTO agents.sessions (app_name, user_id, id, revision)
			SELECT 'app', 'user' || i %% 1000, 's' || i, 50 FROM generate_series(%d, %d) AS i`, first, last),
		fmt.Sprintf(`INSERT INTO agents.events SELECT 'app', 'user' || i %% 1000, 's' || i, 'e' || j, j, 'inv', 'agent', '', timestamptz '2026-01-01Z' + j * interval '1 s', '{"author": "agent"}'
			FROM generate_series(%d, %d) AS i, generate_series(1, 50) AS j`, first, last),
		"VACUUM ANALYZE",
	}
	if s.dialect == "mariadb" {
		statements = []string{
			fmt.Sprintf(`INSERT INTO chats (app_name, user_id, id, state, revision, create_time, update_time)
				SELECT 'app', CONCAT('user', seq %% 1000), CONCAT('s', seq), '{}', 50, '2026-01-01', '2026-01-01' FROM seq_%d_to_%d`, first, last),
			fmt.Sprintf(`INSERT INTO adk_events SELECT 'app', CONCAT('user', i.seq %% 1000), CONCAT('s', i.seq), CONCAT('e', j.seq), j.seq, 'inv', 'agent', '', '2026-01-01' + INTERVAL j.seq SECOND, '{"author": "agent"}'
				FROM seq_%d_to_%d AS i, seq_1_to_50 AS j`, first, last),
			"ANALYZE TABLE chats, adk_events",
		}
	}
	for _, statement := range statements {
		run(t, s.db, statement)
	}
}

// costs gives what one of each call reads, for a new user with three sessions.
func (s *store) costs(t *testing.T, user string) map[string]float64 {
	t.Helper()
	var open session.Session
	for i := range 3 {
		open = create(t, s.service(t), user, fmt.Sprint("s", i), nil)
	}
	n := 0
	calls := map[string]func(service session.Service) error{
		"append": func(service session.Service) error {
			n++
			return service.AppendEvent(t.Context(), open, newEvent(fmt.Sprint(n), now, map[string]any{"k": n}))
		},
		"get": func(service session.Service) error {
			_, err := service.Get(t.Context(), &session.GetRequest{AppName: "app", UserID: user, SessionID: "s2", NumRecentEvents: 20})
			return err
		},
		"list": func(service session.Service) error {
			_, err := service.List(t.Context(), &session.ListRequest{AppName: "app", UserID: user})
			return err
		},
		"create": func(service session.Service) error {
			n++
			_, err := service.Create(t.Context(), &session.CreateRequest{AppName: "app", UserID: user + "'s friend", SessionID: fmt.Sprint(n)})
			return err
		},
	}
	costs := map[string]float64{}
	for _, name := range []string{"append", "get", "list", "create"} {
		before := s.read(t)
		const times = 50
		t.Run(fmt.Sprint(user, " ", name), func(t *testing.T) { // its pool ends with it, and reports what it has read
			service := s.service(t)
			for range times {
				must(t, calls[name](service))
			}
		})
		costs[name] = float64(s.read(t)-before) / times
	}
	return costs
}

// read counts what the server has read of the tables so far.
func (s *store) read(t *testing.T) (n int64) {
	t.Helper()
	if s.dialect == "postgres" {
		time.Sleep(300 * time.Millisecond) // a connection tells what it has read when it ends
		must(t, s.db.QueryRow(`SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit) FROM pg_statio_user_tables WHERE schemaname = 'agents'`).Scan(&n))
		return n
	}
	rows, err := s.db.Query("SHOW GLOBAL STATUS LIKE 'Handler_read%'")
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var value sql.NullInt64
		must(t, rows.Scan(&name, &value))
		n += value.Int64
	}
	must(t, rows.Err())
	return n
}
