package cuda

import (
	"fmt"
	"strconv"
	"strings"

	"aecsad/kernels"
)

// parse reads cuda[:index]; the index is 0 where it is missing.
func parse(name string) (index int, err error) {
	kind, rest, has := strings.Cut(name, ":")
	n := uint64(0)
	if has {
		n, err = strconv.ParseUint(rest, 10, 16)
	}
	if kind != "cuda" || err != nil {
		return 0, fmt.Errorf("no device %q; expected cuda[:index], such as cuda or cuda:1", name)
	}
	return int(n), nil
}

// What the PTX is compiled for; drivers compile it forward to every later GPU.
const (
	minCapability       = 70
	minTensorCapability = 80
)

// Ceiling is what a device does at best.
type Ceiling struct {
	Name      string
	Precision string // of operations; empty for memory
	Value     float64
	Unit      string
}

// ordinary is the arithmetic of every GPU: float32 throughout.
const ordinary = "simt"

// precisions of a GPU. Those of tensor cores round the factors of products to tf32
// (10 bits of fraction), bf16 (7) or f16 (10, of a narrow range: from 65520 on a
// factor is infinite). capability is 90 for 9.0.
func precisions(capability int) []string {
	if capability < minTensorCapability {
		return []string{kernels.Float32}
	}
	return []string{kernels.Float32, "tf32", "bf16", "f16"}
}

// arithmetic that has a precision: a name of arithmetic.h.
func arithmetic(precision string) string {
	if precision == kernels.Float32 {
		return ordinary
	}
	return precision
}
