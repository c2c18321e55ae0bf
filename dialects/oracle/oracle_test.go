package oracle_test

import (
	"testing"

	"github.com/adkgen/adkgen/dialects/dialecttest"
	"github.com/adkgen/adkgen/dialects/oracle"
)

func TestDialect(t *testing.T) { dialecttest.Run(t, oracle.Dialect{}) }

func FuzzParseOwner(f *testing.F) { dialecttest.Fuzz(f, oracle.Dialect{}) }

func BenchmarkParseOwner(b *testing.B) {
	dialecttest.Benchmark(b, oracle.Dialect{}, "account_id NUMBER(10) NOT NULL REFERENCES users(id) ON DELETE CASCADE")
}

func FuzzReadSchema(f *testing.F) { dialecttest.FuzzSchema(f, oracle.Dialect{}) }

func FuzzParseBackfill(f *testing.F) { dialecttest.FuzzBackfill(f, oracle.Dialect{}) }
