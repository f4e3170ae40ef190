// Package devices chooses among the machines.
package devices

import (
	"fmt"
	"os"
	"strings"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/cuda"
	"aecsad/kernels/ref"
)

// Names lists what Open accepts.
const Names = "auto, ref, cpu or cuda[:index][:precision]"

// Open returns the named machine. An empty name means the environment variable
// AECSAD_DEVICE, or auto, which is the processor: results then do not depend on
// what else a computer has. "cuda:1" is the second GPU, "cuda:1:bf16" the same
// with convolutions on its tensor cores.
func Open(name string) (kernels.Device, error) {
	if name == "" {
		name = os.Getenv("AECSAD_DEVICE")
	}
	switch {
	case name == "" || name == "auto" || name == "cpu":
		d, err := cpu.Open()
		if err != nil {
			return nil, err
		}
		return d, nil
	case name == "ref":
		return ref.Open(), nil
	case name == "cuda" || strings.HasPrefix(name, "cuda:"):
		return cuda.Open(name)
	}
	return nil, fmt.Errorf("no device %q; expected %s", name, Names)
}

// Describe says what each machine is here, or why it cannot be used, one line each.
func Describe() []string {
	lines := []string{"ref: available, for comparisons"}
	if d, err := cpu.Open(); err != nil {
		lines = append(lines, err.Error())
	} else {
		lines = append(lines, "cpu: available, "+d.Describe())
	}
	gpus, err := cuda.List()
	if err != nil {
		return append(lines, err.Error())
	}
	return append(lines, gpus...)
}
