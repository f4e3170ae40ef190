package calibrate

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

var twoLevels = []string{kernels.BFloat16, kernels.Float32}

// flipping is a stage that flips a share of the budget at each level, the last none.
func flipping(b budget, work float64, shares ...float64) trial {
	t := trial{work: work}
	for _, s := range append(shares, 0) {
		t.harms = append(t.harms, harm{flips: s * b.flips})
	}
	return t
}

func moving(b budget, work, share float64) trial {
	return trial{work: work, harms: []harm{{moves: share * b.moves}, {}}}
}

func levelsOf(trials []trial) []int {
	var all []int
	for _, t := range trials {
		all = append(all, t.level)
	}
	return all
}

func TestTheFastestWithinTheBudget(t *testing.T) {
	b := budgetOf(0.01)
	for name, c := range map[string]struct {
		trials []trial
		want   []int
	}{
		"nothing to do":                  {[]trial{flipping(b, 1, 0.4), flipping(b, 1, 0.6)}, []int{0, 0}},
		"the worst":                      {[]trial{flipping(b, 1, 0.4), flipping(b, 1, 3)}, []int{0, 1}},
		"the cheapest that is enough":    {[]trial{flipping(b, 10, 0.8), flipping(b, 1, 0.7)}, []int{0, 1}},
		"one large instead of two small": {[]trial{flipping(b, 1, 0.3), flipping(b, 1, 0.3), flipping(b, 1.5, 1)}, []int{0, 0, 1}},
		"as squares":                     {[]trial{moving(b, 1, 0.6), moving(b, 1, 0.7)}, []int{0, 0}},
		"squares that are too large":     {[]trial{moving(b, 2, 0.7), moving(b, 1, 0.8)}, []int{0, 1}},
		"all":                            {[]trial{moving(b, 1, 7), flipping(b, 1, 8)}, []int{1, 1}},
	} {
		b.fastest(c.trials, twoLevels)
		assert.Equal(t, c.want, levelsOf(c.trials), name)
	}

	steps := []trial{flipping(b, 1, 3, 2), flipping(b, 1, 1.5, 0.2), flipping(b, 1, 0.7, 0.1), flipping(b, 1, 0, 0)}
	b.fastest(steps, levels(kernels.Int8))
	assert.Equal(t, []int{2, 1, 0, 0}, levelsOf(steps))
}

// What all stages do together counts, not what they should.
func TestTheWholeIsMeasured(t *testing.T) {
	b := budgetOf(0.02)
	trials := []trial{moving(b, 1, 0.5), moving(b, 1, 0.4), moving(b, 1, 0.3)}
	asked := 0
	worse := func(trials []trial) (harm, error) { // they add up
		asked++
		h := harm{}
		for _, t := range trials {
			h.moves += t.harms[t.level].moves
		}
		return h, nil
	}
	chosen, err := choose(trials, twoLevels, 0.02, worse)
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1, 0}, levelsOf(chosen))
	assert.Greater(t, asked, 1)

	never := func([]trial) (harm, error) { return harm{}, errors.New("broken") }
	_, err = choose(trials, twoLevels, 0.02, never)
	assert.ErrorContains(t, err, "broken")

	always := func([]trial) (harm, error) { return harm{moves: math.Inf(1)}, nil }
	chosen, err = choose([]trial{moving(b, 1, 0), moving(b, 1, 0.1)}, twoLevels, 0.02, always)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1}, levelsOf(chosen), "the widest")
}
