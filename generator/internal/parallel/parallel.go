package parallel

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Do calls do for 0 to n-1, on every core.
func Do(n int, do func(i int)) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait() // no call fails
}
