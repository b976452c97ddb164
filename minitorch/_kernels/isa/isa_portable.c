/* Four floats a vector: what SSE2 and NEON, the baselines of x86-64 and arm64, hold. */
#define MT_VECTOR_BYTES 16
#define MT_TABLE mt_kernels_portable
#define MT_NAME "portable"
#include "isa_table.inc.h"
