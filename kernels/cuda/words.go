package cuda

import (
	"math"
	"reflect"

	"aecsad/kernels"
)

// wordsOf is an instruction as ops.h declares it: every number 8 bytes, embedded
// structs and arrays flattened, integers and flags as int64, floats as float64.
func wordsOf(op kernels.Op) []uint64 { return appendWords(nil, reflect.ValueOf(op)) }

func appendWords(to []uint64, v reflect.Value) []uint64 {
	switch v.Kind() {
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			to = appendWords(to, v.Field(i))
		}
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			to = appendWords(to, v.Index(i))
		}
	case reflect.Bool:
		flag := uint64(0)
		if v.Bool() {
			flag = 1
		}
		to = append(to, flag)
	case reflect.Float32:
		to = append(to, math.Float64bits(v.Float()))
	default:
		to = append(to, uint64(v.Int()))
	}
	return to
}
