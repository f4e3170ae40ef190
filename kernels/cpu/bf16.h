// Numbers in bf16: eight bits of a float32's exponent and eight of its fraction.

// bf16 is the upper half of a float32, rounded to the nearest, ties to even. It
// stands in the upper half of the lanes here; what is below is undefined.
AE_INLINE ae_vi AE(bf16)(ae_v x) {
	const ae_vi bits = (ae_vi)x, nan = x != x;
	return ((bits + 0x7fff + (bits >> 16 & 1)) & ~nan) | ((bits | 0x400000) & nan);
}

// bf16_pair makes words of the channels a and, behind it, b.
AE_INLINE ae_vi AE(bf16_pair)(ae_v a, ae_v b) {
	typedef uint32_t words __attribute__((vector_size(4 * AE_W)));
	return (ae_vi)((words)AE(bf16)(a) >> 16) | (AE(bf16)(b) & (int32_t)0xffff0000);
}
