/* Sums by channel; included for float and for double, see norm.h for what each computes.
 *
 * A strip of up to NORM_VECTORS vectors of channels is summed over NORM_ROWS rows in registers
 * and then added to the doubles: as exact as double sums to a few units of the last place of
 * float, at the speed of memory.
 */

/* dy where the ReLU let its operand pass, else 0: the very comparison of relu_backward. */
MT_INLINE VEC NAME(norm_behind)(VEC dy, VEC operand) {
    return NAME(mt_select)((MASK)(operand <= (VEC){0}), (VEC){0}, dy);
}

/* One vector of the gradient at offset i of all operands; `at` is the channel. */
MT_INLINE VEC NAME(norm_gradient)(const REAL *dy, const REAL *x, const REAL *result, VEC scale,
                                  VEC offset, ptrdiff_t i, const int kind) {
    const VEC g = *(const VEC *)(dy + i);
    if (kind == NORM_BY_RESULT) return NAME(norm_behind)(g, *(const VEC *)(result + i));
    if (kind == NORM_BY_OPERAND)
        return NAME(norm_behind)(g, NAME(mt_fma)(*(const VEC *)(x + i), scale, offset));
    return g;
}

/* The same for one value. */
MT_INLINE REAL NAME(norm_gradient_at)(const REAL *dy, const REAL *x, const REAL *result,
                                      REAL scale, REAL offset, ptrdiff_t i, const int kind) {
    if (kind == NORM_BY_RESULT) return result[i] <= 0 ? 0 : dy[i];
    if (kind == NORM_BY_OPERAND) return NAME(mt_fma_one)(x[i], scale, offset) <= 0 ? 0 : dy[i];
    return dy[i];
}

/* to[i] += from[i] for the lanes of some vectors */
MT_INLINE void NAME(norm_widen)(double *restrict to, const VEC *from, const int vectors) {
    REAL values[NORM_VECTORS * LANES];
    MT_UNROLL
    for (int v = 0; v < vectors; v++) *(VEC *)(values + v * LANES) = from[v];
    for (int i = 0; i < vectors * LANES; i++) to[i] += values[i];
}

/* ---- sums of x ---- */

MT_INLINE void NAME(sum_strip)(double *sums, double *squares, const REAL *x, const REAL *shift,
                               ptrdiff_t rows, ptrdiff_t channels, const int vectors) {
    VEC total[NORM_VECTORS], square[NORM_VECTORS], at[NORM_VECTORS];
    MT_UNROLL
    for (int v = 0; v < vectors; v++) {
        total[v] = square[v] = at[v] = (VEC){0};
        if (squares) at[v] = *(const VEC *)(shift + v * LANES);
    }
    for (ptrdiff_t r = 0; r < rows; r++, x += channels)
        MT_UNROLL
        for (int v = 0; v < vectors; v++) {
            VEC value = *(const VEC *)(x + v * LANES);
            if (squares) {
                value -= at[v];
                square[v] = NAME(mt_fma)(value, value, square[v]);
            }
            total[v] += value;
        }
    NAME(norm_widen)(sums, total, vectors);
    if (squares) NAME(norm_widen)(squares, square, vectors);
}

MT_NOINLINE void NAME(row_sums)(double *sums, double *squares, const void *xp,
                                const void *shift_p, ptrdiff_t rows, ptrdiff_t channels) {
    const REAL *x = xp, *shift = shift_p;
    for (ptrdiff_t r = 0; r < rows; r += NORM_ROWS, x += NORM_ROWS * channels) {
        const ptrdiff_t n = rows - r < NORM_ROWS ? rows - r : NORM_ROWS;
        ptrdiff_t c = 0;
#define STRIP(VECTORS)                                                                       \
        for (; c + VECTORS * LANES <= channels; c += VECTORS * LANES) {                      \
            if (squares)                                                                     \
                NAME(sum_strip)(sums + c, squares + c, x + c, shift + c, n, channels, VECTORS); \
            else                                                                             \
                NAME(sum_strip)(sums + c, NULL, x + c, NULL, n, channels, VECTORS);          \
        }
        STRIP(NORM_VECTORS)
        STRIP(1)
#undef STRIP
        for (; c < channels; c++)
            for (ptrdiff_t i = c; i < n * channels; i += channels) {
                const REAL value = squares ? x[i] - shift[c] : x[i];
                sums[c] += value;
                if (squares) squares[c] += (double)value * value;
            }
    }
}

/* The sum of `count` values, a power of two, in halves: vectors rather than one long chain. */
MT_INLINE double NAME(norm_total)(double *values, int count) {
    for (int half = count / 2; half; half /= 2)
        for (int lane = 0; lane < half; lane++) values[lane] += values[lane + half];
    return values[0];
}

/* A plane is summed like a strip: NORM_VECTORS sums side by side, in blocks.  Small planes have
 * no whole block, and none of its cost. */
MT_NOINLINE void NAME(plane_sums)(double *sum, double *square, const void *xp,
                                  const void *shift_p, ptrdiff_t n) {
    enum { WIDTH = NORM_VECTORS * LANES };
    const REAL *x = xp, shift = square ? *(const REAL *)shift_p : 0;
    const VEC shifts = NAME(mt_set1)(shift);
    ptrdiff_t i = 0;
    if (n >= WIDTH) {
        REAL at[WIDTH];
        double sums[WIDTH] = {0}, squares[WIDTH] = {0};
        for (int v = 0; v < NORM_VECTORS; v++) *(VEC *)(at + v * LANES) = shifts;
        while (i + WIDTH <= n) {
            ptrdiff_t rows = (n - i) / WIDTH;
            if (rows > NORM_ROWS) rows = NORM_ROWS;
            if (square)
                NAME(sum_strip)(sums, squares, x + i, at, rows, WIDTH, NORM_VECTORS);
            else
                NAME(sum_strip)(sums, NULL, x + i, NULL, rows, WIDTH, NORM_VECTORS);
            i += rows * WIDTH;
        }
        *sum += NAME(norm_total)(sums, WIDTH);
        if (square) *square += NAME(norm_total)(squares, WIDTH);
    }
    for (; i < n; i++) {
        const REAL value = square ? x[i] - shift : x[i];
        *sum += value;
        if (square) *square += (double)value * value;
    }
}

/* ---- sums of dy and of dy * (x - shift) ---- */

MT_INLINE void NAME(dot_strip)(double *sums, double *dots, REAL *masked, const REAL *dy,
                               const REAL *x, const REAL *result, const REAL *scale,
                               const REAL *offset, const REAL *shift, ptrdiff_t rows,
                               ptrdiff_t channels, const int vectors, const int kind) {
    VEC total[NORM_VECTORS], dot[NORM_VECTORS];
    MT_UNROLL
    for (int v = 0; v < vectors; v++) total[v] = dot[v] = (VEC){0};
    for (ptrdiff_t r = 0; r < rows; r++)
        MT_UNROLL
        for (int v = 0; v < vectors; v++) {
            const ptrdiff_t i = r * channels + v * LANES;
            VEC factor = {0}, term = {0};
            if (kind == NORM_BY_OPERAND) {
                factor = *(const VEC *)(scale + v * LANES);
                term = *(const VEC *)(offset + v * LANES);
            }
            const VEC g = NAME(norm_gradient)(dy, x, result, factor, term, i, kind);
            if (masked) *(VEC *)(masked + i) = g;
            total[v] += g;
            dot[v] = NAME(mt_fma)(g, *(const VEC *)(x + i) - *(const VEC *)(shift + v * LANES),
                                  dot[v]);
        }
    NAME(norm_widen)(sums, total, vectors);
    NAME(norm_widen)(dots, dot, vectors);
}

MT_INLINE void NAME(row_dots_of)(double *sums, double *dots, REAL *masked, const REAL *dy,
                                 const REAL *x, const mt_norm_relu *relu, const REAL *shift,
                                 ptrdiff_t rows, ptrdiff_t channels, const int kind) {
    const REAL *result = kind == NORM_BY_RESULT ? relu->result : dy;
    const REAL *scale = kind == NORM_BY_OPERAND ? relu->scale : shift;
    const REAL *offset = kind == NORM_BY_OPERAND ? relu->offset : shift;
    for (ptrdiff_t r = 0; r < rows; r += NORM_ROWS) {
        const ptrdiff_t n = rows - r < NORM_ROWS ? rows - r : NORM_ROWS;
        ptrdiff_t c = 0;
#define STRIP(VECTORS)                                                                        \
        for (; c + VECTORS * LANES <= channels; c += VECTORS * LANES)                         \
            NAME(dot_strip)(sums + c, dots + c, masked ? masked + c : NULL, dy + c, x + c,    \
                            result + c, scale + c, offset + c, shift + c, n, channels,        \
                            VECTORS, kind);
        STRIP(NORM_VECTORS)
        STRIP(1)
#undef STRIP
        for (; c < channels; c++)
            for (ptrdiff_t i = c; i < n * channels; i += channels) {
                const REAL g = NAME(norm_gradient_at)(dy, x, result, scale[c], offset[c], i, kind);
                if (masked) masked[i] = g;
                sums[c] += g;
                dots[c] += (double)g * (x[i] - shift[c]);
            }
        dy += n * channels;
        x += n * channels;
        result += n * channels;
        if (masked) masked += n * channels;
    }
}

MT_NOINLINE void NAME(row_dots)(double *sums, double *dots, void *masked, const void *dy,
                                const void *x, const mt_norm_relu *relu, const void *shift,
                                ptrdiff_t rows, ptrdiff_t channels) {
    NORM_FOR_MASK(relu, NAME(row_dots_of)(sums, dots, masked, dy, x, relu, shift, rows, channels,
                                          MASK_KIND))
}

MT_INLINE void NAME(plane_dots_of)(double *sum, double *dot, REAL *masked, const REAL *dy,
                                   const REAL *x, const mt_norm_relu *relu, const REAL shift,
                                   ptrdiff_t n, const int kind) {
    enum { WIDTH = NORM_VECTORS * LANES };
    const REAL *result = kind == NORM_BY_RESULT ? relu->result : dy;
    const REAL scale = kind == NORM_BY_OPERAND ? *(const REAL *)relu->scale : 0;
    const REAL offset = kind == NORM_BY_OPERAND ? *(const REAL *)relu->offset : 0;
    ptrdiff_t i = 0;
    if (n >= WIDTH) {
        REAL shifts[WIDTH], scales[WIDTH], offsets[WIDTH];
        double sums[WIDTH] = {0}, dots[WIDTH] = {0};
        for (int lane = 0; lane < WIDTH; lane++)
            shifts[lane] = shift, scales[lane] = scale, offsets[lane] = offset;
        while (i + WIDTH <= n) {
            ptrdiff_t rows = (n - i) / WIDTH;
            if (rows > NORM_ROWS) rows = NORM_ROWS;
            NAME(dot_strip)(sums, dots, masked ? masked + i : NULL, dy + i, x + i, result + i,
                            scales, offsets, shifts, rows, WIDTH, NORM_VECTORS, kind);
            i += rows * WIDTH;
        }
        *sum += NAME(norm_total)(sums, WIDTH);
        *dot += NAME(norm_total)(dots, WIDTH);
    }
    for (; i < n; i++) {
        const REAL g = NAME(norm_gradient_at)(dy, x, result, scale, offset, i, kind);
        if (masked) masked[i] = g;
        *sum += g;
        *dot += (double)g * (x[i] - shift);
    }
}

MT_NOINLINE void NAME(plane_dots)(double *sum, double *dot, void *masked, const void *dy,
                                  const void *x, const mt_norm_relu *relu, const void *shift,
                                  ptrdiff_t n) {
    NORM_FOR_MASK(relu, NAME(plane_dots_of)(sum, dot, masked, dy, x, relu, *(const REAL *)shift, n,
                                            MASK_KIND))
}
