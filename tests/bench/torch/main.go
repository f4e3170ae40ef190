// Command torch times a training step of the segmentor, of the students and of
// the pretraining beside PyTorch, on the CPU: the same networks, losses, batches
// and number of threads, a step of each side in turn.
//
//	go run ./tests/bench/torch [-profile quick] [-threads 2] [-rounds 5] [-python /usr/bin/python3] [-calls 0]
//
// Both sides have their inputs in memory; drawing them is not part of a step. With
// one thread PyTorch gives 1x1 convolutions of small batches to BLAS, with several
// to oneDNN: where BLAS is the slow reference, one thread says nothing about it.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"aecsad/core/bench"
	"aecsad/core/graph"
	"aecsad/kernels/devices"
)

func main() {
	profile := flag.String("profile", "quick", "sizes of the networks")
	threads := flag.Int("threads", 2, "threads of either side")
	rounds := flag.Int("rounds", 5, "steps to time")
	python := flag.String("python", "/usr/bin/python3", "a Python that has torch")
	calls := flag.Int("calls", 0, "also show so many of the dearest kinds of calls of our step")
	flag.Parse()
	if err := run(*profile, *threads, *rounds, *python, *calls); err != nil {
		fmt.Fprintln(os.Stderr, "torch:", err)
		os.Exit(1)
	}
}

func run(profile string, threads, rounds int, python string, calls int) error {
	works, sizes, err := worksOf(profile)
	if err != nil {
		return err
	}
	sizes.Threads = threads
	peer, err := startPeer(python, sizes)
	if err != nil {
		return err
	}
	defer peer.close()
	fmt.Printf("%s; profile %s, side %d, threads %d, PyTorch %s; medians of %d steps in turn\n",
		bench.Processor(), profile, sizes.Side, threads, peer.version, rounds)
	fmt.Printf("%-12s %6s %-10s %10s %10s %7s %12s\n", "step", "batch", "time", "ours, ms", "theirs, ms", "times", "images/s")
	for _, w := range works {
		if err := w.compare(peer, threads, rounds, calls); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// compare times a work on both sides and prints the row.
func (w work) compare(peer *peer, threads, rounds, calls int) error {
	d, err := devices.Open("cpu")
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := graph.Load(d, w.program, threads)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := w.fill(s); err != nil {
		return err
	}
	const rate = 1e-4
	var clock, cpu [2]bench.Times // ours, theirs
	for i := range rounds + 1 {   // the first of either side sets up
		start, spent := time.Now(), processor()
		if err := s.Step(i, rate); err != nil {
			return err
		}
		took, used := time.Since(start), processor()-spent
		theirTook, theirUsed, err := peer.step(w.name)
		if err != nil {
			return err
		}
		if i > 0 {
			clock[0], clock[1] = append(clock[0], took), append(clock[1], theirTook)
			cpu[0], cpu[1] = append(cpu[0], used), append(cpu[1], theirUsed)
		}
	}
	w.row("clock", clock)
	w.row("processor", cpu)
	if calls == 0 {
		return nil
	}
	return w.dearest(s, calls)
}

// row prints the medians of ours and theirs.
func (w work) row(what string, t [2]bench.Times) {
	o, p := t[0].Median().Seconds(), t[1].Median().Seconds()
	fmt.Printf("%-12s %6d %-10s %10.1f %10.1f %6.2fx %12.2f\n", w.name, w.batch, what, 1000*o, 1000*p, p/o, float64(w.batch)/o)
}

// processor is the time that this process has used of all cores.
func processor() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// dearest shows where a step of ours goes: calls of one kind and size together.
func (w work) dearest(s *graph.Session, n int) error {
	times, err := s.Profile()
	if err != nil {
		return err
	}
	sums, count, all := map[string]time.Duration{}, map[string]int{}, time.Duration(0)
	for i, c := range w.program.Kernels.Calls {
		kind := fmt.Sprintf("%T%+v", c.Op, c.Op)
		sums[kind] += times[i]
		count[kind]++
		all += times[i]
	}
	kinds := make([]string, 0, len(sums))
	for kind := range sums {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b string) int { return int(sums[b] - sums[a]) })
	for _, kind := range kinds[:min(n, len(kinds))] {
		fmt.Printf("    %8.1f ms %4.1f%% x%d %s\n", 1000*sums[kind].Seconds(), 100*sums[kind].Seconds()/all.Seconds(), count[kind], kind)
	}
	return nil
}
