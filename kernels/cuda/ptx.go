package cuda

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

// The kernels as clang compiled them, one file per family; build_ptx.sh makes
// them from the .cu files.
//
//go:embed ptx/*.ptx
var ptx embed.FS

// entry is a kernel of a PTX text.
type entry struct {
	file       string // where it is
	parameters int
}

// entries are all kernels, by name.
func entries() (map[string]entry, error) {
	files, err := fs.Glob(ptx, "ptx/*.ptx")
	if err != nil {
		return nil, err
	}
	out := map[string]entry{}
	for _, file := range files {
		text, err := ptx.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for name, parameters := range entriesOf(string(text)) {
			if first, twice := out[name]; twice {
				return nil, fmt.Errorf("cuda: %s has a kernel %s, but so has %s", file, name, first.file)
			}
			out[name] = entry{file, parameters}
		}
	}
	return out, nil
}

// entriesOf counts the parameters of every ".entry name( .param .u64 ..., )".
func entriesOf(text string) map[string]int {
	out := map[string]int{}
	for _, part := range strings.Split(text, ".entry ")[1:] {
		name, rest, _ := strings.Cut(part, "(")
		list, _, _ := strings.Cut(rest, ")")
		out[strings.TrimSpace(name)] = strings.Count(list, ".param ")
	}
	return out
}
