package cuda

import (
	"fmt"
	"strconv"
	"strings"
)

// ordinary is the arithmetic of every GPU: float32.
const ordinary = "simt"

// precisions are what a name may ask of convolutions, with their arithmetic:
// float32 throughout, or products on tensor cores, of factors rounded to tf32 (10
// bits of fraction) or bf16 (7), with float32 sums.
var precisions = []struct{ name, arithmetic string }{{"f32", ordinary}, {"tf32", "tf32"}, {"bf16", "bf16"}}

// parse reads cuda[:index][:precision]; they are 0 and f32 where missing.
func parse(name string) (index int, arithmetic string, err error) {
	parts := strings.Split(name, ":")
	arithmetic = ordinary
	bad := fmt.Errorf("no device %q; expected cuda[:index][:precision], with precision f32, tf32 or bf16", name)
	if parts[0] != "cuda" || len(parts) > 3 {
		return 0, "", bad
	}
	rest := parts[1:]
	if len(rest) > 0 {
		if n, err := strconv.ParseUint(rest[0], 10, 16); err == nil {
			index, rest = int(n), rest[1:]
		}
	}
	if len(rest) == 0 {
		return index, arithmetic, nil
	}
	for _, p := range precisions {
		if len(rest) == 1 && rest[0] == p.name {
			return index, p.arithmetic, nil
		}
	}
	return 0, "", bad
}

// nameOf is the full name of a device, without the precision f32.
func nameOf(index int, arithmetic string) string {
	if arithmetic == ordinary {
		return fmt.Sprintf("cuda:%d", index)
	}
	return fmt.Sprintf("cuda:%d:%s", index, arithmetic) // the arithmetics of tensor cores are named like their precisions
}
