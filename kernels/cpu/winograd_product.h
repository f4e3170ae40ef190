// The products of winograd.h at one point: m[tiles][outputs] is v[tiles][depth]
// times u[depth][outputs]. A micro-kernel keeps up to AE_PRODUCT_ROWS tiles by
// AE_PRODUCT_NV vectors of output channels in registers.
//
//	v: blocks of tiles, [depth/AE_W][tiles][AE_W]
//	u: panels of AE_PRODUCT_COLS output channels, or of AE_W at the end, [depth][columns]
//	m: panels, [tiles][AE_PRODUCT_COLS]

#if AE_W == 16
#define AE_PRODUCT_ROWS 14 // 28 accumulators + 2 of u + 1 of v, of 32 registers
#elif AE_W == 8
#define AE_PRODUCT_ROWS 6 // 12 + 2 + 1, of 16
#else
#define AE_PRODUCT_ROWS 4 // 8 + 2 + 2 (no FMA), of 16
#endif
#define AE_PRODUCT_NV 2
#define AE_PRODUCT_COLS (AE_PRODUCT_NV * AE_W)

// Input channels of a sum, at most: short sums are accurate, and the first-level
// cache holds that much of a panel of u.
#define AE_PRODUCT_DEPTH 128

// Blocks of as many tiles, one after the other.
typedef struct {
	const float *v, *u;
	float *m;
	int64_t blocks;
	int64_t groups;     // of AE_W input channels
	int64_t behind;     // floats of a tile of the input channels that another pass takes
	int add;            // to what is in m
	const float *ahead; // weights that are needed later: `step` floats are asked for at each channel
	int64_t step;
	const float *next;  // the v of the next product, asked for meanwhile
} ae_product;

AE_INLINE void AE(product)(const int rows, const int nv, const ae_product *p) {
	const float *v = p->v, *ahead = p->ahead;
	float *m = p->m;
	const int64_t groups = p->groups, step = p->step, behind = rows * p->behind;
	for (int64_t b = p->blocks; b > 0; b--, v += behind, m += rows * AE_PRODUCT_COLS) {
		const float *u = p->u, *next = b > 1 ? v + rows * groups * AE_W + behind : p->next;
		ae_v s[AE_PRODUCT_ROWS][AE_PRODUCT_NV];
#pragma GCC unroll 14
		for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
			for (int n = 0; n < nv; n++)
				s[r][n] = (ae_v){0};
		for (int64_t g = 0; g < groups; g++, v += rows * AE_W, next += rows * AE_W)
			for (int c = 0; c < AE_W; c++, u += nv * AE_W, ahead += step) {
				ae_v row[AE_PRODUCT_NV];
				__builtin_prefetch(ahead, 0, 2);
				if (AE_PRODUCT_COLS > 16) // a step of more than a line
					__builtin_prefetch(ahead + step / 2, 0, 2);
				__builtin_prefetch(next + c * rows);
#pragma GCC unroll 2
				for (int n = 0; n < nv; n++)
					row[n] = ae_load(u + n * AE_W);
#pragma GCC unroll 14
				for (int r = 0; r < rows; r++) {
					const ae_v x = ae_set(v[r * AE_W + c]);
#pragma GCC unroll 2
					for (int n = 0; n < nv; n++)
						s[r][n] += x * row[n];
				}
			}
		if (p->add)
#pragma GCC unroll 14
			for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
				for (int n = 0; n < nv; n++)
					s[r][n] += ae_load(m + r * AE_PRODUCT_COLS + n * AE_W);
#pragma GCC unroll 14
		for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
			for (int n = 0; n < nv; n++)
				ae_store(m + r * AE_PRODUCT_COLS + n * AE_W, s[r][n]);
	}
}

// The instances are functions of their own, for the compiler's registers.
#define AE_PRODUCT(rows)                                                                                                             \
	static __attribute__((noinline)) void AE(product_##rows##_1)(const ae_product *p) { AE(product)(rows, 1, p); }                    \
	static __attribute__((noinline)) void AE(product_##rows##_2)(const ae_product *p) { AE(product)(rows, 2, p); }
AE_PRODUCT(1)
AE_PRODUCT(2)
AE_PRODUCT(3)
AE_PRODUCT(4)
#if AE_PRODUCT_ROWS > 4
AE_PRODUCT(5)
AE_PRODUCT(6)
#endif
#if AE_PRODUCT_ROWS > 6
AE_PRODUCT(7)
AE_PRODUCT(8)
AE_PRODUCT(9)
AE_PRODUCT(10)
AE_PRODUCT(11)
AE_PRODUCT(12)
AE_PRODUCT(13)
AE_PRODUCT(14)
#endif

typedef void AE(product_kernel)(const ae_product *);

// product_of is the instance for `rows` tiles.
#define AE_PRODUCT_PAIR(rows) {AE(product_##rows##_1), AE(product_##rows##_2)}
static AE(product_kernel) *AE(product_of)(int64_t rows, int64_t nv) {
	static AE(product_kernel) *const all[AE_PRODUCT_ROWS][AE_PRODUCT_NV] = {
		AE_PRODUCT_PAIR(1), AE_PRODUCT_PAIR(2), AE_PRODUCT_PAIR(3), AE_PRODUCT_PAIR(4),
#if AE_PRODUCT_ROWS > 4
		AE_PRODUCT_PAIR(5), AE_PRODUCT_PAIR(6),
#endif
#if AE_PRODUCT_ROWS > 6
		AE_PRODUCT_PAIR(7), AE_PRODUCT_PAIR(8), AE_PRODUCT_PAIR(9), AE_PRODUCT_PAIR(10), AE_PRODUCT_PAIR(11), AE_PRODUCT_PAIR(12),
		AE_PRODUCT_PAIR(13), AE_PRODUCT_PAIR(14),
#endif
	};
	return all[rows - 1][nv - 1];
}

// product_outputs is the output channels that panels of u have place for.
AE_INLINE int64_t AE(product_outputs)(int64_t outputs) { return AE_CEIL(outputs, AE_W) * AE_W; }

// The tiles of a point in blocks of `most`, AE_PRODUCT_ROWS or fewer, and behind them of one
// less.
typedef struct {
	int64_t most;
	int64_t whole, blocks; // of `most`, and all
} ae_product_blocks;

static ae_product_blocks AE(product_blocks)(int64_t tiles) {
	const int64_t blocks = AE_CEIL(tiles, AE_PRODUCT_ROWS), most = AE_CEIL(tiles, blocks);
	return (ae_product_blocks){most, tiles - blocks * (most - 1), blocks};
}

// product_first is the first tile of block b.
AE_INLINE int64_t AE(product_first)(const ae_product_blocks *at, int64_t b) { return b * at->most - AE_MAX(b - at->whole, 0); }

// Points that share their weights, of which there are up to 16.
typedef struct {
	ae_product_blocks blocks;
	int64_t n;
	const float *v[16];
	float *m[16];
} ae_product_points;

// product_run makes the products of n output channels, m_panel floats of m for each
// panel. Meanwhile it asks for the weights of the next panel, a little with every
// input channel, and at the end for those at next.
static void AE(product_run)(const ae_product_points *at, int64_t n, int64_t depth, const float *u, int64_t m_panel, const float *next) {
	const ae_product_blocks *of = &at->blocks;
	const int64_t pass = AE(even)(depth / AE_W, AE_PRODUCT_DEPTH / AE_W) * AE_W;
	const int64_t most = of->most, less = most - 1, second = of->whole * most; // the first tile of the second kind of blocks
	ae_product p = {.step = AE_CEIL(AE_PRODUCT_COLS, at->n * of->blocks)};
	for (int64_t k = 0; k < n; k += AE_PRODUCT_COLS) {
		const int64_t nv = AE_CEIL(AE_MIN(AE_PRODUCT_COLS, n - k), AE_W);
		p.ahead = k + AE_PRODUCT_COLS < n ? u + (k + AE_PRODUCT_COLS) * depth : next;
		for (int64_t c = 0; c < depth; c += pass) {
			const int64_t channels = AE_MIN(pass, depth - c), more = c + pass < depth ? c + pass : 0;
			p.groups = channels / AE_W;
			p.behind = depth - channels;
			p.add = c > 0;
			p.u = u + k * depth + c * nv * AE_W;
			for (int64_t i = 0; i < at->n; i++) {
				const float *const after = i + 1 < at->n ? at->v[i + 1] + c * most : at->v[0] + more * most;
				p.v = at->v[i] + c * most;
				p.m = at->m[i] + k / AE_PRODUCT_COLS * m_panel;
				p.blocks = of->whole;
				p.next = of->whole < of->blocks ? at->v[i] + second * depth + c * less : after;
				AE(product_of)(most, nv)(&p);
				p.ahead += p.blocks * p.step * channels;
				if (of->whole == of->blocks)
					continue;
				p.v = p.next;
				p.m += second * AE_PRODUCT_COLS;
				p.blocks = of->blocks - of->whole;
				p.next = after;
				AE(product_of)(less, nv)(&p);
				p.ahead += p.blocks * p.step * channels;
			}
		}
	}
}
