package generator

import "github.com/adkgen/adkgen/dialects"

// ReadHost reads the user's migrations: files, or folders of them, in the order
// in which a migration tool applies them, without the parts that go down. It
// knows the formats of goose, golang-migrate, dbmate, sql-migrate, atlas, tern,
// Flyway and Liquibase, and plain SQL. The error is of type Problems when a
// path leads nowhere; any other is the machine's.
func ReadHost(d dialects.Dialect, in Input, paths []string) (*Host, error) {
	return readHost(d, in.folder(), paths)
}

// ParseOwner reads one owner column in a dialect, and checks it against the
// user's schema; host is nil when that is not known. Warnings are what is
// accepted and worth a second look. The error is of type Problems; file is the
// fragment's name in them.
func ParseOwner(file string, d dialects.Dialect, fragment string, host *Host) (owner dialects.Owner, warnings Problems, err error) {
	return parseOwner(file, d, fragment, host)
}
