// Every kernel for x86-64 with AVX-512 F, BW, DQ and VL.

#include "cpu.h"

#ifdef __x86_64__
#include <immintrin.h> // before the target changes
#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#endif
#define AE_ISA avx512
#define AE_W 16
#include "unit.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
const ae_unit *const ae_unit_avx512 = 0;
const ae_unit *const ae_unit_tiles_avx512 = 0;
#endif
