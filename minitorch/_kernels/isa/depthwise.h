/* Family depthwise: convolution of each channel by itself, on NHWC images. */
#ifndef MT_DEPTHWISE_H
#define MT_DEPTHWISE_H

#include <stddef.h>

typedef struct mt_depthwise_kernels {
    /* y[c] = bias[c] + over taps  pixels[t][c] * weights[t][c];  bias may be NULL */
    void (*gather)(void *y, const void *const *pixels, const void *const *weights,
                   ptrdiff_t taps, const void *bias, ptrdiff_t channels);
    /* sums[c] += a[c] * b[c] */
    void (*accumulate)(void *sums, const void *a, const void *b, ptrdiff_t channels);
} mt_depthwise_kernels;

#endif
