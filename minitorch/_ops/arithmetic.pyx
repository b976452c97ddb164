# cython: auto_pickle=False
"""Arithmetic of two tensors, or a tensor and a number: sums, products, remainders, extremes."""

from minitorch._core.dtype cimport FLOATING, dtype
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records2, set_function, unpack
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_ADD, BINARY_ATAN2, BINARY_DIV, BINARY_EQ, BINARY_FLOOR_DIVIDE, BINARY_FMOD, BINARY_GT,
    BINARY_LT, BINARY_MAXIMUM, BINARY_MINIMUM, BINARY_MUL, BINARY_REMAINDER, BINARY_SUB,
    BINARY_TRUNC_DIVIDE)
from minitorch._ops._base cimport binary_raw, check_tensor, common_dtype, operand
from minitorch._ops.binary cimport (
    BinaryNode, add_op, add_with_alpha, add_with_alpha_inplace, alpha_raw, binary, check_alpha,
    check_binary, compare_number, compare_op, differentiate_binary, div_op, link, mul_number,
    mul_op, neg_op, plain_number, two, two_inplace, underived, zero_of)
from minitorch._ops.choice cimport where_op
from minitorch._ops.errors cimport no_overload
from minitorch._ops.out cimport deliver_pointwise


# ---------------------------------------------------------------- sums and differences

def add(input, other, *, alpha=1, out=None):
    """``input + alpha * other``, broadcast and promoted."""
    result = add_with_alpha(BINARY_ADD, input, other, alpha, "add")
    return result if out is None else deliver_pointwise(result, out, "add", (input, other))


def add_(self, other, *, alpha=1):
    """`add` in place."""
    return add_with_alpha_inplace(BINARY_ADD, self, other, alpha, "add_")


def sub(input, other, *, alpha=1, out=None):
    """``input - alpha * other``, broadcast and promoted."""
    result = add_with_alpha(BINARY_SUB, input, other, alpha, "sub")
    return result if out is None else deliver_pointwise(result, out, "sub", (input, other))


def sub_(self, other, *, alpha=1):
    """`sub` in place."""
    return add_with_alpha_inplace(BINARY_SUB, self, other, alpha, "sub_")


cdef class RsubBackward0(BinaryNode):
    """d(b - alpha a) = db - alpha da."""

    cdef tuple apply(self, tuple grads):
        g = grads[0]
        return (self.back_to_a(mul_number(g, -self.s2)) if self.needs(0) else None,
                self.back_to_b(g) if self.needs(1) else None)


cdef class RsubBackward1(Node):
    """d(number - alpha a) = -alpha da."""

    cdef tuple apply(self, tuple grads):
        return (mul_number(grads[0], -self.s0),)


cdef TensorBase rsub_op(TensorBase a, object other, object alpha):
    """other - alpha a."""
    cdef bint nb
    cdef TensorBase b = operand(other, &nb, "rsub", "other")
    cdef dtype compute = common_dtype(a, False, b, nb)
    cdef TensorBase out
    cdef BinaryNode node
    cdef Node short
    alpha = plain_number(alpha)
    check_alpha(compute, alpha, "rsub")
    check_binary(BINARY_SUB, compute, b, a)
    if alpha == 1:
        out = binary_raw(BINARY_SUB, b, a, compute)
    else:
        out = alpha_raw(BINARY_SUB, b, a, alpha, compute)
    if not records2(a, b) or out.dtype_.category != FLOATING:
        return out
    if nb:
        short = RsubBackward1.__new__(RsubBackward1)
        connect1(short, a)
        short.s0, short.n_outputs = alpha, 1
        set_function(out, short, 0)
    else:
        node = RsubBackward0.__new__(RsubBackward0)
        link(node, a, b, out)
        node.s2 = alpha
        set_function(out, node, 0)
    return out


def rsub(input, other, *, alpha=1):
    """``other - alpha * input``."""
    if not isinstance(input, TensorBase):
        raise no_overload("rsub", (input, other), "Tensor input, Tensor other, *, Number alpha = 1"
                          "; Tensor input, Number other, Number alpha = 1")
    return rsub_op(input, other, alpha)


# ---------------------------------------------------------------- products and quotients

def mul(input, other, *, out=None):
    """``input * other``, broadcast and promoted."""
    result = two(BINARY_MUL, input, other, "mul")
    return result if out is None else deliver_pointwise(result, out, "mul", (input, other))


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
    result = two(division(rounding_mode), input, other, "div")
    return result if out is None else deliver_pointwise(result, out, "div", (input, other))


def div_(self, other, *, rounding_mode=None):
    """`div` in place."""
    return two_inplace(division(rounding_mode), self, other, "div_")


def floor_divide(input, other, *, out=None):
    """The quotient rounded towards minus infinity."""
    result = underived(two(BINARY_FLOOR_DIVIDE, input, other, "floor_divide"), "floor_divide")
    return deliver_pointwise(result, out, "floor_divide", (input, other))


def floor_divide_(self, other):
    """`floor_divide` in place."""
    return underived(two_inplace(BINARY_FLOOR_DIVIDE, self, other, "floor_divide_"),
                     "floor_divide")


# ---------------------------------------------------------------- remainders

cdef class RemainderBackward1(BinaryNode):
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


cdef class FmodBackward1(BinaryNode):
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


cdef class RemainderBackward0(RemainderBackward1):
    """With a number as divisor."""


cdef class FmodBackward0(FmodBackward1):
    """With a number as divisor."""


differentiate_binary(BINARY_REMAINDER, RemainderBackward1, RemainderBackward0)
differentiate_binary(BINARY_FMOD, FmodBackward1, FmodBackward0)


def remainder(input, other, *, out=None):
    """The remainder with the sign of the divisor, as Python's ``%``."""
    result = two(BINARY_REMAINDER, input, other, "remainder")
    if not isinstance(input, TensorBase):
        underived(result, "remainder")
    return deliver_pointwise(result, out, "remainder", (input, other))


def remainder_(self, other):
    """`remainder` in place."""
    return two_inplace(BINARY_REMAINDER, self, other, "remainder_")


def fmod(input, other, *, out=None):
    """The remainder with the sign of the dividend, as C's ``fmod``."""
    if not isinstance(input, TensorBase):
        raise no_overload("fmod", (input, other), "Tensor input, Tensor other, *, Tensor out = "
                          "None; Tensor input, Number other, *, Tensor out = None")
    return deliver_pointwise(two(BINARY_FMOD, input, other, "fmod"), out, "fmod", (input, other))


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


cdef object two_tensors(int op, object input, object other, object out, str where):
    """An operation that takes no numbers."""
    return deliver_pointwise(two(op, check_tensor(input, where, "input"),
                                 check_tensor(other, where, "other"), where),
                             out, where, (input, other))


def maximum(input, other, *, out=None):
    """The larger of two tensors elementwise; NaN where either is NaN."""
    return two_tensors(BINARY_MAXIMUM, input, other, out, "maximum")


def minimum(input, other, *, out=None):
    """The smaller of two tensors elementwise; NaN where either is NaN."""
    return two_tensors(BINARY_MINIMUM, input, other, out, "minimum")


# ---------------------------------------------------------------- angles

cdef class Atan2Backward0(BinaryNode):
    """d atan2(a, b) = (b da - a db) / (a^2 + b^2)."""

    saved_names = ("self", "other")

    cdef tuple apply(self, tuple grads):
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        square = add_op(mul_op(a, a), mul_op(b, b))
        origin = compare_number(BINARY_EQ, square, 0)      # no direction, no slope
        scaled = div_op(grads[0], where_op(origin, scalar_of((<TensorBase> square).dtype_, 1),
                                           square))
        return (self.back_to_a(mul_op(scaled, b)) if self.needs(0) else None,
                self.back_to_b(neg_op(mul_op(scaled, a))) if self.needs(1) else None)


differentiate_binary(BINARY_ATAN2, Atan2Backward0)


def atan2(input, other, *, out=None):
    """The angle of the points (other, input), in radians from -pi to pi."""
    return two_tensors(BINARY_ATAN2, input, other, out, "atan2")


def atan2_(self, other):
    """`atan2` in place."""
    return two_inplace(BINARY_ATAN2, self, check_tensor(other, "atan2_", "other"), "atan2_")


# ---------------------------------------------------------------- other names

subtract, subtract_, multiply, multiply_ = sub, sub_, mul, mul_
divide, divide_, true_divide, true_divide_ = div, div_, div, div_
arctan2, arctan2_ = atan2, atan2_
