//go:build !cuda

package cuda

import (
	"errors"

	"aecsad/kernels"
)

// errAbsent is the answer of a build without the tag. The tag wants CGO_CFLAGS
// to name compat/, because gorgonia.org/cu includes <cuda.h>; build.sh sets both.
var errAbsent = errors.New("cuda: this build has no CUDA machine (it was built without -tags cuda)")

// Open returns an error that says that this build lacks the machine.
func Open(string) (kernels.Device, error) { return nil, errAbsent }

// Ceilings returns the same error.
func Ceilings(string, int, int, int) ([]Ceiling, error) { return nil, errAbsent }

// List returns the same error.
func List() ([]string, error) { return nil, errAbsent }
