package pipeline

import (
	"fmt"

	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/plan"
)

// Status is what was emitted for a target, and what the next run of Generate
// adds.
type Status struct {
	Dir     string        `json:"dir"`
	Dialect string        `json:"dialect"`
	Tool    string        `json:"tool"`
	Until   plan.Phase    `json:"until,omitempty"` // after which migrations wait for a later run; "" when none do
	Emitted []StatusGroup `json:"emitted"`
	Next    []StatusGroup `json:"next"`
	Losses  []string      `json:"losses,omitempty"` // what Next drops or shortens, for which generate needs --allow-destructive
}

// StatusGroup are migrations that follow one another and are of one phase.
type StatusGroup struct {
	Phase      plan.Phase `json:"phase,omitempty"` // "" where adkgen does not know it
	Migrations []string   `json:"migrations"`      // names with their numbers
}

// statusOf tells of a target whose first migrations were emitted before.
func statusOf(t lock.Target, emitted int) Status {
	return Status{Dir: t.Dir, Dialect: t.Dialect, Tool: t.Tool, Until: t.Until, Emitted: inGroups(t.Migrations[:emitted]), Next: inGroups(t.Migrations[emitted:])}
}

func inGroups(migrations []lock.Migration) []StatusGroup {
	groups := []StatusGroup{} // a list in JSON, too
	for i, m := range migrations {
		name := fmt.Sprintf("%04d_%s", m.Number, m.Name)
		if m.Custom {
			name += " (your own)"
		}
		if i == 0 || m.Phase != migrations[i-1].Phase {
			groups = append(groups, StatusGroup{Phase: m.Phase})
		}
		last := &groups[len(groups)-1]
		last.Migrations = append(last.Migrations, name)
	}
	return groups
}

// Emitted tells what was emitted, from the lock alone. The error is of type
// Problems when the lock cannot be read; any other is the machine's.
func Emitted(in Input) ([]Status, error) {
	lock, _, err := readLock(in)
	if err != nil {
		return nil, err
	}
	var all []Status
	for _, t := range lock.Targets {
		all = append(all, statusOf(t, len(t.Migrations)))
	}
	return all, nil
}
