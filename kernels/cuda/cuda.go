//go:build cuda

// Package cuda is the machine for NVIDIA GPUs: the instructions of package
// kernels as hand-written CUDA C++ (one .cu per family), compiled to PTX in
// advance and launched through gorgonia.org/cu. The library loads and runs where
// there is no driver; Open then says what it looked for.
package cuda

import (
	"fmt"
	"runtime"
	"sync"

	"gorgonia.org/cu"

	"aecsad/kernels"
	"aecsad/kernels/cuda/lazy"
)

// minDriver knows PTX 7.0 and cuGraphInstantiate_v2.
const minDriver = 11000

// device is a GPU with its primary context and the kernels loaded so far.
type device struct {
	index      int
	capability int // 90 for 9.0
	units      int // multiprocessors
	tile       int // of convolutions, for tests; see planner
	context    cu.CUContext
	entries    map[string]entry

	mutex     sync.Mutex // guards the rest
	modules   map[string]cu.Module
	functions map[string]cu.Function
	closed    bool
}

// List describes the GPUs that the driver shows, by index.
func List() ([]string, error) {
	count, err := count()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := 0; i < count; i++ {
		text, err := describe(i)
		if err != nil {
			return nil, fmt.Errorf("cuda:%d: %w", i, err)
		}
		out = append(out, text)
	}
	return out, nil
}

func describe(index int) (string, error) {
	d, err := cu.GetDevice(index)
	if err != nil {
		return "", err
	}
	name, err := d.Name()
	if err != nil {
		return "", err
	}
	major, minor, err := d.ComputeCapability()
	if err != nil {
		return "", err
	}
	memory, err := d.TotalMem()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("cuda:%d %s, compute capability %d.%d, %d MiB, driver for CUDA %d.%d",
		index, name, major, minor, memory>>20, cu.Version()/1000, cu.Version()%1000/10), nil
}

// count loads the driver and counts its GPUs.
func count() (int, error) {
	if err := lazy.Load(); err != nil {
		return 0, err
	}
	if v := cu.Version(); v < minDriver {
		return 0, fmt.Errorf("cuda: the driver (%s) is for CUDA %d.%d, expected %d.%d or later",
			lazy.Path(), v/1000, v%1000/10, minDriver/1000, minDriver%1000/10)
	}
	n, err := cu.NumDevices()
	if err != nil {
		return 0, fmt.Errorf("cuda: the driver (%s) cannot count its GPUs: %w", lazy.Path(), err)
	}
	if n == 0 {
		return 0, fmt.Errorf("cuda: the driver (%s) shows no GPU", lazy.Path())
	}
	return n, nil
}

// Open returns a GPU. The name is cuda[:index], such as "cuda" or "cuda:1".
func Open(name string) (kernels.Device, error) {
	index, err := parse(name)
	if err != nil {
		return nil, err
	}
	n, err := count()
	if err != nil {
		return nil, err
	}
	if index >= n {
		return nil, fmt.Errorf("cuda:%d does not exist; there are cuda:0 to cuda:%d", index, n-1)
	}
	d := &device{
		index: index, modules: map[string]cu.Module{}, functions: map[string]cu.Function{},
	}
	if d.entries, err = entries(); err != nil {
		return nil, err
	}
	gpu, err := cu.GetDevice(index)
	if err != nil {
		return nil, d.wrap("open", err)
	}
	major, minor, err := gpu.ComputeCapability()
	if err != nil {
		return nil, d.wrap("compute capability", err)
	}
	if d.capability = major*10 + minor; d.capability < minCapability {
		return nil, fmt.Errorf("%s has compute capability %d.%d, expected %d.%d or higher", d.Name(), major, minor, minCapability/10, minCapability%10)
	}
	if d.units, err = gpu.Attribute(cu.MultiprocessorCount); err != nil {
		return nil, d.wrap("multiprocessors", err)
	}
	if d.context, err = gpu.RetainPrimaryCtx(); err != nil {
		return nil, d.wrap("context", err)
	}
	return d, nil
}

func (d *device) Name() string { return fmt.Sprintf("cuda:%d", d.index) }

func (d *device) planner(precision string) planner {
	return planner{arithmetic(precision), d.tile, d.units}
}

func (d *device) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", d.Name(), doing, err)
}

// do runs f on an OS thread where the device's context is current: the driver
// keeps the current context per thread, and goroutines change threads.
func (d *device) do(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(d.context); err != nil {
		return d.wrap("set context", err)
	}
	return f()
}

// function returns a kernel; its module is compiled for the GPU on first use.
func (d *device) function(name string) (cu.Function, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if f, ok := d.functions[name]; ok {
		return f, nil
	}
	e, ok := d.entries[name]
	if !ok {
		return cu.Function{}, fmt.Errorf("%s: no PTX has a kernel %s", d.Name(), name)
	}
	module, ok := d.modules[e.file]
	if !ok {
		text, err := ptx.ReadFile(e.file)
		if err != nil {
			return cu.Function{}, err
		}
		if module, err = cu.LoadData(string(text)); err != nil {
			return cu.Function{}, d.wrap("compile "+e.file, err)
		}
		d.modules[e.file] = module
	}
	f, err := module.Function(name)
	if err != nil {
		return cu.Function{}, d.wrap("kernel "+name, err)
	}
	d.functions[name] = f
	return f, nil
}

// Close frees the kernels and the context. Sessions must be closed before.
func (d *device) Close() error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	err := d.do(func() error {
		for file, m := range d.modules {
			if err := m.Unload(); err != nil {
				return d.wrap("unload "+file, err)
			}
		}
		return nil
	})
	if e := cu.Device(d.index).ReleasePrimaryCtx(); err == nil {
		err = d.wrap("release context", e)
	}
	return err
}
