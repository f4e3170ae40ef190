package kernels

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheckNamesTheCall(t *testing.T) {
	relu := Relu{Len: 4}
	for want, p := range map[string]*Program{
		"run call 0 (Relu): wants 2 buffers, call binds 1":     {Calls: []Call{{relu, []Slot{0}}}, Sizes: []int{4, 4}},
		"slot 7 does not exist, the program has 2":             {Calls: []Call{{relu, []Slot{0, 7}}}, Sizes: []int{4, 4}},
		"buffer 1: wants 4 elements, slot 1 holds 3":           {Calls: []Call{{relu, []Slot{0, 1}}}, Sizes: []int{4, 3}},
		"buffers 0 and 1 share slot 0, but 0 is an output":     {Calls: []Call{{relu, []Slot{0, 0}}}, Sizes: []int{4}},
		"setup call 0 (Relu): buffer 0: shape gives 0 element": {Setup: []Call{{Relu{}, []Slot{0, 1}}}, Sizes: []int{4, 4}},
		"(Conv2D): stride is 0; expected at least 1":           {Calls: []Call{{Conv2D{}, []Slot{0, 1, 2}}}, Sizes: []int{1, 1, 1}},
		"slot 2 of Once is there twice or not":                 {Sizes: []int{4, 4}, Once: []Slot{1, 2}},
		"slot 1 of Once is there twice or not":                 {Sizes: []int{4, 4}, Once: []Slot{1, 1}},
		"slot 2 of Passing is not among the 2":                 {Sizes: []int{4, 4}, Passing: []Slot{2}},
		"Relu writes slot 0, which is of Once":                 {Calls: []Call{{relu, []Slot{0, 1}}}, Sizes: []int{4, 4}, Once: []Slot{0}},
		"(MaxPool): stride is -1; expected at least 1":         {Calls: []Call{{MaxPool{PoolShape{Stride: -1}}, []Slot{0, 1}}}, Sizes: []int{1, 1}},
	} {
		assert.ErrorContains(t, p.Check(), want)
	}
	good := &Program{Calls: []Call{{relu, []Slot{0, 1}}}, Sizes: []int{9, 4}}
	assert.NoError(t, good.Check(), "a slot may be larger than its buffer")
}

func TestWordsFollowFields(t *testing.T) {
	for _, op := range Ops {
		if _, array := op.(Concat); array {
			continue
		}
		if _, array := op.(WeightedSum); array {
			continue
		}
		assert.Len(t, Words(op), len(Fields(op)), Name(op))
	}
	assert.Len(t, Words(Concat{}), 2+MaxConcat)
}
