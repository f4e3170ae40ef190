/* The library is loaded late, into a process that has its own signal handlers:
 * load LIBRARY MODEL */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

static void handler(int s) { (void)s; }

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
        CHECK((blocked(e->d_name) >> (SIGSEGV - 1) & 1) == 0);
    }
    closedir(d);
    CHECK(others > 0);
}

int main(int argc, char **argv) {
    static const int handled[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGHUP};
    struct sigaction a = {0};
    void *library = NULL;
    if (argc != 3)
        return 2;
    a.sa_handler = handler;
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaction(handled[i], &a, NULL);
    for (int i = 0; i < 100; i++) {
        library = dlopen(argv[1], i % 2 ? RTLD_NOW : RTLD_LAZY);
        CHECK(library != NULL);
        if (i < 99)
            dlclose(library);
    }
    __typeof__(&aecsad_detector_open) open_detector;
    __typeof__(&aecsad_detector_free) free_detector;
    aecsad_detector *d = NULL;
    *(void **)&open_detector = dlsym(library, "aecsad_detector_open");
    *(void **)&free_detector = dlsym(library, "aecsad_detector_free");
    CHECK(open_detector(argv[2], NULL, &d, &err) == AECSAD_OK);
    masks();
    CHECK(free_detector(d) == AECSAD_OK);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        struct sigaction now;
        sigaction(handled[i], NULL, &now);
        CHECK(now.sa_handler == handler && (now.sa_flags & SA_ONSTACK) == 0);
    }
    CHECK(dlsym(library, "border_open") == NULL);
    return finish("load");
}
