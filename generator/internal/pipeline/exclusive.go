package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adkgen/adkgen/generator/internal/lock"
	"github.com/adkgen/adkgen/generator/internal/problem"
)

// longestWait bounds how long a run waits for another one.
const longestWait = 10 * time.Second

// errBusy says that another process holds a file lock.
var errBusy = errors.New("locked by another process")

// Exclusive makes this process the only one that changes the files of a
// configuration, from before they are read until release is called. It waits at
// most 10 seconds for another run. What holds others off is a lock of the system
// on a file beside adkgen.yaml: it goes with its process, also with one that is
// killed. The error is of type Problems when another run is in the way; any other
// is the machine's.
func Exclusive(configFile string) (release func(), err error) {
	return exclusive(configFile, longestWait)
}

func exclusive(configFile string, wait time.Duration) (release func(), err error) {
	name := filepath.Join(filepath.Dir(configFile), "."+lock.FileName(configFile)+".run")
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		f, err := lockFileOnDisk(name)
		switch {
		case err == nil:
			_ = f.Truncate(0)
			_, _ = fmt.Fprintf(f, "process %d", os.Getpid()) // for the one that waits; it can do without
			return func() { unlockFileOnDisk(f) }, nil
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return func() {}, nil // no folder, or one in which nothing can be written: there is nothing to hold off
		case !errors.Is(err, errBusy):
			return nil, err
		case time.Now().After(end):
			who, _ := os.ReadFile(name)
			return nil, problem.Problems{{File: lock.FileName(configFile), Message: fmt.Sprintf("another run of adkgen (%s) is writing here, and has not ended within %s", cmp.Or(strings.TrimSpace(string(who)), "process unknown"), wait), Hint: "wait until it has ended, or end it, and run adkgen again"}}
		}
	}
}

// lockFileOnDisk opens and locks a file, which is made if it is not there. The
// one that held the lock before may have removed the file that was opened: then
// it is none that others find, and errBusy says to try again.
func lockFileOnDisk(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lockHandle(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	mine, err := f.Stat()
	there, statErr := os.Stat(name)
	if err == nil && (statErr == nil && os.SameFile(mine, there)) {
		return f, nil
	}
	if err == nil && (statErr == nil || errors.Is(statErr, fs.ErrNotExist)) {
		err = errBusy
	}
	return nil, errors.Join(cmp.Or(err, statErr), f.Close())
}
