// Runs a kernel on the CPU: block after block, the threads of a block in turns
// between its barriers and warp operations. Mistakes that a GPU would answer
// with garbage or a hang are reported: a barrier that not all threads reach, a
// warp operation that lanes of its mask miss.

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "device.h"
#include "fiber.h"

ae_kernel *ae_kernels;
ae_lane *ae_self;
ae_uint3 ae_block, ae_grid;

namespace {

const int max_threads = 1024;
const size_t stack_size = 64 << 10;

ae_lane lanes[max_threads];
int count; // threads of a block
int waiting[max_threads / 32]; // lanes of each warp that wait in a collective
void *scheduler;
char *stacks;
const ae_kernel *kernel;
void *const *arguments;
std::string failure;

// under_way are copies that their thread has not waited for.
struct copy {
	void *shared;
	const void *global;
};
std::vector<copy> under_way[max_threads];

void suspend() { ae_switch(&ae_self->stack_pointer, scheduler); }

// fail ends the kernel: the scheduler sees the text and resumes no thread.
void fail(std::string what) {
	failure = std::string(kernel->name) + ", block " + std::to_string(ae_block.x) + "," + std::to_string(ae_block.y) + "," +
	          std::to_string(ae_block.z) + ": " + what;
	if (ae_self)
		suspend();
}

std::string where(const ae_lane &l) {
	int n = &l - lanes;
	std::string s = "thread " + std::to_string(n);
	if (l.state == AE_DONE)
		return s + " has returned";
	if (l.state == AE_READY)
		return s + " runs";
	return s + " waits in the " + l.what + " of line " + std::to_string(l.line);
}

void entry() {
	kernel->call(arguments);
	ae_self->state = AE_DONE;
	suspend();
}

void wait(ae_state state, const char *what, int line) {
	ae_self->state = state;
	ae_self->what = what;
	ae_self->line = line;
}

// release_barrier lets all threads go on if all that still run have reached it.
bool release_barrier() {
	ae_lane *first = nullptr;
	for (int i = 0; i < count; i++) {
		ae_lane &l = lanes[i];
		if (l.state == AE_DONE)
			continue;
		if (l.state != AE_AT_BARRIER)
			return false;
		if (first && l.line != first->line) {
			fail("diverged barrier: " + where(*first) + ", " + where(l));
			return false;
		}
		first = &l;
	}
	for (int i = 0; i < count; i++)
		if (lanes[i].state == AE_AT_BARRIER)
			lanes[i].state = AE_READY;
	return true;
}

// stuck names a thread that waits in vain, and one that it waits for.
void stuck() {
	const ae_lane *a = nullptr, *b = nullptr;
	for (int i = 0; i < count && !a; i++)
		if (lanes[i].state == AE_AT_COLLECTIVE)
			a = &lanes[i];
	const ae_lane *warp = lanes + (a - lanes) / 32 * 32;
	for (int i = 0; i < 32 && !b; i++)
		if (a->mask >> i & 1 && (warp[i].state != a->state || warp[i].line != a->line))
			b = &warp[i];
	fail("no thread can go on: " + where(*a) + (b ? ", " + where(*b) : ""));
}

// run_warp lets the lanes of a warp take turns until none can go on. A warp runs
// as far as it can before the next one does: that shows where two barriers were
// needed and one was found.
void run_warp(const int *turn) {
	for (bool ran = true; ran && failure.empty();) {
		ran = false;
		for (int i = 0; i < 32 && turn[i] >= 0; i++) {
			ae_lane *l = &lanes[turn[i]];
			if (l->state != AE_READY)
				continue;
			ran = true;
			ae_self = l;
			ae_switch(&scheduler, l->stack_pointer);
			ae_self = nullptr;
			if (!failure.empty())
				return;
		}
	}
}

void run_block(ae_order order, std::mt19937 &random) {
	std::fill(kernel->shared_begin, kernel->shared_end, (char)0xff); // NaN
	std::fill(waiting, waiting + max_threads / 32, 0);
	for (auto &list : under_way)
		list.clear();
	int turn[max_threads / 32][32], warps = (count + 31) / 32;
	std::fill(turn[0], turn[warps], -1);
	for (int i = 0; i < count; i++) {
		lanes[i] = {ae_fiber(stacks + (i + 1) * stack_size, entry), {(unsigned)i, 0, 0}, AE_READY, "", 0, 0, nullptr};
		int at = order == AE_REVERSED ? count - 1 - i : i;
		turn[at / 32][at % 32] = i;
	}
	do {
		int warp[max_threads / 32];
		for (int w = 0; w < warps; w++) {
			warp[w] = w;
			if (order == AE_SHUFFLED)
				std::shuffle(turn[w], turn[w] + std::min(32, count - 32 * w), random);
		}
		if (order == AE_SHUFFLED)
			std::shuffle(warp, warp + warps, random);
		for (int w = 0; w < warps && failure.empty(); w++)
			run_warp(turn[warp[w]]);
		if (failure.empty() && std::all_of(lanes, lanes + count, [](const ae_lane &l) { return l.state == AE_DONE; }))
			return;
	} while (failure.empty() && release_barrier());
	if (failure.empty())
		stuck();
}

} // namespace

void ae_barrier(int line) {
	wait(AE_AT_BARRIER, "barrier", line);
	suspend();
}

void ae_aligned(const char *what, int line, const void *p, bool shared) {
	std::string of = std::string(what) + " of line " + std::to_string(line);
	if ((uintptr_t)p % 16)
		fail("misaligned " + of);
	if (shared && ((char *)p < kernel->shared_begin || (char *)p + 16 > kernel->shared_end))
		fail("outside shared memory: " + of);
}

void ae_copy(int line, void *shared, const void *global) {
	ae_aligned("copy", line, shared, true);
	ae_aligned("copy", line, global, false);
	std::memset(shared, 0xff, 16); // NaN
	under_way[ae_self - lanes].push_back({shared, global});
}

void copies_arrive() {
	for (const copy &c : under_way[ae_self - lanes])
		std::memcpy(c.shared, c.global, 16);
	under_way[ae_self - lanes].clear();
}

void ae_collect(const char *what, int line, unsigned mask, void *frame, ae_collective *all) {
	int number = (ae_self - lanes) / 32;
	ae_lane *warp = lanes + number * 32;
	wait(AE_AT_COLLECTIVE, what, line);
	ae_self->mask = mask;
	ae_self->frame = frame;
	if (!(mask >> (ae_self - warp) & 1))
		fail(where(*ae_self) + ", but is not in its mask");
	if (++waiting[number] < __builtin_popcount(mask)) {
		suspend(); // a later lane does the work
		return;
	}
	void *frames[32];
	for (int i = 0; i < 32; i++) {
		if (!(mask >> i & 1))
			continue;
		if (warp + i >= lanes + count || warp[i].state == AE_DONE)
			fail("diverged " + std::string(what) + ": " + where(*ae_self) + ", " + where(warp[i]));
		if (warp[i].state == AE_AT_COLLECTIVE && (warp[i].line != line || warp[i].mask != mask || warp[i].what != what))
			fail("diverged " + std::string(what) + ": " + where(*ae_self) + ", " + where(warp[i]));
		if (warp[i].state != AE_AT_COLLECTIVE) {
			suspend();
			return;
		}
		frames[i] = warp[i].frame;
	}
	all(frames, mask);
	waiting[number] -= __builtin_popcount(mask);
	for (int i = 0; i < 32; i++)
		if (mask >> i & 1)
			warp[i].state = AE_READY;
}

const char *ae_launch(const ae_kernel *k, ae_uint3 grid, int threads, void *const *parameters, ae_order order) {
	static std::mt19937 random(1);
	if (threads < 1 || threads > max_threads)
		return "a block has 1 to 1024 threads";
	if (!stacks) {
		void *m = mmap(nullptr, max_threads * stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (m == MAP_FAILED)
			return "no memory for the stacks of the threads";
		stacks = (char *)m;
		for (int i = 0; i < max_threads; i++) // a guard page below every stack
			mprotect(stacks + i * stack_size, 4096, PROT_NONE);
	}
	kernel = k, arguments = parameters, count = threads, ae_grid = grid;
	failure.clear();
	for (uint64_t b = 0; b < (uint64_t)grid.x * grid.y * grid.z && failure.empty(); b++) {
		// Blocks run in any order on a GPU.
		uint64_t i = order == AE_NORMAL ? b : (uint64_t)grid.x * grid.y * grid.z - 1 - b;
		ae_block = {(unsigned)(i % grid.x), (unsigned)(i / grid.x % grid.y), (unsigned)(i / grid.x / grid.y)};
		run_block(order, random);
	}
	return failure.empty() ? nullptr : failure.c_str();
}
