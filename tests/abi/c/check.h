/* What the test programs in C share. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecsad.h"

static int checks, failures;
static aecsad_error err = {sizeof err, 0, ""};

static inline void check(int ok, const char *file, int line, const char *what) {
    checks++;
    if (!ok) {
        failures++;
        printf("%s:%d: %s\n", file, line, what);
    }
}

#define CHECK(condition) check(condition, __FILE__, __LINE__, #condition)

/* A call that fails with this status and a message with these words. */
static inline void expect(aecsad_status got, aecsad_status want, const char *words, const char *file, int line) {
    char what[1200];
    snprintf(what, sizeof what, "got %s \"%s\", expected %s with \"%s\"", aecsad_status_string(got), err.message,
             aecsad_status_string(want), words);
    check(got == want && err.code == want && strstr(err.message, words) != NULL, file, line, what);
}

#define EXPECT(call, status, words) expect(call, status, words, __FILE__, __LINE__)
#define OK(call) EXPECT(call, AECSAD_OK, "")

static inline int finish(const char *program) {
    printf("%s: %d passed, %d failed\n", program, checks - failures, failures);
    return failures != 0;
}

static inline unsigned char *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    unsigned char *b = NULL;
    if (f != NULL && fseek(f, 0, SEEK_END) == 0) {
        *size = (size_t)ftell(f);
        rewind(f);
        b = malloc(*size + 1);
        if (b != NULL && fread(b, 1, *size, f) != *size)
            b = NULL;
        fclose(f);
    }
    if (b == NULL) {
        printf("%s: cannot be read\n", path);
        exit(1);
    }
    return b;
}

static inline aecsad_detector *open_model(const char *path, int threads, int sessions) {
    aecsad_options o = {0};
    aecsad_detector *d = NULL;
    o.struct_size = sizeof o;
    o.threads = threads;
    o.sessions = sessions;
    OK(aecsad_detector_open(path, &o, &d, &err));
    return d;
}

static inline aecsad_image rgb(const void *pixels, int width, int height) {
    aecsad_image i = {0};
    i.struct_size = sizeof i;
    i.format = AECSAD_RGB8;
    i.data = pixels;
    i.width = width;
    i.height = height;
    i.stride = (int64_t)3 * width;
    return i;
}

/* The score of an image. */
static inline double score(aecsad_detector *d, aecsad_image image) {
    aecsad_result *r = NULL;
    aecsad_summary s = {0};
    s.struct_size = sizeof s;
    OK(aecsad_inspect(d, &image, &r, &err));
    OK(aecsad_result_summary(r, &s, &err));
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    return s.score;
}

/* Reproducible noise. */
static inline void noise(unsigned char *p, size_t n, unsigned seed) {
    while (n--) {
        seed = seed * 1664525u + 1013904223u;
        *p++ = (unsigned char)(seed >> 24);
    }
}

/* Resident memory of this process. */
static inline long memory_kib(void) {
    char line[200];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        sscanf(line, "VmRSS: %ld", &kib);
    if (f != NULL)
        fclose(f);
    return kib;
}

#endif
