package train

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

func tiny(t *testing.T) net.Config {
	c, err := net.Profile("quick")
	require.NoError(t, err)
	c.Side, c.Encoder.Width, c.Teacher.Channels = 64, 4, 8
	c.Local, c.Global.Width = net.Local{First: 4, Width: 8}, 4
	c.Segmentor.Low, c.Segmentor.Width, c.Segmentor.Classes = 4, 8, 3
	return c
}

// scenes are two squares, a light and a dark one, on a noisy ground.
func scenes(n, side int) Data {
	d := Data{Digest: "scenes"}
	for k := range n {
		im := &image.RGB{Width: side, Height: side, Pix: make([]byte, 3*side*side)}
		m := &image.Labels{Width: side, Height: side, Pix: make([]uint8, side*side)}
		for i := range m.Pix {
			x, y := i%side, i/side
			v := 100 + 20*kernels.Uniform(uint32(k), 0, uint64(i))
			switch {
			case x > 8+k && x < 24+k && y > 8 && y < 24:
				m.Pix[i], v = 1, 220
			case x > 36 && x < 52 && y > 30+k && y < 50+k:
				m.Pix[i], v = 2, 20
			}
			im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = byte(v), byte(v), byte(200-v/2)
		}
		d.Images, d.Maps = append(d.Images, im), append(d.Maps, m)
		if k%2 == 0 {
			d.Trusted = append(d.Trusted, k)
		}
	}
	return d
}

func options(t *testing.T) Options {
	s, st, err := Defaults("quick")
	require.NoError(t, err)
	s.Steps, s.Batch, s.Rate = 10, 2, 0.005
	st.Steps, st.Batch = 6, 2
	d, err := devices.Open("cpu")
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return Options{Seed: 1, Segmentor: s, Students: st, Device: d, Threads: 1}
}

func TestSameBytesOnAnyNumberOfThreads(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	one, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	o.Threads = 2
	two, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.Equal(t, one, two)
	o.Seed = 2
	other, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.NotEqual(t, one["local.conv1.weight"], other["local.conv1.weight"])
}

// Without the segmentor's training everything else ends in the same bytes.
func TestStructuralIsRunWithoutTheSegmentor(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	all, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	o.Checkpoint = filepath.Join(t.TempDir(), "none.aecsad")
	w, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.NoFileExists(t, o.Checkpoint)
	drawn, err := detect.Initialize(c, o.Seed)
	require.NoError(t, err)
	require.Equal(t, all.Names(), w.Names())
	for _, name := range all.Names() {
		want := all[name]
		if strings.HasPrefix(name, "segmentor.") {
			want = drawn[name]
		}
		assert.Equal(t, want, w[name], name)
	}
}

// A run that is stopped anywhere and resumed ends in the same bytes as one that
// was not.
func TestResumeGivesTheSameBytes(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	whole, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	for _, stop := range []int{1, 4, 9, 13, 15, 18, 22} {
		o := o
		o.Checkpoint, o.Every = filepath.Join(t.TempDir(), "c.aecsad"), 3
		ctx, cancel := context.WithCancel(context.Background())
		reports := 0
		o.Report = func(Progress) {
			if reports++; reports == stop {
				cancel()
			}
		}
		_, err := Run(ctx, c, d, nil, o)
		require.ErrorIs(t, err, context.Canceled, "stopped after report %d", stop)
		o.Report = nil
		resumed, err := Run(context.Background(), c, d, nil, o)
		require.NoError(t, err)
		assert.Equal(t, whole, resumed, "stopped after report %d", stop)
	}
}

func TestResumeWithOtherSettingsIsRefused(t *testing.T) {
	c, d, o := tiny(t), scenes(4, 64), options(t)
	o.Checkpoint = filepath.Join(t.TempDir(), "c.aecsad")
	_, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	o.Students.Rate *= 2
	_, err = Run(context.Background(), c, d, nil, o)
	assert.ErrorContains(t, err, "students.rate")
}

func TestLossesFall(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	o.Segmentor.Steps, o.Students.Steps = 60, 60
	o.Students.Jitter = 0 // at this length its noise would drown the trend
	first, last := map[string]float64{}, map[string]float64{}
	o.Report = func(p Progress) {
		for _, l := range p.Losses {
			if _, ok := first[l.Name]; !ok {
				first[l.Name] = l.Value
			}
			last[l.Name] = l.Value
		}
	}
	_, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	// The fusion loss begins near zero, where both students' outputs are.
	for _, name := range []string{"cross_entropy", "focal", "dice", "hard", "global"} {
		assert.Less(t, last[name], first[name], name)
	}
}

func TestBadDataIsRefused(t *testing.T) {
	c, o := tiny(t), options(t)
	for want, spoil := range map[string]func(d *Data, c *net.Config, o *Options){
		"at least 2 images":            func(d *Data, _ *net.Config, _ *Options) { d.Images = d.Images[:1] },
		"no image has a trusted":       func(d *Data, _ *net.Config, _ *Options) { d.Trusted = nil },
		"trusted image 1 has no label": func(d *Data, _ *net.Config, _ *Options) { d.Trusted, d.Maps[1] = []int{1}, nil },
		"expected 128x128":             func(_ *Data, c *net.Config, _ *Options) { c.Side = 128 },
		"segmentor.batch is 1":         func(_ *Data, _ *net.Config, o *Options) { o.Segmentor.Batch = 1 },
		"students.input is \"\"":       func(_ *Data, _ *net.Config, o *Options) { o.Students.Input = "" },
		"probability 0, so that there are none": func(_ *Data, _ *net.Config, o *Options) {
			o.Students.Input, o.Segmentor.Anomalies.Probability = InputClean, 0
		},
		"students.quantile is 1":     func(_ *Data, _ *net.Config, o *Options) { o.Students.Quantile = 1 },
		"wants the ImageNet weights": func(_ *Data, c *net.Config, _ *Options) { c.Encoder.Pretrained = true },
	} {
		d, c, o := scenes(4, 64), c, o
		spoil(&d, &c, &o)
		_, err := Run(context.Background(), c, d, nil, o)
		assert.ErrorContains(t, err, want)
	}
}

// Imported weights stay as they are.
func TestImportedEncoderIsFrozen(t *testing.T) {
	c, d, o := tiny(t), scenes(4, 64), options(t)
	o.Segmentor.Steps, o.Students.Steps = 2, 2
	c.Encoder.Pretrained = true
	g, err := graph.Build(func(g *graph.Graph) {
		net.EncoderNet(g.Root().Sub("encoder"), c.Encoder, g.Input("x", 1, 3, 64, 64))
	})
	require.NoError(t, err)
	imported := g.Initialize(99)
	w, err := Run(context.Background(), c, d, imported, o)
	require.NoError(t, err)
	for name, t0 := range imported {
		assert.Equal(t, t0, w[name], name)
	}
}

func TestAnomaliesKeepLabelsAndPixelsTogether(t *testing.T) {
	d := scenes(1, 64)
	o := Anomalies{Probability: 1, MinDistance: 0.2}
	changed := 0
	for k := range 20 {
		im, m := o.apply(d.Images[0], d.Maps[0], newDraws(1, streamAugment, k))
		for i, c := range m.Pix {
			assert.LessOrEqual(t, c, uint8(2), "no class is invented")
			if c != d.Maps[0].Pix[i] {
				changed++
				want := byte(220)
				if c == 2 {
					want = 20
				}
				assert.InDelta(t, want, im.Pix[3*i], 110, "a pasted pixel looks like its class")
			}
		}
	}
	assert.Greater(t, changed, 200)
	assert.Equal(t, scenes(1, 64).Maps[0], d.Maps[0], "the source stays")
	same, _ := Anomalies{}.apply(d.Images[0], d.Maps[0], newDraws(1, streamAugment, 0))
	assert.Same(t, d.Images[0], same)
}

func TestSchedules(t *testing.T) {
	step := stepDown(1, 100)
	assert.Equal(t, 1.0, step(94))
	assert.InDelta(t, 0.1, step(95), 1e-12)
	cos := cosine(1, 0.5, 10)
	assert.Equal(t, 1.0, cos(0))
	assert.InDelta(t, 0.75, cos(5), 1e-12)
	assert.InDelta(t, 0.5, cos(10), 1e-12)
}

func TestShuffleDealsEveryImageOncePerRound(t *testing.T) {
	s := newShuffle(7, 1, 2)
	for round := range 3 {
		seen := map[int]bool{}
		for i := range 7 {
			seen[s.at(7*round+i)] = true
		}
		assert.Len(t, seen, 7)
	}
	jump := newShuffle(7, 1, 2)
	assert.Equal(t, s.at(20), jump.at(20), "a resumed run deals on as if it had not stopped")
}
