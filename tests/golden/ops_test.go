package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// opCase is a short program over named buffers with PyTorch's results.
type opCase struct {
	Name   string
	Inputs map[string]opInput
	Calls  []opCall
	Want   map[string]Record
}

type opInput struct {
	N      int
	Lo, Hi float64
	Whole  bool      // Labels instead of Tensor
	Values []float32 // instead of either
}

type opCall struct {
	Op     string
	Bufs   []string
	Fields json.RawMessage
}

func readOps(t *testing.T) []opCase {
	var f struct{ Cases []opCase }
	require.NoError(t, Read(up, "ops.json", &f))
	require.NotEmpty(t, f.Cases)
	return f.Cases
}

// decode makes the instruction: its struct from the JSON fields of equal names.
func (c opCall) decode() (kernels.Op, error) {
	for _, op := range kernels.Ops {
		if kernels.Name(op) == c.Op {
			v := reflect.New(reflect.TypeOf(op))
			d := json.NewDecoder(bytes.NewReader(c.Fields))
			d.DisallowUnknownFields()
			err := d.Decode(v.Interface())
			return v.Elem().Interface().(kernels.Op), err
		}
	}
	return nil, fmt.Errorf("there is no instruction %s", c.Op)
}

// program assigns a slot to every buffer name.
func (c opCase) program() (*kernels.Program, map[string]kernels.Slot, error) {
	p, slots := &kernels.Program{}, map[string]kernels.Slot{}
	for _, k := range c.Calls {
		op, err := k.decode()
		if err != nil {
			return nil, nil, err
		}
		out, in := op.Buffers()
		sizes := slices.Concat(out, in)
		if len(sizes) != len(k.Bufs) {
			return nil, nil, fmt.Errorf("%s wants %d buffers, the golden binds %d", k.Op, len(sizes), len(k.Bufs))
		}
		call := kernels.Call{Op: op}
		for i, name := range k.Bufs {
			if _, known := slots[name]; !known {
				slots[name] = kernels.Slot(len(p.Sizes))
				p.Sizes = append(p.Sizes, sizes[i])
			}
			call.Bufs = append(call.Bufs, slots[name])
		}
		p.Calls = append(p.Calls, call)
	}
	return p, slots, nil
}

func (i opInput) values(name string) []float32 {
	switch {
	case i.Values != nil:
		return i.Values
	case i.Whole:
		return Labels(name, i.N, i.Lo, i.Hi)
	}
	return Tensor(name, i.N, i.Lo, i.Hi)
}

// run executes the case and returns every wanted buffer.
func (c opCase) run(t *testing.T, d kernels.Device) map[string][]float32 {
	p, slots, err := c.program()
	require.NoError(t, err)
	s, err := d.Load(p, kernels.Options{})
	require.NoError(t, err)
	defer s.Close()
	for name, slot := range slots {
		values := make([]float32, p.Sizes[slot])
		for i := range values { // an output that is not written whole stays poisoned
			values[i] = float32(math.NaN())
		}
		if in, ok := c.Inputs[name]; ok {
			values = in.values(c.Name + "/" + name)
			require.Len(t, values, p.Sizes[slot], "input %s", name)
		}
		require.NoError(t, s.Write(slot, values))
	}
	require.NoError(t, s.Setup())
	require.NoError(t, s.Run())
	got := map[string][]float32{}
	for name := range c.Want {
		got[name] = make([]float32, p.Sizes[slots[name]])
		require.NoError(t, s.Read(slots[name], got[name]))
	}
	return got
}

// isGradient tells the names of gradients, dx or dloss, from d, a value.
func isGradient(name string) bool { return len(name) > 1 && strings.HasPrefix(name, "d") }

func TestInstructions(t *testing.T) {
	machines(t, func(t *testing.T, d kernels.Device) {
		worst := map[bool]float64{}
		for _, c := range readOps(t) {
			t.Run(c.Name, func(t *testing.T) {
				got := c.run(t, d)
				for _, name := range slices.Sorted(maps.Keys(c.Want)) {
					limit := Forward
					if isGradient(name) {
						limit = Gradient
					}
					e, err := c.Want[name].Error(got[name], 0)
					require.NoError(t, err, name)
					assert.LessOrEqual(t, e, limit, "%s differs from PyTorch by %.2g", name, e)
					worst[isGradient(name)] = max(worst[isGradient(name)], e)
				}
			})
		}
		t.Logf("worst relative error: forward %.2g, gradients %.2g", worst[false], worst[true])
	})
}

// TestEveryInstructionHasAGolden fails when an instruction is added without one.
func TestEveryInstructionHasAGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range readOps(t) {
		for _, k := range c.Calls {
			seen[k.Op] = true
		}
	}
	for _, op := range kernels.Ops {
		assert.True(t, seen[kernels.Name(op)], "tools/golden has no case of %s", kernels.Name(op))
	}
}
