// Package lock keeps what was emitted: adkgen.lock, its text and its checks.
package lock
