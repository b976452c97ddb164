/* Family norm: sums and affine maps by channel, for batch normalisation and what follows it.
 *
 * "rows" are pixels of an NHWC image, `channels` values each; a "plane" is one channel of an
 * NCHW image.  Totals are double; float values are first added up over a few rows in registers.
 * Pointers are void: float or double by the table.  With `stream` the outcome is written past the
 * caches; it is aligned to 64 bytes then, and rows are multiples of 64 bytes.
 */
#ifndef MT_NORM_H
#define MT_NORM_H

#include <stddef.h>

/* A ReLU behind the normalisation: dy stands for dy where its operand was positive (or NaN) and
 * 0 elsewhere.  Its operand is known by its sign in `result`, or as x * scale + offset. */
typedef struct mt_norm_relu {
    const void *result;         /* like dy; or NULL */
    const void *scale, *offset; /* of each channel; NULL when `result` is given */
} mt_norm_relu;

typedef struct mt_norm_kernels {
    /* sums[c] += over rows  x[r][c] - shift[c];  squares[c] += the same squared.
     * Without squares (NULL) there is no shift. */
    void (*row_sums)(double *sums, double *squares, const void *x, const void *shift,
                     ptrdiff_t rows, ptrdiff_t channels);
    /* dots[c] += over rows  dy[r][c] * (x[r][c] - shift[c]);  sums[c] += dy[r][c];
     * masked, unless NULL, becomes dy behind the ReLU.  relu may be NULL. */
    void (*row_dots)(double *sums, double *dots, void *masked, const void *dy, const void *x,
                     const mt_norm_relu *relu, const void *shift, ptrdiff_t rows,
                     ptrdiff_t channels);
    /* y[r][c] = x[r][c] * scale[c] + offset[c]; + residual[r][c] unless NULL; relu of it */
    void (*row_affine)(void *y, const void *x, const void *scale, const void *offset,
                       const void *residual, int relu, int stream, ptrdiff_t rows,
                       ptrdiff_t channels);
    /* dx[r][c] = dy[r][c] * a[c] + x[r][c] * b[c] + d[c]; only dy * a where b is NULL */
    void (*row_blend)(void *dx, const void *dy, const void *x, const mt_norm_relu *relu,
                      const void *a, const void *b, const void *d, int stream, ptrdiff_t rows,
                      ptrdiff_t channels);
    /* the same for one plane of n values; shift, scale, ... point at the channel's value */
    void (*plane_sums)(double *sum, double *square, const void *x, const void *shift, ptrdiff_t n);
    void (*plane_dots)(double *sum, double *dot, void *masked, const void *dy, const void *x,
                       const mt_norm_relu *relu, const void *shift, ptrdiff_t n);
    void (*plane_affine)(void *y, const void *x, const void *scale, const void *offset,
                         const void *residual, int relu, ptrdiff_t n);
    void (*plane_blend)(void *dx, const void *dy, const void *x, const mt_norm_relu *relu,
                        const void *a, const void *b, const void *d, ptrdiff_t n);
} mt_norm_kernels;

#endif
