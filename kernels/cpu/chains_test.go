package cpu

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestChains(t *testing.T) {
	resize := func(to, from kernels.Slot) kernels.Call {
		return kernels.Call{Op: kernels.Resize{}, Bufs: []kernels.Slot{to, from}}
	}
	add := func(to, a, b kernels.Slot) kernels.Call {
		return kernels.Call{Op: kernels.Add{}, Bufs: []kernels.Slot{to, a, b}}
	}
	pool := func(to, from kernels.Slot) kernels.Call {
		return kernels.Call{Op: kernels.AvgPool{}, Bufs: []kernels.Slot{to, from}}
	}
	relu := func(to, from kernels.Slot) kernels.Call {
		return kernels.Call{Op: kernels.Relu{}, Bufs: []kernels.Slot{to, from}}
	}
	for name, k := range map[string]struct {
		calls   []kernels.Call
		passing []kernels.Slot
		want    []chain
	}{
		"nothing follows":           {[]kernels.Call{resize(1, 0), resize(2, 0)}, nil, nil},
		"read after the run":        {[]kernels.Call{resize(1, 0), pool(2, 1)}, nil, []chain{{0, []bool{false, false}}}},
		"read by nobody":            {[]kernels.Call{resize(1, 0), pool(2, 1)}, []kernels.Slot{1}, []chain{{0, []bool{true, false}}}},
		"written again":             {[]kernels.Call{resize(1, 0), pool(2, 1), relu(1, 2)}, nil, []chain{{0, []bool{true, false}}}},
		"read later":                {[]kernels.Call{resize(1, 0), pool(2, 1), relu(3, 1), relu(1, 2)}, nil, []chain{{0, []bool{false, false}}}},
		"over what is to be read":   {[]kernels.Call{resize(1, 0), pool(0, 1)}, nil, nil},
		"an output twice":           {[]kernels.Call{resize(1, 0), pool(2, 1), pool(1, 2)}, nil, []chain{{0, []bool{true, false, false}}}},
		"the rest goes its own way": {[]kernels.Call{resize(1, 0), pool(2, 1), resize(3, 0), relu(1, 3)}, nil, []chain{{0, []bool{true, false}}}},
		"two that add up":           {[]kernels.Call{add(9, 9, 8), resize(1, 0), resize(2, 0), add(3, 1, 2)}, nil, []chain{{1, []bool{false, false, false}}}},
	} {
		assert.Equal(t, k.want, chainsOf(&kernels.Program{Calls: k.calls, Passing: k.passing}), name)
	}
}
