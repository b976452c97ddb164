/* Sixteen floats a vector: Skylake-X and Zen 4 and newer. */
#if !defined(__AVX512F__) || !defined(__AVX512VL__)
#error "compile this file with -mavx512f -mavx512vl -mavx512dq -mavx512bw"
#endif
#define MT_VECTOR_BYTES 64
#define MT_TABLE mt_kernels_avx512
#define MT_NAME "avx512"
#include "isa_table.inc.h"
