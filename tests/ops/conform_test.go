package ops

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/devices"
	"aecsad/kernels/ref"
)

// machine is a device with the value of AECSAD_CPU that chooses its instruction
// set; optional ones may be absent, unless AECSAD_REQUIRE names them.
type machine struct {
	device, isa string
	optional    bool
}

var machines = []machine{
	{"ref", "", false}, {"cpu", "scalar", false}, {"cpu", "avx2", true}, {"cpu", "avx512", true}, {"cuda", "", true},
}

func (m machine) String() string {
	if m.isa != "" {
		return m.isa
	}
	return m.device
}

func (m machine) open(t *testing.T) kernels.Device {
	t.Setenv("AECSAD_CPU", m.isa)
	d, err := devices.Open(m.device)
	if err != nil && m.optional && !required(m.String()) {
		t.Skipf("no %s here: %v", m, err)
	}
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(d.Name(), m.device), "devices.Open(%q) opened %s", m.device, d.Name())
	t.Cleanup(func() { assert.NoError(t, d.Close()) })
	return d
}

func TestConform(t *testing.T) {
	for _, m := range machines {
		t.Run(m.String(), func(t *testing.T) { Conform(t, m.open(t)) })
	}
}

func TestResultsDoNotDependOnThreadsOrBatch(t *testing.T) {
	for _, m := range machines {
		t.Run(m.String(), func(t *testing.T) {
			d := m.open(t)
			SameForAnyThreads(t, d)
			SameInAnyBatch(t, d)
		})
	}
}

func TestEveryInstructionHasACase(t *testing.T) {
	covered, names := map[reflect.Type]bool{}, map[string]bool{}
	for _, f := range Families() {
		for _, c := range f.Cases {
			covered[reflect.TypeOf(c.Op)] = true
			_, in := c.Op.Buffers()
			require.Len(t, c.In, len(in), c.Name())
		}
		assert.False(t, names[f.Name], f.Name)
		names[f.Name] = true
	}
	for _, op := range kernels.Ops {
		assert.True(t, covered[reflect.TypeOf(op)], "%s has no case", kernels.Name(op))
	}
}

// saboteur is ref, but spoils one element of a slot after each run.
type saboteur struct {
	kernels.Device
	slot kernels.Slot
	at   int
	by   func(float32) float32
}

func (d saboteur) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	s, err := d.Device.Load(p, o)
	return spoiled{s, d, p.Sizes[d.slot]}, err
}

type spoiled struct {
	kernels.Session
	d    saboteur
	size int
}

func (s spoiled) Run() error {
	if err := s.Session.Run(); err != nil {
		return err
	}
	values := make([]float32, s.size)
	if err := s.Read(s.d.slot, values); err != nil {
		return err
	}
	at := (s.d.at + s.size) % s.size
	values[at] = s.d.by(values[at])
	return s.Write(s.d.slot, values)
}

// The suite notices what it is there for.
func TestTheSuiteSeesFaults(t *testing.T) {
	to := func(v float32) func(float32) float32 { return func(float32) float32 { return v } }
	slightly := func(v float32) float32 { return v * (1 + 1e-7) }
	sum := of(kernels.Add{Len: 3}, list(1), list(1))
	for _, k := range []struct {
		what string
		c    Case
		slot kernels.Slot
		at   int
		by   func(float32) float32
		says string
	}{
		{"poison left", sum, 0, 2, to(nan), "element 2 is NaN"},
		{"wrong value", sum, 0, 1, to(2.00005), "relative error 2.5"},
		{"write behind an output", sum, 0, -1, to(0), "element 36 behind its end is now 0"},
		{"write just behind an output", sum, 0, 3, to(fence + 1), "element 0 behind its end"},
		{"changed input", sum, 1, 0, to(7), "element 0 of 3 of an input is now 7"},
		{"write behind an input", sum, 2, 3, to(1), "element 3 of 3 of an input"},
		{"last bit of an exact case", exact(kernels.Relu{Len: 2}, list(1)), 0, 0, slightly, "bound 0"},
	} {
		require.NoError(t, conforms(ref.Open(), k.c), k.what)
		assert.ErrorContains(t, conforms(saboteur{ref.Open(), k.slot, k.at, k.by}, k.c), k.says, k.what)
	}
	rounding := saboteur{ref.Open(), 0, 0, slightly}
	assert.NoError(t, conforms(rounding, sum), "rounding is allowed where sums are")

	// The first example of a batch is another than alone, where it is the last too.
	two := of(kernels.Softmax{N: 2, C: 2, HW: 1})
	require.NoError(t, sameInAnyBatch(ref.Open(), two))
	first := saboteur{ref.Open(), 0, 2, func(v float32) float32 { return v / 2 }}
	assert.ErrorContains(t, sameInAnyBatch(first, two), "of example 1")
}

// forgetful is ref with a result that depends on the number of threads.
type forgetful struct{ kernels.Device }

func (d forgetful) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	spoil := saboteur{d.Device, 0, 0, func(v float32) float32 { return v + float32(o.Threads) }}
	return spoil.Load(p, o)
}

func TestTheSuiteSeesThreads(t *testing.T) {
	c := of(kernels.ChannelSum{N: 1, C: 1, HW: 9})
	require.NoError(t, sameForAnyThreads(ref.Open(), c))
	assert.ErrorContains(t, sameForAnyThreads(forgetful{ref.Open()}, c), "on 1 thread")
}
