//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pipeline

import (
	"errors"
	"os"
	"syscall"
)

// lockHandle takes flock(2)'s lock, which the system gives back when the process
// ends. A file system that has no such locks leaves it to the user not to run
// adkgen twice at once: files that are created replace nothing, even so.
func lockHandle(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errBusy
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK):
			return nil
		case err != nil:
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		default:
			return nil
		}
	}
}

// unlockFileOnDisk removes the file while it is locked, so that it is nobody
// else's, and gives the lock back.
func unlockFileOnDisk(f *os.File) {
	_ = os.Remove(f.Name())
	_ = f.Close()
}
