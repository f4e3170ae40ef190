// Every kernel with vectors of 16 floats in portable code, for tests: the logic of
// the AVX-512 unit on processors without AVX-512. It is chosen by name only.

#include "cpu.h"

#define AE_ISA wide
#define AE_W 16
#define AE_PORTABLE
#include "unit.h"
