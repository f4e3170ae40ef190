// Pooling. A task is one channel of one image. A window is reduced downwards
// first, into a row with the padding at both ends, then across that row, some rows
// later: what was just written is slow to read at another address.
// Padded images are at most AE_SIDE wide, so that a row fits into scratch.

AE_INLINE int64_t AE(pooled)(int64_t in, int64_t pad, int64_t r, int64_t stride) { return (in + 2 * pad - r) / stride + 1; }

// pool_join is what a window makes of two of its elements; of NaN and b it is b.
AE_INLINE ae_v AE(pool_join)(const int max, ae_v a, ae_v b) { return max ? ae_max(a, b) : b + a; }

#define AE_POOL_AHEAD 2048 // floats: what is read once comes from memory

// pool_down reduces n rows from x on to a row, of which the first `seen` were read before.
AE_INLINE void AE(pool_rows)(const int max, float *row, const float *x, int64_t w, const int64_t n, const int64_t seen) {
	for (int64_t i = 0; i < w; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, w - i);
		for (int64_t h = seen; h < n; h++)
			__builtin_prefetch(x + h * w + i + AE_POOL_AHEAD);
		ae_v v = ae_set(max ? -INFINITY : 0);
		if (lanes == AE_W) {
			for (int64_t h = 0; h < n; h++)
				v = AE(pool_join)(max, ae_load(x + h * w + i), v);
			ae_store(row + i, v);
		} else {
			for (int64_t h = 0; h < n; h++)
				v = AE(pool_join)(max, ae_load_part(x + h * w + i, 0, lanes), v);
			ae_store_part(row + i, v, 0, lanes);
		}
	}
}
AE_INLINE void AE(pool_down)(const int max, float *row, const float *x, int64_t w, int64_t n, int64_t stride) {
	if (n == 3 && stride == 1)
		AE(pool_rows)(max, row, x, w, 3, 3);
	else if (n == 3 && stride == 2)
		AE(pool_rows)(max, row, x, w, 3, 1);
	else if (n == 2 && stride == 2)
		AE(pool_rows)(max, row, x, w, 2, 0);
	else
		AE(pool_rows)(max, row, x, w, n, AE_MAX(n - stride, 0));
}

// pool_load is lanes row[l * stride].
AE_INLINE ae_v AE(pool_load)(const float *row, const int64_t stride) {
	if (stride == 1)
		return ae_load(row);
	if (stride == 2)
		return ae_even(ae_load(row), ae_load(row + AE_W));
	ae_v v;
	for (int l = 0; l < AE_W; l++)
		v[l] = row[l * stride];
	return v;
}

// pool_across writes y[q] = scale * the sum, or the maximum, of row[q*stride + s]
// over s < r. It reads up to a vector of outputs too much of row.
AE_INLINE void AE(pool_columns)(const int max, float *y, const float *row, int64_t n, const int64_t r, const int64_t stride, float scale) {
	for (int64_t q = 0; q < n; q += AE_W) {
		ae_v v = AE(pool_load)(row + q * stride, stride);
		for (int64_t s = 1; s < r; s++)
			v = AE(pool_join)(max, AE(pool_load)(row + q * stride + s, stride), v);
		if (!max)
			v *= scale;
		if (n - q >= AE_W)
			ae_store(y + q, v);
		else
			ae_store_part(y + q, v, 0, n - q);
	}
}

AE_INLINE void AE(pool_across)(const int max, float *y, const float *row, int64_t n, const ae_AvgPool *o, float scale) {
	if (o->R == 3 && o->Stride == 1)
		AE(pool_columns)(max, y, row, n, 3, 1, scale);
	else if (o->R == 3 && o->Stride == 2)
		AE(pool_columns)(max, y, row, n, 3, 2, scale);
	else if (o->R == 2 && o->Stride == 2)
		AE(pool_columns)(max, y, row, n, 2, 2, scale);
	else
		AE(pool_columns)(max, y, row, n, o->R, o->Stride, scale);
}

#define AE_POOL_ROWS 4 // at a time

// pool_plane pools a channel. A row has room for the padding at both ends and what
// pool_across reads behind.
AE_INLINE void AE(pool_plane)(const int max, float *y, const float *x, const ae_AvgPool *o, float *rows) {
	const int64_t q = AE(pooled)(o->W, o->Pad, o->R, o->Stride), p = AE(pooled)(o->H, o->Pad, o->R, o->Stride);
	const float scale = (float)(1 / (double)(o->R * o->R)), neutral = max ? -INFINITY : 0;
	const int64_t pitch = o->W + 2 * o->Pad + o->R + o->Stride * AE_W, room = AE_MIN(AE_SCRATCH / pitch, AE_POOL_ROWS);
	for (int64_t i = 0; i < room * o->Pad; i++) {
		float *row = rows + i / o->Pad * pitch + i % o->Pad;
		row[0] = row[o->Pad + o->W] = neutral;
	}
	for (int64_t first = 0; first < p; first += room) {
		const int64_t n = AE_MIN(room, p - first);
		for (int64_t i = 0; i < n; i++) {
			const int64_t h = (first + i) * o->Stride - o->Pad, lo = AE_MAX(h, 0), hi = AE_MIN(h + o->R, o->H);
			AE(pool_down)(max, rows + i * pitch + o->Pad, x + lo * o->W, o->W, hi - lo, o->Stride);
		}
		for (int64_t i = 0; i < n; i++, y += q)
			AE(pool_across)(max, y, rows + i * pitch, q, o, scale);
	}
}

AE_INLINE int64_t AE(pool_outputs)(const ae_AvgPool *o) {
	return AE(pooled)(o->H, o->Pad, o->R, o->Stride) * AE(pooled)(o->W, o->Pad, o->R, o->Stride);
}

static void AE(AvgPool_task)(const ae_AvgPool *o, float *const *b, int64_t task, float *scratch) {
	AE(pool_plane)(0, b[0] + task * AE(pool_outputs)(o), b[1] + task * o->H * o->W, o, scratch);
}
AE_KERNEL(AvgPool, o->N * o->C)

static void AE(MaxPool_task)(const ae_MaxPool *o, float *const *b, int64_t task, float *scratch) {
	const ae_AvgPool s = {o->N, o->C, o->H, o->W, o->R, o->Stride, o->Pad};
	AE(pool_plane)(1, b[0] + task * AE(pool_outputs)(&s), b[1] + task * o->H * o->W, &s, scratch);
}
AE_KERNEL(MaxPool, o->N * o->C)

// spread_across adds d[q] to row[q*stride + s] for s < r.
AE_INLINE void AE(spread_across)(float *restrict row, const float *restrict d, int64_t n, int64_t r, const int64_t stride) {
	for (int64_t s = 0; s < r; s++)
		for (int64_t q = 0; q < n; q++)
			row[q * stride + s] += d[q];
}

// Row h of dx is the sum of the rows p of dy whose windows hold it, spread
// across the columns. Scratch: that sum, then the row with its padding.
static void AE(AvgPoolBackward_task)(const ae_AvgPoolBackward *o, float *const *b, int64_t task, float *scratch) {
	const int64_t Q = AE(pooled)(o->W, o->Pad, o->R, o->Stride), P = AE(pooled)(o->H, o->Pad, o->R, o->Stride);
	const float scale = (float)(1 / (double)(o->R * o->R));
	float *dx = b[0] + task * o->H * o->W, *restrict sum = scratch, *row = scratch + Q;
	for (int64_t h = 0; h < o->H; h++, dx += o->W) {
		int64_t at = h + o->Pad, first = at < o->R ? 0 : (at - o->R) / o->Stride + 1, last = AE_MIN(at / o->Stride, P - 1);
		memset(scratch, 0, sizeof(float) * (size_t)(Q + o->W + 2 * o->Pad));
		for (int64_t p = first; p <= last; p++) {
			const float *restrict dy = b[1] + (task * P + p) * Q;
			for (int64_t q = 0; q < Q; q++)
				sum[q] += dy[q] * scale;
		}
		if (o->Stride == 1)
			AE(spread_across)(row, sum, Q, o->R, 1);
		else if (o->Stride == 2)
			AE(spread_across)(row, sum, Q, o->R, 2);
		else
			AE(spread_across)(row, sum, Q, o->R, o->Stride);
		memcpy(dx, row + o->Pad, sizeof(float) * (size_t)o->W);
	}
}
AE_KERNEL(AvgPoolBackward, o->N * o->C)

// first_maximum is the index in x of the first maximum of the window at (h, w),
// or -1 where the window lies outside.
static int64_t AE(first_maximum)(const ae_MaxPoolBackward *o, const float *x, int64_t h, int64_t w) {
	int64_t best = -1;
	for (int64_t i = AE_MAX(h, 0); i < AE_MIN(h + o->R, o->H); i++)
		for (int64_t j = AE_MAX(w, 0); j < AE_MIN(w + o->R, o->W); j++)
			if (best < 0 || x[i * o->W + j] > x[best])
				best = i * o->W + j;
	return best;
}

static void AE(MaxPoolBackward_task)(const ae_MaxPoolBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	const int64_t Q = AE(pooled)(o->W, o->Pad, o->R, o->Stride), P = AE(pooled)(o->H, o->Pad, o->R, o->Stride);
	float *dx = b[0] + task * o->H * o->W;
	const float *dy = b[1] + task * P * Q, *x = b[2] + task * o->H * o->W;
	memset(dx, 0, sizeof(float) * (size_t)(o->H * o->W));
	for (int64_t p = 0; p < P; p++)
		for (int64_t q = 0; q < Q; q++) {
			int64_t at = AE(first_maximum)(o, x, p * o->Stride - o->Pad, q * o->Stride - o->Pad);
			if (at >= 0)
				dx[at] += dy[p * Q + q];
		}
}
AE_KERNEL(MaxPoolBackward, o->N * o->C)

static void AE(GlobalAvgPool_task)(const ae_GlobalAvgPool *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	b[0][task] = (float)(AE(sum)(b[1] + task * o->HW, o->HW) / (double)o->HW);
}
AE_KERNEL(GlobalAvgPool, o->N * o->C)

static void AE(GlobalAvgPoolBackward_task)(const ae_GlobalAvgPoolBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	float v = (float)((double)b[1][task] / (double)o->HW);
	for (int64_t i = 0; i < o->HW; i++)
		b[0][task * o->HW + i] = v;
}
AE_KERNEL(GlobalAvgPoolBackward, o->N * o->C)
