# cython: auto_pickle=False
"""Activations: relu, silu and gelu."""

from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    SavedTensor, connect2, records2, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport (
    BINARY_RELU_BACKWARD, UNARY_ERF, UNARY_EXP, UNARY_GELU, UNARY_GELU_TANH, UNARY_RELU,
    UNARY_SIGMOID, UNARY_SILU, UNARY_TANH)
from minitorch._ops._base cimport binary_raw, check_tensor, full_raw
from minitorch._ops.binary cimport add_number, add_op, mul_number, mul_op, neg_op
from minitorch._ops.piecewise cimport only_floating
from minitorch._ops.unary cimport (
    ResultNode, SelfNode, differentiate_unary, one_, one_minus_square, unary_op)
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- relu

cdef class MaskingNode(Node):
    """A node that can do the work of a relu behind it on the way; see `_ops/norm.pyx`."""

    cdef TensorBase masked(self, TensorBase g, TensorBase result):
        """`g` where `result` is positive, else 0; None if the relu is to compute it itself."""
        return None


cdef class ReluBackward0(ResultNode):
    """The gradient passes where the result is positive."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase kept = self.kept()
        cdef TensorBase out = None
        if self.source is not None and not grad_enabled():
            out = self.source.masked(grads[0], kept)
        return (relu_slope(grads[0], kept) if out is None else out,)

    cdef object leave(self):
        """The result, or None where the absorber can tell the mask without it."""
        cdef TensorBase kept = self.kept()
        cdef bint original = (<SavedTensor> self.s0).unpack_hook is None
        return None if self.source is not None and original else kept


cdef class ThresholdBackwardBackward0(Node):
    """The second derivative of relu: the mask again, and 0 to the result."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase kept = unpack(self.s0, self)
        return (relu_slope(grads[0], kept) if self.needs(0) else None,
                full_raw(kept.dtype_, kept, 0) if self.needs(1) else None)


cdef TensorBase relu_slope(TensorBase g, TensorBase kept):
    """g where the result of relu is positive, else 0; one kernel, as it is in every network."""
    cdef TensorBase out = binary_raw(BINARY_RELU_BACKWARD, g, kept, g.dtype_)
    cdef Node node
    if records2(g, kept):
        node = ThresholdBackwardBackward0.__new__(ThresholdBackwardBackward0)
        connect2(node, g, kept)
        node.s0, node.n_outputs = save(kept), 1
        set_function(out, node, 0)
    return out


differentiate_unary(UNARY_RELU, ReluBackward0)


cdef TensorBase behind_absorber(TensorBase y):
    """`y`, a result of relu: its backward may be left to the node before."""
    cdef Node node = y.grad_fn_
    if isinstance(node, ReluBackward0) and isinstance(node.next_[0], MaskingNode):
        node.absorber = <Node> node.next_[0]
    return y


def relu(input, inplace=False):
    """max(input, 0), elementwise; in place when asked."""
    if inplace:
        return relu_(input)
    return behind_absorber(unary_op(UNARY_RELU, check_tensor(input, "relu", "input")))


def relu_(self):
    """`relu` in place."""
    return behind_absorber(one_(UNARY_RELU, self, "relu_"))


# ---------------------------------------------------------------- silu

cdef class SiluBackward0(SelfNode):
    """d x sigma(x) = sigma (1 + x (1 - sigma)) dx."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        s = unary_op(UNARY_SIGMOID, x)
        inner = add_number(mul_op(x, add_number(neg_op(s), 1)), 1)
        return (mul_op(grads[0], mul_op(s, inner)),)


differentiate_unary(UNARY_SILU, SiluBackward0)


def silu(input, inplace=False):
    """input * sigmoid(input), elementwise."""
    cdef TensorBase x = only_floating(input, "silu", "silu_cpu")
    return one_(UNARY_SILU, x, "silu_") if inplace else unary_op(UNARY_SILU, x)


# ---------------------------------------------------------------- gelu

cdef class GeluBackward0(SelfNode):
    """d x Phi(x) = (Phi(x) + x phi(x)) dx, Phi the normal distribution."""
    cdef tuple apply(self, tuple grads):
        x = self.kept()
        if self.s1 == "tanh":
            return (mul_op(grads[0], gelu_tanh_slope(x)),)
        cdf = mul_number(add_number(unary_op(UNARY_ERF, mul_number(x, 0.70710678118654752440)), 1),
                         0.5)
        pdf = mul_number(unary_op(UNARY_EXP, mul_number(mul_op(x, x), -0.5)),
                         0.39894228040143267794)
        return (mul_op(grads[0], add_op(cdf, mul_op(x, pdf))),)


cdef TensorBase gelu_tanh_slope(TensorBase x):
    """The derivative of 0.5 x (1 + tanh(c (x + 0.044715 x^3)))."""
    cdef double c = 0.79788456080286535588
    xx = mul_op(x, x)
    t = unary_op(UNARY_TANH, mul_number(mul_op(x, add_number(mul_number(xx, 0.044715), 1)), c))
    inner = mul_number(add_number(mul_number(xx, 3 * 0.044715), 1), c)
    return add_op(mul_number(add_number(t, 1), 0.5),
                  mul_number(mul_op(mul_op(x, one_minus_square(t)), inner), 0.5))


differentiate_unary(UNARY_GELU, GeluBackward0)
differentiate_unary(UNARY_GELU_TANH, GeluBackward0)


def gelu(input, *, approximate="none", out=None):
    """input * Phi(input); `approximate` is "none" or "tanh".

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
    """
    cdef TensorBase result, a = only_floating(input, "gelu", "GeluKernelImpl")
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    result = unary_op(UNARY_GELU_TANH if approximate == "tanh" else UNARY_GELU, a)
    if result.grad_fn_ is not None:
        result.grad_fn_.s1 = approximate
    return deliver(result, out)
