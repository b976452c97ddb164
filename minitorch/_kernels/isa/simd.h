/* Vector types of the instruction set that the including file is compiled for.
 *
 * MT_VECTOR_BYTES is 64, 32 or 16.  The types are GCC/Clang vector extensions: arithmetic and
 * comparison operators work lane by lane.  They are unaligned and may alias, so a load is
 * `*(const vf32 *)pointer`.  Both compilers keep a*b + c as two roundings under -std=c11, so
 * that fused multiply-add is written where it is meant (mt_fma_*) and nowhere else.
 */
#ifndef MT_SIMD_H
#define MT_SIMD_H

#include <stddef.h>
#include <stdint.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define MT_INLINE static inline __attribute__((always_inline, unused))
#define MT_NOINLINE static __attribute__((noinline, unused))

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define MT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MT_UNROLL _Pragma("GCC unroll 16")
#endif

enum { LANES_F32 = MT_VECTOR_BYTES / 4, LANES_F64 = MT_VECTOR_BYTES / 8 };

typedef float vf32 __attribute__((vector_size(MT_VECTOR_BYTES), aligned(4), may_alias));
typedef double vf64 __attribute__((vector_size(MT_VECTOR_BYTES), aligned(8), may_alias));
typedef int32_t vi32 __attribute__((vector_size(MT_VECTOR_BYTES), aligned(4), may_alias));
typedef int64_t vi64 __attribute__((vector_size(MT_VECTOR_BYTES), aligned(8), may_alias));

/* set1: `x - 0` keeps every value, -0.0 and NaN included, and compiles to one broadcast;
 * `0 + x` would cost an addition without -ffast-math. */
MT_INLINE vf32 mt_set1_f32(float x) { return x - (vf32){0}; }
MT_INLINE vf64 mt_set1_f64(double x) { return x - (vf64){0}; }

/* a * b + c, rounded once where the hardware can do it. */
#if MT_VECTOR_BYTES == 64 && defined(__AVX512F__)
MT_INLINE vf32 mt_fma_f32(vf32 a, vf32 b, vf32 c) {
    return (vf32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
MT_INLINE vf64 mt_fma_f64(vf64 a, vf64 b, vf64 c) {
    return (vf64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif MT_VECTOR_BYTES == 32 && defined(__FMA__)
MT_INLINE vf32 mt_fma_f32(vf32 a, vf32 b, vf32 c) {
    return (vf32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
MT_INLINE vf64 mt_fma_f64(vf64 a, vf64 b, vf64 c) {
    return (vf64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#else
MT_INLINE vf32 mt_fma_f32(vf32 a, vf32 b, vf32 c) { return a * b + c; }
MT_INLINE vf64 mt_fma_f64(vf64 a, vf64 b, vf64 c) { return a * b + c; }
#endif

/* One lane of it, so that a value does not depend on its place in a row. */
MT_INLINE float mt_fma_one_f32(float a, float b, float c) {
    return mt_fma_f32(mt_set1_f32(a), mt_set1_f32(b), mt_set1_f32(c))[0];
}
MT_INLINE double mt_fma_one_f64(double a, double b, double c) {
    return mt_fma_f64(mt_set1_f64(a), mt_set1_f64(b), mt_set1_f64(c))[0];
}

/* Store to an address aligned to the vector, past the caches where the hardware can. */
MT_INLINE void mt_stream_f32(float *p, vf32 v) {
#if MT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    _mm512_stream_ps(p, (__m512)v);
#elif MT_VECTOR_BYTES == 32 && defined(__AVX2__)
    _mm256_stream_ps(p, (__m256)v);
#else
    *(vf32 *)p = v;
#endif
}

/* After a series of them: what was streamed comes before what the thread does next. */
MT_INLINE void mt_stream_end(void) {
#if defined(__AVX2__)
    _mm_sfence();
#endif
}

/* where(mask, a, b): the mask comes from a comparison of vectors (all ones or all zeros). */
MT_INLINE vf32 mt_select_f32(vi32 mask, vf32 a, vf32 b) {
    return (vf32)((mask & (vi32)a) | (~mask & (vi32)b));
}
MT_INLINE vf64 mt_select_f64(vi64 mask, vf64 a, vf64 b) {
    return (vf64)((mask & (vi64)a) | (~mask & (vi64)b));
}

/* max(x, 0) that keeps NaN and -0.0, as the unary relu does. */
MT_INLINE vf32 mt_relu_f32(vf32 x) { return mt_select_f32((vi32)(x < (vf32){0}), (vf32){0}, x); }
MT_INLINE vf64 mt_relu_f64(vf64 x) { return mt_select_f64((vi64)(x < (vf64){0}), (vf64){0}, x); }

#endif
