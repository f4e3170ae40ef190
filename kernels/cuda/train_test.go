//go:build cuda

package cuda_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/core/train"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// squares are pictures of two squares on a noisy ground, with their labels.
func squares(n, side int) train.Data {
	d := train.Data{Digest: "squares"}
	for k := range n {
		p := &image.RGB{Width: side, Height: side, Pix: make([]byte, 3*side*side)}
		m := &image.Labels{Width: side, Height: side, Pix: make([]uint8, side*side)}
		for i := range m.Pix {
			x, y := i%side, i/side
			v := 100 + 20*kernels.Uniform(uint32(k), 0, uint64(i))
			switch {
			case x > 8+k && x < 24+k && y > 8 && y < 24:
				m.Pix[i], v = 1, 220
			case x > 36 && x < 52 && y > 30 && y < 50:
				m.Pix[i], v = 2, 20
			}
			p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2] = byte(v), byte(v), byte(200-v/2)
		}
		d.Images, d.Maps, d.Trusted = append(d.Images, p), append(d.Maps, m), append(d.Trusted, k)
	}
	return d
}

// trained runs the whole training on a device: what the tool does but for reading
// and writing.
func trained(t *testing.T, name string) (losses map[string]float64, w graph.Weights) {
	c, err := net.Profile("quick")
	require.NoError(t, err)
	c.Side, c.Encoder.Width, c.Teacher.Channels = 64, 4, 8
	c.Local, c.Global.Width = net.Local{First: 4, Width: 8}, 4
	c.Segmentor.Low, c.Segmentor.Width, c.Segmentor.Classes = 4, 8, 3
	segmentor, students, err := train.Defaults("quick")
	require.NoError(t, err)
	segmentor.Steps, segmentor.Batch, students.Steps, students.Batch = 2, 2, 2, 1
	d, err := devices.Open(name)
	require.NoError(t, err)
	defer d.Close()
	losses = map[string]float64{}
	w, err = train.Run(context.Background(), c, squares(2, 64), nil, train.Options{
		Seed: 1, Segmentor: segmentor, Students: students, Device: d,
		Report: func(p train.Progress) {
			for _, l := range p.Losses {
				losses[fmt.Sprintf("%s, step %d: %s", p.Stage, p.Step, l.Name)] = l.Value
			}
		},
	})
	require.NoError(t, err)
	return losses, w
}

func TestTrainingIsThatOfTheProcessor(t *testing.T) {
	want, wantWeights := trained(t, "cpu")
	got, weights := trained(t, "cuda")
	require.NotEmpty(t, want)
	worst := 0.0
	for name, w := range want {
		require.Contains(t, got, name)
		assert.InEpsilon(t, w, got[name], 1e-4, name)
		worst = max(worst, abs(got[name]-w)/w)
	}
	t.Logf("%d losses, worst relative error %.2g", len(want), worst)
	assert.Len(t, got, len(want))
	assert.Equal(t, wantWeights.Names(), weights.Names())
}

func abs(x float64) float64 { return max(x, -x) }
