package databases

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator"
)

// TestPhases holds what status says of each migration: the program of before
// works until one of the phase switch or contract has run, the new one from when
// all of switch and expand have. A program is what the queries do: they list the
// columns that they read, and write those of adkgen's and the owner's.
func TestPhases(t *testing.T) {
	cases, err := filepath.Glob(casesDir + "/evolve-*")
	if err != nil || len(cases) < 30 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	seen := map[generator.Phase]int{}
	for _, dir := range cases {
		name := filepath.Base(dir)
		dialect := strings.Split(name, "-")[1]
		if dialect == "oracle" || slices.ContainsFunc(generator.Tools, func(tool string) bool { return strings.HasSuffix(name, "-"+tool) }) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			work := t.TempDir()
			before, after := evolve(t, work, dir)
			migrations := filepath.Join(work, after.Dir)
			h, database := hostFor(t, dialect)
			db := h.open(t, database)
			createRequired(t, h, db, generator.Schema{Tables: []generator.Table{{}}})
			gooseTo(t, h, database, migrations, true, len(before.Migrations))
			fillSessions(t, h, db, before.Schema, 1)
			for _, table := range []string{"users", "teams"} {
				exec1(t, db, fmt.Sprintf("INSERT INTO %s (id) VALUES (%s)", table, newOwner(h)))
			}
			db.SetMaxIdleConns(0) // a connection keeps plans, and PostgreSQL refuses one of another type: once
			steps := after.Migrations[len(before.Migrations):]
			for n := 0; n <= len(steps); n++ {
				left := slices.IndexFunc(steps[:n], func(m generator.LockMigration) bool {
					return m.Phase == generator.Switch || m.Phase == generator.Contract
				}) >= 0
				ready := !slices.ContainsFunc(steps[n:], func(m generator.LockMigration) bool {
					return m.Phase == generator.Switch || m.Phase == generator.Expand
				})
				if err := program(t, h, db, before.Schema); err != nil && !left {
					t.Errorf("after %d migrations, the last %v, the program of before fails: %v", n, steps[max(n-1, 0)], err)
				}
				if err := program(t, h, db, after.Schema); err != nil && ready {
					t.Errorf("after %d migrations, the last %v, the new program fails: %v", n, steps[max(n-1, 0)], err)
				}
				if n < len(steps) {
					seen[steps[n].Phase]++
					gooseTo(t, h, database, migrations, true, steps[n].Number)
				}
			}
		})
	}
	if postgres == nil || mariadb == nil || mysqlServer == nil {
		return
	}
	for _, phase := range []generator.Phase{generator.Switch, generator.Expand, generator.Fill, generator.Contract} {
		if seen[phase] < 5 {
			t.Errorf("%d migrations of the phase %s", seen[phase], phase)
		}
	}
}

// newOwner is an owner that has no session.
func newOwner(h *host) string { return strings.Replace(ownerID[h.dialect], "1", "2", 1) }

// program reads each table of a schema, creates a session with an event, and
// leaves nothing behind.
func program(t *testing.T, h *host, db *sql.DB, schema generator.Schema) error {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	values := map[string]string{
		"app_name": "'app'", "user_id": "'someone'", "id": "'new'", "state": "'{}'", "revision": "0", "create_time": moment[h.dialect], "update_time": moment[h.dialect],
		"session_id": "'new'", "seq": "1", "invocation_id": "'i'", "author": "'a'", "branch": "''", "timestamp": moment[h.dialect], "event_data": "'{}'",
	}
	for _, table := range schema.Tables {
		if table.Retired {
			continue
		}
		name := table.Name
		if schema.Namespace != "" {
			name = schema.Namespace + "." + name
		}
		var read, written, row []string
		for _, c := range table.Columns {
			if c.Retired {
				continue
			}
			quoted := quotedBy(h.dialect, c.Name)
			read = append(read, quoted)
			switch value := values[c.Name]; {
			case c.Owner:
				written, row = append(written, quoted), append(row, newOwner(h))
			case !c.Extra:
				written, row = append(written, quoted), append(row, value)
			}
		}
		insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", name, strings.Join(written, ", "), strings.Join(row, ", "))
		if _, err := tx.Exec(insert); err != nil {
			return fmt.Errorf("%s: %w", insert, err)
		}
		rows, err := tx.Query(fmt.Sprintf("SELECT %s FROM %s", strings.Join(read, ", "), name))
		if err != nil {
			return err
		}
		rows.Close()
	}
	return nil
}
