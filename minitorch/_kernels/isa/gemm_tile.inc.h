/* Included for float and for double; see gemm.h for what each function computes. */

MT_INLINE VEC NAME(gemm_load)(const REAL *p) { return *(const VEC *)p; }

/* The right edge: fewer than a full tile's columns, by way of memory. */
MT_INLINE void NAME(store_edge)(const int mr, VEC acc[MR][NV], const mt_tile *tile) {
    const REAL alpha = (REAL)tile->alpha, beta = (REAL)tile->beta;
    REAL sums[NV * LANES];
    for (int i = 0; i < mr; i++) {
        REAL *c = (REAL *)tile->rows[i] + tile->column;
        for (int v = 0; v < NV; v++) *(VEC *)(sums + v * LANES) = acc[i][v];
        for (ptrdiff_t j = 0; j < tile->width; j++) {
            sums[j] *= alpha;
            if (beta != 0) sums[j] += beta * c[j];
        }
        if (tile->after)
            NAME(finish_edge)(c, sums, tile->column, tile->width, tile->after);
        else
            for (ptrdiff_t j = 0; j < tile->width; j++) c[j] = sums[j];
    }
}

MT_INLINE void NAME(store)(const int mr, VEC acc[MR][NV], const mt_tile *tile) {
    if (tile->width < NV * LANES) {
        NAME(store_edge)(mr, acc, tile);
        return;
    }
    const REAL beta = (REAL)tile->beta;
    const VEC alphas = NAME(mt_set1)((REAL)tile->alpha), betas = NAME(mt_set1)(beta);
    MT_UNROLL
    for (int i = 0; i < mr; i++) {
        REAL *c = (REAL *)tile->rows[i] + tile->column;
        MT_UNROLL
        for (int v = 0; v < NV; v++) {
            VEC value = alphas * acc[i][v];
            if (beta != 0) value += betas * NAME(gemm_load)(c + v * LANES);
            if (tile->after)
                value = NAME(finish_vector)(value, c + v * LANES, tile->column + v * LANES,
                                            tile->after);
            *(VEC *)(c + v * LANES) = value;
        }
    }
}

#define CLEAR(mr, acc)                      \
    MT_UNROLL                               \
    for (int i = 0; i < (mr); i++)          \
        for (int v = 0; v < NV; v++) (acc)[i][v] = (VEC){0};

MT_INLINE void NAME(tile_rows)(const int mr, const void *const *ap, ptrdiff_t taps,
                               ptrdiff_t depth, const void *const *bp, const mt_tile *tile) {
    const REAL *const *a = (const REAL *const *)ap;
    VEC acc[MR][NV];
    CLEAR(mr, acc)
    for (ptrdiff_t t = 0; t < taps; t++, a += mr) {
        const REAL *b = bp[t];
        const REAL *row[MR];
        MT_UNROLL
        for (int i = 0; i < mr; i++) row[i] = a[i];
        for (ptrdiff_t d = 0; d < depth; d++, b += NV * LANES) {
            const VEC b0 = NAME(gemm_load)(b), b1 = NAME(gemm_load)(b + LANES);
            MT_UNROLL
            for (int i = 0; i < mr; i++) {
                const VEC x = NAME(mt_set1)(row[i][d]);
                acc[i][0] = NAME(mt_fma)(x, b0, acc[i][0]);
                acc[i][1] = NAME(mt_fma)(x, b1, acc[i][1]);
            }
        }
    }
    NAME(store)(mr, acc, tile);
}

MT_INLINE void NAME(tile_columns)(const int mr, const void *ap, ptrdiff_t a_step,
                                  ptrdiff_t depth, const void *bp, const mt_tile *tile) {
    const REAL *a = ap, *b = bp;
    VEC acc[MR][NV];
    CLEAR(mr, acc)
    for (ptrdiff_t d = 0; d < depth; d++, a += a_step, b += NV * LANES) {
        const VEC b0 = NAME(gemm_load)(b), b1 = NAME(gemm_load)(b + LANES);
        MT_UNROLL
        for (int i = 0; i < mr; i++) {
            const VEC x = NAME(mt_set1)(a[i]);
            acc[i][0] = NAME(mt_fma)(x, b0, acc[i][0]);
            acc[i][1] = NAME(mt_fma)(x, b1, acc[i][1]);
        }
    }
    NAME(store)(mr, acc, tile);
}

#undef CLEAR

#define TILE(mr)                                                                              \
    MT_NOINLINE void NAME(rows_##mr)(const void *const *a, ptrdiff_t taps, ptrdiff_t depth,   \
                                     const void *const *b, const mt_tile *tile) {             \
        NAME(tile_rows)(mr, a, taps, depth, b, tile);                                         \
    }                                                                                         \
    MT_NOINLINE void NAME(columns_##mr)(const void *a, ptrdiff_t a_step, ptrdiff_t depth,     \
                                        const void *b, const mt_tile *tile) {                 \
        NAME(tile_columns)(mr, a, a_step, depth, b, tile);                                    \
    }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if MT_VECTOR_BYTES == 64
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#endif
#undef TILE

MT_NOINLINE double NAME(dot)(const void *ap, const void *bp, ptrdiff_t n) {
    const REAL *a = ap, *b = bp;
    VEC acc[4] = {{0}, {0}, {0}, {0}};
    ptrdiff_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) {
        MT_UNROLL
        for (int v = 0; v < 4; v++)
            acc[v] = NAME(mt_fma)(NAME(gemm_load)(a + i + v * LANES), NAME(gemm_load)(b + i + v * LANES),
                                  acc[v]);
    }
    for (; i + LANES <= n; i += LANES)
        acc[0] = NAME(mt_fma)(NAME(gemm_load)(a + i), NAME(gemm_load)(b + i), acc[0]);
    const VEC sums = (acc[0] + acc[1]) + (acc[2] + acc[3]);
    double total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[lane];
    for (; i < n; i++) total += a[i] * b[i];
    return total;
}

MT_NOINLINE void NAME(axpys)(void *yp, const void *xp, const void *ap, ptrdiff_t a_row,
                             ptrdiff_t rows, ptrdiff_t n) {
    REAL *y = yp;
    const REAL *x = xp;
    ptrdiff_t r = 0;
    for (; r + 4 <= rows; r += 4) {
        const REAL *a = (const REAL *)ap + r * a_row;
        const VEC x0 = NAME(mt_set1)(x[r]), x1 = NAME(mt_set1)(x[r + 1]);
        const VEC x2 = NAME(mt_set1)(x[r + 2]), x3 = NAME(mt_set1)(x[r + 3]);
        ptrdiff_t i = 0;
        for (; i + LANES <= n; i += LANES) {
            VEC sum = NAME(mt_fma)(x0, NAME(gemm_load)(a + i), NAME(gemm_load)(y + i));
            sum = NAME(mt_fma)(x1, NAME(gemm_load)(a + a_row + i), sum);
            sum = NAME(mt_fma)(x2, NAME(gemm_load)(a + 2 * a_row + i), sum);
            *(VEC *)(y + i) = NAME(mt_fma)(x3, NAME(gemm_load)(a + 3 * a_row + i), sum);
        }
        for (; i < n; i++)
            for (int q = 0; q < 4; q++) y[i] += x[r + q] * a[q * a_row + i];
    }
    for (; r < rows; r++) {
        const REAL *a = (const REAL *)ap + r * a_row;
        for (ptrdiff_t i = 0; i < n; i++) y[i] += x[r] * a[i];
    }
}

/* Whole blocks in registers, the edges one by one. */
MT_NOINLINE void NAME(transpose)(void *dst, ptrdiff_t dst_row, const void *src,
                                 ptrdiff_t src_row, ptrdiff_t rows, ptrdiff_t cols) {
    REAL *to = dst;
    const REAL *from = src;
    const ptrdiff_t whole_rows = rows - rows % LANES, whole_cols = cols - cols % LANES;
    for (ptrdiff_t i0 = 0; i0 < whole_rows; i0 += LANES)
        for (ptrdiff_t j0 = 0; j0 < whole_cols; j0 += LANES) {
            VEC block[LANES];
            MT_UNROLL
            for (int i = 0; i < LANES; i++)
                block[i] = NAME(gemm_load)(from + (i0 + i) * src_row + j0);
            NAME(transpose_block)(block);
            MT_UNROLL
            for (int j = 0; j < LANES; j++) *(VEC *)(to + (j0 + j) * dst_row + i0) = block[j];
        }
    for (ptrdiff_t j = 0; j < cols; j++)
        for (ptrdiff_t i = j < whole_cols ? whole_rows : 0; i < rows; i++)
            to[j * dst_row + i] = from[i * src_row + j];
}

MT_NOINLINE void NAME(finish)(void *yp, ptrdiff_t channels, const mt_epilogue *after) {
    REAL *y = yp;
    ptrdiff_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        *(VEC *)(y + c) = NAME(finish_vector)(NAME(gemm_load)(y + c), y + c, c, after);
    if (c < channels) NAME(finish_edge)(y + c, y + c, c, channels - c, after);
}

#define ROW_TILES(kind)                                                                 \
    NULL, NAME(kind##_1), NAME(kind##_2), NAME(kind##_3), NAME(kind##_4), NAME(kind##_5), \
        NAME(kind##_6)
#if MT_VECTOR_BYTES == 64
#define TILES(kind)                                                                   \
    {ROW_TILES(kind), NAME(kind##_7), NAME(kind##_8), NAME(kind##_9), NAME(kind##_10), \
     NAME(kind##_11), NAME(kind##_12)}
#else
#define TILES(kind) {ROW_TILES(kind)}
#endif

static const mt_gemm_kernels NAME(gemm_kernels) = {
    .mr = MR,
    .nr = NV * LANES,
    .rows = TILES(rows),
    .columns = TILES(columns),
    .dot = NAME(dot),
    .axpys = NAME(axpys),
    .transpose = NAME(transpose),
    .finish = NAME(finish),
};
#undef TILES
#undef ROW_TILES
