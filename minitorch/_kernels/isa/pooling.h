/* Family pooling: the maximum over the taps of a window, channel by channel. */
#ifndef MT_POOLING_H
#define MT_POOLING_H

#include <stddef.h>
#include <stdint.h>

typedef struct mt_pooling_kernels {
    /* y[c] = taps[t][c] for the t with the largest value, the first of equals, the last NaN if
     * there is one; indices[c] = places[t].  n_taps > 0; places ascend; indices may be NULL. */
    void (*max_taps)(void *y, int64_t *indices, const void *const *taps, const int64_t *places,
                     ptrdiff_t n_taps, ptrdiff_t channels);
} mt_pooling_kernels;

#endif
