#include <stddef.h>

// aecsad_cuda_load opens the driver at path, starts it and points the stubs to
// it. It returns 0, or a CUresult with a text in message.
__attribute__((visibility("hidden"))) int aecsad_cuda_load(const char *path, char *message, size_t size);
