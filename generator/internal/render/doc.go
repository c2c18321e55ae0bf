// Package render writes SQL and Go from templates.
package render
