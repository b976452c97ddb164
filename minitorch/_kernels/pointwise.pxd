"""Loops of the elementwise operations, looked up by operation and dtype code.

The enums mirror ``isa/pointwise.h``, where each operation's formula is noted.  Scalar
operands are passed as an operand with step 0.  For F16 and BF16 every operand but the
scalars of `multi_loop`, `BINARY_POW_SCALAR` and `BINARY_LEAKY_RELU` has the tensor's dtype;
those scalars are ``float``, so that a factor keeps its precision.  Integer division by zero
gives 0: ask `strided.any_zero` first.
"""

cdef extern from "pointwise.h" nogil:
    # ptrs[0] is the output, ptrs[1:] the inputs; steps are bytes; 0 repeats one element.
    ctypedef void (*mt_loop)(char** ptrs, const Py_ssize_t* steps, Py_ssize_t n) noexcept nogil

    cdef enum UnaryOp "mt_unary":
        UNARY_NEG, UNARY_ABS, UNARY_SIGN, UNARY_SQUARE, UNARY_RELU
        UNARY_EXP, UNARY_EXP2, UNARY_EXPM1, UNARY_LOG, UNARY_LOG2, UNARY_LOG10, UNARY_LOG1P
        UNARY_SQRT, UNARY_RSQRT, UNARY_RECIPROCAL
        UNARY_SIN, UNARY_COS, UNARY_TAN, UNARY_ASIN, UNARY_ACOS, UNARY_ATAN
        UNARY_SINH, UNARY_COSH, UNARY_TANH, UNARY_ASINH, UNARY_ACOSH, UNARY_ATANH
        UNARY_SIGMOID, UNARY_SILU, UNARY_GELU, UNARY_GELU_TANH, UNARY_SOFTPLUS, UNARY_LOGSIGMOID
        UNARY_ERF, UNARY_ERFC
        UNARY_FLOOR, UNARY_CEIL, UNARY_ROUND, UNARY_TRUNC
        UNARY_BITWISE_NOT
        # Output bool:
        UNARY_ISNAN, UNARY_ISINF, UNARY_ISFINITE, UNARY_LOGICAL_NOT
        N_UNARY

    cdef enum BinaryOp "mt_binary":
        BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV
        BINARY_FLOOR_DIVIDE, BINARY_TRUNC_DIVIDE, BINARY_REMAINDER, BINARY_FMOD
        BINARY_POW, BINARY_POW_SCALAR, BINARY_MAXIMUM, BINARY_MINIMUM, BINARY_ATAN2
        BINARY_BITWISE_AND, BINARY_BITWISE_OR, BINARY_BITWISE_XOR
        BINARY_SHIFT_LEFT, BINARY_SHIFT_RIGHT
        # Output bool:
        BINARY_LOGICAL_AND, BINARY_LOGICAL_OR, BINARY_LOGICAL_XOR
        BINARY_EQ, BINARY_NE, BINARY_LT, BINARY_LE, BINARY_GT, BINARY_GE
        # Slopes, inputs (grad, result) or (grad, x):
        BINARY_RELU_BACKWARD, BINARY_SIGMOID_BACKWARD, BINARY_TANH_BACKWARD, BINARY_SQRT_BACKWARD
        BINARY_ABS_BACKWARD, BINARY_SILU_BACKWARD, BINARY_GELU_BACKWARD, BINARY_GELU_TANH_BACKWARD
        BINARY_SOFTPLUS_BACKWARD, BINARY_LOGSIGMOID_BACKWARD
        BINARY_LEAKY_RELU
        N_BINARY

    cdef enum MultiOp "mt_multi":
        MULTI_ADD_ALPHA             # a + ALPHA * b              (a, b, ALPHA)
        MULTI_CLAMP                 # min(max(x, LO), HI)        (x, LO, HI)
        MULTI_CLAMP_BACKWARD        # LO <= x <= HI ? g : 0      (g, x, LO, HI)
        MULTI_LERP                  # a + W * (b - a)            (a, b, W)
        MULTI_ADDCMUL               # a + VALUE * b * c          (a, b, c, VALUE)
        MULTI_ADDCDIV               # a + VALUE * b / c          (a, b, c, VALUE)
        MULTI_THRESHOLD             # x > T ? x : VALUE          (x, T, VALUE)
        MULTI_THRESHOLD_BACKWARD    # x > T ? g : 0              (g, x, T)
        MULTI_LEAKY_RELU_BACKWARD   # x > 0 ? g : SLOPE * g      (g, x, SLOPE)
        N_MULTI

# Each returns NULL where the operation does not exist for the dtype (PyTorch raises
# there, or promotes first: BINARY_DIV and the UNARY_EXP family exist for floats only).
# Operands share the code; the output has it too, or is BOOL where the enum says so.
cdef mt_loop unary_loop(int op, int code) noexcept nogil
cdef mt_loop binary_loop(int op, int code) noexcept nogil
cdef mt_loop multi_loop(int op, int code) noexcept nogil
# out = cond ? a : b for any dtype of 1, 2, 4 or 8 bytes; cond is BOOL.
cdef mt_loop where_loop(int itemsize) noexcept nogil

cdef bint unary_gives_bool(int op) noexcept nogil
cdef bint binary_gives_bool(int op) noexcept nogil
