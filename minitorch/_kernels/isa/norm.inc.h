/* Family norm for float and double: plain loops, which the compiler turns into vectors. */
#include "norm.h"
#include "simd.h"

/* One lane of mt_fma_*, so that a value does not depend on its place in the row. */
MT_INLINE float norm_fma_f32(float a, float b, float c) {
    return mt_fma_f32(mt_set1_f32(a), mt_set1_f32(b), mt_set1_f32(c))[0];
}
MT_INLINE double norm_fma_f64(double a, double b, double c) {
    return mt_fma_f64(mt_set1_f64(a), mt_set1_f64(b), mt_set1_f64(c))[0];
}

#include "real_f32.inc.h"
#include "norm_loops.inc.h"
#include "real_end.inc.h"

#include "real_f64.inc.h"
#include "norm_loops.inc.h"
#include "real_end.inc.h"
