// Package store is the one table of what adkgen generates: the stores, their tables,
// keys and files.
package store
