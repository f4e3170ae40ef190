package detect_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model/modeltest"
)

// Weights go from the file to the machine one by one; damage in any of them is
// found all the same, and named with the file once.
func TestOpenFindsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.aecsad")
	require.NoError(t, modeltest.Tiny(1).Save(path))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, at := range []int{len(whole) / 3, len(whole) / 2, len(whole) - 40, len(whole) - 1} {
		b := append([]byte{}, whole...)
		b[at] ^= 4
		require.NoError(t, os.WriteFile(path, b, 0o666))
		_, err := detect.Open(path, detect.Options{Threads: 1})
		require.ErrorContains(t, err, path+": is damaged", "byte %d", at)
		assert.Equal(t, 1, strings.Count(err.Error(), path))
		_, err = detect.OpenBytes(b, detect.Options{Threads: 1})
		assert.ErrorContains(t, err, "is damaged", "byte %d", at)
	}
}

func TestOpenRefusesNumbersThatAreNone(t *testing.T) {
	m := modeltest.Tiny(1)
	w := m.Weights["local.conv1.weight"]
	_, err := detect.New(m, detect.Options{})
	require.NoError(t, err)
	assert.NotNil(t, m.Weights, "the caller's model stays as it is")
	zero := float32(0)
	w.Data[3] = zero / zero
	_, err = detect.New(m, detect.Options{})
	assert.ErrorContains(t, err, "weight local.conv1.weight holds NaN at element 3")
}
