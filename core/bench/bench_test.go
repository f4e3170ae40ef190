package bench

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

func tiny(t *testing.T) (net.Config, []Subject) {
	m := modeltest.Tiny(1)
	s, err := Networks(m.Config, m.Weights)
	require.NoError(t, err)
	return m.Config, s
}

func work(p *graph.Program) float64 {
	sum := 0.0
	for _, c := range p.Kernels.Calls {
		sum += operations(c.Op)
	}
	return sum
}

func TestOperationsOfThePaper(t *testing.T) {
	c, err := net.Profile("paper")
	require.NoError(t, err)
	s, err := Networks(c, nil)
	require.NoError(t, err)
	giga := map[string]float64{}
	for _, x := range s {
		giga[x.Name] = work(x.Program) / 2e9
	}
	// The multiply-adds of the published networks; the teacher's projection before
	// its resize saves 2.8 of the encoder's 15.2, attention adds to the global
	// student.
	assert.InDelta(t, 12.4, giga["encoder+teacher"], 0.1)
	assert.InDelta(t, 7.3, giga["segmentor"], 0.1)
	assert.InDelta(t, 69.0, giga["local"], 0.1)
	assert.InDelta(t, giga["whole"], giga["encoder+teacher"]+giga["segmentor"]+giga["local"]+giga["global"], 1e-9)
}

func TestCostOfAnInstruction(t *testing.T) {
	conv := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 2, H: 5, W: 5, K: 3, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1}, Bias: true}
	assert.Equal(t, 2.0*3*3*3*2*9, operations(conv))
	assert.Equal(t, 4.0*(27+50+54+3), traffic(conv))
	assert.Equal(t, "3x3 2>3 @5 s2", form(conv))
	assert.Zero(t, operations(kernels.Relu{Len: 9}))
	assert.Equal(t, "Relu", form(kernels.Relu{Len: 9}))
}

func TestConvolutionsAreTheProgramsOwn(t *testing.T) {
	_, s := tiny(t)
	each, err := Convolutions(s[0].Program)
	require.NoError(t, err)
	want, got := map[kernels.Conv2D]bool{}, map[kernels.Conv2D]bool{}
	for _, c := range s[0].Program.Kernels.Calls {
		if o, ok := c.Op.(kernels.Conv2D); ok {
			want[o] = true
		}
	}
	for _, x := range each {
		require.Len(t, x.Program.Kernels.Calls, 1, x.Name)
		got[x.Program.Kernels.Calls[0].Op.(kernels.Conv2D)] = true
	}
	assert.Equal(t, want, got)
	assert.Len(t, each, len(want))
}

func TestProfileNamesEveryLayer(t *testing.T) {
	_, s := tiny(t)
	d, err := devices.Open("ref")
	require.NoError(t, err)
	layers, err := Profile(d, s[0], 1, 1)
	require.NoError(t, err)
	require.Len(t, layers, len(s[0].Program.Kernels.Calls))
	assert.True(t, slices.ContainsFunc(layers, func(l Layer) bool {
		return l.Path == "encoder.layer1.0.conv2" && strings.HasPrefix(l.Form, "3x3 ") && l.Time > 0
	}))
	stages := Stages(layers)
	var names []string
	sum := time.Duration(0)
	for _, l := range stages {
		names = append(names, l.Path)
		sum += l.Time
	}
	assert.ElementsMatch(t, []string{"encoder", "segmentor", "count", "teacher", "local", "global", "compare", "all"}, names)
	all := stages[len(stages)-1]
	assert.Equal(t, 2*all.Time, sum)
	assert.Equal(t, work(s[0].Program), all.Operations)
	var b bytes.Buffer
	WriteLayers(&b, stages, Ceiling{})
	assert.Equal(t, len(stages)+1, strings.Count(b.String(), "\n"))
}

func TestShareOfTheCeiling(t *testing.T) {
	c := Ceiling{GFLOPS: 100, GBPS: 10}
	assert.InDelta(t, 0.5, c.Share(1e9, 1e6, 20*time.Millisecond), 1e-9, "bound by arithmetic")
	assert.InDelta(t, 0.25, c.Share(0, 1e7, 4*time.Millisecond), 1e-9, "bound by memory")
	assert.Zero(t, Ceiling{}.Share(1e9, 1e9, time.Second))
}

func TestTimes(t *testing.T) {
	times := Times{5, 1, 4, 2, 3}
	assert.Equal(t, time.Duration(3), times.Median())
	assert.Equal(t, time.Duration(1), times.Quantile(0))
	assert.Equal(t, time.Duration(5), times.Quantile(1))
}

func TestInspectionsRunAtOnce(t *testing.T) {
	m := modeltest.Tiny(1)
	i := Inspection{m, detect.Options{Device: "cpu", Threads: 1, Sessions: 3}, 80, 60, 3, 2}
	x, err := i.Measure(context.Background(), 2)
	require.NoError(t, err)
	assert.Len(t, x.Times, 6, "a time for each batch")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	_, err = i.Measure(stopped, 2)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestGrowth(t *testing.T) {
	m := modeltest.Tiny(1)
	list, err := MeasureGrowth(context.Background(), m, detect.Options{Device: "cpu"}, []int{1}, 1)
	require.NoError(t, err)
	require.Len(t, list, len(growthSides)+len(growthBatches)+len(growthCallers))
	for _, g := range list {
		assert.Len(t, g.Times, g.Callers)
		assert.InDelta(t, float64(g.Callers*g.Batch)/g.Took.Seconds(), g.PerSecond(), 1e-6)
	}
	assert.Equal(t, 64, m.Config.Side, "the model stays as it was")
	var b bytes.Buffer
	WriteGrowth(&b, list)
	assert.Equal(t, len(list)+1, strings.Count(b.String(), "\n"))
}

func TestDifference(t *testing.T) {
	assert.InDelta(t, 0.25, difference([]float32{1, 3}, []float64{1, 4}), 1e-9)
	assert.True(t, math.IsNaN(difference([]float32{1, float32(math.NaN())}, []float64{1, 4})))
	assert.Equal(t, 0.5, flips([]float32{1, 2}, []float64{1, 3}))
}

func TestPeerThatCannotStart(t *testing.T) {
	for _, python := range []string{"no-such-python", "false"} {
		_, err := StartPeer(context.Background(), python)
		assert.ErrorContains(t, err, python+" -m pip install onnxruntime")
	}
}

// python is an interpreter with onnxruntime: AECSAD_PYTHON, the one of build.sh
// or python3. Without it the test is skipped, or fails if AECSAD_REQUIRE names
// onnxruntime.
func python(t *testing.T) string {
	for _, p := range []string{os.Getenv("AECSAD_PYTHON"), "../../build/venv/bin/python", "python3"} {
		if p != "" && exec.Command(p, "-c", "import onnxruntime").Run() == nil {
			return p
		}
	}
	if slices.Contains(strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), "onnxruntime") {
		t.Fatal("no Python with onnxruntime")
	}
	t.Skip("onnxruntime: no Python has it")
	return ""
}

func TestCompare(t *testing.T) {
	peer, err := StartPeer(context.Background(), python(t))
	require.NoError(t, err)
	defer peer.Close()
	c, s := tiny(t)
	s[0].Weights, err = detect.Initialize(c, 5) // shows more than one component
	require.NoError(t, err)
	d, err := devices.Open("")
	require.NoError(t, err)
	for _, x := range s {
		r, err := Compare(context.Background(), peer, d, x, 1, 2)
		require.NoError(t, err, x.Name)
		assert.Len(t, r.Ours, 2)
		assert.Len(t, r.Theirs, 2)
		assert.Positive(t, r.Ratio())
		assert.Less(t, r.Error, 1e-4, x.Name)
	}
	_, err = peer.Run("nothing")
	assert.ErrorContains(t, err, "nothing")
	_, err = peer.Load("none", "no-such-file.onnx", 1, nil)
	assert.ErrorContains(t, err, "no-such-file.onnx")
}

func TestFirstVerdict(t *testing.T) {
	py := python(t)
	m := modeltest.Tiny(1)
	m.Calibration = model.Calibration{}
	s, err := MeasureStart(context.Background(), py, detect.Options{Threads: 1}, m, 1)
	require.NoError(t, err)
	assert.Positive(t, s.Ours.Median())
	assert.Positive(t, s.Theirs.Median())
	assert.Positive(t, s.OurMemory)
	assert.Positive(t, s.TheirMemory)
}

// Profile is a run: the same results, only timed.
func TestProfileComputes(t *testing.T) {
	_, s := tiny(t)
	for _, name := range []string{"ref", "cpu"} {
		d, err := devices.Open(name)
		require.NoError(t, err)
		session, err := load(d, s[0], 1)
		require.NoError(t, err)
		defer session.Close()
		times, err := session.Profile()
		require.NoError(t, err)
		assert.Len(t, times, len(s[0].Program.Kernels.Calls))
		first, err := session.Output("local")
		require.NoError(t, err)
		require.NoError(t, session.Run())
		second, err := session.Output("local")
		require.NoError(t, err)
		assert.Equal(t, second, first, name)
		assert.NotZero(t, first[0], name)
	}
}

// A program that does not compute what the other side computes is an error, not
// a ratio.
func TestCompareRefusesWrongResults(t *testing.T) {
	peer, err := StartPeer(context.Background(), python(t))
	require.NoError(t, err)
	defer peer.Close()
	_, s := tiny(t)
	d, err := devices.Open("ref")
	require.NoError(t, err)
	_, err = Compare(context.Background(), peer, liar{d}, s[4], 1, 1)
	assert.ErrorContains(t, err, "the outputs differ")
}

// liar is a device whose results are 1 % too large.
type liar struct{ kernels.Device }

func (l liar) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	s, err := l.Device.Load(p, o)
	return lies{s}, err
}

type lies struct{ kernels.Session }

func (l lies) Read(s kernels.Slot, v []float32) error {
	err := l.Session.Read(s, v)
	for i := range v {
		v[i] *= 1.01
	}
	return err
}
