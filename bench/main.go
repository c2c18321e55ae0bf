// Command bench measures the session service that adkgen writes against ADK's
// own, which is tied to GORM: the same work, on the same server, in one run, by
// turns. It prints lines for benchstat to the file that -o names, and a table of
// ratios. README.md tells how to read them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/adkgen/adkgen/golden/databases/servers"
)

// The services that take turns. The bare loop runs the service's own statement
// with nothing around it.
const (
	ours      = "adkgen"
	coalesced = "adkgen-coalescing"
	peer      = "gorm"
	bare      = "bare"
)

// work is what is measured.
type work struct {
	name     string
	services []string
	ops      int // of each turn
	// run does the operations on one of the services.
	run func(ctx context.Context, d *database, service string, ops int) error
}

// database is a database server with the tables of both, filled alike.
type database struct {
	name     string
	services map[string]*subject
	works    []work
}

func main() {
	rounds := flag.Int("rounds", 10, "how many turns each service has")
	output := flag.String("o", "", "the file for benchstat")
	only := flag.String("only", ".", "a regular expression for the names of databases and works, such as postgres/append")
	flag.Parse()
	if err := run(context.Background(), *rounds, *output, *only, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, rounds int, output, only string, out io.Writer) (err error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	var lines io.Writer = io.Discard
	if output != "" {
		file, failed := os.Create(output)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		lines = file
	}
	dir, err := os.MkdirTemp("", "adkgen-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the servers run as other users
		return err
	}
	stop, databases, err := start(ctx, dir, pattern)
	defer stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-52s %12s %12s %9s %9s\n", "", "adkgen", "gorm", "ratio", "of bare")
	for _, d := range databases {
		if err := d.fill(ctx); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		for _, w := range d.works {
			if !pattern.MatchString(d.name + "/" + w.name) {
				continue
			}
			times, err := measure(ctx, d, w, rounds, lines)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", d.name, w.name, err)
			}
			for _, name := range []string{ours, coalesced} {
				if times[name] != nil {
					label := d.name + "/" + w.name
					if name == coalesced {
						label += ", coalescing"
					}
					report(out, label, times[name], times[peer], times[bare])
				}
			}
		}
	}
	return nil
}

// start starts the servers that the pattern needs.
func start(ctx context.Context, dir string, pattern *regexp.Regexp) (stop func(), databases []*database, err error) {
	var stops []func()
	stop = func() {
		for _, s := range slices.Backward(stops) {
			s()
		}
	}
	needed := func(name string, works []work) bool {
		return slices.ContainsFunc(works, func(w work) bool { return pattern.MatchString(name + "/" + w.name) })
	}
	for _, c := range []struct {
		name    string
		works   []work
		delay   time.Duration
		connect func() (*servers.Server, error)
	}{
		{"postgres", postgresWorks(), 0, func() (*servers.Server, error) { return servers.Postgres(dir, "fsync=off") }},
		{"postgres+1ms", delayedWorks(), time.Millisecond, func() (*servers.Server, error) { return servers.Postgres(dir+"/delayed", "fsync=off") }},
		{"mariadb", serverWorks(), 0, func() (*servers.Server, error) {
			return servers.MariaDB(dir, "innodb-flush-log-at-trx-commit=0")
		}},
		{"mariadb+1ms", delayedWorks(), time.Millisecond, func() (*servers.Server, error) {
			return servers.MariaDB(dir+"/delayed", "innodb-flush-log-at-trx-commit=0")
		}},
		{"sqlite-modernc", plainWorks(), 0, nil},
		{"sqlite-mattn", plainWorks(), 0, nil},
	} {
		if !needed(c.name, c.works) {
			continue
		}
		d := &database{name: c.name, works: c.works}
		if c.connect == nil {
			err = d.openSQLite(ctx, dir)
		} else {
			if err = os.MkdirAll(dir+"/delayed", 0o755); err != nil {
				return stop, nil, err
			}
			var s *servers.Server
			if s, err = c.connect(); err != nil {
				return stop, nil, err
			}
			stops = append(stops, s.Stop)
			var p *servers.Proxy
			if c.delay > 0 {
				if p, err = servers.NewProxy(s.Address(), c.delay); err != nil {
					return stop, nil, err
				}
				stops = append(stops, p.Close)
			}
			err = d.open(ctx, s, p)
		}
		if err != nil {
			return stop, nil, fmt.Errorf("%s: %w", c.name, err)
		}
		databases = append(databases, d)
	}
	return stop, databases, nil
}

// measure lets the services take turns, in an order that changes, and gives
// the time of an operation in each turn.
func measure(ctx context.Context, d *database, w work, rounds int, lines io.Writer) (map[string][]float64, error) {
	times := map[string][]float64{}
	for round := range rounds + 1 { // the first warms up
		order := slices.Clone(w.services)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, service := range order {
			begin := time.Now()
			if err := w.run(ctx, d, service, w.ops); err != nil {
				return nil, fmt.Errorf("%s: %w", service, err)
			}
			perOp := float64(time.Since(begin).Nanoseconds()) / float64(w.ops)
			if round == 0 {
				continue
			}
			times[service] = append(times[service], perOp)
			fmt.Fprintf(lines, "Benchmark%s/db=%s/service=%s\t%d\t%.0f ns/op\n", w.name, d.name, service, w.ops, perOp)
		}
	}
	return times, nil
}

// report prints the medians, and the median of the ratios of each round.
func report(out io.Writer, label string, own, peer, bare []float64) {
	against := func(other []float64, invert bool) string {
		if other == nil {
			return ""
		}
		ratios := make([]float64, len(own))
		for i := range own {
			ratios[i] = other[i] / own[i]
		}
		if invert {
			return fmt.Sprintf("%.0f %%", 100*median(ratios))
		}
		return fmt.Sprintf("%.1f×", median(ratios))
	}
	duration := func(times []float64) string {
		if times == nil {
			return ""
		}
		return time.Duration(median(times)).Round(100 * time.Nanosecond).String()
	}
	fmt.Fprintf(out, "%-52s %12s %12s %9s %9s\n", label, duration(own), duration(peer), against(peer, false), against(bare, true))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
