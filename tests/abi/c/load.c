/* The library is loaded late, into a process that has its own signal handlers:
 * load LIBRARY MODEL */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void handler(int s) { (void)s; }

static const char *path;

static void *load_once(void *unused) {
    (void)unused;
    return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

/* Loads in many threads at once. */
static void together(void) {
    enum { THREADS = 8 };
    pthread_t t[THREADS];
    void *first = NULL;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, load_once, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *library;
        pthread_join(t[i], &library);
        first = i == 0 ? library : first;
        CHECK(library != NULL && library == first);
    }
}

/* A process that was forked before the library was loaded may use it. */
static void fork_first(const char *model) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        __typeof__(&aecsad_detector_open) open_detector;
        aecsad_detector *d = NULL;
        void *library = dlopen(path, RTLD_NOW);
        if (library == NULL)
            _exit(1);
        *(void **)&open_detector = dlsym(library, "aecsad_detector_open");
        _exit(open_detector(model, NULL, &d, &err) != AECSAD_OK);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The blocked signals of a thread, from /proc. */
static unsigned long long blocked(const char *thread) {
    char path[300], line[200];
    unsigned long long mask = 0;
    FILE *f;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        sscanf(line, "SigBlk: %llx", &mask);
    if (f != NULL)
        fclose(f);
    return mask;
}

/* Whether SIGSEGV is not blocked; while a thread is being made it is, for a moment. */
static int takes_faults(const char *thread) {
    for (int i = 0; i < 1000; i++) {
        if ((blocked(thread) >> (SIGSEGV - 1) & 1) == 0)
            return 1;
        usleep(1000);
    }
    return 0;
}

/* Threads of the library block what the host may want to handle; ours does not. */
static void masks(void) {
    DIR *d = opendir("/proc/self/task");
    struct dirent *e;
    int others = 0;
    char self[20];
    snprintf(self, sizeof self, "%d", (int)getpid());
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        if (strcmp(e->d_name, self) == 0) {
            CHECK(blocked(e->d_name) == 0);
            continue;
        }
        others++;
        CHECK(blocked(e->d_name) >> (SIGALRM - 1) & 1);
        CHECK(blocked(e->d_name) >> (SIGUSR1 - 1) & 1);
        CHECK(blocked(e->d_name) >> (SIGINT - 1) & 1);
        CHECK(takes_faults(e->d_name));
    }
    closedir(d);
    CHECK(others > 0);
}

/* Loaded and unloaded in every way, it stays, and takes no more memory. */
static void again(void) {
    enum { LOADS = 1000 };
    long before = memory_kib();
    for (int i = 0; i < LOADS; i++) {
        void *library = dlopen(path, (i & 1 ? RTLD_NOW : RTLD_LAZY) | (i & 2 ? RTLD_GLOBAL : RTLD_LOCAL));
        CHECK(library != NULL && dlclose(library) == 0);
    }
    CHECK(memory_kib() < before + 1024);
}

int main(int argc, char **argv) {
    static const int handled[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGHUP};
    struct sigaction a = {0};
    void *library;
    if (argc != 3)
        return 2;
    path = argv[1];
    fork_first(argv[2]);
    a.sa_handler = handler;
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaction(handled[i], &a, NULL);
    together();
    library = dlopen(path, RTLD_NOW);
    CHECK(library != NULL);
    __typeof__(&aecsad_detector_open) open_detector;
    __typeof__(&aecsad_detector_free) free_detector;
    aecsad_detector *d = NULL;
    *(void **)&open_detector = dlsym(library, "aecsad_detector_open");
    *(void **)&free_detector = dlsym(library, "aecsad_detector_free");
    CHECK(open_detector(argv[2], NULL, &d, &err) == AECSAD_OK);
    masks();
    again();
    CHECK(free_detector(d) == AECSAD_OK);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        struct sigaction now;
        sigaction(handled[i], NULL, &now);
        CHECK(now.sa_handler == handler && (now.sa_flags & SA_ONSTACK) == 0);
    }
    CHECK(dlsym(library, "border_open") == NULL);
    return finish("load");
}
