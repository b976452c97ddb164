/* Included for TILE 4, F(2x2, 3x3), and TILE 6, F(4x4, 3x3); see winograd.h for what each
 * function computes.  Each works on LANES channels at a time, columns first, then rows. */

enum { WINOGRAD(OUT) = TILE - 2, WINOGRAD(POSITIONS) = TILE * TILE };

/* ---- image to tiles ---- */

MT_INLINE void WINOGRAD(input_vector)(VEC out[TILE * TILE], const float *const *pixels,
                                      ptrdiff_t c, const ptrdiff_t count) {
    VEC t[TILE * TILE];
    MT_UNROLL
    for (int j = 0; j < TILE; j++) {
        VEC column[TILE];
        MT_UNROLL
        for (int i = 0; i < TILE; i++)
            column[i] = count == LANES ? *(const VEC *)(pixels[i * TILE + j] + c)
                                       : load_first(pixels[i * TILE + j] + c, count);
        WINOGRAD(input)(column, 1, t + j, TILE);
    }
    MT_UNROLL
    for (int i = 0; i < TILE; i++) WINOGRAD(input)(t + i * TILE, 1, out + i * TILE, 1);
}

MT_NOINLINE void WINOGRAD(winograd_input)(float *v, ptrdiff_t v_pos, ptrdiff_t panel,
                                          ptrdiff_t v_panel, const float *const *pixels,
                                          ptrdiff_t channels) {
    ptrdiff_t c = 0, in_panel = 0;
    for (; c + LANES <= channels; c += LANES) {
        VEC out[TILE * TILE];
        WINOGRAD(input_vector)(out, pixels, c, LANES);
        float *to = v + in_panel;
        MT_UNROLL
        for (int p = 0; p < TILE * TILE; p++) *(VEC *)(to + p * v_pos) = out[p];
        in_panel += LANES;
        if (in_panel == panel) {
            in_panel = 0;
            v += v_panel;
        }
    }
    if (c < channels) {
        VEC out[TILE * TILE];
        WINOGRAD(input_vector)(out, pixels, c, channels - c);
        for (int p = 0; p < TILE * TILE; p++)
            store_first(v + in_panel + p * v_pos, out[p], channels - c);
    }
}

/* ---- tiles to image ---- */

MT_INLINE void WINOGRAD(output_vector)(VEC out[], const float *v, ptrdiff_t v_pos,
                                       const ptrdiff_t count) {
    VEC t[WINOGRAD(OUT) * TILE];
    MT_UNROLL
    for (int j = 0; j < TILE; j++) {
        VEC column[TILE];
        MT_UNROLL
        for (int i = 0; i < TILE; i++)
            column[i] = count == LANES ? *(const VEC *)(v + (i * TILE + j) * v_pos)
                                       : load_first(v + (i * TILE + j) * v_pos, count);
        WINOGRAD(output)(column, 1, t + j, TILE);
    }
    MT_UNROLL
    for (int i = 0; i < WINOGRAD(OUT); i++)
        WINOGRAD(output)(t + i * TILE, 1, out + i * WINOGRAD(OUT), 1);
}

MT_NOINLINE void WINOGRAD(winograd_output)(float *const *pixels, const float *v, ptrdiff_t v_pos,
                                           ptrdiff_t channels, const mt_epilogue *after) {
    enum { PIXELS = WINOGRAD(OUT) * WINOGRAD(OUT) };
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        VEC out[PIXELS];
        WINOGRAD(output_vector)(out, v + c, v_pos, LANES);
        MT_UNROLL
        for (int k = 0; k < PIXELS; k++)
            if (pixels[k])
                *(VEC *)(pixels[k] + c) = finish_vector_f32(out[k], pixels[k] + c, c, after);
    }
    if (c < channels) {
        VEC out[PIXELS];
        WINOGRAD(output_vector)(out, v + c, v_pos, channels - c);
        for (int k = 0; k < PIXELS; k++)
            if (pixels[k])
                finish_edge_f32(pixels[k] + c, (const float *)&out[k], c, channels - c, after);
    }
}

/* ---- gradient of the image to tiles ---- */

MT_INLINE void WINOGRAD(gradient_vector)(VEC out[TILE * TILE], const float *const *pixels,
                                         ptrdiff_t c, const ptrdiff_t count) {
    VEC t[TILE * WINOGRAD(OUT)];
    MT_UNROLL
    for (int j = 0; j < WINOGRAD(OUT); j++) {
        VEC column[WINOGRAD(OUT)];
        MT_UNROLL
        for (int i = 0; i < WINOGRAD(OUT); i++)
            column[i] = count == LANES
                            ? *(const VEC *)(pixels[i * WINOGRAD(OUT) + j] + c)
                            : load_first(pixels[i * WINOGRAD(OUT) + j] + c, count);
        WINOGRAD(gradient)(column, 1, t + j, WINOGRAD(OUT));
    }
    MT_UNROLL
    for (int i = 0; i < TILE; i++)
        WINOGRAD(gradient)(t + i * WINOGRAD(OUT), 1, out + i * TILE, 1);
}

MT_NOINLINE void WINOGRAD(winograd_gradient)(float *v, ptrdiff_t v_pos,
                                             const float *const *pixels, ptrdiff_t channels) {
    VEC out[TILE * TILE];
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        WINOGRAD(gradient_vector)(out, pixels, c, LANES);
        MT_UNROLL
        for (int p = 0; p < TILE * TILE; p++) *(VEC *)(v + p * v_pos + c) = out[p];
    }
    if (c < channels) {
        WINOGRAD(gradient_vector)(out, pixels, c, channels - c);
        for (int p = 0; p < TILE * TILE; p++)
            store_first(v + p * v_pos + c, out[p], channels - c);
    }
}

/* ---- weights to tiles ---- */

MT_INLINE void WINOGRAD(filter_vector)(float *u, ptrdiff_t u_pos, const VEC tap[9]) {
    VEC t[3 * TILE], row[TILE];
    MT_UNROLL
    for (int j = 0; j < 3; j++) WINOGRAD(filter)(tap + j, 3, t + j, 3);
    MT_UNROLL
    for (int i = 0; i < TILE; i++) {
        WINOGRAD(filter)(t + i * 3, 1, row, 1);
        MT_UNROLL
        for (int j = 0; j < TILE; j++) *(VEC *)(u + (i * TILE + j) * u_pos) = row[j];
    }
}

/* `width` <= LANES columns that lie side by side in w. */
MT_INLINE void WINOGRAD(filter_along)(float *u, ptrdiff_t u_pos, ptrdiff_t u_depth,
                                      const float *w, ptrdiff_t w_depth, ptrdiff_t w_tap,
                                      ptrdiff_t depth, ptrdiff_t width) {
    for (ptrdiff_t d = 0; d < depth; d++, w += w_depth, u += u_depth) {
        VEC tap[9];
        MT_UNROLL
        for (int t = 0; t < 9; t++)
            tap[t] = width == LANES ? *(const VEC *)(w + t * w_tap)
                                    : load_first(w + t * w_tap, width);
        WINOGRAD(filter_vector)(u, u_pos, tap);
    }
}

/* `width` <= LANES columns, the depth side by side: blocks of it are transposed. */
MT_INLINE void WINOGRAD(filter_across)(float *u, ptrdiff_t u_pos, ptrdiff_t u_depth,
                                       const float *w, ptrdiff_t w_column, ptrdiff_t w_tap,
                                       ptrdiff_t depth, ptrdiff_t width) {
    for (ptrdiff_t d0 = 0; d0 < depth; d0 += LANES) {
        const ptrdiff_t count = depth - d0 < LANES ? depth - d0 : LANES;
        VEC taps[9][LANES];
        for (int t = 0; t < 9; t++) {
            for (int j = 0; j < LANES; j++) {
                const float *from = w + j * w_column + t * w_tap + d0;
                taps[t][j] = j >= width        ? (VEC){0}
                             : count == LANES ? *(const VEC *)from
                                              : load_first(from, count);
            }
            transpose_block_f32(taps[t]);
        }
        for (ptrdiff_t d = 0; d < count; d++) {
            VEC tap[9];
            MT_UNROLL
            for (int t = 0; t < 9; t++) tap[t] = taps[t][d];
            WINOGRAD(filter_vector)(u + (d0 + d) * u_depth, u_pos, tap);
        }
    }
}

MT_NOINLINE void WINOGRAD(winograd_filter)(float *u, ptrdiff_t u_pos, ptrdiff_t u_depth,
                                           const float *w, ptrdiff_t w_depth,
                                           ptrdiff_t w_column, ptrdiff_t w_tap, ptrdiff_t depth,
                                           ptrdiff_t width, ptrdiff_t panel) {
    for (ptrdiff_t j = 0; j < panel; j += LANES) {
        ptrdiff_t left = width - j < 0 ? 0 : width - j < LANES ? width - j : LANES;
        if (w_column == 1)
            WINOGRAD(filter_along)(u + j, u_pos, u_depth, w + (left ? j : 0), w_depth, w_tap,
                                   depth, left);
        else
            WINOGRAD(filter_across)(u + j, u_pos, u_depth, w + (left ? j : 0) * w_column,
                                    w_column, w_tap, depth, left);
    }
}

/* ---- tiles to the gradient of the weights ---- */

MT_INLINE void WINOGRAD(filter_gradient_vector)(VEC out[9], const float *s, ptrdiff_t s_pos,
                                                const ptrdiff_t count) {
    VEC t[3 * TILE];
    MT_UNROLL
    for (int j = 0; j < TILE; j++) {
        VEC column[TILE];
        MT_UNROLL
        for (int i = 0; i < TILE; i++)
            column[i] = count == LANES ? *(const VEC *)(s + (i * TILE + j) * s_pos)
                                       : load_first(s + (i * TILE + j) * s_pos, count);
        WINOGRAD(filter_gradient)(column, 1, t + j, TILE);
    }
    MT_UNROLL
    for (int i = 0; i < 3; i++) WINOGRAD(filter_gradient)(t + i * TILE, 1, out + i * 3, 1);
}

MT_NOINLINE void WINOGRAD(winograd_filter_gradient)(float *dw, ptrdiff_t dw_tap, const float *s,
                                                    ptrdiff_t s_pos, ptrdiff_t channels) {
    VEC out[9];
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        WINOGRAD(filter_gradient_vector)(out, s + c, s_pos, LANES);
        MT_UNROLL
        for (int t = 0; t < 9; t++) *(VEC *)(dw + t * dw_tap + c) = out[t];
    }
    if (c < channels) {
        WINOGRAD(filter_gradient_vector)(out, s + c, s_pos, channels - c);
        for (int t = 0; t < 9; t++) store_first(dw + t * dw_tap + c, out[t], channels - c);
    }
}

static const mt_winograd_kernels WINOGRAD(winograd_kernels) = {
    .tile = TILE,
    .input = WINOGRAD(winograd_input),
    .output = WINOGRAD(winograd_output),
    .gradient = WINOGRAD(winograd_gradient),
    .filter = WINOGRAD(winograd_filter),
    .filter_gradient = WINOGRAD(winograd_filter_gradient),
};
