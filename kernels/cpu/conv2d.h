// The convolutions. Forward and backward data are products with the weights: by Winograd's
// method (winograd.h), of few channels along rows only (conv_shallow.h), by Strassen's
// (conv_strassen.h), or directly, of columns (conv_gemm.h) or of a view (conv_sliding.h),
// the latter two one per phase of the stride. A single column is in conv_vector.h, backward
// filter in conv_filter.h.
//
// Weights are prepared before they are used: taken to Winograd's points, added up for
// Strassen's products, or packed as panels. The prepared weights stand behind the buffers
// of the call.

// conv_forward describes a Conv2D.
static ae_conv AE(conv_forward)(const ae_Conv2D *o, float *const *b) {
	ae_axis rows = AE(axis_forward)(o->H, o->R, o->Stride, o->Pad, o->Dilation);
	ae_axis cols = AE(axis_forward)(o->W, o->S, o->Stride, o->Pad, o->Dilation);
	return (ae_conv){
		.rows = rows, .cols = cols,
		.images = o->N, .channels = o->C, .outputs = o->K, .relu = o->Relu != 0, .y = b[0], .x = b[1], .w = b[2],
		.w_out = o->C * o->R * o->S, .w_in = o->R * o->S, .w_row = o->S,
		.y_image = o->K * rows.out * cols.out, .y_channel = rows.out * cols.out, .y_row = cols.out, .y_col = 1,
		.bias = o->Bias ? b[3] : NULL, .residual = o->Residual ? b[3 + (o->Bias != 0)] : NULL,
		.prepared = b[3 + (o->Bias != 0) + (o->Residual != 0)],
	};
}

// conv_backward describes the phase (h, w) of a Conv2DBackwardData. The prepared
// weights of the phases follow each other.
static ae_conv AE(conv_backward)(const ae_Conv2DBackwardData *o, float *const *b, int64_t h, int64_t w) {
	return (ae_conv){
		.rows = AE(axis_backward)(h, o->H, o->R, o->Stride, o->Pad, o->Dilation),
		.cols = AE(axis_backward)(w, o->W, o->S, o->Stride, o->Pad, o->Dilation),
		.images = o->N, .channels = o->K, .outputs = o->C, .y = b[0] + h * o->W + w, .x = b[1], .w = b[2],
		.w_out = o->R * o->S, .w_in = o->C * o->R * o->S, .w_row = o->S,
		.y_image = o->C * o->H * o->W, .y_channel = o->H * o->W, .y_row = o->Stride * o->W, .y_col = o->Stride,
		.prepared = b[3],
	};
}

// The methods, each in a function with a frame of its own: a host may call us on a stack of
// 16 KiB. They tell whether they are the one.

static AE_APART int AE(run_winograd)(const ae_conv *j, ae_run *r) {
	ae_winograd w;
	if (!AE(winograd_plan)(&w, j))
		return 0;
	AE(winograd_run)(&w, r);
	return 1;
}

static AE_APART int AE(run_shallow)(const ae_conv *j, ae_run *r) {
	ae_shallow s;
	if (!AE(shallow_plan)(&s, j, NULL))
		return 0;
	AE(shallow_run)(&s, r);
	return 1;
}

static AE_APART int AE(run_strassen)(const ae_conv *j, ae_run *r) {
	ae_strassen s;
	if (!AE(strassen_plan)(&s, j) || *AE(strassen_chosen)(&s) == 0)
		return 0;
	AE(strassen_run)(&s, r);
	return 1;
}

static AE_APART void AE(run_direct)(ae_conv *j, ae_run *r) {
	ae_sliding v;
	AE(conv_split)(j);
	if (AE(is_vector)(j))
		AE(vector_run)(j, r);
	else if (AE(sliding_plan)(&v, j))
		AE(sliding_run)(&v, r);
	else
		AE(direct_run)(j, r);
}

static void AE(conv_run)(ae_conv *j, ae_run *r) {
	if (j->rows.out <= 0 || j->cols.out <= 0)
		return; // a phase beyond a small image
	if (!AE(run_winograd)(j, r) && !AE(run_shallow)(j, r) && !AE(run_strassen)(j, r))
		AE(run_direct)(j, r);
}

static void AE(Conv2D)(const ae_Conv2D *o, float *const *b, ae_run *r) {
	ae_conv j = AE(conv_forward)(o, b);
	AE(conv_run)(&j, r);
}

static void AE(Conv2DBackwardData)(const ae_Conv2DBackwardData *o, float *const *b, ae_run *r) {
	float *prepared = b[3];
	for (int64_t i = 0; i < o->Stride * o->Stride; i++) {
		ae_conv j = AE(conv_backward)(o, b, i / o->Stride, i % o->Stride);
		j.prepared = prepared;
		AE(conv_run)(&j, r);
		prepared += AE(direct_weights)(&j);
	}
}

// conv_filter describes a Conv2DBackwardFilter.
static ae_filter AE(conv_filter)(const ae_Conv2DBackwardFilter *o, float *const *b) {
	ae_axis rows = AE(axis_forward)(o->H, o->R, o->Stride, o->Pad, o->Dilation);
	ae_axis cols = AE(axis_forward)(o->W, o->S, o->Stride, o->Pad, o->Dilation);
	ae_filter j = {.images = o->N, .channels = o->C, .outputs = o->K, .dw = b[0], .dy = b[1], .x = b[2], .w_row = o->S, .w_channel = o->R * o->S};
	AE(filter_split)(&j, rows, cols);
	return j;
}

static void AE(Conv2DBackwardFilter)(const ae_Conv2DBackwardFilter *o, float *const *b, ae_run *r) {
	ae_filter j = AE(conv_filter)(o, b);
	ae_parallel(r, j.blocks * j.depths, AE(filter_task), &j);
}

// phase_of describes the convolution i of a call with prepared weights: of the
// phases of a gradient, and of one forward. It returns 0 after the last.
static int AE(phase_of)(ae_conv *j, int64_t i, int64_t opcode, const void *o, float *const *b) {
	const ae_Conv2DBackwardData *back = o;
	if (opcode == ae_code_Conv2D && i == 0)
		*j = AE(conv_forward)(o, b);
	else if (opcode == ae_code_Conv2DBackwardData && i < back->Stride * back->Stride)
		*j = AE(conv_backward)(back, b, i / back->Stride, i % back->Stride);
	else
		return 0;
	return 1;
}

static ae_needs AE(needs)(int64_t opcode, const void *o) {
	float *const unknown[6] = {NULL};
	ae_needs needs = {0};
	ae_conv j;
	ae_winograd w;
	ae_strassen s;
	ae_shallow l;
	if (opcode == ae_code_Conv2DBackwardFilter) {
		const ae_filter f = AE(conv_filter)(o, unknown);
		return (ae_needs){.scratch = AE(filter_scratch)(&f, f.block, f.depth)};
	}
	for (int64_t i = 0; AE(phase_of)(&j, i, opcode, o, unknown); i++) {
		if (AE(winograd_plan)(&w, &j))
			return (ae_needs){.prepared = AE(winograd_weights)(&w), .scratch = AE(winograd_scratch)(&w)};
		if (AE(shallow_plan)(&l, &j, NULL))
			return (ae_needs){.prepared = AE(shallow_weights)(&l)};
		if (AE(strassen_plan)(&s, &j))
			return (ae_needs){.prepared = AE(strassen_weights)(&s), .scratch = AE(strassen_scratch)(&s)};
		needs.prepared += AE(direct_weights)(&j);
	}
	return needs;
}

static AE_APART int AE(prepare_winograd)(const ae_conv *j, ae_run *r) {
	ae_winograd w;
	if (!AE(winograd_plan)(&w, j))
		return 0;
	AE(winograd_prepare)(&w, j->prepared, r);
	return 1;
}

static AE_APART int AE(prepare_shallow)(const ae_conv *j, ae_run *r) {
	ae_shallow s;
	if (!AE(shallow_plan)(&s, j, NULL))
		return 0;
	AE(shallow_prepare)(&s, r);
	return 1;
}

static AE_APART int AE(prepare_strassen)(const ae_conv *j, ae_run *r) {
	ae_strassen s;
	return AE(strassen_plan)(&s, j) && AE(strassen_prepare)(&s, r);
}

static AE_APART void AE(prepare_direct)(ae_conv *j, ae_run *r) {
	ae_sliding v;
	AE(conv_split)(j);
	AE(direct_prepare)(!AE(is_vector)(j) && AE(sliding_plan)(&v, j) ? &v.conv : j, r);
}

// conv_prepare prepares the weights of a convolution or a phase.
static void AE(conv_prepare)(ae_conv *j, ae_run *r) {
	if (!AE(prepare_winograd)(j, r) && !AE(prepare_shallow)(j, r) && !AE(prepare_strassen)(j, r))
		AE(prepare_direct)(j, r);
}

static void AE(prepare)(const ae_call *call, ae_run *r) {
	ae_conv j;
	float *prepared = NULL;
	for (int64_t i = 0; AE(phase_of)(&j, i, call->opcode, call->op, call->bufs); i++) {
		if (i > 0)
			j.prepared = prepared;
		j.compared = call->compared; // a head has panels (conv_compared.h)
		AE(conv_prepare)(&j, r);
		prepared = j.prepared + AE(direct_weights)(&j);
	}
}
