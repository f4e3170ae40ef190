// Command opgen writes kernels/ops.h, the C view of the instruction set, from
// kernels.Ops. `go generate ./kernels` calls it in the folder kernels.
package main

import (
	"fmt"
	"os"

	"aecsad/kernels"
)

func main() {
	if err := os.WriteFile("ops.h", []byte(header(kernels.Ops)), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "opgen:", err)
		os.Exit(1)
	}
}
