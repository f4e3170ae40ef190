// Convolutions with stride 1 as Winograd computes them: F(4x4,3x3) and
// F(5x5,4x4). Tiles of the input are taken to points x points values
// (winograd_points.h), in which the convolution is a product per point; the
// sum over input channels is a matrix product for each point; the sums are taken
// back to tiles of side x side outputs. A 3x3 filter costs 36/16 multiplications
// for an output and input channel instead of 9, a 4x4 filter 64/25 instead of 16.
//
// A task takes a group of tiles through all of it, for a part of the output
// channels, so that what lies between stays in the caches. The weights are taken
// to the points beforehand (conv2d.h).

typedef struct {
	ae_conv conv;
	int points, side;             // of a tile; points = side + taps - 1
	int64_t down, across;         // tiles of an image
	int64_t high, wide;           // tiles of a group, at most
	int64_t groups_down, groups_across;
	int64_t part, parts;          // output channels of a task
	int64_t block;                // output channels at a time
	int64_t depth;                // input channels of a product at a time
	int64_t pitch, width, lanes;  // floats: of a row of a patch's phase, of an output row, of a channel of a group
	int64_t u_plane, v_plane, m_plane; // floats of a point: of the weights, the input, the products
} ae_winograd;

#define AE_WINOGRAD_INPUT 1500000    // floats of a group at the points, in a share of the third-level cache
#define AE_WINOGRAD_TILES 96         // of a group: the weights are read once for each group
#define AE_WINOGRAD_BLOCK 256        // output channels at a time: the input at the points is read once for each block
#define AE_WINOGRAD_DEPTH 128        // input channels at a time: the first-level cache holds them, and short sums are accurate
#define AE_WINOGRAD_PART 128         // output channels of a task, at least
#define AE_WINOGRAD_TASKS 4          // at least, where there are output channels for them
#define AE_WINOGRAD_SCRATCH 16000000 // floats of a task, at most

// winograd_shape sets everything that does not depend on the batch.
static void AE(winograd_shape)(ae_winograd *w, const ae_conv *j, int points, int side) {
	*w = (ae_winograd){.conv = *j, .points = points, .side = side};
	w->down = AE_CEIL(j->rows.out, side);
	w->across = AE_CEIL(j->cols.out, side);
	w->wide = AE(even)(w->across, AE_WINOGRAD_TILES);
	const int64_t most = AE_MIN(AE_WINOGRAD_INPUT / (points * points * j->channels), AE_WINOGRAD_TILES);
	w->high = AE(even)(w->down, AE_MIN(AE_MAX(most / w->wide, 1), w->down));
	w->groups_down = AE_CEIL(w->down, w->high);
	w->groups_across = AE_CEIL(w->across, w->wide);
	w->pitch = AE_CEIL(w->wide, AE_W) * AE_W + AE_W;
	w->width = (AE_CEIL(w->wide, AE_W) + 1) * AE_W * side;
	w->lanes = AE_CEIL(w->high * w->wide, AE_W) * AE_W;
	w->depth = AE(even)(j->channels, AE_WINOGRAD_DEPTH);
	w->block = AE_MIN(AE_WINOGRAD_BLOCK, AE(padded_rows)(j->outputs));
	w->u_plane = AE(odd_lines)(AE(padded_rows)(j->outputs) * j->channels);
	w->v_plane = AE(odd_lines)(j->channels * w->lanes + AE_W);
	w->m_plane = AE(odd_lines)(w->block * w->lanes + AE_W);
}

// winograd_weights is the floats of the weights at the points.
static int64_t AE(winograd_weights)(const ae_winograd *w) { return w->points * w->points * w->u_plane; }

// The parts of a task's scratch, in floats.
static int64_t AE(winograd_patch_size)(const ae_winograd *w) {
	return AE(odd_lines)(((w->high - 1) * w->side + w->points) * w->side * w->pitch + AE_W);
}
static int64_t AE(winograd_scratch)(const ae_winograd *w) {
	const int64_t points = w->points * w->points;
	return AE(winograd_patch_size)(w) + points * (w->v_plane + w->m_plane) + AE(odd_lines)(w->side * w->width);
}

// winograd_cost is the work for one image, in multiplications, and direct_cost
// that of conv_gemm.h: products, transforms at some 24 for a point of a tile, and
// every weight read from memory at the time of 16.
static double AE(winograd_cost)(const ae_winograd *w) {
	const ae_conv *j = &w->conv;
	const double points = w->points * w->points, tiles = (double)w->groups_down * w->groups_across * w->lanes;
	return points * (tiles * (j->channels * j->outputs + 24 * (j->channels + j->outputs)) + 16 * j->channels * j->outputs);
}
static double AE(direct_cost)(const ae_conv *j) {
	return (double)(j->rows.taps * j->cols.taps * j->channels * j->outputs) * (double)(j->rows.out * j->cols.out + 16);
}

// winograd_plan tells whether a convolution is worth it, and sets w if so. The
// batch has no say: an image's bits must not depend on its company.
static int AE(winograd_plan)(ae_winograd *w, const ae_conv *j) {
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	if (rows->taps != cols->taps || rows->stride != 1 || cols->stride != 1 || rows->step != 1 || cols->step != 1 || j->y_col != 1)
		return 0;
	if (rows->taps == 3)
		AE(winograd_shape)(w, j, 6, 4);
	else if (rows->taps == 4)
		AE(winograd_shape)(w, j, 8, 5);
	else
		return 0;
	return AE(winograd_scratch)(w) <= AE_WINOGRAD_SCRATCH && AE(winograd_cost)(w) < AE(direct_cost)(j);
}

