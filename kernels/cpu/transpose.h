// A square of AE_W vectors, transposed.

#if AE_W == 4
#define AE_LOW 0, 4, 1, 5
#define AE_HIGH 2, 6, 3, 7
#elif AE_W == 8
#define AE_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define AE_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define AE_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define AE_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif
#ifdef __clang__
#define AE_INTERLEAVE(a, b, lanes) __builtin_shufflevector(a, b, lanes)
#else
#define AE_INTERLEAVE(a, b, lanes) __builtin_shuffle(a, b, (ae_vi){lanes})
#endif

// transpose interleaves the first half of the vectors with the second: seen as the
// bits of an element's place in the square, that turns them left by one, and after
// as many rounds as a lane has bits row and lane have changed places.
AE_INLINE void AE(transpose)(ae_v m[AE_W]) {
#pragma GCC unroll 4
	for (int round = 1; round < AE_W; round *= 2) {
		ae_v next[AE_W];
#pragma GCC unroll 8
		for (int i = 0; i < AE_W / 2; i++) {
			next[2 * i] = AE_INTERLEAVE(m[i], m[i + AE_W / 2], AE_LOW);
			next[2 * i + 1] = AE_INTERLEAVE(m[i], m[i + AE_W / 2], AE_HIGH);
		}
#pragma GCC unroll 16
		for (int i = 0; i < AE_W; i++)
			m[i] = next[i];
	}
}
