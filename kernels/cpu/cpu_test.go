package cpu_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/tests/ops"
)

// forEachISA runs f on every ISA of this processor, and on AVX-512 without matrix tiles where
// it has some. One that it lacks is skipped by name, or fails the test if AECSAD_REQUIRE names it.
func forEachISA(t *testing.T, f func(t *testing.T, d *cpu.Device)) {
	isas := []string{"scalar", "avx2", "avx512", "wide"}
	if cpu.HasAMX() {
		isas = append(isas, "vnni")
	}
	for _, isa := range isas {
		t.Run(isa, func(t *testing.T) {
			t.Setenv("AECSAD_CPU", isa)
			d, err := cpu.Open()
			if err != nil {
				require.ErrorContains(t, err, "does not support")
				require.NotContains(t, strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), isa)
				t.Skip(err)
			}
			assert.Equal(t, "cpu ("+isa+")", d.Describe())
			f(t, d)
		})
	}
}

func TestConform(t *testing.T) {
	forEachISA(t, func(t *testing.T, d *cpu.Device) { ops.Conform(t, d) })
}

func TestSameForAnyThreads(t *testing.T) {
	d, err := cpu.Open()
	require.NoError(t, err)
	ops.SameForAnyThreads(t, d)
}

func TestUnknownISA(t *testing.T) {
	t.Setenv("AECSAD_CPU", "mmx")
	_, err := cpu.Open()
	assert.ErrorContains(t, err, `AECSAD_CPU is "mmx"; expected one of avx512, avx2, scalar, wide`)
}

var _ kernels.Device = (*cpu.Device)(nil)
