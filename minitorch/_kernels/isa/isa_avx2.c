/* Eight floats a vector, with FMA: Haswell and Excavator and newer. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "compile this file with -mavx2 -mfma"
#endif
#define MT_VECTOR_BYTES 32
#define MT_TABLE mt_kernels_avx2
#define MT_NAME "avx2"
#include "isa_table.inc.h"
