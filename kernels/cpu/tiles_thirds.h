// Products of matrix tiles (tiles.h) as accurate as float32. A float32 has 24 bits of fraction
// and is the sum of three numbers in bf16, of eight bits each: nothing is left off, but of numbers
// below 2^-110, whose least third is too small for bf16. Of the nine
// products of two such sums six are made. The others are smaller than what float32 rounds off
// (Henry, Tang and Heinecke, "Leveraging the bfloat16 artificial intelligence datatype for
// higher-precision computations", 2019).
//
//	x = x1 + x2 + x3        |x2| <= 2^-8 |x|, |x3| <= 2^-16 |x|
//	w x = w1 x1 + w1 x2 + w2 x1 + w1 x3 + w2 x2 + w3 x1
//
// A tile is 16 rows of 64 bytes. Rows of weights are output channels, of 32 channels of the
// input; rows of the input are words of two channels, for 16 columns (conv_columns.h). Their
// products lie like the output. A word is channel i and channel i+16 of 32.

#define AE_THIRD_TILE (AE_TILE * AE_LINE)
#define AE_THIRD_STEP (2 * 3 * AE_THIRD_TILE) // bytes of 32 channels: [third][half][tile] of weights

// thirds_of writes the words of channels a and b: three rows, a tile apart.
AE_INLINE void AE(thirds_of)(char *to, ae_v a, ae_v b) {
	typedef uint32_t words __attribute__((vector_size(4 * AE_W)));
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++, to += AE_THIRD_TILE) {
		// To the nearest; the last is whole. What a NaN leaves is a NaN, in the last at least.
		const int32_t half = i < 2 ? 0x8000 : 0;
		const ae_vi high_a = ((ae_vi)a + half) & (int32_t)0xffff0000, high_b = ((ae_vi)b + half) & (int32_t)0xffff0000;
		*(ae_vi *)(void *)to = (ae_vi)((words)high_a >> 16) | high_b;
		a -= (ae_v)high_a, b -= (ae_v)high_b;
	}
}

// What 32 output channels and 32 columns are made of: `steps` of 32 channels. Those of the
// input are [step][third][tile], of each half of the columns.
typedef struct {
	const char *weights, *left, *right;
	int64_t steps;
	float *sums;                // [output][AE_TILE_BLOCK]
	int add;                    // to what is in sums
	const char *ahead;          // weights that are needed later, of which `lines` are asked for at each step
	int64_t lines;
	const float *y, *residual;  // rows that are needed next, ld floats apart; residual is NULL for none
	int64_t ld, rows;           // of which so many are asked for at each step
} ae_third_sum;

// thirds_ask asks for what step i is to ask for.
AE_INLINE void AE(thirds_ask)(const ae_third_sum *a, int64_t i) {
	for (int64_t n = 0; n < a->lines; n++)
		__builtin_prefetch(a->ahead + (i * a->lines + n) * AE_LINE, 0, 2);
	for (int64_t n = i * a->rows; n < AE_MIN((i + 1) * a->rows, AE_TILE_BLOCK); n++) {
		AE(row_prefetch)(a->y + n * a->ld, 2);
		if (a->residual != NULL)
			AE(row_prefetch)(a->residual + n * a->ld, 2);
	}
}

#if AE_W == 16 && !defined AE_PORTABLE

#define AE_TILE_FOUR AE_TILE_BF16(0, 4, 6); AE_TILE_BF16(1, 4, 7); AE_TILE_BF16(2, 5, 6); AE_TILE_BF16(3, 5, 7);
#define AE_TILE_SUMS(of, sums)                                        \
	of(0, sums);                                                      \
	of(1, sums + AE_TILE);                                            \
	of(2, sums + AE_TILE * AE_TILE_BLOCK);                            \
	of(3, sums + AE_TILE * AE_TILE_BLOCK + AE_TILE);
#define AE_TILE_AGAIN(tile, at) __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(at), "r"((int64_t)4 * AE_TILE_BLOCK) : "memory")

// thirds_multiply makes the sums. Tiles 4 and 5 are weights of the upper and the lower half
// of the output channels, 6 and 7 columns of both halves.
static __attribute__((noinline)) void AE(thirds_multiply)(const ae_third_sum *a) {
	const char *w = a->weights, *left = a->left, *right = a->right;
	if (a->add) {
		AE_TILE_SUMS(AE_TILE_AGAIN, a->sums)
	} else {
		AE_TILE_ZERO(0);
		AE_TILE_ZERO(1);
		AE_TILE_ZERO(2);
		AE_TILE_ZERO(3);
	}
	for (int64_t i = 0; i < a->steps; i++, w += AE_THIRD_STEP, left += AE_THIRD_STEP / 2, right += AE_THIRD_STEP / 2) {
#define AE_WEIGHTS(third) AE_TILE_LOAD(4, w + 2 * third * AE_THIRD_TILE); AE_TILE_LOAD(5, w + (2 * third + 1) * AE_THIRD_TILE);
#define AE_COLUMNS(third) AE_TILE_LOAD(6, left + third * AE_THIRD_TILE); AE_TILE_LOAD(7, right + third * AE_THIRD_TILE);
		AE_WEIGHTS(0)
		AE_COLUMNS(2)
		AE_TILE_FOUR
		AE_COLUMNS(0)
		AE_TILE_FOUR
		AE_COLUMNS(1)
		AE_TILE_FOUR
		AE_WEIGHTS(1)
		AE_TILE_FOUR
		AE_COLUMNS(0)
		AE_TILE_FOUR
		AE_WEIGHTS(2)
		AE_TILE_FOUR
#undef AE_WEIGHTS
#undef AE_COLUMNS
		AE(thirds_ask)(a, i);
	}
	AE_TILE_SUMS(AE_TILE_STORE, a->sums)
}

#else

// The same in plain C, for tests.
static void AE(thirds_multiply)(const ae_third_sum *a) {
	static const int third[6][2] = {{0, 2}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {2, 0}};
	if (!a->add)
		memset(a->sums, 0, sizeof(float) * AE_TILE_BLOCK * AE_TILE_BLOCK);
	for (int64_t i = 0; i < 6 * a->steps; i++) {
		const int t = (int)(i % 6);
		const char *w = a->weights + i / 6 * AE_THIRD_STEP + 2 * third[t][0] * AE_THIRD_TILE;
		const int64_t x = i / 6 * AE_THIRD_STEP / 2 + third[t][1] * AE_THIRD_TILE;
		for (int k = 0; k < AE_TILE_BLOCK; k++)
			for (int p = 0; p < AE_TILE_BLOCK; p++) {
				const char *column = (p < AE_TILE ? a->left : a->right) + x + p % AE_TILE * 4;
				float sum = 0; // of a tile, as AMX adds
				for (int row = 0; row < AE_TILE; row++)
					for (int c = 0; c < 4; c += 2)
						sum += AE(tile_float)(w + k * AE_LINE + row * 4 + c) * AE(tile_float)(column + row * AE_LINE + c);
				a->sums[k * AE_TILE_BLOCK + p] += sum;
			}
	}
	if (a->steps > 0)
		AE(thirds_ask)(a, a->steps - 1);
}

#endif
