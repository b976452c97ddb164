/* Names of the elementwise operations and the table of their loops. */
#ifndef MT_POINTWISE_H
#define MT_POINTWISE_H

#include "loop.h"

enum mt_unary {
    UNARY_NEG, UNARY_ABS, UNARY_SIGN, UNARY_SQUARE, UNARY_RELU,
    UNARY_EXP, UNARY_EXP2, UNARY_EXPM1, UNARY_LOG, UNARY_LOG2, UNARY_LOG10, UNARY_LOG1P,
    UNARY_SQRT, UNARY_RSQRT, UNARY_RECIPROCAL,
    UNARY_SIN, UNARY_COS, UNARY_TAN, UNARY_ASIN, UNARY_ACOS, UNARY_ATAN,
    UNARY_SINH, UNARY_COSH, UNARY_TANH, UNARY_ASINH, UNARY_ACOSH, UNARY_ATANH,
    UNARY_SIGMOID, UNARY_SILU, UNARY_GELU, UNARY_GELU_TANH, UNARY_SOFTPLUS, UNARY_LOGSIGMOID,
    UNARY_ERF, UNARY_ERFC,
    UNARY_FLOOR, UNARY_CEIL, UNARY_ROUND, UNARY_TRUNC,
    UNARY_BITWISE_NOT,
    /* Output bool: */
    UNARY_ISNAN, UNARY_ISINF, UNARY_ISFINITE, UNARY_LOGICAL_NOT,
    N_UNARY
};

enum mt_binary {
    BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV,
    BINARY_FLOOR_DIVIDE, BINARY_TRUNC_DIVIDE, BINARY_REMAINDER, BINARY_FMOD,
    BINARY_POW, BINARY_POW_SCALAR, BINARY_MAXIMUM, BINARY_MINIMUM, BINARY_ATAN2,
    BINARY_BITWISE_AND, BINARY_BITWISE_OR, BINARY_BITWISE_XOR,
    BINARY_SHIFT_LEFT, BINARY_SHIFT_RIGHT,
    /* Output bool: */
    BINARY_LOGICAL_AND, BINARY_LOGICAL_OR, BINARY_LOGICAL_XOR,
    BINARY_EQ, BINARY_NE, BINARY_LT, BINARY_LE, BINARY_GT, BINARY_GE,
    /* Slopes, (grad, saved): */
    BINARY_RELU_BACKWARD, BINARY_SIGMOID_BACKWARD, BINARY_TANH_BACKWARD, BINARY_SQRT_BACKWARD,
    BINARY_ABS_BACKWARD, BINARY_SILU_BACKWARD, BINARY_GELU_BACKWARD, BINARY_GELU_TANH_BACKWARD,
    BINARY_SOFTPLUS_BACKWARD, BINARY_LOGSIGMOID_BACKWARD,
    BINARY_LEAKY_RELU,
    N_BINARY
};

/* Three inputs and more; those named in capitals below are scalars (step 0) in practice. */
enum mt_multi {
    MULTI_ADD_ALPHA,            /* a + ALPHA * b                    (a, b, ALPHA)       */
    MULTI_CLAMP,                /* min(max(x, LO), HI)              (x, LO, HI)         */
    MULTI_CLAMP_BACKWARD,       /* LO <= x <= HI ? g : 0            (g, x, LO, HI)      */
    MULTI_LERP,                 /* a + w * (b - a)                  (a, b, w)           */
    MULTI_ADDCMUL,              /* a + VALUE * b * c                (a, b, c, VALUE)    */
    MULTI_ADDCDIV,              /* a + VALUE * b / c                (a, b, c, VALUE)    */
    MULTI_THRESHOLD,            /* x > T ? x : VALUE                (x, T, VALUE)       */
    MULTI_THRESHOLD_BACKWARD,   /* x > T ? g : 0                    (g, x, T)           */
    MULTI_LEAKY_RELU_BACKWARD,  /* x > 0 ? g : SLOPE * g            (g, x, SLOPE)       */
    N_MULTI
};

typedef struct {
    mt_loop unary[N_UNARY][MT_N_CODES];
    mt_loop binary[N_BINARY][MT_N_CODES];
    mt_loop multi[N_MULTI][MT_N_CODES];
    mt_loop where[4];           /* by log2 of the item size: (cond, a, b) */
    void (*box_muller)(float *x, ptrdiff_t blocks, float mean, float std);
} mt_pointwise_table;

#endif
