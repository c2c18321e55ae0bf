package databases

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// wish is a configuration of a walk: of each feature, the number of a choice.
type wish [7]int

// choices are how many each feature has.
var choices = wish{5, 3, 2, 2, 3, 3, 2}

// owner is the column that the wish has in the key of users' states.
func (w wish) owner() string {
	return []string{"", "account_id", "account_id", "team_id", "account_id"}[w[0]]
}

// config writes the wish as an adkgen.yaml. The states of users are in the n-th
// table for them: another owner column has another.
func (w wish) config(dialect string, n int) []byte {
	id := ownerOf[dialect]
	text := map[string]string{"postgres": "TEXT", "mariadb": "VARCHAR(200)", "mysql": "VARCHAR(200)", "sqlite": "TEXT"}[dialect]
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "    "+format+"\n", args...) }
	fmt.Fprintf(&b, "version: 1\ntargets:\n  - dialect: %s\n", dialect)
	switch w[0] {
	case 1:
		line("owner_id_column: account_id %s REFERENCES users(id) ON DELETE CASCADE", id)
	case 2:
		line("owner_id_column: account_id %s NOT NULL REFERENCES users(id) ON DELETE CASCADE", id)
		line("backfill: (SELECT u.id FROM users AS u LIMIT 1)")
	case 3:
		line("owner_id_column: team_id %s REFERENCES teams(id) ON DELETE SET NULL", id)
	case 4:
		line("owner_id_column: account_id %s NOT NULL REFERENCES users(id) ON DELETE RESTRICT", id)
		line("backfill: (SELECT u.id FROM users AS u LIMIT 1)")
	}
	if w[1] > 0 {
		line("session_table: chats")
	}
	if w[1] > 1 {
		line("events_table: turns")
	}
	if w[2] > 0 {
		line("scoped_state: false")
	} else {
		line("user_state_table: states_%d", n)
	}
	var sessions, events, indexes []string
	if w[3] > 0 {
		indexes = append(indexes, "update_time")
	}
	if w[4] > 0 {
		sessions = append(sessions, "title "+text)
	}
	if w[4] > 1 {
		sessions = append(sessions, "stars "+map[string]string{"postgres": "INTEGER", "mariadb": "INT", "mysql": "INT", "sqlite": "INTEGER"}[dialect]+" NOT NULL DEFAULT 0 CHECK (stars >= 0)")
		indexes = append(indexes, "{table: sessions, columns: [app_name, stars]}")
	}
	if w[5] > 0 {
		events = append(events, fmt.Sprintf("reviewer %s REFERENCES users(id) ON DELETE SET NULL", id))
	}
	if w[5] > 1 {
		indexes = append(indexes, "{table: events, columns: [app_name, reviewer]}")
	}
	if w[6] > 0 {
		sessions = append(sessions, "slug VARCHAR(64)")
		indexes = append(indexes, "{table: sessions, columns: [app_name, slug], unique: true}")
	}
	if len(sessions)+len(events) > 0 {
		line("columns:")
	}
	for table, list := range map[string][]string{"sessions": sessions, "events": events} {
		for i, column := range list {
			if i == 0 {
				line("  %s:", table)
			}
			line("    - %s", column)
		}
	}
	if len(indexes) > 0 {
		line("indexes: [%s]", strings.Join(indexes, ", "))
	}
	line("migrations: {tool: goose, dir: db/migrations}")
	return []byte(b.String())
}

// TestRandomWalks changes a configuration again and again, a few features at a
// time, in two runs of which the first stops after a phase. After each run the
// sessions are all there, and the catalog is what the lock says; both together
// have written what one does. Then the way back leads through the same catalogs.
func TestRandomWalks(t *testing.T) {
	for _, dialect := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s/%d", dialect, seed), func(t *testing.T) {
				t.Parallel()
				walk(t, dialect, rand.New(rand.NewPCG(seed, 4)))
			})
		}
	}
}

func walk(t *testing.T, dialect string, random *rand.Rand) {
	const steps, sessions = 7, 300
	h, name := hostFor(t, dialect)
	db := h.open(t, name)
	besides := append(createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}}), "ext_adk_migrations")
	folder := t.TempDir()
	migrations := filepath.Join(folder, "db", "migrations")
	var now wish
	states := 1
	locked := generated(t, folder, now.config(dialect, states))
	gooseTo(t, h, name, migrations, true, len(locked.Migrations))
	fillSessions(t, h, db, locked.Schema, sessions)
	type station struct {
		version int
		schema  generator.Schema
		catalog catalog
	}
	way := []station{{len(locked.Migrations), locked.Schema, found(t, h, db, "", besides...)}}
	for step := 0; step < steps; {
		next := now
		for range 1 + random.IntN(3) {
			i := random.IntN(len(next))
			next[i] = random.IntN(choices[i])
		}
		if next == now {
			continue
		}
		step++
		if next.owner() != now.owner() {
			states++
		}
		stop := generator.Phases[random.IntN(3)]
		t.Logf("%v -> %v, first until %s", now, next, stop)
		atOnce := t.TempDir()
		if err := os.CopyFS(atOnce, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
		once := generated(t, atOnce, next.config(dialect, states))
		for _, until := range []generator.Phase{stop, ""} {
			locked = generatedUntil(t, folder, next.config(dialect, states), until)
			gooseTo(t, h, name, migrations, true, len(locked.Migrations))
			same(t, fmt.Sprintf("the catalog after step %d until %q", step, until), found(t, h, db, "", besides...), meant(dialect, locked.Schema))
			if n := counted(t, db, locked.Schema); n != sessions {
				t.Fatalf("%d sessions are left after step %d", n, step)
			}
			if locked.Until == "" {
				break // a run more would drop the owner column that was replaced
			}
		}
		if !reflect.DeepEqual(once, locked) { // hashes included
			t.Fatalf("one run would have led to\n%+v\nand two have to\n%+v", once, locked)
		}
		way = append(way, station{len(locked.Migrations), locked.Schema, found(t, h, db, "", besides...)})
		now = next
	}
	// A NOT NULL column that was dropped comes back without values: the way back is for empty tables.
	exec1(t, db, "DELETE FROM "+locked.Schema.Tables[0].Name)
	for i := len(way) - 2; i >= 0; i-- {
		gooseTo(t, h, name, migrations, false, way[i].version)
		same(t, fmt.Sprintf("the catalog back at step %d", i), found(t, h, db, "", besides...), way[i].catalog)
	}
	gooseTo(t, h, name, migrations, true, len(locked.Migrations))
	same(t, "the catalog after going up again", found(t, h, db, "", besides...), way[len(way)-1].catalog)
	if err := db.QueryRow("SELECT 1 FROM " + locked.Schema.Tables[0].Name).Scan(new(int)); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("a session came back: %v", err)
	}
}
