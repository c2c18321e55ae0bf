// Package problem is what a user has to change, with its place in a file.
package problem
