// Package output is what is written: files with what is there now, put on the disk
// all or none.
package output
