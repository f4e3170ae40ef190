/* The functions of aecsad.h. Each passes the shield and goes on to its namesake in
 * exports.go. Including aecsad.h here makes a difference between header and
 * library an error of the compiler.
 *
 * The shield keeps the host and the Go runtime apart:
 *  - After fork() the child has no Go threads and would wait for them for ever,
 *    so every call compares the process id.
 *  - A signal handler of the host that runs on a Go stack ends the process, so
 *    asynchronous signals are blocked while Go runs, on the caller's thread and,
 *    by inheritance, on the threads that Go starts.
 *  - Go never blocks SIGCHLD, SIGPROF and SIGURG on its threads, so handlers of
 *    these get SA_ONSTACK: then they run on the signal stack that every Go thread
 *    has. Go itself adds it to every handler that it finds; the others are put back.
 *  - The host's rounding and denormal modes would change scores, so calls run in
 *    the default mode.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "aecsad.h"

/* Signals that a fault in the code itself raises are never blocked. */
static const int synchronous[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

/* Signals that threads of Go take in spite of their mask. */
static const int unblockable[] = {SIGCHLD, SIGPROF, SIGURG};

static pid_t home; /* the process that loaded the library */
static sigset_t asynchronous, mask_of_loader;
static struct sigaction before[_NSIG]; /* the handlers that the host had */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *version = "";

/* Runs before the initialiser of Go, which starts threads. */
__attribute__((constructor(101))) static void load_begin(void) {
    home = getpid();
    sigfillset(&asynchronous);
    for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++)
        sigdelset(&asynchronous, synchronous[i]);
    for (int s = 1; s < _NSIG; s++)
        sigaction(s, NULL, &before[s]);
    pthread_sigmask(SIG_BLOCK, &asynchronous, &mask_of_loader);
}

/* Runs after it: objects of one link are initialised in the order of their
 * priorities, Go's has none and comes with the last. */
__attribute__((constructor(65535))) static void load_end(void) {
    pthread_sigmask(SIG_SETMASK, &mask_of_loader, NULL);
}

/* First call: Go's initialiser has finished once an export of it returns. Handlers
 * that differ from before in SA_ONSTACK only are the host's. */
static void first_call(void) {
    version = border_version();
    for (int s = 1; s < _NSIG; s++) {
        struct sigaction now;
        if (sigaction(s, NULL, &now) == 0 && now.sa_sigaction == before[s].sa_sigaction &&
            now.sa_flags == (before[s].sa_flags | SA_ONSTACK) && now.sa_flags != before[s].sa_flags)
            sigaction(s, &before[s], NULL);
    }
}

static int needs_signal_stack(const struct sigaction *a) {
    return (a->sa_flags & SA_ONSTACK) == 0 && a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN;
}

/* Another thread may set a handler meanwhile: then what it set is what stays. */
static void use_signal_stack(int s) {
    struct sigaction wanted, replaced;
    void (*expected)(int, siginfo_t *, void *);
    if (sigaction(s, NULL, &wanted) != 0 || !needs_signal_stack(&wanted))
        return;
    for (expected = wanted.sa_sigaction;; wanted = replaced) {
        if (needs_signal_stack(&wanted))
            wanted.sa_flags |= SA_ONSTACK;
        if (sigaction(s, &wanted, &replaced) != 0 || replaced.sa_sigaction == expected)
            return;
        expected = wanted.sa_sigaction;
    }
}

typedef struct {
    sigset_t mask;
    fenv_t mode;
    int error;
} shield;

static int enter(shield *s) {
    if (getpid() != home)
        return 0;
    s->error = errno;
    pthread_sigmask(SIG_BLOCK, &asynchronous, &s->mask);
    fegetenv(&s->mode);
    fesetenv(FE_DFL_ENV);
    pthread_once(&once, first_call);
    for (size_t i = 0; i < sizeof unblockable / sizeof *unblockable; i++)
        use_signal_stack(unblockable[i]);
    return 1;
}

static void leave(const shield *s) {
    fesetenv(&s->mode);
    pthread_sigmask(SIG_SETMASK, &s->mask, NULL);
    errno = s->error;
}

static aecsad_status forked(aecsad_error *e) {
    static const char text[] = "the process was forked after libaecsad was loaded; start workers with spawn or exec";
    if (e != NULL && e->struct_size >= sizeof *e) {
        e->code = AECSAD_ERR_FORKED;
        memcpy(e->message, text, sizeof text);
    }
    return AECSAD_ERR_FORKED;
}

/* Body of a function: call, an expression with a status, inside the shield. */
#define SHIELDED(e, call)             \
    shield s;                         \
    if (!enter(&s))                   \
        return forked(e);             \
    aecsad_status status = (call);    \
    leave(&s);                        \
    return status

uint32_t aecsad_abi_version(void) { return AECSAD_ABI_VERSION; }

const char *aecsad_version(void) {
    shield s;
    if (enter(&s))
        leave(&s);
    return version;
}

const char *aecsad_status_string(aecsad_status status) {
    switch (status) {
    case AECSAD_OK: return "AECSAD_OK";
    case AECSAD_ERR_NULL: return "AECSAD_ERR_NULL";
    case AECSAD_ERR_ARGUMENT: return "AECSAD_ERR_ARGUMENT";
    case AECSAD_ERR_STRUCT_SIZE: return "AECSAD_ERR_STRUCT_SIZE";
    case AECSAD_ERR_HANDLE: return "AECSAD_ERR_HANDLE";
    case AECSAD_ERR_IMAGE: return "AECSAD_ERR_IMAGE";
    case AECSAD_ERR_BUFFER: return "AECSAD_ERR_BUFFER";
    case AECSAD_ERR_FILE: return "AECSAD_ERR_FILE";
    case AECSAD_ERR_MODEL: return "AECSAD_ERR_MODEL";
    case AECSAD_ERR_DEVICE: return "AECSAD_ERR_DEVICE";
    case AECSAD_ERR_TOO_FEW: return "AECSAD_ERR_TOO_FEW";
    case AECSAD_ERR_FORKED: return "AECSAD_ERR_FORKED";
    case AECSAD_ERR_FAULT: return "AECSAD_ERR_FAULT";
    case AECSAD_ERR_INTERNAL: return "AECSAD_ERR_INTERNAL";
    case AECSAD_ERR_NOMEM: return "AECSAD_ERR_NOMEM";
    }
    return "unknown status";
}

aecsad_status aecsad_set_log(aecsad_log_fn log, void *user, int32_t level, aecsad_error *error) {
    SHIELDED(error, border_set_log(log, user, level, error));
}

aecsad_status aecsad_detector_open(const char *path, const aecsad_options *options, aecsad_detector **detector,
                                   aecsad_error *error) {
    SHIELDED(error, border_open((char *)path, (aecsad_options *)options, (uintptr_t *)detector, error));
}

aecsad_status aecsad_detector_open_memory(const void *data, size_t size, const aecsad_options *options,
                                          aecsad_detector **detector, aecsad_error *error) {
    SHIELDED(error, border_open_memory((void *)data, size, (aecsad_options *)options, (uintptr_t *)detector, error));
}

aecsad_status aecsad_detector_info(aecsad_detector *detector, aecsad_info *info, aecsad_error *error) {
    SHIELDED(error, border_info((uintptr_t)detector, info, error));
}

aecsad_status aecsad_detector_component(aecsad_detector *detector, int32_t component, char *name, size_t size,
                                        aecsad_error *error) {
    SHIELDED(error, border_component((uintptr_t)detector, component, name, size, error));
}

aecsad_status aecsad_detector_set_threshold(aecsad_detector *detector, double threshold, aecsad_error *error) {
    SHIELDED(error, border_set_threshold((uintptr_t)detector, threshold, error));
}

aecsad_status aecsad_detector_set_false_alarm_rate(aecsad_detector *detector, double rate, int32_t extrapolate,
                                                   aecsad_error *error) {
    SHIELDED(error, border_set_rate((uintptr_t)detector, rate, extrapolate, error));
}

aecsad_status aecsad_detector_free(aecsad_detector *detector) {
    if (detector == NULL)
        return AECSAD_OK;
    SHIELDED(NULL, border_free_detector((uintptr_t)detector));
}

aecsad_status aecsad_inspect(aecsad_detector *detector, const aecsad_image *image, aecsad_result **result,
                             aecsad_error *error) {
    SHIELDED(error, border_inspect((uintptr_t)detector, (aecsad_image *)image, (uintptr_t *)result, error));
}

aecsad_status aecsad_inspect_batch(aecsad_detector *detector, const aecsad_image *const *images, size_t count,
                                   aecsad_result **results, aecsad_error *error) {
    SHIELDED(error, border_inspect_batch((uintptr_t)detector, (aecsad_image **)images, count, (uintptr_t *)results, error));
}

aecsad_status aecsad_result_summary(aecsad_result *result, aecsad_summary *summary, aecsad_error *error) {
    SHIELDED(error, border_summary((uintptr_t)result, summary, error));
}

aecsad_status aecsad_result_maps(aecsad_result *result, aecsad_maps *maps, aecsad_error *error) {
    SHIELDED(error, border_maps((uintptr_t)result, maps, error));
}

aecsad_status aecsad_result_copy_map(aecsad_result *result, int32_t map, int32_t width, int32_t height, float *out,
                                     size_t capacity, aecsad_error *error) {
    SHIELDED(error, border_copy_map((uintptr_t)result, map, width, height, out, capacity, error));
}

aecsad_status aecsad_result_copy_classes(aecsad_result *result, int32_t width, int32_t height, uint8_t *out,
                                         size_t capacity, aecsad_error *error) {
    SHIELDED(error, border_copy_classes((uintptr_t)result, width, height, out, capacity, error));
}

aecsad_status aecsad_result_finding(aecsad_result *result, int32_t index, aecsad_finding *finding,
                                    aecsad_error *error) {
    SHIELDED(error, border_finding((uintptr_t)result, index, finding, error));
}

aecsad_status aecsad_result_free(aecsad_result *result) {
    if (result == NULL)
        return AECSAD_OK;
    SHIELDED(NULL, border_free_result((uintptr_t)result));
}
