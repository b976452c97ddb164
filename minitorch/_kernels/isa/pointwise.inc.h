/* The table of elementwise loops: one float file and one integer file, included per type. */
#include "pointwise.h"

#include <math.h>

#include "convert.inc.h"
#include "pointwise_lists.inc.h"
#include "pointwise_loops.inc.h"
#include "pointwise_math.inc.h"
#include "box_muller.inc.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define FN(name) JOIN(name, SUFFIX)

/* Floats. */

#define T float
#define SUFFIX f32
#define M(name) name##f
#define V(name) vec_##name
#include "pointwise_float.inc.h"
#undef T
#undef SUFFIX
#undef M
#undef V

#define T double
#define SUFFIX f64
#define M(name) name
#define V(name) name
#include "pointwise_float.inc.h"
#undef T
#undef SUFFIX
#undef M
#undef V

#define SUFFIX f64
#define DEFINE(ID, name) LOOP(name) { UNARY_BODY(double, double, name) }
FLOAT_TURN(DEFINE)
#undef DEFINE
#undef SUFFIX

/* Integers; W is where arithmetic happens. */

#define W uint32_t
#define T uint8_t
#define SUFFIX u8
#include "pointwise_int.inc.h"
#undef T
#undef SUFFIX
#define T int8_t
#define SUFFIX i8
#include "pointwise_int.inc.h"
#undef T
#undef SUFFIX
#define T int16_t
#define SUFFIX i16
#include "pointwise_int.inc.h"
#undef T
#undef SUFFIX
#define T int32_t
#define SUFFIX i32
#include "pointwise_int.inc.h"
#undef T
#undef SUFFIX
#undef W
#define W uint64_t
#define T int64_t
#define SUFFIX i64
#include "pointwise_int.inc.h"
#undef T
#undef SUFFIX
#undef W

/* bool: one byte, 0 or 1. */

#define SUFFIX b8
static inline uint8_t FN(identity)(uint8_t x) { return x; }
static inline uint8_t FN(logical_not)(uint8_t x) { return x ^ 1; }
static inline uint8_t FN(and)(uint8_t a, uint8_t b) { return a & b; }
static inline uint8_t FN(or)(uint8_t a, uint8_t b) { return a | b; }
static inline uint8_t FN(xor)(uint8_t a, uint8_t b) { return a ^ b; }
static inline uint8_t FN(eq)(uint8_t a, uint8_t b) { return a == b; }
static inline uint8_t FN(lt)(uint8_t a, uint8_t b) { return a < b; }
static inline uint8_t FN(le)(uint8_t a, uint8_t b) { return a <= b; }
static inline uint8_t FN(gt)(uint8_t a, uint8_t b) { return a > b; }
static inline uint8_t FN(ge)(uint8_t a, uint8_t b) { return a >= b; }
LOOP(identity) { UNARY_BODY(uint8_t, uint8_t, FN(identity)) }
LOOP(logical_not) { UNARY_BODY(uint8_t, uint8_t, FN(logical_not)) }
#define DEFINE(name) LOOP(name) { BINARY_BODY(uint8_t, uint8_t, FN(name)) }
DEFINE(and) DEFINE(or) DEFINE(xor) DEFINE(eq) DEFINE(lt) DEFINE(le) DEFINE(gt) DEFINE(ge)
#undef DEFINE
#undef SUFFIX

/* float16 and bfloat16: chunks widened to float, the float loop, the result rounded.
   The scalars that follow the tensors are floats already. */
#define HALF_APPLY(H)                                                                          \
    static void apply_##H(mt_loop loop, int tensors, int scalars, int to_bool, char **ptrs,    \
                          const ptrdiff_t *steps, ptrdiff_t n) {                               \
        float wide[4][MT_CHUNK];                                                               \
        for (ptrdiff_t begin = 0; begin < n; begin += MT_CHUNK) {                              \
            ptrdiff_t m = n - begin < MT_CHUNK ? n - begin : MT_CHUNK;                         \
            char *out = ptrs[0] + begin * steps[0], *wide_ptrs[6];                             \
            ptrdiff_t wide_steps[6];                                                           \
            wide_ptrs[0] = to_bool ? out : (char *)wide[0];                                    \
            wide_steps[0] = to_bool ? steps[0] : 4;                                            \
            for (int k = 1; k <= tensors; k++) {                                               \
                widen_##H(wide[k], ptrs[k] + begin * steps[k], steps[k], steps[k] ? m : 1);    \
                wide_ptrs[k] = (char *)wide[k];                                                \
                wide_steps[k] = steps[k] ? 4 : 0;                                              \
            }                                                                                  \
            for (int k = tensors + 1; k <= tensors + scalars; k++) {                           \
                wide_ptrs[k] = ptrs[k] + begin * steps[k];                                     \
                wide_steps[k] = steps[k];                                                      \
            }                                                                                  \
            loop(wide_ptrs, wide_steps, m);                                                    \
            if (!to_bool) narrow_##H(out, steps[0], wide[0], m);                               \
        }                                                                                      \
    }
HALF_APPLY(f16)
HALF_APPLY(bf16)

#define HALF_LOOP(name, H, tensors, scalars, to_bool)                                          \
    static void name##_loop_##H(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {            \
        apply_##H(name##_loop_f32, tensors, scalars, to_bool, ptrs, steps, n);                 \
    }
#define DEFINE(ID, name) HALF_LOOP(name, f16, 1, 0, 0) HALF_LOOP(name, bf16, 1, 0, 0)
FLOAT_UNARY(DEFINE)
FLOAT_TURN(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) HALF_LOOP(name, f16, 1, 0, 1) HALF_LOOP(name, bf16, 1, 0, 1)
FLOAT_TEST(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) HALF_LOOP(name, f16, 2, 0, 0) HALF_LOOP(name, bf16, 2, 0, 0)
FLOAT_BINARY(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) HALF_LOOP(name, f16, 1, 1, 0) HALF_LOOP(name, bf16, 1, 1, 0)
FLOAT_SCALAR(DEFINE)
DEFINE(, pow_scalar)
#undef DEFINE
#define DEFINE(ID, name) HALF_LOOP(name, f16, 2, 0, 1) HALF_LOOP(name, bf16, 2, 0, 1)
COMPARE(DEFINE)
#undef DEFINE
#define DEFINE(ID, name, tensors, scalars, BODY)                                               \
    HALF_LOOP(name, f16, tensors, scalars, 0) HALF_LOOP(name, bf16, tensors, scalars, 0)
FLOAT_MULTI(DEFINE)
#undef DEFINE

/* out = condition ? a : b, on the bits. */
#define WHERE_LOOP(T, BITS)                                                                    \
    static void where_##BITS(char **ptrs, const ptrdiff_t *steps, ptrdiff_t n) {               \
        char *out = ptrs[0];                                                                   \
        const char *c = ptrs[1], *a = ptrs[2], *b = ptrs[3];                                   \
        ptrdiff_t so = steps[0], sc = steps[1], sa = steps[2], sb = steps[3];                  \
        int dense = so == sizeof(T) && sc == 1;                                                \
        if (dense && sa == sizeof(T) && sb == sizeof(T)) {                                     \
            MT_INDEPENDENT                                                                     \
            for (ptrdiff_t i = 0; i < n; i++)                                                  \
                ((T *)out)[i] = c[i] ? AT(T, a, i) : AT(T, b, i);                              \
        } else if (dense && sa == 0 && sb == sizeof(T)) {    /* masked_fill */                 \
            T value = *(const T *)a;                                                           \
            MT_INDEPENDENT                                                                     \
            for (ptrdiff_t i = 0; i < n; i++) ((T *)out)[i] = c[i] ? value : AT(T, b, i);      \
        } else {                                                                               \
            for (ptrdiff_t i = 0; i < n; i++)                                                  \
                *(T *)(out + i * so) = *(c + i * sc) ? STEP_AT(T, a, i, sa)                    \
                                                     : STEP_AT(T, b, i, sb);                   \
        }                                                                                      \
    }
WHERE_LOOP(uint8_t, 8)
WHERE_LOOP(uint16_t, 16)
WHERE_LOOP(uint32_t, 32)
WHERE_LOOP(uint64_t, 64)

/* The table, operation by operation. */

/* [operation][code] = loop, one line per class, so that classes may share an operation. */
#define FLOATS(TABLE, ID, name)                                                                \
    [TABLE##_##ID][MT_F16] = name##_loop_f16, [TABLE##_##ID][MT_BF16] = name##_loop_bf16,      \
    [TABLE##_##ID][MT_F32] = name##_loop_f32, [TABLE##_##ID][MT_F64] = name##_loop_f64,
#define INTS(TABLE, ID, name)                                                                  \
    [TABLE##_##ID][MT_U8] = name##_loop_u8, [TABLE##_##ID][MT_I8] = name##_loop_i8,            \
    [TABLE##_##ID][MT_I16] = name##_loop_i16, [TABLE##_##ID][MT_I32] = name##_loop_i32,        \
    [TABLE##_##ID][MT_I64] = name##_loop_i64,
#define UNARY_FLOATS(ID, name) FLOATS(UNARY, ID, name)
#define UNARY_INTS(ID, name) INTS(UNARY, ID, name)
#define UNARY_BOOL(ID, name) [UNARY_##ID][MT_BOOL] = name##_loop_b8,
#define BINARY_FLOATS(ID, name) FLOATS(BINARY, ID, name)
#define BINARY_INTS(ID, name) INTS(BINARY, ID, name)
#define BINARY_BOOL(ID, name) [BINARY_##ID][MT_BOOL] = name##_loop_b8,
#define MULTI_FLOATS(ID, name, tensors, scalars, BODY) FLOATS(MULTI, ID, name)
#define MULTI_INTS(ID, name, tensors, scalars, BODY) INTS(MULTI, ID, name)

static const mt_pointwise_table pointwise_table = {
    .unary = {
        FLOAT_UNARY(UNARY_FLOATS) FLOAT_TURN(UNARY_FLOATS) FLOAT_TEST(UNARY_FLOATS)
        INT_UNARY(UNARY_INTS) INT_TEST(UNARY_INTS)
        BOOL_UNARY(UNARY_BOOL)
    },
    .binary = {
        FLOAT_BINARY(BINARY_FLOATS) FLOAT_SCALAR(BINARY_FLOATS) COMPARE(BINARY_FLOATS)
        FLOATS(BINARY, POW_SCALAR, pow_scalar)
        INT_BINARY(BINARY_INTS) COMPARE(BINARY_INTS)
        INTS(BINARY, POW_SCALAR, pow)
        BOOL_BINARY(BINARY_BOOL)
    },
    .multi = {FLOAT_MULTI(MULTI_FLOATS) INT_MULTI(MULTI_INTS)},
    .box_muller = box_muller_f32,
    .where = {where_8, where_16, where_32, where_64},
};

#undef FN
#undef LOOP
#undef AT
#undef STEP_AT
