package pipeline

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockHandle takes LockFileEx's lock, which the system gives back when the
// process ends. It is on a byte far behind the text, which others can so read:
// a locked region is not readable on Windows.
func lockHandle(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return errBusy
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return nil
	case err != nil:
		return &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
	}
	return nil
}

// unlockFileOnDisk gives the lock back and removes the file, which fails, as it
// should, while another process has it open.
func unlockFileOnDisk(f *os.File) {
	_ = f.Close()
	_ = os.Remove(f.Name())
}
