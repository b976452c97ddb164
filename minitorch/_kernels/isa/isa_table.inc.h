/* Fills one table.  The including file has defined MT_VECTOR_BYTES, MT_TABLE, MT_NAME. */
#include "isa.h"
#include "simd.h"

#include "depthwise.inc.h"
#include "gemm.inc.h"
#include "norm.inc.h"
#include "pooling.inc.h"
#include "sgd.inc.h"
#include "pointwise.inc.h"
#include "reduce.inc.h"
#include "skinny.inc.h"
#include "winograd.inc.h"

const mt_kernels MT_TABLE = {
    .name = MT_NAME,
    .vector_bytes = MT_VECTOR_BYTES,
    .gemm = {&gemm_kernels_f32, &gemm_kernels_f64},
    .depthwise = {&depthwise_kernels_f32, &depthwise_kernels_f64},
    .norm = {&norm_kernels_f32, &norm_kernels_f64},
    .pooling = {&pooling_kernels_f32, &pooling_kernels_f64},
    .sgd = {&sgd_kernels_f32, &sgd_kernels_f64},
    .winograd = {&winograd_kernels_4, &winograd_kernels_6},
    .skinny = &skinny_kernels,
    .convert = &convert_table,
    .pointwise = &pointwise_table,
    .reduce = &reduce_table,
};
