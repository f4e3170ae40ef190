package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"aecsad/core/detect"
	"aecsad/core/stats"
)

// failure is an error with the status that C gets.
type failure struct {
	code C.aecsad_status
	text string
}

func (f *failure) Error() string { return f.text }

func fail(code C.aecsad_status, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

func isNull(parameter string) error { return fail(C.AECSAD_ERR_NULL, "%s is NULL", parameter) }

// as gives an error of the core its status.
func as(code C.aecsad_status, err error) error {
	var (
		own    *failure
		file   *fs.PathError
		device *detect.DeviceError
		few    *stats.TooFewError
		choice *detect.ProductError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case errors.Is(err, detect.ErrClosed):
		code = C.AECSAD_ERR_HANDLE
	case errors.As(err, &file):
		code = C.AECSAD_ERR_FILE
	case errors.Is(err, detect.ErrNoMemory):
		code = C.AECSAD_ERR_NOMEM
	case errors.As(err, &device):
		code = C.AECSAD_ERR_DEVICE
	case errors.As(err, &few):
		code = C.AECSAD_ERR_TOO_FEW
	case errors.As(err, &choice):
		code = C.AECSAD_ERR_ARGUMENT
	}
	return &failure{code, err.Error()}
}

// guard runs the body of an export and reports how it ended. A panic becomes an
// error, and so does a fault while the caller's memory is touched, where the
// system tells.
func guard(e *C.aecsad_error, body func() error) (status C.aecsad_status) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	writable := false
	defer func() {
		if r := recover(); r != nil {
			if !writable {
				e = nil
			}
			status = report(e, panicked(r))
		}
	}()
	if e != nil {
		if err := sized(e, "error"); err != nil {
			return C.AECSAD_ERR_STRUCT_SIZE
		}
		report(e, nil)
		writable = true
	}
	return report(e, body())
}

// report writes an error where C reads it.
func report(e *C.aecsad_error, err error) C.aecsad_status {
	code, text := C.aecsad_status(C.AECSAD_OK), ""
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = &failure{C.AECSAD_ERR_INTERNAL, err.Error()}
		}
		code, text = f.code, f.text
	}
	if e != nil {
		e.code = code
		setString(e.message[:], text)
	}
	return code
}

// panicked is the error of a recovered panic. A fault on an address is the
// caller's; anything else is ours and goes to the log with its stack.
func panicked(r any) error {
	if fault, ok := r.(interface{ Addr() uintptr }); ok {
		return fail(C.AECSAD_ERR_FAULT, "memory at address %#x cannot be read or written", fault.Addr())
	}
	if err, ok := r.(*failure); ok {
		return err
	}
	logf(C.AECSAD_LOG_ERROR, "panic: %v\n%s", r, debug.Stack())
	return fail(C.AECSAD_ERR_INTERNAL, "internal error: %v", r)
}

// setString copies text into a C string, cut at a character to fit. What is not
// UTF-8, such as the path of a file may have, becomes a question mark.
func setString(to []C.char, text string) {
	text = strings.ToValidUTF8(text, "?")
	n := min(len(text), len(to)-1)
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	for i := range n {
		to[i] = C.char(text[i])
	}
	to[n] = 0
}
