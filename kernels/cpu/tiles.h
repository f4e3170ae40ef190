// Matrix tiles: products of 32 places of the input with 32 output channels, in bf16
// or int8. AMX has eight tiles of 16 rows of 64 bytes: four for the sums, two of lines
// (lines.h) of places, two of weights. In the latter a row has one word, of the same
// channels, for each of 16 outputs.

#define AE_TILE 16
#define AE_TILE_BLOCK (2 * AE_TILE) // places, and output channels
#define AE_TILE_WEIGHTS (2 * AE_TILE * AE_LINE) // bytes that a line of a place is multiplied with, for a block

// What a block of places meets: lines of `groups` planes, in each those at the
// offsets; weights follow each other in this order.
typedef struct {
	const char *lines;
	int64_t plane, groups; // plane: bytes
	const int64_t *offset; // bytes
	int64_t offsets;
	const char *weights;
	int64_t skipped; // bytes of weights that a plane has besides
} ae_tile_sum;

#if AE_W == 16 && !defined AE_PORTABLE

// tile_begin readies the tiles of this thread; tile_end gives them back, so that the
// system need not save them for threads that belong to others.
AE_INLINE void AE(tile_begin)(void) {
	struct {
		uint8_t palette, start, unused[14];
		uint16_t bytes[16];
		uint8_t rows[16];
	} form = {.palette = 1};
	for (int i = 0; i < 8; i++)
		form.bytes[i] = AE_LINE, form.rows[i] = AE_TILE;
	__asm__ volatile("ldtilecfg %0" ::"m"(form));
}
AE_INLINE void AE(tile_end)(void) { __asm__ volatile("tilerelease"); }

#define AE_TILE_LOAD(tile, at) __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile ::"r"(at), "r"((int64_t)AE_LINE) : "memory")
#define AE_TILE_STORE(tile, at) __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)" ::"r"(at), "r"((int64_t)4 * AE_TILE_BLOCK) : "memory")
#define AE_TILE_ZERO(tile) __asm__ volatile("tilezero %tmm" #tile)
#define AE_TILE_BF16(sums, lines, weights) __asm__ volatile("tdpbf16ps %tmm" #weights ", %tmm" #lines ", %tmm" #sums)
#define AE_TILE_INT8(sums, lines, weights) __asm__ volatile("tdpbusd %tmm" #weights ", %tmm" #lines ", %tmm" #sums)

// tile_multiply makes sums[place][output].
#define AE_TILE_MULTIPLY(name, product)                                                       \
	static __attribute__((noinline)) void AE(name)(const ae_tile_sum *a, void *to) {          \
		float *sums = to;                                                                     \
		const char *lines = a->lines, *weights = a->weights;                                  \
		AE_TILE_ZERO(0);                                                                      \
		AE_TILE_ZERO(1);                                                                      \
		AE_TILE_ZERO(2);                                                                      \
		AE_TILE_ZERO(3);                                                                      \
		for (int64_t g = 0; g < a->groups; g++, lines += a->plane, weights += a->skipped)     \
			for (int64_t i = 0; i < a->offsets; i++, weights += AE_TILE_WEIGHTS) {            \
				const char *line = lines + a->offset[i];                                      \
				AE_TILE_LOAD(4, line);                                                        \
				AE_TILE_LOAD(6, weights);                                                     \
				product(0, 4, 6);                                                             \
				AE_TILE_LOAD(7, weights + AE_TILE_WEIGHTS / 2);                               \
				product(1, 4, 7);                                                             \
				AE_TILE_LOAD(5, line + AE_TILE * AE_LINE);                                    \
				product(2, 5, 6);                                                             \
				product(3, 5, 7);                                                             \
			}                                                                                 \
		AE_TILE_STORE(0, sums);                                                               \
		AE_TILE_STORE(1, sums + AE_TILE);                                                     \
		AE_TILE_STORE(2, sums + AE_TILE * AE_TILE_BLOCK);                                     \
		AE_TILE_STORE(3, sums + AE_TILE * AE_TILE_BLOCK + AE_TILE);                           \
	}

#else

// The same in plain C, for tests.
AE_INLINE void AE(tile_begin)(void) {}
AE_INLINE void AE(tile_end)(void) {}

typedef union {
	float f;
	int32_t i;
} AE(tile_number);

AE_INLINE float AE(tile_float)(const char *bf16) {
	uint16_t high;
	memcpy(&high, bf16, sizeof high);
	const uint32_t bits = (uint32_t)high << 16;
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}
AE_INLINE void AE(tile_word_bf16)(AE(tile_number) *sum, const char *line, const char *weights) {
	for (int i = 0; i < 4; i += 2)
		sum->f += AE(tile_float)(line + i) * AE(tile_float)(weights + i);
}
AE_INLINE void AE(tile_word_int8)(AE(tile_number) *sum, const char *line, const char *weights) {
	for (int i = 0; i < 4; i++)
		sum->i += (uint8_t)line[i] * (int8_t)weights[i];
}

#define AE_TILE_BF16 AE(tile_word_bf16)
#define AE_TILE_INT8 AE(tile_word_int8)
#define AE_TILE_MULTIPLY(name, product)                                                                          \
	static void AE(name)(const ae_tile_sum *a, void *to) {                                                       \
		AE(tile_number) *sums = to;                                                                              \
		memset(sums, 0, sizeof *sums * AE_TILE_BLOCK * AE_TILE_BLOCK);                                           \
		const char *lines = a->lines, *weights = a->weights;                                                     \
		for (int64_t g = 0; g < a->groups; g++, lines += a->plane, weights += a->skipped)                        \
			for (int64_t o = 0; o < a->offsets; o++, weights += AE_TILE_WEIGHTS)                                 \
				for (int i = 0; i < AE_TILE_BLOCK * AE_TILE_BLOCK * AE_TILE; i++) {                              \
					const int word = i % AE_TILE, k = i / AE_TILE % AE_TILE_BLOCK, p = i / AE_TILE / AE_TILE_BLOCK; \
					const int row = k / AE_TILE * AE_TILE + word;                                                \
					product(&sums[p * AE_TILE_BLOCK + k], lines + a->offset[o] + p * AE_LINE + 4 * word,         \
					        weights + row * AE_LINE + k % AE_TILE * 4);                                          \
				}                                                                                                \
	}

#endif

AE_TILE_MULTIPLY(tile_multiply_bf16, AE_TILE_BF16)
AE_TILE_MULTIPLY(tile_multiply_int8, AE_TILE_INT8)
