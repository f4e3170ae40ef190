// Matrix multiplication after Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication" (2008): blocks of A and B are packed
// into panels, and a micro-kernel keeps a tile of C in registers.
//
// The tile is AE_MR rows by AE_NV vectors. Eight rows divide the usual channel
// counts, and the accumulators fill the registers of each ISA.

#if AE_W == 16
#define AE_MR 8
#define AE_NV 3 // 24 accumulators + 3 of B, of 32 registers
#else
#define AE_MR 4
#if AE_W == 8
#define AE_NV 3 // 12 + 3 + 1, of 16
#else
#define AE_NV 2 // 8 + 2 + 2 (no FMA), of 16
#endif
#endif
#define AE_NR (AE_NV * AE_W)

// A block of A is AE_GEMM_M x AE_GEMM_K, a block of B AE_GEMM_K x AE_GEMM_N.
#define AE_GEMM_K 256
#define AE_GEMM_M 192
#define AE_GEMM_N 480 // a multiple of AE_NR for every ISA
#define AE_AHEAD 1024 // floats of A that are asked for beforehand: two panels or more
#define AE_GEMM_SCRATCH (AE_GEMM_K * (AE_GEMM_M + AE_GEMM_N))
_Static_assert(AE_GEMM_SCRATCH <= AE_SCRATCH, "the blocks fit into a task's scratch");

// What a tile asks for on the way, for whoever comes next: `count` rows of cache
// lines, `step` floats apart. Asked for one by one between products they come at the
// pace of the memory, and no product waits for a buffer.
typedef struct {
	const float *from;
	int64_t lines, step, count;
} ae_ahead;

// row_prefetch asks for nv vectors.
AE_INLINE void AE(row_prefetch)(const float *p, const int nv) {
	for (int v = 0; v < nv * AE_W; v += 16)
		__builtin_prefetch(p + v);
	__builtin_prefetch(p + nv * AE_W - 1);
}

// Where a tile of C goes and what happens to it: its sums are added to what is
// there if `add` is set; then follow bias, residual and relu.
typedef struct {
	float *c;
	int64_t ld;            // element (i, j) is c[i*ld + j]
	int64_t rows, cols;    // that exist; the others are not stored
	const float *bias;     // of the rows, NULL for none
	const float *residual; // laid out like c, NULL for none
	int add, relu;
	ae_ahead beside; // what else will be read with the tile
	ae_ahead ahead;  // and later
} ae_tile;

// tile_edge stores the sums of a tile of which rows or columns are missing.
static __attribute__((noinline)) void AE(tile_edge)(const ae_tile *t, ae_v s[AE_MR][AE_NV]) {
	for (int64_t i = 0; i < t->rows; i++)
		for (int64_t j = 0; j < t->cols; j += AE_W) {
			const int64_t at = i * t->ld + j, lanes = AE_MIN(AE_W, t->cols - j);
			ae_v x = s[i][j / AE_W];
			if (t->add)
				x += ae_load_part(t->c + at, 0, lanes);
			if (t->bias != NULL)
				x += t->bias[i];
			if (t->residual != NULL)
				x += ae_load_part(t->residual + at, 0, lanes);
			ae_store_part(t->c + at, t->relu ? ae_relu(x) : x, 0, lanes);
		}
}

// AE_EACH does something to all sums s[i][v] of a tile, in registers.
#define AE_EACH(mr, nv, what)              \
	AE_PRAGMA(GCC unroll 8)                \
	for (int i = 0; i < mr; i++)           \
		AE_PRAGMA(GCC unroll 3)            \
		for (int v = 0; v < nv; v++)       \
			what;
#define AE_PRAGMA(x) _Pragma(#x)

// tile_store stores the sums s of a tile. Whoever has several followers decides on
// each for all sums at once: a branch for every sum costs as much as a short product.
AE_INLINE void AE(tile_store)(const int mr, const int nv, const ae_tile *t, ae_v s[AE_MR][AE_NV], const int whole) {
	float *const c = t->c;
	const int64_t ld = t->ld;
	if (!whole || t->rows < mr) {
		ae_v all[AE_MR][AE_NV]; // s itself would have to be in memory from the start
		AE_EACH(mr, nv, all[i][v] = s[i][v])
		AE(tile_edge)(t, all);
		return;
	}
	if (t->add)
		AE_EACH(mr, nv, s[i][v] += ae_load(c + i * ld + v * AE_W))
	if (t->bias != NULL)
		AE_EACH(mr, nv, s[i][v] += t->bias[i])
	if (t->residual != NULL)
		AE_EACH(mr, nv, s[i][v] += ae_load(t->residual + i * ld + v * AE_W))
	if (t->relu)
		AE_EACH(mr, nv, s[i][v] = ae_relu(s[i][v]))
	AE_EACH(mr, nv, ae_store(c + i * ld + v * AE_W, s[i][v]))
}

// tile_prefetch asks for the cache lines that tile_store will touch, so that they
// arrive while the sums are made, where there is no time to ask for one after another.
AE_INLINE void AE(tile_prefetch)(const int mr, const int nv, const ae_tile *t) {
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++)
		AE(row_prefetch)(t->c + i * t->ld, nv);
	if (t->residual != NULL)
#pragma GCC unroll 8
		for (int i = 0; i < mr; i++)
			AE(row_prefetch)(t->residual + i * t->ld, nv);
}

// micro_step adds the products of one row of B, nv vectors, and one column of A.
AE_INLINE void AE(micro_step)(const int mr, const int nv, ae_v s[AE_MR][AE_NV], const float *a, const float *b) {
	ae_v row[AE_NV];
	__builtin_prefetch(a + AE_AHEAD);
#pragma GCC unroll 3
	for (int v = 0; v < nv; v++)
		row[v] = ae_load(b + v * AE_W);
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++) {
		const ae_v x = ae_set(a[i]);
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			s[i][v] += x * row[v];
	}
}

// tile_rows is the rows of a tile, or of the residual, as something to ask for.
AE_INLINE ae_ahead AE(tile_rows)(const int mr, const ae_tile *t, const float *from) {
	return from != NULL ? (ae_ahead){from, t->cols / 16 + 1, t->ld, mr} : (ae_ahead){0};
}

// micro_asking makes a step for each line of w, *k at most, and asks for it. It goes
// forward in a and b, and takes the steps from *k.
AE_INLINE void AE(micro_asking)(const int mr, const int nv, ae_v s[AE_MR][AE_NV], int64_t *k, const float **a, const float **b, int64_t ldb, ae_ahead w) {
	const int64_t steps = AE_MIN(w.lines * w.count, *k);
	for (int64_t i = 0, line = 0; i < steps; i++, *a += mr, *b += ldb) {
		__builtin_prefetch(w.from + 16 * line);
		if (++line == w.lines)
			line = 0, w.from += w.step;
		AE(micro_step)(mr, nv, s, *a, *b);
	}
	*k -= steps;
}

// micro multiplies a panel of A, stored [k][mr], by k rows of nv vectors of B: ldb
// floats apart, or at off[0..k-1] if off is not NULL. Little may happen from its last step
// to the first of the next tile: the products that the processor has in reserve last it
// for some fifty cycles.
AE_INLINE void AE(micro)(const int mr, const int nv, int64_t k, const float *a, const float *b, int64_t ldb, const int32_t *off, const ae_tile *t) {
	ae_v s[AE_MR][AE_NV];
	const int time = off == NULL && k >= 3 * mr * (nv * AE_W / 16 + 1);
	if (!time)
		AE(tile_prefetch)(mr, nv, t);
	AE_EACH(mr, nv, s[i][v] = (ae_v){0})
	if (time) {
		AE(micro_asking)(mr, nv, s, &k, &a, &b, ldb, AE(tile_rows)(mr, t, t->c));
		AE(micro_asking)(mr, nv, s, &k, &a, &b, ldb, AE(tile_rows)(mr, t, t->residual));
		AE(micro_asking)(mr, nv, s, &k, &a, &b, ldb, t->beside);
		AE(micro_asking)(mr, nv, s, &k, &a, &b, ldb, t->ahead);
	}
	for (; k > 0; k--, a += mr, b += ldb)
		AE(micro_step)(mr, nv, s, a, off != NULL ? b + *off++ : b);
	if (t->cols == nv * AE_W)
		AE(tile_store)(mr, nv, t, s, 1);
	else
		AE(tile_store)(mr, nv, t, s, 0);
}

// micro_tile picks the instance. A panel has AE_MR rows, or 4 at the end of the
// matrix. The instances are functions of their own, for the compiler's registers.
#define AE_MICRO(mr, nv)                                                                                       \
	static __attribute__((noinline)) void AE(micro_##mr##_##nv)(int64_t k, const float *a, const float *b,      \
	                                                            int64_t ldb, const int32_t *off, const ae_tile *t) { \
		if (off != NULL)                                                                                        \
			AE(micro)(mr, nv, k, a, b, 0, off, t);                                                              \
		else                                                                                                    \
			AE(micro)(mr, nv, k, a, b, ldb, NULL, t);                                                           \
	}
AE_MICRO(4, 1)
AE_MICRO(4, 2)
#if AE_NV == 3
AE_MICRO(4, 3)
#endif
#if AE_MR == 8
AE_MICRO(8, 1)
AE_MICRO(8, 2)
AE_MICRO(8, 3)
#endif

static void AE(micro_tile)(int64_t mr, int64_t nv, int64_t k, const float *a, const float *b, int64_t ldb, const int32_t *off, const ae_tile *t) {
#if AE_MR == 8
	if (mr == 8) {
		if (nv == 3)
			AE(micro_8_3)(k, a, b, ldb, off, t);
		else if (nv == 2)
			AE(micro_8_2)(k, a, b, ldb, off, t);
		else
			AE(micro_8_1)(k, a, b, ldb, off, t);
		return;
	}
#endif
#if AE_NV == 3
	if (nv == 3) {
		AE(micro_4_3)(k, a, b, ldb, off, t);
		return;
	}
#endif
	(void)mr;
	if (nv == 2)
		AE(micro_4_2)(k, a, b, ldb, off, t);
	else
		AE(micro_4_1)(k, a, b, ldb, off, t);
}

// panel_rows is the height of the panel that begins with `rows` rows left.
AE_INLINE int64_t AE(panel_rows)(int64_t rows) { return rows > 4 ? AE_MR : 4; }

// padded_rows is what panels of a matrix of m rows take.
AE_INLINE int64_t AE(padded_rows)(int64_t m) {
	return m / AE_MR * AE_MR + (m % AE_MR ? AE(panel_rows)(m % AE_MR) : 0);
}

// pack_panel writes one panel of A, [k][h], of which `rows` rows exist.
AE_INLINE void AE(pack_panel)(const int h, float *dst, const float *a, int64_t rows, int64_t k, int64_t rs, int64_t cs) {
	const float *row[AE_MR];
	for (int i = 0; i < h; i++)
		row[i] = a + AE_MIN(i, rows - 1) * rs;
	if (rows < h)
		memset(dst, 0, sizeof(float) * (size_t)(h * k));
	if (rows == h && rs == 1) {
		for (int64_t j = 0; j < k; j++)
			memcpy(dst + j * h, a + j * cs, sizeof(float) * (size_t)h);
	} else if (rows == h) {
		for (int64_t j = 0; j < k; j++)
			for (int i = 0; i < h; i++)
				dst[j * h + i] = row[i][j * cs];
	} else {
		for (int64_t i = 0; i < rows; i++)
			for (int64_t j = 0; j < k; j++)
				dst[j * h + i] = row[i][j * cs];
	}
}

// pack_a writes a[m,k], element (i,j) at i*rs + j*cs, as panels. Panel i/AE_MR
// begins at dst + i*k.
static void AE(pack_a)(float *dst, const float *a, int64_t m, int64_t k, int64_t rs, int64_t cs) {
	for (int64_t i = 0; i < m; i += AE_MR) {
		int64_t rows = AE_MIN(AE_MR, m - i);
		if (AE(panel_rows)(m - i) == AE_MR)
			AE(pack_panel)(AE_MR, dst + i * k, a + i * rs, rows, k, rs, cs);
		else
			AE(pack_panel)(4, dst + i * k, a + i * rs, rows, k, rs, cs);
	}
}

// pack_b writes b[k,n] as panels [k][AE_NR], zero beyond column n.
static void AE(pack_b)(float *dst, const float *b, int64_t k, int64_t n, int64_t rs, int64_t cs) {
	for (int64_t j = 0; j < n; j += AE_NR, dst += k * AE_NR) {
		int64_t cols = AE_MIN(AE_NR, n - j);
		if (cols < AE_NR)
			memset(dst, 0, sizeof(float) * (size_t)(k * AE_NR));
		if (cs == 1) {
			for (int64_t i = 0; i < k && cols < AE_NR; i++)
				memcpy(dst + i * AE_NR, b + i * rs + j, sizeof(float) * (size_t)cols);
			for (int64_t i = 0; i < k && cols == AE_NR; i++)
				memcpy(dst + i * AE_NR, b + i * rs + j, sizeof(float) * AE_NR); // of constant size
			continue;
		}
		for (int64_t i0 = 0; i0 < k; i0 += 16) // 16 rows of a panel stay in the first-level cache
			for (int64_t q = 0; q < cols; q++)
				for (int64_t i = i0; i < AE_MIN(i0 + 16, k); i++)
					dst[i * AE_NR + q] = b[i * rs + (j + q) * cs];
	}
}

// multiply_block is c[m,n] = or += the product of packed blocks.
static void AE(multiply_block)(int64_t m, int64_t n, int64_t k, const float *pa, const float *pb, float *c, int64_t ldc, int add) {
	for (int64_t j = 0; j < n; j += AE_NR) {
		ae_tile t = {.ld = ldc, .cols = AE_MIN(AE_NR, n - j), .add = add};
		for (int64_t i = 0; i < m; i += AE_MR) {
			t.c = c + i * ldc + j;
			t.rows = AE_MIN(AE_MR, m - i);
			AE(micro_tile)(AE(panel_rows)(m - i), AE_CEIL(t.cols, AE_W), k, pa + i * k, pb + j * k, AE_NR, NULL, &t);
		}
	}
}

// gemm is c = a b on one thread, with element (i,j) of a at i*rsa + j*csa, of b at
// i*rsb + j*csb, of c at i*ldc + j. It uses AE_GEMM_SCRATCH floats of scratch.
static void AE(gemm)(int64_t m, int64_t n, int64_t k, const float *a, int64_t rsa, int64_t csa, const float *b,
                     int64_t rsb, int64_t csb, float *c, int64_t ldc, float *scratch) {
	float *pa = scratch, *pb = pa + AE_GEMM_M * AE_GEMM_K;
	for (int64_t j = 0; j < n; j += AE_GEMM_N) {
		int64_t nn = AE_MIN(AE_GEMM_N, n - j);
		for (int64_t l = 0; l < k; l += AE_GEMM_K) {
			int64_t kk = AE_MIN(AE_GEMM_K, k - l);
			AE(pack_b)(pb, b + l * rsb + j * csb, kk, nn, rsb, csb);
			for (int64_t i = 0; i < m; i += AE_GEMM_M) {
				int64_t mm = AE_MIN(AE_GEMM_M, m - i);
				AE(pack_a)(pa, a + i * rsa + l * csa, mm, kk, rsa, csa);
				AE(multiply_block)(mm, nn, kk, pa, pb, c + i * ldc + j, ldc, l > 0);
			}
		}
	}
}
