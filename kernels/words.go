package kernels

import (
	"math"
	"reflect"
)

// Fields names the fields of an instruction as ops.h does: embedded structs
// flattened.
func Fields(op Op) []string { return fieldsOf(reflect.TypeOf(op)) }

func fieldsOf(t reflect.Type) (names []string) {
	for i := 0; i < t.NumField(); i++ {
		if f := t.Field(i); f.Anonymous {
			names = append(names, fieldsOf(f.Type)...)
		} else {
			names = append(names, f.Name)
		}
	}
	return names
}

// Words is an instruction as ops.h lays it out: every number 8 bytes, embedded
// structs and arrays flattened, integers and flags as int64_t, floats as double.
func Words(op Op) []uint64 { return appendWords(nil, reflect.ValueOf(op)) }

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
	case reflect.Float32, reflect.Float64:
		to = append(to, math.Float64bits(v.Float()))
	default:
		to = append(to, uint64(v.Int()))
	}
	return to
}
