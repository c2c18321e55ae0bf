// Package service proves the session service that adkgen writes: with ADK's own
// tests, with ours, and while servers are killed and connections cut.
package service

import "embed"

//go:generate go run -C ../../.. ./cmd/adkgen generate -c golden/databases/service/adkgen.yaml
//go:generate go -C ../../.. tool sqlc generate -f golden/databases/service/sqlc.yaml

// Migrations are those of the services below this folder, for goose:
// db/postgres/migrations, db/mariadb/migrations, db/sqlite/migrations.
//
//go:embed db
var Migrations embed.FS
