// Command abigen reads capi/aecsad.h and writes what is derived from it:
// capi/abi.txt, the interface as one sorted text whose difference between two
// versions is the change of the interface, and the ctypes declarations of the
// Python package. `go generate ./capi` calls it in the folder capi.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "abigen:", err)
		os.Exit(1)
	}
}

func run() error {
	src, err := os.ReadFile("aecsad.h")
	if err != nil {
		return err
	}
	h, err := parse(string(src))
	if err != nil {
		return fmt.Errorf("aecsad.h: %w", err)
	}
	if err := os.WriteFile("abi.txt", []byte(text(h)), 0o644); err != nil {
		return err
	}
	return os.WriteFile("../bindings/python/aecsad/_abi.py", []byte(python(h)), 0o644)
}
