//go:build cuda

package cuda

import (
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// bound is a kernel with everything that a launch of it needs. values hold the
// arguments, pointers point to them, as cu wants it.
type bound struct {
	name     string
	function cu.Function
	x, y, z  int
	values   []uint64
	pointers []unsafe.Pointer
}

// resolve is what arguments refer to: device addresses.
type resolve struct {
	op      cu.DevicePtr
	buffers []cu.DevicePtr
	scratch cu.DevicePtr
	packed  cu.DevicePtr
}

func (r resolve) value(a arg) uint64 {
	switch a.kind {
	case opStruct:
		return uint64(r.op)
	case buffer:
		return uint64(r.buffers[a.value])
	case scratch:
		return uint64(r.scratch) + 4*uint64(a.value)
	case packed:
		return uint64(r.packed)
	case null:
		return 0
	}
	return uint64(a.value)
}

// bind looks the kernel up and fixes its arguments.
func (d *device) bind(l launch, r resolve) (*bound, error) {
	f, err := d.function(l.kernel)
	if err != nil {
		return nil, err
	}
	if want := d.entries[l.kernel].parameters; len(l.args) != want {
		return nil, fmt.Errorf("%s: kernel %s takes %d arguments, the plan has %d", d.Name(), l.kernel, want, len(l.args))
	}
	b := &bound{name: l.kernel, function: f, x: l.x, y: l.y, z: l.z, values: make([]uint64, len(l.args))}
	for i, a := range l.args {
		b.values[i] = r.value(a)
		b.pointers = append(b.pointers, unsafe.Pointer(&b.values[i]))
	}
	return b, nil
}

// launch queues the kernel. These are the only launches of the library.
func (b *bound) launch(s cu.Stream) error {
	if err := b.function.Launch(b.x, b.y, b.z, threads, 1, 1, 0, s, b.pointers); err != nil {
		return fmt.Errorf("launch %s on %dx%dx%d blocks: %w", b.name, b.x, b.y, b.z, err)
	}
	return nil
}

func launchAll(all []*bound, s cu.Stream) error {
	for _, b := range all {
		if err := b.launch(s); err != nil {
			return err
		}
	}
	return nil
}
