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
const Names = "auto, ref, cpu or cuda[:index]"

// Open returns the named machine. An empty name means the environment variable
// AECSAD_DEVICE, or auto: the first GPU if there is one, else the processor.
// "cuda:1" is the second GPU.
func Open(name string) (kernels.Device, error) {
	d, _, err := Choose(name)
	return d, err
}

// OpenAt is Open with a precision (kernels.Options) for all that is loaded on the
// machine; empty means float32.
func OpenAt(name, precision string) (kernels.Device, error) {
	d, err := Open(name)
	if err != nil {
		return nil, err
	}
	return kernels.At(d, precision), nil
}

// Choose is Open, and says why auto did not take a GPU; why is empty where it did
// or where the name left no choice.
func Choose(name string) (d kernels.Device, why string, err error) {
	if name == "" {
		name = os.Getenv("AECSAD_DEVICE")
	}
	switch {
	case name == "" || name == "auto":
		d, err := cuda.Open("cuda")
		if err == nil {
			return d, "", nil
		}
		why = err.Error()
		d, err = openCPU()
		return d, why, err
	case name == "cpu":
		d, err = openCPU()
		return d, "", err
	case name == "ref":
		return ref.Open(), "", nil
	case name == "cuda" || strings.HasPrefix(name, "cuda:"):
		d, err = cuda.Open(name)
		return d, "", err
	}
	return nil, "", fmt.Errorf("no device %q; expected %s", name, Names)
}

// openCPU returns no typed nil with an error.
func openCPU() (kernels.Device, error) {
	d, err := cpu.Open()
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Describe says what each machine is here, or why it cannot be used, one line
// each, and what auto takes.
func Describe() []string {
	lines := []string{"ref: available, for comparisons"}
	if d, err := cpu.Open(); err != nil {
		lines = append(lines, err.Error())
	} else {
		lines = append(lines, "cpu: available, "+d.Describe()+"; "+d.Offers())
	}
	if gpus, err := cuda.List(); err != nil {
		lines = append(lines, err.Error())
	} else {
		lines = append(lines, gpus...)
	}
	d, why, err := Choose("auto")
	if err != nil {
		return append(lines, "auto: "+err.Error())
	}
	defer d.Close()
	if why != "" {
		why = ", because no GPU can be used"
	}
	return append(lines, "auto: "+d.Name()+why)
}
