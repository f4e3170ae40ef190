/* Memory that the options, the system or this program refuses is an error, and the
 * next call works: memory MODEL
 *
 * The program stands between the library and the C library: the functions
 * aligned_alloc, pthread_create and free below come before those of libc, count
 * and refuse. Sessions get their memory from the first and start their threads
 * with the second, without attributes, which tells them from those of Go. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

enum { W = 37, H = 29, BLOCKS = 4096 };
static unsigned char pixels[3 * W * H];
static const char *model;
static double wanted;

/* ---- what the system is asked for ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int asked, refuse_at, refuse_on, threads_asked, live;
static struct {
    void *at;
    size_t size;
} blocks[BLOCKS]; /* of aligned_alloc, that nobody has freed */
static size_t taken, most; /* bytes in them, now and at most */

static void count_from_here(int at, int on) {
    asked = threads_asked = 0;
    refuse_at = at;
    refuse_on = on;
}

/* Refuses request number refuse_at, and those after it if refuse_on. */
static int refused(void) {
    asked++;
    return refuse_at > 0 && (asked == refuse_at || (refuse_on && asked > refuse_at));
}

void *aligned_alloc(size_t align, size_t size) {
    void *p = NULL;
    pthread_mutex_lock(&lock);
    if (!refused() && posix_memalign(&p, align, size) == 0)
        for (int i = 0; i < BLOCKS; i++)
            if (blocks[i].at == NULL) {
                blocks[i].at = p;
                blocks[i].size = size;
                taken += size;
                most = taken > most ? taken : most;
                live++;
                break;
            }
    pthread_mutex_unlock(&lock);
    return p;
}

void free(void *p) {
    static void (*next)(void *);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "free");
    if (p != NULL) {
        pthread_mutex_lock(&lock);
        for (int i = 0; live > 0 && i < BLOCKS; i++)
            if (blocks[i].at == p) {
                blocks[i].at = NULL;
                taken -= blocks[i].size;
                live--;
                break;
            }
        pthread_mutex_unlock(&lock);
    }
    next(p);
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *argument) {
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int no = 0;
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    pthread_mutex_lock(&lock);
    if (a == NULL) {
        threads_asked++;
        no = refused();
    }
    pthread_mutex_unlock(&lock);
    return no ? EAGAIN : next(t, a, f, argument);
}

/* ---- tests ---- */

static aecsad_status open_limited(uint64_t limit, int sessions, aecsad_detector **d) {
    aecsad_options o = {sizeof o};
    o.threads = 3;
    o.sessions = sessions;
    o.memory_limit = limit;
    return aecsad_detector_open(model, &o, d, &err);
}

static void works(aecsad_detector *d) {
    CHECK(score(d, rgb(pixels, W, H)) == wanted);
    CHECK(aecsad_detector_free(d) == AECSAD_OK);
}

/* A detector says what it takes, and one byte less is refused before anything is
 * asked of the system. Of what it asks for, room for weights that are only passing
 * through is never filled as a whole. */
static void limits(void) {
    uint64_t needs[3] = {0};
    for (int sessions = 1; sessions <= 2; sessions++) {
        aecsad_detector *d;
        aecsad_info info = {sizeof info};
        most = 0;
        OK(open_limited(0, sessions, &d));
        OK(aecsad_detector_info(d, &info, &err));
        needs[sessions] = info.memory;
        works(d);
        printf("memory: %d sessions say %.1f MiB and ask for %.1f MiB\n", sessions, (double)info.memory / (1 << 20), (double)most / (1 << 20));
        CHECK((double)info.memory < 1.02 * (double)most && (double)most < 1.5 * (double)info.memory);
        OK(open_limited(info.memory, sessions, &d));
        works(d);
        count_from_here(0, 0);
        EXPECT(open_limited(info.memory - 1, sessions, &d), AECSAD_ERR_NOMEM, "the detector needs ");
        CHECK(d == NULL && asked == 0);
        EXPECT(open_limited(1, sessions, &d), AECSAD_ERR_NOMEM, sessions == 1 ? " x 1), the limit is 0.0 MiB" : " x 2), the limit is 0.0 MiB");
        OK(open_limited(UINT64_MAX, sessions, &d));
        works(d);
    }
    CHECK(needs[1] > 3 << 20 && needs[2] > needs[1] + (3 << 20)); /* the scratch of three threads alone */
}

/* Each request for memory or a thread is refused in turn, alone and with all that
 * follow. */
static void torture(void) {
    aecsad_detector *d;
    int requests;
    count_from_here(0, 0);
    OK(open_limited(0, 2, &d));
    requests = asked;
    CHECK(requests >= 10 && threads_asked == 4);
    works(d);
    CHECK(asked == requests); /* inspections ask for nothing */
    for (int at = 1; at <= requests; at++)
        for (int on = 0; on < 2; on++) {
            count_from_here(at, on);
            EXPECT(open_limited(0, 2, &d), AECSAD_ERR_NOMEM, "no memory for ");
            CHECK(d == NULL && live == 0);
            count_from_here(0, 0);
            OK(open_limited(0, 2, &d));
            works(d);
            CHECK(live == 0);
        }
    printf("memory: %d requests, each refused twice\n", requests);
}

static rlim_t address_space(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL && fscanf(f, "%ld", &pages) == 1);
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* The system itself refuses: 256 sessions do not fit into what is left. */
static void address_space_ends(void) {
    struct rlimit before, tight;
    aecsad_detector *d;
    aecsad_status status;
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    tight = before;
    tight.rlim_cur = address_space() + (64 << 20);
    CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
    status = open_limited(0, 256, &d);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    EXPECT(status, AECSAD_ERR_NOMEM, "no memory for ");
    CHECK(d == NULL && live == 0);
    OK(open_limited(0, 1, &d));
    works(d);
}

int main(int argc, char **argv) {
    aecsad_detector *d;
    if (argc != 2)
        return 2;
    model = argv[1];
    noise(pixels, sizeof pixels, 1);
    OK(open_limited(0, 1, &d));
    wanted = score(d, rgb(pixels, W, H));
    works(d);
    limits();
    torture();
    address_space_ends();
    return finish("memory");
}
