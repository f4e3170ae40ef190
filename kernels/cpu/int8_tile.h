// Products in int8 for convolutions that ask for it. A cell is the bytes of four
// input channels: activations from 0 to AE_INT8_MOST, weights from -AE_INT8_WEIGHT
// to AE_INT8_WEIGHT, which seven bits hold, so that two products add up in 16 bits
// and the sums of all ISAs are the same integers. Cells stand where floats would.

#define AE_INT8_MOST 255.f
#define AE_INT8_WEIGHT 63.f

typedef int32_t ae_viu __attribute__((vector_size(4 * AE_W), aligned(4), may_alias)); // in memory, any address

AE_INLINE ae_vi AE(load_cells)(const float *p) { return *(const ae_viu *)(const void *)p; }
AE_INLINE ae_vi AE(cell_set)(const float *p) {
	int32_t cell;
	memcpy(&cell, p, sizeof cell);
	return cell - (ae_vi){0};
}
AE_INLINE void AE(store_cells)(float *p, ae_vi v) { *(ae_viu *)(void *)p = v; }

// int8_quantised is the nearest multiple of 1/step, at most AE_INT8_MOST of them.
AE_INLINE ae_vi AE(int8_quantised)(ae_v x, float step) {
	ae_v v = ae_relu(ae_fma(x, ae_set(step), ae_set(0.5f)));
	const ae_vi most = v < AE_INT8_MOST;
	v = (ae_v)(((ae_vi)v & most) | ((ae_vi)ae_set(AE_INT8_MOST) & ~most));
	return __builtin_convertvector(v, ae_vi);
}

// int8_dot adds to each lane of s the product of two cells. vnni asks for the
// instruction of AVX-512 VNNI.
AE_INLINE ae_vi AE(int8_dot)(ae_vi s, ae_vi activations, ae_vi weights, const int vnni) {
#if AE_W == 16 && !defined AE_PORTABLE
	if (vnni) {
		__asm__("vpdpbusd %2, %1, %0" : "+v"(s) : "v"(activations), "v"(weights));
		return s;
	}
	const __m512i pairs = _mm512_maddubs_epi16((__m512i)activations, (__m512i)weights);
	return s + (ae_vi)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
#elif AE_W == 8 && !defined AE_PORTABLE
	(void)vnni;
	const __m256i pairs = _mm256_maddubs_epi16((__m256i)activations, (__m256i)weights);
	return s + (ae_vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#else
	(void)vnni;
	for (int i = 0; i < 4; i++)
		s += (activations >> 8 * i & 255) * (weights << (24 - 8 * i) >> 24);
	return s;
#endif
}

// int8_hold stores sums that are not complete, or adds them to those that are there.
AE_INLINE void AE(int8_hold)(const int mr, const int nv, const ae_tile *t, ae_vi s[AE_MR][AE_NV]) {
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++) {
		if (i >= t->rows)
			break;
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++) {
			float *to = t->c + i * t->ld + v * AE_W;
			AE(store_cells)(to, t->add ? s[i][v] + AE(load_cells)(to) : s[i][v]);
		}
	}
}

// int8_store makes outputs of complete sums.
AE_INLINE void AE(int8_store)(const int mr, const int nv, const ae_tile *t, ae_vi s[AE_MR][AE_NV], const float *scale) {
	ae_v y[AE_MR][AE_NV];
	ae_tile rest = *t; // residual and relu
	rest.bias = NULL;
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++) {
		const ae_v factor = ae_set(scale[i]), bias = ae_set(t->bias != NULL && i < t->rows ? t->bias[i] : 0);
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			y[i][v] = ae_fma(__builtin_convertvector(s[i][v], ae_v), factor, bias);
	}
	if (t->cols == nv * AE_W)
		AE(tile_store)(mr, nv, &rest, y, 1);
	else
		AE(tile_store)(mr, nv, &rest, y, 0);
}

// int8_micro multiplies a panel of weights, stored [k][mr], by k rows of nv vectors
// of cells.
AE_INLINE void AE(int8_micro)(const int mr, const int nv, int64_t k, const float *a, const float *b, const float *scale, const ae_tile *t, const int vnni) {
	ae_vi s[AE_MR][AE_NV];
	AE(tile_prefetch)(mr, nv, t);
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++)
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			s[i][v] = (ae_vi){0};
	for (; k > 0; k--, a += mr, b += nv * AE_W) {
		__builtin_prefetch(a + AE_AHEAD);
#pragma GCC unroll 8
		for (int i = 0; i < mr; i++) {
			const ae_vi x = AE(cell_set)(a + i);
#pragma GCC unroll 3
			for (int v = 0; v < nv; v++)
				s[i][v] = AE(int8_dot)(s[i][v], AE(load_cells)(b + v * AE_W), x, vnni);
		}
	}
	if (scale != NULL)
		AE(int8_store)(mr, nv, t, s, scale);
	else
		AE(int8_hold)(mr, nv, t, s);
}

// int8_tile picks the instance for k rows of cells. With factors of the rows the
// sums are complete and become floats; without, t->c holds integers.
#if AE_W == 16 && !defined AE_PORTABLE
#define AE_INT8_INSTANCE(mr, nv)                                            \
	if (ae_has_vnni())                                                      \
		AE(int8_micro)(mr, nv, k, a, b, scale, t, 1);                       \
	else                                                                    \
		AE(int8_micro)(mr, nv, k, a, b, scale, t, 0);
#else
#define AE_INT8_INSTANCE(mr, nv) AE(int8_micro)(mr, nv, k, a, b, scale, t, 0);
#endif
#define AE_INT8(mr, nv)                                                                                     \
	static __attribute__((noinline)) void AE(int8_##mr##_##nv)(int64_t k, const float *a, const float *b,   \
	                                                           const float *scale, const ae_tile *t) {      \
		AE_INT8_INSTANCE(mr, nv)                                                                            \
	}
AE_INT8(4, 1)
AE_INT8(4, 2)
#if AE_NV == 3
AE_INT8(4, 3)
#endif
#if AE_MR == 8
AE_INT8(8, 1)
AE_INT8(8, 2)
AE_INT8(8, 3)
#endif

typedef void AE(int8_instance)(int64_t k, const float *a, const float *b, const float *scale, const ae_tile *t);

static void AE(int8_tile)(int64_t mr, int64_t nv, int64_t k, const float *a, const float *b, const float *scale, const ae_tile *t) {
	static AE(int8_instance) *const instances[2][3] = {
		{AE(int8_4_1), AE(int8_4_2),
#if AE_NV == 3
		 AE(int8_4_3)
#endif
		},
#if AE_MR == 8
		{AE(int8_8_1), AE(int8_8_2), AE(int8_8_3)},
#endif
	};
	instances[mr == 8][nv - 1](k, a, b, scale, t);
}

// int8_finish makes n outputs of complete sums.
static void AE(int8_finish)(const float *sums, int64_t n, float scale, float bias, const float *residual, int relu, float *y) {
	for (int64_t i = 0; i < n; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, n - i);
		ae_v v = ae_fma(__builtin_convertvector(AE(load_cells)(sums + i), ae_v), ae_set(scale), ae_set(bias));
		if (residual != NULL)
			v += ae_load_part(residual + i, 0, lanes);
		ae_store_part(y + i, relu ? ae_relu(v) : v, 0, lanes);
	}
}

// int8_weights makes a cell of up to `channels` weights, w_in floats apart: the
// nearest multiples of 1/step.
AE_INLINE void AE(int8_weights)(float *to, const float *w, int64_t w_in, int64_t channels, float step) {
	int8_t cell[4] = {0};
	for (int64_t i = 0; i < AE_MIN(channels, 4); i++)
		cell[i] = (int8_t)lrintf(w[i * w_in] * step);
	memcpy(to, cell, sizeof cell);
}
