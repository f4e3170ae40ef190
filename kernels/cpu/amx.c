// AMX, which the operating system gives only to those who ask.

#define _GNU_SOURCE
#include "cpu.h"

#if defined __x86_64__ && defined __linux__
#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REQUEST_PERMISSION 0x1023 // ARCH_REQ_XCOMP_PERM of asm/prctl.h, which old systems lack
#define TILE_DATA 18              // of the state that XSAVE saves
#define TILE_STATE (3u << 17)     // configuration and data, in XCR0

int ae_has_amx(void) {
	unsigned a, b, c, d, low, high;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	if ((low & TILE_STATE) != TILE_STATE || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return 0;
	const unsigned bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;
	return (d & (bf16 | tile | int8)) == (bf16 | tile | int8);
}

static int granted;

static void ask(void) { granted = ae_has_amx() && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0; }

int ae_ask_for_amx(void) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, ask);
	return granted;
}
#else
int ae_has_amx(void) { return 0; }
int ae_ask_for_amx(void) { return 0; }
#endif
