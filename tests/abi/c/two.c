/* Two libraries with a Go runtime each in one process: two LIBRARY COPY MODEL. Go
 * does not support this; on Linux it works. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

#include "check.h"

enum { LIBRARIES = 2, THREADS = 8, COUNT = 50, W = 37, H = 29 };
static unsigned char pixels[3 * W * H];

static struct {
    aecsad_detector *detector;
    __typeof__(&aecsad_inspect) inspect;
    __typeof__(&aecsad_result_summary) summary;
    __typeof__(&aecsad_result_free) free_result;
} libraries[LIBRARIES];

static void load(int k, const char *path, const char *model) {
    __typeof__(&aecsad_detector_open) open_detector;
    aecsad_options o = {sizeof o, 1, 2};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        printf("two: %s\n", dlerror());
        exit(1);
    }
    *(void **)&open_detector = dlsym(library, "aecsad_detector_open");
    *(void **)&libraries[k].inspect = dlsym(library, "aecsad_inspect");
    *(void **)&libraries[k].summary = dlsym(library, "aecsad_result_summary");
    *(void **)&libraries[k].free_result = dlsym(library, "aecsad_result_free");
    CHECK(open_detector(model, &o, &libraries[k].detector, &err) == AECSAD_OK);
}

static double score_by(int k) {
    aecsad_error e = {sizeof e};
    aecsad_image image = rgb(pixels, W, H);
    aecsad_summary s = {sizeof s};
    aecsad_result *r;
    if (libraries[k].inspect(libraries[k].detector, &image, &r, &e) != AECSAD_OK ||
        libraries[k].summary(r, &s, &e) != AECSAD_OK || libraries[k].free_result(r) != AECSAD_OK)
        return 0;
    return s.score;
}

static void *alternate(void *wanted) {
    intptr_t different = 0;
    for (int i = 0; i < COUNT; i++)
        different += score_by(i % LIBRARIES) != *(double *)wanted;
    return (void *)different;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    double wanted;
    if (argc != 4)
        return 2;
    noise(pixels, sizeof pixels, 1);
    load(0, argv[1], argv[3]);
    load(1, argv[2], argv[3]);
    CHECK(libraries[0].inspect != libraries[1].inspect);
    wanted = score_by(0);
    CHECK(wanted != 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, alternate, &wanted);
    for (int i = 0; i < THREADS; i++) {
        void *different;
        pthread_join(threads[i], &different);
        CHECK(different == NULL);
    }
    return finish("two");
}
