// Package host reads the user's own schema, and resolves the column definitions of a
// target against it.
package host
