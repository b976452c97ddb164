/* Elementwise arithmetic of one integer type: T, FN(name) = name_i32 ..., and W, an
   unsigned type of at least 32 bits in which sums and products wrap without surprise.
   Nothing here traps: a division by zero gives 0 (the caller raises), and the smallest
   number divided by -1 wraps to itself. */

#define SIGNED ((T)-1 < 0)
enum { FN(BITS) = 8 * sizeof(T) };

static inline T FN(neg)(T x) { return (T)((W)0 - (W)x); }
static inline T FN(abs)(T x) { return x < 0 ? FN(neg)(x) : x; }
static inline T FN(sign)(T x) { return (T)((x > 0) - (x < 0)); }
static inline T FN(square)(T x) { return (T)((W)x * (W)x); }
static inline T FN(relu)(T x) { return x < 0 ? 0 : x; }
static inline T FN(bitwise_not)(T x) { return (T)~x; }

static inline T FN(add)(T a, T b) { return (T)((W)a + (W)b); }
static inline T FN(sub)(T a, T b) { return (T)((W)a - (W)b); }
static inline T FN(mul)(T a, T b) { return (T)((W)a * (W)b); }
static inline T FN(maximum)(T a, T b) { return a > b ? a : b; }
static inline T FN(minimum)(T a, T b) { return a < b ? a : b; }
static inline T FN(bitwise_and)(T a, T b) { return a & b; }
static inline T FN(bitwise_or)(T a, T b) { return a | b; }
static inline T FN(bitwise_xor)(T a, T b) { return a ^ b; }

/* Truncating, as in C. */
static inline T FN(trunc_divide)(T a, T b) {
    if (b == 0) return 0;
    return SIGNED && b == (T)-1 ? FN(neg)(a) : (T)(a / b);
}
static inline T FN(fmod)(T a, T b) { return b == 0 || (SIGNED && b == (T)-1) ? 0 : (T)(a % b); }

/* Flooring, as in Python. */
static inline T FN(remainder)(T a, T b) {
    T rest = FN(fmod)(a, b);
    return SIGNED && rest != 0 && (b < 0) != (rest < 0) ? (T)(rest + b) : rest;
}
static inline T FN(floor_divide)(T a, T b) {
    T quotient = FN(trunc_divide)(a, b), rest = FN(fmod)(a, b);
    return SIGNED && rest != 0 && (b < 0) != (rest < 0) ? (T)(quotient - 1) : quotient;
}

/* A shift by a negative number or by all bits leaves 0, or the sign of a negative number. */
static inline T FN(shift_left)(T a, T b) {
    return b < 0 || b >= FN(BITS) ? 0 : (T)((W)a << b);
}
static inline T FN(shift_right)(T a, T b) {
    int outside = b < 0 || b >= FN(BITS);
    return (T)(outside ? (a < 0 ? -1 : 0) : a >> b);
}

/* By squaring; a negative exponent leaves the whole part of the fraction: 0, 1 or -1. */
static inline T FN(pow)(T a, T b) {
    if (SIGNED && b < 0)
        return a == 1 ? 1 : a == (T)-1 ? (b & 1 ? (T)-1 : 1) : 0;
    W result = 1, factor = (W)a;
    for (; b; b = (T)(b >> 1), factor *= factor)
        if (b & 1) result *= factor;
    return (T)result;
}

static inline T FN(add_alpha)(T a, T b, T alpha) { return (T)((W)a + (W)alpha * (W)b); }
static inline T FN(addcmul)(T a, T b, T c, T value) { return (T)((W)a + (W)value * (W)b * (W)c); }
static inline T FN(threshold)(T x, T limit, T value) { return x <= limit ? value : x; }
static inline T FN(clamp)(T x, T low, T high) {
    T raised = x < low ? low : x;
    return raised > high ? high : raised;
}

#include "pointwise_compare.inc.h"

#define DEFINE(ID, name) LOOP(name) { UNARY_BODY(T, T, FN(name)) }
INT_UNARY(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) LOOP(name) { UNARY_BODY(uint8_t, T, FN(name)) }
INT_TEST(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) LOOP(name) { BINARY_BODY(T, T, FN(name)) }
INT_BINARY(DEFINE)
#undef DEFINE
#define DEFINE(ID, name, tensors, scalars, BODY) LOOP(name) { BODY(T, FN(name)) }
INT_MULTI(DEFINE)
#undef DEFINE
#undef SIGNED
