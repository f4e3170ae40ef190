// The choice of the instruction set at run time. __builtin_cpu_supports asks the
// processor and whether the operating system saves the wide registers.

#include "cpu.h"

int ae_isa_best(void) {
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return AE_AVX512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return AE_AVX2;
#endif
	return AE_SCALAR;
}

ae_kernel *const *ae_isa_table(int isa) {
	switch (isa) {
	case AE_AVX512:
		return ae_table_avx512;
	case AE_AVX2:
		return ae_table_avx2;
	}
	return ae_table_scalar;
}
