/* Family norm for float and double. */
#include "norm.h"
#include "simd.h"

/* How a kernel learns where the ReLU let values pass; always a constant when inlined. */
enum norm_mask { NORM_NO_RELU, NORM_BY_RESULT, NORM_BY_OPERAND };

MT_INLINE enum norm_mask norm_mask_of(const mt_norm_relu *relu) {
    if (!relu) return NORM_NO_RELU;
    return relu->result ? NORM_BY_RESULT : NORM_BY_OPERAND;
}

/* Calls `call` with MASK_KIND a constant, so that the loop is compiled for each kind. */
#define NORM_FOR_MASK(relu, call)                                                  \
    switch (norm_mask_of(relu)) {                                                  \
    case NORM_NO_RELU: { enum { MASK_KIND = NORM_NO_RELU }; call; break; }         \
    case NORM_BY_RESULT: { enum { MASK_KIND = NORM_BY_RESULT }; call; break; }     \
    case NORM_BY_OPERAND: { enum { MASK_KIND = NORM_BY_OPERAND }; call; break; }   \
    }

enum { NORM_ROWS = 32, NORM_VECTORS = 4 }; /* of the block that is summed in registers */

#include "real_f32.inc.h"
#include "norm_sums.inc.h"
#include "norm_maps.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "norm_sums.inc.h"
#include "norm_maps.inc.h"
#include "real_end.inc.h"
