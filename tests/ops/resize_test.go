package ops

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

func TestResizeAgreesWithTorch(t *testing.T) {
	var file struct {
		Cases []struct {
			Input        [][]float64
			Size         []int
			AlignCorners bool `json:"align_corners"`
			Antialias    bool
			Mode         string
			Output       [][]float64
		}
	}
	require.NoError(t, json.Unmarshal(shared(t, "data", "goldens", "torch_interpolate.json"), &file))
	compared := 0
	for _, c := range file.Cases {
		if c.Mode != "bilinear" || c.AlignCorners || c.Antialias || c.Size == nil {
			continue
		}
		op := kernels.Resize{N: 1, C: 1, H: len(c.Input), W: len(c.Input[0]), P: c.Size[0], Q: c.Size[1]}
		y := run(t, op, flatten(c.Input))[0]
		e, at := RelativeError(y, flatten(c.Output))
		assert.LessOrEqual(t, e, 2e-7, "%+v differs at %d", op, at)
		compared++
	}
	assert.Equal(t, 7, compared, "cases of plain bilinear resizing")
}

func flatten(rows [][]float64) []float32 {
	var out []float32
	for _, v := range slices.Concat(rows...) {
		out = append(out, float32(v))
	}
	return out
}

// An isolated cell keeps 0.765625 = (1-1/8)^2 of its height from 64 to 256 (spec E).
func TestResizeOfAPeak(t *testing.T) {
	x := make([]float32, 64*64)
	x[20*64+30] = 1
	y := run(t, kernels.Resize{N: 1, C: 1, H: 64, W: 64, P: 256, Q: 256}, x)[0]
	assert.Equal(t, float32(0.765625), slices.Max(y))
}

func TestResizeToTheSameSizeIsTheIdentity(t *testing.T) {
	x := signed()(seeded(), 2*5*7)
	assert.Equal(t, x, run(t, kernels.Resize{N: 1, C: 2, H: 5, W: 7, P: 5, Q: 7}, x)[0])
	assert.Equal(t, x, run(t, kernels.ResizeBackward{N: 1, C: 2, H: 5, W: 7, P: 5, Q: 7}, x)[0])
}

func TestResizeGradients(t *testing.T) {
	for _, s := range [][4]int{{3, 4, 7, 5}, {5, 6, 2, 3}, {1, 1, 3, 4}, {4, 5, 4, 9}} {
		r := seeded()
		x, dy := steps(r, 2*s[0]*s[1], -1, 1), steps(r, 2*s[2]*s[3], -1, 1)
		got := run(t, kernels.ResizeBackward{N: 2, C: 1, H: s[0], W: s[1], P: s[2], Q: s[3]}, dy)[0]
		forward := kernels.Resize{N: 2, C: 1, H: s[0], W: s[1], P: s[2], Q: s[3]}
		checkGradient(t, "dx", got, x, func(x []float32) float64 { return dot(dy, run(t, forward, x)[0]) })
	}
}
