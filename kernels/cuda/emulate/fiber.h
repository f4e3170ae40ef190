// Fibers: stacks of their own that take turns by an ordinary function call.

#ifndef AECSAD_EMULATE_FIBER_H
#define AECSAD_EMULATE_FIBER_H

#include <cstdint>

// ae_switch saves the caller's registers and stack pointer in *from and goes on
// where `to` was saved.
extern "C" __attribute__((visibility("hidden"))) void ae_switch(void **from, void *to);

#if defined(__x86_64__)

asm(R"(
	.text
	.globl ae_switch
	.hidden ae_switch
	.type ae_switch, @function
ae_switch:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size ae_switch, . - ae_switch
)");

// ae_fiber prepares a stack that ends at top so that the first switch to the
// result calls entry, which must not return.
static void *ae_fiber(char *top, void (*entry)()) {
	// At entry the stack pointer is 8 below a multiple of 16, as after a call.
	uint64_t *sp = (uint64_t *)((uintptr_t)top & ~(uintptr_t)15) - 2;
	*sp = (uint64_t)entry;
	return sp - 6;
}

#elif defined(__aarch64__)

asm(R"(
	.text
	.globl ae_switch
	.hidden ae_switch
	.type ae_switch, %function
ae_switch:
	sub sp, sp, #160
	stp x19, x20, [sp, #0]
	stp x21, x22, [sp, #16]
	stp x23, x24, [sp, #32]
	stp x25, x26, [sp, #48]
	stp x27, x28, [sp, #64]
	stp x29, x30, [sp, #80]
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	mov x9, sp
	str x9, [x0]
	mov sp, x1
	ldp x19, x20, [sp, #0]
	ldp x21, x22, [sp, #16]
	ldp x23, x24, [sp, #32]
	ldp x25, x26, [sp, #48]
	ldp x27, x28, [sp, #64]
	ldp x29, x30, [sp, #80]
	ldp d8, d9, [sp, #96]
	ldp d10, d11, [sp, #112]
	ldp d12, d13, [sp, #128]
	ldp d14, d15, [sp, #144]
	add sp, sp, #160
	ret
	.size ae_switch, . - ae_switch
)");

static void *ae_fiber(char *top, void (*entry)()) {
	uint64_t *sp = (uint64_t *)((uintptr_t)top & ~(uintptr_t)15) - 20;
	sp[11] = (uint64_t)entry; // x30, the return address
	return sp;
}

#else
#error "the emulation knows x86-64 and arm64"
#endif

#endif
