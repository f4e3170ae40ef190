// A convolution of which some input channels were resized just before, and joined with
// others (the segmentor's first on the larger map). Both are linear: instead of the
// enlarged channels, each tap of the filter multiplies the small ones, as an output channel
// of its own of a 1x1 convolution, and the products are enlarged, shifted and added up. That
// is a residual of the convolution of the other channels. Four times enlarged, a 3x3 filter
// costs 9/16 multiplications for an output and channel instead of Winograd's 36/16.
//
// Products stand where the Resize would have put its output, their sums where the Concat
// would have; nobody else reads either.

typedef struct {
	const ae_Conv2D *conv;
	const ae_Resize *resize;
	ae_conv taps, rest; // of the small channels, one output for each tap; of the others
	float *sums;
} ae_upsampled;

// upsampled_plan sets a: channels [offset, offset + resize->C) of the input are resized. It
// returns 0 where that does not pay.
static int AE(upsampled_plan)(ae_upsampled *a, const ae_Conv2D *o, const ae_Resize *u, int64_t offset, float *const *b, const ae_enlarged *e) {
	const int64_t taps = o->R * o->S, small = u->H * u->W, others = o->C - u->C, line = AE_CEIL(u->Q, AE_W) * AE_W + 2 * AE_W;
	if (o->Residual || o->Stride != 1 || o->Dilation != 1 || u->N != o->N || u->P != o->H || u->Q != o->W || others < 1)
		return 0;
	if (o->K % AE_MR != 0 || u->C > AE_CONV_ROWS || (offset != 0 && offset != others))
		return 0;
	ae_Conv2D rest = *o;
	rest.C = others;
	*a = (ae_upsampled){.conv = o, .resize = u, .rest = AE(conv_forward)(&rest, b)};
	ae_conv *r = &a->rest, *t = &a->taps;
	const int64_t out = r->rows.out * r->cols.out;
	if (r->rows.out <= 0 || r->cols.out <= 0)
		return 0;
	if (taps * o->K * small + AE_SLACK > u->C * u->P * u->Q || o->K * out > o->C * o->H * o->W)
		return 0; // no room
	if (2 * o->Pad > AE_W || (o->R * u->H + 1) * (AE_CEIL(r->cols.out, AE_W) * AE_W) + 8 * line > AE_SCRATCH)
		return 0;
	*t = (ae_conv){
		.rows = AE(axis_forward)(u->H, 1, 1, 0, 1), .cols = AE(axis_forward)(u->W, 1, 1, 0, 1),
		.images = o->N, .channels = u->C, .outputs = taps * o->K, .w_out = o->C * taps, .w_in = taps, .w_row = 1,
		.y_image = taps * o->K * small, .y_channel = small, .y_row = u->W, .y_col = 1,
		.x = e->small, .y = e->products, .w = b[2] != NULL ? b[2] + offset * taps : NULL, .prepared = r->prepared,
	};
	AE(conv_split)(t);
	r->w_out = t->w_out;
	r->w = b[2] != NULL && offset == 0 ? b[2] + u->C * taps : b[2];
	r->x = e->others;
	r->residual = a->sums = e->sums;
	if (r->prepared != NULL)
		r->prepared += AE(direct_weights)(t);
	ae_winograd w;
	ae_conv whole = AE(conv_forward)(o, b);
	const double before = AE(winograd_plan)(&w, &whole) ? AE(winograd_cost)(&w) : AE(direct_cost)(&whole);
	const double after = AE(winograd_plan)(&w, r) ? AE(winograd_cost)(&w) : AE(direct_cost)(r);
	const double adding = (double)(o->K * (4 * taps * u->H * u->Q + 2 * o->R * out));
	return after + AE(direct_cost)(t) + adding < before;
}

static ae_needs AE(upsampled_needs)(const void *conv, const void *resize, int64_t offset) {
	float *const unknown[6] = {NULL};
	const ae_enlarged nowhere = {0};
	ae_upsampled a;
	ae_winograd w;
	if (!AE(upsampled_plan)(&a, conv, resize, offset, unknown, &nowhere))
		return (ae_needs){0};
	ae_needs needs = {.prepared = AE(direct_weights)(&a.taps)};
	if (AE(winograd_plan)(&w, &a.rest)) {
		needs.prepared += AE(winograd_weights)(&w);
		needs.scratch = AE(winograd_scratch)(&w);
	} else {
		needs.prepared += AE(direct_weights)(&a.rest);
	}
	return needs;
}

static void AE(upsampled_prepare)(const ae_call *call, ae_run *r) {
	ae_upsampled a;
	const ae_enlarged *e = call->enlarged;
	AE(upsampled_plan)(&a, call->op, e->resize, e->offset, call->bufs, e);
	ae_conv *t = &a.taps, tap = *t;
	tap.outputs = a.conv->K;
	for (int64_t i = 0; i < a.conv->R * a.conv->S; i++, tap.w++, tap.prepared += tap.outputs * tap.channels)
		AE(direct_prepare)(&tap, r); // whole panels: those of the next tap follow
	memset(t->prepared + AE(panel_weights)(t), 0, sizeof(float) * (size_t)(AE(direct_weights)(t) - AE(panel_weights)(t)));
	AE(conv_prepare)(&a.rest, r);
}

// enlarge adds up the products of an output channel. First along the rows: row h of filter
// row i, enlarged, shifted and added up over the columns of the filter, is lines + (i*H +
// h)*pitch. Then down the columns, between those.
static void AE(enlarge)(const ae_upsampled *a, const float *x, float *y, const AE(source_vector) *columns, float *scratch) {
	const ae_Conv2D *o = a->conv;
	const ae_Resize *u = a->resize;
	const int64_t width = a->rest.cols.out, pitch = AE_CEIL(width, AE_W) * AE_W, next = o->K * u->H * u->W;
	float *wide = scratch, *lines = wide + AE_CEIL(u->Q, AE_W) * AE_W + 4 * AE_W; // wide: a row and its padding
	memset(wide, 0, sizeof(float) * (size_t)(lines - wide));
	memset(lines, 0, sizeof(float) * (size_t)(o->R * u->H * pitch));
	for (int64_t i = 0; i < o->R * u->H; i++) {
		float *line = lines + i * pitch;
		const float *row = x + i / u->H * o->S * next + i % u->H * u->W;
		for (int64_t s = 0; s < o->S; s++, row += next) {
			AE(resize_row)(wide + AE_W, row, columns, u->Q);
			memset(wide + AE_W + u->Q, 0, sizeof(float) * AE_W); // whole vectors were written
			for (int64_t q = 0; q < width; q += AE_W)
				ae_store(line + q, ae_load(line + q) + ae_load(wide + AE_W - o->Pad + s + q));
		}
	}
	for (int64_t p = 0; p < a->rest.rows.out; p++, y += width)
		for (int64_t q = 0; q < width; q += AE_W) {
			ae_v sum = {0};
			for (int64_t i = 0; i < o->R; i++) {
				const int64_t h = p - o->Pad + i;
				if (h < 0 || h >= u->P)
					continue;
				const AE(source) s = AE(resize_source)(h, u->H, u->P);
				const float *from = lines + i * u->H * pitch + q;
				const ae_v lo = ae_load(from + s.lo * pitch);
				sum += lo + s.weight * (ae_load(from + s.hi * pitch) - lo);
			}
			ae_store_part(y + q, sum, 0, AE_MIN(AE_W, width - q));
		}
}

// A task is some output channels of an image, which share the table of columns.
static void AE(enlarge_task)(void *ctx, int64_t task, float *scratch) {
	const ae_upsampled *a = ctx;
	const ae_Conv2D *o = a->conv;
	const ae_Resize *u = a->resize;
	const int64_t tasks = AE_CEIL(o->K, AE_RESIZE_CHANNELS), n = task / tasks, k = task % tasks * AE_RESIZE_CHANNELS;
	const int64_t small = u->H * u->W, out = a->rest.rows.out * a->rest.cols.out;
	AE(source_vector) *columns = (AE(source_vector) *)scratch;
	AE(resize_vectors)(columns, u->W, u->Q);
	for (int64_t i = k; i < AE_MIN(k + AE_RESIZE_CHANNELS, o->K); i++)
		AE(enlarge)(a, a->taps.y + (n * o->R * o->S * o->K + i) * small, a->sums + (n * o->K + i) * out, columns,
		            (float *)(columns + AE_CEIL(u->Q, AE_W)));
}

static void AE(upsampled_run)(const ae_call *call, ae_run *r) {
	ae_upsampled a;
	const ae_enlarged *e = call->enlarged;
	AE(upsampled_plan)(&a, call->op, e->resize, e->offset, call->bufs, e);
	AE(direct_run)(&a.taps, r);
	ae_parallel(r, a.conv->N * AE_CEIL(a.conv->K, AE_RESIZE_CHANNELS), AE(enlarge_task), &a);
	AE(conv_run)(&a.rest, r);
}
