// Products in bf16 with the instruction of AVX-512 BF16. A cell is two input channels in
// bf16 (lines.h) and stands where a float would; sums are float32.

// bf16_dot adds to each lane of s the products of two cells.
AE_INLINE ae_v AE(bf16_dot)(ae_v s, ae_vi x, ae_vi w) {
#ifndef AE_PORTABLE
	__asm__("vdpbf16ps %2, %1, %0" : "+v"(s) : "v"(x), "v"(w));
	return s;
#else
	const int32_t high = (int32_t)0xffff0000;
	s = ae_fma((ae_v)(x << 16), (ae_v)(w << 16), s);
	return ae_fma((ae_v)(x & high), (ae_v)(w & high), s);
#endif
}

// bf16_micro multiplies a panel of weights, stored [k][mr], by k rows of nv vectors
// of cells.
AE_INLINE void AE(bf16_micro)(const int mr, const int nv, int64_t k, const float *a, const float *b, const ae_tile *t) {
	ae_v s[AE_MR][AE_NV];
	AE(tile_prefetch)(mr, nv, t);
	AE_EACH(mr, nv, s[i][v] = (ae_v){0})
	for (; k > 0; k--, a += mr, b += nv * AE_W) {
		ae_vi row[AE_NV];
		__builtin_prefetch(a + AE_AHEAD);
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			row[v] = AE(load_cells)(b + v * AE_W);
#pragma GCC unroll 8
		for (int i = 0; i < mr; i++) {
			const ae_vi x = AE(cell_set)(a + i);
#pragma GCC unroll 3
			for (int v = 0; v < nv; v++)
				s[i][v] = AE(bf16_dot)(s[i][v], row[v], x);
		}
	}
	if (t->cols == nv * AE_W)
		AE(tile_store)(mr, nv, t, s, 1);
	else
		AE(tile_store)(mr, nv, t, s, 0);
}

#define AE_BF16_MICRO(mr, nv)                                                                                                  \
	static __attribute__((noinline)) void AE(bf16_##mr##_##nv)(int64_t k, const float *a, const float *b, const ae_tile *t) { \
		AE(bf16_micro)(mr, nv, k, a, b, t);                                                                                    \
	}
AE_BF16_MICRO(4, 1)
AE_BF16_MICRO(4, 2)
AE_BF16_MICRO(4, 3)
AE_BF16_MICRO(8, 1)
AE_BF16_MICRO(8, 2)
AE_BF16_MICRO(8, 3)

typedef void AE(bf16_instance)(int64_t k, const float *a, const float *b, const ae_tile *t);

// bf16_tile picks the instance for k rows of cells.
static void AE(bf16_tile)(int64_t mr, int64_t nv, int64_t k, const float *a, const float *b, const ae_tile *t) {
	static AE(bf16_instance) *const instances[2][3] = {
		{AE(bf16_4_1), AE(bf16_4_2), AE(bf16_4_3)},
		{AE(bf16_8_1), AE(bf16_8_2), AE(bf16_8_3)},
	};
	instances[mr == 8][nv - 1](k, a, b, t);
}
