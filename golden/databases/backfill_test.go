package databases

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adkgen/adkgen/generator"
)

// backfilling is a database with sessions that have no owner yet, and the
// migrations that give them one.
type backfilling struct {
	host          *host
	name          string // of the database
	db            *sql.DB
	dir           string // of the migrations
	first, filled int    // migrations up to the sessions, and up to the backfill
}

// userID is a user as SQL.
func userID(dialect string, n int) string {
	if dialect == "postgres" {
		return fmt.Sprintf("'00000000-0000-0000-0000-%012d'", n)
	}
	return fmt.Sprint(n)
}

// newBackfilling makes the tables users and teams, and sessions without an
// owner. before is what adkgen.yaml says at first, "" for nothing.
func newBackfilling(t testing.TB, dialect, before, column, backfill string) *backfilling {
	t.Helper()
	h, name := hostFor(t, dialect)
	b := &backfilling{host: h, name: name, db: h.open(t, name)}
	login := map[string]string{"postgres": "TEXT", "sqlite": "TEXT"}[dialect]
	if login == "" {
		login = "VARCHAR(100)"
	}
	exec1(t, b.db, fmt.Sprintf("CREATE TABLE users (id %s NOT NULL PRIMARY KEY, login %s NOT NULL UNIQUE)", ownerOf[dialect], login))
	exec1(t, b.db, fmt.Sprintf("CREATE TABLE teams (id %s NOT NULL PRIMARY KEY, account_id %[1]s NOT NULL)", ownerOf[dialect]))
	folder := t.TempDir()
	config := func(more string) []byte {
		return fmt.Appendf(nil, "version: 1\ntargets:\n  - dialect: %s\n    migrations: {tool: goose, dir: db}\n%s", dialect, more)
	}
	owner := func(column string) string {
		return "    owner_id_column: " + strings.Replace(column, " ID ", " "+ownerOf[dialect]+" ", 1) + "\n"
	}
	states := ""
	if before != "" {
		before, states = owner(before), "    user_state_table: adk_team_states\n"
	}
	b.first = len(generated(t, folder, config(before)).Migrations)
	after := generated(t, folder, config(owner(column)+states+fmt.Sprintf("    backfill: %q\n", backfill)))
	b.dir = filepath.Join(folder, after.Dir)
	for _, m := range after.Migrations {
		if m.Phase == generator.Fill || dialect == "sqlite" {
			b.filled = m.Number
		}
	}
	gooseTo(t, h, name, b.dir, true, b.first)
	return b
}

// session inserts one; owner is its column and value, or "".
func (b *backfilling) session(t testing.TB, user, id string, more ...string) {
	t.Helper()
	columns, values := "", ""
	if len(more) == 2 {
		columns, values = ", "+more[0], ", "+more[1]
	}
	exec1(t, b.db, fmt.Sprintf("INSERT INTO adk_sessions (app_name, user_id, id, state, revision, create_time, update_time%s) VALUES ('app', '%s', '%s', '{}', 1, %s, %[4]s%s)",
		columns, user, id, moment[b.host.dialect], values))
}

// backfillRow is a line of the table of docs/evolution.md.
var backfillRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `(\\(SELECT .*)` \\|$")

// backfillOf is what docs/evolution.md says for a dialect.
func backfillOf(t testing.TB, dialect string) string {
	t.Helper()
	for _, m := range backfillRow.FindAllStringSubmatch(string(readFile(t, "../../docs/evolution.md")), -1) {
		if m[1] == dialect {
			return m[2]
		}
	}
	t.Fatal("docs/evolution.md has no backfill for " + dialect)
	return ""
}

// ownersOf gives each session that has one with the owner in a column.
func (b *backfilling) ownersOf(t *testing.T, column string) string {
	t.Helper()
	owners := lines(t, b.db, "SELECT CONCAT(id, '=', CAST("+column+" AS CHAR(36))) FROM adk_sessions WHERE "+column+" IS NOT NULL ORDER BY id")
	return strings.ReplaceAll(strings.Join(owners, " "), "00000000-0000-0000-0000-00000000000", "")
}

// TestBackfillOfTheDocs runs the examples of docs/evolution.md: every session
// gets its own owner, also where users differ in case or a space only.
func TestBackfillOfTheDocs(t *testing.T) {
	page := string(readFile(t, "../../docs/evolution.md"))
	replacement := regexp.MustCompile("\n`backfill: (.*)`").FindStringSubmatch(page)
	if replacement == nil {
		t.Fatal("docs/evolution.md does not show how an owner column is replaced")
	}
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		if !strings.Contains(page, "backfill: "+backfillOf(t, "postgres")+"\n") {
			t.Error("the configuration in docs/evolution.md is not that of the table")
		}
		t.Run(dialect+"/fill", func(t *testing.T) {
			b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", backfillOf(t, dialect))
			exec1(t, b.db, fmt.Sprintf("INSERT INTO users (id, login) VALUES (%s, 'alice'), (%s, 'bob')", userID(dialect, 1), userID(dialect, 2)))
			b.session(t, "alice", "s1")
			b.session(t, "bob", "s2")
			b.session(t, "alice", "s3")
			b.session(t, "ALICE", "s4") // no user of ours
			if dialect == "sqlite" {
				exec1(t, b.db, "DELETE FROM adk_sessions WHERE user_id = 'ALICE'") // its copy would fail: TestBackfillOnSQLite
			}
			gooseTo(t, b.host, b.name, b.dir, true, b.filled)
			if got := b.ownersOf(t, "account_id"); got != "s1=1 s2=2 s3=1" {
				t.Errorf("the owners are %s", got)
			}
		})
		t.Run(dialect+"/replace", func(t *testing.T) {
			b := newBackfilling(t, dialect, "account_id ID NOT NULL REFERENCES users(id)", "team_id ID NOT NULL REFERENCES teams(id)", replacement[1])
			exec1(t, b.db, fmt.Sprintf("INSERT INTO users (id, login) VALUES (%s, 'alice'), (%s, 'bob')", userID(dialect, 1), userID(dialect, 2)))
			exec1(t, b.db, fmt.Sprintf("INSERT INTO teams (id, account_id) VALUES (%s, %s), (%s, %s)", userID(dialect, 7), userID(dialect, 1), userID(dialect, 8), userID(dialect, 2)))
			b.session(t, "alice", "s1", "account_id", userID(dialect, 1))
			b.session(t, "bob", "s2", "account_id", userID(dialect, 2))
			gooseTo(t, b.host, b.name, b.dir, true, b.filled)
			if got := b.ownersOf(t, "team_id"); got != "s1=7 s2=8" {
				t.Errorf("the teams are %s", got)
			}
		})
	}
}

// TestBackfillOnSQLite holds that several owners are no owner, and that a column
// that is compared without regard to case finds none of another user.
func TestBackfillOnSQLite(t *testing.T) {
	up := func(t *testing.T, b *backfilling) error {
		_, err := gooseProvider(t, "sqlite", b.host.open(t, b.name), b.dir, "ext_adk_migrations").UpTo(context.Background(), int64(b.filled))
		return err
	}
	t.Run("two owners", func(t *testing.T) {
		b := newBackfilling(t, "sqlite", "", "account_id ID NOT NULL REFERENCES users(id)", "COALESCE((SELECT t.account_id FROM teams t WHERE t.id > adk_sessions.revision), 1)")
		exec1(t, b.db, "INSERT INTO users (id, login) VALUES (1, 'alice'), (2, 'bob')")
		exec1(t, b.db, "INSERT INTO teams (id, account_id) VALUES (2, 2), (3, 1)")
		b.session(t, "alice", "s1")
		if err := up(t, b); err == nil || !strings.Contains(err.Error(), "several owners of session s1") {
			t.Errorf("a session with two owners: %v", err)
		}
		exec1(t, b.db, "DELETE FROM teams WHERE id = 3")
		if err := up(t, b); err != nil || b.ownersOf(t, "account_id") != "s1=2" {
			t.Errorf("a session with one owner: %v, %s", err, b.ownersOf(t, "account_id"))
		}
	})
	t.Run("NOCASE", func(t *testing.T) {
		b := newBackfilling(t, "sqlite", "", "account_id ID NOT NULL REFERENCES users(id)", backfillOf(t, "sqlite"))
		exec1(t, b.db, "DROP TABLE users")
		exec1(t, b.db, "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE COLLATE NOCASE)")
		exec1(t, b.db, "INSERT INTO users (id, login) VALUES (1, 'alice')")
		b.session(t, "ALICE", "s1")
		if err := up(t, b); err == nil || !strings.Contains(err.Error(), "NOT NULL") {
			t.Errorf("another user's session: %v", err)
		}
	})
}

// fillMany makes users and a session of each.
func (b *backfilling) fillMany(t testing.TB, users int) {
	t.Helper()
	from := numbers(b.host.dialect, users)
	id := "n"
	if b.host.dialect == "postgres" {
		id = "('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid"
	}
	exec1(t, b.db, "INSERT INTO users (id, login) SELECT "+id+", CONCAT('user', n) FROM "+from)
	exec1(t, b.db, fmt.Sprintf(`INSERT INTO adk_sessions (app_name, user_id, id, state, revision, create_time, update_time)
		SELECT 'app', CONCAT('user', n), CONCAT('session', n), '{}', 1, %s, %[1]s FROM %s`, moment[b.host.dialect], from))
}

// inBackground runs the migrations up to the backfill, and gives what became of
// it.
func (b *backfilling) inBackground(t testing.TB) <-chan error {
	provider := gooseProvider(t, b.host.dialect, b.host.open(t, b.name), b.dir, "ext_adk_migrations")
	done := make(chan error, 1)
	go func() {
		_, err := provider.UpTo(context.Background(), int64(b.filled))
		done <- err
	}()
	return done
}

// hold begins a transaction that has locked what a statement locks.
func (b *backfilling) hold(t testing.TB, statement string) *sql.Tx {
	t.Helper()
	tx, err := b.host.open(t, b.name).Begin()
	if err == nil {
		_, err = tx.Exec(statement)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() }) // after Commit it does nothing
	return tx
}

// probe updates session after session for a while, all but those of a number,
// and gives the longest that one took.
func (b *backfilling) probe(t testing.TB, sessions, not int, during time.Duration) (longest time.Duration) {
	t.Helper()
	for begin, n := time.Now(), 0; time.Since(begin) < during; n++ {
		i := n*37%sessions + 1
		if i == not {
			continue
		}
		start := time.Now()
		exec1(t, b.db, fmt.Sprintf("UPDATE adk_sessions SET revision = revision + 1 WHERE app_name = 'app' AND user_id = 'user%d' AND id = 'session%[1]d'", i))
		longest = max(longest, time.Since(start))
	}
	return longest
}

func (b *backfilling) count(t testing.TB, condition string) (n int) {
	t.Helper()
	if err := b.db.QueryRow("SELECT COUNT(*) FROM adk_sessions WHERE " + condition).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// waitForLeft waits until so many sessions have no owner.
func (b *backfilling) waitForLeft(t testing.TB, left int) {
	t.Helper()
	for begin := time.Now(); b.count(t, "account_id IS NULL") != left; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%d sessions have no owner after 20 seconds", b.count(t, "account_id IS NULL"))
		}
	}
}

// TestBackfillDoesNotWait holds that a session, or an owner, that is locked by
// another transaction delays neither the other sessions' backfill nor a write
// of theirs; and that it is filled when it is free.
func TestBackfillDoesNotWait(t *testing.T) {
	const sessions, locked = 2_500, 1_300
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		for what, statement := range map[string]string{
			"session": fmt.Sprintf("UPDATE adk_sessions SET revision = 9 WHERE app_name = 'app' AND user_id = 'user%d' AND id = 'session%[1]d'", locked),
			"owner":   fmt.Sprintf("SELECT 1 FROM users WHERE login = 'user%d' FOR UPDATE", locked),
		} {
			t.Run(dialect+"/"+what, func(t *testing.T) {
				b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", backfillOf(t, dialect))
				b.fillMany(t, sessions)
				gooseTo(t, b.host, b.name, b.dir, true, b.beforeBackfill(t))
				tx := b.hold(t, statement)
				done := b.inBackground(t)
				const bound = 2 * time.Second // a batch, on a busy machine, and the least that innodb_lock_wait_timeout can be
				if longest := b.probe(t, sessions, locked, 3*time.Second); longest > bound {
					t.Errorf("a write of another session took %v", longest)
				}
				b.waitForLeft(t, 1)
				select {
				case err := <-done:
					t.Fatalf("the backfill has ended before the %s was free: %v", what, err)
				case <-time.After(300 * time.Millisecond):
				}
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				if n := b.count(t, "account_id IS NULL"); n != 0 {
					t.Errorf("%d sessions have no owner", n)
				}
			})
		}
	}
}

// TestBackfillKeepsWhatIsWritten lets the application give sessions an owner while
// the backfill runs: what it has written stays.
func TestBackfillKeepsWhatIsWritten(t *testing.T) {
	const sessions = 3_000
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", backfillOf(t, dialect))
			b.fillMany(t, sessions)
			exec1(t, b.db, "INSERT INTO users (id, login) VALUES ("+userID(dialect, sessions+1)+", 'the application')")
			gooseTo(t, b.host, b.name, b.dir, true, b.beforeBackfill(t))
			done := b.inBackground(t)
			var written []int
			for n := range sessions {
				i := n*1_009%sessions + 1
				result, err := b.db.Exec(fmt.Sprintf("UPDATE adk_sessions SET account_id = %s WHERE app_name = 'app' AND user_id = 'user%d' AND id = 'session%[2]d' AND account_id IS NULL", userID(dialect, sessions+1), i))
				if isDeadlock(err) { // it has written nothing
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if changed, err := result.RowsAffected(); err == nil && changed == 1 {
					written = append(written, i)
				}
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if len(written) == 0 {
				t.Fatal("the backfill was faster than every write of the application")
			}
			if n := b.count(t, "account_id = "+userID(dialect, sessions+1)); n != len(written) {
				t.Errorf("of %d owners that the application has written, %d are left", len(written), n)
			}
		})
	}
}

// TestBackfillPassesBusyOwners locks an owner with more sessions than a batch
// has: those of all others are filled meanwhile.
func TestBackfillPassesBusyOwners(t *testing.T) {
	const sessions = 2_500
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", "(SELECT u.id FROM users u WHERE u.login = CASE WHEN adk_sessions.revision = 2 THEN 'user1' ELSE 'user2' END)")
			b.fillMany(t, sessions)
			exec1(t, b.db, "UPDATE adk_sessions SET revision = 2 WHERE user_id LIKE 'user1%'")
			gooseTo(t, b.host, b.name, b.dir, true, b.beforeBackfill(t))
			tx := b.hold(t, "SELECT 1 FROM users WHERE login = 'user1' FOR UPDATE")
			done := b.inBackground(t)
			b.waitForLeft(t, b.count(t, "revision = 2"))
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil || b.count(t, "account_id IS NULL") != 0 {
				t.Errorf("when it is free: %v", err)
			}
		})
	}
}

// beforeBackfill is the migration before the first that the backfill is made of.
func (b *backfilling) beforeBackfill(t testing.TB) int {
	t.Helper()
	files, err := filepath.Glob(b.dir + "/*backfill*")
	if err != nil || len(files) == 0 {
		t.Fatal("no backfill", err)
	}
	n := 0
	if _, err := fmt.Sscanf(filepath.Base(files[0]), "%d", &n); err != nil {
		t.Fatal(err)
	}
	return n - 1
}

// TestBackfillGivesUp holds that a backfill ends when nothing moves, says why,
// and can be run again; its minute is made shorter.
func TestBackfillGivesUp(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(dialect, func(t *testing.T) {
			b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", backfillOf(t, dialect))
			b.fillMany(t, 10)
			files, err := filepath.Glob(b.dir + "/*backfill*")
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				text := strings.NewReplacer("INTERVAL '1 minute'", "INTERVAL '1 second'", "INTERVAL 1 MINUTE", "INTERVAL 1 SECOND").Replace(string(readFile(t, file)))
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			gooseTo(t, b.host, b.name, b.dir, true, b.beforeBackfill(t))
			tx := b.hold(t, "UPDATE adk_sessions SET revision = 9 WHERE app_name = 'app' AND user_id = 'user3' AND id = 'session3'")
			err = <-b.inBackground(t)
			if err == nil || !strings.Contains(err.Error(), "1 sessions could not be filled") {
				t.Errorf("a session is locked: %v", err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-b.inBackground(t); err != nil || b.count(t, "account_id IS NULL") != 0 {
				t.Errorf("when it is free: %v", err)
			}
		})
	}
}

// TestBackfillUsesTheIndex holds that the expressions of docs/evolution.md find
// a user by an index: in a tenth of the time that reading all users takes.
func TestBackfillUsesTheIndex(t *testing.T) {
	const users = 3_000
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		t.Run(dialect, func(t *testing.T) {
			expression := backfillOf(t, dialect)
			b := newBackfilling(t, dialect, "", "account_id ID NOT NULL REFERENCES users(id)", expression)
			b.fillMany(t, users)
			if dialect == "postgres" {
				exec1(t, b.db, "ANALYZE users")
			}
			found := func(expression string) time.Duration {
				begin := time.Now()
				var n int
				if err := b.db.QueryRow("SELECT COUNT(" + expression + ") FROM adk_sessions").Scan(&n); err != nil || n != users {
					t.Errorf("%d sessions have an owner by %s: %v", n, expression, err)
				}
				return time.Since(begin)
			}
			all := "(SELECT u.id FROM users u WHERE CONCAT(u.login, '') = adk_sessions.user_id)"
			fast, slow, plain := found(expression), found(all), found("(SELECT u.id FROM users u WHERE u.login = adk_sessions.user_id)")
			if fast > slow/10 {
				t.Errorf("%s took %v, and reading all users %v", expression, fast, slow)
			}
			t.Logf("%v; without a collation %v; reading all users %v", fast, plain, slow)
		})
	}
}

// TestBackfillWarns holds that generate warns of a comparison that reads all
// users, or takes two for one, in the run that writes the backfill; and of none
// of docs/evolution.md.
func TestBackfillWarns(t *testing.T) {
	for dialect, want := range map[string]string{
		"postgres": `write u.login = adk_sessions.user_id COLLATE "default"`,
		"mysql":    "write u.login = adk_sessions.user_id COLLATE utf8mb4_0900_ai_ci AND u.login = adk_sessions.user_id; if u.login is a number, write CAST(u.login AS CHAR) = adk_sessions.user_id",
		"sqlite":   "write adk_sessions.user_id = u.login",
		"mariadb":  "",
	} {
		for expression, want := range map[string]string{"(SELECT u.id FROM users u WHERE u.login = adk_sessions.user_id)": want, backfillOf(t, dialect): ""} {
			folder := t.TempDir()
			config := fmt.Sprintf("version: 1\ntargets:\n  - dialect: %s\n    migrations: {tool: goose, dir: db}\n", dialect)
			generated(t, folder, []byte(config))
			config += "    owner_id_column: account_id " + ownerOf[dialect] + " NOT NULL REFERENCES users(id)\n    backfill: " + expression + "\n"
			for _, hint := range []string{want, ""} { // once: then the backfill is written
				out, err := generator.Generate(generator.OnDisk(filepath.Join(folder, "adkgen.yaml"), []byte(config)))
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				for _, w := range out.Warnings {
					if !w.Warning || w.Line != 6 || w.Column != 47 {
						t.Errorf("%s: %+v", dialect, w)
					}
					got += w.Hint
				}
				if got != hint {
					t.Errorf("%s: %s: the hint is %q, not %q", dialect, expression, got, hint)
				}
				generated(t, folder, []byte(config))
			}
		}
	}
}
