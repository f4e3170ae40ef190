/* Prints what the C interface says about pictures, as scores.txt has it:
 * score MODEL PICTURE.ppm... */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecsad.h"

static void check(aecsad_status s, const aecsad_error *e) {
    if (s != AECSAD_OK) {
        fprintf(stderr, "%s: %s\n", aecsad_status_string(s), e->message);
        exit(1);
    }
}

static uint64_t fnv(const void *data, size_t n) {
    const unsigned char *p = data;
    uint64_t h = 14695981039346656037u;
    while (n--)
        h = (h ^ *p++) * 1099511628211u;
    return h;
}

static uint64_t bits(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static unsigned char *read_ppm(const char *path, int *w, int *h) {
    FILE *f = fopen(path, "rb");
    unsigned char *pixels = NULL;
    if (f != NULL && fscanf(f, "P6 %d %d 255", w, h) == 2 && fgetc(f) != EOF) {
        size_t n = (size_t)3 * *w * *h;
        pixels = malloc(n);
        if (pixels == NULL || fread(pixels, 1, n, f) != n)
            pixels = NULL;
    }
    if (pixels == NULL) {
        fprintf(stderr, "%s: is not a PPM file\n", path);
        exit(1);
    }
    fclose(f);
    return pixels;
}

static void print(const char *name, int threads, aecsad_result *r) {
    static const char *decisions[] = {"good", "uncertain", "anomalous"};
    aecsad_error e = {sizeof e, 0, ""};
    aecsad_summary s = {0};
    aecsad_maps m = {0};
    s.struct_size = sizeof s;
    m.struct_size = sizeof m;
    check(aecsad_result_summary(r, &s, &e), &e);
    check(aecsad_result_maps(r, &m, &e), &e);
    printf("%s threads %d %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %s %016" PRIx64 " %016" PRIx64 "\n", name,
           threads, bits(s.score), bits(s.structural), bits(s.logical), bits(s.p_value), decisions[s.decision],
           fnv(m.fused, sizeof(float) * m.map_side * m.map_side), fnv(m.classes, (size_t)m.side * m.side));
    for (int i = 0; i < s.findings; i++) {
        aecsad_finding f = {0};
        f.struct_size = sizeof f;
        check(aecsad_result_finding(r, i, &f, &e), &e);
        printf("  %s at %d %d %d %d\n", f.sentence, f.x, f.y, f.width, f.height);
    }
}

int main(int argc, char **argv) {
    for (int threads = 1; threads <= 2; threads++) {
        aecsad_error e = {sizeof e, 0, ""};
        aecsad_options o = {0};
        aecsad_detector *d;
        o.struct_size = sizeof o;
        o.threads = threads;
        check(aecsad_detector_open(argv[1], &o, &d, &e), &e);
        for (int i = 2; i < argc; i++) {
            int w, h;
            unsigned char *pixels = read_ppm(argv[i], &w, &h);
            aecsad_image image = {0};
            aecsad_result *r;
            const char *slash = strrchr(argv[i], '/');
            image.struct_size = sizeof image;
            image.format = AECSAD_RGB8;
            image.data = pixels;
            image.width = w;
            image.height = h;
            image.stride = 3 * w;
            check(aecsad_inspect(d, &image, &r, &e), &e);
            print(slash ? slash + 1 : argv[i], threads, r);
            check(aecsad_result_free(r), &e);
            free(pixels);
        }
        check(aecsad_detector_free(d), &e);
    }
    return 0;
}
