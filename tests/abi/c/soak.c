/* Many inspections from many threads: soak MODEL COUNT. Each phase runs a tenth of
 * its work, at least 1000 inspections, and then all of it. Every score must be
 * that of a single inspection, to the last bit. Memory, threads and open files
 * must not grow from the first part to the second.
 *
 * Memory that Go has not collected yet comes and goes (by some MiB unless GOGC is
 * low), so the lowest of several readings are compared: a leak raises that too.
 * Go starts threads as it needs them, a few in all. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { THREADS = 8, IMAGES = 4, WARM_UP = 1000, RISE_KIB = 1024, READINGS = 10 };

static const struct {
    int width, height;
} sizes[IMAGES] = {{64, 64}, {97, 61}, {1, 1}, {320, 240}};

static unsigned char *pixels[IMAGES];
static double wanted[IMAGES];
static const char *model;
static aecsad_detector *detectors[THREADS]; /* of each thread */

static int entries(const char *folder) {
    DIR *d = opendir(folder);
    int n = 0;
    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n;
}

/* The number of scores of count inspections that are not as wanted. */
static long inspect(aecsad_detector *d, long count) {
    aecsad_error e = {sizeof e, 0, ""};
    long different = 0;
    for (long n = 0; n < count; n++) {
        int k = (int)(n % IMAGES);
        aecsad_image image = rgb(pixels[k], sizes[k].width, sizes[k].height);
        aecsad_summary s = {sizeof s};
        aecsad_result *r = NULL;
        different += aecsad_inspect(d, &image, &r, &e) != AECSAD_OK ||
                     aecsad_result_summary(r, &s, &e) != AECSAD_OK || s.score != wanted[k];
        different += aecsad_result_free(r) != AECSAD_OK;
    }
    return different;
}

typedef struct {
    aecsad_detector *detector;
    long count, different;
} task;

static void *work(void *p) {
    task *t = p;
    t->different = inspect(t->detector, t->count);
    return NULL;
}

/* All threads, started for this. */
static long inspect_in_threads(long count) {
    pthread_t threads[THREADS];
    task tasks[THREADS];
    long different = 0;
    for (int i = 0; i < THREADS; i++) {
        tasks[i] = (task){detectors[i], count, 0};
        CHECK(pthread_create(&threads[i], NULL, work, &tasks[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        different += tasks[i].different;
    }
    return different;
}

static long short_threads(long count) {
    long different = 0;
    for (; count > 0; count--)
        different += inspect_in_threads(1);
    return different;
}

static long cycles(long count) {
    long different = 0;
    for (; count > 0; count--) {
        aecsad_detector *d = open_model(model, 1, 1);
        different += inspect(d, THREADS);
        CHECK(aecsad_detector_free(d) == AECSAD_OK);
    }
    return different;
}

/* Runs count steps and returns the lowest reading of memory. */
static long lowest_kib(long (*run)(long), long count) {
    long lowest = 0;
    for (long i = 0; i < READINGS; i++) {
        long kib;
        CHECK(run(count * (i + 1) / READINGS - count * i / READINGS) == 0);
        kib = memory_kib();
        lowest = i == 0 || kib < lowest ? kib : lowest;
    }
    return lowest;
}

/* A phase of count steps of so many inspections each. */
static void phase(const char *name, long (*run)(long), long count, long each) {
    long first = count / 10 > WARM_UP / each ? count / 10 : WARM_UP / each;
    long before = lowest_kib(run, first), after;
    int threads = entries("/proc/self/task"), files = entries("/proc/self/fd");
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    after = lowest_kib(run, count);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("soak: %s: %ld inspections, %.0f s; memory %ld KiB, then %ld; %d threads, then %d\n", name, count * each,
           (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec), before, after, threads - 2,
           entries("/proc/self/task") - 2);
    fflush(stdout);
    CHECK(after < before + RISE_KIB);
    CHECK(entries("/proc/self/task") <= threads + THREADS);
    CHECK(entries("/proc/self/fd") == files);
}

int main(int argc, char **argv) {
    long count = argc == 3 ? atol(argv[2]) : 0;
    aecsad_detector *shared;
    if (count < 1)
        return 2;
    model = argv[1];
    shared = open_model(model, 1, 2);
    for (int k = 0; k < IMAGES; k++) {
        size_t n = (size_t)3 * sizes[k].width * sizes[k].height;
        pixels[k] = malloc(n);
        noise(pixels[k], n, (unsigned)k);
        wanted[k] = score(shared, rgb(pixels[k], sizes[k].width, sizes[k].height));
    }
    for (int i = 0; i < THREADS; i++)
        detectors[i] = shared;
    phase("8 threads, one detector of two sessions", inspect_in_threads, count, THREADS);
    phase("8 threads, each started for one inspection", short_threads, (count + 9) / 10, THREADS);
    for (int i = 0; i < THREADS; i++)
        detectors[i] = open_model(model, 1, 1);
    phase("8 threads, a detector each", inspect_in_threads, count, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK(aecsad_detector_free(detectors[i]) == AECSAD_OK);
    phase("open, 8 inspections, close", cycles, count, THREADS);
    CHECK(aecsad_detector_free(shared) == AECSAD_OK);
    for (int k = 0; k < IMAGES; k++)
        free(pixels[k]);
    return finish("soak");
}
