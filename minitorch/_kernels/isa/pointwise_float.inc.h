/* Elementwise arithmetic of one float type: T, FN(name) = name_f32 or name_f64, and
   M(name) = the C library's function for T; V(name) is the same for double, and for float
   one that vectorises (pointwise_math.inc.h).  Every slope stands under its value; a slope
   takes the incoming gradient g and what was saved, the result y or the input x. */

/* a * b + c, rounded once where the processor can do that fast. */
MT_ALWAYS T FN(fma)(T a, T b, T c) {
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)
    return M(fma)(a, b, c);
#else
    return a * b + c;
#endif
}

MT_ALWAYS T FN(neg)(T x) { return -x; }
MT_ALWAYS T FN(square)(T x) { return x * x; }
MT_ALWAYS T FN(sign)(T x) { return (T)((x > 0) - (x < 0)); }

MT_ALWAYS T FN(abs)(T x) { return M(fabs)(x); }
MT_ALWAYS T FN(abs_backward)(T g, T x) { return g * FN(sign)(x); }

MT_ALWAYS T FN(sqrt)(T x) { return M(sqrt)(x); }
MT_ALWAYS T FN(sqrt_backward)(T g, T y) { return g / (2 * y); }
MT_ALWAYS T FN(rsqrt)(T x) { return 1 / M(sqrt)(x); }
MT_ALWAYS T FN(reciprocal)(T x) { return 1 / x; }

MT_ALWAYS T FN(exp)(T x) { return V(exp)(x); }
MT_ALWAYS T FN(exp2)(T x) { return M(exp2)(x); }
MT_ALWAYS T FN(expm1)(T x) { return V(expm1)(x); }
MT_ALWAYS T FN(log)(T x) { return V(log)(x); }
MT_ALWAYS T FN(log2)(T x) { return M(log2)(x); }
MT_ALWAYS T FN(log10)(T x) { return M(log10)(x); }
MT_ALWAYS T FN(log1p)(T x) { return V(log1p)(x); }
MT_ALWAYS T FN(tan)(T x) { return M(tan)(x); }
MT_ALWAYS T FN(asin)(T x) { return M(asin)(x); }
MT_ALWAYS T FN(acos)(T x) { return M(acos)(x); }
MT_ALWAYS T FN(atan)(T x) { return M(atan)(x); }
MT_ALWAYS T FN(sinh)(T x) { return M(sinh)(x); }
MT_ALWAYS T FN(cosh)(T x) { return M(cosh)(x); }
MT_ALWAYS T FN(asinh)(T x) { return M(asinh)(x); }
MT_ALWAYS T FN(acosh)(T x) { return M(acosh)(x); }
MT_ALWAYS T FN(atanh)(T x) { return M(atanh)(x); }
MT_ALWAYS T FN(erf)(T x) { return V(erf)(x); }
MT_ALWAYS T FN(erfc)(T x) { return M(erfc)(x); }
MT_ALWAYS T FN(floor)(T x) { return M(floor)(x); }
MT_ALWAYS T FN(ceil)(T x) { return M(ceil)(x); }
MT_ALWAYS T FN(round)(T x) { return M(rint)(x); }    /* half to even */
MT_ALWAYS T FN(trunc)(T x) { return M(trunc)(x); }

/* Activations. */

MT_ALWAYS T FN(relu)(T x) { return x < 0 ? 0 : x; }    /* NaN stays NaN */
MT_ALWAYS T FN(relu_backward)(T g, T y) { return y <= 0 ? 0 : g; }

MT_ALWAYS T FN(threshold)(T x, T limit, T value) { return x <= limit ? value : x; }
MT_ALWAYS T FN(threshold_backward)(T g, T x, T limit) { return x <= limit ? 0 : g; }

MT_ALWAYS T FN(leaky_relu)(T x, T slope) { return x > 0 ? x : x * slope; }
MT_ALWAYS T FN(leaky_relu_backward)(T g, T x, T slope) { return x > 0 ? g : g * slope; }

MT_ALWAYS T FN(clamp)(T x, T low, T high) {
    T raised = x < low ? low : x;
    return raised > high ? high : raised;
}
MT_ALWAYS T FN(clamp_backward)(T g, T x, T low, T high) {
    return (x >= low) & (x <= high) ? g : 0;
}

MT_ALWAYS T FN(sigmoid)(T x) { return 1 / (1 + V(exp)(-x)); }
MT_ALWAYS T FN(sigmoid_backward)(T g, T y) { return g * (1 - y) * y; }

MT_ALWAYS T FN(tanh)(T x) { return V(tanh)(x); }
MT_ALWAYS T FN(tanh_backward)(T g, T y) { return g * (1 - y * y); }

MT_ALWAYS T FN(silu)(T x) { return x / (1 + V(exp)(-x)); }
MT_ALWAYS T FN(silu_backward)(T g, T x) {
    T s = FN(sigmoid)(x);
    return g * s * (1 + x * (1 - s));
}

/* x Phi(x), Phi and phi the normal distribution and its density. */
MT_ALWAYS T FN(gelu)(T x) {
    return x * (T)0.5 * (1 + V(erf)(x * (T)0.70710678118654752440));
}
MT_ALWAYS T FN(gelu_backward)(T g, T x) {
    T Phi = (T)0.5 * (1 + V(erf)(x * (T)0.70710678118654752440));
    T phi = V(exp)((T)-0.5 * x * x) * (T)0.39894228040143267794;
    return g * (Phi + x * phi);
}

/* x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 */
MT_ALWAYS T FN(gelu_tanh)(T x) {
    T inner = (T)0.79788456080286535588 * (x + (T)0.044715 * x * x * x);
    return (T)0.5 * x * (1 + V(tanh)(inner));
}
MT_ALWAYS T FN(gelu_tanh_backward)(T g, T x) {
    T t = V(tanh)((T)0.79788456080286535588 * (x + (T)0.044715 * x * x * x));
    T inner_slope = (T)0.79788456080286535588 * (1 + 3 * (T)0.044715 * x * x);
    return g * ((T)0.5 * (1 + t) + (T)0.5 * x * (1 - t * t) * inner_slope);
}

/* log(1 + e^x), the identity above 20 as in PyTorch. */
MT_ALWAYS T FN(softplus)(T x) { return x > 20 ? x : V(log1p)(V(exp)(x)); }
MT_ALWAYS T FN(softplus_backward)(T g, T x) {
    T z = V(exp)(x);
    return x > 20 ? g : g * z / (z + 1);
}

/* log(sigmoid(x)), without overflow on either side. */
MT_ALWAYS T FN(logsigmoid)(T x) { return (x < 0 ? x : 0) - V(log1p)(V(exp)(-M(fabs)(x))); }
MT_ALWAYS T FN(logsigmoid_backward)(T g, T x) {
    T z = V(exp)(-M(fabs)(x));
    return g * (x < 0 ? 1 - z / (1 + z) : z / (1 + z));
}

/* Two operands. */

MT_ALWAYS T FN(add)(T a, T b) { return a + b; }
MT_ALWAYS T FN(sub)(T a, T b) { return a - b; }
MT_ALWAYS T FN(mul)(T a, T b) { return a * b; }
MT_ALWAYS T FN(div)(T a, T b) { return a / b; }
MT_ALWAYS T FN(atan2)(T a, T b) { return M(atan2)(a, b); }
MT_ALWAYS T FN(fmod)(T a, T b) { return M(fmod)(a, b); }
MT_ALWAYS T FN(trunc_divide)(T a, T b) { return M(trunc)(a / b); }

/* The sign of the divisor, as in Python. */
MT_ALWAYS T FN(remainder)(T a, T b) {
    T rest = M(fmod)(a, b);
    return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest;
}

/* floor(a / b) such that b * quotient + remainder(a, b) is a, as CPython computes it. */
MT_ALWAYS T FN(floor_divide)(T a, T b) {
    if (b == 0) return a / b;
    T rest = M(fmod)(a, b);
    T quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
    if (quotient == 0) return M(copysign)(0, a / b);
    T whole = M(floor)(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}

MT_ALWAYS T FN(pow)(T a, T b) { return M(pow)(a, b); }

/* NaN wins: the first comparison is false for a NaN in b, and then b is taken. */
MT_ALWAYS T FN(maximum)(T a, T b) { return (a > b) | (a != a) ? a : b; }
MT_ALWAYS T FN(minimum)(T a, T b) { return (a < b) | (a != a) ? a : b; }

/* Three and four operands. */

MT_ALWAYS T FN(add_alpha)(T a, T b, T alpha) { return FN(fma)(alpha, b, a); }
MT_ALWAYS T FN(addcmul)(T a, T b, T c, T value) { return a + value * b * c; }
MT_ALWAYS T FN(addcdiv)(T a, T b, T c, T value) { return a + value * b / c; }

/* From the nearer end, so that both ends are met exactly. */
MT_ALWAYS T FN(lerp)(T a, T b, T weight) {
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
MT_ALWAYS T FN(one)(T x) { (void)x; return 1; }
MT_ALWAYS T FN(identity)(T x) { return x; }
MT_ALWAYS T FN(cube)(T x) { return x * x * x; }
MT_ALWAYS T FN(inverse_square)(T x) { return 1 / (x * x); }

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
