// Lines of reduced numbers: 64 bytes with 32 channels in bf16 or 64 in bytes, which
// is a row of a matrix tile (tiles.h). A line is 16 words of two or four channels.

#define AE_LINE 64 // bytes

// Lane i of the result of ae_shuffle16(a, b, ...) is a lane of a, or from 16 on of b.
#ifdef __clang__
#define AE_SHUFFLE16(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define AE_SHUFFLE16(a, b, ...) __builtin_shuffle(a, b, (ae_vi){__VA_ARGS__})
#endif

// AE_SWAP16 exchanges, in each pair of rows `step` apart, the half of the lanes that
// belongs to the other row.
#define AE_SWAP16(m, step, low, high)                              \
	for (int i = 0; i < 16; i++)                                   \
		if ((i & step) == 0) {                                     \
			const ae_vi a = m[i], b = m[i + step];                 \
			m[i] = AE_SHUFFLE16(a, b, low);                        \
			m[i + step] = AE_SHUFFLE16(a, b, high);                \
		}
#define AE_LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define AE_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define AE_LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define AE_HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define AE_LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define AE_HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define AE_LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define AE_HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31

// transpose16 transposes a matrix of 16 rows of 16 words.
AE_INLINE void AE(transpose16)(ae_vi m[16]) {
#pragma GCC unroll 16
	AE_SWAP16(m, 8, AE_LOW_8, AE_HIGH_8)
#pragma GCC unroll 16
	AE_SWAP16(m, 4, AE_LOW_4, AE_HIGH_4)
#pragma GCC unroll 16
	AE_SWAP16(m, 2, AE_LOW_2, AE_HIGH_2)
#pragma GCC unroll 16
	AE_SWAP16(m, 1, AE_LOW_1, AE_HIGH_1)
}

