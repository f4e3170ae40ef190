package weights

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// instructions of pickle protocols 0 to 5, by opcode. The names are those of
// Python's module pickletools, which defines them. Absent are the instructions
// that make objects of classes (INST, OBJ, NEWOBJ, NEWOBJ_EX), extension codes,
// sets and out-of-band buffers; REDUCE and BUILD work on what the caller's find
// allows.
var instructions [256]func(*unpickler) error

func init() {
	constants := map[byte]any{'N': nil, 0x88: true, 0x89: false}
	for op, v := range constants {
		instructions[op] = func(u *unpickler) error { return u.push(v) }
	}
	for op, size := range map[byte]uint64{'K': 1, 'M': 2} { // BININT1, BININT2
		instructions[op] = func(u *unpickler) error { return u.integer(size) }
	}
	for op, size := range map[byte]uint64{'X': 4, 0x8c: 1, 0x8d: 8, 'U': 1, 'T': 4} { // unicode and str
		instructions[op] = func(u *unpickler) error { return u.text(size) }
	}
	for op, size := range map[byte]uint64{'C': 1, 'B': 4, 0x8e: 8} { // bytes
		instructions[op] = func(u *unpickler) error { return u.binary(size) }
	}
	for op, size := range map[byte]uint64{0x8a: 1, 0x8b: 4} { // LONG1, LONG4
		instructions[op] = func(u *unpickler) error { return u.long(size) }
	}
	for op, n := range map[byte]int{')': 0, 0x85: 1, 0x86: 2, 0x87: 3} { // EMPTY_TUPLE, TUPLE1 to 3
		instructions[op] = func(u *unpickler) error { return u.tuple(n) }
	}
	for op, size := range map[byte]uint64{'q': 1, 'r': 4} { // BINPUT, LONG_BINPUT
		instructions[op] = func(u *unpickler) error { return u.put(size) }
	}
	for op, size := range map[byte]uint64{'h': 1, 'j': 4} { // BINGET, LONG_BINGET
		instructions[op] = func(u *unpickler) error { return u.get(size) }
	}
	for op, run := range map[byte]func(*unpickler) error{
		0x80: (*unpickler).protocol, 0x95: (*unpickler).frame,
		'(': (*unpickler).mark, '0': (*unpickler).drop, '1': (*unpickler).dropMark, '2': (*unpickler).dup,
		'I': (*unpickler).intLine, 'J': (*unpickler).binInt, 'L': (*unpickler).longLine,
		'F': (*unpickler).floatLine, 'G': (*unpickler).binFloat, 'V': (*unpickler).unicodeLine,
		']': (*unpickler).emptyList, 'l': (*unpickler).markList, 'a': (*unpickler).appendOne, 'e': (*unpickler).appendMark,
		'}': (*unpickler).emptyDict, 'd': (*unpickler).markDict, 's': (*unpickler).setOne, 'u': (*unpickler).setMark,
		't': (*unpickler).markTuple, 'p': (*unpickler).putLine, 'g': (*unpickler).getLine, 0x94: (*unpickler).memoize,
		'c': (*unpickler).global, 0x93: (*unpickler).stackGlobal, 'R': (*unpickler).reduce, 'b': (*unpickler).build,
		'P': (*unpickler).persistentLine, 'Q': (*unpickler).persistent,
	} {
		instructions[op] = run
	}
}

// ---- framing and the stack ----

func (u *unpickler) protocol() error {
	v, err := u.little(1)
	if err == nil && v > 5 {
		err = fmt.Errorf("protocol %d, expected at most 5", v)
	}
	return err
}

// frame says how many bytes a reader may take at once, which is of no use here.
func (u *unpickler) frame() error { _, err := u.little(8); return err }

func (u *unpickler) mark() error { u.marks = append(u.marks, len(u.stack)); return nil }

func (u *unpickler) drop() error { _, err := u.pop(); return err }

func (u *unpickler) dropMark() error { _, err := u.popMark(); return err }

func (u *unpickler) dup() error {
	v, err := u.top()
	if err != nil {
		return err
	}
	return u.push(v)
}

// ---- numbers ----

func (u *unpickler) integer(size uint64) error {
	v, err := u.little(size)
	if err != nil {
		return err
	}
	return u.push(int64(v))
}

func (u *unpickler) binInt() error {
	v, err := u.little(4)
	if err != nil {
		return err
	}
	return u.push(int64(int32(v)))
}

// intLine is a decimal number; 00 and 01 are the bools of protocol 0 and 1.
func (u *unpickler) intLine() error {
	s, err := u.line()
	if err != nil {
		return err
	}
	if s == "00" || s == "01" {
		return u.push(s == "01")
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return err
	}
	return u.push(v)
}

// maxLong bounds the digits or bytes of a long: nothing that data needs is
// longer than the ten bytes of PyTorch's magic number.
const maxLong = 64

func (u *unpickler) longLine() error {
	s, err := u.line()
	if err != nil {
		return err
	}
	s = strings.TrimSuffix(s, "L")
	v, ok := new(big.Int), false
	if len(s) <= maxLong {
		v, ok = v.SetString(s, 10)
	}
	if !ok {
		return fmt.Errorf("%.20q is not a number of at most %d digits", s, maxLong)
	}
	return u.pushBig(v)
}

// long is little-endian two's complement, its length before it.
func (u *unpickler) long(size uint64) error {
	n, err := u.little(size)
	if err != nil {
		return err
	}
	if n > maxLong {
		return fmt.Errorf("a number of %d bytes, expected at most %d", n, maxLong)
	}
	b, err := u.bytes(n)
	if err != nil {
		return err
	}
	negative := n > 0 && b[n-1] >= 0x80
	slices.Reverse(b)
	v := new(big.Int).SetBytes(b)
	if negative {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	return u.pushBig(v)
}

func (u *unpickler) pushBig(v *big.Int) error {
	if v.IsInt64() {
		return u.push(v.Int64())
	}
	return u.push(v)
}

func (u *unpickler) floatLine() error {
	s, err := u.line()
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return err
	}
	return u.push(v)
}

func (u *unpickler) binFloat() error {
	b, err := u.bytes(8)
	if err != nil {
		return err
	}
	bits := uint64(0)
	for _, c := range b { // the one big-endian number of the format
		bits = bits<<8 | uint64(c)
	}
	return u.push(math.Float64frombits(bits))
}

// ---- text ----

func (u *unpickler) text(size uint64) error {
	n, err := u.little(size)
	if err != nil {
		return err
	}
	b, err := u.bytes(n)
	if err != nil {
		return err
	}
	if !utf8.Valid(b) {
		return errors.New("text that is not UTF-8")
	}
	return u.push(string(b))
}

func (u *unpickler) binary(size uint64) error {
	n, err := u.little(size)
	if err != nil {
		return err
	}
	b, err := u.bytes(n)
	if err != nil {
		return err
	}
	return u.push(b)
}

// unicodeLine is the text of protocol 0. Its escapes are for what cannot stand in
// a line, which no name of a tensor needs.
func (u *unpickler) unicodeLine() error {
	s, err := u.line()
	if err != nil {
		return err
	}
	if strings.Contains(s, `\`) || !utf8.ValidString(s) {
		return errors.New("text with escapes")
	}
	return u.push(s)
}

// ---- containers ----

func (u *unpickler) tuple(n int) error {
	t, err := u.popN(n)
	if err != nil {
		return err
	}
	return u.push(t)
}

func (u *unpickler) markTuple() error {
	t, err := u.popMark()
	if err != nil {
		return err
	}
	return u.push(t)
}

func (u *unpickler) emptyList() error { return u.push(&list{}) }

func (u *unpickler) markList() error {
	items, err := u.popMark()
	if err != nil {
		return err
	}
	return u.push(&list{items})
}

func (u *unpickler) appendOne() error {
	items, err := u.popN(1)
	if err != nil {
		return err
	}
	return u.extend(items)
}

func (u *unpickler) appendMark() error {
	items, err := u.popMark()
	if err != nil {
		return err
	}
	return u.extend(items)
}

func (u *unpickler) extend(items tuple) error {
	v, err := u.top()
	if err != nil {
		return err
	}
	l, ok := v.(*list)
	if !ok {
		return fmt.Errorf("appends to a %T", v)
	}
	l.items = append(l.items, items...)
	return nil
}

func (u *unpickler) emptyDict() error { return u.push(newDict()) }

func (u *unpickler) markDict() error {
	items, err := u.popMark()
	if err != nil {
		return err
	}
	d := newDict()
	if err := d.fill(items); err != nil {
		return err
	}
	return u.push(d)
}

func (u *unpickler) setOne() error {
	items, err := u.popN(2)
	if err != nil {
		return err
	}
	return u.setItems(items)
}

func (u *unpickler) setMark() error {
	items, err := u.popMark()
	if err != nil {
		return err
	}
	return u.setItems(items)
}

func (u *unpickler) setItems(items tuple) error {
	v, err := u.top()
	if err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok {
		return fmt.Errorf("sets items of a %T", v)
	}
	return d.fill(items)
}

// fill takes keys and values in turn.
func (d *dict) fill(items tuple) error {
	if len(items)%2 != 0 {
		return fmt.Errorf("%d keys and values", len(items))
	}
	for i := 0; i < len(items); i += 2 {
		if err := d.set(items[i], items[i+1]); err != nil {
			return err
		}
	}
	return nil
}
