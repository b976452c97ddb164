/* Included for float and for double; see depthwise.h for what each function computes. */

MT_NOINLINE void NAME(depthwise_gather)(void *yp, const void *const *pixels_p,
                                        const void *const *weights_p, ptrdiff_t taps,
                                        const void *bias_p, ptrdiff_t channels) {
    REAL *y = yp;
    const REAL *const *pixels = (const REAL *const *)pixels_p;
    const REAL *const *weights = (const REAL *const *)weights_p;
    const REAL *bias = bias_p;
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        VEC sum = bias ? *(const VEC *)(bias + c) : (VEC){0};
        for (ptrdiff_t t = 0; t < taps; t++)
            sum = NAME(mt_fma)(*(const VEC *)(pixels[t] + c), *(const VEC *)(weights[t] + c),
                               sum);
        *(VEC *)(y + c) = sum;
    }
    for (; c < channels; c++) {
        REAL sum = bias ? bias[c] : 0;
        for (ptrdiff_t t = 0; t < taps; t++) sum += pixels[t][c] * weights[t][c];
        y[c] = sum;
    }
}

MT_NOINLINE void NAME(depthwise_accumulate)(void *sums_p, const void *ap, const void *bp,
                                            ptrdiff_t channels) {
    REAL *restrict sums = sums_p;
    const REAL *restrict a = ap, *restrict b = bp;
    for (ptrdiff_t c = 0; c < channels; c++) sums[c] += a[c] * b[c];
}

static const mt_depthwise_kernels NAME(depthwise_kernels) = {
    .gather = NAME(depthwise_gather),
    .accumulate = NAME(depthwise_accumulate),
};
