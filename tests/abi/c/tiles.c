/* The library in bf16, for which the processor's matrix tiles (AMX) enlarge what the
 * system saves on a signal: tiles MODEL [small], the latter with an alternate signal
 * stack of the size that was enough before. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "check.h"

enum { W = 37, H = 29, BEFORE = 8192 };
static unsigned char pixels[3 * W * H];

static aecsad_detector *open_in(const char *path, const char *precision) {
    aecsad_options o = {0};
    aecsad_detector *d = NULL;
    o.struct_size = sizeof o;
    o.threads = 2;
    o.precision = precision;
    OK(aecsad_detector_open(path, &o, &d, &err));
    return d;
}

static atomic_int handled, stop;
static void on_signal(int number) {
    char frame[256]; /* what a handler of the host needs itself */
    memset(frame, number, sizeof frame);
    handled += frame[255] == number;
}

static void *send_often(void *to) {
    while (!stop) {
        pthread_kill(*(pthread_t *)to, SIGUSR1);
        usleep(500);
    }
    return NULL;
}

static void use_stack(size_t size) {
    stack_t s = {0};
    s.ss_sp = malloc(size);
    s.ss_size = size;
    CHECK(sigaltstack(&s, NULL) == 0);
}

/* The thread that inspects is interrupted on its alternate stack, often. */
static void interrupted(aecsad_detector *d, double wanted) {
    struct sigaction a = {0};
    pthread_t sender, self = pthread_self();
    sigset_t all, before;
    a.sa_handler = on_signal;
    a.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(SIGUSR1, &a, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&sender, NULL, send_often, &self) == 0); /* it blocks them */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (int i = 0; i < 100; i++)
        CHECK(score(d, rgb(pixels, W, H)) == wanted);
    stop = 1;
    pthread_join(sender, NULL);
    CHECK(handled > 0);
}

int main(int argc, char **argv) {
    const int small = argc > 2;
    aecsad_detector *exact, *d;
    aecsad_info info = {0};
    double wanted;
    noise(pixels, sizeof pixels, 3);
    use_stack(small ? BEFORE : (size_t)sysconf(_SC_SIGSTKSZ));
    exact = open_in(argv[1], "f32");
    CHECK(score(exact, rgb(pixels, W, H)) == score(exact, rgb(pixels, W, H)));
    if (!small)
        use_stack(BEFORE); /* float32 asks for nothing, so that the old size is enough */
    use_stack(small ? BEFORE : (size_t)sysconf(_SC_SIGSTKSZ));
    d = open_in(argv[1], "bf16");
    info.struct_size = sizeof info;
    OK(aecsad_detector_info(d, &info, &err));
    CHECK(strcmp(info.precision, "bf16") == 0);
    wanted = score(d, rgb(pixels, W, H));
    interrupted(d, wanted);
    CHECK(aecsad_detector_free(d) == AECSAD_OK);
    CHECK(aecsad_detector_free(exact) == AECSAD_OK);
    return finish(small ? "tiles, small stacks" : "tiles");
}
