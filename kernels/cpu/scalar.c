// Every kernel for the baseline of the architecture, on any architecture. The
// compiler turns the short vectors into SSE2 or NEON, or into scalar code.

#define AE_ISA scalar
#define AE_W 4
#include "unit.h"
