// The chain of the teacher, as one: planes of two sizes are enlarged to one, added,
// smoothed by a 3x3 mean and, if that follows, standardised (spec 1.2). All of it is linear
// in rows and in columns, so that each row of an input is enlarged and summed across once,
// and a row of outputs is a weighted sum of a few such rows, which stay in the first-level
// cache.

#define AE_SMOOTHED_TERMS 4   // rows of an input that three neighbouring rows of it, enlarged, come from
#define AE_SMOOTHED_AT_ONCE 32 // planes of a task, which share the tables

// What a row of outputs takes of the rows of an input, from the first on.
typedef struct {
	int64_t first;
	float weight[AE_SMOOTHED_TERMS];
} AE(smoothed_row);

typedef struct {
	const ae_Resize *of[2];
	const float *x[2];
	int64_t planes, high, wide, pitch; // of the outputs
	int64_t channels;                  // of an image
	const float *mean, *std;           // NULL for no standardisation
	float *y;
} AE(smoothed);

AE_INLINE int64_t AE(smoothed_vectors)(const AE(smoothed) *a) { return (int64_t)sizeof(AE(source_vector)) / 4 * AE_CEIL(a->wide, AE_W); }
AE_INLINE int64_t AE(smoothed_table)(const AE(smoothed) *a) { return (int64_t)sizeof(AE(smoothed_row)) / 4 * AE_CEIL(a->high, 16) * 16; }
AE_INLINE int64_t AE(smoothed_rows)(const AE(smoothed) *a, int i) { return (a->of[i]->H + AE_SMOOTHED_TERMS - 1) * a->pitch; }

AE_INLINE int64_t AE(smoothed_scratch)(const AE(smoothed) *a) {
	const int64_t spare = AE_MAX(a->of[0]->W, a->of[1]->W) + AE_SLACK;
	return 2 * (AE(smoothed_vectors)(a) + AE(smoothed_table)(a)) + AE(smoothed_rows)(a, 0) + AE(smoothed_rows)(a, 1) + a->pitch + 2 * AE_W + spare;
}

// smoothed_plan tells whether n calls are such a chain, and sets a.
static int AE(smoothed_plan)(AE(smoothed) *a, const ae_call *calls, int64_t n) {
	static const int opcodes[] = {ae_code_Resize, ae_code_Resize, ae_code_Add, ae_code_AvgPool, ae_code_Standardize};
	if (n < 4 || n > 5)
		return 0;
	for (int64_t i = 0; i < n; i++)
		if (calls[i].opcode != opcodes[i] || (i + 1 < n && !calls[i].inside))
			return 0;
	float *const *add = calls[2].bufs, *const *pool = calls[3].bufs, *one = calls[0].bufs[0], *other = calls[1].bufs[0];
	if (one == other || calls[1].bufs[1] == one || !((add[1] == one && add[2] == other) || (add[1] == other && add[2] == one)) || pool[1] != add[0])
		return 0;
	const ae_AvgPool *o = calls[3].op;
	if (o->R != 3 || o->Stride != 1 || o->Pad != 1)
		return 0;
	*a = (AE(smoothed)){.planes = o->N * o->C, .channels = o->C, .high = o->H, .wide = o->W, .pitch = AE_CEIL(o->W, AE_W) * AE_W};
	for (int i = 0; i < 2; i++) {
		const ae_Resize *r = calls[i].op;
		if (r->N * r->C != a->planes || r->P != o->H || r->Q != o->W || r->H > r->P)
			return 0;
		a->of[i] = r;
		a->x[i] = calls[i].bufs[1];
	}
	float *const *last = calls[n - 1].bufs;
	a->y = last[0];
	if (n == 5) {
		const ae_Standardize *z = calls[4].op;
		if (last[1] != pool[0] || z->C != o->C || z->HW != o->H * o->W)
			return 0;
		a->mean = last[2], a->std = last[3];
	}
	return AE(smoothed_scratch)(a) <= AE_SCRATCH;
}

// smoothed_weights finds what rows of outputs take of an input.
static void AE(smoothed_weights)(AE(smoothed_row) *to, const ae_Resize *o) {
	for (int64_t p = 0; p < o->P; p++, to++) {
		*to = (AE(smoothed_row)){.first = AE(resize_source)(AE_MAX(p - 1, 0), o->H, o->P).lo};
		for (int64_t i = AE_MAX(p - 1, 0); i < AE_MIN(p + 2, o->P); i++) {
			const AE(source) s = AE(resize_source)(i, o->H, o->P);
			to->weight[s.lo - to->first] += (1 - s.weight) / 9;
			to->weight[s.hi - to->first] += s.weight / 9;
		}
	}
}

// smoothed_across enlarges the rows of a plane x across, and sums three neighbours. row has
// a vector of zeros before and behind it.
static void AE(smoothed_across)(const AE(smoothed) *a, const ae_Resize *o, const float *x, const float *end, const AE(source_vector) *columns, float *rows, float *row, float *spare) {
	for (int64_t h = 0; h < o->H; h++, x += o->W, rows += a->pitch) {
		const float *from = x;
		if (end - x < o->W + AE_SLACK)
			from = memcpy(spare, x, sizeof(float) * (size_t)o->W);
		AE(resize_row)(row, from, columns, o->Q);
		memset(row + o->Q, 0, sizeof(float) * AE_W);
		for (int64_t q = 0; q < o->Q; q += AE_W)
			ae_store(rows + q, ae_load(row + q - 1) + ae_load(row + q) + ae_load(row + q + 1));
	}
}

AE_INLINE ae_v AE(smoothed_sum)(const AE(smoothed_row) *r, const float *rows, int64_t pitch) {
	ae_v sum = {0};
#pragma GCC unroll 4
	for (int i = 0; i < AE_SMOOTHED_TERMS; i++)
		sum += r->weight[i] * ae_load(rows + (r->first + i) * pitch);
	return sum;
}

static void AE(smoothed_task)(void *ctx, int64_t task, float *scratch) {
	const AE(smoothed) *a = ctx;
	const int64_t first = task * AE_SMOOTHED_AT_ONCE, end = AE_MIN(first + AE_SMOOTHED_AT_ONCE, a->planes);
	AE(source_vector) *columns[2];
	AE(smoothed_row) *weights[2];
	float *rows[2];
	for (int i = 0; i < 2; i++) {
		columns[i] = (AE(source_vector) *)scratch;
		scratch += AE(smoothed_vectors)(a);
		AE(resize_vectors)(columns[i], a->of[i]->W, a->wide);
	}
	for (int i = 0; i < 2; i++) {
		weights[i] = (AE(smoothed_row) *)scratch;
		scratch += AE(smoothed_table)(a);
		AE(smoothed_weights)(weights[i], a->of[i]);
	}
	for (int i = 0; i < 2; i++) {
		rows[i] = scratch;
		scratch += AE(smoothed_rows)(a, i);
		memset(rows[i], 0, sizeof(float) * (size_t)AE(smoothed_rows)(a, i)); // those behind the last have no weight
	}
	float *row = scratch + AE_W, *spare = row + a->pitch + AE_W;
	memset(scratch, 0, sizeof(float) * AE_W);
	for (int64_t c = first; c < end; c++) {
		for (int i = 0; i < 2; i++) {
			const int64_t plane = a->of[i]->H * a->of[i]->W;
			AE(smoothed_across)(a, a->of[i], a->x[i] + c * plane, a->x[i] + a->planes * plane, columns[i], rows[i], row, spare);
		}
		const float mean = a->mean != NULL ? a->mean[c % a->channels] : 0;
		const float gain = a->mean != NULL ? (float)(1 / (double)a->std[c % a->channels]) : 1;
		for (int64_t p = 0; p < a->high; p++) {
			float *y = a->y + (c * a->high + p) * a->wide;
			for (int64_t q = 0; q < a->wide; q += AE_W) {
				const ae_v sum = AE(smoothed_sum)(&weights[0][p], rows[0] + q, a->pitch) + AE(smoothed_sum)(&weights[1][p], rows[1] + q, a->pitch);
				const ae_v v = (sum - mean) * gain;
				if (a->wide - q >= AE_W)
					ae_store(y + q, v);
				else
					ae_store_part(y + q, v, 0, a->wide - q);
			}
		}
	}
}
