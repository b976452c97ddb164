/* Maps by channel; included for float and for double, see norm.h for what each computes.
 * A row of pixels and a plane are one loop: `step` 1 takes coefficients along, 0 keeps one.
 */

/* The coefficients of the vector at i. */
MT_INLINE VEC NAME(norm_at)(const REAL *coefficient, ptrdiff_t i, const int per_channel) {
    if (per_channel) return *(const VEC *)(coefficient + i);
    return NAME(mt_set1)(*coefficient);
}

MT_INLINE void NAME(norm_store)(REAL *to, VEC v, const int stream) {
    if (stream)
        mt_stream_f32((float *)to, (vf32)v);
    else
        *(VEC *)to = v;
}

/* ---- forward: y = relu(x * scale + offset + residual) ---- */

MT_INLINE void NAME(affine_row)(REAL *y, const REAL *x, const REAL *scale, const REAL *offset,
                                const REAL *residual, const int relu, ptrdiff_t n,
                                const int per_channel, const int stream) {
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        VEC v = NAME(mt_fma)(*(const VEC *)(x + i), NAME(norm_at)(scale, i, per_channel),
                             NAME(norm_at)(offset, i, per_channel));
        if (residual) v += *(const VEC *)(residual + i);
        if (relu) v = NAME(mt_relu)(v);
        NAME(norm_store)(y + i, v, stream);
    }
    for (; i < n; i++) {
        REAL v = NAME(mt_fma_one)(x[i], scale[per_channel * i], offset[per_channel * i]);
        if (residual) v += residual[i];
        y[i] = relu && v < 0 ? 0 : v;
    }
}

/* Calls AFFINE(residual, relu) with constants. */
#define NORM_FOR_ACTIVATION(AFFINE)               \
    if (residual && relu) AFFINE(residual, 1);    \
    else if (residual) AFFINE(residual, 0);       \
    else if (relu) AFFINE(NULL, 1);               \
    else AFFINE(NULL, 0)

MT_NOINLINE void NAME(row_affine)(void *yp, const void *xp, const void *scale, const void *offset,
                                  const void *residual_p, int relu, int stream, ptrdiff_t rows,
                                  ptrdiff_t channels) {
    const REAL *residual = residual_p;
#define AFFINE(RESIDUAL, RELU)                                                               \
    for (ptrdiff_t i = 0; i < rows * channels; i += channels)                                \
        NAME(affine_row)((REAL *)yp + i, (const REAL *)xp + i, scale, offset,                \
                         (RESIDUAL) ? residual + i : NULL, RELU, channels, 1, STREAM)
    if (channels > 0 && stream) {
        enum { STREAM = 1 };
        NORM_FOR_ACTIVATION(AFFINE);
        mt_stream_end();
    } else if (channels > 0) {
        enum { STREAM = 0 };
        NORM_FOR_ACTIVATION(AFFINE);
    }
#undef AFFINE
}

MT_NOINLINE void NAME(plane_affine)(void *y, const void *x, const void *scale, const void *offset,
                                    const void *residual, int relu, ptrdiff_t n) {
#define AFFINE(RESIDUAL, RELU) NAME(affine_row)(y, x, scale, offset, RESIDUAL, RELU, n, 0, 0)
    NORM_FOR_ACTIVATION(AFFINE);
#undef AFFINE
}

/* ---- backward: dx = dy * a + x * b + d ---- */

MT_INLINE void NAME(blend_row)(REAL *dx, const REAL *dy, const REAL *x, const REAL *result,
                               const REAL *scale, const REAL *offset, const REAL *a,
                               const REAL *b, const REAL *d, ptrdiff_t n, const int per_channel,
                               const int stream, const int kind) {
    ptrdiff_t i = 0;
#define AT(coefficient) NAME(norm_at)(coefficient, i, per_channel)
    for (; i + LANES <= n; i += LANES) {
        const VEC g = NAME(norm_gradient)(dy, x, result, AT(scale), AT(offset), i, kind);
        VEC made = g * AT(a);
        if (b)
            made = NAME(mt_fma)(g, AT(a), NAME(mt_fma)(*(const VEC *)(x + i), AT(b), AT(d)));
        NAME(norm_store)(dx + i, made, stream);
    }
#undef AT
    for (; i < n; i++) {
        const ptrdiff_t c = per_channel * i;
        const REAL g = NAME(norm_gradient_at)(dy, x, result, scale[c], offset[c], i, kind);
        dx[i] = b ? NAME(mt_fma_one)(g, a[c], NAME(mt_fma_one)(x[i], b[c], d[c])) : g * a[c];
    }
}

MT_INLINE void NAME(blend_rows)(REAL *dx, const REAL *dy, const REAL *x, const mt_norm_relu *relu,
                                const REAL *a, const REAL *b, const REAL *d, ptrdiff_t rows,
                                ptrdiff_t channels, const int per_channel, const int stream,
                                const int kind) {
    const REAL *result = kind == NORM_BY_RESULT ? relu->result : dy;
    const REAL *scale = kind == NORM_BY_OPERAND ? relu->scale : a;
    const REAL *offset = kind == NORM_BY_OPERAND ? relu->offset : a;
    for (ptrdiff_t i = 0; i < rows * channels; i += channels)
        NAME(blend_row)(dx + i, dy + i, x + i, result + i, scale, offset, a, b, d, channels,
                        per_channel, stream, kind);
}

#define BLEND(rows, channels, per_channel, stream)                                             \
    if (b) {                                                                                   \
        NORM_FOR_MASK(relu, NAME(blend_rows)(dx, dy, x, relu, a, b, d, rows, channels,         \
                                             per_channel, stream, MASK_KIND))                  \
    } else {                                                                                   \
        NORM_FOR_MASK(relu, NAME(blend_rows)(dx, dy, x, relu, a, NULL, a, rows, channels,      \
                                             per_channel, stream, MASK_KIND))                  \
    }

MT_NOINLINE void NAME(row_blend)(void *dx, const void *dy, const void *x, const mt_norm_relu *relu,
                                 const void *a, const void *b, const void *d, int stream,
                                 ptrdiff_t rows, ptrdiff_t channels) {
    if (channels > 0 && stream) {
        BLEND(rows, channels, 1, 1)
        mt_stream_end();
    } else if (channels > 0) {
        BLEND(rows, channels, 1, 0)
    }
}

MT_NOINLINE void NAME(plane_blend)(void *dx, const void *dy, const void *x,
                                   const mt_norm_relu *relu, const void *a, const void *b,
                                   const void *d, ptrdiff_t n) {
    if (n > 0) { BLEND(1, n, 0, 0) }
}
#undef BLEND
#undef NORM_FOR_ACTIVATION

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
