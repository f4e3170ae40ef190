package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"math"
	"unsafe"

	"aecsad/core/detect"
)

// open reads the options, opens a detector and puts its handle into out. source
// is for the log.
func open(o *C.aecsad_options, out *C.uintptr_t, source string, with func(detect.Options) (*detect.Detector, error)) error {
	options, err := readOptions(o)
	if err != nil {
		return err
	}
	d, err := with(options)
	if err != nil {
		return as(C.AECSAD_ERR_MODEL, err)
	}
	i := d.Info()
	if i.Fallback != "" {
		logf(C.AECSAD_LOG_INFO, "the device is the processor: %s", i.Fallback)
	}
	if m := i.Mismatch(); m != "" {
		logf(C.AECSAD_LOG_WARNING, "detector of %s: %s; the option precision chooses", i.Category, m)
	}
	logf(C.AECSAD_LOG_INFO, "detector of %s opened from %s: profile %s on %s, %d threads, %d sessions, %d MiB",
		i.Category, source, i.Profile, i.Device, i.Threads, i.Sessions, i.Memory>>20)
	*out = C.uintptr_t(handles.add(d))
	return nil
}

func readOptions(p *C.aecsad_options) (o detect.Options, err error) {
	if p == nil {
		return o, nil
	}
	c, err := take(p, "options", optionsOf1)
	if err != nil {
		return o, err
	}
	o = detect.Options{
		Threads: int(c.threads), Sessions: int(c.sessions),
		MemoryLimit: int64(min(uint64(c.memory_limit), math.MaxInt64)),
	}
	if c.device != nil {
		o.Device = C.GoString(c.device)
	}
	if c.precision != nil {
		o.Precision = C.GoString(c.precision)
	}
	if c.product != nil {
		o.Product = C.GoString(c.product)
	}
	switch {
	case o.Threads < 0 || o.Threads > detect.MaxThreads:
		err = fail(C.AECSAD_ERR_ARGUMENT, "options->threads is %d; expected 0 (all cores) to %d", o.Threads, detect.MaxThreads)
	case o.Sessions < 0 || o.Sessions > detect.MaxSessions:
		err = fail(C.AECSAD_ERR_ARGUMENT, "options->sessions is %d; expected 0 (one) to %d", o.Sessions, detect.MaxSessions)
	case c.reserved != 0:
		err = fail(C.AECSAD_ERR_ARGUMENT, "options->reserved is %d; expected 0", c.reserved)
	}
	return o, err
}

func describe(i detect.Info, out *C.aecsad_info) error {
	if err := sized(out, "info", infoOf1); err != nil {
		return err
	}
	c := C.aecsad_info{
		side: C.int32_t(i.Side), map_side: C.int32_t(i.MapSide), components: C.int32_t(len(i.Components)),
		threshold: C.double(i.Threshold), false_alarm_rate: C.double(i.FalseAlarmRate),
		validation_images: C.int32_t(i.Validation), parameters: C.int64_t(i.Parameters),
		threads: C.int32_t(i.Threads), sessions: C.int32_t(i.Sessions), seed: C.uint32_t(i.Seed),
		memory: C.uint64_t(i.Memory),
	}
	if i.Extrapolated {
		c.extrapolated = 1
	}
	setString(c.device[:], i.Device)
	setString(c.precision[:], i.Precision)
	setString(c.profile[:], i.Profile)
	setString(c.category[:], i.Category)
	setString(c.tool_version[:], i.ToolVersion)
	setString(c.dataset_digest[:], i.DatasetDigest)
	give(out, c)
	return nil
}

func componentName(names []string, component int, out *C.char, size uint64) error {
	if component < 1 || component > len(names) {
		return fail(C.AECSAD_ERR_ARGUMENT, "component is %d; expected 1 to %d", component, len(names))
	}
	name := names[component-1]
	if need := uint64(len(name)) + 1; size < need {
		return fail(C.AECSAD_ERR_BUFFER, "name has room for %d bytes; the name of component %d takes %d", size, component, need)
	}
	if out == nil {
		return isNull("name")
	}
	setString(unsafe.Slice(out, len(name)+1), name)
	return nil
}

func setThreshold(d *detect.Detector, threshold float64) error {
	if err := d.SetThreshold(threshold); err != nil {
		return as(C.AECSAD_ERR_ARGUMENT, err)
	}
	logf(C.AECSAD_LOG_INFO, "detector of %s: threshold set to %v", d.Info().Category, threshold)
	return nil
}

func setRate(d *detect.Detector, rate float64, extrapolate bool) error {
	if err := d.SetFalseAlarmRate(rate, extrapolate); err != nil {
		return as(C.AECSAD_ERR_ARGUMENT, err)
	}
	i := d.Info()
	if i.Extrapolated {
		logf(C.AECSAD_LOG_WARNING, "detector of %s: the threshold %v for a false-alarm rate of %v is extrapolated from %d validation images",
			i.Category, i.Threshold, rate, i.Validation)
		return nil
	}
	logf(C.AECSAD_LOG_INFO, "detector of %s: threshold set to %v for a false-alarm rate of %v", i.Category, i.Threshold, rate)
	return nil
}
