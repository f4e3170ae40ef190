// The ceiling of this ISA, to measure kernels against.

// peak does n multiply-adds in each lane of the accumulators of a micro-kernel's
// tile, in registers, and returns the number of floating point operations.
static __attribute__((noinline)) double AE(peak)(int64_t n) {
	ae_v c[AE_MR][AE_NV], x = ae_set(0.5f), y = ae_set(0.25f), sum = {0};
#pragma GCC unroll 8
	for (int i = 0; i < AE_MR; i++)
#pragma GCC unroll 3
		for (int v = 0; v < AE_NV; v++)
			c[i][v] = ae_set((float)(i * AE_NV + v)); // all different, or the compiler merges them
	for (int64_t j = 0; j < n; j++)
#pragma GCC unroll 8
		for (int i = 0; i < AE_MR; i++)
#pragma GCC unroll 3
			for (int v = 0; v < AE_NV; v++)
				c[i][v] = c[i][v] * x + y;
#pragma GCC unroll 8
	for (int i = 0; i < AE_MR; i++)
#pragma GCC unroll 3
		for (int v = 0; v < AE_NV; v++)
			sum += c[i][v];
	volatile float keep = sum[0]; // the compiler must compute it
	(void)keep;
	return 2.0 * AE_MR * AE_NR * (double)n;
}
