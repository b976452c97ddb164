/* Elementwise arithmetic of one float type: T, FN(name) = name_f32 or name_f64, and
   M(name) = the C library's function for T.  Every slope stands under its value; a slope
   takes the incoming gradient g and what was saved, the result y or the input x. */

/* a * b + c, rounded once where the processor can do that fast. */
static inline T FN(fma)(T a, T b, T c) {
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)
    return M(fma)(a, b, c);
#else
    return a * b + c;
#endif
}

static inline T FN(neg)(T x) { return -x; }
static inline T FN(square)(T x) { return x * x; }
static inline T FN(sign)(T x) { return (T)((x > 0) - (x < 0)); }

static inline T FN(abs)(T x) { return M(fabs)(x); }
static inline T FN(abs_backward)(T g, T x) { return g * FN(sign)(x); }

static inline T FN(sqrt)(T x) { return M(sqrt)(x); }
static inline T FN(sqrt_backward)(T g, T y) { return g / (2 * y); }
static inline T FN(rsqrt)(T x) { return 1 / M(sqrt)(x); }
static inline T FN(reciprocal)(T x) { return 1 / x; }

static inline T FN(exp)(T x) { return M(exp)(x); }
static inline T FN(exp2)(T x) { return M(exp2)(x); }
static inline T FN(expm1)(T x) { return M(expm1)(x); }
static inline T FN(log)(T x) { return M(log)(x); }
static inline T FN(log2)(T x) { return M(log2)(x); }
static inline T FN(log10)(T x) { return M(log10)(x); }
static inline T FN(log1p)(T x) { return M(log1p)(x); }
static inline T FN(sin)(T x) { return M(sin)(x); }
static inline T FN(cos)(T x) { return M(cos)(x); }
static inline T FN(tan)(T x) { return M(tan)(x); }
static inline T FN(asin)(T x) { return M(asin)(x); }
static inline T FN(acos)(T x) { return M(acos)(x); }
static inline T FN(atan)(T x) { return M(atan)(x); }
static inline T FN(sinh)(T x) { return M(sinh)(x); }
static inline T FN(cosh)(T x) { return M(cosh)(x); }
static inline T FN(asinh)(T x) { return M(asinh)(x); }
static inline T FN(acosh)(T x) { return M(acosh)(x); }
static inline T FN(atanh)(T x) { return M(atanh)(x); }
static inline T FN(erf)(T x) { return M(erf)(x); }
static inline T FN(erfc)(T x) { return M(erfc)(x); }
static inline T FN(floor)(T x) { return M(floor)(x); }
static inline T FN(ceil)(T x) { return M(ceil)(x); }
static inline T FN(round)(T x) { return M(rint)(x); }    /* half to even */
static inline T FN(trunc)(T x) { return M(trunc)(x); }

/* Activations. */

static inline T FN(relu)(T x) { return x < 0 ? 0 : x; }    /* NaN stays NaN */
static inline T FN(relu_backward)(T g, T y) { return y <= 0 ? 0 : g; }

static inline T FN(threshold)(T x, T limit, T value) { return x <= limit ? value : x; }
static inline T FN(threshold_backward)(T g, T x, T limit) { return x <= limit ? 0 : g; }

static inline T FN(leaky_relu)(T x, T slope) { return x > 0 ? x : x * slope; }
static inline T FN(leaky_relu_backward)(T g, T x, T slope) { return x > 0 ? g : g * slope; }

static inline T FN(clamp)(T x, T low, T high) {
    T raised = x < low ? low : x;
    return raised > high ? high : raised;
}
static inline T FN(clamp_backward)(T g, T x, T low, T high) {
    return (x >= low) & (x <= high) ? g : 0;
}

static inline T FN(sigmoid)(T x) { return 1 / (1 + M(exp)(-x)); }
static inline T FN(sigmoid_backward)(T g, T y) { return g * (1 - y) * y; }

static inline T FN(tanh)(T x) { return M(tanh)(x); }
static inline T FN(tanh_backward)(T g, T y) { return g * (1 - y * y); }

static inline T FN(silu)(T x) { return x / (1 + M(exp)(-x)); }
static inline T FN(silu_backward)(T g, T x) {
    T s = FN(sigmoid)(x);
    return g * s * (1 + x * (1 - s));
}

/* x Phi(x), Phi and phi the normal distribution and its density. */
static inline T FN(gelu)(T x) {
    return x * (T)0.5 * (1 + M(erf)(x * (T)0.70710678118654752440));
}
static inline T FN(gelu_backward)(T g, T x) {
    T Phi = (T)0.5 * (1 + M(erf)(x * (T)0.70710678118654752440));
    T phi = M(exp)((T)-0.5 * x * x) * (T)0.39894228040143267794;
    return g * (Phi + x * phi);
}

/* x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 */
static inline T FN(gelu_tanh)(T x) {
    T inner = (T)0.79788456080286535588 * (x + (T)0.044715 * x * x * x);
    return (T)0.5 * x * (1 + M(tanh)(inner));
}
static inline T FN(gelu_tanh_backward)(T g, T x) {
    T t = M(tanh)((T)0.79788456080286535588 * (x + (T)0.044715 * x * x * x));
    T inner_slope = (T)0.79788456080286535588 * (1 + 3 * (T)0.044715 * x * x);
    return g * ((T)0.5 * (1 + t) + (T)0.5 * x * (1 - t * t) * inner_slope);
}

/* log(1 + e^x), the identity above 20 as in PyTorch. */
static inline T FN(softplus)(T x) { return x > 20 ? x : M(log1p)(M(exp)(x)); }
static inline T FN(softplus_backward)(T g, T x) {
    T z = M(exp)(x);
    return x > 20 ? g : g * z / (z + 1);
}

/* log(sigmoid(x)), without overflow on either side. */
static inline T FN(logsigmoid)(T x) { return (x < 0 ? x : 0) - M(log1p)(M(exp)(-M(fabs)(x))); }
static inline T FN(logsigmoid_backward)(T g, T x) {
    T z = M(exp)(-M(fabs)(x));
    return g * (x < 0 ? 1 - z / (1 + z) : z / (1 + z));
}

/* Two operands. */

static inline T FN(add)(T a, T b) { return a + b; }
static inline T FN(sub)(T a, T b) { return a - b; }
static inline T FN(mul)(T a, T b) { return a * b; }
static inline T FN(div)(T a, T b) { return a / b; }
static inline T FN(atan2)(T a, T b) { return M(atan2)(a, b); }
static inline T FN(fmod)(T a, T b) { return M(fmod)(a, b); }
static inline T FN(trunc_divide)(T a, T b) { return M(trunc)(a / b); }

/* The sign of the divisor, as in Python. */
static inline T FN(remainder)(T a, T b) {
    T rest = M(fmod)(a, b);
    return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}

/* floor(a / b) such that b * quotient + remainder(a, b) is a, as CPython computes it. */
static inline T FN(floor_divide)(T a, T b) {
    if (b == 0) return a / b;
    T rest = M(fmod)(a, b);
    T quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
    if (quotient == 0) return M(copysign)(0, a / b);
    T whole = M(floor)(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}

static inline T FN(pow)(T a, T b) { return M(pow)(a, b); }

/* NaN wins: the first comparison is false for a NaN in b, and then b is taken. */
static inline T FN(maximum)(T a, T b) { return (a > b) | (a != a) ? a : b; }
static inline T FN(minimum)(T a, T b) { return (a < b) | (a != a) ? a : b; }

/* Three and four operands. */

static inline T FN(add_alpha)(T a, T b, T alpha) { return FN(fma)(alpha, b, a); }
static inline T FN(addcmul)(T a, T b, T c, T value) { return a + value * b * c; }
static inline T FN(addcdiv)(T a, T b, T c, T value) { return a + value * b / c; }

/* From the nearer end, so that both ends are met exactly. */
static inline T FN(lerp)(T a, T b, T weight) {
    T near_a = FN(fma)(weight, b - a, a);
    T near_b = FN(fma)(weight - 1, b - a, b);
    return M(fabs)(weight) < (T)0.5 ? near_a : near_b;
}

/* Tests and comparisons, to bool. */

static inline uint8_t FN(is_nan)(T x) { return x != x; }
static inline uint8_t FN(is_inf)(T x) { return M(fabs)(x) == (T)INFINITY; }
static inline uint8_t FN(is_finite)(T x) { return M(fabs)(x) < (T)INFINITY; }
#include "pointwise_compare.inc.h"

/* x ** exponent for one exponent: the common ones by exact arithmetic, not by pow. */
static inline T FN(one)(T x) { (void)x; return 1; }
static inline T FN(identity)(T x) { return x; }
static inline T FN(cube)(T x) { return x * x * x; }
static inline T FN(inverse_square)(T x) { return 1 / (x * x); }

#define DEFINE(ID, name) LOOP(name) { UNARY_BODY(T, T, FN(name)) }
FLOAT_UNARY(DEFINE)
DEFINE(, one)
DEFINE(, identity)
DEFINE(, cube)
DEFINE(, inverse_square)
#undef DEFINE
#define DEFINE(ID, name) LOOP(name) { UNARY_BODY(uint8_t, T, FN(name)) }
FLOAT_TEST(DEFINE)
#undef DEFINE
#define DEFINE(ID, name) LOOP(name) { BINARY_BODY(T, T, FN(name)) }
FLOAT_BINARY(DEFINE)
FLOAT_SCALAR(DEFINE)
#undef DEFINE
#define DEFINE(ID, name, tensors, scalars, BODY) LOOP(name) { BODY(T, FN(name)) }
FLOAT_MULTI(DEFINE)
#undef DEFINE

LOOP(pow_scalar) {
    T exponent = *(const T *)ptrs[2];
    mt_loop exact = exponent == 2 ? FN(square_loop) : exponent == 3 ? FN(cube_loop)
                  : exponent == 1 ? FN(identity_loop) : exponent == 0 ? FN(one_loop)
                  : exponent == (T)0.5 ? FN(sqrt_loop) : exponent == (T)-0.5 ? FN(rsqrt_loop)
                  : exponent == -1 ? FN(reciprocal_loop)
                  : exponent == -2 ? FN(inverse_square_loop) : NULL;
    if (exact && steps[2] == 0)
        exact(ptrs, steps, n);
    else
        FN(pow_loop)(ptrs, steps, n);
}
