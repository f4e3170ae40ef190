// A CUDA driver over the emulated kernels: as much of libcuda as the machine
// calls. It is stricter than a real one where that finds mistakes: contexts must
// be current, copies in bounds, PTX must declare the kernels as the source does,
// work of a stream is done when somebody waits for it, not earlier, and a graph
// runs what does not depend on one another in the order of the threads (last
// first where that is reversed).
//
// The environment plays hardware: AECSAD_EMULATE_DEVICES (2), _MEMORY (bytes per
// device, 4 GiB), _DRIVER (version, 12000), _ORDER (normal, reversed, shuffled),
// _CAPABILITY (90), _LOSE (not 0: the device is lost in the
// next kernel).

#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#pragma GCC visibility push(default) // the driver's functions are all that the library exports
#include "../compat/cuda.h"
#pragma GCC visibility pop
#include "device.h"
#include "ptx.h"

struct CUctx_st {
	size_t used;
	bool lost;
};

struct CUfunc_st {
	const ae_kernel *kernel;
};

struct CUmod_st {
	std::map<std::string, CUfunc_st> functions;
};

typedef std::function<CUresult()> work;

// node is work of a graph; after are the nodes before it that it depends on.
struct node {
	work what;
	std::vector<size_t> after;
};

struct CUgraph_st {
	std::vector<node> nodes;
	CUstream_st *origin;
	std::vector<CUstream_st *> streams; // all that are being captured
};

struct CUgraphExec_st {
	std::vector<node> nodes;
};

struct CUevent_st {
	std::chrono::steady_clock::time_point at;
	bool happened;
	CUgraph_st *capture;       // that it was recorded in
	std::vector<size_t> after; // what was in its stream then
};

struct CUstream_st {
	CUctx_st *context;
	std::vector<work> queue;
	CUgraph_st *capture;
	std::vector<size_t> after; // what the next node depends on
};

namespace {

const int max_devices = 8;
CUctx_st contexts[max_devices];
thread_local CUctx_st *current;
std::mutex mutex; // one call at a time

struct allocation {
	size_t size, mapped;
	void *base;
	CUctx_st *context;
};
std::map<char *, allocation> device_memory, host_memory; // by address

int setting(const char *name, int otherwise) {
	const char *v = getenv(name);
	return v ? atoi(v) : otherwise;
}

size_t capacity() {
	const char *v = getenv("AECSAD_EMULATE_MEMORY");
	return v ? strtoull(v, nullptr, 10) : (size_t)4 << 30;
}

ae_order order() {
	std::string v = getenv("AECSAD_EMULATE_ORDER") ? getenv("AECSAD_EMULATE_ORDER") : "normal";
	return v == "reversed" ? AE_REVERSED : v == "shuffled" ? AE_SHUFFLED : AE_NORMAL;
}

const char canary = 0x5a;

// allocate puts the end of the memory against a page that nobody may touch: a
// kernel that runs over it stops the process there. Up to 15 bytes, which the
// alignment leaves over, hold canaries.
CUresult allocate(std::map<char *, allocation> &memory, size_t size, char **p) {
	size_t rounded = (size + 15) & ~(size_t)15, mapped = (rounded + 4095) & ~(size_t)4095;
	void *base = mmap(nullptr, mapped + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return CUDA_ERROR_OUT_OF_MEMORY;
	mprotect((char *)base + mapped, 4096, PROT_NONE);
	*p = (char *)base + mapped - rounded;
	// What a fresh allocation holds is undefined: NaN.
	memset(*p, 0xff, size);
	memset(*p + size, canary, rounded - size);
	memory[*p] = {size, mapped + 4096, base, current};
	return CUDA_SUCCESS;
}

CUresult release(std::map<char *, allocation> &memory, char *p) {
	auto a = memory.find(p);
	if (a == memory.end())
		return CUDA_ERROR_INVALID_VALUE;
	size_t rounded = (a->second.size + 15) & ~(size_t)15;
	bool whole = true;
	for (size_t i = a->second.size; i < rounded; i++)
		whole = whole && p[i] == canary;
	munmap(a->second.base, a->second.mapped);
	memory.erase(a);
	if (!whole)
		fprintf(stderr, "emulate: a kernel wrote behind the end of its memory\n");
	return whole ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_ADDRESS;
}

// within tells if [p, p+n) lies in one allocation.
bool within(const std::map<char *, allocation> &memory, const void *at, size_t n) {
	char *p = (char *)at;
	auto a = memory.upper_bound(p);
	if (a == memory.begin())
		return false;
	--a;
	return p + n <= a->first + a->second.size;
}

// submit queues work, or records it if the stream is being captured.
CUresult submit(CUstream s, work w) {
	if (!current)
		return CUDA_ERROR_INVALID_CONTEXT;
	if (!s || s->context != current)
		return CUDA_ERROR_INVALID_HANDLE;
	if (current->lost)
		return CUDA_ERROR_LAUNCH_FAILED;
	if (s->capture) {
		s->capture->nodes.push_back({std::move(w), s->after});
		s->after = {s->capture->nodes.size() - 1};
	} else {
		s->queue.push_back(std::move(w));
	}
	return CUDA_SUCCESS;
}

// in_order are the nodes in an order that their dependencies allow.
std::vector<size_t> in_order(const std::vector<node> &nodes, ae_order order) {
	static std::mt19937 random(1);
	std::vector<size_t> out;
	std::vector<bool> done(nodes.size());
	while (out.size() < nodes.size()) {
		std::vector<size_t> ready;
		for (size_t i = 0; i < nodes.size(); i++) {
			const auto &after = nodes[i].after;
			if (!done[i] && std::all_of(after.begin(), after.end(), [&](size_t j) { return done[j]; }))
				ready.push_back(i);
		}
		size_t next = order == AE_NORMAL ? ready.front() : order == AE_REVERSED ? ready.back() : ready[random() % ready.size()];
		done[next] = true;
		out.push_back(next);
	}
	return out;
}

// reached are the nodes that these depend on, directly or not, and these.
std::vector<bool> reached(const std::vector<node> &nodes, const std::vector<size_t> &from) {
	std::vector<bool> out(nodes.size());
	for (size_t i : from)
		out[i] = true;
	for (size_t i = nodes.size(); i-- > 0;)
		for (size_t j : nodes[i].after)
			out[j] = out[j] || out[i];
	return out;
}

CUresult drain(CUstream s) {
	std::vector<work> queue;
	queue.swap(s->queue);
	for (const work &w : queue) {
		if (s->context->lost)
			return CUDA_ERROR_LAUNCH_FAILED;
		if (CUresult r = w()) {
			s->context->lost = true; // as on a GPU: the context is dead
			return r;
		}
	}
	return s->context->lost ? CUDA_ERROR_LAUNCH_FAILED : CUDA_SUCCESS;
}

const ae_kernel *find(const std::string &name) {
	for (ae_kernel *k = ae_kernels; k; k = k->next)
		if (name == k->name)
			return k;
	return nullptr;
}

CUresult run(const ae_kernel *k, ae_uint3 grid, int threads, std::vector<uint64_t> &values) {
	if (setting("AECSAD_EMULATE_LOSE", 0))
		return CUDA_ERROR_LAUNCH_FAILED;
	std::vector<void *> parameters;
	for (uint64_t &v : values)
		parameters.push_back(&v);
	if (const char *what = ae_launch(k, grid, threads, parameters.data(), order())) {
		fprintf(stderr, "emulate: %s\n", what);
		return CUDA_ERROR_LAUNCH_FAILED;
	}
	return CUDA_SUCCESS;
}

} // namespace

#define LOCK std::lock_guard<std::mutex> lock(mutex)
#define NEED_CONTEXT                             \
	if (!current)                                \
		return CUDA_ERROR_INVALID_CONTEXT;

extern "C" {

CUresult cuInit(unsigned int flags) { return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS; }

CUresult cuDriverGetVersion(int *version) {
	*version = setting("AECSAD_EMULATE_DRIVER", 12000);
	return CUDA_SUCCESS;
}

// ---- devices and contexts ----

CUresult cuDeviceGetCount(int *count) {
	*count = setting("AECSAD_EMULATE_DEVICES", 2);
	return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
	*device = ordinal;
	return ordinal >= 0 && ordinal < setting("AECSAD_EMULATE_DEVICES", 2) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int len, CUdevice) {
	snprintf(name, len, "emulated GPU");
	return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice) {
	*bytes = capacity();
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute a, CUdevice) {
	switch (a) {
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
		*value = setting("AECSAD_EMULATE_CAPABILITY", 90) / 10;
		return CUDA_SUCCESS;
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
		*value = setting("AECSAD_EMULATE_CAPABILITY", 90) % 10;
		return CUDA_SUCCESS;
	case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
		*value = 132;
		return CUDA_SUCCESS;
	default:
		return CUDA_ERROR_INVALID_VALUE;
	}
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
	*context = &contexts[device];
	return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
	LOCK;
	contexts[device].lost = false; // the last release destroys the context, with what killed it
	return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
	current = context;
	return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
	*context = current;
	return CUDA_SUCCESS;
}

// ---- memory ----

CUresult cuMemGetInfo(size_t *available, size_t *total) {
	NEED_CONTEXT
	*total = capacity();
	*available = *total - current->used;
	return CUDA_SUCCESS;
}

CUresult cuMemAlloc(CUdeviceptr *p, size_t size) {
	LOCK;
	NEED_CONTEXT
	if (current->lost)
		return CUDA_ERROR_LAUNCH_FAILED;
	if (size == 0)
		return CUDA_ERROR_INVALID_VALUE;
	if (size > capacity() - current->used)
		return CUDA_ERROR_OUT_OF_MEMORY;
	CUresult r = allocate(device_memory, size, (char **)p);
	if (r == CUDA_SUCCESS)
		current->used += size;
	return r;
}

CUresult cuMemFree(CUdeviceptr p) {
	LOCK;
	NEED_CONTEXT
	auto a = device_memory.find((char *)p);
	if (a != device_memory.end())
		a->second.context->used -= a->second.size;
	return release(device_memory, (char *)p);
}

CUresult cuMemHostAlloc(void **p, size_t size, unsigned int) {
	LOCK;
	NEED_CONTEXT
	return allocate(host_memory, size, (char **)p);
}

CUresult cuMemFreeHost(void *p) {
	LOCK;
	NEED_CONTEXT
	return release(host_memory, (char *)p);
}

// Asynchronous copies read and write pinned memory when the stream gets there:
// whoever touches it earlier sees wrong data.
static CUresult copy(void *to, const void *from, size_t n, const void *device, const void *host, CUstream s) {
	LOCK;
	if (!within(device_memory, device, n) || !within(host_memory, host, n))
		return CUDA_ERROR_INVALID_VALUE;
	return submit(s, [=] {
		memcpy(to, from, n);
		return CUDA_SUCCESS;
	});
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t n, CUstream s) { return copy((void *)to, from, n, (void *)to, from, s); }

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t n, CUstream s) { return copy(to, (void *)from, n, (void *)from, to, s); }

CUresult cuMemsetD32Async(CUdeviceptr p, unsigned int value, size_t n, CUstream s) {
	LOCK;
	if (!within(device_memory, (void *)p, 4 * n))
		return CUDA_ERROR_INVALID_VALUE;
	return submit(s, [=] {
		for (size_t i = 0; i < n; i++)
			((unsigned *)p)[i] = value;
		return CUDA_SUCCESS;
	});
}

// ---- kernels ----

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
	NEED_CONTEXT
	auto m = std::make_unique<CUmod_st>();
	for (const ptx_entry &e : ptx_entries((const char *)image)) {
		const ae_kernel *k = find(e.name);
		std::string wrong = ptx_mismatch(e, k);
		if (!wrong.empty()) {
			fprintf(stderr, "emulate: %s\n", wrong.c_str());
			return CUDA_ERROR_INVALID_PTX;
		}
		m->functions[e.name] = {k};
	}
	if (m->functions.empty())
		return CUDA_ERROR_INVALID_IMAGE;
	*module = m.release();
	return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
	NEED_CONTEXT
	delete module;
	return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
	auto f = module->functions.find(name);
	if (f == module->functions.end())
		return CUDA_ERROR_NOT_FOUND;
	*function = &f->second;
	return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                        CUstream s, void **parameters, void **extra) {
	LOCK;
	bool grid = gx > 0 && gx < 1u << 31 && gy > 0 && gy < 65536 && gz > 0 && gz < 65536;
	if (!grid || bx != 256 || by != 1 || bz != 1 || shared != 0 || extra)
		return CUDA_ERROR_INVALID_VALUE; // the kernels are declared with launch bounds of 256
	// Parameters are copied now, as a driver does.
	std::vector<uint64_t> values;
	for (int i = 0; i < f->kernel->parameters; i++)
		values.push_back(*(uint64_t *)parameters[i]);
	const ae_kernel *k = f->kernel;
	return submit(s, [=]() mutable { return run(k, {gx, gy, gz}, (int)bx, values); });
}

// ---- streams and graphs ----

CUresult cuStreamCreate(CUstream *s, unsigned int) {
	NEED_CONTEXT
	*s = new CUstream_st{current, {}, nullptr, {}};
	return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream s) {
	LOCK;
	drain(s);
	delete s;
	return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream s) {
	LOCK;
	NEED_CONTEXT
	return s->capture ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : drain(s);
}

CUresult cuStreamBeginCapture(CUstream s, CUstreamCaptureMode) {
	LOCK;
	NEED_CONTEXT
	if (s->capture)
		return CUDA_ERROR_ILLEGAL_STATE;
	s->capture = new CUgraph_st{{}, s, {s}};
	return CUDA_SUCCESS;
}

// The capture ends with the stream that began it, when it has waited for all that
// others did.
CUresult cuStreamEndCapture(CUstream s, CUgraph *graph) {
	LOCK;
	CUgraph_st *g = s->capture;
	if (!g)
		return CUDA_ERROR_ILLEGAL_STATE;
	if (g->origin != s)
		return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
	bool joined = true;
	std::vector<bool> before = reached(g->nodes, s->after);
	for (CUstream other : g->streams) {
		for (size_t i : other->after)
			joined = joined && before[i];
		other->capture = nullptr;
		other->after.clear();
	}
	if (!joined)
		return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
	*graph = g;
	return CUDA_SUCCESS;
}

// A stream that waits for an event of a capture becomes part of it.
CUresult cuStreamWaitEvent(CUstream s, CUevent event, unsigned int) {
	LOCK;
	NEED_CONTEXT
	if (!event->capture || s->context != current)
		return CUDA_ERROR_INVALID_HANDLE; // nothing of ours waits but in a capture
	if (!s->capture) {
		s->capture = event->capture;
		s->capture->streams.push_back(s);
	}
	if (s->capture != event->capture)
		return CUDA_ERROR_STREAM_CAPTURE_MERGE;
	s->after.insert(s->after.end(), event->after.begin(), event->after.end());
	return CUDA_SUCCESS;
}

CUresult cuGraphInstantiate(CUgraphExec *exec, CUgraph graph, CUgraphNode *, char *, size_t) {
	*exec = new CUgraphExec_st{graph->nodes};
	return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec exec, CUstream s) {
	LOCK;
	for (size_t i : in_order(exec->nodes, order()))
		if (CUresult r = submit(s, exec->nodes[i].what))
			return r;
	return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
	delete graph;
	return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec exec) {
	delete exec;
	return CUDA_SUCCESS;
}

// ---- events ----

CUresult cuEventCreate(CUevent *event, unsigned int) {
	NEED_CONTEXT
	*event = new CUevent_st{{}, false, nullptr, {}};
	return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream s) {
	LOCK;
	event->happened = false;
	event->capture = s->capture;
	event->after = s->after;
	if (s->capture)
		return CUDA_SUCCESS;
	return submit(s, [=] {
		event->at = std::chrono::steady_clock::now();
		event->happened = true;
		return CUDA_SUCCESS;
	});
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
	if (!from->happened || !to->happened)
		return CUDA_ERROR_NOT_READY;
	*milliseconds = std::chrono::duration<float, std::milli>(to->at - from->at).count();
	return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent event) {
	delete event;
	return CUDA_SUCCESS;
}
}
