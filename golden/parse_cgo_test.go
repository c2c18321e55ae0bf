//go:build cgo

package golden

import pg_query "github.com/pganalyze/pg_query_go/v5"

func parsePostgres(sql string) error {
	_, err := pg_query.Parse(sql)
	return err
}
