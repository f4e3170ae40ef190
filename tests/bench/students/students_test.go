package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/net"
	"aecsad/core/train"
	"aecsad/kernels/devices"
)

func TestTableIsMeanAndSpreadOverSeeds(t *testing.T) {
	tab := newTable(2)
	tab.add(0, "a", auroc{80, 90}) // seed 0: two categories
	tab.add(0, "a", auroc{60, 70})
	tab.add(1, "a", auroc{72, 84})
	tab.add(0, "b", auroc{71, 81})
	tab.add(1, "b", auroc{75, 87})
	assert.Equal(t, `| setting | logical | structural | mean | mean against the first row |
|---|---|---|---|---|
| a | 71.0 ± 1.4 | 82.0 ± 2.8 | 76.5 ± 2.1 | - |
| b | 73.0 ± 2.8 | 84.0 ± 4.2 | 78.5 ± 3.5 | +2.0 ± 1.4 |
`, tab.String())
	one := newTable(1)
	one.add(0, "a", auroc{50, 60})
	assert.Contains(t, one.String(), "| a | 50.0 | 60.0 | 55.0 | - |")
}

// Every variant differs from the default, in one thing, and trains.
func TestVariantsDifferFromTheDefault(t *testing.T) {
	device, err := devices.Open("cpu")
	require.NoError(t, err)
	defer device.Close()
	c, err := net.Profile("quick")
	require.NoError(t, err)
	_, students, err := train.Defaults("quick")
	require.NoError(t, err)
	for i, v := range variants {
		vc, vs := c, students
		v.change(&vc, &vs)
		assert.Equal(t, i == 0, vc == c && vs == students, v.name)
	}

	o := &options{Steps: 1, Side: 128, Train: 5, Validation: 6, Test: 3}
	s, err := o.scenes(t.TempDir(), "parts_tray", 1)
	require.NoError(t, err)
	rows := map[string]auroc{}
	require.NoError(t, o.compare(device, nil, s, func(v variant, third float64, a auroc) { rows[v.row(third)] = a }))
	assert.Len(t, rows, len(variants)*len(thirdMaps))
	for row, a := range rows {
		for _, v := range []float64{a.logical, a.structural} {
			assert.True(t, v >= 0 && v <= 100, "%s: %v", row, v)
		}
	}
}
