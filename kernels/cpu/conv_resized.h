// A convolution with the Resize before it, whose output no one else reads: Winograd's method
// enlarges rows on their way to the points (winograd_resized.h).

// resized_pays tells whether both may be one.
static int AE(resized_pays)(const void *conv, const void *resize) {
	const ae_Conv2D *o = conv;
	const ae_Resize *u = resize;
	float *const unknown[6] = {NULL};
	const ae_conv j = AE(conv_forward)(o, unknown);
	ae_winograd w;
	if (u->N != o->N || u->C != o->C || u->P != o->H || u->Q != o->W || u->P < u->H || u->Q < u->W)
		return 0;
	return j.rows.out > 0 && j.cols.out > 0 && AE(winograd_plan)(&w, &j);
}

static void AE(resized_run)(const ae_call *call, ae_run *r) {
	ae_conv j = AE(conv_forward)(call->op, call->bufs);
	j.resize = call->resize;
	AE(run_winograd)(&j, r);
}
