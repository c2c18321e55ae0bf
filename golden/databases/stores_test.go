package databases

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/adkgen/adkgen/golden/databases/mysqldb"
	"github.com/adkgen/adkgen/golden/databases/postgresdb"
	"github.com/adkgen/adkgen/golden/databases/sqlitedb"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	modernc "modernc.org/sqlite"
)

// key is ADK's identity of a session.
type key struct{ app, user, id string }

// session is a row of the sessions table, and the states beside it.
type session struct {
	key                        key
	owner                      int
	state, appState, userState string
	revision                   int64
	created, updated           time.Time
}

// event is a row of the events table.
type event struct {
	key                                  key // of the session
	id                                   string
	seq                                  int64
	invocation, author, branch, document string
	at                                   time.Time
}

// errStale says that an append or update found another revision, or no session.
var errStale = errors.New("stale or missing")

// store is what the queries do, in the same words for every database. Each
// method calls the query of its name in the code that sqlc made.
type store interface {
	CreateOwner(id int) error
	DeleteOwner(id int) error
	CreateSession(s session) error
	GetSession(k key) (session, error)
	GetSessionForOwner(k key, owner int) (session, error)
	ListSessions(app string, after key, limit int) ([]session, error)
	ListSessionsForOwner(app string, owner int, after key, limit int) ([]session, error)
	ListUserSessions(app, user string, before time.Time, beforeID string, limit int) ([]session, error)
	ListUserSessionsForOwner(app, user string, owner int, before time.Time, beforeID string, limit int) ([]session, error)
	CountSessionsForOwner(app string, owner int) (int64, error)
	UpdateSessionState(k key, revision int64, state string, at time.Time) (int64, error)
	DeleteSession(k key) (int64, error)
	DeleteSessionForOwner(k key, owner int) (int64, error)
	ListIdleSessions(app string, before time.Time, after key, limit int) ([]key, error)
	DeleteIdleSession(k key, before time.Time) (int64, error)
	// Append appends an event to a session at a revision and gives its seq;
	// the deltas are JSON objects, merged by top-level keys.
	Append(e event, revision int64, delta, appDelta, userDelta string) (int64, error)
	ListEvents(k key, maxSeq int64) ([]event, error)
	ListRecentEvents(k key, after time.Time, maxSeq int64, limit int) ([]event, error)
	ListEventsForOwner(k key, owner int, maxSeq int64) ([]event, error)
	ListRecentEventsForOwner(k key, owner int, after time.Time, maxSeq int64, limit int) ([]event, error)
	UpdateSessionStateForOwner(k key, owner int, revision int64, state string, at time.Time) (int64, error)
	ListSessionsWithExpiredEvents(app string, before time.Time, after key, limit int) ([]key, error)
	// DeleteExpiredEvents deletes the oldest events of a session from before a
	// time; on MySQL it is ListExpiredEvents and DeleteEvents.
	DeleteExpiredEvents(k key, before time.Time, limit int) (int64, error)
	GetAppState(app string) (string, error)
	EnsureAppState(app string, at time.Time) error
	LockAppState(app string) (string, error)
	PutAppState(app, state string, at time.Time) error
	MergeAppState(app, delta string, at time.Time) error
	// The states of a user are those of owner 1.
	GetUserState(app, user string) (string, error)
	EnsureUserState(app, user string, at time.Time) error
	LockUserState(app, user string) (string, error)
	PutUserState(app, user, state string, at time.Time) error
	MergeUserState(app, user, delta string, at time.Time) error
	// Explain gives the plan of the last statement that was sent.
	Explain() string
	// Kind tells what an error means: "duplicate", "no owner", "does not fit", or "".
	Kind(err error) string
}

var background = context.Background()

// newStore makes a database with the tables of this module's adkgen.yaml.
func newStore(t testing.TB, dialect string) store {
	t.Helper()
	h, name := hostFor(t, dialect)
	db := h.open(t, name)
	users := map[string]string{"postgres": "UUID", "sqlite": "INTEGER"}[dialect]
	if users == "" {
		users = "BIGINT"
	}
	exec1(t, db, "CREATE TABLE users (id "+users+" PRIMARY KEY)")
	gooseTo(t, h, name, filepath.Join("db", dialect, "migrations"), true, 9999)
	switch dialect {
	case "postgres":
		pool, err := pgxpool.New(background, h.dsn(name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		r := &pgRecorder{pool: pool}
		return &postgresStore{r, postgresdb.New(r)}
	case "sqlite":
		r := &sqlRecorder{db: db, explain: "EXPLAIN QUERY PLAN "}
		return &sqliteStore{r, sqlitedb.New(r)}
	}
	r := &sqlRecorder{db: db, explain: "EXPLAIN FORMAT=JSON "}
	return &mysqlStore{r, mysqldb.New(r)}
}

// pgRecorder remembers the last statement, so that its plan can be asked for.
type pgRecorder struct {
	pool *pgxpool.Pool
	sql  string
	args []any
}

func (r *pgRecorder) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	r.sql, r.args = sql, args
	return r.pool.Exec(ctx, sql, args...)
}

func (r *pgRecorder) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.sql, r.args = sql, args
	return r.pool.Query(ctx, sql, args...)
}

func (r *pgRecorder) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	r.sql, r.args = sql, args
	return r.pool.QueryRow(ctx, sql, args...)
}

func (r *pgRecorder) Explain() string {
	rows, err := r.pool.Query(background, "EXPLAIN "+r.sql, r.args...)
	if err != nil {
		return err.Error()
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return fmt.Sprint(plan, err)
}

// sqlRecorder is pgRecorder for database/sql.
type sqlRecorder struct {
	db      *sql.DB
	explain string
	sql     string
	args    []any
}

func (r *sqlRecorder) ExecContext(ctx context.Context, sql string, args ...any) (sql.Result, error) {
	r.sql, r.args = sql, args
	return r.db.ExecContext(ctx, sql, args...)
}

func (r *sqlRecorder) PrepareContext(ctx context.Context, sql string) (*sql.Stmt, error) {
	return r.db.PrepareContext(ctx, sql)
}

func (r *sqlRecorder) QueryContext(ctx context.Context, sql string, args ...any) (*sql.Rows, error) {
	r.sql, r.args = sql, args
	return r.db.QueryContext(ctx, sql, args...)
}

func (r *sqlRecorder) QueryRowContext(ctx context.Context, sql string, args ...any) *sql.Row {
	r.sql, r.args = sql, args
	return r.db.QueryRowContext(ctx, sql, args...)
}

func (r *sqlRecorder) Explain() string {
	rows, err := r.db.Query(r.explain+r.sql, r.args...)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	plan := ""
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err.Error()
		}
		plan += values[len(values)-1].String + "\n"
	}
	return plan
}

// mergeKeys sets the top-level keys of delta in state, as ADK does.
func mergeKeys(state, delta string) (string, error) {
	merged := map[string]json.RawMessage{}
	for _, text := range []string{state, delta} {
		if err := json.Unmarshal([]byte(text), &merged); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(merged)
	return string(text), err
}

// notFound makes sql.ErrNoRows of either driver's word for it.
func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return sql.ErrNoRows
	}
	return err
}

// convert turns rows into the common type.
func convert[A, B any](rows []A, err error, one func(A) B) ([]B, error) {
	var result []B
	for _, row := range rows {
		result = append(result, one(row))
	}
	return result, err
}

// affected makes errStale of an update that found nothing.
func affected(n int64, err error) error {
	if err == nil && n == 0 {
		return errStale
	}
	return err
}

type postgresStore struct {
	*pgRecorder
	q *postgresdb.Queries
}

func ownerUUID(id int) pgtype.UUID {
	u := pgtype.UUID{Valid: true}
	u.Bytes[15] = byte(id)
	return u
}

func (s *postgresStore) Kind(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return map[string]string{"23505": "duplicate", "23503": "no owner", "22001": "does not fit"}[e.Code]
	}
	return ""
}

func (s *postgresStore) CreateOwner(id int) error {
	_, err := s.pool.Exec(background, "INSERT INTO users VALUES ($1)", ownerUUID(id))
	return err
}

func (s *postgresStore) DeleteOwner(id int) error {
	_, err := s.pool.Exec(background, "DELETE FROM users WHERE id = $1", ownerUUID(id))
	return err
}

func (s *postgresStore) CreateSession(x session) error {
	return s.q.CreateSession(background, postgresdb.CreateSessionParams{AppName: x.key.app, UserID: x.key.user, OwnerID: ownerUUID(x.owner), ID: x.key.id, State: json.RawMessage(x.state), CreateTime: x.created})
}

func postgresSession(r postgresdb.AdkSession) session {
	return session{key: key{r.AppName, r.UserID, r.ID}, owner: int(r.AccountID.Bytes[15]), state: string(r.State), revision: r.Revision, created: r.CreateTime, updated: r.UpdateTime}
}

func postgresGot(r postgresdb.GetSessionRow, err error) (session, error) {
	x := postgresSession(postgresdb.AdkSession{AppName: r.AppName, UserID: r.UserID, AccountID: r.AccountID, ID: r.ID, State: r.State, Revision: r.Revision, CreateTime: r.CreateTime, UpdateTime: r.UpdateTime})
	x.appState, x.userState = string(r.AppState), string(r.UserState)
	return x, notFound(err)
}

func (s *postgresStore) GetSession(k key) (session, error) {
	return postgresGot(s.q.GetSession(background, postgresdb.GetSessionParams{AppName: k.app, UserID: k.user, ID: k.id}))
}

func (s *postgresStore) GetSessionForOwner(k key, owner int) (session, error) {
	r, err := s.q.GetSessionForOwner(background, postgresdb.GetSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: ownerUUID(owner)})
	return postgresGot(postgresdb.GetSessionRow(r), err)
}

func (s *postgresStore) ListSessions(app string, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessions(background, postgresdb.ListSessionsParams{AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, postgresSession)
}

func (s *postgresStore) ListSessionsForOwner(app string, owner int, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessionsForOwner(background, postgresdb.ListSessionsForOwnerParams{OwnerID: ownerUUID(owner), AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, postgresSession)
}

func (s *postgresStore) ListUserSessions(app, user string, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessions(background, postgresdb.ListUserSessionsParams{AppName: app, UserID: user, BeforeTime: before, BeforeID: beforeID, Limit: int32(limit)})
	return convert(rows, err, postgresSession)
}

func (s *postgresStore) ListUserSessionsForOwner(app, user string, owner int, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessionsForOwner(background, postgresdb.ListUserSessionsForOwnerParams{AppName: app, UserID: user, OwnerID: ownerUUID(owner), BeforeTime: before, BeforeID: beforeID, Limit: int32(limit)})
	return convert(rows, err, postgresSession)
}

func (s *postgresStore) CountSessionsForOwner(app string, owner int) (int64, error) {
	return s.q.CountSessionsForOwner(background, postgresdb.CountSessionsForOwnerParams{OwnerID: ownerUUID(owner), AppName: app})
}

func (s *postgresStore) UpdateSessionState(k key, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionState(background, postgresdb.UpdateSessionStateParams{AppName: k.app, UserID: k.user, ID: k.id, Revision: revision, State: json.RawMessage(state), UpdateTime: at})
}

func (s *postgresStore) DeleteSession(k key) (int64, error) {
	return s.q.DeleteSession(background, postgresdb.DeleteSessionParams{AppName: k.app, UserID: k.user, ID: k.id})
}

func (s *postgresStore) DeleteSessionForOwner(k key, owner int) (int64, error) {
	return s.q.DeleteSessionForOwner(background, postgresdb.DeleteSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: ownerUUID(owner)})
}

func (s *postgresStore) ListIdleSessions(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListIdleSessions(background, postgresdb.ListIdleSessionsParams{AppName: app, BeforeTime: before, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, func(r postgresdb.ListIdleSessionsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *postgresStore) DeleteIdleSession(k key, before time.Time) (int64, error) {
	return s.q.DeleteIdleSession(background, postgresdb.DeleteIdleSessionParams{AppName: k.app, UserID: k.user, ID: k.id, BeforeTime: before})
}

func (s *postgresStore) Append(e event, revision int64, delta, appDelta, userDelta string) (int64, error) {
	seq, err := s.q.AppendEvent(background, postgresdb.AppendEventParams{
		AppName: e.key.app, UserID: e.key.user, SessionID: e.key.id, Revision: revision, ID: e.id, InvocationID: e.invocation, Author: e.author, Branch: e.branch,
		Timestamp: e.at, EventData: json.RawMessage(e.document), SessionDelta: json.RawMessage(delta), AppDelta: json.RawMessage(appDelta), UserDelta: json.RawMessage(userDelta),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errStale
	}
	return seq, err
}

func postgresEvent(r postgresdb.AdkEvent) event {
	return event{key: key{r.AppName, r.UserID, r.SessionID}, id: r.ID, seq: r.Seq, invocation: r.InvocationID, author: r.Author, branch: r.Branch, document: string(r.EventData), at: r.Timestamp}
}

func (s *postgresStore) ListEvents(k key, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEvents(background, postgresdb.ListEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, MaxSeq: maxSeq})
	return convert(rows, err, postgresEvent)
}

func (s *postgresStore) ListRecentEvents(k key, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEvents(background, postgresdb.ListRecentEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, AfterTime: after, MaxSeq: maxSeq, Limit: int32(limit)})
	return convert(rows, err, postgresEvent)
}

func (s *postgresStore) ListEventsForOwner(k key, owner int, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEventsForOwner(background, postgresdb.ListEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: ownerUUID(owner), MaxSeq: maxSeq})
	return convert(rows, err, postgresEvent)
}

func (s *postgresStore) ListRecentEventsForOwner(k key, owner int, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEventsForOwner(background, postgresdb.ListRecentEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: ownerUUID(owner), AfterTime: after, MaxSeq: maxSeq, Limit: int32(limit)})
	return convert(rows, err, postgresEvent)
}

func (s *postgresStore) UpdateSessionStateForOwner(k key, owner int, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionStateForOwner(background, postgresdb.UpdateSessionStateForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: ownerUUID(owner), Revision: revision, State: json.RawMessage(state), UpdateTime: at})
}

func (s *postgresStore) ListSessionsWithExpiredEvents(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListSessionsWithExpiredEvents(background, postgresdb.ListSessionsWithExpiredEventsParams{AppName: app, BeforeTime: before, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, func(r postgresdb.ListSessionsWithExpiredEventsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *postgresStore) DeleteExpiredEvents(k key, before time.Time, limit int) (int64, error) {
	return s.q.DeleteExpiredEvents(background, postgresdb.DeleteExpiredEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, BeforeTime: before, Limit: int32(limit)})
}

func (s *postgresStore) GetAppState(app string) (string, error) {
	state, err := s.q.GetAppState(background, app)
	return string(state), notFound(err)
}

func (s *postgresStore) LockAppState(app string) (string, error) {
	state, err := s.q.LockAppState(background, app)
	return string(state), notFound(err)
}

func (s *postgresStore) PutAppState(app, state string, at time.Time) error {
	return s.q.PutAppState(background, postgresdb.PutAppStateParams{AppName: app, State: json.RawMessage(state), UpdateTime: at})
}

func (s *postgresStore) MergeAppState(app, delta string, at time.Time) error {
	return s.q.MergeAppState(background, postgresdb.MergeAppStateParams{AppName: app, Delta: json.RawMessage(delta), UpdateTime: at})
}

func (s *postgresStore) GetUserState(app, user string) (string, error) {
	state, err := s.q.GetUserState(background, postgresdb.GetUserStateParams{AppName: app, UserID: user, OwnerID: ownerUUID(1)})
	return string(state), notFound(err)
}

func (s *postgresStore) LockUserState(app, user string) (string, error) {
	state, err := s.q.LockUserState(background, postgresdb.LockUserStateParams{AppName: app, UserID: user, OwnerID: ownerUUID(1)})
	return string(state), notFound(err)
}

func (s *postgresStore) PutUserState(app, user, state string, at time.Time) error {
	return s.q.PutUserState(background, postgresdb.PutUserStateParams{AppName: app, UserID: user, OwnerID: ownerUUID(1), State: json.RawMessage(state), UpdateTime: at})
}

func (s *postgresStore) MergeUserState(app, user, delta string, at time.Time) error {
	return s.q.MergeUserState(background, postgresdb.MergeUserStateParams{AppName: app, UserID: user, OwnerID: ownerUUID(1), Delta: json.RawMessage(delta), UpdateTime: at})
}

// mysqlStore is for MySQL and MariaDB.
type mysqlStore struct {
	*sqlRecorder
	q *mysqldb.Queries
}

func (s *mysqlStore) Kind(err error) string {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return map[uint16]string{1062: "duplicate", 1452: "no owner", 1048: "does not fit", 1242: "does not fit"}[e.Number]
	}
	return ""
}

func (s *mysqlStore) CreateOwner(id int) error {
	_, err := s.db.Exec("INSERT INTO users VALUES (?)", id)
	return err
}

func (s *mysqlStore) DeleteOwner(id int) error {
	_, err := s.db.Exec("DELETE FROM users WHERE id = ?", id)
	return err
}

func (s *mysqlStore) CreateSession(x session) error {
	return s.q.CreateSession(background, mysqldb.CreateSessionParams{AppName: x.key.app, UserID: x.key.user, OwnerID: int64(x.owner), ID: x.key.id, State: json.RawMessage(x.state), CreateTime: x.created})
}

func mysqlSession(r mysqldb.AdkSession) session {
	return session{key: key{r.AppName, r.UserID, r.ID}, owner: int(r.AccountID), state: string(r.State), revision: r.Revision, created: r.CreateTime, updated: r.UpdateTime}
}

func mysqlGot(r mysqldb.GetSessionRow, err error) (session, error) {
	x := mysqlSession(mysqldb.AdkSession{AppName: r.AppName, UserID: r.UserID, AccountID: r.AccountID, ID: r.ID, State: r.State, Revision: r.Revision, CreateTime: r.CreateTime, UpdateTime: r.UpdateTime})
	x.appState, x.userState = string(r.AppState), string(r.UserState)
	return x, err
}

func (s *mysqlStore) GetSession(k key) (session, error) {
	return mysqlGot(s.q.GetSession(background, mysqldb.GetSessionParams{AppName: k.app, UserID: k.user, ID: k.id}))
}

func (s *mysqlStore) GetSessionForOwner(k key, owner int) (session, error) {
	r, err := s.q.GetSessionForOwner(background, mysqldb.GetSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner)})
	return mysqlGot(mysqldb.GetSessionRow(r), err)
}

func (s *mysqlStore) ListSessions(app string, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessions(background, mysqldb.ListSessionsParams{AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, mysqlSession)
}

func (s *mysqlStore) ListSessionsForOwner(app string, owner int, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessionsForOwner(background, mysqldb.ListSessionsForOwnerParams{OwnerID: int64(owner), AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, mysqlSession)
}

func (s *mysqlStore) ListUserSessions(app, user string, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessions(background, mysqldb.ListUserSessionsParams{AppName: app, UserID: user, BeforeTime: before, BeforeID: beforeID, Limit: int32(limit)})
	return convert(rows, err, mysqlSession)
}

func (s *mysqlStore) ListUserSessionsForOwner(app, user string, owner int, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessionsForOwner(background, mysqldb.ListUserSessionsForOwnerParams{AppName: app, UserID: user, OwnerID: int64(owner), BeforeTime: before, BeforeID: beforeID, Limit: int32(limit)})
	return convert(rows, err, mysqlSession)
}

func (s *mysqlStore) CountSessionsForOwner(app string, owner int) (int64, error) {
	return s.q.CountSessionsForOwner(background, mysqldb.CountSessionsForOwnerParams{OwnerID: int64(owner), AppName: app})
}

func (s *mysqlStore) UpdateSessionState(k key, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionState(background, mysqldb.UpdateSessionStateParams{AppName: k.app, UserID: k.user, ID: k.id, Revision: revision, State: json.RawMessage(state), UpdateTime: at})
}

func (s *mysqlStore) DeleteSession(k key) (int64, error) {
	return s.q.DeleteSession(background, mysqldb.DeleteSessionParams{AppName: k.app, UserID: k.user, ID: k.id})
}

func (s *mysqlStore) DeleteSessionForOwner(k key, owner int) (int64, error) {
	return s.q.DeleteSessionForOwner(background, mysqldb.DeleteSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner)})
}

func (s *mysqlStore) ListIdleSessions(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListIdleSessions(background, mysqldb.ListIdleSessionsParams{AppName: app, BeforeTime: before, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, func(r mysqldb.ListIdleSessionsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *mysqlStore) DeleteIdleSession(k key, before time.Time) (int64, error) {
	return s.q.DeleteIdleSession(background, mysqldb.DeleteIdleSessionParams{AppName: k.app, UserID: k.user, ID: k.id, BeforeTime: before})
}

func (s *mysqlStore) Append(e event, revision int64, delta, appDelta, userDelta string) (int64, error) {
	tx, err := s.db.Begin()
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	q := s.q.WithTx(tx)
	now, err := q.GetSession(background, mysqldb.GetSessionParams{AppName: e.key.app, UserID: e.key.user, ID: e.key.id})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errStale
	}
	if err != nil {
		return 0, err
	}
	state, err := mergeKeys(string(now.State), delta)
	if err != nil {
		return 0, err
	}
	err = affected(q.AdvanceSession(background, mysqldb.AdvanceSessionParams{AppName: e.key.app, UserID: e.key.user, ID: e.key.id, Revision: revision, State: json.RawMessage(state), UpdateTime: e.at}))
	if err != nil {
		return 0, err
	}
	if appDelta != "{}" {
		if err := q.EnsureAppState(background, mysqldb.EnsureAppStateParams{AppName: e.key.app, UpdateTime: e.at}); err != nil {
			return 0, err
		}
		state, err := q.LockAppState(background, e.key.app)
		if err != nil {
			return 0, err
		}
		merged, err := mergeKeys(string(state), appDelta)
		if err != nil {
			return 0, err
		}
		if err := q.PutAppState(background, mysqldb.PutAppStateParams{AppName: e.key.app, State: json.RawMessage(merged), UpdateTime: e.at}); err != nil {
			return 0, err
		}
	}
	if userDelta != "{}" {
		if err := q.EnsureUserState(background, mysqldb.EnsureUserStateParams{AppName: e.key.app, UserID: e.key.user, OwnerID: now.AccountID, UpdateTime: e.at}); err != nil {
			return 0, err
		}
		state, err := q.LockUserState(background, mysqldb.LockUserStateParams{AppName: e.key.app, UserID: e.key.user, OwnerID: now.AccountID})
		if err != nil {
			return 0, err
		}
		merged, err := mergeKeys(string(state), userDelta)
		if err != nil {
			return 0, err
		}
		if err := q.PutUserState(background, mysqldb.PutUserStateParams{AppName: e.key.app, UserID: e.key.user, OwnerID: now.AccountID, State: json.RawMessage(merged), UpdateTime: e.at}); err != nil {
			return 0, err
		}
	}
	err = q.InsertEvent(background, mysqldb.InsertEventParams{AppName: e.key.app, UserID: e.key.user, SessionID: e.key.id, ID: e.id, Seq: revision + 1,
		InvocationID: e.invocation, Author: e.author, Branch: e.branch, Timestamp: e.at, EventData: json.RawMessage(e.document)})
	if err != nil {
		return 0, err
	}
	return revision + 1, tx.Commit()
}

func orEmpty(state string) string {
	if state == "" {
		return "{}"
	}
	return state
}

func mysqlEvent(r mysqldb.AdkEvent) event {
	return event{key: key{r.AppName, r.UserID, r.SessionID}, id: r.ID, seq: r.Seq, invocation: r.InvocationID, author: r.Author, branch: r.Branch, document: string(r.EventData), at: r.Timestamp}
}

func (s *mysqlStore) ListEvents(k key, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEvents(background, mysqldb.ListEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, MaxSeq: maxSeq})
	return convert(rows, err, mysqlEvent)
}

func (s *mysqlStore) ListRecentEvents(k key, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEvents(background, mysqldb.ListRecentEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, AfterTime: after, MaxSeq: maxSeq, Limit: int32(limit)})
	return convert(rows, err, mysqlEvent)
}

func (s *mysqlStore) ListEventsForOwner(k key, owner int, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEventsForOwner(background, mysqldb.ListEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: int64(owner), MaxSeq: maxSeq})
	return convert(rows, err, mysqlEvent)
}

func (s *mysqlStore) ListRecentEventsForOwner(k key, owner int, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEventsForOwner(background, mysqldb.ListRecentEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: int64(owner), AfterTime: after, MaxSeq: maxSeq, Limit: int32(limit)})
	return convert(rows, err, mysqlEvent)
}

func (s *mysqlStore) UpdateSessionStateForOwner(k key, owner int, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionStateForOwner(background, mysqldb.UpdateSessionStateForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner), Revision: revision, State: json.RawMessage(state), UpdateTime: at})
}

func (s *mysqlStore) ListSessionsWithExpiredEvents(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListSessionsWithExpiredEvents(background, mysqldb.ListSessionsWithExpiredEventsParams{AppName: app, BeforeTime: before, AfterUserID: after.user, AfterID: after.id, Limit: int32(limit)})
	return convert(rows, err, func(r mysqldb.ListSessionsWithExpiredEventsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *mysqlStore) DeleteExpiredEvents(k key, before time.Time, limit int) (int64, error) {
	ids, err := s.q.ListExpiredEvents(background, mysqldb.ListExpiredEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, BeforeTime: before, Limit: int32(limit)})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return s.q.DeleteEvents(background, mysqldb.DeleteEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, Ids: ids})
}

func (s *mysqlStore) GetAppState(app string) (string, error) {
	state, err := s.q.GetAppState(background, app)
	return string(state), err
}

func (s *mysqlStore) LockAppState(app string) (string, error) {
	state, err := s.q.LockAppState(background, app)
	return string(state), err
}

func (s *mysqlStore) PutAppState(app, state string, at time.Time) error {
	return s.q.PutAppState(background, mysqldb.PutAppStateParams{AppName: app, State: json.RawMessage(state), UpdateTime: at})
}

func (s *mysqlStore) MergeAppState(app, delta string, at time.Time) error {
	state, err := s.LockAppState(app)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if state, err = mergeKeys(orEmpty(state), delta); err != nil {
		return err
	}
	return s.PutAppState(app, state, at)
}

func (s *mysqlStore) GetUserState(app, user string) (string, error) {
	state, err := s.q.GetUserState(background, mysqldb.GetUserStateParams{AppName: app, UserID: user, OwnerID: 1})
	return string(state), err
}

func (s *mysqlStore) LockUserState(app, user string) (string, error) {
	state, err := s.q.LockUserState(background, mysqldb.LockUserStateParams{AppName: app, UserID: user, OwnerID: 1})
	return string(state), err
}

func (s *mysqlStore) PutUserState(app, user, state string, at time.Time) error {
	return s.q.PutUserState(background, mysqldb.PutUserStateParams{AppName: app, UserID: user, OwnerID: 1, State: json.RawMessage(state), UpdateTime: at})
}

func (s *mysqlStore) MergeUserState(app, user, delta string, at time.Time) error {
	state, err := s.LockUserState(app, user)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if state, err = mergeKeys(orEmpty(state), delta); err != nil {
		return err
	}
	return s.PutUserState(app, user, state, at)
}

type sqliteStore struct {
	*sqlRecorder
	q *sqlitedb.Queries
}

func (s *sqliteStore) Kind(err error) string {
	var e *modernc.Error
	if errors.As(err, &e) {
		return map[int]string{1555: "duplicate", 2067: "duplicate", 787: "no owner"}[e.Code()]
	}
	return ""
}

func (s *sqliteStore) CreateOwner(id int) error {
	_, err := s.db.Exec("INSERT INTO users VALUES (?)", id)
	return err
}

func (s *sqliteStore) DeleteOwner(id int) error {
	_, err := s.db.Exec("DELETE FROM users WHERE id = ?", id)
	return err
}

func (s *sqliteStore) CreateSession(x session) error {
	return s.q.CreateSession(background, sqlitedb.CreateSessionParams{AppName: x.key.app, UserID: x.key.user, OwnerID: int64(x.owner), ID: x.key.id, State: x.state, CreateTime: x.created.UnixMicro()})
}

func sqliteSession(r sqlitedb.AdkSession) session {
	return session{key: key{r.AppName, r.UserID, r.ID}, owner: int(r.AccountID), state: string(r.State), revision: r.Revision, created: time.UnixMicro(r.CreateTime).UTC(), updated: time.UnixMicro(r.UpdateTime).UTC()}
}

func sqliteGot(r sqlitedb.GetSessionRow, err error) (session, error) {
	x := sqliteSession(sqlitedb.AdkSession{AppName: r.AppName, UserID: r.UserID, AccountID: r.AccountID, ID: r.ID, State: r.State, Revision: r.Revision, CreateTime: r.CreateTime, UpdateTime: r.UpdateTime})
	x.appState, x.userState = string(r.AppState), string(r.UserState)
	return x, err
}

func (s *sqliteStore) GetSession(k key) (session, error) {
	return sqliteGot(s.q.GetSession(background, sqlitedb.GetSessionParams{AppName: k.app, UserID: k.user, ID: k.id}))
}

func (s *sqliteStore) GetSessionForOwner(k key, owner int) (session, error) {
	r, err := s.q.GetSessionForOwner(background, sqlitedb.GetSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner)})
	return sqliteGot(sqlitedb.GetSessionRow(r), err)
}

func (s *sqliteStore) ListSessions(app string, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessions(background, sqlitedb.ListSessionsParams{AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int64(limit)})
	return convert(rows, err, sqliteSession)
}

func (s *sqliteStore) ListSessionsForOwner(app string, owner int, after key, limit int) ([]session, error) {
	rows, err := s.q.ListSessionsForOwner(background, sqlitedb.ListSessionsForOwnerParams{OwnerID: int64(owner), AppName: app, AfterUserID: after.user, AfterID: after.id, Limit: int64(limit)})
	return convert(rows, err, sqliteSession)
}

func (s *sqliteStore) ListUserSessions(app, user string, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessions(background, sqlitedb.ListUserSessionsParams{AppName: app, UserID: user, BeforeTime: before.UnixMicro(), BeforeID: beforeID, Limit: int64(limit)})
	return convert(rows, err, sqliteSession)
}

func (s *sqliteStore) ListUserSessionsForOwner(app, user string, owner int, before time.Time, beforeID string, limit int) ([]session, error) {
	rows, err := s.q.ListUserSessionsForOwner(background, sqlitedb.ListUserSessionsForOwnerParams{AppName: app, UserID: user, OwnerID: int64(owner), BeforeTime: before.UnixMicro(), BeforeID: beforeID, Limit: int64(limit)})
	return convert(rows, err, sqliteSession)
}

func (s *sqliteStore) CountSessionsForOwner(app string, owner int) (int64, error) {
	return s.q.CountSessionsForOwner(background, sqlitedb.CountSessionsForOwnerParams{OwnerID: int64(owner), AppName: app})
}

func (s *sqliteStore) UpdateSessionState(k key, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionState(background, sqlitedb.UpdateSessionStateParams{AppName: k.app, UserID: k.user, ID: k.id, Revision: revision, State: state, UpdateTime: at.UnixMicro()})
}

func (s *sqliteStore) DeleteSession(k key) (int64, error) {
	return s.q.DeleteSession(background, sqlitedb.DeleteSessionParams{AppName: k.app, UserID: k.user, ID: k.id})
}

func (s *sqliteStore) DeleteSessionForOwner(k key, owner int) (int64, error) {
	return s.q.DeleteSessionForOwner(background, sqlitedb.DeleteSessionForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner)})
}

func (s *sqliteStore) ListIdleSessions(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListIdleSessions(background, sqlitedb.ListIdleSessionsParams{AppName: app, BeforeTime: before.UnixMicro(), AfterUserID: after.user, AfterID: after.id, Limit: int64(limit)})
	return convert(rows, err, func(r sqlitedb.ListIdleSessionsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *sqliteStore) DeleteIdleSession(k key, before time.Time) (int64, error) {
	return s.q.DeleteIdleSession(background, sqlitedb.DeleteIdleSessionParams{AppName: k.app, UserID: k.user, ID: k.id, BeforeTime: before.UnixMicro()})
}

func (s *sqliteStore) Append(e event, revision int64, delta, appDelta, userDelta string) (int64, error) {
	tx, err := s.db.Begin()
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	q := s.q.WithTx(tx)
	now, err := q.GetSession(background, sqlitedb.GetSessionParams{AppName: e.key.app, UserID: e.key.user, ID: e.key.id})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errStale
	}
	if err != nil {
		return 0, err
	}
	state, err := mergeKeys(string(now.State), delta)
	if err != nil {
		return 0, err
	}
	err = affected(q.AdvanceSession(background, sqlitedb.AdvanceSessionParams{AppName: e.key.app, UserID: e.key.user, ID: e.key.id, Revision: revision, State: state, UpdateTime: e.at.UnixMicro()}))
	if err != nil {
		return 0, err
	}
	if appDelta != "{}" {
		state, err := q.GetAppState(background, e.key.app)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, err
		}
		merged, err := mergeKeys(orEmpty(string(state)), appDelta)
		if err != nil {
			return 0, err
		}
		if err := q.PutAppState(background, sqlitedb.PutAppStateParams{AppName: e.key.app, State: merged, UpdateTime: e.at.UnixMicro()}); err != nil {
			return 0, err
		}
	}
	if userDelta != "{}" {
		state, err := q.GetUserState(background, sqlitedb.GetUserStateParams{AppName: e.key.app, UserID: e.key.user, OwnerID: now.AccountID})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, err
		}
		merged, err := mergeKeys(orEmpty(string(state)), userDelta)
		if err != nil {
			return 0, err
		}
		if err := q.PutUserState(background, sqlitedb.PutUserStateParams{AppName: e.key.app, UserID: e.key.user, OwnerID: now.AccountID, State: merged, UpdateTime: e.at.UnixMicro()}); err != nil {
			return 0, err
		}
	}
	err = q.InsertEvent(background, sqlitedb.InsertEventParams{AppName: e.key.app, UserID: e.key.user, SessionID: e.key.id, ID: e.id, Seq: revision + 1,
		InvocationID: e.invocation, Author: e.author, Branch: e.branch, Timestamp: e.at.UnixMicro(), EventData: e.document})
	if err != nil {
		return 0, err
	}
	return revision + 1, tx.Commit()
}

func sqliteEvent(r sqlitedb.AdkEvent) event {
	return event{key: key{r.AppName, r.UserID, r.SessionID}, id: r.ID, seq: r.Seq, invocation: r.InvocationID, author: r.Author, branch: r.Branch, document: string(r.EventData), at: time.UnixMicro(r.Timestamp).UTC()}
}

func (s *sqliteStore) ListEvents(k key, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEvents(background, sqlitedb.ListEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, MaxSeq: maxSeq})
	return convert(rows, err, sqliteEvent)
}

func (s *sqliteStore) ListRecentEvents(k key, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEvents(background, sqlitedb.ListRecentEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, AfterTime: after.UnixMicro(), MaxSeq: maxSeq, Limit: int64(limit)})
	return convert(rows, err, sqliteEvent)
}

func (s *sqliteStore) ListEventsForOwner(k key, owner int, maxSeq int64) ([]event, error) {
	rows, err := s.q.ListEventsForOwner(background, sqlitedb.ListEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: int64(owner), MaxSeq: maxSeq})
	return convert(rows, err, sqliteEvent)
}

func (s *sqliteStore) ListRecentEventsForOwner(k key, owner int, after time.Time, maxSeq int64, limit int) ([]event, error) {
	rows, err := s.q.ListRecentEventsForOwner(background, sqlitedb.ListRecentEventsForOwnerParams{AppName: k.app, UserID: k.user, SessionID: k.id, OwnerID: int64(owner), AfterTime: after.UnixMicro(), MaxSeq: maxSeq, Limit: int64(limit)})
	return convert(rows, err, sqliteEvent)
}

func (s *sqliteStore) UpdateSessionStateForOwner(k key, owner int, revision int64, state string, at time.Time) (int64, error) {
	return s.q.UpdateSessionStateForOwner(background, sqlitedb.UpdateSessionStateForOwnerParams{AppName: k.app, UserID: k.user, ID: k.id, OwnerID: int64(owner), Revision: revision, State: state, UpdateTime: at.UnixMicro()})
}

func (s *sqliteStore) ListSessionsWithExpiredEvents(app string, before time.Time, after key, limit int) ([]key, error) {
	rows, err := s.q.ListSessionsWithExpiredEvents(background, sqlitedb.ListSessionsWithExpiredEventsParams{AppName: app, BeforeTime: before.UnixMicro(), AfterUserID: after.user, AfterID: after.id, Limit: int64(limit)})
	return convert(rows, err, func(r sqlitedb.ListSessionsWithExpiredEventsRow) key { return key{app, r.UserID, r.ID} })
}

func (s *sqliteStore) DeleteExpiredEvents(k key, before time.Time, limit int) (int64, error) {
	return s.q.DeleteExpiredEvents(background, sqlitedb.DeleteExpiredEventsParams{AppName: k.app, UserID: k.user, SessionID: k.id, BeforeTime: before.UnixMicro(), Limit: int64(limit)})
}

func (s *sqliteStore) GetAppState(app string) (string, error) {
	state, err := s.q.GetAppState(background, app)
	return string(state), err
}

func (s *sqliteStore) LockAppState(app string) (string, error) { return s.GetAppState(app) }

func (s *sqliteStore) PutAppState(app, state string, at time.Time) error {
	return s.q.PutAppState(background, sqlitedb.PutAppStateParams{AppName: app, State: state, UpdateTime: at.UnixMicro()})
}

func (s *sqliteStore) MergeAppState(app, delta string, at time.Time) error {
	state, err := s.LockAppState(app)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if state, err = mergeKeys(orEmpty(state), delta); err != nil {
		return err
	}
	return s.PutAppState(app, state, at)
}

func (s *sqliteStore) GetUserState(app, user string) (string, error) {
	state, err := s.q.GetUserState(background, sqlitedb.GetUserStateParams{AppName: app, UserID: user, OwnerID: 1})
	return string(state), err
}

func (s *sqliteStore) LockUserState(app, user string) (string, error) {
	return s.GetUserState(app, user)
}

func (s *sqliteStore) PutUserState(app, user, state string, at time.Time) error {
	return s.q.PutUserState(background, sqlitedb.PutUserStateParams{AppName: app, UserID: user, OwnerID: 1, State: state, UpdateTime: at.UnixMicro()})
}

func (s *sqliteStore) MergeUserState(app, user, delta string, at time.Time) error {
	state, err := s.LockUserState(app, user)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if state, err = mergeKeys(orEmpty(state), delta); err != nil {
		return err
	}
	return s.PutUserState(app, user, state, at)
}

// InsertEvent inserts an event alone.
func (s *mysqlStore) InsertEvent(e event) error {
	return s.q.InsertEvent(background, mysqldb.InsertEventParams{AppName: e.key.app, UserID: e.key.user, SessionID: e.key.id, ID: e.id, Seq: 1,
		InvocationID: e.invocation, Author: e.author, Branch: e.branch, Timestamp: e.at, EventData: json.RawMessage(e.document)})
}

// InsertEvent inserts an event alone.
func (s *sqliteStore) InsertEvent(e event) error {
	return s.q.InsertEvent(background, sqlitedb.InsertEventParams{AppName: e.key.app, UserID: e.key.user, SessionID: e.key.id, ID: e.id, Seq: 1,
		InvocationID: e.invocation, Author: e.author, Branch: e.branch, Timestamp: e.at.UnixMicro(), EventData: e.document})
}

func (s *postgresStore) EnsureAppState(app string, at time.Time) error {
	return s.q.EnsureAppState(background, postgresdb.EnsureAppStateParams{AppName: app, UpdateTime: at})
}

func (s *postgresStore) EnsureUserState(app, user string, at time.Time) error {
	return s.q.EnsureUserState(background, postgresdb.EnsureUserStateParams{AppName: app, UserID: user, OwnerID: ownerUUID(1), UpdateTime: at})
}

func (s *mysqlStore) EnsureAppState(app string, at time.Time) error {
	return s.q.EnsureAppState(background, mysqldb.EnsureAppStateParams{AppName: app, UpdateTime: at})
}

func (s *mysqlStore) EnsureUserState(app, user string, at time.Time) error {
	return s.q.EnsureUserState(background, mysqldb.EnsureUserStateParams{AppName: app, UserID: user, OwnerID: 1, UpdateTime: at})
}

// SQLite locks by BEGIN IMMEDIATE, and has no query for it.
func (s *sqliteStore) EnsureAppState(string, time.Time) error          { return nil }
func (s *sqliteStore) EnsureUserState(string, string, time.Time) error { return nil }
