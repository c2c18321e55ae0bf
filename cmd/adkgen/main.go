// Command adkgen writes migrations and sqlc-ready queries for ADK's sessions
// from an adkgen.yaml. Run adkgen help for its commands.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
