package modelfmt

import "math"

// pack writes values as little-endian elements of a type. It returns the index
// of the first finite value that the type cannot hold, or -1.
func pack(to []byte, values []float32, d DType) int {
	if d == F32 {
		for i, v := range values {
			le.PutUint32(to[4*i:], math.Float32bits(v))
		}
		return -1
	}
	half, infinity := bf16Bits, uint16(0x7f80)
	if d == F16 {
		half, infinity = f16Bits, 0x7c00
	}
	for i, v := range values {
		h := half(v)
		if h&0x7fff == infinity && !math.IsInf(float64(v), 0) {
			return i
		}
		le.PutUint16(to[2*i:], h)
	}
	return -1
}

// unpack is the reverse of pack and splitPlanes together: the elements come plane
// by plane.
func unpack(values []float32, planes []byte, d DType) {
	n := len(values)
	p0, p1 := planes[:n], planes[n:2*n]
	switch d {
	case F32:
		p2, p3 := planes[2*n:3*n], planes[3*n:4*n]
		for i := range values {
			values[i] = math.Float32frombits(uint32(p0[i]) | uint32(p1[i])<<8 | uint32(p2[i])<<16 | uint32(p3[i])<<24)
		}
	case F16:
		for i := range values {
			values[i] = f16Value(uint16(p0[i]) | uint16(p1[i])<<8)
		}
	case BF16:
		for i := range values {
			values[i] = math.Float32frombits(uint32(p0[i])<<16 | uint32(p1[i])<<24)
		}
	}
}

// bf16Bits rounds to the upper half of a float32, ties to even.
func bf16Bits(v float32) uint16 {
	u := math.Float32bits(v)
	if v != v {
		return uint16(u>>16) | 0x40 // quiet, so that a payload in the lower half alone stays a NaN
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// f16Bits rounds to 1 sign, 5 exponent (bias 15) and 10 fraction bits, ties to
// even.
func f16Bits(v float32) uint16 {
	u := math.Float32bits(v)
	sign, exponent, fraction := uint16(u>>16&0x8000), int(u>>23&0xff)-127, u&0x7fffff
	switch {
	case v != v:
		return sign | 0x7e00 | uint16(fraction>>13)
	case exponent > 15: // infinite, or too large for a half
		return sign | 0x7c00
	case exponent >= -14:
		// Rounding up may carry into the exponent, which is what it should do.
		h := uint32(exponent+15)<<10 | fraction>>13
		return sign | uint16(roundEven(h, fraction, 13))
	case exponent >= -25: // a subnormal half, or the smallest one by rounding
		full := fraction | 0x800000
		shift := uint(-exponent - 1) // the value is full * 2^(exponent-23), a unit 2^-24
		return sign | uint16(roundEven(full>>shift, full, shift))
	}
	return sign
}

// roundEven rounds h, which is v without its lower bits, to nearest.
func roundEven(h, v uint32, bits uint) uint32 {
	rest, tie := v&(1<<bits-1), uint32(1)<<(bits-1)
	if rest > tie || rest == tie && h&1 == 1 {
		h++
	}
	return h
}

// f16Value widens a half, exactly.
func f16Value(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0:
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
