/* Family winograd for both tile sizes. */
#include "epilogue.inc.h"
#include "simd.h"
#include "transpose.inc.h"
#include "winograd.h"

#include "real_f32.inc.h"

/* ---- the transforms in one dimension, d[k * s] in, o[k * so] out ---- */

/* B' for F(4, 3) */
MT_INLINE void input_6(const VEC *d, const int s, VEC *o, const int so) {
    const VEC a = d[4 * s] - 4.f * d[2 * s], b = d[3 * s] - 4.f * d[s];
    const VEC c = d[4 * s] - d[2 * s], e = 2.f * (d[3 * s] - d[s]);
    const VEC first = 4.f * d[0] - 5.f * d[2 * s] + d[4 * s];
    const VEC last = 4.f * d[s] - 5.f * d[3 * s] + d[5 * s];
    o[0] = first;
    o[so] = a + b;
    o[2 * so] = a - b;
    o[3 * so] = c + e;
    o[4 * so] = c - e;
    o[5 * so] = last;
}

/* B' for F(2, 3) */
MT_INLINE void input_4(const VEC *d, const int s, VEC *o, const int so) {
    const VEC d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s];
    o[0] = d0 - d2;
    o[so] = d1 + d2;
    o[2 * so] = d2 - d1;
    o[3 * so] = d1 - d3;
}

/* A' for F(4, 3) */
MT_INLINE void output_6(const VEC *d, const int s, VEC *o, const int so) {
    const VEC a = d[s] + d[2 * s], b = d[s] - d[2 * s];
    const VEC c = d[3 * s] + d[4 * s], e = d[3 * s] - d[4 * s];
    o[0] = d[0] + a + c;
    o[so] = b + 2.f * e;
    o[2 * so] = a + 4.f * c;
    o[3 * so] = b + 8.f * e + d[5 * s];
}

/* A' for F(2, 3) */
MT_INLINE void output_4(const VEC *d, const int s, VEC *o, const int so) {
    o[0] = d[0] + d[s] + d[2 * s];
    o[so] = d[s] - d[2 * s] - d[3 * s];
}

/* A, the adjoint of output_6 */
MT_INLINE void gradient_6(const VEC *d, const int s, VEC *o, const int so) {
    const VEC d0 = d[0], d3 = d[3 * s];
    const VEC a = d0 + d[2 * s], b = d[s] + d3;
    const VEC c = d0 + 4.f * d[2 * s], e = 2.f * d[s] + 8.f * d3;
    o[0] = d0;
    o[so] = a + b;
    o[2 * so] = a - b;
    o[3 * so] = c + e;
    o[4 * so] = c - e;
    o[5 * so] = d3;
}

/* A, the adjoint of output_4 */
MT_INLINE void gradient_4(const VEC *d, const int s, VEC *o, const int so) {
    const VEC d0 = d[0], d1 = d[s];
    o[0] = d0;
    o[so] = d0 + d1;
    o[2 * so] = d0 - d1;
    o[3 * so] = -d1;
}

/* G for F(4, 3) */
MT_INLINE void filter_6(const VEC *d, const int s, VEC *o, const int so) {
    const VEC e = (d[0] + d[2 * s]) * (-1.f / 6), f = d[s] * (1.f / 6);
    const VEC g = d[0] * (1.f / 24) + d[2 * s] * (1.f / 6), h = d[s] * (1.f / 12);
    const VEC first = d[0] * 0.25f, last = d[2 * s];
    o[0] = first;
    o[so] = e - f;
    o[2 * so] = e + f;
    o[3 * so] = g + h;
    o[4 * so] = g - h;
    o[5 * so] = last;
}

/* G for F(2, 3) */
MT_INLINE void filter_4(const VEC *d, const int s, VEC *o, const int so) {
    const VEC e = (d[0] + d[2 * s]) * 0.5f, f = d[s] * 0.5f;
    const VEC first = d[0], last = d[2 * s];
    o[0] = first;
    o[so] = e + f;
    o[2 * so] = e - f;
    o[3 * so] = last;
}

/* G', the adjoint of filter_6 */
MT_INLINE void filter_gradient_6(const VEC *d, const int s, VEC *o, const int so) {
    const VEC p = d[s] + d[2 * s], q = d[3 * s] + d[4 * s];
    o[0] = d[0] * 0.25f - p * (1.f / 6) + q * (1.f / 24);
    o[so] = (d[2 * s] - d[s]) * (1.f / 6) + (d[3 * s] - d[4 * s]) * (1.f / 12);
    o[2 * so] = (q - p) * (1.f / 6) + d[5 * s];
}

/* G', the adjoint of filter_4 */
MT_INLINE void filter_gradient_4(const VEC *d, const int s, VEC *o, const int so) {
    const VEC p = (d[s] + d[2 * s]) * 0.5f;
    o[0] = d[0] + p;
    o[so] = (d[s] - d[2 * s]) * 0.5f;
    o[2 * so] = p + d[3 * s];
}

/* ---- channels that are no whole vector ---- */

MT_INLINE VEC load_first(const float *p, ptrdiff_t count) {
    VEC v = {0};
    __builtin_memcpy(&v, p, (size_t)count * sizeof(float));
    return v;
}

MT_INLINE void store_first(float *p, VEC v, ptrdiff_t count) {
    __builtin_memcpy(p, &v, (size_t)count * sizeof(float));
}

#define TILE 6
#define WINOGRAD(name) name##_6
#include "winograd_tile.inc.h"
#undef TILE
#undef WINOGRAD

#define TILE 4
#define WINOGRAD(name) name##_4
#include "winograd_tile.inc.h"
#undef TILE
#undef WINOGRAD

#include "real_end.inc.h"
