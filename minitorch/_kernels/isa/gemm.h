/* Family gemm: one tile of a matrix product, and the vector forms for thin matrices.
 *
 * A tile is `mr` rows by `nr` columns of C, held in registers while the depth runs.  Pointers
 * are void so that one type serves float and double.
 */
#ifndef MT_GEMM_H
#define MT_GEMM_H

#include <stddef.h>

#include "epilogue.h"

enum { MT_MAX_MR = 12 };

/* Where a tile goes and what happens on the way:
 * row i, columns [column, column + width) of C := after(alpha * sum + beta * C). */
typedef struct mt_tile {
    void *const *rows;      /* address of column 0 of each row */
    ptrdiff_t column;
    ptrdiff_t width;        /* nr, or fewer at the right edge */
    double alpha, beta;     /* beta == 0 never reads C */
    const mt_epilogue *after;   /* or NULL */
} mt_tile;

/* sum[i][j] = over taps t and depth d:  a[t * mr + i][d] * b[t][d * nr + j]
 * A as one pointer for each tap and row, B as one packed panel of nr columns for each tap. */
typedef void (*mt_gemm_rows)(const void *const *a, ptrdiff_t taps, ptrdiff_t depth,
                             const void *const *b, const mt_tile *tile);

/* sum[i][j] = over depth d:  a[d * a_step + i] * b[d * nr + j] */
typedef void (*mt_gemm_columns)(const void *a, ptrdiff_t a_step, ptrdiff_t depth,
                                const void *b, const mt_tile *tile);

typedef struct mt_gemm_kernels {
    ptrdiff_t mr, nr;
    mt_gemm_rows rows[MT_MAX_MR + 1];        /* by the number of rows, 1..mr */
    mt_gemm_columns columns[MT_MAX_MR + 1];
    /* returns sum a[i] * b[i] */
    double (*dot)(const void *a, const void *b, ptrdiff_t n);
    /* y[i] += over r < rows:  x[r] * a[r * a_row + i] */
    void (*axpys)(void *y, const void *x, const void *a, ptrdiff_t a_row, ptrdiff_t rows,
                  ptrdiff_t n);
    /* dst[j * dst_row + i] = src[i * src_row + j] for i < rows, j < cols */
    void (*transpose)(void *dst, ptrdiff_t dst_row, const void *src, ptrdiff_t src_row,
                      ptrdiff_t rows, ptrdiff_t cols);
    /* y[c] = after(y[c]), the channels of one pixel */
    void (*finish)(void *y, ptrdiff_t channels, const mt_epilogue *after);
} mt_gemm_kernels;

#endif
