/* Folds over rows and columns.  Sums keep 64 bytes' worth of partial sums per lane group
   and add them in a fixed order, so the result does not depend on how the loop is
   vectorised, nor on the instruction set; callers hand in short blocks and combine those
   pairwise, so errors grow with the logarithm of n. */
#include "reduce.h"

#include <math.h>

#define JOIN2_(a, b) a##_##b
#define JOIN2(a, b) JOIN2_(a, b)
#define FN(name) JOIN2(name, SUFFIX)

/* Partial results of a row: enough for four registers of 64 bytes of floats. */
#define WAYS 64

/* Sum-like folds: `update` adds one element into a partial result, `join` adds two partial
   results.  The partial results start from `neutral` and end in *acc. */
#define ROW_FOLD(name, TA, T, neutral, update, join)                                           \
    static void FN(name##_row)(void *acc, const void *x, ptrdiff_t n, const void *center) {    \
        TA part[WAYS];                                                                         \
        const T *v = (const T *)x;                                                             \
        T c = center ? *(const T *)center : 0;                                                 \
        (void)c;                                                                               \
        if (n <= WAYS / 4) {                                                                   \
            TA only = *(TA *)acc;                                                              \
            for (ptrdiff_t i = 0; i < n; i++) only = update(only, v[i], c);                    \
            *(TA *)acc = only;                                                                 \
            return;                                                                            \
        }                                                                                      \
        for (int k = 0; k < WAYS; k++) part[k] = neutral;                                      \
        ptrdiff_t i = 0;                                                                       \
        for (; i + WAYS <= n; i += WAYS)                                                       \
            for (int k = 0; k < WAYS; k++) part[k] = update(part[k], v[i + k], c);             \
        for (int k = 0; i + k < n; k++) part[k] = update(part[k], v[i + k], c);                \
        for (int half = WAYS / 2; half; half /= 2)                                             \
            for (int k = 0; k < half; k++) part[k] = join(part[k], part[k + half]);            \
        *(TA *)acc = join(*(TA *)acc, part[0]);                                                \
    }

#define COLUMNS_FOLD(name, TA, T, update)                                                      \
    static void FN(name##_columns)(void *acc, const void *x, ptrdiff_t n, ptrdiff_t width,     \
                                   ptrdiff_t stride, const void *center) {                     \
        TA *restrict a = (TA *)acc;                                                            \
        const T *restrict c = (const T *)center;                                               \
        for (ptrdiff_t i = 0; i < n; i++) {                                                    \
            const T *restrict v = (const T *)x + i * stride;                                   \
            if (c)                                                                             \
                for (ptrdiff_t j = 0; j < width; j++) a[j] = update(a[j], v[j], c[j]);         \
            else                                                                               \
                for (ptrdiff_t j = 0; j < width; j++) a[j] = update(a[j], v[j], (T)0);         \
        }                                                                                      \
    }

#define FOLD(name, TA, T, neutral, update, join)                                               \
    ROW_FOLD(name, TA, T, neutral, update, join)                                               \
    COLUMNS_FOLD(name, TA, T, update)

#define ADD(a, x, c) ((a) + (x))
#define ADD_SQUARE(a, x, c) ((a) + ((x) - (c)) * ((x) - (c)))
#define MULTIPLY(a, x, c) ((a) * (x))
/* NaN wins, as in maximum and minimum. */
#define LARGER(a, x, c) (((a) > (x)) | ((a) != (a)) ? (a) : (x))
#define SMALLER(a, x, c) (((a) < (x)) | ((a) != (a)) ? (a) : (x))
#define EITHER(a, x, c) ((a) | ((x) != 0))
#define BOTH(a, x, c) ((a) & ((x) != 0))
#define JOIN_SUM(a, b) ((a) + (b))
#define JOIN_PROD(a, b) ((a) * (b))
#define JOIN_MAX(a, b) LARGER(a, b, 0)
#define JOIN_MIN(a, b) SMALLER(a, b, 0)
#define JOIN_ANY(a, b) ((a) | (b))
#define JOIN_ALL(a, b) ((a) & (b))

#define FLOAT_FOLDS(T)                                                                         \
    FOLD(sum, T, T, 0, ADD, JOIN_SUM)                                                          \
    FOLD(squares, T, T, 0, ADD_SQUARE, JOIN_SUM)                                               \
    FOLD(prod, T, T, 1, MULTIPLY, JOIN_PROD)                                                   \
    FOLD(max, T, T, (T)-INFINITY, LARGER, JOIN_MAX)                                            \
    FOLD(min, T, T, (T)INFINITY, SMALLER, JOIN_MIN)

#define SUFFIX f32
FLOAT_FOLDS(float)
#undef SUFFIX
#define SUFFIX f64
FLOAT_FOLDS(double)
#undef SUFFIX
/* Sums and products of int64 wrap; unsigned arithmetic says so. */
#define SUFFIX i64
FOLD(sum, uint64_t, uint64_t, 0, ADD, JOIN_SUM)
FOLD(prod, uint64_t, uint64_t, 1, MULTIPLY, JOIN_PROD)
FOLD(max, int64_t, int64_t, INT64_MIN, LARGER, JOIN_MAX)
FOLD(min, int64_t, int64_t, INT64_MAX, SMALLER, JOIN_MIN)
#undef SUFFIX
#define SUFFIX u8
FOLD(any, uint8_t, uint8_t, 0, EITHER, JOIN_ANY)
FOLD(all, uint8_t, uint8_t, 1, BOTH, JOIN_ALL)
#undef SUFFIX

static const mt_reduce_table reduce_table = {
    .row = {
        [FOLD_SUM] = {sum_row_f32, sum_row_f64, sum_row_i64},
        [FOLD_SQUARES] = {squares_row_f32, squares_row_f64},
        [FOLD_PROD] = {prod_row_f32, prod_row_f64, prod_row_i64},
        [FOLD_MAX] = {max_row_f32, max_row_f64, max_row_i64},
        [FOLD_MIN] = {min_row_f32, min_row_f64, min_row_i64},
        [FOLD_ANY] = {[FOLD_U8] = any_row_u8},
        [FOLD_ALL] = {[FOLD_U8] = all_row_u8},
    },
    .columns = {
        [FOLD_SUM] = {sum_columns_f32, sum_columns_f64, sum_columns_i64},
        [FOLD_SQUARES] = {squares_columns_f32, squares_columns_f64},
        [FOLD_PROD] = {prod_columns_f32, prod_columns_f64, prod_columns_i64},
        [FOLD_MAX] = {max_columns_f32, max_columns_f64, max_columns_i64},
        [FOLD_MIN] = {min_columns_f32, min_columns_f64, min_columns_i64},
        [FOLD_ANY] = {[FOLD_U8] = any_columns_u8},
        [FOLD_ALL] = {[FOLD_U8] = all_columns_u8},
    },
};

#undef FN
#undef SUFFIX
