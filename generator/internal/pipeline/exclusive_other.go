//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package pipeline

import "os"

// lockHandle does nothing where there is no lock that goes with its process.
func lockHandle(*os.File) error { return nil }

func unlockFileOnDisk(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}
