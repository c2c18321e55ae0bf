//go:build !cgo

package golden

import pg_query "github.com/sqlc-dev/oliphant"

func parsePostgres(sql string) error {
	_, err := pg_query.Parse(sql)
	return err
}
