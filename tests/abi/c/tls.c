/* Other libraries have used up the thread-local storage that a process sets aside for
 * late ones: tls LIBRARY MODEL PAD..., where each PAD is a copy of a library with 300
 * bytes of it. */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "check.h"

int main(int argc, char **argv) {
    __typeof__(&aecsad_detector_open) open_detector;
    aecsad_detector *d = NULL;
    void *library;
    int loaded = 0, refused = 0;
    if (argc < 4)
        return 2;
    for (int i = 3; i < argc; i++)
        if (dlopen(argv[i], RTLD_NOW) != NULL)
            loaded++;
        else
            refused += strstr(dlerror(), "static TLS") != NULL;
    CHECK(loaded > 0 && refused > 0 && loaded + refused == argc - 3);
    library = dlopen(argv[1], RTLD_NOW);
    if (library == NULL) {
        printf("tls: %s\n", dlerror());
        return 1;
    }
    *(void **)&open_detector = dlsym(library, "aecsad_detector_open");
    CHECK(open_detector(argv[2], NULL, &d, &err) == AECSAD_OK);
    return finish("tls");
}
