/* Which operations exist for which class of dtypes: X(enum name, function name). */

/* Of float, the loops of these stand in pointwise_math.inc.h. */
#define FLOAT_TURN(X) X(SIN, sin) X(COS, cos)
#define FLOAT_UNARY(X)                                                                         \
    X(NEG, neg) X(ABS, abs) X(SIGN, sign) X(SQUARE, square) X(RELU, relu)                      \
    X(EXP, exp) X(EXP2, exp2) X(EXPM1, expm1)                                                  \
    X(LOG, log) X(LOG2, log2) X(LOG10, log10) X(LOG1P, log1p)                                  \
    X(SQRT, sqrt) X(RSQRT, rsqrt) X(RECIPROCAL, reciprocal)                                    \
    X(TAN, tan) X(ASIN, asin) X(ACOS, acos) X(ATAN, atan)              \
    X(SINH, sinh) X(COSH, cosh) X(TANH, tanh) X(ASINH, asinh) X(ACOSH, acosh) X(ATANH, atanh)  \
    X(SIGMOID, sigmoid) X(SILU, silu) X(GELU, gelu) X(GELU_TANH, gelu_tanh)                    \
    X(SOFTPLUS, softplus) X(LOGSIGMOID, logsigmoid) X(ERF, erf) X(ERFC, erfc)                  \
    X(FLOOR, floor) X(CEIL, ceil) X(ROUND, round) X(TRUNC, trunc)
#define FLOAT_TEST(X)                                                                          \
    X(ISNAN, is_nan) X(ISINF, is_inf) X(ISFINITE, is_finite) X(LOGICAL_NOT, logical_not)
#define FLOAT_BINARY(X)                                                                        \
    X(ADD, add) X(SUB, sub) X(MUL, mul) X(DIV, div)                                            \
    X(FLOOR_DIVIDE, floor_divide) X(TRUNC_DIVIDE, trunc_divide)                                \
    X(REMAINDER, remainder) X(FMOD, fmod) X(POW, pow)                                          \
    X(MAXIMUM, maximum) X(MINIMUM, minimum) X(ATAN2, atan2)                                    \
    X(RELU_BACKWARD, relu_backward) X(SIGMOID_BACKWARD, sigmoid_backward)                      \
    X(TANH_BACKWARD, tanh_backward) X(SQRT_BACKWARD, sqrt_backward)                            \
    X(ABS_BACKWARD, abs_backward) X(SILU_BACKWARD, silu_backward)                              \
    X(GELU_BACKWARD, gelu_backward) X(GELU_TANH_BACKWARD, gelu_tanh_backward)                  \
    X(SOFTPLUS_BACKWARD, softplus_backward) X(LOGSIGMOID_BACKWARD, logsigmoid_backward)
#define FLOAT_SCALAR(X) X(LEAKY_RELU, leaky_relu)

#define INT_UNARY(X)                                                                           \
    X(NEG, neg) X(ABS, abs) X(SIGN, sign) X(SQUARE, square) X(RELU, relu)                      \
    X(BITWISE_NOT, bitwise_not)
#define INT_TEST(X) X(LOGICAL_NOT, logical_not)
#define INT_BINARY(X)                                                                          \
    X(ADD, add) X(SUB, sub) X(MUL, mul)                                                        \
    X(FLOOR_DIVIDE, floor_divide) X(TRUNC_DIVIDE, trunc_divide)                                \
    X(REMAINDER, remainder) X(FMOD, fmod) X(POW, pow) X(MAXIMUM, maximum) X(MINIMUM, minimum)  \
    X(BITWISE_AND, bitwise_and) X(BITWISE_OR, bitwise_or) X(BITWISE_XOR, bitwise_xor)          \
    X(SHIFT_LEFT, shift_left) X(SHIFT_RIGHT, shift_right)

/* bool is one byte, 0 or 1. */
#define BOOL_UNARY(X) X(SIGN, identity) X(BITWISE_NOT, logical_not) X(LOGICAL_NOT, logical_not)
#define BOOL_BINARY(X)                                                                         \
    X(ADD, or) X(MUL, and) X(MAXIMUM, or) X(MINIMUM, and)                                      \
    X(BITWISE_AND, and) X(BITWISE_OR, or) X(BITWISE_XOR, xor)                                  \
    X(LOGICAL_AND, and) X(LOGICAL_OR, or) X(LOGICAL_XOR, xor)                                  \
    X(EQ, eq) X(NE, xor) X(LT, lt) X(LE, le) X(GT, gt) X(GE, ge)

/* Output bool, for all numbers. */
#define COMPARE(X)                                                                             \
    X(LOGICAL_AND, logical_and) X(LOGICAL_OR, logical_or) X(LOGICAL_XOR, logical_xor)          \
    X(EQ, eq) X(NE, ne) X(LT, lt) X(LE, le) X(GT, gt) X(GE, ge)

/* X(enum name, function name, tensors, scalars, body) */
#define FLOAT_MULTI(X)                                                                         \
    X(ADD_ALPHA, add_alpha, 2, 1, BINARY_SCALAR_BODY)                                          \
    X(CLAMP, clamp, 1, 2, UNARY_SCALARS_BODY)                                                  \
    X(CLAMP_BACKWARD, clamp_backward, 2, 2, QUATERNARY_BODY)                                   \
    X(LERP, lerp, 2, 1, BINARY_SCALAR_BODY)                                                    \
    X(ADDCMUL, addcmul, 3, 1, QUATERNARY_BODY)                                                 \
    X(ADDCDIV, addcdiv, 3, 1, QUATERNARY_BODY)                                                 \
    X(THRESHOLD, threshold, 1, 2, UNARY_SCALARS_BODY)                                          \
    X(THRESHOLD_BACKWARD, threshold_backward, 2, 1, BINARY_SCALAR_BODY)                        \
    X(LEAKY_RELU_BACKWARD, leaky_relu_backward, 2, 1, BINARY_SCALAR_BODY)
#define INT_MULTI(X)                                                                           \
    X(ADD_ALPHA, add_alpha, 2, 1, BINARY_SCALAR_BODY)                                          \
    X(CLAMP, clamp, 1, 2, UNARY_SCALARS_BODY)                                                  \
    X(ADDCMUL, addcmul, 3, 1, QUATERNARY_BODY)                                                 \
    X(THRESHOLD, threshold, 1, 2, UNARY_SCALARS_BODY)
