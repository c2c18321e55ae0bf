package generator

import "fmt"

// Status is what was emitted for a target, and what the next run of Generate
// adds.
type Status struct {
	Dir, Dialect, Tool string
	Emitted, Next      []string // names of migrations with their numbers
}

// statusOf tells of a target whose first migrations were emitted before.
func statusOf(t LockTarget, emitted int) Status {
	s := Status{Dir: t.Dir, Dialect: t.Dialect, Tool: t.Tool}
	for i, m := range t.Migrations {
		name := fmt.Sprintf("%04d_%s", m.Number, m.Name)
		if m.Custom {
			name += " (your own)"
		}
		if i < emitted {
			s.Emitted = append(s.Emitted, name)
		} else {
			s.Next = append(s.Next, name)
		}
	}
	return s
}

// Emitted tells what was emitted, from the lock alone. The error is of type
// Problems when the lock cannot be read; any other is the machine's.
func Emitted(in Input) ([]Status, error) {
	lock, err := readLock(in)
	if err != nil {
		return nil, err
	}
	var all []Status
	for _, t := range lock.Targets {
		all = append(all, statusOf(t, len(t.Migrations)))
	}
	return all, nil
}
