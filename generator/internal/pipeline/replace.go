package pipeline

import (
	"fmt"
	"path"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// Another tool in mid-life. The new tool gets a directory of its own, whose first
// migration creates the tables as the old tool's migrations have left them: a new
// database runs it, and on one that has the tables it is marked as applied.

// replaces gives the entry of the lock that a new target takes the place of: one
// of the same tables, for another tool, that no target writes to any more; nil
// for none.
func (g *generation) replaces(t config.Target, wanted schema.Schema) *lock.Target {
	for i, old := range g.lock.Targets {
		sessions := old.Schema.Table(store.RoleSessions)
		isLeft := true
		for _, other := range g.config.Targets {
			isLeft = isLeft && (other.Migrations.Dir != old.Dir || other.Migrations.First() != old.Start)
		}
		if isLeft && old.Dialect == t.Dialect.Name() && old.Tool != t.Migrations.Tool && old.Schema.Namespace == wanted.Namespace &&
			sessions != nil && sessions.Name == wanted.Table(store.RoleSessions).Name {
			return &g.lock.Targets[i]
		}
	}
	return nil
}

// checkReplaced refuses another tool while the old one's migrations are not what
// was emitted, and together with a change of the tables: the first migration of
// the new tool stands for exactly what the old one's have done.
func (g *generation) checkReplaced(t config.Target, old lock.Target, plan plan.Plan) (problem.Problems, error) {
	_, problems, err := g.checkEmitted(old)
	changes := len(plan.Migrations)+len(plan.Later)+len(plan.Refusals)+len(plan.Losses) > 0
	switch {
	case changes && old.Until != "":
		problems = append(problems, g.toolWhileWaiting(t, old))
	case changes:
		problems = append(problems, g.problem(t, "migrations", fmt.Sprintf("the tool changes from %s to %s, and the tables change as well", old.Tool, t.Migrations.Tool),
			"undo the change of the tables, run "+g.command()+" for the tool alone, then make the change again"))
	}
	return problems, err
}

// toolWhileWaiting refuses another tool while migrations of the old one wait for a
// later run.
func (g *generation) toolWhileWaiting(t config.Target, old lock.Target) problem.Problem {
	return g.problem(t, "migrations", fmt.Sprintf("the tool changes from %s to %s, and migrations in %s wait for a later phase than %s", old.Tool, t.Migrations.Tool, old.Dir, old.Until),
		fmt.Sprintf("write tool: %s and dir: %s again, and run adkgen generate, which writes what waits; then change the tool: docs/migration-tools.md, Another tool", old.Tool, old.Dir))
}

// replacedNote says what is left to do, and what the new tool does not know.
func (g *generation) replacedNote(t config.Target, old lock.Target) string {
	note := fmt.Sprintf("%s takes over from %s: the first migration in %s creates the tables as they are now. On every database that has them, apply what is missing in %s with %s, then mark the first migration as applied (docs/migration-tools.md, Another tool). When that is done everywhere, delete the ext_adk_ files in %s.",
		t.Migrations.Tool, old.Tool, g.in.at(t.Migrations.Dir), g.in.at(old.Dir), old.Tool, g.in.at(old.Dir))
	var own []string
	for _, m := range old.Migrations {
		if m.Custom && len(m.Files) > 0 {
			own = append(own, path.Base(m.Files[0].Path))
		}
	}
	if len(own) > 0 {
		note += " It does not have your own SQL in " + strings.Join(own, ", ") + ": bring what a new database needs into a migration of adkgen migration new, and mark that as applied as well."
	}
	return note
}
