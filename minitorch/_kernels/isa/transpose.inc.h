/* Transposed blocks for float and double; included by each family that turns matrices. */
#ifndef MT_TRANSPOSE_INC_H
#define MT_TRANSPOSE_INC_H

#include "simd.h"

#include "real_f32.inc.h"
#include "transpose_block.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "transpose_block.inc.h"
#include "real_end.inc.h"

#endif
