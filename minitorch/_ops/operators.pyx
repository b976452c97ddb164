# cython: auto_pickle=False
"""Python's arithmetic operators: ``op_add`` becomes ``Tensor.__add__``.

Each answers NotImplemented to a value that it does not know, so that Python asks the value.
"""

from minitorch._core.dtype cimport FLOATING
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport (
    BINARY_ADD, BINARY_DIV, BINARY_FLOOR_DIVIDE, BINARY_MUL, BINARY_REMAINDER, BINARY_SUB,
    UNARY_ABS, UNARY_BITWISE_NOT, UNARY_NEG, UNARY_RECIPROCAL)
from minitorch._ops.arithmetic cimport rsub_op
from minitorch._ops.binary cimport two, two_inplace, underived
from minitorch._ops.power cimport power
from minitorch._ops.scalars cimport is_number
from minitorch._ops.power import pow_
from minitorch._ops.unary cimport unary_op


cdef bint is_operand(object value) noexcept:
    # complex numbers too, for the error that names them
    return isinstance(value, TensorBase) or is_number(value) or isinstance(value, complex)


def op_add(self, other):
    return two(BINARY_ADD, self, other, "add") if is_operand(other) else NotImplemented


def op_radd(self, other):
    # the tensor first, as in PyTorch: seen in next_functions
    return two(BINARY_ADD, self, other, "add") if is_operand(other) else NotImplemented


def op_sub(self, other):
    return two(BINARY_SUB, self, other, "sub") if is_operand(other) else NotImplemented


def op_rsub(self, other):
    return rsub_op(self, other, 1) if is_operand(other) else NotImplemented


def op_mul(self, other):
    return two(BINARY_MUL, self, other, "mul") if is_operand(other) else NotImplemented


def op_rmul(self, other):
    return two(BINARY_MUL, self, other, "mul") if is_operand(other) else NotImplemented


def op_truediv(self, other):
    return two(BINARY_DIV, self, other, "div") if is_operand(other) else NotImplemented


def op_rtruediv(self, other):
    if is_number(other):
        # as PyTorch rounds and records it
        return two(BINARY_MUL, unary_op(UNARY_RECIPROCAL, self), other, "mul")
    return two(BINARY_DIV, other, self, "div") if is_operand(other) else NotImplemented


def op_floordiv(self, other):
    if not is_operand(other):
        return NotImplemented
    return underived(two(BINARY_FLOOR_DIVIDE, self, other, "floor_divide"), "floor_divide")


def op_rfloordiv(self, other):
    if not is_operand(other):
        return NotImplemented
    return underived(two(BINARY_FLOOR_DIVIDE, other, self, "floor_divide"), "floor_divide")


def op_mod(self, other):
    return two(BINARY_REMAINDER, self, other, "remainder") if is_operand(other) \
        else NotImplemented


def op_rmod(self, other):
    if not is_operand(other):
        return NotImplemented
    result = two(BINARY_REMAINDER, other, self, "remainder")
    return underived(result, "remainder") if is_number(other) else result


def op_pow(self, other, modulo=None):
    if modulo is not None or not is_operand(other):
        return NotImplemented
    return power(self, other)


def op_rpow(self, other, modulo=None):
    if modulo is not None or not is_operand(other):
        return NotImplemented
    return power(other, self)


def op_iadd(self, other):
    return two_inplace(BINARY_ADD, self, other, "add_") if is_operand(other) else NotImplemented


def op_isub(self, other):
    return two_inplace(BINARY_SUB, self, other, "sub_") if is_operand(other) else NotImplemented


def op_imul(self, other):
    return two_inplace(BINARY_MUL, self, other, "mul_") if is_operand(other) else NotImplemented


def op_itruediv(self, other):
    return two_inplace(BINARY_DIV, self, other, "div_") if is_operand(other) else NotImplemented


def op_ifloordiv(self, other):
    if not is_operand(other):
        return NotImplemented
    return underived(two_inplace(BINARY_FLOOR_DIVIDE, self, other, "floor_divide_"),
                     "floor_divide")


def op_imod(self, other):
    return two_inplace(BINARY_REMAINDER, self, other, "remainder_") if is_operand(other) \
        else NotImplemented


def op_ipow(self, other):
    return pow_(self, other) if is_operand(other) else NotImplemented


def op_neg(self):
    return unary_op(UNARY_NEG, self)


def op_abs(self):
    return unary_op(UNARY_ABS, self)


def op_invert(self):
    if (<TensorBase?> self).dtype_.category == FLOATING:
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type "
                        "tensors")
    return unary_op(UNARY_BITWISE_NOT, self)
