// Package databases proves what adkgen writes on real databases, with the real
// migration tools and with the code that sqlc makes of the queries. It is a
// module of its own, so that adkgen's stays small.
package databases

//go:generate go run -C ../.. ./cmd/adkgen generate -c golden/databases/adkgen.yaml
//go:generate go -C ../.. tool sqlc generate -f golden/databases/sqlc.yaml
