package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/adkgen/adkgen/generator/internal/store"
	"gopkg.in/yaml.v3"
)

// tenantWord stands for a tenant's word in the names and paths of a target.
const tenantWord = "$tenant"

// tenantKeys are the keys that may have it.
var tenantKeys = append([]string{"schema"}, store.TableKeys()...)

// tenantEntry is one target to read: an entry of targets:, for one tenant.
type tenantEntry struct {
	node   *yaml.Node
	tenant string // "" for an entry without tenants:
	first  bool   // of its list
}

var tenantName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// tenants makes as many entries of one as it has tenants.
func (p *configParser) tenants(n *yaml.Node) []tenantEntry {
	const key = "tenants"
	list := ValueOf(n, key)
	if list == nil {
		return []tenantEntry{{node: n}}
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		p.refuse(list, key, "a list of tenants belongs here", "write tenants: [a, b], and schema: tenant_"+tenantWord)
		return nil
	}
	seen := map[string]bool{}
	var entries []tenantEntry
	for _, item := range items(list) {
		switch {
		case item.Kind != yaml.ScalarNode || !tenantName.MatchString(item.Value):
			p.refuse(item, key, "a tenant is a word, which becomes part of names and paths", "write letters, digits and _")
		case seen[strings.ToLower(item.Value)]:
			p.refuse(item, key, "the tenant "+item.Value+" stands here twice", "keep one of the two")
		default:
			entries = append(entries, tenantEntry{n, item.Value, len(entries) == 0})
		}
		seen[strings.ToLower(item.Value)] = true
	}
	named := false
	for _, name := range tenantKeys {
		if value := ValueOf(n, name); value != nil {
			named = named || strings.Contains(value.Value, tenantWord)
		}
	}
	if !named {
		p.refuse(list, key, "nothing tells the tenants' tables apart", "write schema: tenant_"+tenantWord+", or "+tenantWord+" in every name of a table")
		return nil
	}
	if dir := ValueOf(ValueOf(n, "migrations"), "dir"); dir != nil && !strings.Contains(dir.Value, tenantWord) {
		p.refuse(dir, "dir", "all tenants would write their migrations here", "write "+tenantWord+" in the path, such as db/migrations/"+tenantWord)
		return nil
	}
	return entries
}

// ValueOf gives the value of a key in a mapping; nil when there is none.
func ValueOf(n *yaml.Node, key string) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			if value := n.Content[i+1]; value.Kind == yaml.AliasNode {
				return value.Alias
			}
			return n.Content[i+1]
		}
	}
	return nil
}

// shareQueries settles which of a target's files stand for all tenants: those
// whose paths do not name one. They are written for the first tenant, without
// a schema, and the connection says which tenant's tables they find.
func (p *configParser) shareQueries(t *Target, first bool) {
	t.Tenant = p.tenant
	queries := ValueOf(t.Places["queries"], "dir")
	if queries == nil || strings.Contains(queries.Value, tenantWord) {
		return
	}
	for _, key := range tenantKeys {
		if n := t.Places[key]; n != nil && key != "schema" && strings.Contains(n.Value, tenantWord) && first {
			p.refuse(queries, "dir", fmt.Sprintf("the tenants cannot share queries: %s gives their tables names that differ", key), "write "+tenantWord+" in the path, such as db/queries/"+tenantWord+", or tell tenants apart by schema:")
			return
		}
	}
	switch snapshot := t.Places["snapshot"]; {
	case !first:
	case t.SQLC != nil && snapshot == nil:
		p.refuse(t.Places["sqlc"], "sqlc", "sqlc has no tables without a schema to compile the tenants' queries against", "write snapshot: db/adk_schema.sql")
	case snapshot != nil && strings.Contains(snapshot.Value, tenantWord):
		p.refuse(snapshot, "snapshot", "the tenants share their queries, and so this file", "write a path without "+tenantWord)
	}
	t.SharesQueries = true
	if !first {
		t.QueriesDir, t.Snapshot, t.SQLC, t.Service = "", "", nil, nil
	}
}
