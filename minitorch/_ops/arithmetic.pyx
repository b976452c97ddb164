# cython: auto_pickle=False
"""Arithmetic of two tensors, or a tensor and a number: sums, products, remainders, extremes."""

from minitorch._core.record cimport unpack
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport (
    BINARY_ADD, BINARY_ATAN2, BINARY_DIV, BINARY_EQ, BINARY_FLOOR_DIVIDE, BINARY_FMOD, BINARY_GT,
    BINARY_LT, BINARY_MAXIMUM, BINARY_MINIMUM, BINARY_MUL, BINARY_REMAINDER, BINARY_SUB,
    BINARY_TRUNC_DIVIDE)
from minitorch._ops._base cimport check_tensor, deliver
from minitorch._ops.binary cimport (
    BinaryNode, add_op, add_with_alpha, add_with_alpha_inplace, binary, compare_op,
    differentiate_binary, div_op, mul_number, mul_op, neg_op, sub_op, two, two_inplace, zero_of)
from minitorch._ops.choice cimport where_op


# ---------------------------------------------------------------- sums and differences

def add(input, other, *, alpha=None, out=None):
    """``input + alpha * other``, broadcast and promoted."""
    return deliver(add_with_alpha(BINARY_ADD, input, other, alpha, "add"), out)


def add_(self, other, *, alpha=None):
    """`add` in place."""
    return add_with_alpha_inplace(BINARY_ADD, self, other, alpha, "add_")


def sub(input, other, *, alpha=None, out=None):
    """``input - alpha * other``, broadcast and promoted."""
    return deliver(add_with_alpha(BINARY_SUB, input, other, alpha, "sub"), out)


def sub_(self, other, *, alpha=None):
    """`sub` in place."""
    return add_with_alpha_inplace(BINARY_SUB, self, other, alpha, "sub_")


def rsub(input, other, *, alpha=None):
    """``other - alpha * input``."""
    return add_with_alpha(BINARY_SUB, other, input, alpha, "rsub")


# ---------------------------------------------------------------- products and quotients

def mul(input, other, *, out=None):
    """``input * other``, broadcast and promoted."""
    return deliver(two(BINARY_MUL, input, other, "mul"), out)


def mul_(self, other):
    """`mul` in place."""
    return two_inplace(BINARY_MUL, self, other, "mul_")


cdef int division(object rounding_mode) except -1:
    if rounding_mode is None:
        return BINARY_DIV
    if rounding_mode == "floor":
        return BINARY_FLOOR_DIVIDE
    if rounding_mode == "trunc":
        return BINARY_TRUNC_DIVIDE
    raise RuntimeError("div expected rounding_mode to be one of None, 'trunc', or 'floor' but "
                       f"found '{rounding_mode}'")


def div(input, other, *, rounding_mode=None, out=None):
    """``input / other``; with `rounding_mode` "floor" or "trunc" rounded, in the common dtype."""
    return deliver(two(division(rounding_mode), input, other, "div"), out)


def div_(self, other, *, rounding_mode=None):
    """`div` in place."""
    return two_inplace(division(rounding_mode), self, other, "div_")


def floor_divide(input, other, *, out=None):
    """The quotient rounded towards minus infinity."""
    return deliver(two(BINARY_FLOOR_DIVIDE, input, other, "floor_divide"), out)


def floor_divide_(self, other):
    """`floor_divide` in place."""
    return two_inplace(BINARY_FLOOR_DIVIDE, self, other, "floor_divide_")


# ---------------------------------------------------------------- remainders

cdef class RemainderBackward0(BinaryNode):
    """d(a mod b) = da - floor(a / b) db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = db = None
        if self.needs(0):
            da = self.back_to_a(g)
        if self.needs(1):
            a, b = unpack(self.s0, self), unpack(self.s1, self)
            quotient = binary(BINARY_FLOOR_DIVIDE, a, False, b, False)
            db = self.back_to_b(neg_op(mul_op(g, quotient)))
        return (da, db)


cdef class FmodBackward0(BinaryNode):
    """d fmod(a, b) = da - trunc(a / b) db."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        da = db = None
        if self.needs(0):
            da = self.back_to_a(g)
        if self.needs(1):
            a, b = unpack(self.s0, self), unpack(self.s1, self)
            quotient = binary(BINARY_TRUNC_DIVIDE, a, False, b, False)
            db = self.back_to_b(neg_op(mul_op(g, quotient)))
        return (da, db)


differentiate_binary(BINARY_REMAINDER, RemainderBackward0)
differentiate_binary(BINARY_FMOD, FmodBackward0)


def remainder(input, other, *, out=None):
    """The remainder with the sign of the divisor, as Python's ``%``."""
    return deliver(two(BINARY_REMAINDER, input, other, "remainder"), out)


def remainder_(self, other):
    """`remainder` in place."""
    return two_inplace(BINARY_REMAINDER, self, other, "remainder_")


def fmod(input, other, *, out=None):
    """The remainder with the sign of the dividend, as C's ``fmod``."""
    return deliver(two(BINARY_FMOD, input, other, "fmod"), out)


def fmod_(self, other):
    """`fmod` in place."""
    return two_inplace(BINARY_FMOD, self, other, "fmod_")


# ---------------------------------------------------------------- the larger and the smaller

cdef class MaximumBackward0(BinaryNode):
    """The gradient goes to the larger operand, half to each where they tie."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        return share_extreme(self, grads[0], BINARY_GT)


cdef class MinimumBackward0(BinaryNode):
    """The gradient goes to the smaller operand, half to each where they tie."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        return share_extreme(self, grads[0], BINARY_LT)


cdef tuple share_extreme(BinaryNode node, TensorBase g, int wins):
    cdef TensorBase a = unpack(node.s0, node)
    cdef TensorBase b = unpack(node.s1, node)
    tie = compare_op(BINARY_EQ, a, b)
    shared = where_op(tie, mul_number(g, 0.5), g)
    da = db = None
    # written with the losing side masked, so that a NaN operand gets its gradient
    if node.needs(0):
        da = node.back_to_a(where_op(compare_op(wins, b, a), zero_of(g), shared))
    if node.needs(1):
        db = node.back_to_b(where_op(compare_op(wins, a, b), zero_of(g), shared))
    return (da, db)


differentiate_binary(BINARY_MAXIMUM, MaximumBackward0)
differentiate_binary(BINARY_MINIMUM, MinimumBackward0)


def maximum(input, other, *, out=None):
    """The larger of two tensors elementwise; NaN where either is NaN."""
    return deliver(two(BINARY_MAXIMUM, check_tensor(input, "maximum", "input"),
                       check_tensor(other, "maximum", "other"), "maximum"), out)


def minimum(input, other, *, out=None):
    """The smaller of two tensors elementwise; NaN where either is NaN."""
    return deliver(two(BINARY_MINIMUM, check_tensor(input, "minimum", "input"),
                       check_tensor(other, "minimum", "other"), "minimum"), out)


# ---------------------------------------------------------------- angles

cdef class Atan2Backward0(BinaryNode):
    """d atan2(a, b) = (b da - a db) / (a^2 + b^2)."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        scaled = div_op(grads[0], add_op(mul_op(a, a), mul_op(b, b)))
        return (self.back_to_a(mul_op(scaled, b)) if self.needs(0) else None,
                self.back_to_b(neg_op(mul_op(scaled, a))) if self.needs(1) else None)


differentiate_binary(BINARY_ATAN2, Atan2Backward0)


def atan2(input, other, *, out=None):
    """The angle of the points (other, input), in radians from -pi to pi."""
    return deliver(two(BINARY_ATAN2, input, other, "atan2"), out)


# ---------------------------------------------------------------- sums of products

def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 * tensor2``."""
    product = two(BINARY_MUL, tensor1, tensor2, "addcmul")
    return deliver(add_with_alpha(BINARY_ADD, input, product, value, "addcmul"), out)


def addcmul_(self, tensor1, tensor2, *, value=1):
    """`addcmul` in place."""
    product = two(BINARY_MUL, tensor1, tensor2, "addcmul_")
    return add_with_alpha_inplace(BINARY_ADD, self, product, value, "addcmul_")


def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 / tensor2``."""
    quotient = two(BINARY_DIV, tensor1, tensor2, "addcdiv")
    return deliver(add_with_alpha(BINARY_ADD, input, quotient, value, "addcdiv"), out)


def addcdiv_(self, tensor1, tensor2, *, value=1):
    """`addcdiv` in place."""
    quotient = two(BINARY_DIV, tensor1, tensor2, "addcdiv_")
    return add_with_alpha_inplace(BINARY_ADD, self, quotient, value, "addcdiv_")


def lerp(input, end, weight, *, out=None):
    """``input + weight * (end - input)``; `weight` is a number or a tensor."""
    cdef TensorBase a = check_tensor(input, "lerp", "input")
    cdef TensorBase b = check_tensor(end, "lerp", "end")
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"expected dtype {a.dtype_!r} for `end` but got dtype {b.dtype_!r}")
    return deliver(add_op(a, two(BINARY_MUL, sub_op(b, a), weight, "lerp")), out)


def lerp_(self, end, weight):
    """`lerp` in place."""
    difference = two(BINARY_MUL, sub(end, self), weight, "lerp_")
    return add_(self, difference)


# ---------------------------------------------------------------- other names

subtract, subtract_, multiply, multiply_ = sub, sub_, mul, mul_
divide, divide_, true_divide, true_divide_ = div, div_, div, div_
arctan2 = atan2
