/* The library in a process with forks, signals, threads, odd floating-point modes
 * and memory that ends at a guard page: process MODEL */
#define _GNU_SOURCE
#include <fenv.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "check.h"

enum { W = 37, H = 29 };
static unsigned char pixels[3 * W * H];
static aecsad_detector *detector;
static double wanted;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void formats(void) {
    static const struct {
        int format, size, r, g, b;
    } layouts[] = {{AECSAD_RGB8, 3, 0, 1, 2},  {AECSAD_BGR8, 3, 2, 1, 0},  {AECSAD_RGBA8, 4, 0, 1, 2},
                   {AECSAD_BGRA8, 4, 2, 1, 0}, {AECSAD_RGB16, 6, 1, 3, 5}};
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
        for (int flipped = 0; flipped < 2; flipped++) {
            enum { PAD = 13, MARGIN = 3 };
            int size = layouts[k].size, stride = size * (W + 2 * MARGIN) + PAD;
            unsigned char *b = malloc((size_t)stride * (H + 2 * MARGIN));
            aecsad_image i = rgb(b, W + 2 * MARGIN, H + 2 * MARGIN);
            noise(b, (size_t)stride * (H + 2 * MARGIN), 9);
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++) {
                    int row = flipped ? H + MARGIN - 1 - y : y + MARGIN;
                    unsigned char *p = b + row * stride + (x + MARGIN) * size;
                    p[layouts[k].r] = pixels[3 * (y * W + x)];
                    p[layouts[k].g] = pixels[3 * (y * W + x) + 1];
                    p[layouts[k].b] = pixels[3 * (y * W + x) + 2];
                }
            i.format = layouts[k].format;
            i.stride = flipped ? -stride : stride;
            i.data = flipped ? b + stride * (H + 2 * MARGIN - 1) : b;
            i.roi_x = i.roi_y = MARGIN;
            i.roi_width = W;
            i.roi_height = H;
            CHECK(score(detector, i) == wanted);
            free(b);
        }
    }
}

/* Pixels that begin or end at memory that must not be touched. */
static void guard_pages(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof pixels, room = (n + page - 1) / page * page;
    unsigned char *m = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *inside = m + page;
    aecsad_result *r = NULL;
    aecsad_image i;
    CHECK(mprotect(inside, room, PROT_READ | PROT_WRITE) == 0);
    memcpy(inside, pixels, n);
    CHECK(score(detector, rgb(inside, W, H)) == wanted);
    memcpy(inside + room - n, pixels, n);
    CHECK(score(detector, rgb(inside + room - n, W, H)) == wanted);
    for (int y = 0; y < H; y++)
        memcpy(inside + room - 3 * W * (y + 1), pixels + 3 * W * y, 3 * W);
    i = rgb(inside + room - 3 * W, W, H);
    i.stride = -3 * W;
    CHECK(score(detector, i) == wanted);
    for (size_t shift = 1; shift < 64; shift++) { /* any alignment */
        memcpy(inside + shift, pixels, n);
        CHECK(score(detector, rgb(inside + shift, W, H)) == wanted);
    }
    /* a mask that marks nothing, at the end of the page and bottom up */
    i = rgb(pixels, W, H);
    memset(inside, 0, room);
    i.ignore = inside + room - W * H;
    i.ignore_stride = W;
    CHECK(score(detector, i) == wanted);
    i.ignore = inside + W * (H - 1);
    i.ignore_stride = -W;
    CHECK(score(detector, i) == wanted);
    i.ignore = inside + room - W * H + 1;
    i.ignore_stride = W;
    EXPECT(aecsad_inspect(detector, &i, &r, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    memcpy(inside + room - n, pixels, n);
    /* beyond the page: an error, and the detector works on */
    i = rgb(inside + room - n + 1, W, H);
    EXPECT(aecsad_inspect(detector, &i, &r, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    i = rgb(m, W, H);
    EXPECT(aecsad_inspect(detector, &i, &r, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    EXPECT(aecsad_detector_info(detector, (aecsad_info *)m, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    CHECK(aecsad_detector_info(detector, NULL, (aecsad_error *)m) == AECSAD_ERR_FAULT);
    EXPECT(aecsad_inspect(detector, (aecsad_image *)0xdead000000000000, &r, &err), AECSAD_ERR_FAULT, "cannot be");
    /* results into memory that cannot be written to */
    ((aecsad_summary *)inside)->struct_size = sizeof(aecsad_summary);
    CHECK(mprotect(inside, room, PROT_READ) == 0);
    i = rgb(pixels, W, H);
    OK(aecsad_inspect(detector, &i, &r, &err));
    EXPECT(aecsad_result_summary(r, (aecsad_summary *)inside, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    CHECK(score(detector, rgb(pixels, W, H)) == wanted);
    munmap(m, room + 2 * page);
}

/* A mask silences the maps where it is set, also in a region of the image. */
static void masks(void) {
    enum { SIDE = 64 };
    static unsigned char noisy[3 * SIDE * SIDE], mask[SIDE * (SIDE + 5)];
    aecsad_image i = rgb(noisy, SIDE, SIDE);
    double whole, masked;
    noise(noisy, sizeof noisy, 2);
    whole = score(detector, i);
    i.ignore = mask;
    i.ignore_stride = SIDE + 5;
    CHECK(score(detector, i) == whole);
    memset(mask, 1, sizeof mask);
    masked = score(detector, i);
    CHECK(masked < whole);
    i.roi_x = 8;
    i.roi_width = i.roi_height = 32;
    memset(mask, 0, sizeof mask);
    i.ignore = NULL;
    whole = score(detector, i);
    i.ignore = mask;
    for (int y = 0; y < SIDE; y++) /* all but the region */
        for (int x = 0; x < SIDE + 5; x++)
            mask[y * (SIDE + 5) + x] = y >= 32 || x < 8 || x >= 40;
    CHECK(score(detector, i) == whole);
    for (size_t k = 0; k < sizeof mask; k++)
        mask[k] = !mask[k];
    CHECK(score(detector, i) < whole);
}

#ifdef __SSE__
/* Bits 8 and 9 of the control word; 3, the default, is 64 bits. */
static int x87_precision(void) {
    unsigned short word;
    __asm__("fnstcw %0" : "=m"(word));
    return word >> 8 & 3;
}

static void set_x87_precision(int p) {
    unsigned short word;
    __asm__("fnstcw %0" : "=m"(word));
    word = (unsigned short)((word & ~0x300) | p << 8);
    __asm__("fldcw %0" : : "m"(word));
}
#endif

static void float_modes(void) {
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int k = 0; k < 4; k++) {
        aecsad_detector *d;
        fesetround(modes[k]);
#ifdef __SSE__
        _mm_setcsr(_mm_getcsr() | 0x8040); /* denormals are zero, flush to zero */
        set_x87_precision(0);              /* 24 bits */
#endif
        CHECK(score(detector, rgb(pixels, W, H)) == wanted);
        d = open_model(getenv("AECSAD_TEST_MODEL"), 2, 1); /* its threads are born in this mode */
        CHECK(score(d, rgb(pixels, W, H)) == wanted);
        CHECK(aecsad_detector_free(d) == AECSAD_OK);
        CHECK(fegetround() == modes[k]);
#ifdef __SSE__
        CHECK(x87_precision() == 0);
        CHECK((_mm_getcsr() & 0x8040) == 0x8040);
        _mm_setcsr(_mm_getcsr() & ~0x8040u);
        set_x87_precision(3);
#endif
    }
    fesetround(FE_TONEAREST);
}

static void *inspect_often(void *n) {
    aecsad_error e = {sizeof e, 0, ""};
    aecsad_image image = rgb(pixels, W, H);
    intptr_t different = 0;
    for (int i = 0; i < *(int *)n; i++) {
        aecsad_result *r = NULL;
        aecsad_summary s = {sizeof s};
        aecsad_status status = aecsad_inspect(detector, &image, &r, &e);
        if (status == AECSAD_OK)
            status = aecsad_result_summary(r, &s, &e);
        different += status != AECSAD_OK || s.score != wanted;
        different += aecsad_result_free(r) != AECSAD_OK;
    }
    return (void *)different;
}

static void threads(int n) {
    enum { THREADS = 8 };
    pthread_t t[THREADS];
    intptr_t different = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, inspect_often, &n);
    for (int i = 0; i < THREADS; i++) {
        void *d;
        pthread_join(t[i], &d);
        different += (intptr_t)d;
    }
    CHECK(different == 0);
}

/* Freed while others inspect: they get their verdict or an error. */
static void *inspect_until_freed(void *d) {
    aecsad_error e = {sizeof e, 0, ""};
    aecsad_image image = rgb(pixels, W, H);
    aecsad_status status = AECSAD_OK;
    intptr_t wrong = 0;
    while (status == AECSAD_OK) {
        aecsad_result *r = NULL;
        aecsad_summary s = {sizeof s};
        status = aecsad_inspect(d, &image, &r, &e);
        if (status == AECSAD_OK)
            wrong += aecsad_result_summary(r, &s, &e) != AECSAD_OK || s.score != wanted ||
                     aecsad_result_free(r) != AECSAD_OK;
    }
    wrong += status != AECSAD_ERR_HANDLE;
    return (void *)wrong;
}

static void free_during_use(void) {
    enum { THREADS = 4 };
    for (int round = 0; round < 5; round++) {
        aecsad_detector *d = open_model(getenv("AECSAD_TEST_MODEL"), 1, 2);
        pthread_t t[THREADS];
        for (int i = 0; i < THREADS; i++)
            pthread_create(&t[i], NULL, inspect_until_freed, d);
        usleep(5000);
        CHECK(aecsad_detector_free(d) == AECSAD_OK);
        for (int i = 0; i < THREADS; i++) {
            void *wrong;
            pthread_join(t[i], &wrong);
            CHECK(wrong == NULL);
        }
    }
}

/* On the smallest stack, from many threads at once, and with any number of threads
 * per inspection. */
static void *small_stack(void *unused) {
    int n = 1;
    (void)unused;
    return inspect_often(&n);
}

static void stacks_and_threads(void) {
    enum { MANY = 400 };
    static const int numbers[] = {1, 3, 7, 64};
    static pthread_t many[MANY];
    pthread_attr_t a;
    void *different;
    pthread_attr_init(&a);
    CHECK(pthread_attr_setstacksize(&a, 16384) == 0);
    for (int i = 0; i < MANY; i++)
        CHECK(pthread_create(&many[i], &a, small_stack, NULL) == 0);
    for (int i = 0; i < MANY; i++) {
        pthread_join(many[i], &different);
        CHECK(different == NULL);
    }
    pthread_attr_destroy(&a);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        aecsad_detector *d = open_model(getenv("AECSAD_TEST_MODEL"), numbers[k], 1);
        CHECK(score(d, rgb(pixels, W, H)) == wanted);
        CHECK(aecsad_detector_free(d) == AECSAD_OK);
    }
}

static volatile sig_atomic_t alarms;
static void on_alarm(int s) {
    (void)s;
    alarms++;
}

/* Drops what is pending and puts the default back. */
static void quiet(int number) {
    signal(number, SIG_IGN);
    signal(number, SIG_DFL);
}

static atomic_int stop_sending;
static void *send_often(void *number) {
    while (!stop_sending) {
        kill(getpid(), *(int *)number);
        usleep(1000);
    }
    return NULL;
}

/* A handler without SA_ONSTACK, as signal() sets it, and a signal to the process at
 * 1 kHz, while one and then eight threads inspect. */
static void signals(int number) {
    struct sigaction a = {0}, after;
    sigset_t all, before, then;
    pthread_t sender;
    int n = 50;
    a.sa_handler = on_alarm;
    sigaction(number, &a, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    alarms = 0;
    stop_sending = 0;
    CHECK(pthread_create(&sender, NULL, send_often, &number) == 0); /* it blocks them */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    CHECK(inspect_often(&n) == NULL);
    threads(10);
    usleep(5000);
    stop_sending = 1;
    pthread_join(sender, NULL);
    CHECK(alarms > 0);
    sigaction(number, NULL, &after);
    CHECK(after.sa_handler == on_alarm);
    CHECK(!(after.sa_flags & SA_ONSTACK) == (number != SIGCHLD && number != SIGPROF));
    pthread_sigmask(SIG_SETMASK, NULL, &then);
    for (int k = 1; k < NSIG; k++)
        CHECK(sigismember(&before, k) == sigismember(&then, k));
    quiet(number);
}

/* The timers of a profiler, whose signals go to the thread that works. */
static void profiled(void) {
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    struct sigaction a = {0};
    int n = 50;
    a.sa_handler = on_alarm;
    sigaction(SIGPROF, &a, NULL);
    alarms = 0;
    setitimer(ITIMER_PROF, &often, NULL);
    CHECK(inspect_often(&n) == NULL);
    threads(10);
    setitimer(ITIMER_PROF, &never, NULL);
    CHECK(alarms > 0);
    quiet(SIGPROF);
}

/* Calls fail at once. The fastest of some attempts counts: the machine may give
 * its processors to others meanwhile. */
static void in_child(void) {
    aecsad_image image = rgb(pixels, W, H);
    aecsad_result *r;
    aecsad_detector *d;
    double fastest = 1;
    for (int attempt = 0; attempt < 10; attempt++) {
        double start = now(), seconds;
        EXPECT(aecsad_inspect(detector, &image, &r, &err), AECSAD_ERR_FORKED, "forked after libaecsad was loaded");
        EXPECT(aecsad_detector_open("x", NULL, &d, &err), AECSAD_ERR_FORKED, "start workers with spawn or exec");
        CHECK(aecsad_detector_free(detector) == AECSAD_ERR_FORKED);
        seconds = now() - start;
        fastest = seconds < fastest ? seconds : fastest;
    }
    CHECK(fastest < 0.001);
    CHECK(strcmp(aecsad_status_string(AECSAD_ERR_FORKED), "AECSAD_ERR_FORKED") == 0);
}

static void forks(void) {
    for (int i = 0; i < 100; i++) {
        int status = -1;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            failures = 0;
            in_child();
            fflush(stdout);
            _exit(failures);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK(score(detector, rgb(pixels, W, H)) == wanted);
}

/* Other programs are started, in each way that there is. */
static void start_programs(void) {
    char *arguments[] = {"true", NULL};
    int status = -1;
    pid_t child;
    CHECK(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = vfork();
    if (child == 0) {
        execvp("true", arguments);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(system("true") == 0);
}

static void programs(void) {
    for (int i = 0; i < 50; i++)
        start_programs();
    CHECK(score(detector, rgb(pixels, W, H)) == wanted);
}

/* The folder changes while others inspect. */
static void elsewhere(void) {
    int home = open(".", O_RDONLY | O_DIRECTORY), n = 50;
    pthread_t t;
    void *different;
    pthread_create(&t, NULL, inspect_often, &n);
    for (int i = 0; i < 1000; i++)
        CHECK(chdir(i % 2 ? "/" : "/proc") == 0);
    pthread_join(t, &different);
    CHECK(different == NULL);
    CHECK(home >= 0 && fchdir(home) == 0 && close(home) == 0);
}

static int logged;
static void on_log(void *user, int32_t level, const char *message) {
    CHECK(user == &logged && level >= AECSAD_LOG_ERROR && level <= AECSAD_LOG_INFO && message[0] != 0);
    logged++;
}

static void open_and_close(const char *model) {
    aecsad_options o = {sizeof o};
    aecsad_detector *d;
    o.device = "cpu";
    OK(aecsad_detector_open(model, &o, &d, &err));
    CHECK(aecsad_detector_free(d) == AECSAD_OK);
}

static void logs(const char *model) {
    OK(aecsad_set_log(on_log, &logged, AECSAD_LOG_INFO, &err));
    open_and_close(model);
    CHECK(logged == 2);
    OK(aecsad_set_log(on_log, &logged, AECSAD_LOG_WARNING, &err));
    open_and_close(model);
    OK(aecsad_set_log(NULL, NULL, AECSAD_LOG_INFO, &err));
    open_and_close(model);
    CHECK(logged == 2);
}

static void batches(void) {
    aecsad_image a = rgb(pixels, W, H), bad = rgb(pixels, W, 0);
    const aecsad_image *good[5] = {&a, &a, &a, &a, &a}, *mixed[3] = {&a, &bad, &a};
    aecsad_result *r[5];
    OK(aecsad_inspect_batch(detector, good, 5, r, &err));
    for (int i = 0; i < 5; i++) {
        aecsad_summary s = {sizeof s};
        OK(aecsad_result_summary(r[i], &s, &err));
        CHECK(s.score == wanted && s.width == W && s.height == H);
        CHECK(aecsad_result_free(r[i]) == AECSAD_OK);
    }
    EXPECT(aecsad_inspect_batch(detector, mixed, 3, r, &err), AECSAD_ERR_IMAGE, "image 1: ");
    CHECK(r[0] == NULL && r[1] == NULL && r[2] == NULL);
}

/* What the shield and Go take on top of the work. */
static void cost(void) {
    enum { N = 100000 };
    aecsad_summary s = {sizeof s};
    aecsad_image image = rgb(pixels, W, H);
    aecsad_result *r;
    double start;
    OK(aecsad_inspect(detector, &image, &r, &err));
    start = now();
    for (int i = 0; i < N; i++)
        aecsad_result_summary(r, &s, &err);
    printf("process: %.0f ns per call of aecsad_result_summary\n", (now() - start) / N * 1e9);
    CHECK(aecsad_result_free(r) == AECSAD_OK);
}

int main(int argc, char **argv) {
    static const int asynchronous[] = {SIGALRM, SIGUSR1, SIGPROF, SIGCHLD, SIGINT};
    if (argc != 2)
        return 2;
    setenv("AECSAD_TEST_MODEL", argv[1], 1);
    noise(pixels, sizeof pixels, 1);
    detector = open_model(argv[1], 2, 2);
    wanted = score(detector, rgb(pixels, W, H));
    formats();
    guard_pages();
    masks();
    float_modes();
    batches();
    threads(50);
    free_during_use();
    stacks_and_threads();
    for (size_t i = 0; i < sizeof asynchronous / sizeof *asynchronous; i++)
        signals(asynchronous[i]);
    profiled();
    forks();
    programs();
    elsewhere();
    logs(argv[1]);
    cost();
    CHECK(aecsad_detector_free(detector) == AECSAD_OK);
    return finish("process");
}
