/* aecsad.h: the C interface of libaecsad, and its manual.
 *
 * libaecsad inspects photographs of manufactured goods with a model that was
 * trained on good images only. It finds structural faults (a scratch, a dent)
 * and logical faults (a part missing, doubled, misplaced).
 *
 *     aecsad_error e = {sizeof e};
 *     aecsad_detector *detector;
 *     if (aecsad_detector_open("model.aecsad", NULL, &detector, &e) != AECSAD_OK)
 *         return fprintf(stderr, "%s\n", e.message), 1;
 *     aecsad_image image = {sizeof image, AECSAD_RGB8, pixels, width, height, 3 * width};
 *     aecsad_result *result;
 *     if (aecsad_inspect(detector, &image, &result, &e) == AECSAD_OK) {
 *         aecsad_summary s = {sizeof s};
 *         aecsad_result_summary(result, &s, &e);
 *         printf("score %g, threshold %g\n", s.score, s.threshold);
 *         aecsad_result_free(result);
 *     }
 *     aecsad_detector_free(detector);
 *
 * Errors. Every function that can fail returns an aecsad_status. The last
 * parameter, aecsad_error *error, is memory of the caller that receives the
 * status and a sentence; it may be NULL. There is no hidden "last error". When a
 * function fails, its other out-parameters are unchanged, except that handles
 * become NULL.
 *
 * Structs. Every struct begins with uint32_t struct_size, which the caller sets
 * to sizeof before every call. Later versions only append fields: a program that
 * was compiled against an older header keeps working, and a newer program may
 * pass larger structs to this library as long as the fields that it does not
 * know are zero. Reserved fields are zero.
 *
 * Handles. aecsad_detector and aecsad_result are names, not addresses: never
 * dereference one. A handle that was freed, or never was one, is answered with
 * AECSAD_ERR_HANDLE; handles are not used twice. Freeing NULL does nothing.
 *
 * Threads. Every function may be called from any thread at any time, on the same
 * handle too. The one rule: memory that a call reads or writes must not be
 * touched by others meanwhile, and pointers from aecsad_result_maps end with
 * aecsad_result_free.
 *
 * Memory. Whatever the caller passes in is read during the call only. No pointer
 * of the caller is kept, except the log callback and its user pointer.
 *
 * Numbers. Scores are in units of the standard deviation of good validation
 * images. They do not depend on the number of threads, on the order of the
 * inspections, on batches or on the floating-point mode of the calling thread.
 * Arrays are row-major without gaps.
 *
 * Processes. The library holds a Go runtime. Once loaded it stays loaded:
 * dlclose frees nothing. After fork() without exec the child gets
 * AECSAD_ERR_FORKED from every function with a status. Do not load it into a Go
 * program (use the Go package core/detect) and expect no service on musl libc.
 * The memory of models comes from the system and may be refused, with
 * AECSAD_ERR_NOMEM. Go itself needs some: where address space is limited
 * (ulimit -v) allow 2 GiB and the memory of large models, for when Go gets no
 * more, it ends the process.
 * During a call asynchronous signals are blocked on the calling thread; they
 * arrive when the call returns. Threads of Go take SIGCHLD, SIGPROF and SIGURG all
 * the same, so the next call after a handler of these was set adds SA_ONSTACK to
 * it: on threads that have called the library it runs on a stack of 32 KiB.
 *
 * Strings are UTF-8 and end with a zero byte; they are cut to fit their array,
 * at a character.
 */
#ifndef AECSAD_H
#define AECSAD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AECSAD_API __attribute__((visibility("default")))
#else
#define AECSAD_API
#endif

/* The version of this interface. It grows when something is added; what a
 * version has stays as it is for all later ones with the same SONAME. */
#define AECSAD_ABI_VERSION 2

#define AECSAD_MESSAGE_SIZE 512
#define AECSAD_NAME_SIZE 128

/* ---- status ---- */

typedef int32_t aecsad_status;

enum {
    AECSAD_OK = 0,
    AECSAD_ERR_NULL = 1,        /* a pointer that must not be NULL is NULL */
    AECSAD_ERR_ARGUMENT = 2,    /* a number, string or enum is out of range */
    AECSAD_ERR_STRUCT_SIZE = 3, /* struct_size is wrong, or unknown fields are set */
    AECSAD_ERR_HANDLE = 4,      /* a handle was freed, is of another type or never was one */
    AECSAD_ERR_IMAGE = 5,       /* size, stride, region or format of an image */
    AECSAD_ERR_BUFFER = 6,      /* an output buffer is too small; the message has the size */
    AECSAD_ERR_FILE = 7,        /* a file cannot be read */
    AECSAD_ERR_MODEL = 8,       /* the bytes are not a usable model */
    AECSAD_ERR_DEVICE = 9,      /* the device is unknown or cannot be used here */
    AECSAD_ERR_TOO_FEW = 10,    /* too few validation images for the false-alarm rate */
    AECSAD_ERR_FORKED = 11,     /* the process was forked after the library was loaded */
    AECSAD_ERR_FAULT = 12,      /* memory of the caller cannot be read or written */
    AECSAD_ERR_INTERNAL = 13,   /* a fault in the library; the log has the details */
    AECSAD_ERR_NOMEM = 14       /* memory_limit or the system refuses memory. Since 2 */
};

/* Filled by every call that it is passed to; after success code is AECSAD_OK and
 * message is empty. */
typedef struct aecsad_error {
    uint32_t struct_size;
    aecsad_status code;
    char message[AECSAD_MESSAGE_SIZE];
} aecsad_error;

/* A fixed name for a status, such as "AECSAD_ERR_IMAGE"; for an unknown one
 * "unknown status". The string is static. Works after fork. Since 1. */
AECSAD_API const char *aecsad_status_string(aecsad_status status);

/* The AECSAD_ABI_VERSION that the loaded library was built with. Works after
 * fork. Since 1. */
AECSAD_API uint32_t aecsad_abi_version(void);

/* The version of the loaded library, such as "0.1.0". The string is static. An
 * empty string after fork. Since 1. */
AECSAD_API const char *aecsad_version(void);

/* ---- log ---- */

enum {
    AECSAD_LOG_ERROR = 1,   /* faults in the library, with a stack trace */
    AECSAD_LOG_WARNING = 2, /* allowed but doubtful, such as an extrapolated threshold */
    AECSAD_LOG_INFO = 3     /* detectors opened and closed, thresholds changed */
};

/* Receives one message. It is called on the thread that made the call that is
 * logged, or on a thread of the library. message is valid during the call only.
 * It must return (no longjmp, no exception) and must not call libaecsad. */
typedef void (*aecsad_log_fn)(void *user, int32_t level, const char *message);

/* Sends messages of at most the given level to log; NULL, the initial state,
 * discards them. The library itself writes nothing to stdout or stderr. When
 * this returns, the former callback is not running and will not be called again.
 * Errors: ARGUMENT for an unknown level. Since 1. */
AECSAD_API aecsad_status aecsad_set_log(aecsad_log_fn log, void *user, int32_t level, aecsad_error *error);

/* ---- detector ---- */

typedef struct aecsad_detector aecsad_detector;

/* How to run a model. All zero but struct_size is a good default. */
typedef struct aecsad_options {
    uint32_t struct_size;
    int32_t threads;    /* threads per inspection, 0 to 1024; 0: all cores */
    int32_t sessions;   /* inspections at once, 0 to 256; 0: one. Further callers wait;
                           each session has memory of its own */
    uint32_t reserved;
    const char *device; /* "auto" (a GPU if there is one, else the processor; the log says
                           why), "cpu", "ref", "cuda", "cuda:1"; NULL or "": the environment
                           variable AECSAD_DEVICE, else "auto" */
    uint64_t memory_limit; /* bytes that the detector may take, all sessions together; 0: no
                              limit. A model that needs more is refused before it takes any.
                              Since 2 */
    const char *product; /* the name of a product, where the file holds the models of several;
                            NULL or "": the only one. Since 2 */
    const char *precision; /* what convolutions compute in: NULL, "" or "f32" for float32;
                              "bf16", with float32 sums, and on GPUs with tensor cores also
                              "tf32" and "f16"; on CPUs also "int8", for models that were
                              calibrated for it, and "bf16x6", which makes each product of
                              float32 of six in bf16, with errors like those of float32. A CPU
                              without AMX computes bf16 and bf16x6 as float32. With AMX, in
                              all but f32, alternate signal stacks need sysconf(_SC_SIGSTKSZ)
                              bytes from then on. DEVICE tells that the device lacks the
                              precision. Since 2 */
} aecsad_options;

/* What a detector is. */
typedef struct aecsad_info {
    uint32_t struct_size;
    int32_t side;              /* images are resized to side x side pixels */
    int32_t map_side;          /* anomaly maps are map_side x map_side */
    int32_t components;        /* component classes 1 to components; 0 is background */
    double threshold;          /* scores above it are anomalous */
    double false_alarm_rate;   /* the share of good images the threshold was set for, in
                                  (0,1); 0: it was set by hand */
    int32_t extrapolated;      /* 1: fewer validation images than the rate needs */
    int32_t validation_images; /* that the threshold and p-values come from */
    int64_t parameters;        /* number of weights */
    int32_t threads;           /* per inspection */
    int32_t sessions;          /* inspections at once */
    uint32_t seed;             /* of the training */
    uint32_t reserved;
    char device[32];           /* the machine in use, such as "cpu" */
    char profile[32];          /* "quick", "balanced", "paper" */
    char category[AECSAD_NAME_SIZE];     /* the product */
    char tool_version[AECSAD_NAME_SIZE]; /* of the program that trained the model */
    char dataset_digest[AECSAD_NAME_SIZE]; /* SHA-256 of the training data, hexadecimal */
    uint64_t memory;           /* bytes that the detector takes, all sessions together: what
                                  memory_limit is compared with. Since 2 */
    char precision[8];         /* what convolutions compute in, such as "f32". Since 2 */
} aecsad_info;

/* Opens the model file at path (UTF-8). options may be NULL. On success
 * *detector is a handle that the caller frees with aecsad_detector_free. Of a
 * file with several products only the tensors of options->product are read;
 * ARGUMENT, with the names in the message, tells that it has no such product.
 * Errors: NULL, STRUCT_SIZE, ARGUMENT, FILE, MODEL, DEVICE, NOMEM. Since 1. */
AECSAD_API aecsad_status aecsad_detector_open(const char *path, const aecsad_options *options,
                                              aecsad_detector **detector, aecsad_error *error);

/* Opens a model that is in memory: size bytes at data, as in a model file. They
 * are copied; otherwise as aecsad_detector_open. Since 1. */
AECSAD_API aecsad_status aecsad_detector_open_memory(const void *data, size_t size, const aecsad_options *options,
                                                     aecsad_detector **detector, aecsad_error *error);

/* Describes the detector. Errors: NULL, STRUCT_SIZE, HANDLE. Since 1. */
AECSAD_API aecsad_status aecsad_detector_info(aecsad_detector *detector, aecsad_info *info, aecsad_error *error);

/* Writes the name of a component class, 1 to aecsad_info.components, into name,
 * which has size bytes; AECSAD_NAME_SIZE are enough for most.
 * Errors: NULL, HANDLE, ARGUMENT, BUFFER. Since 1. */
AECSAD_API aecsad_status aecsad_detector_component(aecsad_detector *detector, int32_t component, char *name,
                                                   size_t size, aecsad_error *error);

/* Judges inspections that begin later by this score, any finite number.
 * Errors: HANDLE, ARGUMENT. Since 1. */
AECSAD_API aecsad_status aecsad_detector_set_threshold(aecsad_detector *detector, double threshold,
                                                       aecsad_error *error);

/* Judges inspections that begin later by the score that a share of rate of good
 * images exceeds, 0 < rate < 1, from the validation scores in the model. When
 * these are too few for the rate, the error is TOO_FEW and its message says how
 * many are needed; with extrapolate != 0 the tail is estimated instead.
 * Errors: HANDLE, ARGUMENT, TOO_FEW. Since 1. */
AECSAD_API aecsad_status aecsad_detector_set_false_alarm_rate(aecsad_detector *detector, double rate,
                                                              int32_t extrapolate, aecsad_error *error);

/* Frees a detector: new calls with it fail, running inspections are waited for.
 * Results live on. NULL does nothing. Errors: HANDLE. Since 1. */
AECSAD_API aecsad_status aecsad_detector_free(aecsad_detector *detector);

/* ---- inspection ---- */

/* The bytes of a pixel, in memory order. Values are sRGB as cameras and image
 * files have it; nothing is scaled or guessed. */
enum {
    AECSAD_RGB8 = 1,
    AECSAD_BGR8 = 2,
    AECSAD_RGBA8 = 3, /* the fourth byte is ignored */
    AECSAD_BGRA8 = 4,
    AECSAD_GRAY8 = 5, /* refused with AECSAD_ERR_IMAGE: the method needs colour */
    AECSAD_RGB16 = 6  /* three 16-bit numbers, little-endian; the high bytes are used */
};

/* Pixels of the caller, 1 to 65536 on each side. They are resized with
 * antialiasing to the side of the model without keeping the aspect ratio, as in
 * training. They are read where they are, and no byte beside them is. */
typedef struct aecsad_image {
    uint32_t struct_size;
    int32_t format;       /* AECSAD_RGB8, ... */
    const void *data;     /* the first byte of the top row */
    int32_t width;        /* pixels */
    int32_t height;
    int64_t stride;       /* bytes from a row to the row below it, at least the bytes of a
                             row; negative when the rows lie bottom-up in memory */
    int32_t roi_x;        /* the part of the image to look at, pixels; the verdict is as if */
    int32_t roi_y;        /* it were the image, and positions count from its corner */
    int32_t roi_width;    /* roi_width = roi_height = 0: all of it */
    int32_t roi_height;
    const uint8_t *ignore; /* NULL, or a mask as large as the image, a byte per pixel, at its
                             top row. Where a byte is not zero the surface is not judged:
                             places of the anomaly maps that hold such a pixel become 0, an
                             ordinary value, before the structural score is taken. The
                             networks see the pixels all the same, and components are
                             counted everywhere: what is expected of them was measured on
                             whole images */
    int64_t ignore_stride; /* bytes from a row of the mask to the row below it; as stride */
} aecsad_image;

typedef struct aecsad_result aecsad_result;

/* Inspects one image. On success *result is a handle that the caller frees with
 * aecsad_result_free. Waits when all sessions are busy.
 * Errors: NULL, STRUCT_SIZE, HANDLE, IMAGE, FAULT. Since 1. */
AECSAD_API aecsad_status aecsad_inspect(aecsad_detector *detector, const aecsad_image *image, aecsad_result **result,
                                        aecsad_error *error);

/* Inspects count images, as many at once as the detector has sessions, with the
 * same results as one by one. images has count pointers, results room for count
 * handles. All or nothing: on an error, which names the first image at fault,
 * every results[i] is NULL. Errors: as aecsad_inspect. Since 1. */
AECSAD_API aecsad_status aecsad_inspect_batch(aecsad_detector *detector, const aecsad_image *const *images,
                                              size_t count, aecsad_result **results, aecsad_error *error);

/* ---- result ---- */

enum {
    AECSAD_GOOD = 0,      /* the score is ordinary among good images */
    AECSAD_UNCERTAIN = 1, /* rarer than twice the false-alarm rate, but below the threshold */
    AECSAD_ANOMALOUS = 2  /* the score is above the threshold */
};

enum {
    AECSAD_KIND_NONE = 0,
    AECSAD_KIND_STRUCTURAL = 1, /* scratch, dent, contamination, deformation */
    AECSAD_KIND_LOGICAL = 2     /* part missing, doubled, misplaced, wrong */
};

/* The verdict on one image. */
typedef struct aecsad_summary {
    uint32_t struct_size;
    int32_t decision;     /* AECSAD_GOOD, ... */
    int32_t kind;         /* the branch that speaks for it; AECSAD_KIND_NONE when good */
    int32_t findings;     /* number of findings; 0 when good */
    double score;         /* structural + logical */
    double structural;    /* from the anomaly maps */
    double logical;       /* from the components: their areas and shapes */
    double threshold;     /* that the image was judged by */
    double p_value;       /* share of good images that look at least as odd, in (0,1] */
    int32_t width;        /* of the inspected image or region, pixels */
    int32_t height;
} aecsad_summary;

/* The maps of a result, in memory of the library. */
typedef struct aecsad_maps {
    uint32_t struct_size;
    int32_t map_side;    /* local, global and fused are map_side x map_side */
    const float *local;  /* unfamiliar surface: teacher against local student */
    const float *global; /* unfamiliar arrangement: global against local student */
    const float *fused;  /* their sum, with a third map where the model weighs one. About 0.1 is
                            what 99.5 % of good pixels stay below */
    int32_t side;        /* classes is side x side */
    uint32_t reserved;
    const uint8_t *classes; /* the component class of each pixel; 0 is background */
} aecsad_maps;

enum {
    AECSAD_MAP_LOCAL = 1,
    AECSAD_MAP_GLOBAL = 2,
    AECSAD_MAP_FUSED = 3
};

/* One reason for a verdict. */
typedef struct aecsad_finding {
    uint32_t struct_size;
    int32_t kind;         /* AECSAD_KIND_STRUCTURAL or AECSAD_KIND_LOGICAL */
    int32_t x;            /* box in pixels of the inspected image or region */
    int32_t y;
    int32_t width;
    int32_t height;
    double observed;      /* logical: share of the box that the component covers, or of the image
                             where a part's shape is strange; structural: peak of the fused map */
    double expected;      /* logical: the same on good images, of the most similar part where
                             a shape is strange; structural: the level that 99.5 % of good
                             pixels stay below */
    double contribution;  /* share of the branch's score, in [0,1] */
    char component[AECSAD_NAME_SIZE];   /* its name; empty for structural findings */
    char sentence[AECSAD_MESSAGE_SIZE]; /* for a person */
} aecsad_finding;

/* Reads the verdict. Errors: NULL, STRUCT_SIZE, HANDLE. Since 1. */
AECSAD_API aecsad_status aecsad_result_summary(aecsad_result *result, aecsad_summary *summary, aecsad_error *error);

/* Gives pointers to the maps, which are valid until aecsad_result_free and must
 * not be written to. Nothing is copied. Errors: NULL, STRUCT_SIZE, HANDLE. Since 1. */
AECSAD_API aecsad_status aecsad_result_maps(aecsad_result *result, aecsad_maps *maps, aecsad_error *error);

/* Copies the anomaly map AECSAD_MAP_... into out as width x height floats,
 * interpolated bilinearly unless it is asked for in its own size. capacity is the
 * number of floats that out has room for; sides up to 16384.
 * Errors: NULL, HANDLE, ARGUMENT, BUFFER. Since 1. */
AECSAD_API aecsad_status aecsad_result_copy_map(aecsad_result *result, int32_t map, int32_t width, int32_t height,
                                                float *out, size_t capacity, aecsad_error *error);

/* Copies the component classes into out as width x height bytes, the nearest one
 * for each pixel; otherwise as aecsad_result_copy_map. Since 1. */
AECSAD_API aecsad_status aecsad_result_copy_classes(aecsad_result *result, int32_t width, int32_t height,
                                                    uint8_t *out, size_t capacity, aecsad_error *error);

/* Reads finding number index, 0 to aecsad_summary.findings - 1, the most
 * important first. Errors: NULL, STRUCT_SIZE, HANDLE, ARGUMENT. Since 1. */
AECSAD_API aecsad_status aecsad_result_finding(aecsad_result *result, int32_t index, aecsad_finding *finding,
                                               aecsad_error *error);

/* Frees a result. NULL does nothing. Errors: HANDLE. Since 1. */
AECSAD_API aecsad_status aecsad_result_free(aecsad_result *result);

#ifdef __cplusplus
}
#endif

#endif
