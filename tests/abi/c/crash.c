/* The host crashes in its own code: crash before|after|none LIBRARY. Its handler of
 * SIGSEGV, set before or after the library was loaded and used, must be called
 * (exit code 42); without one the process must end. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

static void handler(int s, siginfo_t *info, void *context) {
    (void)context;
    _exit(s == SIGSEGV && info->si_addr == (void *)16 ? 42 : 1);
}

static void handle(void) {
    struct sigaction a = {0};
    a.sa_sigaction = handler;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &a, NULL);
}

int main(int argc, char **argv) {
    __typeof__(&aecsad_version) version;
    void *library;
    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "before") == 0)
        handle();
    library = dlopen(argv[2], RTLD_NOW);
    if (library == NULL)
        return 3;
    *(void **)&version = dlsym(library, "aecsad_version");
    if (version()[0] == 0)
        return 4;
    if (strcmp(argv[1], "after") == 0)
        handle();
    *(volatile int *)16 = 1;
    return 0;
}
