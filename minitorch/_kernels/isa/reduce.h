/* Kernels that fold many numbers into one, for the compute types float, double, int64
   and uint8 (the last for any and all only).

   A row kernel folds n neighbours into *acc.  A columns kernel folds n rows of `width`
   neighbours, `stride` elements apart, into acc[0..width).  Both update acc, which the
   caller has set to the neutral element; `center` is what the squared deviations are
   taken from: one number for a row, one per column for columns. */
#ifndef MT_REDUCE_H
#define MT_REDUCE_H

#include "loop.h"

enum mt_fold { FOLD_SUM, FOLD_SQUARES, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_ANY, FOLD_ALL, N_FOLDS };
enum mt_fold_type { FOLD_F32, FOLD_F64, FOLD_I64, FOLD_U8, N_FOLD_TYPES };

typedef void (*mt_fold_row)(void *acc, const void *x, ptrdiff_t n, const void *center);
typedef void (*mt_fold_columns)(void *acc, const void *x, ptrdiff_t n, ptrdiff_t width,
                                ptrdiff_t stride, const void *center);

typedef struct {
    mt_fold_row row[N_FOLDS][N_FOLD_TYPES];
    mt_fold_columns columns[N_FOLDS][N_FOLD_TYPES];
} mt_reduce_table;

#endif
