// Package service proves the session service that adkgen writes: with ADK's own
// tests, with ours, and while servers are killed and connections cut.
package service

//go:generate go run -C ../../.. ./cmd/adkgen generate -c golden/databases/service/adkgen.yaml
//go:generate go -C ../../.. tool sqlc generate -f golden/databases/service/sqlc.yaml
