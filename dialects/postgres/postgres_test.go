package postgres_test

import (
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/dialects/postgres"
)

func TestDialect(t *testing.T) { dialecttest.Run(t, postgres.Dialect{}) }

func FuzzParseOwner(f *testing.F) { dialecttest.Fuzz(f, postgres.Dialect{}) }

func BenchmarkParseOwner(b *testing.B) {
	dialecttest.Benchmark(b, postgres.Dialect{}, "account_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE")
}

func FuzzReadSchema(f *testing.F) { dialecttest.FuzzSchema(f, postgres.Dialect{}) }

func FuzzParseBackfill(f *testing.F) { dialecttest.FuzzBackfill(f, postgres.Dialect{}) }
