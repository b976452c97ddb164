/* Family winograd: the transforms of Winograd convolution with 3x3 kernels at stride one
 * (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308).
 *
 * F(m x m, 3 x 3) turns an a x a tile of the input, a = m + 2, into a*a numbers a channel; at
 * each of these positions the convolution is a matrix product over channels:
 *     y = A' [ (G w G') . (B' x B) ] A          dw = G' [ (B' x B) . (A dy A') ] G
 * Tiles are given as tables of pointers to pixels, whose channels lie side by side; a pixel
 * outside the image points at zeros.  float only: the routing keeps double exact and direct.
 */
#ifndef MT_WINOGRAD_H
#define MT_WINOGRAD_H

#include <stddef.h>

#include "epilogue.h"

enum { MT_WINOGRAD_MAX_TILE = 6 };

typedef struct mt_winograd_kernels {
    ptrdiff_t tile;     /* a: 4 for F(2x2), 6 for F(4x4) */
    /* v[pos * v_pos + c / panel * v_panel + c % panel] = (B' x B)[pos] of channel c,
     * x = pixels[row * a + column][c] */
    void (*input)(float *v, ptrdiff_t v_pos, ptrdiff_t panel, ptrdiff_t v_panel,
                  const float *const *pixels, ptrdiff_t channels);
    /* pixels[row * m + column][c] = after((A' v A)[row, column]), v[pos * v_pos + c]; a NULL
     * pixel lies outside the image */
    void (*output)(float *const *pixels, const float *v, ptrdiff_t v_pos, ptrdiff_t channels,
                   const mt_epilogue *after);
    /* v[pos * v_pos + c] = (A dy A')[pos] of channel c, dy = pixels[row * m + column][c] */
    void (*gradient)(float *v, ptrdiff_t v_pos, const float *const *pixels,
                     ptrdiff_t channels);
    /* u[pos * u_pos + d * u_depth + j] = (G w G')[pos] for d < depth and j < width, 0 for
     * width <= j < panel; w[d * w_depth + j * w_column + t * w_tap], t = row * 3 + column.
     * One of w_depth and w_column is 1. */
    void (*filter)(float *u, ptrdiff_t u_pos, ptrdiff_t u_depth, const float *w,
                   ptrdiff_t w_depth, ptrdiff_t w_column, ptrdiff_t w_tap, ptrdiff_t depth,
                   ptrdiff_t width, ptrdiff_t panel);
    /* dw[t * dw_tap + c] = (G' s G)[t], s[pos * s_pos + c] */
    void (*filter_gradient)(float *dw, ptrdiff_t dw_tap, const float *s, ptrdiff_t s_pos,
                            ptrdiff_t channels);
} mt_winograd_kernels;

#endif
