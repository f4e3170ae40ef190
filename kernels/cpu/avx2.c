// Every kernel for x86-64 with AVX2 and FMA.

#include "cpu.h"

#ifdef __x86_64__
#pragma GCC target("avx2,fma")
#define AE_ISA avx2
#define AE_W 8
#include "unit.h"
#else
ae_kernel *const *const ae_table_avx2 = 0;
double (*const ae_peak_avx2)(int64_t n) = 0;
#endif
