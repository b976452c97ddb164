/* Included for float and for double; see pooling.h for what the function computes. */

/* The taps of some vectors of channels; `indices` is NULL or not at compile time. */
MT_INLINE void NAME(max_strip)(REAL *y, int64_t *indices, const REAL *const *taps,
                               const int64_t *places, ptrdiff_t n_taps, ptrdiff_t c) {
    VEC best = *(const VEC *)(taps[0] + c);
    MASK place = (MASK){0} + (INT)places[0];
    for (ptrdiff_t t = 1; t < n_taps; t++) {
        const VEC value = *(const VEC *)(taps[t] + c);
        const MASK better = (MASK)(value > best) | (MASK)(value != value);
        best = NAME(mt_select)(better, value, best);
        if (indices) place = (better & ((MASK){0} + (INT)places[t])) | (~better & place);
    }
    *(VEC *)(y + c) = best;
    if (indices)
        for (int lane = 0; lane < LANES; lane++) indices[c + lane] = place[lane];
}

MT_NOINLINE void NAME(max_taps)(void *yp, int64_t *indices, const void *const *taps_p,
                                const int64_t *places, ptrdiff_t n_taps, ptrdiff_t channels) {
    REAL *y = yp;
    const REAL *const *taps = (const REAL *const *)taps_p;
    ptrdiff_t c = 0;
    if (!indices)
        for (; c + LANES <= channels; c += LANES)
            NAME(max_strip)(y, NULL, taps, places, n_taps, c);
    else if (places[n_taps - 1] == (INT)places[n_taps - 1]) /* the largest of them */
        for (; c + LANES <= channels; c += LANES)
            NAME(max_strip)(y, indices, taps, places, n_taps, c);
    for (; c < channels; c++) {
        ptrdiff_t which = 0;
        for (ptrdiff_t t = 1; t < n_taps; t++)
            if (taps[t][c] > taps[which][c] || taps[t][c] != taps[t][c]) which = t;
        y[c] = taps[which][c];
        if (indices) indices[c] = places[which];
    }
}

static const mt_pooling_kernels NAME(pooling_kernels) = {.max_taps = NAME(max_taps)};
