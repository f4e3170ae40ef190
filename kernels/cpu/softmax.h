// Softmax over the channels. A task is a run of AE_PIXELS pixels of one image, a
// vector of pixels at a time.

#define AE_PIXELS ((int64_t)1024)

AE_INLINE int64_t AE(pixel_tasks)(int64_t n, int64_t hw) { return n * AE_CEIL(hw, AE_PIXELS); }

// A run of pixels of an image with c channels: element i of channel c is at
// first + c*hw + i for i < count.
typedef struct {
	int64_t n, first, at, count; // image, index in [N,C,HW], index in HW
} AE(pixels);

AE_INLINE AE(pixels) AE(pixels_of)(int64_t task, int64_t c, int64_t hw) {
	int64_t runs = AE_CEIL(hw, AE_PIXELS), n = task / runs, at = task % runs * AE_PIXELS;
	return (AE(pixels)){n, n * c * hw + at, at, AE_MIN(AE_PIXELS, hw - at)};
}

// softmax_of gives the largest of c values hw apart, and the sum of exp(x - largest).
AE_INLINE ae_v AE(softmax_of)(const float *x, int64_t c, int64_t hw, int64_t lanes, ae_v *largest) {
	ae_v top = ae_load_part(x, 0, lanes), sum = {0};
	for (int64_t k = 1; k < c; k++)
		top = ae_max(top, ae_load_part(x + k * hw, 0, lanes));
	for (int64_t k = 0; k < c; k++)
		sum += ae_exp(ae_load_part(x + k * hw, 0, lanes) - top);
	*largest = top;
	return sum;
}

static void AE(Softmax_task)(const ae_Softmax *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	for (int64_t i = 0; i < run.count; i += AE_W) {
		int64_t lanes = AE_MIN(AE_W, run.count - i);
		float *y = b[0] + run.first + i;
		const float *x = b[1] + run.first + i;
		ae_v largest, gain = 1 / AE(softmax_of)(x, o->C, o->HW, lanes, &largest);
		for (int64_t c = 0; c < o->C; c++)
			ae_store_part(y + c * o->HW, ae_exp(ae_load_part(x + c * o->HW, 0, lanes) - largest) * gain, 0, lanes);
	}
}
AE_KERNEL(Softmax, AE(pixel_tasks)(o->N, o->HW))

static void AE(SoftmaxBackward_task)(const ae_SoftmaxBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	for (int64_t i = 0; i < run.count; i += AE_W) {
		int64_t lanes = AE_MIN(AE_W, run.count - i), at = run.first + i;
		ae_v sum = {0};
		for (int64_t c = 0; c < o->C; c++)
			sum += ae_load_part(b[1] + at + c * o->HW, 0, lanes) * ae_load_part(b[2] + at + c * o->HW, 0, lanes);
		for (int64_t c = 0; c < o->C; c++) {
			int64_t j = at + c * o->HW;
			ae_store_part(b[0] + j, ae_load_part(b[2] + j, 0, lanes) * (ae_load_part(b[1] + j, 0, lanes) - sum), 0, lanes);
		}
	}
}
AE_KERNEL(SoftmaxBackward, AE(pixel_tasks)(o->N, o->HW))
