// Convolutions as Winograd computes them: F(4x4,3x3) and F(5x5,4x4), and F(2x2,3x3) and
// F(3x3,4x4) on small images, and with stride 2 four by four outputs. Tiles of the input are
// taken to points x points values (winograd_points.h), in which the convolution is
// a product per point; the sum over input channels is a matrix product for each
// point; the sums are taken back to tiles of side x side outputs. A 3x3 filter
// costs 36/16 multiplications for an output and input channel instead of 9, a 4x4
// filter 64/25 instead of 16; with stride 2 that is 81/16 and 100/16. Smaller tiles
// multiply more but have fewer weights.
//
// A task takes a group of tiles through all of it, for a part of the output
// channels, so that what lies between stays in the caches. The weights are taken
// to the points beforehand (conv2d.h).

typedef struct {
	ae_conv conv;
	int points, side;             // of a tile: inputs, which are as many as points, and outputs
	int step;                     // inputs from a tile to the next
	int kinds;                    // of weights: points from the last one on share theirs
	int64_t down, across;         // tiles of an image
	int64_t high, wide;           // tiles of a group, at most
	int64_t groups_down, groups_across;
	int64_t tiles;                // that a group has place for
	int64_t depth;                // input channels in whole vectors
	int64_t part, parts;          // output channels of a task
	int64_t block;                // output channels at a time
	int64_t pitch;                // floats of a row of a group, AE_W channels
	int64_t u_plane, v_plane, m_plane; // floats of a point: of the weights, the input, the products
	const ae_AvgPool *pool;            // what is made of the outputs, NULL for nothing (conv_pooled.h)
} ae_winograd;

// A group: rows x cols tiles, from tile (row, col).
typedef struct {
	int64_t row, col, rows, cols;
} ae_tiles;

#define AE_WINOGRAD_POINTS 10        // of a tile along a side, at most
#define AE_WINOGRAD_TILES 56         // of a group: the weights are read once for each group
#define AE_WINOGRAD_FAR 72           // where the third-level cache is far: eight by eight are one group
#define AE_WINOGRAD_CACHE 524288     // floats of the second-level cache: weights of at most half of it stay there
#define AE_WINOGRAD_NEAR 230000      // floats of products that stay in the second-level cache beside the rest
#define AE_WINOGRAD_NEARER 75000     // where the third-level cache is far
#define AE_WINOGRAD_BLOCK 64         // output channels at a time, at least; half as many where it is far
#define AE_WINOGRAD_REREAD 2         // times the input at the points may cost what it saves in products
#define AE_WINOGRAD_PART 128         // output channels of a task, at least
#define AE_WINOGRAD_APART 1.25       // times the cost of columns of every other input, which are slow to pack
#define AE_WINOGRAD_EACH 2           // tasks for each of several threads, where there are output channels for them
#define AE_WINOGRAD_SCRATCH 16000000 // floats of a task, at most

// winograd_block is how many output channels to compute at a time. Products of a
// few stay in the cache, but each block reads the input at the points anew; with
// many input channels that costs more where the third-level cache is far, and all are
// computed at a time.
static int64_t AE(winograd_block)(const ae_winograd *w) {
	const int far = !ae_near_third_level();
	const int64_t all = AE_CEIL(w->conv.outputs, AE_PRODUCT_COLS) * AE_PRODUCT_COLS;
	const int64_t products = w->points * w->points * w->tiles; // of an output channel
	const int64_t near = (far ? AE_WINOGRAD_NEARER : AE_WINOGRAD_NEAR) / products / AE_PRODUCT_COLS * AE_PRODUCT_COLS;
	const int64_t block = AE_MAX(near, far ? AE_WINOGRAD_BLOCK / 2 : AE_WINOGRAD_BLOCK);
	return w->conv.channels > AE_WINOGRAD_REREAD * block && far ? all : AE_MIN(block, all);
}

// winograd_most is how many tiles a group may have at most. No bit depends on it.
AE_INLINE int64_t AE(winograd_most)(void) { return ae_near_third_level() ? AE_WINOGRAD_TILES : AE_WINOGRAD_FAR; }

// winograd_group is how many tiles a group may have: where the weights stay in the cache,
// as many as stay there too, or half of the usual. Two rows of them are a group even so:
// the rows of the input that each of them takes overlap, and two rows may be pooled.
static int64_t AE(winograd_group)(const ae_winograd *w) {
	const int64_t channels = w->conv.channels + w->conv.outputs, u = w->kinds * w->kinds * w->conv.channels * w->conv.outputs;
	const int64_t most = AE(winograd_most)();
	if (2 * u > AE_WINOGRAD_CACHE)
		return most;
	const int64_t fit = (AE_WINOGRAD_CACHE - u) / (w->points * w->points * channels);
	return AE_MIN(AE_MAX(fit, most / 2), most);
}

// winograd_shape sets everything that does not depend on the batch.
static void AE(winograd_shape)(ae_winograd *w, const ae_conv *j, int points) {
	const int stride = (int)j->rows.stride, side = (points - (int)j->rows.taps) / stride + 1;
	*w = (ae_winograd){.conv = *j, .points = points, .side = side, .step = side * stride, .kinds = points == 9 ? 6 : points};
	w->down = AE_CEIL(j->rows.out, side);
	w->across = AE_CEIL(j->cols.out, side);
	const int64_t group = AE(winograd_group)(w);
	w->wide = AE(even)(w->across, group);
	w->high = AE(even)(w->down, AE_MAX(group / w->wide, 2 * w->wide <= AE(winograd_most)() ? 2 : 1));
	w->groups_down = AE_CEIL(w->down, w->high);
	w->groups_across = AE_CEIL(w->across, w->wide);
	w->tiles = w->high * w->wide;
	w->pitch = AE_CEIL(w->wide * w->step + points - w->step, AE_W) * AE_W * AE_W;
	w->depth = AE_CEIL(j->channels, AE_W) * AE_W;
	w->block = AE(winograd_block)(w);
	w->u_plane = AE(odd_lines)(AE(product_outputs)(j->outputs) * w->depth);
	w->v_plane = AE(odd_lines)(w->depth * w->tiles);
	w->m_plane = AE(odd_lines)(w->block * w->tiles);
}

// winograd_weights is the floats of the weights at the points.
static int64_t AE(winograd_weights)(const ae_winograd *w) { return w->kinds * w->kinds * w->u_plane; }

// winograd_rows is how many rows of an image a task holds at a time.
static int64_t AE(winograd_rows)(const ae_winograd *w) { return AE_MAX(w->points, w->high * w->side); }

// winograd_before is the floats of a task before the input at the points: image rows, and
// what resizing them takes (winograd_resized.h).
static int64_t AE(winograd_before)(const ae_winograd *w) { return AE(winograd_rows)(w) * w->pitch + AE(resized_room)(w->pitch); }

// winograd_scratch is the floats of a task: these, the input at the points, the products.
static int64_t AE(winograd_scratch)(const ae_winograd *w) {
	return AE(winograd_before)(w) + w->points * w->points * (w->v_plane + w->m_plane);
}

// winograd_cost is the work for one image, in multiplications, and direct_cost
// that of conv_gemm.h: products, transforms at some 24 for a point of a tile, and
// every weight read from memory at the time of 16.
static double AE(winograd_cost)(const ae_winograd *w) {
	const double points = w->points * w->points, kinds = w->kinds * w->kinds, tiles = (double)(w->down * w->across);
	const double channels = (double)w->depth, outputs = (double)AE(product_outputs)(w->conv.outputs);
	return points * tiles * (channels * outputs + 24 * (channels + outputs)) + kinds * 16 * channels * outputs;
}
static double AE(direct_cost)(const ae_conv *j) {
	return (double)(j->rows.taps * j->cols.taps * j->channels * j->outputs) * (double)(j->rows.out * j->cols.out + 16);
}

// winograd_plan tells whether a convolution is worth it, and sets w to the cheapest
// tile if so. The batch has no say: an image's bits must not depend on its company.
static int AE(winograd_plan)(ae_winograd *w, const ae_conv *j) {
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	const int taps = (int)rows->taps;
	if (rows->taps != cols->taps || rows->stride > 2 || rows->step != 1 || cols->step != 1 || j->y_col != 1)
		return 0;
	if (taps != 3 && taps != 4)
		return 0;
	double least = AE(direct_cost)(j) * (rows->stride == 2 ? AE_WINOGRAD_APART : 1);
	int pays = 0;
	const int most = rows->stride == 1 ? 2 * taps : taps + 6;
	for (int points = rows->stride == 1 ? most - 2 : most; points <= most; points += 2) { // 4 and 6, or 6 and 8
		ae_winograd tile;
		AE(winograd_shape)(&tile, j, points);
		if (AE(winograd_scratch)(&tile) > AE_WINOGRAD_SCRATCH || AE(winograd_cost)(&tile) >= least)
			continue;
		least = AE(winograd_cost)(&tile);
		*w = tile;
		pays = 1;
	}
	return pays;
}
