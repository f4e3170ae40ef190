// Package devices chooses among the machines.
package devices

import (
	"fmt"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// Open returns the named machine.
func Open(name string) (kernels.Device, error) {
	switch name {
	case "", "auto", "ref", "cpu":
		return ref.Open(), nil
	}
	return nil, fmt.Errorf("no device %q; there are auto, ref and cpu", name)
}
