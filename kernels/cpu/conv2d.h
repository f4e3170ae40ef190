// The convolutions. Forward and backward data are matrix products (conv_gemm.h),
// the latter one per phase of the stride; backward filter is in conv_filter.h.

static void AE(Conv2D)(const ae_Conv2D *o, float *const *b, ae_run *r) {
	ae_axis rows = AE(axis_forward)(o->H, o->R, o->Stride, o->Pad, o->Dilation);
	ae_axis cols = AE(axis_forward)(o->W, o->S, o->Stride, o->Pad, o->Dilation);
	ae_conv j = {
		.images = o->N, .channels = o->C, .outputs = o->K, .relu = o->Relu != 0, .y = b[0], .x = b[1], .w = b[2],
		.w_out = o->C * o->R * o->S, .w_in = o->R * o->S, .w_row = o->S,
		.y_image = o->K * rows.out * cols.out, .y_channel = rows.out * cols.out, .y_row = cols.out, .y_col = 1,
		.bias = o->Bias ? b[3] : NULL, .residual = o->Residual ? b[3 + (o->Bias != 0)] : NULL,
	};
	AE(conv_run)(&j, rows, cols, r);
}

static void AE(Conv2DBackwardData)(const ae_Conv2DBackwardData *o, float *const *b, ae_run *r) {
	for (int64_t h = 0; h < o->Stride; h++)
		for (int64_t w = 0; w < o->Stride; w++) {
			ae_conv j = {
				.images = o->N, .channels = o->K, .outputs = o->C, .y = b[0] + h * o->W + w, .x = b[1], .w = b[2],
				.w_out = o->R * o->S, .w_in = o->C * o->R * o->S, .w_row = o->S,
				.y_image = o->C * o->H * o->W, .y_channel = o->H * o->W, .y_row = o->Stride * o->W, .y_col = o->Stride,
			};
			AE(conv_run)(&j, AE(axis_backward)(h, o->H, o->R, o->Stride, o->Pad, o->Dilation),
			             AE(axis_backward)(w, o->W, o->S, o->Stride, o->Pad, o->Dilation), r);
		}
}

static void AE(Conv2DBackwardFilter)(const ae_Conv2DBackwardFilter *o, float *const *b, ae_run *r) {
	ae_axis rows = AE(axis_forward)(o->H, o->R, o->Stride, o->Pad, o->Dilation);
	ae_axis cols = AE(axis_forward)(o->W, o->S, o->Stride, o->Pad, o->Dilation);
	ae_filter j = {.images = o->N, .channels = o->C, .outputs = o->K, .dw = b[0], .dy = b[1], .x = b[2], .w_row = o->S, .w_channel = o->R * o->S};
	AE(filter_split)(&j, rows, cols);
	ae_parallel(r, j.blocks * j.depths, AE(filter_task), &j);
}
