// Command border writes models of the profiles quick and paper, with drawn
// weights, into a folder: border FOLDER. c/border.c measures with them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"aecsad/core/model/modeltest"
	"aecsad/core/net"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: border FOLDER")
		os.Exit(2)
	}
	for _, profile := range []string{"quick", "paper"} {
		if err := write(os.Args[1], profile); err != nil {
			fmt.Fprintln(os.Stderr, "border:", err)
			os.Exit(1)
		}
	}
}

func write(dir, profile string) error {
	c, err := net.Profile(profile)
	if err != nil {
		return err
	}
	return modeltest.Of(c, 1).Save(filepath.Join(dir, profile+".aecsad"))
}
