package detect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model/modeltest"
)

func TestMemoryLimit(t *testing.T) {
	m := modeltest.Tiny(1)
	o := detect.Options{Device: "cpu", Threads: 2}
	one := open(t, m, o).Info().Memory
	o.Sessions = 3
	three := open(t, m, o).Info().Memory
	assert.Greater(t, three, one+2*(2<<20), "each session has a mebibyte of scratch per thread")

	o.MemoryLimit = three - 1
	_, err := detect.New(m, o)
	require.ErrorIs(t, err, detect.ErrNoMemory)
	assert.Regexp(t, `the detector needs \d+\.\d MiB \(weights \d+\.\d MiB, per session \d+\.\d MiB x 3\), the limit is \d+\.\d MiB`, err)
	o.MemoryLimit = three
	assert.Equal(t, three, open(t, m, o).Info().Memory)
	o.MemoryLimit = -1
	_, err = detect.New(m, o)
	assert.ErrorContains(t, err, "the memory limit is -1 bytes; expected 0 (none) or more")

	_, err = detect.New(m, detect.Options{Device: "ref", MemoryLimit: 1 << 10})
	assert.ErrorIs(t, err, detect.ErrNoMemory, "a machine that does not tell is judged by its slots")
}
