/* Included for float and for double; see pooling.h for what the function computes. */

MT_NOINLINE void NAME(max_taps)(void *yp, int64_t *indices, const void *const *taps_p,
                                const int64_t *places, ptrdiff_t n_taps, ptrdiff_t channels) {
    REAL *y = yp;
    const REAL *const *taps = (const REAL *const *)taps_p;
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        VEC best = *(const VEC *)(taps[0] + c);
        MASK which = {0};
        for (ptrdiff_t t = 1; t < n_taps; t++) {
            const VEC value = *(const VEC *)(taps[t] + c);
            const MASK better = (MASK)(value > best) | (MASK)(value != value);
            best = NAME(mt_select)(better, value, best);
            which = (better & ((MASK){0} + (INT)t)) | (~better & which);
        }
        *(VEC *)(y + c) = best;
        if (indices)
            for (int lane = 0; lane < LANES; lane++) indices[c + lane] = places[which[lane]];
    }
    for (; c < channels; c++) {
        ptrdiff_t which = 0;
        for (ptrdiff_t t = 1; t < n_taps; t++)
            if (taps[t][c] > taps[which][c] || taps[t][c] != taps[t][c]) which = t;
        y[c] = taps[which][c];
        if (indices) indices[c] = places[which];
    }
}

static const mt_pooling_kernels NAME(pooling_kernels) = {.max_taps = NAME(max_taps)};
