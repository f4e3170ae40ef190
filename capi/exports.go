package main

/*
#cgo CFLAGS: -O2 -Wall -Wextra
#cgo LDFLAGS: -lm
#include "aecsad.h"
*/
import "C"

import (
	"runtime/debug"
	"unsafe"

	"aecsad/core/detect"
)

// The exports below are what shield.c calls, one per function of aecsad.h that
// needs Go. Handles come as numbers, see handle.go.

//export border_version
func border_version() *C.char { return C.CString(version) }

//export border_set_log
func border_set_log(log C.aecsad_log_fn, user unsafe.Pointer, level C.int32_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error { return setLog(log, user, level) })
}

//export border_open
func border_open(path *C.char, o *C.aecsad_options, out *C.uintptr_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		if out == nil {
			return isNull("detector")
		}
		*out = 0
		if path == nil {
			return isNull("path")
		}
		name := C.GoString(path)
		return open(o, out, name, func(o detect.Options) (*detect.Detector, error) { return detect.Open(name, o) })
	})
}

//export border_open_memory
func border_open_memory(data unsafe.Pointer, size C.size_t, o *C.aecsad_options, out *C.uintptr_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		if out == nil {
			return isNull("detector")
		}
		*out = 0
		if data == nil {
			return isNull("data")
		}
		const largest = 1 << 40
		if size > largest {
			return fail(C.AECSAD_ERR_ARGUMENT, "size is %d bytes; expected at most %d", size, uint64(largest))
		}
		b := unsafe.Slice((*byte)(data), int(size))
		probe(b)
		return open(o, out, "memory", func(o detect.Options) (*detect.Detector, error) { return detect.OpenBytes(b, o) })
	})
}

//export border_info
func border_info(h C.uintptr_t, out *C.aecsad_info, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		return describe(d.Info(), out)
	})
}

//export border_component
func border_component(h C.uintptr_t, component C.int32_t, name *C.char, size C.size_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		return componentName(d.Info().Components, int(component), name, uint64(size))
	})
}

//export border_set_threshold
func border_set_threshold(h C.uintptr_t, threshold C.double, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		return setThreshold(d, float64(threshold))
	})
}

//export border_set_rate
func border_set_rate(h C.uintptr_t, rate C.double, extrapolate C.int32_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		return setRate(d, float64(rate), extrapolate != 0)
	})
}

//export border_free_detector
func border_free_detector(h C.uintptr_t) C.aecsad_status {
	return guard(nil, func() error {
		d, err := remove[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		logf(C.AECSAD_LOG_INFO, "detector of %s closed", d.Info().Category)
		err = d.Close()
		d = nil
		debug.FreeOSMemory() // Go would keep the memory of the model until it needs some
		return as(C.AECSAD_ERR_INTERNAL, err)
	})
}

//export border_inspect
func border_inspect(h C.uintptr_t, im *C.aecsad_image, out *C.uintptr_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		if out == nil {
			return isNull("result")
		}
		*out = 0
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		p, err := pixels(im)
		if err != nil {
			return err
		}
		v, err := d.Inspect(p)
		if err != nil {
			return as(C.AECSAD_ERR_INTERNAL, err)
		}
		*out = C.uintptr_t(handles.add(newResult(v, p.Width, p.Height)))
		return nil
	})
}

//export border_inspect_batch
func border_inspect_batch(h C.uintptr_t, images **C.aecsad_image, count C.size_t, out *C.uintptr_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		switch {
		case count > maxBatch:
			return fail(C.AECSAD_ERR_ARGUMENT, "count is %d; expected at most %d", count, maxBatch)
		case count > 0 && out == nil:
			return isNull("results")
		}
		results := unsafe.Slice(out, int(count))
		clear(results)
		if count > 0 && images == nil {
			return isNull("images")
		}
		d, err := find[*detect.Detector](&handles, uintptr(h), "detector")
		if err != nil {
			return err
		}
		return inspectBatch(d, unsafe.Slice(images, int(count)), results)
	})
}

//export border_summary
func border_summary(h C.uintptr_t, out *C.aecsad_summary, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		r, err := find[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		return r.summary(out)
	})
}

//export border_maps
func border_maps(h C.uintptr_t, out *C.aecsad_maps, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		r, err := find[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		return r.maps(out)
	})
}

//export border_copy_map
func border_copy_map(h C.uintptr_t, which, w, height C.int32_t, out *C.float, capacity C.size_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		r, err := find[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		m, err := r.anomalyMap(which)
		if err != nil {
			return err
		}
		to, err := room((*float32)(out), int(w), int(height), uint64(capacity))
		if err != nil {
			return err
		}
		interpolate(to, int(w), int(height), m, r.MapSide)
		return nil
	})
}

//export border_copy_classes
func border_copy_classes(h C.uintptr_t, w, height C.int32_t, out *C.uint8_t, capacity C.size_t, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		r, err := find[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		to, err := room((*uint8)(out), int(w), int(height), uint64(capacity))
		if err != nil {
			return err
		}
		nearest(to, int(w), int(height), r.Classes, r.Side)
		return nil
	})
}

//export border_finding
func border_finding(h C.uintptr_t, index C.int32_t, out *C.aecsad_finding, e *C.aecsad_error) C.aecsad_status {
	return guard(e, func() error {
		r, err := find[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		return r.finding(int(index), out)
	})
}

//export border_free_result
func border_free_result(h C.uintptr_t) C.aecsad_status {
	return guard(nil, func() error {
		r, err := remove[*result](&handles, uintptr(h), "result")
		if err != nil {
			return err
		}
		r.free()
		return nil
	})
}
