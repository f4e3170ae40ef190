// The instruction set as these files were compiled, for cpu.go to compare with
// its own, and the memory of a session.

#include <stdlib.h>
#include <string.h>

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

void *ae_memory_new(size_t bytes) {
	bytes = AE_CEIL(bytes, 64) * 64;
	void *p = aligned_alloc(64, bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}
