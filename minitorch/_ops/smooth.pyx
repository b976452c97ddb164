# cython: auto_pickle=False
"""Activations with an exponential in them: elu and its family, softplus, logsigmoid, mish, glu.

See `piecewise.pyx` for how an activation is written.
"""

from minitorch._core.dtype cimport of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, save, set_function, unpack
from minitorch._core.shape cimport wrap_dim
from minitorch._core.tensor cimport TensorBase, alias
from minitorch._kernels.pointwise cimport (
    BINARY_GT, BINARY_LE, UNARY_EXP, UNARY_EXPM1, UNARY_LOGSIGMOID, UNARY_SIGMOID, UNARY_SOFTPLUS,
    UNARY_TANH)
from minitorch._kernels.types cimport F32
from minitorch._ops._base cimport check_tensor, unary_raw
from minitorch._ops.binary cimport (
    add_number, add_op, compare_number, div_op, mul_number, mul_op, neg_op)
from minitorch._ops.choice cimport masked, where_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.join import cat
from minitorch._ops.piecewise cimport Activation, activate, only_floating
from minitorch._ops.unary cimport one_minus_square, unary_op
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- elu, selu, celu

cdef class EluBackward0(Activation):
    """d alpha (exp(x) - 1) = alpha exp(x) dx below 0, dx above; `s2` scales both, `s3` x."""

    saved_names = ("self", "alpha", "scale", "input_scale")

    cdef TensorBase value(self, TensorBase x):
        low = mul_number(unary_raw(UNARY_EXPM1, mul_number(x, self.s3)), self.s1 * self.s2)
        return where_op(compare_number(BINARY_LE, x, 0), low, mul_number(x, self.s2))

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        low = compare_number(BINARY_LE, x, 0)
        # the other branch would overflow, and infinity times 0 is NaN in the second derivative
        grown = unary_op(UNARY_EXP, mul_number(masked(x, low), self.s3))
        return where_op(low, mul_op(g, mul_number(grown, self.s1 * self.s2 * self.s3)),
                        mul_number(g, self.s2))

    cdef TensorBase slope_of_result(self, TensorBase g, TensorBase y):
        if self.s1 < 0:
            raise RuntimeError(
                "In-place elu backward calculation is triggered with a negative slope which is not "
                "supported. This is caused by calling in-place forward function with a negative "
                "slope, please call out-of-place version instead.")
        scaled = mul_number(add_number(y, self.s1 * self.s2), self.s3)
        return where_op(compare_number(BINARY_LE, y, 0), mul_op(g, scaled),
                        mul_number(g, self.s2))


cdef class CeluBackward0(EluBackward0):
    """elu with the operand divided by alpha, so that the slope is continuous at 0."""


cdef TensorBase elu_of(EluBackward0 node, object input, double alpha, double scale,
                       double input_scale, bint inplace, str where):
    node.s1, node.s2, node.s3, node.of_result = alpha, scale, input_scale, inplace
    return activate(node, input, inplace, where, "elu_cpu")


def elu(input, alpha=1.0, bint inplace=False):
    """`input` where it is positive, else ``alpha * (exp(input) - 1)``."""
    return elu_of(EluBackward0.__new__(EluBackward0), input, alpha, 1, 1, inplace, "elu")


def selu(input, bint inplace=False):
    """elu with the two constants for which a network normalises itself."""
    return elu_of(EluBackward0.__new__(EluBackward0), input, 1.6732632423543772848170429916717,
                  1.0507009873554804934193349852946, 1, inplace, "selu")


def celu(input, alpha=1.0, bint inplace=False):
    """`input` where it is positive, else ``alpha * (exp(input / alpha) - 1)``."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return elu_of(CeluBackward0.__new__(CeluBackward0), input, alpha, 1, 1.0 / alpha, inplace,
                  "celu")


def selu_(input):
    """`selu` in place."""
    return selu(input, True)


def celu_(input, alpha=1.0):
    """`celu` in place."""
    return celu(input, alpha, True)


# ---------------------------------------------------------------- softplus and logsigmoid

cdef class SoftplusBackward0(Activation):
    """d log(1 + exp(beta x)) / beta = sigma(beta x) dx; above the threshold dx."""

    saved_names = ("self", "beta", "threshold")

    cdef TensorBase value(self, TensorBase x):
        scaled = mul_number(x, self.s1)
        soft = mul_number(unary_raw(UNARY_SOFTPLUS, scaled), 1.0 / self.s1)
        return where_op(compare_number(BINARY_GT, scaled, self.s2), x, soft)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        scaled = mul_number(x, self.s1)
        return where_op(compare_number(BINARY_GT, scaled, self.s2), g,
                        mul_op(g, unary_op(UNARY_SIGMOID, scaled)))


def softplus(input, beta=1, threshold=20, *, out=None):
    """``log(1 + exp(beta * input)) / beta``; `input` itself where beta * input > threshold."""
    cdef SoftplusBackward0 node = SoftplusBackward0.__new__(SoftplusBackward0)
    node.s1, node.s2 = beta, threshold
    return deliver(activate(node, input, False, "softplus", "softplus_cpu"), out)


cdef class LogSigmoidBackward0(Activation):
    """d log sigma(x) = sigma(-x) dx."""

    saved_names = ("self",)

    cdef TensorBase value(self, TensorBase x):
        return unary_raw(UNARY_LOGSIGMOID, x)

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        return mul_op(g, unary_op(UNARY_SIGMOID, neg_op(x)))


def logsigmoid(input, *, out=None):
    """``log(sigmoid(input))``, without overflow."""
    result = activate(LogSigmoidBackward0.__new__(LogSigmoidBackward0), input, False, "logsigmoid",
                      "log_sigmoid_cpu")
    return deliver(result, out)


# ---------------------------------------------------------------- mish

cdef class MishBackward0(Activation):
    """d x t = t + x (1 - t^2) sigma(x), with t = tanh(softplus(x))."""

    saved_names = ("self",)

    cdef TensorBase value(self, TensorBase x):
        return mul_op(x, unary_raw(UNARY_TANH, unary_raw(UNARY_SOFTPLUS, x)))

    cdef TensorBase slope(self, TensorBase g, TensorBase x):
        up, down = unary_op(UNARY_SIGMOID, x), unary_op(UNARY_SIGMOID, neg_op(x))
        # tanh(log(1 + exp(x))), written so that nothing cancels
        t = div_op(mul_op(up, add_number(down, 1)), add_number(mul_op(down, down), 1))
        inner = mul_op(mul_op(x, up), one_minus_square(t))
        return mul_op(g, add_op(t, inner))


def mish(input, bint inplace=False):
    """``input * tanh(softplus(input))``."""
    return activate(MishBackward0.__new__(MishBackward0), input, inplace, "mish", "mish_cpu")


# ---------------------------------------------------------------- glu

cdef class GluBackward0(Node):
    """d a sigma(b) = sigma(b) da + a sigma(b) (1 - sigma(b)) db."""

    saved_names = ("self", "dim")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase a, b, gate
        half = x.dtype_.itemsize < 4
        if half:
            x, g = to_dtype(x, of_code(F32)), to_dtype(g, of_code(F32))
        a, b = x.chunk(2, self.s1)
        gate = unary_op(UNARY_SIGMOID, b)
        da = mul_op(g, gate)
        db = mul_op(da, mul_op(a, add_number(neg_op(gate), 1)))
        out = cat([da, db], self.s1)
        return (to_dtype(out, (<TensorBase> grads[0]).dtype_) if half else out,)


def glu(input, dim=-1, *, out=None):
    """The first half along `dim` times the sigmoid of the second."""
    cdef TensorBase x = check_tensor(input, "glu", "input")
    cdef TensorBase plain, result, a, b
    cdef GluBackward0 node
    cdef int axis
    if x.ndim_ == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    axis = wrap_dim(dim, x.ndim_)
    if x.shape_[axis] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {axis} is size "
                           f"{x.shape_[axis]}")
    plain = alias(only_floating(x, "glu", "glu_cpu"))
    if x.dtype_.itemsize < 4:
        plain = to_dtype(plain, of_code(F32))
    size = x.shape_[axis] // 2
    a, b = plain.narrow(axis, 0, size), plain.narrow(axis, size, size)
    result = to_dtype(mul_op(a, unary_raw(UNARY_SIGMOID, b)), x.dtype_)
    if records1(x):
        node = GluBackward0.__new__(GluBackward0)
        connect1(node, x)
        node.s0, node.s1 = save(x), axis
        set_function(result, node, 0)
    return deliver(result, out)
