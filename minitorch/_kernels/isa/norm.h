/* Family norm: sums and affine maps by channel, for batch normalisation.
 *
 * "rows" are pixels of an NHWC image, `channels` values each; a "plane" is one channel of an
 * NCHW image.  Sums are kept in double.  Pointers are void: float or double by the table.
 */
#ifndef MT_NORM_H
#define MT_NORM_H

#include <stddef.h>

typedef struct mt_norm_kernels {
    /* sums[c] += over rows  x[r][c] - shift[c];  squares[c] += the same squared.
     * shift and squares may be NULL. */
    void (*row_sums)(double *sums, double *squares, const void *x, const double *shift,
                     ptrdiff_t rows, ptrdiff_t channels);
    /* dots[c] += over rows  dy[r][c] * (x[r][c] - shift[c]);  sums[c] += dy[r][c] */
    void (*row_dots)(double *sums, double *dots, const void *dy, const void *x,
                     const double *shift, ptrdiff_t rows, ptrdiff_t channels);
    /* y[r][c] = x[r][c] * scale[c] + offset[c] */
    void (*row_affine)(void *y, const void *x, const void *scale, const void *offset,
                       ptrdiff_t rows, ptrdiff_t channels);
    /* dx[r][c] = dy[r][c] * a[c] + x[r][c] * b[c] + d[c] */
    void (*row_blend)(void *dx, const void *dy, const void *x, const void *a, const void *b,
                      const void *d, ptrdiff_t rows, ptrdiff_t channels);
    /* the same for one plane of n values and one channel */
    void (*plane_sums)(double *sum, double *square, const void *x, double shift, ptrdiff_t n);
    void (*plane_dots)(double *sum, double *dot, const void *dy, const void *x, double shift,
                       ptrdiff_t n);
    void (*plane_affine)(void *y, const void *x, double scale, double offset, ptrdiff_t n);
    void (*plane_blend)(void *dx, const void *dy, const void *x, double a, double b, double d,
                        ptrdiff_t n);
} mt_norm_kernels;

#endif
