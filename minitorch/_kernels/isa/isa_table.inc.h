/* Fills one table.  The including file has defined MT_VECTOR_BYTES, MT_TABLE, MT_NAME. */
#include "isa.h"
#include "simd.h"

const mt_kernels MT_TABLE = {
    .name = MT_NAME,
    .vector_bytes = MT_VECTOR_BYTES,
};
