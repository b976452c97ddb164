/* Family skinny: the weights are read in the order of memory, a few rows at a time. */
#include "simd.h"
#include "skinny.h"

enum { SKINNY_STREAMS = 8 };  /* rows of w that `combine` reads side by side */

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

MT_INLINE float sum_lanes(vf32 v) {
    float total = 0;
    for (int lane = 0; lane < LANES_F32; lane++) total += v[lane];
    return total;
}

/* ---- dots ---- */

MT_INLINE void dots_block(float *sums, ptrdiff_t sums_step, const float *const *pixels,
                          const int n_pixels, const float *w, const int n_rows, ptrdiff_t n) {
    vf32 acc[MT_SKINNY_PIXELS][MT_SKINNY_ROWS];
    MT_UNROLL
    for (int p = 0; p < n_pixels; p++)
        MT_UNROLL
        for (int r = 0; r < n_rows; r++) acc[p][r] = (vf32){0};
    for (ptrdiff_t k = 0; k < n; k += LANES_F32) {
        vf32 x[MT_SKINNY_PIXELS];
        MT_UNROLL
        for (int p = 0; p < n_pixels; p++) x[p] = skinny_load(pixels[p] + k, n - k);
        MT_UNROLL
        for (int r = 0; r < n_rows; r++) {
            const vf32 row = skinny_load(w + r * n + k, n - k);
            MT_UNROLL
            for (int p = 0; p < n_pixels; p++) acc[p][r] = mt_fma_f32(row, x[p], acc[p][r]);
        }
    }
    for (int p = 0; p < n_pixels; p++)
        for (int r = 0; r < n_rows; r++) sums[p * sums_step + r] = sum_lanes(acc[p][r]);
}

MT_NOINLINE void skinny_dots(float *sums, ptrdiff_t sums_step, const float *const *pixels,
                             ptrdiff_t n_pixels, const float *w, ptrdiff_t n_rows, ptrdiff_t n) {
    if (n_rows == MT_SKINNY_ROWS && n_pixels == 4)
        dots_block(sums, sums_step, pixels, 4, w, MT_SKINNY_ROWS, n);
    else if (n_rows == MT_SKINNY_ROWS && n_pixels == 1)
        dots_block(sums, sums_step, pixels, 1, w, MT_SKINNY_ROWS, n);
    else
        for (ptrdiff_t p = 0; p < n_pixels; p++)
            for (ptrdiff_t r = 0; r < n_rows; r++)
                dots_block(sums + p * sums_step + r, sums_step, pixels + p, 1, w + r * n, 1, n);
}

/* ---- combine ---- */

MT_INLINE void combine_block(float *sums, ptrdiff_t sums_step, const float *g, ptrdiff_t g_step,
                             const int n_pixels, const float *w, ptrdiff_t w_row,
                             const int streams, const int first, ptrdiff_t n) {
    for (ptrdiff_t k = 0; k < n; k += LANES_F32) {
        vf32 acc[MT_SKINNY_PIXELS];
        MT_UNROLL
        for (int p = 0; p < n_pixels; p++)
            acc[p] = first ? (vf32){0} : skinny_load(sums + p * sums_step + k, n - k);
        MT_UNROLL
        for (int r = 0; r < streams; r++) {
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
    .dots = skinny_dots, .combine = skinny_combine, .outer = skinny_outer};
