// Every function of the driver that is linked, as a jump through a slot: the
// library loads and runs where there is no libcuda, and aecsad_cuda_load fills
// the slots where there is one. The stubs are hidden, so that they never meet a
// real libcuda in the same process.

#include "stubs.h"

#include <dlfcn.h>
#include <stdio.h>

#include "../compat/cuda.h"

// What a slot answers before the driver is loaded, where loading failed, and for
// a function that an old driver lacks. Arguments are ignored, which the calling
// conventions of x86-64 and arm64 allow.
static CUresult not_loaded(void) { return CUDA_ERROR_NOT_INITIALIZED; }
static CUresult no_device(void) { return CUDA_ERROR_NO_DEVICE; }
static CUresult lacking(void) { return CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND; }

// cu calls cuInit when the process starts, and ends the process if it fails.
static CUresult nothing(void) { return CUDA_SUCCESS; }

#if defined(__x86_64__)
#define JUMP(slot) "\tjmp *" slot "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(slot) "\tadrp x16, " slot "\n\tldr x16, [x16, #:lo12:" slot "]\n\tbr x16\n"
#else
#error "the stubs know x86-64 and arm64"
#endif

#define STUB(name, symbol, parameters)                                         \
	__attribute__((visibility("hidden"))) void *aecsad_slot_##name = not_loaded; \
	__asm__("\t.text\n\t.globl " symbol "\n\t.hidden " symbol "\n\t.type " symbol ", %function\n" symbol ":\n" JUMP("aecsad_slot_" #name));
AECSAD_CUDA_SYMBOLS(STUB)

static const struct {
	const char *symbol;
	void **slot;
} stubs[] = {
#define ENTRY(name, symbol, parameters) {symbol, &aecsad_slot_##name},
	AECSAD_CUDA_SYMBOLS(ENTRY)
};

static void fill(void *handle) {
	for (size_t i = 0; i < sizeof stubs / sizeof *stubs; i++) {
		void *f = handle ? dlsym(handle, stubs[i].symbol) : NULL;
		*stubs[i].slot = f ? f : handle ? (void *)lacking : (void *)no_device;
	}
	aecsad_slot_cuInit = nothing;
}

// Before the initialiser of Go, whose thread calls cuInit at any time after it.
__attribute__((constructor(101))) static void start(void) { aecsad_slot_cuInit = nothing; }

int aecsad_cuda_load(const char *path, char *message, size_t size) {
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(message, size, "%s", dlerror());
		fill(NULL);
		return CUDA_ERROR_NO_DEVICE;
	}
	CUresult (*init)(unsigned) = (CUresult(*)(unsigned))dlsym(handle, "cuInit");
	CUresult r = init ? init(0) : CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND;
	if (r) {
		snprintf(message, size, init ? "cuInit answers %d" : "it has no cuInit (%d)", (int)r);
		fill(NULL);
		return r;
	}
	fill(handle);
	return CUDA_SUCCESS;
}
