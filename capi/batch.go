package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"sync/atomic"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/task"
)

// maxBatch bounds a batch, so that no length overflows.
const maxBatch = 1 << 20

// inspectBatch inspects images in parallel, as far as there are sessions, and
// fills out when all of them went well.
func inspectBatch(d *detect.Detector, images []*C.aecsad_image, out []C.uintptr_t) error {
	all := make([]image.Pixels, len(images))
	for i, im := range images {
		p, err := pixels(im)
		if err != nil {
			return numbered(i, err)
		}
		all[i] = p
	}
	verdicts, errs := make([]*detect.Verdict, len(all)), make([]error, len(all))
	var next atomic.Int64
	var workers []*task.Task
	for range min(d.Info().Sessions, len(all)) {
		workers = append(workers, task.Start(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				verdicts[i], errs[i] = inspect(d, all[i])
			}
		}))
	}
	for _, w := range workers {
		w.Wait()
	}
	for i, err := range errs {
		if err != nil {
			return numbered(i, err)
		}
	}
	for i, v := range verdicts {
		out[i] = C.uintptr_t(handles.add(newResult(v, all[i].Width, all[i].Height)))
	}
	return nil
}

// inspect inspects on a goroutine of ours, where a panic is that image's error.
func inspect(d *detect.Detector, p image.Pixels) (v *detect.Verdict, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, panicked(r)
		}
	}()
	v, err = d.Inspect(p)
	return v, as(C.AECSAD_ERR_INTERNAL, err)
}

// numbered says which image of a batch an error is about.
func numbered(i int, err error) error {
	f := as(C.AECSAD_ERR_INTERNAL, err).(*failure)
	return fail(f.code, "image %d: %s", i, f.text)
}
