//go:build cuda

package lazy

// #include "../compat/cuda.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Error is a CUresult of a function below.
type Error struct {
	Function string
	Code     int
}

func (e Error) Error() string { return fmt.Sprintf("%s: CUDA error %d", e.Function, e.Code) }

func check(function string, r C.CUresult) error {
	if r == C.CUDA_SUCCESS {
		return nil
	}
	return Error{function, int(r)}
}

// Stream is the handle of a cu.Stream: unsafe.Pointer(stream.C()).
type Stream unsafe.Pointer

// HostAlloc takes n bytes of pinned memory, which the device copies from and to
// directly. cu.MemFreeHost frees it.
func HostAlloc(n int) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	err := check("cuMemHostAlloc", C.cuMemHostAlloc(&p, C.size_t(n), C.CU_MEMHOSTALLOC_PORTABLE))
	return p, err
}

// Graph is a recorded sequence of work, ready to launch.
type Graph struct{ exec C.CUgraphExec }

// Record runs submit, whose work on the stream is recorded instead of done.
func Record(s Stream, submit func() error) (*Graph, error) {
	// Thread-local: other threads may allocate memory meanwhile.
	if err := check("cuStreamBeginCapture", C.cuStreamBeginCapture(C.CUstream(s), C.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)); err != nil {
		return nil, err
	}
	failed := submit()
	var graph C.CUgraph
	err := check("cuStreamEndCapture", C.cuStreamEndCapture(C.CUstream(s), &graph))
	if failed != nil {
		err = failed
	}
	if graph != nil {
		defer C.cuGraphDestroy(graph)
	}
	if err != nil {
		return nil, err
	}
	g := &Graph{}
	err = check("cuGraphInstantiate", C.cuGraphInstantiate(&g.exec, graph, nil, nil, 0))
	return g, err
}

// Launch queues the recorded work.
func (g *Graph) Launch(s Stream) error {
	return check("cuGraphLaunch", C.cuGraphLaunch(g.exec, C.CUstream(s)))
}

// Close frees the recording.
func (g *Graph) Close() error { return check("cuGraphExecDestroy", C.cuGraphExecDestroy(g.exec)) }
