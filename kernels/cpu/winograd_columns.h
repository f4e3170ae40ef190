// Image rows as vectors of channels: where Winograd's input begins.

#define AE_WINOGRAD_ROWS_AHEAD 2

// winograd_columns copies n columns of a row of AE_W channels, from column `first`
// on, as vectors of channels; what is outside [0, in) is zero, as are the channels
// from `channels` on.
static void AE(winograd_columns)(float *to, const float *x, int64_t plane, int64_t channels, int64_t first, int64_t n, int64_t in) {
	for (int64_t q = 0; q < n; q += AE_W, to += AE_W * AE_W) {
		const float *from = x + first + q;
		const int64_t lo = AE_MIN(AE_MAX(-first - q, 0), AE_W), hi = AE_MAX(AE_MIN(in - first - q, AE_W), lo);
		ae_v m[AE_W];
		if (channels < AE_W) {
			for (int c = 0; c < AE_W; c++)
				m[c] = c < channels ? ae_load_part(from + c * plane, lo, hi) : (ae_v){0};
		} else if (hi - lo == AE_W) {
#pragma GCC unroll 16
			for (int c = 0; c < AE_W; c++, from += plane) {
				m[c] = ae_load(from);
				__builtin_prefetch(from + AE_WINOGRAD_ROWS_AHEAD * in);
			}
		} else {
#pragma GCC unroll 16
			for (int c = 0; c < AE_W; c++, from += plane)
				m[c] = ae_load_part(from, lo, hi);
		}
		AE(transpose)(m);
#pragma GCC unroll 16
		for (int i = 0; i < AE_W; i++)
			ae_store(to + i * AE_W, m[i]);
	}
}
