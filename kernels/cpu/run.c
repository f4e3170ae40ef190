// The instruction set as these files were compiled, for cpu.go to compare with
// its own, and the memory of a session.

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "cpu.h"

#define NAME(Op) #Op,
#define FIELDS(Op) AE_FIELDS_##Op,
#define WORDS(Op) sizeof(ae_##Op) / 8,

static const char *const names[] = {AE_OPS(NAME)};
static const char *const fields[] = {AE_OPS(FIELDS)};
static const int64_t words[] = {AE_OPS(WORDS)};

int64_t ae_op_count(void) { return sizeof names / sizeof *names; }
const char *ae_op_name(int64_t opcode) { return names[opcode]; }
const char *ae_op_fields(int64_t opcode) { return fields[opcode]; }
int64_t ae_op_words(int64_t opcode) { return words[opcode]; }

#define HUGE_PAGE ((size_t)2 << 20)

void *ae_memory_take(size_t bytes) {
	size_t align = bytes < 2 * HUGE_PAGE ? 64 : HUGE_PAGE;
	bytes = AE_CEIL(bytes, align) * align;
	void *p = aligned_alloc(align, bytes);
#ifdef MADV_HUGEPAGE
	if (p != NULL && align == HUGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE); // fewer misses of the address cache; advice only
#endif
	return p;
}

void *ae_memory_passing(size_t bytes) { return aligned_alloc(64, AE_CEIL(bytes, 64) * 64); }

// whole_pages is how many of the bytes from p on are whole pages, from *from on, that the
// system took back. They are zero when they are next read.
static size_t whole_pages(void *p, size_t bytes, void **from) {
#ifdef __linux__
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), lo = AE_CEIL((uintptr_t)p, page) * page, hi = ((uintptr_t)p + bytes) / page * page;
	*from = (void *)lo;
	if (hi > lo && madvise(*from, hi - lo, MADV_DONTNEED) == 0)
		return hi - lo;
#endif
	*from = p;
	(void)bytes;
	return 0;
}

void *ae_memory_new(size_t bytes) {
	char *p = ae_memory_take(bytes);
	void *from;
	if (p == NULL || bytes < 2 * HUGE_PAGE) // small memory is the heap's, and soon used
		return p == NULL ? NULL : memset(p, 0, bytes);
	const size_t zero = whole_pages(p, bytes, &from), head = (size_t)((char *)from - p);
	memset(p, 0, head);
	memset(p + head + zero, 0, bytes - head - zero);
	return p;
}

void ae_memory_release(void *p, size_t bytes) {
	void *from;
	whole_pages(p, bytes, &from);
}
