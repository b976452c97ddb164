/* Casts between all dtypes.  Rules as in PyTorch: float to integer truncates, anything to
   bool is `!= 0`, float16 and bfloat16 are reached through float and round to nearest even.
   What C leaves undefined (NaN or out of range to integer) is whatever the processor gives. */
#include "convert.h"

#include <string.h>
#if defined(__F16C__)
#include <immintrin.h>
#endif

static inline uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

static inline float bits_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* float16: 1 sign, 5 exponent (bias 15), 10 fraction bits; float's bias is 112 more. */
static inline float load_f16(uint16_t h) {
#if defined(__F16C__)
    return _cvtsh_ss(h);
#else
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
    uint32_t finite = float_bits(bits_float(magnitude) * 0x1p112f);  /* exact, subnormals too */
    return bits_float(sign | (magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000 : finite));
#endif
}

static inline uint16_t store_f16(float x) {
#if defined(__F16C__)
    return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT);
#else
    uint32_t bits = float_bits(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    /* Adding 0.5 leaves a multiple of 2**-24, the smallest float16, correctly rounded. */
    uint32_t subnormal = float_bits(bits_float(magnitude) + 0.5f) - float_bits(0.5f);
    uint32_t normal = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
    uint32_t half = magnitude < (113u << 23) ? subnormal : normal;
    half = magnitude >= 0x477ff000 ? 0x7c00 : half;    /* 65520 and above */
    half = magnitude > 0x7f800000 ? 0x7e00 : half;
    return (uint16_t)(sign | half);
#endif
}

/* bfloat16: the upper half of a float. */
static inline float load_bf16(uint16_t b) { return bits_float((uint32_t)b << 16); }

static inline uint16_t store_bf16(float x) {
    uint32_t bits = float_bits(x);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}

/* n floats from float16 or bfloat16 elements `step` bytes apart, and back. */
static void widen_f16(float *out, const char *x, ptrdiff_t step, ptrdiff_t n) {
    ptrdiff_t i = 0;
#if defined(__AVX512F__)
    if (step == 2)
        for (; i + 16 <= n; i += 16)
            _mm512_storeu_ps(out + i, _mm512_cvtph_ps(
                                          _mm256_loadu_si256((const __m256i *)(x + 2 * i))));
#elif defined(__F16C__)
    if (step == 2)
        for (; i + 8 <= n; i += 8)
            _mm256_storeu_ps(out + i, _mm256_cvtph_ps(
                                          _mm_loadu_si128((const __m128i *)(x + 2 * i))));
#endif
    for (; i < n; i++) out[i] = load_f16(*(const uint16_t *)(x + i * step));
}

static void narrow_f16(char *out, ptrdiff_t step, const float *x, ptrdiff_t n) {
    ptrdiff_t i = 0;
#if defined(__AVX512F__)
    if (step == 2)
        for (; i + 16 <= n; i += 16)
            _mm256_storeu_si256((__m256i *)(out + 2 * i),
                                _mm512_cvtps_ph(_mm512_loadu_ps(x + i),
                                                _MM_FROUND_TO_NEAREST_INT));
#elif defined(__F16C__)
    if (step == 2)
        for (; i + 8 <= n; i += 8)
            _mm_storeu_si128((__m128i *)(out + 2 * i),
                             _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
#endif
    for (; i < n; i++) *(uint16_t *)(out + i * step) = store_f16(x[i]);
}

static void widen_bf16(float *restrict out, const char *x, ptrdiff_t step, ptrdiff_t n) {
    if (step == 2)
        for (ptrdiff_t i = 0; i < n; i++) out[i] = load_bf16(((const uint16_t *)x)[i]);
    else
        for (ptrdiff_t i = 0; i < n; i++) out[i] = load_bf16(*(const uint16_t *)(x + i * step));
}

static void narrow_bf16(char *out, ptrdiff_t step, const float *restrict x, ptrdiff_t n) {
    if (step == 2)
        for (ptrdiff_t i = 0; i < n; i++) ((uint16_t *)out)[i] = store_bf16(x[i]);
    else
        for (ptrdiff_t i = 0; i < n; i++) *(uint16_t *)(out + i * step) = store_bf16(x[i]);
}

/* One element: load_S gives a number of the compute type, store_D takes any number.
   Small integers go through int32, as the wrap-around of larger numbers asks. */
#define load_b8(x) ((x) != 0)
#define load_u8(x) (x)
#define load_i8(x) (x)
#define load_i16(x) (x)
#define load_i32(x) (x)
#define load_i64(x) (x)
#define load_f32(x) (x)
#define load_f64(x) (x)
#define store_b8(v) ((v) != 0)
#define store_u8(v) ((uint8_t)(int32_t)(v))
#define store_i8(v) ((int8_t)(int32_t)(v))
#define store_i16(v) ((int16_t)(int32_t)(v))
#define store_i32(v) ((int32_t)(v))
#define store_i64(v) ((int64_t)(v))
#define store_f32(v) ((float)(v))
#define store_f64(v) ((double)(v))

#define CAST_LOOP(D, TD, S, TS)                                                                \
    static void cast_##D##_##S(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {             \
        char *out = ptrs[0];                                                                   \
        const char *x = ptrs[1];                                                               \
        ptrdiff_t so = steps[0], sx = steps[1];                                                \
        if (so == sizeof(TD) && sx == sizeof(TS)) {                                            \
            MT_INDEPENDENT                                                                     \
            for (ptrdiff_t i = 0; i < n; i++)                                                  \
                ((TD *)out)[i] = store_##D(load_##S(((const TS *)x)[i]));                      \
        } else {                                                                               \
            for (ptrdiff_t i = 0; i < n; i++)                                                  \
                *(TD *)(out + i * so) = store_##D(load_##S(*(const TS *)(x + i * sx)));        \
        }                                                                                      \
    }

/* Contiguous rows between float and a half type take the vector conversions. */
#define HALF_CAST_LOOPS(H)                                                                     \
    static void cast_f32_##H(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {               \
        if (steps[0] == 4) {                                                                   \
            widen_##H((float *)ptrs[0], ptrs[1], steps[1], n);                                 \
            return;                                                                            \
        }                                                                                      \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(float *)(ptrs[0] + i * steps[0]) =                                               \
                load_##H(*(const uint16_t *)(ptrs[1] + i * steps[1]));                         \
    }                                                                                          \
    static void cast_##H##_f32(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {             \
        if (steps[1] == 4) {                                                                   \
            narrow_##H(ptrs[0], steps[0], (const float *)ptrs[1], n);                          \
            return;                                                                            \
        }                                                                                      \
        for (ptrdiff_t i = 0; i < n; i++)                                                      \
            *(uint16_t *)(ptrs[0] + i * steps[0]) =                                            \
                store_##H(*(const float *)(ptrs[1] + i * steps[1]));                           \
    }

/* Same dtype: the bits, whatever they mean; a step of 0 fills. */
#define COPY_LOOP(T, BITS)                                                                     \
    static void copy_##BITS(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {                \
        char *out = ptrs[0];                                                                   \
        const char *x = ptrs[1];                                                               \
        ptrdiff_t so = steps[0], sx = steps[1];                                                \
        if (so == sizeof(T) && sx == sizeof(T)) {                                              \
            memmove(out, x, (size_t)n * sizeof(T));                                            \
        } else if (so == sizeof(T) && sx == 0) {                                               \
            T value = *(const T *)x;                                                           \
            for (ptrdiff_t i = 0; i < n; i++) ((T *)out)[i] = value;                           \
        } else {                                                                               \
            for (ptrdiff_t i = 0; i < n; i++) *(T *)(out + i * so) = *(const T *)(x + i * sx); \
        }                                                                                      \
    }

COPY_LOOP(uint8_t, 8)
COPY_LOOP(uint16_t, 16)
COPY_LOOP(uint32_t, 32)
COPY_LOOP(uint64_t, 64)
HALF_CAST_LOOPS(f16)
HALF_CAST_LOOPS(bf16)

/* X(dst, its C type, src, its C type): all pairs but float <-> half.  (The loops from a
   dtype to itself stay unused: the table takes copy_N there.) */
#define CASTS_BETWEEN_INTS(X, D, TD)                                                           \
    X(D, TD, b8, uint8_t) X(D, TD, u8, uint8_t) X(D, TD, i8, int8_t) X(D, TD, i16, int16_t)    \
    X(D, TD, i32, int32_t) X(D, TD, i64, int64_t)
#define CASTS_FROM_HALVES(X, D, TD) X(D, TD, f16, uint16_t) X(D, TD, bf16, uint16_t)
#define CASTS_FROM_FLOATS(X, D, TD) X(D, TD, f32, float) X(D, TD, f64, double)
#define CASTS_FROM_ALL(X, D, TD)                                                               \
    CASTS_BETWEEN_INTS(X, D, TD) CASTS_FROM_HALVES(X, D, TD) CASTS_FROM_FLOATS(X, D, TD)

CASTS_FROM_ALL(CAST_LOOP, b8, uint8_t)
CASTS_FROM_ALL(CAST_LOOP, u8, uint8_t)
CASTS_FROM_ALL(CAST_LOOP, i8, int8_t)
CASTS_FROM_ALL(CAST_LOOP, i16, int16_t)
CASTS_FROM_ALL(CAST_LOOP, i32, int32_t)
CASTS_FROM_ALL(CAST_LOOP, i64, int64_t)
CASTS_BETWEEN_INTS(CAST_LOOP, f16, uint16_t)
CAST_LOOP(f16, uint16_t, bf16, uint16_t)
CAST_LOOP(f16, uint16_t, f64, double)
CASTS_BETWEEN_INTS(CAST_LOOP, bf16, uint16_t)
CAST_LOOP(bf16, uint16_t, f16, uint16_t)
CAST_LOOP(bf16, uint16_t, f64, double)
CASTS_BETWEEN_INTS(CAST_LOOP, f32, float)
CAST_LOOP(f32, float, f64, double)
CASTS_BETWEEN_INTS(CAST_LOOP, f64, double)
CASTS_FROM_HALVES(CAST_LOOP, f64, double)
CAST_LOOP(f64, double, f32, float)

#define CAST_ROW(D)                                                                            \
    [MT_BOOL] = cast_##D##_b8, [MT_U8] = cast_##D##_u8, [MT_I8] = cast_##D##_i8,               \
    [MT_I16] = cast_##D##_i16, [MT_I32] = cast_##D##_i32, [MT_I64] = cast_##D##_i64,           \
    [MT_F16] = cast_##D##_f16, [MT_BF16] = cast_##D##_bf16,                                    \
    [MT_F32] = cast_##D##_f32, [MT_F64] = cast_##D##_f64
#define cast_b8_b8 copy_8
#define cast_u8_u8 copy_8
#define cast_i8_i8 copy_8
#define cast_i16_i16 copy_16
#define cast_i32_i32 copy_32
#define cast_i64_i64 copy_64
#define cast_f16_f16 copy_16
#define cast_bf16_bf16 copy_16
#define cast_f32_f32 copy_32
#define cast_f64_f64 copy_64

/* Transposed copies.  Blocks of 8 x 8 words go through registers where there are eight lanes;
   the edges, and other items, go one by one along the longer side. */

#define TRANSPOSE_ITEMS(T, BITS)                                                               \
    static void transpose_items_##BITS(char *out, ptrdiff_t out_row, const char *x,            \
                                       ptrdiff_t x_column, ptrdiff_t rows,                     \
                                       ptrdiff_t columns) {                                    \
        if (rows > columns) {                                                                  \
            for (ptrdiff_t c = 0; c < columns; c++)                                            \
                for (ptrdiff_t r = 0; r < rows; r++)                                           \
                    ((T *)(out + r * out_row))[c] = ((const T *)(x + c * x_column))[r];        \
        } else {                                                                               \
            for (ptrdiff_t r = 0; r < rows; r++)                                               \
                for (ptrdiff_t c = 0; c < columns; c++)                                        \
                    ((T *)(out + r * out_row))[c] = ((const T *)(x + c * x_column))[r];        \
        }                                                                                      \
    }
TRANSPOSE_ITEMS(uint8_t, 8)
TRANSPOSE_ITEMS(uint16_t, 16)
TRANSPOSE_ITEMS(uint32_t, 32)
TRANSPOSE_ITEMS(uint64_t, 64)

#if defined(__AVX2__)
/* Pairs of rows, pairs of pairs, halves: three rounds of shuffles. */
static inline void transpose_8x8(char *out, ptrdiff_t out_row, const char *x,
                                 ptrdiff_t x_column) {
    __m256 v[8], w[8];
    for (int c = 0; c < 8; c++) v[c] = _mm256_loadu_ps((const float *)(x + c * x_column));
    for (int c = 0; c < 8; c += 2) {
        w[c] = _mm256_unpacklo_ps(v[c], v[c + 1]);
        w[c + 1] = _mm256_unpackhi_ps(v[c], v[c + 1]);
    }
    for (int c = 0; c < 8; c += 4) {
        v[c] = _mm256_shuffle_ps(w[c], w[c + 2], 0x44);
        v[c + 1] = _mm256_shuffle_ps(w[c], w[c + 2], 0xee);
        v[c + 2] = _mm256_shuffle_ps(w[c + 1], w[c + 3], 0x44);
        v[c + 3] = _mm256_shuffle_ps(w[c + 1], w[c + 3], 0xee);
    }
    for (int r = 0; r < 4; r++) {
        _mm256_storeu_ps((float *)(out + r * out_row),
                         _mm256_permute2f128_ps(v[r], v[r + 4], 0x20));
        _mm256_storeu_ps((float *)(out + (r + 4) * out_row),
                         _mm256_permute2f128_ps(v[r], v[r + 4], 0x31));
    }
}

static void transpose_32(char *out, ptrdiff_t out_row, const char *x, ptrdiff_t x_column,
                         ptrdiff_t rows, ptrdiff_t columns) {
    ptrdiff_t whole_rows = rows & ~(ptrdiff_t)7, whole_columns = columns & ~(ptrdiff_t)7;
    /* Two blocks side by side fill a cache line of the output. */
    for (ptrdiff_t begin = 0; begin < whole_columns; begin += 16)
        for (ptrdiff_t r = 0; r < whole_rows; r += 8)
            for (ptrdiff_t c = begin; c < whole_columns && c < begin + 16; c += 8)
                transpose_8x8(out + r * out_row + 4 * c, out_row, x + c * x_column + 4 * r,
                              x_column);
    transpose_items_32(out + 4 * whole_columns, out_row, x + whole_columns * x_column, x_column,
                       whole_rows, columns - whole_columns);
    transpose_items_32(out + whole_rows * out_row, out_row, x + 4 * whole_rows, x_column,
                       rows - whole_rows, columns);
}
#else
#define transpose_32 transpose_items_32
#endif

static const mt_convert_table convert_table = {.cast = {
    [MT_BOOL] = {CAST_ROW(b8)}, [MT_U8] = {CAST_ROW(u8)}, [MT_I8] = {CAST_ROW(i8)},
    [MT_I16] = {CAST_ROW(i16)}, [MT_I32] = {CAST_ROW(i32)}, [MT_I64] = {CAST_ROW(i64)},
    [MT_F16] = {CAST_ROW(f16)}, [MT_BF16] = {CAST_ROW(bf16)},
    [MT_F32] = {CAST_ROW(f32)}, [MT_F64] = {CAST_ROW(f64)},
}, .transpose = {
    transpose_items_8, transpose_items_16, transpose_32, transpose_items_64,
}};
