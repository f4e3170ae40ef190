/* Every wrong argument has its status and one clear sentence: misuse MODEL FOLDER */
#include "check.h"

enum { W = 40, H = 30 };
static unsigned char pixels[3 * W * H];
static aecsad_detector *detector;
static aecsad_result *result;

static void handles(const char *model) {
    aecsad_detector *d = open_model(model, 1, 1);
    aecsad_image image = rgb(pixels, W, H);
    aecsad_result *r = NULL;
    aecsad_info info = {sizeof info};
    aecsad_summary s = {sizeof s};
    OK(aecsad_inspect(d, &image, &r, &err));
    CHECK(aecsad_detector_free(d) == AECSAD_OK);
    OK(aecsad_result_summary(r, &s, &err)); /* results live on */
    CHECK(aecsad_detector_free(d) == AECSAD_ERR_HANDLE);
    EXPECT(aecsad_detector_info(d, &info, &err), AECSAD_ERR_HANDLE, "the detector was freed");
    EXPECT(aecsad_inspect(d, &image, &r, &err), AECSAD_ERR_HANDLE, "the detector was freed");
    CHECK(r == NULL);
    OK(aecsad_inspect(detector, &image, &r, &err));
    EXPECT(aecsad_detector_info((aecsad_detector *)r, &info, &err), AECSAD_ERR_HANDLE, "of another type");
    CHECK(aecsad_detector_free((aecsad_detector *)r) == AECSAD_ERR_HANDLE);
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    CHECK(aecsad_result_free(r) == AECSAD_ERR_HANDLE);
    EXPECT(aecsad_result_summary(r, &s, &err), AECSAD_ERR_HANDLE, "the result was freed");
    EXPECT(aecsad_result_summary((aecsad_result *)&s, &s, &err), AECSAD_ERR_HANDLE, "is not a handle");
    EXPECT(aecsad_result_summary((aecsad_result *)-1, &s, &err), AECSAD_ERR_HANDLE, "is not a handle");
    CHECK(aecsad_detector_free(NULL) == AECSAD_OK);
    CHECK(aecsad_result_free(NULL) == AECSAD_OK);
}

/* Handles that nobody gave away, many of them close to real ones. */
static void random_handles(void) {
    uint64_t bits = (uint64_t)(uintptr_t)result, state = 88172645463325252u;
    aecsad_summary s = {sizeof s};
    for (int i = 0; i < 500000; i++) {
        uint64_t h = state ^= state << 13;
        h = state ^= state >> 7;
        h = state ^= state << 17;
        if (i % 2)
            h = bits + h % 4096;
        if (h == bits || h == (uint64_t)(uintptr_t)detector || h == 0)
            continue;
        CHECK(aecsad_result_summary((aecsad_result *)(uintptr_t)h, &s, &err) == AECSAD_ERR_HANDLE);
        CHECK(aecsad_detector_free((aecsad_detector *)(uintptr_t)h) == AECSAD_ERR_HANDLE);
    }
}

static void nulls(void) {
    aecsad_image image = rgb(pixels, W, H), *images[1] = {NULL};
    aecsad_detector *d;
    aecsad_result *r;
    aecsad_info info = {sizeof info};
    aecsad_summary s = {sizeof s};
    aecsad_maps m = {sizeof m};
    aecsad_finding f = {sizeof f};
    char name[8];
    float out[1];
    uint8_t classes[1];
    EXPECT(aecsad_detector_open(NULL, NULL, &d, &err), AECSAD_ERR_NULL, "path is NULL");
    EXPECT(aecsad_detector_open("x", NULL, NULL, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_detector_open_memory(NULL, 4, NULL, &d, &err), AECSAD_ERR_NULL, "data is NULL");
    EXPECT(aecsad_detector_open_memory("x", 1, NULL, NULL, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_detector_info(NULL, &info, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_detector_info(detector, NULL, &err), AECSAD_ERR_NULL, "info is NULL");
    EXPECT(aecsad_detector_component(NULL, 1, name, 8, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_detector_component(detector, 1, NULL, 8, &err), AECSAD_ERR_NULL, "name is NULL");
    EXPECT(aecsad_detector_set_threshold(NULL, 1, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_detector_set_false_alarm_rate(NULL, 0.1, 0, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_inspect(NULL, &image, &r, &err), AECSAD_ERR_NULL, "detector is NULL");
    EXPECT(aecsad_inspect(detector, NULL, &r, &err), AECSAD_ERR_NULL, "image is NULL");
    EXPECT(aecsad_inspect(detector, &image, NULL, &err), AECSAD_ERR_NULL, "result is NULL");
    image.data = NULL;
    EXPECT(aecsad_inspect(detector, &image, &r, &err), AECSAD_ERR_NULL, "image->data is NULL");
    EXPECT(aecsad_inspect_batch(detector, NULL, 1, &r, &err), AECSAD_ERR_NULL, "images is NULL");
    EXPECT(aecsad_inspect_batch(detector, (const aecsad_image *const *)images, 1, NULL, &err), AECSAD_ERR_NULL, "results is NULL");
    EXPECT(aecsad_inspect_batch(detector, (const aecsad_image *const *)images, 1, &r, &err), AECSAD_ERR_NULL, "image 0: image is NULL");
    OK(aecsad_inspect_batch(detector, NULL, 0, NULL, &err));
    EXPECT(aecsad_result_summary(NULL, &s, &err), AECSAD_ERR_NULL, "result is NULL");
    EXPECT(aecsad_result_summary(result, NULL, &err), AECSAD_ERR_NULL, "summary is NULL");
    EXPECT(aecsad_result_maps(NULL, &m, &err), AECSAD_ERR_NULL, "result is NULL");
    EXPECT(aecsad_result_maps(result, NULL, &err), AECSAD_ERR_NULL, "maps is NULL");
    EXPECT(aecsad_result_copy_map(NULL, AECSAD_MAP_FUSED, 1, 1, out, 1, &err), AECSAD_ERR_NULL, "result is NULL");
    EXPECT(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, 1, 1, NULL, 1, &err), AECSAD_ERR_NULL, "out is NULL");
    EXPECT(aecsad_result_copy_classes(NULL, 1, 1, classes, 1, &err), AECSAD_ERR_NULL, "result is NULL");
    EXPECT(aecsad_result_copy_classes(result, 1, 1, NULL, 1, &err), AECSAD_ERR_NULL, "out is NULL");
    EXPECT(aecsad_result_finding(NULL, 0, &f, &err), AECSAD_ERR_NULL, "result is NULL");
    EXPECT(aecsad_result_finding(result, 0, NULL, &err), AECSAD_ERR_NULL, "finding is NULL");
    CHECK(aecsad_detector_info(detector, NULL, NULL) == AECSAD_ERR_NULL); /* error may be NULL */
}

static void struct_sizes(void) {
    struct {
        aecsad_image image;
        int64_t later[2];
    } newer = {rgb(pixels, W, H), {0, 0}};
    struct {
        aecsad_summary summary;
        int64_t later[2];
    } out = {{sizeof out}, {7, 7}};
    aecsad_image image = rgb(pixels, W, H);
    aecsad_options options = {0};
    aecsad_info info = {0};
    aecsad_error small = {sizeof small - 1, 99, "untouched"};
    aecsad_result *r;
    aecsad_detector *d;
    for (uint32_t size = 0; size < sizeof image; size++) {
        image.struct_size = size;
        EXPECT(aecsad_inspect(detector, &image, &r, &err), AECSAD_ERR_STRUCT_SIZE, "image->struct_size is ");
    }
    image.struct_size = UINT32_MAX;
    EXPECT(aecsad_inspect(detector, &image, &r, &err), AECSAD_ERR_STRUCT_SIZE, "image->struct_size is 4294967295; expected 64");
    EXPECT(aecsad_detector_open("x", &options, &d, &err), AECSAD_ERR_STRUCT_SIZE, "options->struct_size is 0; expected ");
    EXPECT(aecsad_detector_info(detector, &info, &err), AECSAD_ERR_STRUCT_SIZE, "info->struct_size is 0");
    newer.image.struct_size = sizeof newer;
    OK(aecsad_inspect(detector, &newer.image, &r, &err));
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    newer.later[1] = 1;
    EXPECT(aecsad_inspect(detector, &newer.image, &r, &err), AECSAD_ERR_STRUCT_SIZE, "which this version does not know");
    OK(aecsad_result_summary(result, &out.summary, &err));
    CHECK(out.later[0] == 0 && out.later[1] == 0 && out.summary.struct_size == sizeof out);
    CHECK(aecsad_result_summary(result, &out.summary, &small) == AECSAD_ERR_STRUCT_SIZE);
    CHECK(small.code == 99 && strcmp(small.message, "untouched") == 0);
}

static void images(void) {
    static const uint8_t mask[W * H];
    aecsad_image good = rgb(pixels, W, H), i;
    aecsad_result *r = (aecsad_result *)1;
#define REFUSED(change, words)                                                 \
    i = good;                                                                  \
    change;                                                                    \
    EXPECT(aecsad_inspect(detector, &i, &r, &err), AECSAD_ERR_IMAGE, words);   \
    CHECK(r == NULL)
    REFUSED(i.format = AECSAD_GRAY8, "grey");
    REFUSED(i.format = 0, "unknown pixel format 0");
    REFUSED(i.format = 99, "unknown pixel format 99");
    REFUSED(i.format = -1, "unknown pixel format -1");
    REFUSED(i.width = 0, "0x30 pixels");
    REFUSED(i.height = -1, "40x-1 pixels");
    REFUSED(i.width = INT32_MAX, "2147483647x30 pixels");
    REFUSED((i.width = 65537, i.stride = 1 << 20), "65537x30 pixels");
    REFUSED(i.stride = 0, "stride is 0 bytes; a row of 40 RGB8 pixels takes 120");
    REFUSED(i.stride = 3 * W - 1, "stride is 119");
    REFUSED(i.stride = -3 * W + 1, "stride is -119");
    REFUSED(i.stride = INT64_MIN, "stride is -9223372036854775808");
    REFUSED(i.stride = INT64_MAX, "stride is 9223372036854775807");
    REFUSED((i.format = AECSAD_RGBA8), "40 RGBA8 pixels takes 160");
    REFUSED((i.data = (void *)-64), "address space");
    REFUSED((i.roi_width = W + 1, i.roi_height = 1), "region 41x1 at (0,0) is not inside");
    REFUSED((i.roi_x = 1, i.roi_y = 1), "has no size");
    REFUSED((i.roi_x = INT32_MAX, i.roi_width = INT32_MAX, i.roi_height = 1), "is not inside");
    REFUSED((i.roi_x = -1, i.roi_width = 2, i.roi_height = 2), "is not inside");
    REFUSED((i.roi_width = 5), "is not inside");
    REFUSED((i.ignore = mask, i.ignore_stride = 0), "stride of the mask is 0 bytes; a row of 40 pixels takes 40");
    REFUSED((i.ignore = mask, i.ignore_stride = W - 1), "stride of the mask is 39");
    REFUSED((i.ignore = mask, i.ignore_stride = INT64_MIN), "stride of the mask is -9223372036854775808");
    REFUSED((i.ignore = (void *)-64, i.ignore_stride = W), "image->ignore do not fit into the address space");
}

static void arguments(void) {
    aecsad_options o = {0};
    aecsad_detector *d = (aecsad_detector *)1;
    aecsad_summary s = {sizeof s};
    aecsad_finding f = {sizeof f};
    aecsad_info info = {sizeof info};
    char name[AECSAD_NAME_SIZE];
    float map[16 * 16 + 1];
    uint8_t classes[65];
    const char *model = "x";
    o.struct_size = sizeof o;
    o.threads = -1;
    EXPECT(aecsad_detector_open(model, &o, &d, &err), AECSAD_ERR_ARGUMENT, "options->threads is -1; expected 0 (all cores) to 1024");
    CHECK(d == NULL);
    o.threads = 0;
    o.sessions = 257;
    EXPECT(aecsad_detector_open(model, &o, &d, &err), AECSAD_ERR_ARGUMENT, "options->sessions is 257");
    o.sessions = 0;
    o.reserved = 1;
    EXPECT(aecsad_detector_open(model, &o, &d, &err), AECSAD_ERR_ARGUMENT, "options->reserved is 1");
    EXPECT(aecsad_detector_component(detector, 0, name, sizeof name, &err), AECSAD_ERR_ARGUMENT, "component is 0; expected 1 to 2");
    EXPECT(aecsad_detector_component(detector, 3, name, sizeof name, &err), AECSAD_ERR_ARGUMENT, "component is 3");
    EXPECT(aecsad_detector_component(detector, 1, name, 4, &err), AECSAD_ERR_BUFFER, "takes 5");
    OK(aecsad_detector_component(detector, 1, name, 5, &err));
    CHECK(strcmp(name, "bolt") == 0);
    EXPECT(aecsad_set_log(NULL, NULL, 0, &err), AECSAD_ERR_ARGUMENT, "level is 0; expected 1 to 3");
    OK(aecsad_result_summary(result, &s, &err));
    EXPECT(aecsad_result_finding(result, s.findings, &f, &err), AECSAD_ERR_ARGUMENT, "index is ");
    EXPECT(aecsad_result_finding(result, -1, &f, &err), AECSAD_ERR_ARGUMENT, "index is -1");
    EXPECT(aecsad_result_copy_map(result, 0, 1, 1, map, 1, &err), AECSAD_ERR_ARGUMENT, "map is 0; expected 1");
    EXPECT(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, 0, 1, map, 1, &err), AECSAD_ERR_ARGUMENT, "0x1");
    EXPECT(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, 16385, 1, map, 1, &err), AECSAD_ERR_ARGUMENT, "expected 1 to 16384");
    OK(aecsad_detector_info(detector, &info, &err));
    CHECK(info.map_side == 16);
    map[16 * 16] = 42;
    EXPECT(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, 16, 16, map, 255, &err), AECSAD_ERR_BUFFER, "room for 255 elements; 16x16 take 256");
    OK(aecsad_result_copy_map(result, AECSAD_MAP_FUSED, 16, 16, map, 256, &err));
    CHECK(map[16 * 16] == 42); /* nothing is written beyond */
    classes[64] = 42;
    EXPECT(aecsad_result_copy_classes(result, 8, 8, classes, 63, &err), AECSAD_ERR_BUFFER, "8x8 take 64");
    OK(aecsad_result_copy_classes(result, 8, 8, classes, 64, &err));
    CHECK(classes[64] == 42);
    CHECK(strcmp(aecsad_status_string(-5), "unknown status") == 0);
    CHECK(aecsad_abi_version() == AECSAD_ABI_VERSION);
}

static void thresholds(void) {
    aecsad_image image = rgb(pixels, W, H);
    aecsad_summary s = {sizeof s};
    aecsad_info info = {sizeof info};
    aecsad_result *r;
    double zero = 0;
    EXPECT(aecsad_detector_set_threshold(detector, zero / zero, &err), AECSAD_ERR_ARGUMENT, "threshold is NaN");
    EXPECT(aecsad_detector_set_threshold(detector, 1 / zero, &err), AECSAD_ERR_ARGUMENT, "threshold is +Inf");
    EXPECT(aecsad_detector_set_false_alarm_rate(detector, 0, 0, &err), AECSAD_ERR_ARGUMENT, "false-alarm rate is 0");
    EXPECT(aecsad_detector_set_false_alarm_rate(detector, 1, 0, &err), AECSAD_ERR_ARGUMENT, "false-alarm rate is 1");
    EXPECT(aecsad_detector_set_false_alarm_rate(detector, zero / zero, 0, &err), AECSAD_ERR_ARGUMENT, "false-alarm rate is NaN");
    EXPECT(aecsad_detector_set_false_alarm_rate(detector, 0.001, 0, &err), AECSAD_ERR_TOO_FEW, "999");
    OK(aecsad_detector_set_threshold(detector, 1e9, &err));
    OK(aecsad_inspect(detector, &image, &r, &err));
    OK(aecsad_result_summary(r, &s, &err));
    CHECK(s.decision == AECSAD_GOOD && s.kind == AECSAD_KIND_NONE && s.findings == 0 && s.threshold == 1e9);
    CHECK(aecsad_result_free(r) == AECSAD_OK);
    OK(aecsad_detector_set_false_alarm_rate(detector, 0.1, 0, &err));
    OK(aecsad_detector_info(detector, &info, &err));
    CHECK(info.false_alarm_rate == 0.1 && info.extrapolated == 0 && info.threshold < 4 && info.threshold > 3);
}

static void models(const char *model, const char *folder) {
    aecsad_options o = {sizeof o, 1, 1, 0, "gpu"};
    aecsad_detector *d;
    char path[4096], junk[4] = {0};
    size_t size;
    unsigned char *bytes = read_file(model, &size);
    EXPECT(aecsad_detector_open("/no/such/model", NULL, &d, &err), AECSAD_ERR_FILE, "/no/such/model");
    EXPECT(aecsad_detector_open("", NULL, &d, &err), AECSAD_ERR_FILE, "");
    EXPECT(aecsad_detector_open(folder, NULL, &d, &err), AECSAD_ERR_MODEL, "is a folder");
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    EXPECT(aecsad_detector_open(path, NULL, &d, &err), AECSAD_ERR_FILE, "xxx");
    CHECK(strlen(err.message) < AECSAD_MESSAGE_SIZE);
    EXPECT(aecsad_detector_open("/no/\xff\xfe\n\xc3\xa9", NULL, &d, &err), AECSAD_ERR_FILE, "/no/?\n\xc3\xa9");
    snprintf(path, sizeof path, "%s/empty", folder);
    EXPECT(aecsad_detector_open(path, NULL, &d, &err), AECSAD_ERR_MODEL, path);
    snprintf(path, sizeof path, "%s/scores.txt", folder);
    EXPECT(aecsad_detector_open(path, NULL, &d, &err), AECSAD_ERR_MODEL, path);
    EXPECT(aecsad_detector_open_memory(junk, 0, NULL, &d, &err), AECSAD_ERR_MODEL, "");
    EXPECT(aecsad_detector_open_memory(junk, sizeof junk, NULL, &d, &err), AECSAD_ERR_MODEL, "");
    EXPECT(aecsad_detector_open_memory(bytes, SIZE_MAX, NULL, &d, &err), AECSAD_ERR_ARGUMENT, "size is");
    for (size_t i = 0; i < 100; i++) {
        EXPECT(aecsad_detector_open_memory(bytes, size * i / 100, NULL, &d, &err), AECSAD_ERR_MODEL, "");
        CHECK(err.message[0] != 0 && d == NULL);
    }
    EXPECT(aecsad_detector_open(model, &o, &d, &err), AECSAD_ERR_DEVICE, "gpu");
    OK(aecsad_detector_open_memory(bytes, size, NULL, &d, &err));
    CHECK(aecsad_detector_free(d) == AECSAD_OK);
    free(bytes);
}

int main(int argc, char **argv) {
    aecsad_image image = rgb(pixels, W, H);
    if (argc != 3)
        return 2;
    noise(pixels, sizeof pixels, 1);
    detector = open_model(argv[1], 1, 1);
    OK(aecsad_inspect(detector, &image, &result, &err));
    random_handles(); /* first: detector and result are the only handles there are */
    handles(argv[1]);
    nulls();
    struct_sizes();
    images();
    arguments();
    thresholds();
    models(argv[1], argv[2]);
    CHECK(aecsad_result_free(result) == AECSAD_OK);
    CHECK(aecsad_detector_free(detector) == AECSAD_OK);
    return finish("misuse");
}
