package config

import (
	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/dialects/mysql"
	"github.com/adkgen/adkgen/dialects/oracle"
	"github.com/adkgen/adkgen/dialects/postgres"
	"github.com/adkgen/adkgen/dialects/sqlite"
)

// DialectNames are the words for the dialects in adkgen.yaml.
var DialectNames = []string{"postgres", "mysql", "mariadb", "sqlite", "oracle"}

// DialectOptions are the settings of a target that change its column types.
type DialectOptions struct {
	PlainCompression bool // postgres: event_compression: default
	NativeJSON       bool // oracle: oracle_version 21 or later
}

// NewDialect gives the dialect of a name; ok is false for an unknown one.
func NewDialect(name string, o DialectOptions) (d dialects.Dialect, ok bool) {
	switch name {
	case "postgres":
		return postgres.Dialect{PlainCompression: o.PlainCompression}, true
	case "mysql":
		return mysql.MySQL(), true
	case "mariadb":
		return mysql.MariaDB(), true
	case "sqlite":
		return sqlite.Dialect{}, true
	case "oracle":
		return oracle.Dialect{NativeJSON: o.NativeJSON}, true
	}
	return nil, false
}
