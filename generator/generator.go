// Package generator turns an adkgen.yaml into migrations, query files, sqlc's
// configuration and a session service in Go. Generate is the whole pipeline; it
// reads through its Input and writes nothing. Write puts the files on the disk,
// all of them or none.
//
// The stages are packages of their own below internal, in this order: config,
// host, schema, plan, render and output, with lock for what was emitted before.
// pipeline joins them; CONTRIBUTING.md walks through it.
package generator

import (
	"github.com/adkgen/adkgen/dialects"
	"github.com/adkgen/adkgen/generator/internal/config"
	"github.com/adkgen/adkgen/generator/internal/host"
	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/output"
	"github.com/adkgen/adkgen/generator/internal/pipeline"
	"github.com/adkgen/adkgen/generator/internal/plan"
	"github.com/adkgen/adkgen/generator/internal/problem"
	"github.com/adkgen/adkgen/generator/internal/render"
	"github.com/adkgen/adkgen/generator/internal/schema"
	"github.com/adkgen/adkgen/generator/internal/store"
)

// What goes in and comes out.
type (
	// Input is all that Generate looks at.
	Input = pipeline.Input
	// Since names a revision whose migrations stay.
	Since = pipeline.Since
	// Output is what a run came to: files, notes, warnings, and what to do next.
	Output = pipeline.Output
	// Status is what was emitted for a target, and what the next run adds.
	Status = pipeline.Status
	// StatusGroup are migrations that follow one another and are of one phase.
	StatusGroup = pipeline.StatusGroup
	// File is one generated file, with what is there now.
	File = output.File
	// State says what writing a file would do.
	State = output.State
	// Problem is something that the user has to change, with its place.
	Problem = problem.Problem
	// Problems are all problems of a run, an error, sorted by place.
	Problems = problem.Problems
	// Host is the user's own schema, read from the migrations that create it.
	Host = host.Host
	// DialectOptions are the settings of a target that change its column types.
	DialectOptions = config.DialectOptions
	// Phase says when a migration runs beside a deployment of the program.
	Phase = plan.Phase
)

// What adkgen.lock holds.
type (
	// Lock is the content of adkgen.lock: what was emitted, target by target.
	Lock = lock.Lock
	// LockTarget is what was emitted for one target.
	LockTarget = lock.Target
	// LockMigration is one emitted migration.
	LockMigration = lock.Migration
	// Schema is what a target's database contains.
	Schema = schema.Schema
	// Table is one table of a schema.
	Table = schema.Table
	// Column is one column of a table.
	Column = schema.Column
	// ForeignKey is a foreign key of a table.
	ForeignKey = schema.ForeignKey
	// Role is what a table is for.
	Role = store.Role
)

// The states of a file.
const (
	Created   = output.Created
	Updated   = output.Updated
	Unchanged = output.Unchanged
	Removed   = output.Removed
)

// The phases, in the order in which a plan has them.
const (
	Switch   = plan.Switch
	Expand   = plan.Expand
	Fill     = plan.Fill
	Contract = plan.Contract
)

// The roles of tables.
const (
	RoleSessions    = store.RoleSessions
	RoleEvents      = store.RoleEvents
	RoleAppStates   = store.RoleAppStates
	RoleUserStates  = store.RoleUserStates
	RoleOwnerStates = store.RoleOwnerStates
)

// Words of adkgen.yaml and of the command line.
var (
	// DialectNames are the dialects.
	DialectNames = config.DialectNames
	// Tools are the migration tools.
	Tools = config.Tools
	// Phases are all phases, in order.
	Phases = plan.Phases
)

// Generate runs the pipeline. An error of type Problems is for the user to mend;
// any other is the machine's.
func Generate(in Input) (*Output, error) { return pipeline.Generate(in) }

// OnDisk is the input of a configuration file that is on the disk, with its text.
func OnDisk(configFile string, text []byte) Input { return pipeline.OnDisk(configFile, text) }

// Write puts files below a folder: all of them, or none.
func Write(folder string, files []File) error { return output.Write(folder, files) }

// NewMigration gives the next number of a target to a migration of the user's own:
// files with nothing but a shell, and the lock that knows of them. dir is the
// directory of the target; "" means every target.
func NewMigration(in Input, dir, message string) (*Output, error) {
	return pipeline.NewMigration(in, dir, message)
}

// Rebuild gives the lock again that the migrations and the configuration come to.
func Rebuild(in Input) (*Output, error) { return pipeline.Rebuild(in) }

// Emitted tells what was emitted, from the lock alone.
func Emitted(in Input) ([]Status, error) { return pipeline.Emitted(in) }

// Exclusive waits until no other run of adkgen writes for a configuration file, at
// most a few seconds, and keeps others out until release is called. The error is of
// type Problems when another run does not end; any other is the machine's.
func Exclusive(configFile string) (release func(), err error) { return pipeline.Exclusive(configFile) }

// LockFile is the name of the lock of a configuration; it stands beside it:
// adkgen.lock for adkgen.yaml.
func LockFile(configFile string) string { return lock.FileName(configFile) }

// NewDialect gives the dialect of a name; ok is false for an unknown one.
func NewDialect(name string, o DialectOptions) (d dialects.Dialect, ok bool) {
	return config.NewDialect(name, o)
}

// OwnerSQL gives the sessions table as SQL, with its indexes, for an owner column
// and otherwise standard settings.
func OwnerSQL(d dialects.Dialect, o dialects.Owner) (string, error) { return render.OwnerSQL(d, o) }

// ReadHost reads the user's migrations: files, or folders of them, in the order in
// which a migration tool applies them, without the parts that go down. It knows
// the formats of goose, golang-migrate, dbmate, sql-migrate, atlas, tern, Flyway
// and Liquibase, and plain SQL. The error is of type Problems when a path leads
// nowhere; any other is the machine's.
func ReadHost(d dialects.Dialect, in Input, paths []string) (*Host, error) {
	return host.Read(d, in.Folder(), paths)
}

// ParseOwner reads one owner column in a dialect, and checks it against the user's
// schema; host is nil when that is not known. Warnings are what is accepted and
// worth a second look. The error is of type Problems; file is the fragment's name
// in them.
func ParseOwner(file string, d dialects.Dialect, fragment string, theirs *Host) (owner dialects.Owner, warnings Problems, err error) {
	return host.ParseOwner(file, d, fragment, theirs)
}
