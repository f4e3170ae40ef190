// The threads of a session. They sleep between runs; within a run they spin a
// little before sleeping, because the next kernel usually follows at once.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu.h"

#define SPIN 4000 // turns of about 40 cycles: some 50 us

typedef struct {
	ae_run *run;
	float *scratch;
	pthread_t thread;
} worker;

struct ae_run {
	int count; // threads, with the caller's; workers[0] is the caller
	worker *workers;

	// The job of the moment. A new value of epoch publishes it.
	ae_task *task;
	void *ctx;
	int64_t tasks;
	_Atomic int64_t next;
	_Atomic int busy; // pool threads that have not finished the job

	_Atomic uint64_t epoch;
	_Atomic int stop;
	pthread_mutex_t mutex; // guards sleeping only
	pthread_cond_t wake;
	int sleepers;
};

static void relax(void) {
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

// Denormal numbers are flushed to zero while kernels run: they cost a hundred
// cycles each on x86 and mean nothing here.
static unsigned fast_denormals(void) {
#ifdef __x86_64__
	unsigned old = __builtin_ia32_stmxcsr();
	__builtin_ia32_ldmxcsr(old | 0x8040);
	return old;
#else
	return 0;
#endif
}

static void restore_denormals(unsigned old) {
#ifdef __x86_64__
	__builtin_ia32_ldmxcsr(old);
#else
	(void)old;
#endif
}

static void work(ae_run *r, float *scratch) {
	for (;;) {
		int64_t i = atomic_fetch_add_explicit(&r->next, 1, memory_order_relaxed);
		if (i >= r->tasks)
			return;
		r->task(r->ctx, i, scratch);
	}
}

// await returns the epoch after seen, or sleeps until there is one.
static uint64_t await(ae_run *r, uint64_t seen) {
	for (int i = 0; i < SPIN; i++) {
		uint64_t now = atomic_load_explicit(&r->epoch, memory_order_acquire);
		if (now != seen)
			return now;
		relax();
	}
	pthread_mutex_lock(&r->mutex);
	r->sleepers++;
	while (atomic_load(&r->epoch) == seen)
		pthread_cond_wait(&r->wake, &r->mutex);
	r->sleepers--;
	pthread_mutex_unlock(&r->mutex);
	return atomic_load(&r->epoch);
}

static void publish(ae_run *r) {
	pthread_mutex_lock(&r->mutex);
	atomic_fetch_add(&r->epoch, 1);
	if (r->sleepers > 0)
		pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->mutex);
}

static void *thread_main(void *arg) {
	worker *w = arg;
	ae_run *r = w->run;
	fast_denormals();
	for (uint64_t seen = 0;;) {
		seen = await(r, seen);
		if (atomic_load(&r->stop))
			return NULL;
		work(r, w->scratch);
		atomic_fetch_sub_explicit(&r->busy, 1, memory_order_release);
	}
}

int64_t ae_enough(const ae_run *r, int64_t each) { return r->count == 1 ? 1 : r->count * each; }

void ae_parallel(ae_run *r, int64_t n, ae_task *f, void *ctx) {
	if (n <= 0)
		return;
	r->task = f;
	r->ctx = ctx;
	r->tasks = n;
	atomic_store_explicit(&r->next, 0, memory_order_relaxed);
	int pool = n > 1 ? r->count - 1 : 0; // a single task is not worth waking anybody
	if (pool > 0) {
		atomic_store_explicit(&r->busy, pool, memory_order_relaxed);
		publish(r);
	}
	work(r, r->workers[0].scratch);
	for (int i = 0; pool > 0 && atomic_load_explicit(&r->busy, memory_order_acquire) > 0; i++) {
		if (i < SPIN)
			relax();
		else
			sched_yield(); // there are more threads than cores: let the last one run
	}
}

static void prepare(const ae_unit *unit, const ae_call *call, ae_run *r) {
	if (call->rounded)
		unit->rounded.prepare(call, r);
	else if (call->precision != AE_F32)
		unit->reduced[call->precision].prepare(call, r);
	else if (call->enlarged != NULL)
		unit->upsampled.prepare(call, r);
	else
		unit->prepare(call, r);
}

static void execute(const ae_unit *unit, const ae_call *call, ae_run *r) {
	if (call->changing)
		prepare(unit, call, r);
	if (call->pool != NULL)
		unit->pooled.run(call, r);
	else if (call->enlarged != NULL)
		unit->upsampled.run(call, r);
	else if (call->compared != NULL)
		unit->compared.run(call, r);
	else if (call->resize != NULL)
		unit->resized.run(call, r);
	else if (call->planes > 0)
		unit->planes.run(call, r);
	else if (call->rounded)
		unit->rounded.run(call, r);
	else if (call->precision != AE_F32)
		unit->reduced[call->precision].run(call->op, call->bufs, r);
	else
		unit->kernels[call->opcode](call->op, call->bufs, r);
}

void ae_execute(const ae_unit *unit, const ae_call *calls, int64_t n, ae_run *r) {
	unsigned old = fast_denormals();
	for (int64_t i = 0; i < n; i++)
		if (!calls[i].done)
			execute(unit, &calls[i], r);
	restore_denormals(old);
}

void ae_prepare(const ae_unit *unit, const ae_call *call, ae_run *r) {
	unsigned old = fast_denormals();
	prepare(unit, call, r);
	restore_denormals(old);
}

static int start(ae_run *r, int i, int64_t scratch) {
	worker *w = &r->workers[i];
	w->run = r;
	w->scratch = ae_memory_new((size_t)scratch * sizeof(float));
	if (w->scratch == NULL)
		return 0;
	if (i == 0)
		return 1;
	if (pthread_create(&w->thread, NULL, thread_main, w) != 0) {
		free(w->scratch);
		return 0;
	}
#ifdef __linux__
	char name[16]; // the kernel's limit, with the final zero
	snprintf(name, sizeof name, "aecsad-%d", i % 1000000);
	pthread_setname_np(w->thread, name);
#endif
	return 1;
}

ae_run *ae_threads_new(int threads, int64_t scratch) {
	ae_run *r = calloc(1, sizeof *r);
	if (r == NULL)
		return NULL;
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->wake, NULL);
	r->workers = calloc((size_t)threads, sizeof *r->workers);
	if (r->workers == NULL) {
		ae_threads_free(r);
		return NULL;
	}
	for (; r->count < threads; r->count++) {
		if (!start(r, r->count, scratch)) {
			ae_threads_free(r);
			return NULL;
		}
	}
	return r;
}

void ae_threads_free(ae_run *r) {
	atomic_store(&r->stop, 1);
	publish(r);
	for (int i = 1; i < r->count; i++)
		pthread_join(r->workers[i].thread, NULL);
	for (int i = 0; i < r->count; i++)
		free(r->workers[i].scratch);
	free(r->workers);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
