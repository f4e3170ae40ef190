//go:build cuda

// Package lazy reaches the CUDA driver when it is asked to, not when the process
// starts: gorgonia.org/cu is linked against the stubs of this package, which Load
// points to libcuda. It also has the few driver functions that cu lacks.
package lazy

// The empty libcuda.a satisfies the -lcuda of cu; the symbols are in stubs.c.

// #cgo CFLAGS: -O2
// #cgo LDFLAGS: -L${SRCDIR}/lib -Wl,--as-needed -ldl
// #include <stdlib.h>
// #include "stubs.h"
import "C"

import (
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// Variable names the environment variable with the path of another driver.
const Variable = "AECSAD_CUDA_DRIVER"

const library = "libcuda.so.1"

// Path is the driver that Load opens.
func Path() string {
	if path := os.Getenv(Variable); path != "" {
		return path
	}
	return library
}

// Load opens and starts the driver, once per process; later calls answer the
// same.
var Load = sync.OnceValue(func() error {
	path := Path()
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	message := (*C.char)(C.calloc(1, 512))
	defer C.free(unsafe.Pointer(message))
	if C.aecsad_cuda_load(name, message, 512) != 0 {
		return fmt.Errorf("cuda: no driver: looked for %s (%s names another): %s", path, Variable, C.GoString(message))
	}
	return nil
})
