/* The table of vector kernels: one instance per instruction set, picked once at import.
 *
 * How the files of this folder hang together
 *   isa.h              this file: the type of the table, one member per family
 *   FAMILY.h           declares `mt_FAMILY_kernels`, the function pointers of one family
 *   FAMILY.inc.h       defines them as static functions over the vector types of simd.h
 *   isa_table.inc.h    includes every FAMILY.inc.h and fills the table
 *   isa_{portable,avx2,avx512}.c   set the vector length and include isa_table.inc.h; each
 *                      is compiled with its own flags (ISA_FLAGS in setup.py)
 *   select.h           finds a table by name, if this build and this processor have it
 *
 * To add a family: write FAMILY.h and FAMILY.inc.h, one include and one member here, one
 * include and one initialiser in isa_table.inc.h.  Kernels here are leaves: they start no
 * thread, allocate nothing, and never see a Python object.
 */
#ifndef MT_ISA_H
#define MT_ISA_H

#include <stddef.h>
#include <stdint.h>

#include "convert.h"
#include "depthwise.h"
#include "gemm.h"
#include "norm.h"
#include "pooling.h"
#include "sgd.h"
#include "pointwise.h"
#include "reduce.h"
#include "skinny.h"
#include "winograd.h"

typedef struct mt_kernels {
    const char *name;     /* "avx512", "avx2" or "portable" */
    ptrdiff_t vector_bytes;
    /* New members go last: modules built before keep finding theirs. */
    const mt_convert_table *convert;
    const mt_pointwise_table *pointwise;
    const mt_reduce_table *reduce;
    const mt_gemm_kernels *gemm[2];  /* float, double */
    const mt_depthwise_kernels *depthwise[2];
    const mt_norm_kernels *norm[2];
    const mt_pooling_kernels *pooling[2];
    const mt_sgd_kernels *sgd[2];
    const mt_winograd_kernels *winograd[2];  /* F(2x2), F(4x4) */
    const mt_skinny_kernels *skinny;
} mt_kernels;

extern const mt_kernels mt_kernels_portable;
#if defined(__x86_64__) || defined(__i386__)
extern const mt_kernels mt_kernels_avx2;
extern const mt_kernels mt_kernels_avx512;
#endif

#endif
