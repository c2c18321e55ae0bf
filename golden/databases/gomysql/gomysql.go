// Package gomysql starts go-mysql-server, MySQL 8.0 in this process, for tests:
// it knows the collation utf8mb4_0900_bin, which MariaDB lacks.
package gomysql

import (
	"io"

	"github.com/adkgen/adkgen/golden/databases/servers"
	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	gmssql "github.com/dolthub/go-mysql-server/sql"
	"github.com/sirupsen/logrus"
)

// Start starts a server and waits until it answers. It ends with the process.
func Start() (*servers.Server, error) {
	logrus.SetOutput(io.Discard)
	provider := memory.NewDBProvider(memory.NewDatabase("mysql_home"))
	provider.WithOption(memory.NativeIndexProvider(true))
	address := servers.FreeAddress()
	s, err := server.NewServer(server.Config{Protocol: "tcp", Address: address}, sqle.NewDefault(provider), gmssql.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		return nil, err
	}
	go func() { _ = s.Start() }()
	at := servers.MySQLAt("mysql", "root", address, "mysql_home")
	return at, at.Wait()
}
