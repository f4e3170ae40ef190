// A 1x1 convolution with the SquaredDifference behind it: the head of a student, whose
// outputs no one else reads. Each tile is compared as it comes out of the registers, and
// neither written to memory nor read again. A task has all output channels of its columns,
// whose squares it adds to the map in their order.

// compared_pays tells whether both may be one: sums are complete after a single pass, in
// float32, and nothing follows but a bias.
static int AE(compared_pays)(const void *conv, const void *difference) {
	const ae_Conv2D *o = conv;
	const ae_SquaredDifference *d = difference;
	float *const unknown[6] = {NULL};
	ae_conv j = AE(conv_forward)(o, unknown);
	ae_sliding v;
	if (o->R * o->S != 1 || o->Residual || o->Relu || o->C > AE_CONV_ROWS || j.rows.out <= 0 || j.cols.out <= 0)
		return 0;
	if (d->N != o->N || d->C != o->K || d->HW != j.rows.out * j.cols.out)
		return 0;
	AE(conv_split)(&j);
	return !AE(is_vector)(&j) && !AE(sliding_plan)(&v, &j) && AE(is_straight)(&j);
}

static void AE(compared_run)(const ae_call *call, ae_run *r) {
	ae_conv j = AE(conv_forward)(call->op, call->bufs);
	j.compared = call->compared;
	AE(conv_split)(&j);
	AE(direct_run)(&j, r);
}
