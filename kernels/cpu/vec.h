// One vector of the ISA being compiled: AE_W floats in a GCC vector type, so
// that + - * and comparisons are plain C. Included by the unit files only, after
// AE_ISA and AE_W are set. AE_PORTABLE asks for the code without intrinsics.

#include <math.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define AE_INLINE static inline __attribute__((always_inline))
#define AE_APART __attribute__((noinline)) // with a frame of its own

typedef float ae_v __attribute__((vector_size(4 * AE_W)));
typedef float ae_vu __attribute__((vector_size(4 * AE_W), aligned(4), may_alias)); // in memory, any address

typedef int32_t ae_vi __attribute__((vector_size(4 * AE_W))); // as many integers

AE_INLINE ae_v ae_load(const float *p) { return *(const ae_vu *)p; }
AE_INLINE void ae_store(float *p, ae_v v) { *(ae_vu *)p = v; }
AE_INLINE ae_v ae_set(float x) { return x - (ae_v){0}; }

// ae_hold has a vector stay in a register, where the compiler would read it from memory
// again for each of several products.
#if AE_W == 16 && !defined AE_PORTABLE
AE_INLINE ae_v ae_hold(ae_v v) {
	__asm__("" : "+v"(v));
	return v;
}
#elif AE_W == 8
AE_INLINE ae_v ae_hold(ae_v v) {
	__asm__("" : "+x"(v));
	return v;
}
#else
AE_INLINE ae_v ae_hold(ae_v v) { return v; }
#endif

// Four floats, whatever the ISA, and a shuffle of two of them.
typedef float ae_v4 __attribute__((vector_size(16)));
typedef float ae_v4u __attribute__((vector_size(16), aligned(4), may_alias));
#ifdef __clang__
#define AE_SHUFFLE4(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t ae_vi4 __attribute__((vector_size(16)));
#define AE_SHUFFLE4(a, b, i, j, k, l) __builtin_shuffle(a, b, (ae_vi4){i, j, k, l})
#endif

AE_INLINE ae_v4 ae_load4(const float *p) { return *(const ae_v4u *)p; }

// ae_transpose4 transposes a 4x4 matrix of four rows.
AE_INLINE void ae_transpose4(ae_v4 m[4]) {
	const ae_v4 ab = AE_SHUFFLE4(m[0], m[1], 0, 4, 1, 5), cd = AE_SHUFFLE4(m[2], m[3], 0, 4, 1, 5);
	const ae_v4 ef = AE_SHUFFLE4(m[0], m[1], 2, 6, 3, 7), gh = AE_SHUFFLE4(m[2], m[3], 2, 6, 3, 7);
	m[0] = AE_SHUFFLE4(ab, cd, 0, 1, 4, 5);
	m[1] = AE_SHUFFLE4(ab, cd, 2, 3, 6, 7);
	m[2] = AE_SHUFFLE4(ef, gh, 0, 1, 4, 5);
	m[3] = AE_SHUFFLE4(ef, gh, 2, 3, 6, 7);
}

// ae_even is lanes 0, 2, ... of a and then of b.
#if AE_W == 4
#define AE_EVEN 0, 2, 4, 6
#elif AE_W == 8
#define AE_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#else
#define AE_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#endif
#if AE_W == 8 && !defined AE_PORTABLE
AE_INLINE ae_v ae_even(ae_v a, ae_v b) {
	return (ae_v)_mm256_permute4x64_pd((__m256d)_mm256_shuffle_ps(a, b, 0x88), 0xd8);
}
#elif defined __clang__
AE_INLINE ae_v ae_even(ae_v a, ae_v b) { return __builtin_shufflevector(a, b, AE_EVEN); }
#else
AE_INLINE ae_v ae_even(ae_v a, ae_v b) { return __builtin_shuffle(a, b, (ae_vi){AE_EVEN}); }
#endif

// ae_pick takes lane i[l] of a, or lane i[l]-AE_W of b, as lane l.
#ifdef __clang__
AE_INLINE ae_v ae_pick(ae_v a, ae_v b, ae_vi i) {
	float both[2 * AE_W];
	ae_store(both, a);
	ae_store(both + AE_W, b);
	for (int l = 0; l < AE_W; l++)
		a[l] = both[i[l]];
	return a;
}
#else
AE_INLINE ae_v ae_pick(ae_v a, ae_v b, ae_vi i) { return __builtin_shuffle(a, b, i); }
#endif

// max(x, 0); NaN gives 0, like x > 0 ? x : 0.
AE_INLINE ae_v ae_relu(ae_v x) {
#if AE_W == 16 && !defined AE_PORTABLE
	return _mm512_max_ps(x, _mm512_setzero_ps());
#elif AE_W == 8 && !defined AE_PORTABLE
	return _mm256_max_ps(x, _mm256_setzero_ps());
#else
	return (ae_v)((x > 0) & (__typeof__(x > 0))x);
#endif
}

// ae_fma is a*b + c, rounded once whatever the ISA. Elsewhere the compiler may or may
// not contract a sum of products.
AE_INLINE ae_v ae_fma(ae_v a, ae_v b, ae_v c) {
#if AE_W == 16 && !defined AE_PORTABLE
	return _mm512_fmadd_ps(a, b, c);
#elif AE_W == 8 && !defined AE_PORTABLE
	return _mm256_fmadd_ps(a, b, c);
#else
	for (int i = 0; i < AE_W; i++)
		a[i] = fmaf(a[i], b[i], c[i]);
	return a;
#endif
}

// ae_over is x / n to the last bit, by the nearest reciprocal and what is then left of x (Markstein,
// "Computation of elementary functions on the IBM RISC System/6000 processor", 1990): three products, where a
// division of a vector is many.
AE_INLINE ae_v ae_over(ae_v x, float n) {
#if AE_W >= 8 && !defined AE_PORTABLE
	const ae_v by = ae_set(n), r = ae_set(1 / n), q = x * r;
	return ae_fma(ae_fma(-q, by, x), r, q);
#else
	return x / n;
#endif
}

// ae_sqrt, which the compiler does not make of sqrtf while errno is to be kept.
AE_INLINE ae_v ae_sqrt(ae_v x) {
#if AE_W == 16 && !defined AE_PORTABLE
	return _mm512_sqrt_ps(x);
#elif AE_W == 8 && !defined AE_PORTABLE
	return _mm256_sqrt_ps(x);
#else
	for (int i = 0; i < AE_W; i++)
		x[i] = sqrtf(x[i]);
	return x;
#endif
}

// ae_load_part loads lanes [lo, hi) of the vector at p, zero elsewhere, and
// ae_store_part stores them; other addresses are not touched.
#if AE_W == 16 && !defined AE_PORTABLE
AE_INLINE __mmask16 ae_lanes(int64_t lo, int64_t hi) {
	return (__mmask16)((0xffffu << lo) & (0xffffu >> (16 - hi)));
}
AE_INLINE ae_v ae_load_part(const float *p, int64_t lo, int64_t hi) { return _mm512_maskz_loadu_ps(ae_lanes(lo, hi), p); }
AE_INLINE void ae_store_part(float *p, ae_v v, int64_t lo, int64_t hi) { _mm512_mask_storeu_ps(p, ae_lanes(lo, hi), v); }
#elif AE_W == 8 && !defined AE_PORTABLE
AE_INLINE __m256i ae_lanes(int64_t lo, int64_t hi) {
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	return _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32((int)lo), lane), _mm256_cmpgt_epi32(_mm256_set1_epi32((int)hi), lane));
}
AE_INLINE ae_v ae_load_part(const float *p, int64_t lo, int64_t hi) { return _mm256_maskload_ps(p, ae_lanes(lo, hi)); }
AE_INLINE void ae_store_part(float *p, ae_v v, int64_t lo, int64_t hi) { _mm256_maskstore_ps(p, ae_lanes(lo, hi), v); }
#else
AE_INLINE ae_v ae_load_part(const float *p, int64_t lo, int64_t hi) {
	ae_v v = {0};
	for (int64_t i = lo; i < hi; i++)
		v[i] = p[i];
	return v;
}
AE_INLINE void ae_store_part(float *p, ae_v v, int64_t lo, int64_t hi) {
	for (int64_t i = lo; i < hi; i++)
		p[i] = v[i];
}
#endif
