package main

/*
#include "aecsad.h"

static inline void deliver(aecsad_log_fn log, void *user, int32_t level, const char *message) {
    log(user, level, message);
}
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

// sink is where messages go. Its lock is held while the callback runs, so that
// nobody is called after setLog has returned.
var sink struct {
	sync.RWMutex
	log   C.aecsad_log_fn
	user  unsafe.Pointer
	level C.int32_t
}

func setLog(log C.aecsad_log_fn, user unsafe.Pointer, level C.int32_t) error {
	if level < C.AECSAD_LOG_ERROR || level > C.AECSAD_LOG_INFO {
		return fail(C.AECSAD_ERR_ARGUMENT, "level is %d; expected %d to %d", level, C.AECSAD_LOG_ERROR, C.AECSAD_LOG_INFO)
	}
	sink.Lock()
	defer sink.Unlock()
	sink.log, sink.user, sink.level = log, user, level
	return nil
}

func logf(level C.int32_t, format string, args ...any) {
	sink.RLock()
	defer sink.RUnlock()
	if sink.log == nil || level > sink.level {
		return
	}
	// The message is terminated Go memory, which the callback may not keep.
	text := append(fmt.Appendf(nil, format, args...), 0)
	C.deliver(sink.log, sink.user, level, (*C.char)(unsafe.Pointer(&text[0])))
}
