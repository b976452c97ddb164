/* Included for float and for double; see norm.h for what each function computes. */

MT_NOINLINE void NAME(row_sums)(double *restrict sums, double *restrict squares, const void *xp,
                                const double *restrict shift, ptrdiff_t rows,
                                ptrdiff_t channels) {
    const REAL *restrict x = xp;
    for (ptrdiff_t r = 0; r < rows; r++, x += channels) {
        if (squares) {
            for (ptrdiff_t c = 0; c < channels; c++) {
                const double value = x[c] - shift[c];
                sums[c] += value;
                squares[c] += value * value;
            }
        } else {
            for (ptrdiff_t c = 0; c < channels; c++) sums[c] += x[c];
        }
    }
}

MT_NOINLINE void NAME(row_dots)(double *restrict sums, double *restrict dots, const void *dyp,
                                const void *xp, const double *restrict shift, ptrdiff_t rows,
                                ptrdiff_t channels) {
    const REAL *restrict dy = dyp, *restrict x = xp;
    for (ptrdiff_t r = 0; r < rows; r++, dy += channels, x += channels) {
        for (ptrdiff_t c = 0; c < channels; c++) {
            sums[c] += dy[c];
            dots[c] += dy[c] * (x[c] - shift[c]);
        }
    }
}

MT_NOINLINE void NAME(row_affine)(void *yp, const void *xp, const void *scale_p,
                                  const void *offset_p, ptrdiff_t rows, ptrdiff_t channels) {
    const REAL *restrict scale = scale_p, *restrict offset = offset_p;
    REAL *y = yp;
    const REAL *x = xp;
    for (ptrdiff_t r = 0; r < rows; r++, x += channels, y += channels) {
        ptrdiff_t c = 0;
        for (; c + LANES <= channels; c += LANES)
            *(VEC *)(y + c) = NAME(mt_fma)(*(const VEC *)(x + c), *(const VEC *)(scale + c),
                                           *(const VEC *)(offset + c));
        for (; c < channels; c++) y[c] = NAME(norm_fma)(x[c], scale[c], offset[c]);
    }
}

MT_NOINLINE void NAME(row_blend)(void *dxp, const void *dyp, const void *xp, const void *ap,
                                 const void *bp, const void *dp, ptrdiff_t rows,
                                 ptrdiff_t channels) {
    const REAL *restrict a = ap, *restrict b = bp, *restrict d = dp;
    REAL *dx = dxp;
    const REAL *dy = dyp, *x = xp;
    for (ptrdiff_t r = 0; r < rows; r++, x += channels, dy += channels, dx += channels) {
        ptrdiff_t c = 0;
        for (; c + LANES <= channels; c += LANES) {
            const VEC rest = NAME(mt_fma)(*(const VEC *)(x + c), *(const VEC *)(b + c),
                                          *(const VEC *)(d + c));
            *(VEC *)(dx + c) = NAME(mt_fma)(*(const VEC *)(dy + c), *(const VEC *)(a + c), rest);
        }
        for (; c < channels; c++)
            dx[c] = NAME(norm_fma)(dy[c], a[c], NAME(norm_fma)(x[c], b[c], d[c]));
    }
}

enum { NAME(ACCUMULATORS) = 32 };

/* Sum of n values of `term`, in ACCUMULATORS interleaved double sums. */
#define INTERLEAVED_SUM(total, term)                                                \
    do {                                                                            \
        double sums[NAME(ACCUMULATORS)] = {0};                                      \
        ptrdiff_t i0 = 0;                                                           \
        for (; i0 + NAME(ACCUMULATORS) <= n; i0 += NAME(ACCUMULATORS))              \
            for (int lane = 0; lane < NAME(ACCUMULATORS); lane++) {                 \
                const ptrdiff_t i = i0 + lane;                                      \
                sums[lane] += (term);                                               \
            }                                                                       \
        for (ptrdiff_t i = i0; i < n; i++) sums[i - i0] += (term);                  \
        for (int lane = 0; lane < NAME(ACCUMULATORS); lane++) (total) += sums[lane]; \
    } while (0)

MT_NOINLINE void NAME(plane_sums)(double *sum, double *square, const void *xp, double shift,
                                  ptrdiff_t n) {
    const REAL *x = xp;
    double total = 0, squares = 0;
    INTERLEAVED_SUM(total, x[i] - shift);
    *sum += total;
    if (square) {
        INTERLEAVED_SUM(squares, (x[i] - shift) * (x[i] - shift));
        *square += squares;
    }
}

MT_NOINLINE void NAME(plane_dots)(double *sum, double *dot, const void *dyp, const void *xp,
                                  double shift, ptrdiff_t n) {
    const REAL *dy = dyp, *x = xp;
    double total = 0, dots = 0;
    INTERLEAVED_SUM(total, dy[i]);
    INTERLEAVED_SUM(dots, dy[i] * (x[i] - shift));
    *sum += total;
    *dot += dots;
}
#undef INTERLEAVED_SUM

MT_NOINLINE void NAME(plane_affine)(void *yp, const void *xp, double scale, double offset,
                                    ptrdiff_t n) {
    REAL *y = yp;
    const REAL *x = xp;
    const REAL s = (REAL)scale, o = (REAL)offset;
    const VEC scales = NAME(mt_set1)(s), offsets = NAME(mt_set1)(o);
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        *(VEC *)(y + i) = NAME(mt_fma)(*(const VEC *)(x + i), scales, offsets);
    for (; i < n; i++) y[i] = NAME(norm_fma)(x[i], s, o);
}

MT_NOINLINE void NAME(plane_blend)(void *dxp, const void *dyp, const void *xp, double a,
                                   double b, double d, ptrdiff_t n) {
    REAL *dx = dxp;
    const REAL *dy = dyp, *x = xp;
    const REAL ra = (REAL)a, rb = (REAL)b, rd = (REAL)d;
    const VEC as = NAME(mt_set1)(ra), bs = NAME(mt_set1)(rb), ds = NAME(mt_set1)(rd);
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES)
        *(VEC *)(dx + i) = NAME(mt_fma)(*(const VEC *)(dy + i), as,
                                        NAME(mt_fma)(*(const VEC *)(x + i), bs, ds));
    for (; i < n; i++) dx[i] = NAME(norm_fma)(dy[i], ra, NAME(norm_fma)(x[i], rb, rd));
}

static const mt_norm_kernels NAME(norm_kernels) = {
    .row_sums = NAME(row_sums),
    .row_dots = NAME(row_dots),
    .row_affine = NAME(row_affine),
    .row_blend = NAME(row_blend),
    .plane_sums = NAME(plane_sums),
    .plane_dots = NAME(plane_dots),
    .plane_affine = NAME(plane_affine),
    .plane_blend = NAME(plane_blend),
};
