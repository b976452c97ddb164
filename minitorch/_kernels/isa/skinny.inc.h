/* Family skinny: the weights are read in the order of memory, a few rows at a time. */
#include "simd.h"
#include "skinny.h"
#include "transpose.inc.h"

enum {
    SKINNY_STREAMS = 8,  /* rows of w that `combine` reads side by side */
    /* The prefetcher of the hardware stops at each page of each of these streams. */
    SKINNY_AHEAD = 512,
};

MT_INLINE vf32 skinny_load(const float *p, ptrdiff_t count) {
    vf32 v = {0};
    if (count >= LANES_F32) return *(const vf32 *)p;
    __builtin_memcpy(&v, p, (size_t)count * sizeof(float));
    return v;
}

MT_INLINE void skinny_store(float *p, vf32 v, ptrdiff_t count) {
    if (count >= LANES_F32)
        *(vf32 *)p = v;
    else
        __builtin_memcpy(p, &v, (size_t)count * sizeof(float));
}

/* ---- dots ---- */

/* A block of LANES rows and as many columns is turned in registers, so that a lane is a row. */
MT_INLINE void dots_block(float *sums, ptrdiff_t sums_step, const float *const *pixels,
                          const int n_pixels, const float *w, ptrdiff_t n_rows, ptrdiff_t n) {
    vf32 acc[MT_SKINNY_PIXELS];
    MT_UNROLL
    for (int p = 0; p < n_pixels; p++) acc[p] = (vf32){0};
    for (ptrdiff_t k = 0; k < n; k += LANES_F32) {
        const ptrdiff_t count = n - k < LANES_F32 ? n - k : LANES_F32;
        vf32 block[LANES_F32];
        MT_UNROLL
        for (int r = 0; r < LANES_F32; r++) {
            const float *row = w + (r < n_rows ? r : 0) * n + k;  /* a lane too many is no harm */
            __builtin_prefetch(row + SKINNY_AHEAD);
            block[r] = skinny_load(row, count);
        }
        transpose_block_f32(block);
        if (count == LANES_F32) {
            MT_UNROLL
            for (int i = 0; i < LANES_F32; i++)
                MT_UNROLL
                for (int p = 0; p < n_pixels; p++)
                    acc[p] = mt_fma_f32(mt_set1_f32(pixels[p][k + i]), block[i], acc[p]);
        } else {
            for (ptrdiff_t i = 0; i < count; i++)
                for (int p = 0; p < n_pixels; p++)
                    acc[p] = mt_fma_f32(mt_set1_f32(pixels[p][k + i]), block[i], acc[p]);
        }
    }
    for (int p = 0; p < n_pixels; p++) skinny_store(sums + p * sums_step, acc[p], n_rows);
}

MT_NOINLINE void skinny_dots(float *sums, ptrdiff_t sums_step, const float *const *pixels,
                             ptrdiff_t n_pixels, const float *w, ptrdiff_t n_rows, ptrdiff_t n) {
#define CASE(count) \
    case count: dots_block(sums, sums_step, pixels, count, w, n_rows, n); break;
    switch (n_pixels) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    }
#undef CASE
}

/* ---- combine ---- */

MT_INLINE void combine_block(float *sums, ptrdiff_t sums_step, const float *g, ptrdiff_t g_step,
                             const int n_pixels, const float *w, ptrdiff_t w_row,
                             const int streams, const int first, ptrdiff_t n) {
    for (ptrdiff_t k = 0; k < n; k += LANES_F32) {
        vf32 acc[4];
        MT_UNROLL
        for (int p = 0; p < n_pixels; p++)
            acc[p] = first ? (vf32){0} : skinny_load(sums + p * sums_step + k, n - k);
        MT_UNROLL
        for (int r = 0; r < streams; r++) {
            __builtin_prefetch(w + r * w_row + k + SKINNY_AHEAD);
            const vf32 row = skinny_load(w + r * w_row + k, n - k);
            MT_UNROLL
            for (int p = 0; p < n_pixels; p++)
                acc[p] = mt_fma_f32(row, mt_set1_f32(g[p * g_step + r]), acc[p]);
        }
        MT_UNROLL
        for (int p = 0; p < n_pixels; p++)
            skinny_store(sums + p * sums_step + k, acc[p], n - k);
    }
}

MT_NOINLINE void skinny_combine(float *sums, ptrdiff_t sums_step, const float *g,
                                ptrdiff_t g_step, ptrdiff_t n_pixels, const float *w,
                                ptrdiff_t w_row, ptrdiff_t rows, ptrdiff_t n) {
    for (ptrdiff_t r = 0; r < rows;) {
        const int whole = rows - r >= SKINNY_STREAMS;
        for (ptrdiff_t p = 0; p < n_pixels;) {
            float *to = sums + p * sums_step;
            const float *from = g + p * g_step + r;
            const ptrdiff_t left = n_pixels - p;
            if (whole && left >= 4)
                combine_block(to, sums_step, from, g_step, 4, w + r * w_row, w_row,
                              SKINNY_STREAMS, r == 0, n);
            else if (whole)
                combine_block(to, sums_step, from, g_step, 1, w + r * w_row, w_row,
                              SKINNY_STREAMS, r == 0, n);
            else
                combine_block(to, sums_step, from, g_step, 1, w + r * w_row, w_row, 1, r == 0, n);
            p += whole && left >= 4 ? 4 : 1;
        }
        r += whole ? SKINNY_STREAMS : 1;
    }
}

/* ---- outer ---- */

/* `stream`: past the caches, which a whole network's gradients would only flush. */
MT_INLINE void outer_block(float *dw, const int n_rows, const float *g, ptrdiff_t g_step,
                           const float *const *pixels, ptrdiff_t n_pixels, ptrdiff_t n,
                           const int stream) {
    for (ptrdiff_t k = 0; k < n; k += LANES_F32) {
        vf32 acc[MT_SKINNY_ROWS];
        MT_UNROLL
        for (int r = 0; r < n_rows; r++) acc[r] = (vf32){0};
        for (ptrdiff_t p = 0; p < n_pixels; p++) {
            const vf32 x = skinny_load(pixels[p] + k, n - k);
            MT_UNROLL
            for (int r = 0; r < n_rows; r++)
                acc[r] = mt_fma_f32(x, mt_set1_f32(g[p * g_step + r]), acc[r]);
        }
        MT_UNROLL
        for (int r = 0; r < n_rows; r++)
            if (stream)
                mt_stream_f32(dw + r * n + k, acc[r]);
            else
                skinny_store(dw + r * n + k, acc[r], n - k);
    }
}

MT_NOINLINE void skinny_outer(float *dw, ptrdiff_t n_rows, const float *g, ptrdiff_t g_step,
                              const float *const *pixels, ptrdiff_t n_pixels, ptrdiff_t n) {
    const int aligned = ((uintptr_t)dw | (uintptr_t)n * sizeof(float)) % MT_VECTOR_BYTES == 0;
    if (n_rows == MT_SKINNY_ROWS && aligned) {
        outer_block(dw, MT_SKINNY_ROWS, g, g_step, pixels, n_pixels, n, 1);
        mt_stream_end();
    } else
        for (ptrdiff_t r = 0; r < n_rows; r++)
            outer_block(dw + r * n, 1, g + r, g_step, pixels, n_pixels, n, 0);
}

static const mt_skinny_kernels skinny_kernels = {
    .lanes = LANES_F32, .dots = skinny_dots, .combine = skinny_combine, .outer = skinny_outer};
