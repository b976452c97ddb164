# cython: auto_pickle=False
"""Powers of tensors and numbers; the derivatives of roots and reciprocals, which are powers."""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, records2, save, save_output, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, new_like, same_geometry
from minitorch._kernels.pointwise cimport (
    BINARY_EQ, BINARY_GE, BINARY_MUL, BINARY_POW, BINARY_POW_SCALAR, UNARY_LOG, UNARY_RECIPROCAL,
    UNARY_RSQRT, UNARY_SQRT, UNARY_SQUARE, binary_loop)
from minitorch._kernels.types cimport I64
from minitorch._ops._base cimport binary_into, cast_raw, check_tensor, copy_raw, full_raw, run_item
from minitorch._ops.binary cimport (
    BinaryNode, add_number, before_change, binary, compare_number, differentiate_binary, div_op,
    logical_and_raw, mul_number, mul_op, neg_op, number_first, scalar_dtype, two, two_inplace,
    zero_of)
from minitorch._ops.choice cimport where_op
from minitorch._ops.history cimport set_history
from minitorch._ops.out cimport deliver_pointwise
from minitorch._ops.scalars cimport check_fits, dtype_with_number, is_number, write_number
from minitorch._ops.unary cimport ResultNode, SelfNode, differentiate_unary, unary_op
from minitorch._ops.writing cimport check_inplace_result


# ---------------------------------------------------------------- nodes

cdef class PowBackward0(Node):
    """d x^e = e x^(e - 1) dx, 0 for e = 0."""

    saved_names = ("self", "exponent")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self), g = grads[0]
        exponent = self.s1
        if exponent == 0:
            return (full_raw(x.dtype_, x, 0),)
        if not records2(g, x) and g.dtype_ is x.dtype_ and same_geometry(g, x):
            return (pow_slope_raw(g, x, exponent),)
        return (mul_op(g, mul_number(pow_number(x, exponent - 1), exponent)),)


cdef class PowBackward1(BinaryNode):
    """d a^b = b a^(b - 1) da + a^b ln(a) db."""

    saved_names = ("self", "exponent", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase a, b, g = grads[0]
        a, b = unpack(self.s0, self), unpack(self.s1, self)
        da = db = None
        if self.needs(0):
            slope = mul_op(b, pow_tensor(a, add_number(b, -1)))
            da = self.back_to_a(mul_op(g, where_op(compare_number(BINARY_EQ, b, 0.0),
                                                   zero_of(slope), slope)))
        if self.needs(1):
            # 0^b is flat in b for b >= 0, though ln(0) is not finite
            flat = logical_and_raw(compare_number(BINARY_EQ, a, 0.0),
                                   compare_number(BINARY_GE, b, 0.0))
            slope = mul_op(pow_tensor(a, b), unary_op(UNARY_LOG, a))
            db = self.back_to_b(mul_op(g, where_op(flat, zero_of(slope), slope)))
        return (da, db)


cdef class PowBackward2(Node):
    """d b^x = b^x ln(b) dx for a number b; flat where b is 0 and x is not negative."""

    saved_names = ("exponent", "self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        slope = mul_number(unpack(self.s2, self), log_of_number(self.s1))
        if self.s1 == 0:
            slope = where_op(compare_number(BINARY_GE, x, 0.0), zero_of(slope), slope)
        return (mul_op(grads[0], slope),)


cdef double log_of_number(object number) noexcept:
    from math import inf, log, nan
    return log(number) if number > 0 else (-inf if number == 0 else nan)


cdef class SquareBackward0(SelfNode):
    def name(self):
        return "PowBackward0"

    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], mul_number(self.kept(), 2)),)


cdef class SqrtBackward0(ResultNode):
    """d sqrt(x) = dx / (2 sqrt(x)), infinite at 0."""
    cdef tuple apply(self, tuple grads):
        return (div_op(grads[0], mul_number(self.kept(), 2)),)


cdef class RsqrtBackward0(ResultNode):
    """d x^(-1/2) = -1/2 x^(-3/2) dx."""
    cdef tuple apply(self, tuple grads):
        return (mul_op(mul_number(grads[0], -0.5), pow_number(self.kept(), 3)),)


cdef class ReciprocalBackward0(ResultNode):
    cdef tuple apply(self, tuple grads):
        r = self.kept()
        return (neg_op(mul_op(grads[0], mul_op(r, r))),)


differentiate_binary(BINARY_POW, PowBackward1)
differentiate_unary(UNARY_SQUARE, SquareBackward0)
differentiate_unary(UNARY_SQRT, SqrtBackward0)
differentiate_unary(UNARY_RSQRT, RsqrtBackward0)
differentiate_unary(UNARY_RECIPROCAL, ReciprocalBackward0)


# ---------------------------------------------------------------- operations

cdef TensorBase pow_raw(TensorBase a, object exponent, dtype compute):
    """a ** exponent for a Python number; small integer powers are exact products."""
    cdef TensorBase base, out
    cdef char item[16]
    if compute.category == BOOLEAN:         # the exponent is a bool too
        return cast_raw(pow_raw(a, exponent, of_code(I64)), compute)
    base = cast_raw(a, compute)
    out = new_like(base, compute)
    write_number(exponent, scalar_dtype(compute), item)
    run_item(binary_loop(BINARY_POW_SCALAR, compute.code), out, base, item)
    return out


cdef TensorBase pow_slope_raw(TensorBase g, TensorBase x, object exponent):
    """g e x^(e - 1) in one tensor; rounded after each step, as the recorded formula is."""
    cdef TensorBase out = pow_raw(x, exponent - 1, x.dtype_)
    cdef char item[16]
    write_number(exponent, x.dtype_, item)
    run_item(binary_loop(BINARY_MUL, x.code()), out, out, item)
    binary_into(BINARY_MUL, out, g, out, x.dtype_)
    return out


cdef dtype pow_dtype(TensorBase a, object exponent):
    cdef dtype compute = dtype_with_number(a.dtype_, exponent)
    if compute.category != FLOATING and isinstance(exponent, int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    check_fits(exponent, compute)
    return compute


cdef TensorBase pow_number(TensorBase a, object exponent):
    cdef dtype compute = pow_dtype(a, exponent)
    cdef TensorBase out
    cdef Node node
    out = pow_raw(a, exponent, compute)
    if records1(a):
        node = PowBackward0.__new__(PowBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(a), exponent, 1
        set_function(out, node, 0)
    return out


cdef TensorBase pow_tensor(TensorBase a, TensorBase b):
    return binary(BINARY_POW, a, False, b, False)


cdef TensorBase number_to_power(object number, TensorBase exponent):
    cdef PowBackward2 node = PowBackward2.__new__(PowBackward2)
    cdef TensorBase out = number_first(BINARY_POW, number, exponent, node)
    if out.grad_fn_ is node:
        node.s0, node.s1, node.s2 = save(exponent), number, save_output(out)
    return out


cdef TensorBase power(object input, object exponent):
    """A power from Python; a number as base or exponent has a shorter way and another node."""
    if isinstance(input, TensorBase) and is_number(exponent):
        return pow_number(input, exponent)
    if is_number(input) and isinstance(exponent, TensorBase):
        return number_to_power(input, exponent)
    return two(BINARY_POW, input, exponent, "pow")


def pow(input, exponent, *, out=None):
    """``input ** exponent``, elementwise.

    Raises
    ------
    RuntimeError
        For a negative integer power of integers.
    """
    return deliver_pointwise(power(input, exponent), out, "pow", (input, exponent))


def pow_(self, exponent):
    """`pow` in place."""
    cdef TensorBase a = check_tensor(self, "pow_", "self")
    cdef Node node = None
    cdef dtype compute
    cdef bint records
    if not is_number(exponent):
        return two_inplace(BINARY_POW, self, exponent, "pow_")
    records = records1(a)
    check_writable(a, records)
    compute = pow_dtype(a, exponent)
    check_inplace_result(a, a, compute)
    if records:
        node = PowBackward0.__new__(PowBackward0)
        connect1(node, a)
        node.s0, node.s1, node.n_outputs = save(before_change(a)), exponent, 1
    copy_raw(a, pow_raw(a, exponent, compute))
    bump(a)
    if node is not None:
        set_history(a, node)
    return a
