package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/schema"
)

// schemaOf is the schema that a target asks for, with keys that are not written
// for every target: lines of adkgen.yaml.
func schemaOf(t *testing.T, dialect, keys string) (config.Target, schema.Schema) {
	t.Helper()
	text := "version: 1\ntargets:\n  - dialect: " + dialect + "\n    migrations: {tool: goose, dir: db}\n"
	for line := range strings.Lines(keys) {
		text += "    " + line
	}
	config, err := config.Parse("adkgen.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return config.Targets[0], schema.Wanted(config.Targets[0])
}

// stepsOf writes a plan as a list: a line for each migration, with its phase and
// changes; what is refused, lost and left for later comes behind it.
func stepsOf(p Plan) (lines []string) {
	for _, m := range p.Migrations {
		var changes []string
		for _, c := range m.Changes {
			what := []string{string(c.Kind), string(c.Table.Role)}
			for _, t := range c.Tables {
				what = append(what, string(t.Role))
			}
			what = append(what, c.Column.Name)
			if c.Column.Name == "" {
				what = append(what, slices.Concat(c.Index.Columns, c.Key.Columns)...)
			}
			what = slices.DeleteFunc(what, func(word string) bool { return word == "" })
			changes = append(changes, strings.Join(what, " "))
		}
		lines = append(lines, fmt.Sprintf("%d %s: %s", m.Number, m.Phase, strings.Join(changes, ", ")))
	}
	for _, r := range p.Refusals {
		lines = append(lines, "refused: "+r.Message)
	}
	for _, l := range p.Losses {
		lines = append(lines, "lost: "+l.What)
	}
	return lines
}

// TestPlan holds the steps from one schema to another, and their order. Each
// begins with two configurations: what was emitted, and what is wanted now. A name
// that ends in ! is of a run that may drop.
func TestPlan(t *testing.T) {
	const owner = "owner_id_column: account_id BIGINT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE\n"
	for _, c := range []struct {
		name, dialect, before, after string
		want                         []string
	}{
		{"nothing", "postgres", owner, owner, nil},
		{"a column", "postgres", "", "columns: {events: [\"title VARCHAR(200)\"]}\n", []string{
			"2 expand: add_column events title",
		}},
		{"a column", "mysql", "", "columns: {events: [\"title VARCHAR(200)\"]}\n", []string{
			"2 expand: add_column events title",
		}},
		{"a column", "sqlite", "", "columns: {events: [\"title VARCHAR(200)\"]}\n", []string{
			"2 expand: rebuild_tables events events title",
		}},
		{"a column with a default that is no constant!", "mysql", "columns: {events: [\"token VARCHAR(36) NOT NULL DEFAULT (UUID())\"]}\n", "", []string{
			"2 contract: modify_column events token",
			"3 contract: drop_column events token",
			"lost: column adk_events.token with its values",
		}},
		{"a column with a constant default!", "mysql", "columns: {events: [\"stars INT NOT NULL DEFAULT 1\"]}\n", "", []string{
			"2 contract: drop_column events stars",
			"lost: column adk_events.stars with its values",
		}},
		{"a wider column", "postgres", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(300)\"]}\n", []string{
			"2 expand: modify_column events title",
		}},
		{"a wider column", "mysql", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(300)\"]}\n", []string{
			"refused: adk_events.title would change from VARCHAR(200) to VARCHAR(300), for which every row has to be written again under a lock",
		}},
		{"a wider column", "sqlite", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(300)\"]}\n", []string{
			"2 expand: rebuild_tables events events title",
		}},
		{"a shorter column", "postgres", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(100)\"]}\n", []string{
			"2 contract: modify_column events title",
			"lost: column adk_events.title, which gets shorter: VARCHAR(200) becomes VARCHAR(100)",
		}},
		{"a shorter column", "mysql", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(100)\"]}\n", []string{
			"2 contract: modify_column events title",
			"lost: column adk_events.title, which gets shorter: VARCHAR(200) becomes VARCHAR(100)",
		}},
		{"a shorter column", "sqlite", "columns: {events: [\"title VARCHAR(200)\"]}\n", "columns: {events: [\"title VARCHAR(100)\"]}\n", []string{
			"2 expand: rebuild_tables events events title",
		}},
		{"a column with a check", "postgres", "", "columns: {sessions: [\"stars INT CHECK (stars > 0)\"]}\n", []string{
			"2 expand: add_column sessions stars, add_check sessions stars",
			"3 expand: validate sessions stars",
		}},
		{"a column with a check", "mysql", "", "columns: {sessions: [\"stars INT CHECK (stars > 0)\"]}\n", []string{
			"2 expand: add_column sessions stars",
			"3 expand: add_check sessions stars",
		}},
		{"a column with a check", "sqlite", "", "columns: {sessions: [\"stars INT CHECK (stars > 0)\"]}\n", []string{
			"2 expand: rebuild_tables sessions sessions events stars",
		}},
		{"NOT NULL with a default", "postgres", "", "columns: {sessions: [\"stars INT NOT NULL DEFAULT 0\"]}\n", []string{
			"2 expand: add_column sessions stars",
		}},
		{"NOT NULL with a default", "mysql", "", "columns: {sessions: [\"stars INT NOT NULL DEFAULT 0\"]}\n", []string{
			"2 expand: add_column sessions stars",
		}},
		{"NOT NULL with a default", "sqlite", "", "columns: {sessions: [\"stars INT NOT NULL DEFAULT 0\"]}\n", []string{
			"2 expand: rebuild_tables sessions sessions events stars",
		}},
		{"a column less!", "postgres", "columns: {events: [\"title VARCHAR(200)\"]}\n", "", []string{
			"2 contract: drop_column events title",
			"lost: column adk_events.title with its values",
		}},
		{"a column less!", "mysql", "columns: {events: [\"title VARCHAR(200)\"]}\n", "", []string{
			"2 contract: drop_column events title",
			"lost: column adk_events.title with its values",
		}},
		{"a column less!", "sqlite", "columns: {events: [\"title VARCHAR(200)\"]}\n", "", []string{
			"2 contract: rebuild_tables events events title",
			"lost: column adk_events.title with its values",
		}},
		{"an owner, who can be NULL", "postgres", "", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", []string{
			"2 expand: add_column sessions account_id",
			"3 expand: add_index sessions account_id",
			"4 expand: add_foreign_key sessions account_id",
			"5 expand: validate sessions account_id",
			"6 expand: create_table owner_states",
		}},
		{"an owner, who can be NULL", "mysql", "", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", []string{
			"2 expand: add_column sessions account_id",
			"3 expand: add_index sessions account_id",
			"4 expand: add_foreign_key sessions account_id",
			"5 expand: create_table owner_states",
		}},
		{"an owner, who can be NULL", "sqlite", "", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", []string{
			"2 expand: rebuild_tables sessions sessions events account_id",
			"3 expand: create_table owner_states",
		}},
		{"an owner, with a backfill", "postgres", "", owner + "backfill: \"1\"\n", []string{
			"2 expand: add_column sessions account_id",
			"3 expand: add_index sessions account_id",
			"4 expand: add_foreign_key sessions account_id",
			"5 expand: validate sessions account_id",
			"6 expand: create_table owner_states",
			"7 backfill: backfill sessions account_id",
			"8 backfill: copy_states owner_states",
			"9 contract: add_check sessions account_id",
			"10 contract: validate sessions account_id",
			"11 contract: require_column sessions account_id",
		}},
		{"an owner, with a backfill", "mysql", "", owner + "backfill: \"1\"\n", []string{
			"2 expand: add_column sessions account_id",
			"3 expand: add_index sessions account_id",
			"4 expand: add_foreign_key sessions account_id",
			"5 expand: create_table owner_states",
			"6 backfill: create_procedure sessions account_id",
			"7 backfill: backfill sessions account_id",
			"8 backfill: drop_procedure sessions account_id",
			"9 backfill: create_procedure owner_states",
			"10 backfill: copy_states owner_states",
			"11 backfill: drop_procedure owner_states",
			"12 contract: modify_column sessions account_id",
		}},
		{"an owner, with a backfill", "sqlite", "", owner + "backfill: \"1\"\n", []string{
			"2 switch: rebuild_tables sessions sessions events account_id",
			"3 switch: create_table owner_states",
			"4 backfill: copy_states owner_states",
		}},
		{"NOT NULL for an owner", "postgres", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", owner, []string{
			"2 contract: add_check sessions account_id",
			"3 contract: validate sessions account_id",
			"4 contract: require_column sessions account_id",
		}},
		{"NOT NULL for an owner", "mysql", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", owner, []string{
			"2 contract: modify_column sessions account_id",
		}},
		{"NOT NULL for an owner", "sqlite", "owner_id_column: account_id BIGINT REFERENCES accounts(id) ON DELETE CASCADE\n", owner, []string{
			"2 contract: rebuild_tables sessions sessions events account_id",
		}},
		{"another foreign key", "postgres", owner, "owner_id_column: account_id BIGINT NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT\n", []string{
			"2 contract: invalidate sessions account_id",
			"3 contract: drop_foreign_key sessions account_id, add_foreign_key sessions account_id",
			"4 contract: validate sessions account_id",
			"5 contract: invalidate owner_states account_id",
			"6 contract: drop_foreign_key owner_states account_id, add_foreign_key owner_states account_id",
			"7 contract: validate owner_states account_id",
		}},
		{"another foreign key", "mysql", owner, "owner_id_column: account_id BIGINT NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT\n", []string{
			"2 contract: replace_foreign_key sessions account_id",
			"3 contract: replace_foreign_key owner_states account_id",
		}},
		{"another foreign key", "sqlite", owner, "owner_id_column: account_id BIGINT NOT NULL REFERENCES accounts(id) ON DELETE RESTRICT\n", []string{
			"2 switch: rebuild_tables sessions sessions events owner_states",
		}},
		{"another owner", "postgres", "owner_id_column: account_id BIGINT\n", "owner_id_column: team_id BIGINT\n", []string{
			"refused: the states of users are kept for each team_id now, in a table with another key, and the table adk_owner_states is kept until you let it be dropped",
		}},
		{"an index", "postgres", "", "indexes: [update_time]\n", []string{
			"2 expand: add_index sessions app_name update_time",
		}},
		{"an index", "mysql", "", "indexes: [update_time]\n", []string{
			"2 expand: add_index sessions app_name update_time",
		}},
		{"an index", "sqlite", "", "indexes: [update_time]\n", []string{
			"2 expand: add_index sessions app_name update_time",
		}},
		{"an index less", "postgres", "indexes: [update_time]\n", "", []string{
			"2 contract: drop_index sessions app_name update_time",
		}},
		{"an index less", "mysql", "indexes: [update_time]\n", "", []string{
			"2 contract: drop_index sessions app_name update_time",
		}},
		{"an index less", "sqlite", "indexes: [update_time]\n", "", []string{
			"2 contract: drop_index sessions app_name update_time",
		}},
		{"a unique key", "postgres", "", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", []string{
			"2 contract: build_unique sessions app_name create_time",
			"3 contract: add_unique sessions app_name create_time",
		}},
		{"a unique key", "mysql", "", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", []string{
			"2 contract: add_unique sessions app_name create_time",
		}},
		{"a unique key", "sqlite", "", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", []string{
			"2 contract: rebuild_tables sessions sessions events",
		}},
		{"a unique key less", "postgres", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", "", []string{
			"2 expand: drop_unique sessions app_name create_time",
			"3 expand: unbuild_unique sessions app_name create_time",
		}},
		{"a unique key less", "mysql", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", "", []string{
			"2 expand: drop_unique sessions app_name create_time",
		}},
		{"a unique key less", "sqlite", "indexes: [{table: sessions, columns: [app_name, create_time], unique: true}]\n", "", []string{
			"2 expand: rebuild_tables sessions sessions events",
		}},
		{"another name", "postgres", "", "session_table: chats\n", []string{
			"2 switch: rename_table sessions, rename_constraint sessions",
		}},
		{"another name", "mysql", "", "session_table: chats\n", []string{
			"2 switch: rename_table sessions",
		}},
		{"another name", "sqlite", "", "session_table: chats\n", []string{
			"2 switch: rename_table sessions",
		}},
		{"another schema", "postgres", "schema: a\n", "schema: b\n", []string{
			"2 switch: create_namespace, move_table sessions, move_table events, move_table app_states, move_table user_states",
		}},
		{"another schema", "mysql", "schema: a\n", "schema: b\n", []string{
			"refused: the tables would move from a to b, which adkgen writes for PostgreSQL only",
		}},
		{"no scoped state!", "postgres", "", "scoped_state: false\n", []string{
			"2 contract: drop_table user_states",
			"3 contract: drop_table app_states",
			"lost: table adk_user_states with its rows",
			"lost: table adk_app_states with its rows",
		}},
		{"no scoped state!", "mysql", "", "scoped_state: false\n", []string{
			"2 contract: drop_table user_states",
			"3 contract: drop_table app_states",
			"lost: table adk_user_states with its rows",
			"lost: table adk_app_states with its rows",
		}},
		{"no scoped state!", "sqlite", "", "scoped_state: false\n", []string{
			"2 contract: drop_table user_states",
			"3 contract: drop_table app_states",
			"lost: table adk_user_states with its rows",
			"lost: table adk_app_states with its rows",
		}},
	} {
		t.Run(c.dialect+"/"+c.name, func(t *testing.T) {
			_, before := schemaOf(t, c.dialect, c.before)
			target, after := schemaOf(t, c.dialect, c.after)
			got := stepsOf(For(Input{Dialect: target.Dialect, Locked: &before, Wanted: after, Next: 2, Backfill: target.Backfill, Destructive: strings.HasSuffix(c.name, "!"), Until: Contract}))
			if !slices.Equal(got, c.want) {
				t.Errorf("the plan is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(c.want, "\n\t"))
			}
		})
	}
}
