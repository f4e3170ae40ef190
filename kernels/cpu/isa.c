// The choice of the instruction set at run time. __builtin_cpu_supports asks the
// processor and whether the operating system saves the wide registers.

#include "cpu.h"

#ifdef __x86_64__
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
	return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
static int has_avx2(void) { return 0; }
static int has_avx512(void) { return 0; }
#endif

int ae_isa_at(int i, ae_isa *isa) {
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	const ae_isa all[] = {
		{"avx512", ae_table_avx512, has_avx512(), ae_peak_avx512},
		{"avx2", ae_table_avx2, has_avx2(), ae_peak_avx2},
		{"scalar", ae_table_scalar, 1, ae_peak_scalar},
		{"wide", ae_table_wide, 1, ae_peak_wide},
	};
	if (i < 0 || i >= (int)(sizeof all / sizeof *all))
		return 0;
	*isa = all[i];
	return 1;
}

double ae_isa_peak(const ae_isa *isa, int64_t n) { return isa->peak(n); }
