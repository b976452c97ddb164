/* Family skinny: products with a weight matrix of many rows and few counterparts.
 *
 * With a handful of output pixels a convolution reads each weight a few times only, so packing
 * the weights would cost more than the product.  These kernels read w (rows, n) as it lies in
 * memory, row after row, once for a group of pixels.  float only.
 */
#ifndef MT_SKINNY_H
#define MT_SKINNY_H

#include <stddef.h>

enum { MT_SKINNY_ROWS = 4, MT_SKINNY_PIXELS = 8 };

typedef struct mt_skinny_kernels {
    ptrdiff_t lanes;    /* rows of w that `dots` takes at once */
    /* sums[p * sums_step + r] = sum over k < n of pixels[p][k] w[r * n + k]
     * for p < n_pixels <= MT_SKINNY_PIXELS, r < n_rows <= lanes; added in the order of k, as the
     * product of packed panels does (gemm.h): the bits are the same */
    void (*dots)(float *sums, ptrdiff_t sums_step, const float *const *pixels,
                 ptrdiff_t n_pixels, const float *w, ptrdiff_t n_rows, ptrdiff_t n);
    /* sums[p * sums_step + k] = sum over r < rows of g[p * g_step + r] w[r * w_row + k], k < n */
    void (*combine)(float *sums, ptrdiff_t sums_step, const float *g, ptrdiff_t g_step,
                    ptrdiff_t n_pixels, const float *w, ptrdiff_t w_row, ptrdiff_t rows,
                    ptrdiff_t n);
    /* dw[r * n + k] = sum over p < n_pixels of g[p * g_step + r] pixels[p][k]
     * for r < n_rows <= MT_SKINNY_ROWS, k < n */
    void (*outer)(float *dw, ptrdiff_t n_rows, const float *g, ptrdiff_t g_step,
                  const float *const *pixels, ptrdiff_t n_pixels, ptrdiff_t n);
} mt_skinny_kernels;

#endif
