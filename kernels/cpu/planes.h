// Calls that take planes, channels of images, to planes, as one: a task takes a few
// planes through all of them, and what lies between stays in its scratch unless someone
// else reads it. Else every call would write and read whole images, at the pace of the
// memory.

// The form of an op on n planes from plane `first` on, which is where the buffers with
// planes begin.
typedef void AE(planes_form)(const void *op, float *const *b, int64_t first, int64_t n, float *scratch);

static void AE(AvgPool_planes)(const void *op, float *const *b, int64_t first, int64_t n, float *scratch) {
	(void)first;
	for (int64_t i = 0; i < n; i++)
		AE(AvgPool_task)(op, b, i, scratch);
}

static void AE(Standardize_planes)(const void *op, float *const *b, int64_t first, int64_t n, float *scratch) {
	(void)scratch;
	const ae_Standardize *o = op;
	for (int64_t i = 0; i < n; i++) {
		const int64_t c = (first + i) % o->C;
		AE(normalize)(b[0] + i * o->HW, b[1] + i * o->HW, b[2][c], (float)(1 / (double)b[3][c]), 0, o->HW);
	}
}

// What a call makes of a plane: `in` floats, in `inputs` buffers, to `out` floats.
typedef struct {
	AE(planes_form) *form; // NULL for Add, which has no planes of its own
	int64_t planes, inputs, in, out, side;
} AE(planes_of);

// planes_of_call describes a call; planes is that of a call before it, 0 for none.
static int AE(planes_of_call)(const ae_call *call, int64_t planes, AE(planes_of) *p) {
	if (call->opcode == ae_code_Resize) {
		const ae_Resize *o = call->op;
		*p = (AE(planes_of)){AE(Resize_planes), o->N * o->C, 1, o->H * o->W, o->P * o->Q, AE_MAX(AE_MAX(o->H, o->W), AE_MAX(o->P, o->Q))};
	} else if (call->opcode == ae_code_AvgPool) {
		const ae_AvgPool *o = call->op;
		*p = (AE(planes_of)){AE(AvgPool_planes), o->N * o->C, 1, o->H * o->W, AE(pool_outputs)(o), o->W + 2 * o->Pad + o->R + o->Stride * AE_W};
	} else if (call->opcode == ae_code_Standardize) {
		const ae_Standardize *o = call->op;
		*p = (AE(planes_of)){AE(Standardize_planes), o->N * o->C, 1, o->HW, o->HW, 0};
	} else if (call->opcode == ae_code_Add && planes > 0) {
		const ae_Add *o = call->op;
		*p = (AE(planes_of)){NULL, planes, 2, o->Len / planes, o->Len / planes, 0};
		return o->Len % planes == 0;
	} else {
		return 0;
	}
	return planes == 0 || p->planes == planes;
}

#define AE_PLANES_CALLS 8      // at most
#define AE_PLANES_AT_ONCE 8    // planes of a task, at most
#define AE_PLANES_SIDE 1024    // of a plane, at most: the calls need AE_PLANES_HEAD floats of scratch
#define AE_PLANES_HEAD 24576
#define AE_PLANES_ROOM (AE_SCRATCH - AE_PLANES_HEAD - 2 * AE_SLACK) // for what lies between; a resize reads beyond it

_Static_assert((5 + 2 * AE_RESIZE_CHANNELS) * (AE_PLANES_SIDE + AE_W) + AE_SLACK <= AE_PLANES_HEAD, "a resize's tables and rows fit");
_Static_assert(AE_POOL_ROWS * (AE_PLANES_SIDE + AE_W) <= AE_PLANES_HEAD, "a pool's rows fit");

typedef struct {
	const ae_call *calls;
	int64_t n, planes, at_once;
	AE(planes_of) of[AE_PLANES_CALLS];
	int64_t room[AE_PLANES_CALLS]; // where in the scratch the output of a call is, if it stays there
} AE(planes_chain);

// planes_plan sets the chain of n calls. It returns 0 if they are none.
static int AE(planes_plan)(AE(planes_chain) *a, const ae_call *calls, int64_t n) {
	int64_t between = 0;
	*a = (AE(planes_chain)){.calls = calls, .n = n};
	if (n > AE_PLANES_CALLS)
		return 0;
	for (int64_t i = 0; i < n; i++) {
		if (!AE(planes_of_call)(&calls[i], a->planes, &a->of[i]) || a->of[i].side > AE_PLANES_SIDE)
			return 0;
		a->planes = a->of[i].planes;
		between += calls[i].inside ? a->of[i].out : 0;
	}
	a->at_once = between > 0 ? AE_MIN(AE_PLANES_ROOM / between, AE_PLANES_AT_ONCE) : AE_PLANES_AT_ONCE;
	int64_t at = AE_PLANES_HEAD;
	for (int64_t i = 0; i < n; i++) {
		a->room[i] = at;
		at += calls[i].inside ? a->at_once * a->of[i].out : 0;
	}
	return n > 1 && a->at_once > 0;
}

// planes_input is where call i of the chain reads its input k.
static float *AE(planes_input)(const AE(planes_chain) *a, int64_t i, int64_t k, int64_t first, float *scratch) {
	float *const from = a->calls[i].bufs[k];
	for (int64_t j = i - 1; j >= 0; j--)
		if (a->calls[j].bufs[0] == from && a->calls[j].inside)
			return scratch + a->room[j];
		else if (a->calls[j].bufs[0] == from)
			break;
	return from + first * a->of[i].in;
}

static void AE(planes_task)(void *ctx, int64_t task, float *scratch) {
	const AE(planes_chain) *a = ctx;
	const int64_t first = task * a->at_once, n = AE_MIN(a->at_once, a->planes - first);
	for (int64_t i = 0; i < a->n; i++) {
		const ae_call *call = &a->calls[i];
		const AE(planes_of) *of = &a->of[i];
		float *b[4] = {call->inside ? scratch + a->room[i] : call->bufs[0] + first * of->out};
		for (int64_t k = 1; k <= of->inputs; k++)
			b[k] = AE(planes_input)(a, i, k, first, scratch);
		if (call->opcode == ae_code_Standardize)
			b[2] = call->bufs[2], b[3] = call->bufs[3];
		if (of->form != NULL)
			of->form(call->op, b, first, n, scratch);
		else
			for (int64_t k = 0; k < n * of->out; k++)
				b[0][k] = b[1][k] + b[2][k];
	}
}

static int AE(planes_pays)(const ae_call *calls, int64_t n) {
	AE(planes_chain) a;
	return AE(planes_plan)(&a, calls, n);
}

static void AE(planes_run)(const ae_call *call, ae_run *r) {
	AE(planes_chain) a;
	AE(smoothed) s;
	if (AE(smoothed_plan)(&s, call, call->planes)) {
		ae_parallel(r, AE_CEIL(s.planes, AE_SMOOTHED_AT_ONCE), AE(smoothed_task), &s);
		return;
	}
	AE(planes_plan)(&a, call, call->planes);
	ae_parallel(r, AE_CEIL(a.planes, a.at_once), AE(planes_task), &a);
}
