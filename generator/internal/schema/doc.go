// Package schema is what a target's database is meant to contain.
package schema
