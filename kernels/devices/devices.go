// Package devices chooses among the machines.
package devices

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
)

// Names lists what Open accepts.
const Names = "auto, ref, cpu, cuda or cuda:N"

// openCUDA opens a GPU by its number.
var openCUDA = func(int) (kernels.Device, error) {
	return nil, errors.New("cuda: this build has no CUDA machine")
}

// Open returns the named machine. An empty name means the environment variable
// AECSAD_DEVICE, or auto, which is the processor: results then do not depend on
// what else a computer has. "cuda:1" is the second GPU.
func Open(name string) (kernels.Device, error) {
	if name == "" {
		name = os.Getenv("AECSAD_DEVICE")
	}
	switch name {
	case "", "auto", "cpu":
		d, err := cpu.Open()
		if err != nil {
			return nil, err
		}
		return d, nil
	case "ref":
		return ref.Open(), nil
	case "cuda":
		return openCUDA(0)
	}
	if number, ok := strings.CutPrefix(name, "cuda:"); ok {
		if i, err := strconv.Atoi(number); err == nil && i >= 0 {
			return openCUDA(i)
		}
	}
	return nil, fmt.Errorf("no device %q; expected %s", name, Names)
}
