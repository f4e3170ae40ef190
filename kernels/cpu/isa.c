// The choice of the instruction set at run time. __builtin_cpu_supports asks the
// processor and whether the operating system saves the wide registers.

#include "cpu.h"

#ifdef __x86_64__
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void) {
	return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
int ae_has_vnni(void) { return __builtin_cpu_supports("avx512vnni"); }
int ae_has_bf16(void) { return __builtin_cpu_supports("avx512bf16"); }
int ae_near_third_level(void) { return __builtin_cpu_is("amd"); }
#else
int ae_has_vnni(void) { return 0; }
int ae_has_bf16(void) { return 0; }
int ae_near_third_level(void) { return 0; }
static int has_avx2(void) { return 0; }
static int has_avx512(void) { return 0; }
#endif

int ae_isa_at(int i, ae_isa *isa) {
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	const ae_isa all[] = {
		{"avx512", ae_unit_avx512, ae_has_amx() ? ae_unit_tiles_avx512 : NULL, has_avx512(), 1},
		{"avx2", ae_unit_avx2, NULL, has_avx2(), 0},
		{"scalar", ae_unit_scalar, NULL, 1, 0},
		{"wide", ae_unit_wide, NULL, 1, 0},
		{"vnni", ae_unit_avx512, NULL, has_avx512(), 0},
		{"tiles", ae_unit_wide, ae_unit_tiles_wide, 1, 0},
	};
	if (i < 0 || i >= (int)(sizeof all / sizeof *all))
		return 0;
	*isa = all[i];
	return 1;
}

const ae_unit *ae_isa_reduced(const ae_isa *isa) {
	return isa->tiles != NULL && (!isa->amx || ae_ask_for_amx()) ? isa->tiles : isa->unit;
}

double ae_unit_peak(const ae_unit *unit, int64_t n) { return unit->peak(n); }

ae_needs ae_unit_needs(const ae_unit *unit, int64_t opcode, const void *op) { return unit->needs(opcode, op); }

int ae_unit_pooled_pays(const ae_unit *unit, const void *conv, const void *pool) { return unit->pooled.pays(conv, pool); }

int ae_unit_compared_pays(const ae_unit *unit, const void *conv, const void *difference) { return unit->compared.pays(conv, difference); }

int ae_unit_resized_pays(const ae_unit *unit, const void *conv, const void *resize) { return unit->resized.pays(conv, resize); }

ae_needs ae_unit_upsampled_needs(const ae_unit *unit, const void *conv, const void *resize, int64_t offset) { return unit->upsampled.needs(conv, resize, offset); }

int ae_unit_planes_pays(const ae_unit *unit, const ae_call *calls, int64_t n) { return unit->planes.pays(calls, n); }

ae_needs ae_unit_reduced_needs(const ae_unit *unit, int64_t precision, const void *op) {
	return unit->reduced[precision].needs != NULL ? unit->reduced[precision].needs(op) : (ae_needs){0};
}
