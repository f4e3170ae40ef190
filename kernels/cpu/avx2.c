// Every kernel for x86-64 with AVX2 and FMA.

#include "cpu.h"

#ifdef __x86_64__
#include <immintrin.h> // before the target changes
#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define AE_ISA avx2
#define AE_W 8
#include "unit.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
const ae_unit *const ae_unit_avx2 = 0;
#endif
