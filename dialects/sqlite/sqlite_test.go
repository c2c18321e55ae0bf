package sqlite_test

import (
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/dialects/sqlite"
)

func TestDialect(t *testing.T) { dialecttest.Run(t, sqlite.Dialect{}) }

func FuzzParseOwner(f *testing.F) { dialecttest.Fuzz(f, sqlite.Dialect{}) }

func BenchmarkParseOwner(b *testing.B) {
	dialecttest.Benchmark(b, sqlite.Dialect{}, "account_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE")
}

func FuzzReadSchema(f *testing.F) { dialecttest.FuzzSchema(f, sqlite.Dialect{}) }

func FuzzParseBackfill(f *testing.F) { dialecttest.FuzzBackfill(f, sqlite.Dialect{}) }
