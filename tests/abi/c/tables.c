/* Whole tables of arguments: every combination of NULL, every struct_size, every
 * capacity, and the limits of an image with each other: tables MODEL */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

enum { W = 40, H = 30 };
static unsigned char pixels[3 * W * H];
static aecsad_detector *detector;
static aecsad_result *result;

/* ---- NULL ---- */

/* Runs a call for all sets of its pointers, of which the sets with bit k have NULL in
 * place of pointer k; OR(k, p) is p or NULL. With any NULL but in the last, the
 * error, the call must fail with ERR_NULL. */
#define OR(k, p) ((set) >> (k) & 1 ? NULL : (p))
#define SUBSETS(pointers, call)                                                            \
    for (unsigned set = 1; set < 1u << (pointers); set++) {                                \
        aecsad_error *e = OR((pointers) - 1, &err);                                        \
        if ((set & ((1u << ((pointers) - 1)) - 1)) == 0)                                   \
            continue;                                                                      \
        CHECK((call) == AECSAD_ERR_NULL);                                                  \
        CHECK(e == NULL || (err.code == AECSAD_ERR_NULL && strstr(err.message, " is NULL"))); \
    }

static void nulls(void) {
    aecsad_image image = rgb(pixels, W, H);
    const aecsad_image *images[1] = {&image};
    aecsad_detector *d;
    aecsad_result *r;
    aecsad_info info = {sizeof info};
    aecsad_summary s = {sizeof s};
    aecsad_maps m = {sizeof m};
    aecsad_finding f = {sizeof f};
    char name[AECSAD_NAME_SIZE];
    float map[1];
    uint8_t classes[1];
    SUBSETS(3, aecsad_detector_open(OR(0, "x"), NULL, OR(1, &d), e))
    SUBSETS(3, aecsad_detector_open_memory(OR(0, "x"), 1, NULL, OR(1, &d), e))
    SUBSETS(3, aecsad_detector_info(OR(0, detector), OR(1, &info), e))
    SUBSETS(3, aecsad_detector_component(OR(0, detector), 1, OR(1, name), sizeof name, e))
    SUBSETS(2, aecsad_detector_set_threshold(OR(0, detector), 1, e))
    SUBSETS(2, aecsad_detector_set_false_alarm_rate(OR(0, detector), 0.1, 0, e))
    SUBSETS(4, aecsad_inspect(OR(0, detector), OR(1, &image), OR(2, &r), e))
    SUBSETS(4, aecsad_inspect_batch(OR(0, detector), OR(1, images), 1, OR(2, &r), e))
    SUBSETS(3, aecsad_result_summary(OR(0, result), OR(1, &s), e))
    SUBSETS(3, aecsad_result_maps(OR(0, result), OR(1, &m), e))
    SUBSETS(3, aecsad_result_copy_map(OR(0, result), AECSAD_MAP_FUSED, 1, 1, OR(1, map), 1, e))
    SUBSETS(3, aecsad_result_copy_classes(OR(0, result), 1, 1, OR(1, classes), 1, e))
    SUBSETS(3, aecsad_result_finding(OR(0, result), 0, OR(1, &f), e))
}

/* ---- struct_size ---- */

enum { ROOM = 4096 };
static union {
    unsigned char bytes[ROOM];
    uint32_t struct_size;
    uint64_t align;
} box;

static aecsad_status read_image(void) {
    aecsad_result *r = NULL;
    aecsad_status s = aecsad_inspect(detector, (aecsad_image *)&box, &r, &err);
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    return s;
}

static aecsad_status read_options(void) {
    aecsad_detector *d;
    aecsad_status s = aecsad_detector_open("/no/such/model", (aecsad_options *)&box, &d, &err);
    return s == AECSAD_ERR_FILE ? AECSAD_OK : s;
}

static aecsad_status write_info(void) { return aecsad_detector_info(detector, (aecsad_info *)&box, &err); }
static aecsad_status write_summary(void) { return aecsad_result_summary(result, (aecsad_summary *)&box, &err); }
static aecsad_status write_maps(void) { return aecsad_result_maps(result, (aecsad_maps *)&box, &err); }
static aecsad_status write_finding(void) { return aecsad_result_finding(result, 0, (aecsad_finding *)&box, &err); }

/* Passes a struct with every struct_size up to twice its own. fill is what it holds:
 * what it is to be read as, followed by zeros, or a pattern to be written over. first
 * is the size that it had in version 1 of the interface. */
static void sizes(aecsad_status (*call)(void), const void *fill, uint32_t size, uint32_t first, int written) {
    for (uint32_t s = 0; s <= 2 * size; s++) {
        aecsad_status status;
        int beyond = 0;
        memset(&box, 0xAB, sizeof box);
        if (!written) {
            memset(&box, 0, s < 4 ? 4 : s);
            memcpy(&box, fill, s < size ? s : size);
        }
        box.struct_size = s;
        status = call();
        CHECK(status == (s == first || s >= size ? AECSAD_OK : AECSAD_ERR_STRUCT_SIZE));
        for (uint32_t i = s < 4 ? 4 : s; i < ROOM; i++)
            beyond += box.bytes[i] != 0xAB;
        CHECK(beyond == 0 && box.struct_size == s);
        for (uint32_t i = size; written && status == AECSAD_OK && i < s; i++)
            beyond += box.bytes[i] != 0;
        CHECK(beyond == 0);
    }
}

static void struct_sizes(void) {
    aecsad_image image = rgb(pixels, W, H);
    aecsad_options options = {0};
    sizes(read_image, &image, sizeof image, sizeof image, 0);
    sizes(read_options, &options, sizeof options, 24, 0);
    sizes(write_info, NULL, sizeof(aecsad_info), 512, 1);
    sizes(write_summary, NULL, sizeof(aecsad_summary), sizeof(aecsad_summary), 1);
    sizes(write_maps, NULL, sizeof(aecsad_maps), sizeof(aecsad_maps), 1);
    sizes(write_finding, NULL, sizeof(aecsad_finding), sizeof(aecsad_finding), 1);
}

/* ---- capacities ---- */

static void capacities(void) {
    enum { SIDE = 16, ALL = SIDE * SIDE };
    static float map[ALL + 2];
    static uint8_t classes[ALL + 2];
    char name[8];
    for (size_t n = 0; n <= ALL + 1; n++) {
        for (int i = 0; i < ALL + 2; i++) {
            map[i] = 42;
            classes[i] = 42;
        }
        CHECK(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, SIDE, SIDE, map, n, &err) ==
              (n < ALL ? AECSAD_ERR_BUFFER : AECSAD_OK));
        CHECK(aecsad_result_copy_classes(result, SIDE, SIDE, classes, n, &err) == (n < ALL ? AECSAD_ERR_BUFFER : AECSAD_OK));
        for (int i = n < ALL ? 0 : ALL; i < ALL + 2; i++)
            CHECK(map[i] == 42 && classes[i] == 42);
    }
    EXPECT(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, SIDE, SIDE, NULL, 0, &err), AECSAD_ERR_BUFFER, "16x16 take 256");
    for (size_t n = 0; n <= 6; n++) {
        memset(name, '#', sizeof name);
        CHECK(aecsad_detector_component(detector, 1, name, n, &err) == (n < 5 ? AECSAD_ERR_BUFFER : AECSAD_OK));
        CHECK(memcmp(name, n < 5 ? "#####" : "bolt", 5) == 0 && memcmp(name + 5, "###", 3) == 0);
    }
    EXPECT(aecsad_detector_component(detector, 1, NULL, 0, &err), AECSAD_ERR_BUFFER, "takes 5");
}

/* ---- images ---- */

/* One page of pixels in the middle of 64 GiB that cannot be read. What fits the page
 * is inspected, what is a possible image but leaves it is a fault, all else is
 * refused. */
static void boundaries(void) {
    static const int32_t sides[] = {INT32_MIN, -1, 0, 1, 2, 65535, 65536, 65537, INT32_MAX};
    static const struct {
        int32_t format;
        int64_t size;
    } formats[] = {{-1, 0}, {0, 0}, {AECSAD_RGB8, 3}, {AECSAD_BGR8, 3}, {AECSAD_RGBA8, 4}, {AECSAD_BGRA8, 4}, {AECSAD_GRAY8, 0}, {AECSAD_RGB16, 6}, {7, 0}};
    enum { SIDES = sizeof sides / sizeof *sides, FORMATS = sizeof formats / sizeof *formats };
    size_t half = (size_t)32 << 30, page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *m = mmap(NULL, 2 * half, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *at;
    int good = 0, faults = 0, refused = 0;
    CHECK(m != MAP_FAILED && mprotect(m + half, page, PROT_READ | PROT_WRITE) == 0);
    at = m + half + page / 2;
    for (int f = 0; f < FORMATS; f++)
        for (int x = 0; x < SIDES; x++)
            for (int y = 0; y < SIDES; y++) {
                int64_t row = formats[f].size * sides[x];
                int64_t strides[] = {0, 1, -1, row - 1, row, row + 1, -row, 1 - row, -row - 1, INT64_MAX, INT64_MIN, (int64_t)UINT32_MAX + 2};
                for (size_t s = 0; s < sizeof strides / sizeof *strides; s++) {
                    int possible = row > 0 && sides[x] <= 65536 && sides[y] > 0 && sides[y] <= 65536 &&
                                   (strides[s] >= row || strides[s] <= -row) && strides[s] != INT64_MIN &&
                                   strides[s] <= UINT32_MAX;
                    int fits = possible && sides[x] <= 2 && sides[y] <= 2;
                    aecsad_image i = rgb(at, sides[x], sides[y]);
                    aecsad_result *r;
                    aecsad_status status;
                    i.format = formats[f].format;
                    i.stride = strides[s];
                    status = aecsad_inspect(detector, &i, &r, &err);
                    good += status == AECSAD_OK;
                    faults += status == AECSAD_ERR_FAULT;
                    refused += status == AECSAD_ERR_IMAGE;
                    if (status != (fits ? AECSAD_OK : possible ? AECSAD_ERR_FAULT : AECSAD_ERR_IMAGE)) {
                        printf("format %d, %d x %d, stride %lld: ", i.format, i.width, i.height, (long long)i.stride);
                        EXPECT(status, -1, "another status");
                    }
                    CHECK(aecsad_result_free(r) == AECSAD_OK);
                }
            }
    CHECK(good > 0 && faults > 0 && refused > 0);
    printf("tables: %d images inspected, %d faults, %d refused\n", good, faults, refused);
    munmap(m, 2 * half);
}

/* Memory that was given back. */
static void unmapped(void) {
    size_t n = sizeof pixels;
    unsigned char *m = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    aecsad_image i = rgb(m, W, H);
    aecsad_result *r;
    aecsad_detector *d;
    munmap(m, n);
    EXPECT(aecsad_inspect(detector, &i, &r, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    EXPECT(aecsad_detector_open_memory(m, n, NULL, &d, &err), AECSAD_ERR_FAULT, "cannot be read or written");
    EXPECT(aecsad_detector_open((const char *)m, NULL, &d, &err), AECSAD_ERR_FAULT, "cannot be read or written");
}

int main(int argc, char **argv) {
    aecsad_image image = rgb(pixels, W, H);
    if (argc != 2)
        return 2;
    noise(pixels, sizeof pixels, 1);
    detector = open_model(argv[1], 1, 1);
    OK(aecsad_inspect(detector, &image, &result, &err));
    nulls();
    struct_sizes();
    capacities();
    boundaries();
    unmapped();
    CHECK(aecsad_result_free(result) == AECSAD_OK);
    CHECK(aecsad_detector_free(detector) == AECSAD_OK);
    return finish("tables");
}
