//go:build cuda

package cuda

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/tests/ops"
)

func open(t *testing.T, name string) kernels.Device {
	t.Helper()
	d, err := Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, d.Close()) })
	return d
}

// The emulation runs the threads of a block in several orders; a GPU ignores it.
func TestConform(t *testing.T) {
	for _, order := range []string{"normal", "reversed", "shuffled"} {
		t.Run(order, func(t *testing.T) {
			t.Setenv("AECSAD_EMULATE_ORDER", order)
			ops.Conform(t, open(t, "cuda"))
		})
	}
}

func TestSameInAnyBatch(t *testing.T) { ops.SameInAnyBatch(t, open(t, "cuda")) }

// doubling is y = 2*(x+x), with x+x in Setup.
func doubling(n int) *kernels.Program {
	return &kernels.Program{
		Setup: []kernels.Call{{Op: kernels.Add{Len: n}, Bufs: []kernels.Slot{1, 0, 0}}},
		Calls: []kernels.Call{{Op: kernels.Scale{Len: n, Factor: 2}, Bufs: []kernels.Slot{2, 1}}},
		Sizes: []int{n, n, n},
	}
}

func load(t *testing.T, d kernels.Device, p *kernels.Program) kernels.Session {
	t.Helper()
	s, err := d.Load(p, kernels.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// double runs a doubling session on n times x and checks the result.
func double(s kernels.Session, n int, x float32) error {
	values := make([]float32, n)
	for i := range values {
		values[i] = x
	}
	if err := s.Write(0, values); err != nil {
		return err
	}
	if err := s.Setup(); err != nil {
		return err
	}
	for run := 0; run < 3; run++ {
		if err := s.Run(); err != nil {
			return err
		}
	}
	if err := s.Read(2, values); err != nil {
		return err
	}
	for i, v := range values {
		if v != 4*x {
			return fmt.Errorf("element %d is %v, expected %v", i, v, 4*x)
		}
	}
	return nil
}

func TestSession(t *testing.T) {
	d := open(t, "cuda")
	n := 3*maxStaging + 5 // more than the staging memory takes at once
	s := load(t, d, doubling(n))
	fresh := []float32{1}
	require.NoError(t, s.Read(2, fresh))
	assert.Zero(t, fresh[0], "fresh slots are zero")
	require.NoError(t, double(s, n, 1.5))

	assert.ErrorContains(t, s.Write(3, []float32{1}), "slot 3 does not exist, the program has 3")
	assert.ErrorContains(t, s.Read(0, make([]float32, n+1)), fmt.Sprintf("slot 0 holds %d elements", n))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	assert.ErrorContains(t, s.Run(), "the session is closed")
}

func TestLoadRefusesWhatItCannotRun(t *testing.T) {
	d := open(t, "cuda")
	_, err := d.Load(&kernels.Program{Sizes: []int{4, 0}}, kernels.Options{})
	assert.ErrorContains(t, err, "slot 1 holds 0 elements")
	huge := &kernels.Program{
		Calls: []kernels.Call{{Op: kernels.Fill{Len: 1 << 31}, Bufs: []kernels.Slot{0}}},
		Sizes: []int{1 << 31},
	}
	_, err = d.Load(huge, kernels.Options{})
	assert.ErrorContains(t, err, "Fill has a buffer of 2147483648 elements")
	_, err = d.Load(&kernels.Program{Calls: []kernels.Call{{Op: kernels.Fill{Len: 1}}}}, kernels.Options{})
	assert.ErrorContains(t, err, "wants 1 buffers")
}

// Sessions of several devices run at once, each in its own goroutine, as the
// detectors of a host do.
func TestManySessionsAtOnce(t *testing.T) {
	list, err := List()
	require.NoError(t, err)
	var devices []kernels.Device
	for i := range list {
		devices = append(devices, open(t, fmt.Sprintf("cuda:%d", i)))
	}
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			s, err := devices[i%len(devices)].Load(doubling(1000), kernels.Options{})
			if !assert.NoError(t, err) {
				return
			}
			for turn := 0; turn < 5; turn++ {
				assert.NoError(t, double(s, 1000, float32(i+turn)))
			}
			assert.NoError(t, s.Close())
		}()
	}
	wait.Wait()
}

// A call that runs before what it needs is found by the emulation: without its
// dependency it reads the zeros of a fresh slot.
func TestEmulationFindsAMissingDependency(t *testing.T) {
	Emulated(t)
	t.Setenv("AECSAD_EMULATE_ORDER", "reversed")
	p := doubling(4)
	p.Setup, p.Calls = nil, append(p.Setup, p.Calls...)
	d := open(t, "cuda").(*device)
	w, err := d.planner(kernels.Float32).work(p)
	require.NoError(t, err)
	for i, want := range []float32{6, 0} {
		s := &session{device: d, work: w, weights: &weights{}, sizes: p.Sizes, kept: map[kernels.Slot]bool{}}
		t.Cleanup(func() { assert.NoError(t, s.Close()) })
		if i == 1 {
			w.places, w.scratch = []place{{0, nil}, {1, nil}}, []int{0, 0}
		}
		require.NoError(t, d.do(func() error {
			require.NoError(t, s.allocate(w.sizes))
			return s.prepare(w)
		}))
		require.NoError(t, s.Write(0, []float32{1.5, 1.5, 1.5, 1.5}))
		require.NoError(t, s.Run())
		y := []float32{-1}
		require.NoError(t, s.Read(2, y))
		assert.Equal(t, want, y[0])
	}
}

func TestOpenRefusesAnIndexBeyondTheDevices(t *testing.T) {
	list, err := List()
	require.NoError(t, err)
	_, err = Open(fmt.Sprintf("cuda:%d", len(list)))
	assert.EqualError(t, err, fmt.Sprintf("cuda:%d does not exist; there are cuda:0 to cuda:%d", len(list), len(list)-1))
}

func TestProfileTimesEveryCall(t *testing.T) {
	p := doubling(1000)
	p.Calls = append(p.Calls, kernels.Call{Op: kernels.MeanSquare{Len: 1000}, Bufs: []kernels.Slot{0, 2}}) // two kernels
	s := load(t, open(t, "cuda"), p)
	require.NoError(t, s.Write(1, []float32{3}))
	times, err := s.(kernels.Profiler).Profile()
	require.NoError(t, err)
	assert.Len(t, times, 2)
	for _, d := range times {
		assert.Positive(t, d)
	}
	loss := []float32{0}
	require.NoError(t, s.Read(0, loss))
	assert.InDelta(t, 36.0/1000, loss[0], 1e-6, "Profile runs the program")
}

func TestCeilings(t *testing.T) {
	all, err := Ceilings("cuda", 4096, 1, 3)
	require.NoError(t, err)
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
		assert.Positive(t, c.Value, c.Name)
	}
	assert.Equal(t, []string{"copy, read and written", "multiply-adds, f32", "tensor cores, tf32", "tensor cores, bf16", "tensor cores, f16"}, names)
}
