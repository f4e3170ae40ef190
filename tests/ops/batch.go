package ops

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"aecsad/kernels"
)

// batches names the field that counts the examples of an instruction of
// inference.
var batches = map[reflect.Type]string{
	reflect.TypeFor[kernels.Conv2D]():            "N",
	reflect.TypeFor[kernels.BatchNorm]():         "N",
	reflect.TypeFor[kernels.Standardize]():       "N",
	reflect.TypeFor[kernels.Concat]():            "N",
	reflect.TypeFor[kernels.Slice]():             "N",
	reflect.TypeFor[kernels.AvgPool]():           "N",
	reflect.TypeFor[kernels.MaxPool]():           "N",
	reflect.TypeFor[kernels.GlobalAvgPool]():     "N",
	reflect.TypeFor[kernels.Resize]():            "N",
	reflect.TypeFor[kernels.MatMul]():            "Batch",
	reflect.TypeFor[kernels.Softmax]():           "N",
	reflect.TypeFor[kernels.Attention]():         "N",
	reflect.TypeFor[kernels.Argmax]():            "N",
	reflect.TypeFor[kernels.Histogram]():         "N",
	reflect.TypeFor[kernels.SquaredDifference](): "N",
}

// examples is the number of examples of an instruction, and the same instruction
// for one of them; all others count as one example.
func examples(op kernels.Op) (n int, single kernels.Op) {
	field, ok := batches[reflect.TypeOf(op)]
	if !ok {
		return 1, op
	}
	one := reflect.New(reflect.TypeOf(op)).Elem()
	one.Set(reflect.ValueOf(op))
	count := one.FieldByName(field)
	n = int(count.Int())
	count.SetInt(1)
	return n, one.Interface().(kernels.Op)
}

func sameInAnyBatch(device kernels.Device, c Case) error {
	n, single := examples(c.Op)
	if n == 1 {
		return nil
	}
	all := newMemory(c)
	together, err := all.run(device, 0)
	if err != nil {
		return err
	}
	for k := 0; k < n; k++ {
		alone := Case{Op: single}
		for i := all.outputs; i < len(all.lens); i++ {
			alone.In = append(alone.In, example(all, single, i, k))
		}
		m := newMemory(alone)
		got, err := m.run(device, 0)
		if err != nil {
			return err
		}
		for i := 0; i < m.outputs; i++ {
			size := m.lens[i]
			if at := firstDifference(m.values(got, i), together[i][k*size:(k+1)*size]); at >= 0 {
				return fmt.Errorf("buffer %d: element %d of example %d is %v, but %v alone", i, at, k, together[i][k*size+at], got[i][at])
			}
		}
	}
	return nil
}

// example is input i of example k: its share where the input grows with the
// batch, else, for weights, the whole.
func example(all memory, single kernels.Op, i, k int) Content {
	_, in := single.Buffers()
	size := in[i-all.outputs]
	if size == all.lens[i] {
		k = 0
	}
	return func(*rand.Rand, int) []float32 {
		return append([]float32{}, all.buffers[i][k*size:(k+1)*size]...)
	}
}
