// The ceiling of this ISA, to measure kernels against.

// peak does n multiply-adds in each lane of the accumulators of a micro-kernel's
// tile, from registers, and returns the number of floating point operations.
static double AE(peak)(int64_t n) {
	ae_v c[AE_MR][AE_NV], x = ae_set(0.5f), y = ae_set(0.25f);
	for (int i = 0; i < AE_MR; i++)
		for (int v = 0; v < AE_NV; v++)
			c[i][v] = ae_set((float)(i + v));
	for (int64_t j = 0; j < n; j++) {
		__asm__ volatile("" : : : "memory"); // keeps the loop
#pragma GCC unroll 8
		for (int i = 0; i < AE_MR; i++)
#pragma GCC unroll 3
			for (int v = 0; v < AE_NV; v++)
				c[i][v] = c[i][v] * x + y;
	}
	ae_v sum = {0};
	for (int i = 0; i < AE_MR; i++)
		for (int v = 0; v < AE_NV; v++)
			sum += c[i][v];
	volatile float keep = sum[0];
	(void)keep;
	return 2.0 * AE_MR * AE_NR * (double)n;
}

double (*const AE(ae_peak))(int64_t n) = AE(peak);
