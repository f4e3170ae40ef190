/* What the library costs a C program: border LIBRARY MODEL. Times of loading, of
 * the first verdict and of a call, and memory of a detector, of a second session
 * and after closing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aecsad.h"

enum { WIDTH = 1280, HEIGHT = 1024, CALLS = 100000, ROUNDS = 5 };

static struct {
    __typeof__(&aecsad_abi_version) abi_version;
    __typeof__(&aecsad_version) version;
    __typeof__(&aecsad_detector_open) open;
    __typeof__(&aecsad_detector_free) free;
    __typeof__(&aecsad_inspect) inspect;
    __typeof__(&aecsad_result_summary) summary;
    __typeof__(&aecsad_result_free) free_result;
} f;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double memory_mib(void) {
    char line[200];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmRSS: %ld", &kib);
    if (status != NULL)
        fclose(status);
    return (double)kib / 1024;
}

static void must(aecsad_status status, const aecsad_error *e) {
    if (status != AECSAD_OK) {
        fprintf(stderr, "border: %s\n", e->message);
        exit(1);
    }
}

static void *symbol(void *library, const char *name) {
    void *s = dlsym(library, name);
    if (s == NULL) {
        fprintf(stderr, "border: %s\n", dlerror());
        exit(1);
    }
    return s;
}

static void load(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "border: %s\n", dlerror());
        exit(1);
    }
    *(void **)&f.abi_version = symbol(library, "aecsad_abi_version");
    *(void **)&f.version = symbol(library, "aecsad_version");
    *(void **)&f.open = symbol(library, "aecsad_detector_open");
    *(void **)&f.free = symbol(library, "aecsad_detector_free");
    *(void **)&f.inspect = symbol(library, "aecsad_inspect");
    *(void **)&f.summary = symbol(library, "aecsad_result_summary");
    *(void **)&f.free_result = symbol(library, "aecsad_result_free");
}

static aecsad_detector *open_model(const char *path, int sessions) {
    aecsad_error e = {sizeof e, 0, ""};
    aecsad_options o = {0};
    aecsad_detector *d;
    o.struct_size = sizeof o;
    o.sessions = sessions;
    must(f.open(path, &o, &d, &e), &e);
    return d;
}

static aecsad_result *inspect(aecsad_detector *d, const void *pixels) {
    aecsad_error e = {sizeof e, 0, ""};
    aecsad_image image = {0};
    aecsad_result *r;
    image.struct_size = sizeof image;
    image.format = AECSAD_RGB8;
    image.data = pixels;
    image.width = WIDTH;
    image.height = HEIGHT;
    image.stride = 3 * WIDTH;
    must(f.inspect(d, &image, &r, &e), &e);
    return r;
}

/* Nanoseconds per call, the fastest of some rounds: one that ends in the shield,
 * or one that reads a result. */
static double call(aecsad_result *r) {
    aecsad_summary s = {0};
    double fastest = 1;
    s.struct_size = sizeof s;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now(), seconds;
        for (int i = 0; i < CALLS; i++) {
            if (r != NULL)
                f.summary(r, &s, NULL);
            else
                f.abi_version();
        }
        seconds = (now() - start) / CALLS;
        fastest = seconds < fastest ? seconds : fastest;
    }
    return 1e9 * fastest;
}

int main(int argc, char **argv) {
    unsigned char *pixels = calloc(3 * WIDTH, HEIGHT);
    double start, loaded, called, opened, inspected, before, again, one, two;
    aecsad_detector *d;
    aecsad_result *r;
    if (argc != 3 || pixels == NULL)
        return 2;
    before = memory_mib();
    start = now();
    load(argv[1]);
    loaded = now();
    f.version();
    called = now();
    printf("memory of the library   %8.1f MiB\n", memory_mib() - before);
    before = memory_mib();
    opened = now();
    d = open_model(argv[2], 1);
    opened = now() - opened + called;
    inspected = now();
    r = inspect(d, pixels);
    inspected = now() - inspected + opened;
    again = now();
    f.free_result(inspect(d, pixels));
    again = now() - again;
    printf("dlopen                  %8.1f ms\n", 1e3 * (loaded - start));
    printf("first call              %8.1f ms\n", 1e3 * (called - loaded));
    printf("open                    %8.1f ms\n", 1e3 * (opened - called));
    printf("first inspection        %8.1f ms\n", 1e3 * (inspected - opened));
    printf("dlopen to first verdict %8.1f ms\n", 1e3 * (inspected - start));
    printf("second inspection       %8.1f ms, %d x %d pixels\n", 1e3 * again, WIDTH, HEIGHT);
    printf("call without Go         %8.0f ns\n", call(NULL));
    printf("call of the summary     %8.0f ns\n", call(r));
    one = memory_mib() - before;
    f.free_result(r);
    f.free(d);
    d = open_model(argv[2], 2);
    for (int i = 0; i < 4; i++)
        f.free_result(inspect(d, pixels));
    two = memory_mib() - before;
    f.free(d);
    printf("memory of a detector    %8.1f MiB; reopened with two sessions %.1f; closed %.1f\n", one, two, memory_mib() - before);
    free(pixels);
    return 0;
}
