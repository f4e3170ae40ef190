package main

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model/modeltest"
	"aecsad/kernels"
	"aecsad/kernels/cpu"
)

// trap panics where the library reaches the step that it is set to.
type trap struct{ step atomic.Value }

func newTrap() *trap {
	t := &trap{}
	t.set("")
	return t
}

func (t *trap) set(step string) { t.step.Store(step) }

func (t *trap) reached(step string) {
	if t.step.Load() == step {
		panic(step + " on purpose")
	}
}

// trapped is the processor with a trap in it.
type trapped struct {
	kernels.Device
	*trap
}

func (d trapped) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	d.reached("load")
	s, err := d.Device.Load(p, o)
	if err != nil {
		return nil, err
	}
	return trappedSession{s, d.trap}, nil
}

type trappedSession struct {
	kernels.Session
	*trap
}

func (s trappedSession) Write(to kernels.Slot, v []float32) error {
	s.reached("write")
	return s.Session.Write(to, v)
}

// Lend is called on the goroutines that read weights.
func (s trappedSession) Lend(to kernels.Slot) []float32 {
	s.reached("lend")
	return s.Session.(kernels.Lender).Lend(to)
}

func (s trappedSession) Read(from kernels.Slot, v []float32) error {
	s.reached("read")
	return s.Session.Read(from, v)
}

func (s trappedSession) Setup() error {
	s.reached("setup")
	return s.Session.Setup()
}

func (s trappedSession) Run() error {
	s.reached("run")
	return s.Session.Run()
}

func (s trappedSession) Close() error {
	s.reached("close")
	return s.Session.Close()
}

// The statuses that these tests expect; C's names do not exist in tests.
const ok, internal = 0, 13

// openTrapped opens a detector as the border does.
func openTrapped(t *testing.T, trap *trap) (h _Ctype_uintptr_t, status int, message string) {
	device, err := cpu.Open()
	require.NoError(t, err)
	e := newError()
	status = int(guard(e, func() error {
		return open(nil, &h, "a test", func(detect.Options) (*detect.Detector, error) {
			return detect.NewOn(trapped{device, trap}, modeltest.Tiny(1), detect.Options{Threads: 1, Sessions: 2})
		})
	}))
	return h, status, text(e)
}

func newError() *_Ctype_aecsad_error {
	e := &_Ctype_aecsad_error{}
	e.struct_size = _Ctype_uint32_t(unsafe.Sizeof(*e))
	return e
}

func text(e *_Ctype_aecsad_error) string {
	var b []byte
	for _, c := range e.message {
		if c == 0 {
			break
		}
		b = append(b, byte(c))
	}
	return string(b)
}

// picture is an image of the caller's, 8 x 8.
func picture() *_Ctype_aecsad_image {
	im := &_Ctype_aecsad_image{}
	im.struct_size, im.format = _Ctype_uint32_t(unsafe.Sizeof(*im)), 1
	im.width, im.height, im.stride = 8, 8, 24
	im.data = unsafe.Pointer(unsafe.SliceData(modeltest.Pixels(1, 8, 8)))
	return im
}

func TestPanicWhileLoadingIsAnError(t *testing.T) {
	trap := newTrap()
	for _, step := range []string{"load", "lend", "write", "setup"} {
		trap.set(step)
		h, status, message := openTrapped(t, trap)
		assert.Equal(t, internal, status, step)
		assert.Equal(t, "internal error: "+step+" on purpose", message)
		assert.Zero(t, h)
	}
	trap.set("")
	h, status, _ := openTrapped(t, trap)
	assert.Equal(t, ok, status)
	assert.EqualValues(t, ok, border_free_detector(h))
}

// An inspection that panics gives its session back: more of them than there are
// sessions fail, and then the detector works on.
func TestPanicWhileInspectingIsAnError(t *testing.T) {
	trap := newTrap()
	h, status, _ := openTrapped(t, trap)
	require.Equal(t, ok, status)
	im := picture()
	for _, step := range []string{"write", "run", "read", "run", "read"} {
		trap.set(step)
		var r _Ctype_uintptr_t
		e := newError()
		assert.EqualValues(t, internal, border_inspect(h, im, &r, e), step)
		assert.Equal(t, "internal error: "+step+" on purpose", text(e))
		assert.Zero(t, r)

		images, results := []*_Ctype_aecsad_image{im, im, im, im}, make([]_Ctype_uintptr_t, 4)
		assert.EqualValues(t, internal, border_inspect_batch(h, &images[0], 4, &results[0], e), step)
		assert.Equal(t, "image 0: internal error: "+step+" on purpose", text(e))
		assert.Equal(t, make([]_Ctype_uintptr_t, 4), results)
	}
	trap.set("")
	var r _Ctype_uintptr_t
	assert.EqualValues(t, ok, border_inspect(h, im, &r, nil))
	assert.EqualValues(t, ok, border_free_result(r))
	trap.set("close")
	assert.EqualValues(t, internal, border_free_detector(h))
	assert.EqualValues(t, 4, border_free_detector(h), "the handle is gone all the same")
}
