package cuda

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// defined is the value of a #define of a source.
func defined(t *testing.T, file, name string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	m := regexp.MustCompile(`#define ` + name + ` (\d+)`).FindSubmatch(text)
	require.NotNil(t, m, "%s has no %s", file, name)
	n, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	return n
}

func TestConstantsAreThoseOfTheKernels(t *testing.T) {
	assert.Equal(t, threads, defined(t, "compat/device.h", "AE_THREADS"))
	assert.Equal(t, partials, defined(t, "common.h", "AE_PARTIALS"))
	assert.Equal(t, depth, defined(t, "arithmetic.h", "DEPTH"))
}

// The words of an instruction are the fields of its struct in ops.h.
func TestWordsAreTheStructsOfTheHeader(t *testing.T) {
	header, err := os.ReadFile("../ops.h")
	require.NoError(t, err)
	for _, o := range kernels.Ops {
		name := kernels.Name(o)
		m := regexp.MustCompile(`typedef struct \{ (.*) \} ae_` + name + `;`).FindSubmatch(header)
		require.NotNil(t, m, name)
		want := 0
		for _, field := range strings.Split(strings.TrimSuffix(string(m[1]), ";"), "; ") {
			want++
			if _, size, array := strings.Cut(field, "["); array {
				n, err := strconv.Atoi(strings.TrimSuffix(size, "]"))
				require.NoError(t, err)
				want += n - 1
			}
		}
		assert.Len(t, kernels.Words(o), want, name)
	}
	words := kernels.Words(kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, Dilation: 7}, Relu: true})
	assert.Equal(t, []uint64{1, 7, 0, 0, 1}, []uint64{words[0], words[9], words[10], words[11], words[12]})
	assert.Equal(t, []uint64{3, 0x3fe0000000000000}, kernels.Words(kernels.Scale{Len: 3, Factor: 0.5}))
}
