// Package treetest helps tests to look at folders.
package treetest
