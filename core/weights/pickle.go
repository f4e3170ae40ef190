package weights

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Limits of a pickle, checked before anything is set aside. The one of a full
// WideResNet has some 10,000 instructions and 50 kB.
const (
	maxPickle       = 16 << 20 // bytes
	maxInstructions = 1 << 20
)

// unpickler is the part of Python's pickle machine that data needs: a stack, its
// marks and a memo. What would run code is not there: a global must be one of a
// few names that find knows, and is called through the function given for it.
//
// Values are nil, bool, int64, *big.Int, float64, string, []byte, tuple, *list,
// *dict, and whatever find and load return.
type unpickler struct {
	r     *bufio.Reader
	left  int64 // bytes that may still be read
	read  int64 // bytes read
	stack []any
	marks []int // heights of the stack
	memo  map[int64]any
	// find is the value of a global, load that of a persistent id.
	find func(module, name string) (any, error)
	load func(id any) (any, error)
}

type (
	tuple []any
	list  struct{ items []any }
	// dict keeps its keys in order; keys are nil, bool, int64, float64 or string.
	dict struct {
		keys   []any
		values map[any]any
	}
	// callable is a global that a pickle may call.
	callable func(args tuple) (any, error)
)

func newDict() *dict { return &dict{values: map[any]any{}} }

func (d *dict) set(key, value any) error {
	switch key.(type) {
	case nil, bool, int64, float64, string:
	default:
		return fmt.Errorf("a %T as the key of a dict", key)
	}
	if _, known := d.values[key]; !known {
		d.keys = append(d.keys, key)
	}
	d.values[key] = value
	return nil
}

// next reads one pickled value, up to and with its STOP instruction.
func (u *unpickler) next() (any, error) {
	u.stack, u.marks, u.memo = nil, nil, map[int64]any{}
	for range maxInstructions {
		at := u.read
		op, err := u.byte()
		if err != nil {
			return nil, fmt.Errorf("pickle ends at byte %d before its STOP: %w", at, err)
		}
		if op == '.' {
			if len(u.marks) > 0 || len(u.stack) != 1 {
				return nil, fmt.Errorf("pickle stops at byte %d with %d values, expected 1", at, len(u.stack))
			}
			return u.pop()
		}
		run := instructions[op]
		if run == nil {
			return nil, fmt.Errorf("pickle instruction 0x%02x at byte %d is not one that plain data needs", op, at)
		}
		if err := run(u); err != nil {
			return nil, fmt.Errorf("pickle instruction 0x%02x at byte %d: %w", op, at, err)
		}
	}
	return nil, fmt.Errorf("pickle has more than %d instructions", maxInstructions)
}

var errEnd = fmt.Errorf("%w, or a pickle of more than %d bytes", io.ErrUnexpectedEOF, maxPickle)

func (u *unpickler) byte() (byte, error) {
	if u.left < 1 {
		return 0, errEnd
	}
	b, err := u.r.ReadByte()
	if err != nil {
		return 0, errEnd
	}
	u.left--
	u.read++
	return b, nil
}

// bytes reads n bytes; n is whatever the file says.
func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if n > uint64(max(u.left, 0)) {
		return nil, errEnd
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(u.r, b); err != nil {
		return nil, errEnd
	}
	u.left -= int64(n)
	u.read += int64(n)
	return b, nil
}

// line reads up to a newline, which is dropped.
func (u *unpickler) line() (string, error) {
	var b []byte
	for {
		c, err := u.byte()
		if err != nil || c == '\n' {
			return string(b), err
		}
		b = append(b, c)
	}
}

// little reads an unsigned little-endian integer of n bytes, at most 8.
func (u *unpickler) little(n uint64) (uint64, error) {
	b, err := u.bytes(n)
	v := uint64(0)
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v, err
}

func (u *unpickler) push(v any) error {
	u.stack = append(u.stack, v)
	return nil
}

// floor is the height of the stack that an instruction may take values from.
func (u *unpickler) floor() int {
	if n := len(u.marks); n > 0 {
		return u.marks[n-1]
	}
	return 0
}

func (u *unpickler) pop() (any, error) {
	v, err := u.top()
	if err == nil {
		u.stack = u.stack[:len(u.stack)-1]
	}
	return v, err
}

func (u *unpickler) top() (any, error) {
	if len(u.stack) <= u.floor() {
		return nil, errors.New("the stack is empty")
	}
	return u.stack[len(u.stack)-1], nil
}

// popMark takes everything above the last mark, and the mark.
func (u *unpickler) popMark() (tuple, error) {
	if len(u.marks) == 0 {
		return nil, errors.New("there is no mark on the stack")
	}
	at := u.floor()
	items := append(tuple{}, u.stack[at:]...)
	u.stack, u.marks = u.stack[:at], u.marks[:len(u.marks)-1]
	return items, nil
}

// popN takes the n topmost values.
func (u *unpickler) popN(n int) (tuple, error) {
	if len(u.stack)-u.floor() < n {
		return nil, fmt.Errorf("wants %d values, the stack has %d", n, len(u.stack)-u.floor())
	}
	at := len(u.stack) - n
	items := append(tuple{}, u.stack[at:]...)
	u.stack = u.stack[:at]
	return items, nil
}
