// The weights of a convolution as panels (conv_gemm.h): for each pass those of its rows,
// [tap][channel][height], of channels or of cells. Rows that a panel lacks repeat its last
// one: their products are not stored.
//
// Behind the panels of a 1x1 convolution stands for each from which channel on it has
// weights other than zero: a head in triangular coordinates (core/coordinates) has half.

// direct_weights is the floats of prepared weights, whole lines where panels are.
static int64_t AE(direct_weights)(const ae_conv *j) {
	return AE(panel_weights)(j) + (AE(has_begins)(j) ? AE_CEIL(AE_CEIL(j->outputs, AE_MR), 16) * 16 : 0);
}

// panel_find finds that of a panel of h rows, in cells of `cell` channels.
static void AE(panel_find)(const ae_conv *j, int64_t k, const float *const *row, int64_t h, int64_t cell) {
	const int64_t first = j->rows.weight * j->w_row + j->cols.weight;
	int64_t begin = j->reduced == AE_F32 ? j->channels : j->all;
	for (int64_t i = 0; i < h; i++) {
		int64_t c = 0;
		while (c < begin && row[i][first + c * j->w_in] == 0)
			c++;
		begin = c;
	}
	const int32_t found = (int32_t)(begin / cell);
	memcpy(j->prepared + AE(panel_weights)(j) + k / AE_MR, &found, sizeof found);
}

// A panel of h rows on its way: row[i] is the weights of one for a tap, with those of the
// next channel w_in floats further. Of them n are taken, from c on.
typedef struct {
	float *to;
	const float *row[AE_MR];
	float step[AE_MR]; // in int8, of whole numbers
	int64_t h, c, n;
} AE(panel);

static void AE(panel_floats)(const ae_conv *j, const AE(panel) *p) {
	for (int64_t i = 0; i < p->h; i++)
		for (int64_t d = 0; d < p->n; d++)
			p->to[d * p->h + i] = p->row[i][(p->c + d) * j->w_in];
}

static void AE(panel_int8)(const ae_conv *j, const AE(panel) *p) {
	for (int64_t i = 0; i < p->h; i++)
		for (int64_t d = 0; d < p->n; d++) {
			const int64_t c = 4 * (p->c + d);
			AE(int8_weights)(p->to + d * p->h + i, p->row[i] + c * j->w_in, j->w_in, j->all - c, p->step[i]);
		}
}

#if AE_W == 16
static void AE(panel_bf16)(const ae_conv *j, const AE(panel) *p) {
	for (int64_t i = 0; i < p->h; i++)
		for (int64_t d = 0; d < p->n; d++) {
			const int64_t c = 2 * (p->c + d);
			const float *w = p->row[i] + c * j->w_in;
			const int32_t cell = AE(bf16_pair)(ae_set(*w), ae_set(c + 1 < j->all ? w[j->w_in] : 0))[0];
			memcpy(p->to + d * p->h + i, &cell, sizeof cell);
		}
}
#endif

// panel_steps finds the scales of output channels in int8: their weights are whole
// multiples of the largest / AE_INT8_WEIGHT.
static void AE(panel_steps)(const ae_conv *j, int64_t k, const float *const *row, AE(panel) *p) {
	for (int64_t i = 0; i < p->h; i++) {
		float most = 0;
		for (int64_t n = 0; n < j->w_out; n++)
			most = AE_MAX(most, fabsf(row[i][n]));
		j->scale[k + i] = most / AE_INT8_WEIGHT * *j->range / AE_INT8_MOST;
		p->step[i] = most > 0 ? AE_INT8_WEIGHT / most : 0;
	}
}

// A task is the panel of some output channels, for all passes.
static void AE(panels_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_conv *j = ctx;
	const int64_t taps = j->rows.taps * j->cols.taps, k = task * AE_MR;
	const float *row[AE_MR];
	AE(panel) p = {.h = AE(panel_rows)(j->outputs - k)};
	for (int64_t i = 0; i < p.h; i++)
		row[i] = j->w + AE_MIN(k + i, j->outputs - 1) * j->w_out;
	if (j->reduced == AE_INT8)
		AE(panel_steps)(j, k, row, &p);
	if (AE(has_begins)(j))
		AE(panel_find)(j, k, row, p.h, j->reduced == AE_INT8 ? 4 : j->reduced == AE_BF16 ? 2 : 1);
	for (p.c = 0; p.c < j->channels; p.c += j->depth)
		for (int64_t t = 0; t < taps; t++) {
			p.n = AE_MIN(j->depth, j->channels - p.c);
			const int64_t first = t / j->taps * j->taps, n = AE_MIN(j->taps, taps - first);
			p.to = j->prepared + AE(padded_rows)(j->outputs) * (p.c * taps + first * p.n) + k * p.n * n + (t - first) * p.n * p.h;
			for (int64_t i = 0; i < p.h; i++)
				p.row[i] = row[i] + (j->rows.weight + t / j->cols.taps * j->rows.turn) * j->w_row + j->cols.weight + t % j->cols.taps * j->cols.turn;
			if (j->reduced == AE_INT8)
				AE(panel_int8)(j, &p);
#if AE_W == 16
			else if (j->reduced == AE_BF16)
				AE(panel_bf16)(j, &p);
#endif
			else
				AE(panel_floats)(j, &p);
		}
}

static void AE(direct_prepare)(ae_conv *j, ae_run *r) { ae_parallel(r, AE_CEIL(j->outputs, AE_MR), AE(panels_task), j); }
