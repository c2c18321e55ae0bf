package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// The states of users are kept for each owner where there is an owner column, and
// for all together where there is none. What leads from the one to the other is
// a new table: the key is another. The old one stays until a run drops it.

// keepStates keeps the table of user states whose place another takes. Once it
// is kept, a run that may drop drops it.
func (p *planner) keepStates() {
	after := p.wanted.UserStates()
	for i, t := range p.locked.Tables {
		isForUsers := t.Role == store.RoleUserStates || t.Role == store.RoleOwnerStates
		if isForUsers && !t.Retired && after != nil && t.OwnerName() != after.OwnerName() {
			p.replaced = &p.locked.Tables[i]
		}
	}
	for _, t := range p.locked.Tables {
		isReplaced := p.replaced != nil && t.Name == p.replaced.Name
		switch {
		case !t.Retired && !isReplaced:
			continue
		case after != nil && t.Name == after.Name && isReplaced:
			p.refuseStates(t, *after)
		case after != nil && t.Name == after.Name:
			p.refuse(Asker{Key: "user_state_table"}, t.Name+" is an older table of user states, which is kept until you let it be dropped",
				"name another table, such as user_state_table: "+t.Name+"_2; or, when you need it no more, run adkgen generate --allow-destructive before this change")
		case t.Retired && (p.destructive && !t.Replaced && !p.isCopied(t) || after == nil):
			p.add(Change{Kind: DropTable, Table: t})
			continue
		}
		t.Retired, t.Replaced = true, false
		t.Columns = slices.Clone(t.Columns)
		for i := range t.Columns {
			t.Columns[i].Owner = false
		}
		p.kept = append(p.kept, t)
		p.Notes = append(p.Notes, fmt.Sprintf("The table %s is no longer used, and stays until a run of adkgen generate --allow-destructive.", t.Name))
	}
}

// isCopied reports whether a kept table is copied now, because sessions that had
// none get their owners: then it stays once more.
func (p *planner) isCopied(kept schema.Table) bool {
	was, owner := p.locked.Table(store.RoleSessions), p.wanted.Table(store.RoleSessions).Owner()
	if kept.Role != store.RoleUserStates || p.replaced != nil || owner == nil || !p.fills(*was, *owner) {
		return false
	}
	old := schema.ColumnOf(*was, owner.Name)
	return old == nil || old.Filled != p.backfill // else an earlier run has filled it
}

// refuseStates refuses a new table of user states that has the name of the one
// whose place it takes.
func (p *planner) refuseStates(before, after schema.Table) {
	what := "the states of users are kept for each " + after.OwnerName() + " now"
	if after.Owner() == nil {
		what = "the states of users are kept for all owners together now"
	}
	p.refuse(Asker{Key: "user_state_table"}, fmt.Sprintf("%s, in a table with another key, and the table %s is kept until you let it be dropped", what, before.Name),
		"name a new table, such as user_state_table: adk_"+strings.ToLower(cmp.Or(after.OwnerName(), "user"))+"_states")
}

// keepFor is what becomes of the kept tables when later migrations wait for another
// run: those are kept that no migration of it looks at.
func (p *planner) keepFor(later []Migration, after *schema.Schema) {
	waits := func(t schema.Table) bool {
		return slices.ContainsFunc(later, func(m Migration) bool {
			return slices.ContainsFunc(m.Changes, func(c Change) bool {
				return c.Source.Name == t.Name || c.Kind == CreateTable && p.replaced != nil && p.replaced.Name == t.Name && c.Table.Name == p.wanted.UserStates().Name
			})
		})
	}
	after.Tables = slices.Clone(after.Tables)
	for _, t := range p.kept {
		if waits(t) {
			continue
		}
		for i, was := range after.Tables {
			if was.Name == t.Name {
				t.Replaced = was.Replaced || p.replaced != nil && p.replaced.Name == t.Name || p.isCopied(t)
				after.Tables[i] = t
			}
		}
	}
}

// copyStates fills a new table of user states from the one whose place it takes,
// and, when sessions that had none get their owners, from one that is kept.
func (p *planner) copyStates() {
	to, sessions := p.wanted.UserStates(), p.wanted.Table(store.RoleSessions)
	if to == nil {
		return
	}
	source := p.replaced
	was := p.locked.Table(store.RoleSessions)
	owner := sessions.Owner()
	filled := owner != nil && p.fills(*was, *owner)
	for i := range p.kept {
		if p.isCopied(p.kept[i]) {
			source = &p.kept[i]
		}
	}
	if source == nil {
		return
	}
	if owner != nil && !filled && schema.ColumnOf(*was, owner.Name) == nil && !hasValue(*owner) {
		p.Notes = append(p.Notes, fmt.Sprintf("Nothing is copied from %s to %s, because no session has its %s yet. When they have, copy the states with the SQL in docs/evolution.md (adkgen migration new).", source.Name, to.Name, owner.Name))
		return
	}
	fill := Change{Kind: CopyStates, Table: *to, Source: *source, Sessions: *sessions, Check: schema.Check{Name: schema.DerivedName(p.dialect, to.Name, "copy")}, phase: Fill}
	for _, c := range p.changes {
		if c.Kind == RebuildTables && c.Expression != "" && c.phase.Rank() > fill.phase.Rank() {
			fill.phase = c.phase // it gives the sessions their owners
		}
	}
	p.addLate(p.looped(fill)...)
}

// addLate adds changes after diff has said in which namespace they happen.
func (p *planner) addLate(changes ...Change) {
	for _, c := range changes {
		c.Namespace = p.wanted.Namespace
		p.add(c)
	}
}
