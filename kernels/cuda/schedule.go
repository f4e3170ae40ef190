package cuda

import (
	"math/big"

	"aecsad/kernels"
)

// maxLanes is how many calls may run at once. A lane has scratch memory of its own.
const maxLanes = 12

// place is where a call runs: behind the calls of its lane that come before it,
// and after others.
type place struct {
	lane  int
	after []int // calls of other lanes
}

// schedule shares out calls to lanes, so that calls that do not need one another
// may run at once: the networks beside each other, and the branches of one. One
// image alone keeps few multiprocessors of a large GPU busy in most calls.
func schedule(calls []kernels.Call) (places []place, lanes int) {
	over := make([]*big.Int, len(calls)) // by call: the set of all that must be over before the next of its lane
	var last []int                       // call of each lane
	for i, needed := range dependencies(calls) {
		before := new(big.Int)
		for _, j := range needed {
			before.Or(before, over[j])
		}
		lane, done := laneFor(last, before), new(big.Int)
		if lane == len(last) {
			last = append(last, i)
		} else {
			done = over[last[lane]]
		}
		places = append(places, place{lane, latest(places, needed, lane, done)})
		over[i] = new(big.Int).SetBit(before.Or(before, done), i, 1)
		last[lane] = i
	}
	return places, len(last)
}

// laneFor is a lane whose last call must be over anyway, the latest such; else a
// new one; else the one whose last call came first.
func laneFor(last []int, before *big.Int) int {
	best, oldest := -1, 0
	for lane, i := range last {
		if before.Bit(i) == 1 && (best < 0 || i > last[best]) {
			best = lane
		}
		if i < last[oldest] {
			oldest = lane
		}
	}
	switch {
	case best >= 0:
		return best
	case len(last) < maxLanes:
		return len(last)
	}
	return oldest
}

// latest of the needed calls in each other lane; those before them are over as
// well, and those that are done need no waiting.
func latest(places []place, needed []int, lane int, done *big.Int) (after []int) {
	of := [maxLanes]int{}
	for _, j := range needed {
		if l := places[j].lane; l != lane && done.Bit(j) == 0 {
			of[l] = max(of[l], j+1)
		}
	}
	for _, j := range of {
		if j > 0 {
			after = append(after, j-1)
		}
	}
	return after
}

// dependencies are, for every call, the calls before it that made what it reads,
// and that read or made what it overwrites.
func dependencies(calls []kernels.Call) [][]int {
	writer := map[kernels.Slot]int{} // counted from 1
	readers := map[kernels.Slot][]int{}
	all := make([][]int, len(calls))
	for i, c := range calls {
		outputs, _ := c.Op.Buffers()
		for b, s := range c.Bufs {
			if writer[s] > 0 {
				all[i] = append(all[i], writer[s]-1)
			}
			if b < len(outputs) {
				all[i] = append(all[i], readers[s]...)
			}
		}
		for b, s := range c.Bufs {
			if b < len(outputs) {
				writer[s], readers[s] = i+1, nil
			} else {
				readers[s] = append(readers[s], i)
			}
		}
	}
	return all
}
