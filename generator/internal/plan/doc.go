// Package plan finds the changes between two schemas, and puts them in migrations,
// each with the phase of a deployment in which it runs.
package plan
