// Package parallel does the same for many things at once.
package parallel
