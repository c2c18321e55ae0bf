// Package yardstick holds adkgen's own parser of Oracle's column definition,
// and all that it writes for Oracle, against a grammar of the whole language.
// It is a module of its own, for that grammar takes a minute and gigabytes to
// compile.
package yardstick
