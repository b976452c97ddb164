# cython: auto_pickle=False
"""Parts of numbers and what is told of them one by one: rounding, fractions, signs, degrees."""

from libc.math cimport M_PI

import numpy

from minitorch._core.dtype cimport BOOLEAN, FLOATING, default_float, of_code, type_name
from minitorch._core.dtype import finfo
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, save, set_function, unpack
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_DIV, BINARY_EQ, BINARY_LT, BINARY_MUL, BINARY_SUB, UNARY_ISFINITE, UNARY_ISNAN,
     UNARY_ROUND, UNARY_SIGN, UNARY_TRUNC)
from minitorch._kernels.types cimport BOOL, F64, I32
from minitorch._ops._base cimport (
    binary_number_raw, binary_raw, cast_raw, check_tensor, clone_raw, full_raw, unary_raw)
from minitorch._ops.array cimport from_array, numbers_of
from minitorch._ops.binary cimport before_change, compare_number, mul_number, mul_op
from minitorch._ops.choice cimport masked, where_op
from minitorch._ops.each cimport replace
from minitorch._ops.errors cimport not_implemented
from minitorch._ops.out cimport deliver_exactly, deliver_pointwise
from minitorch._ops.sorting import named_outputs
from minitorch._ops.unary cimport FlatNode, one, one_
from minitorch._ops.writing cimport check_out


# ---------------------------------------------------------------- machinery

cdef TensorBase record(Node node, TensorBase a, TensorBase result):
    """`result`, of which `node` is the function if `a` requires grad."""
    if records1(a):
        connect1(node, a)
        node.n_outputs = 1
        set_function(result, node, 0)
    return result


# ---------------------------------------------------------------- round

cdef class RoundBackward1(FlatNode):
    """With a number of decimals."""


cdef TensorBase round_decimals(TensorBase a, object decimals):
    """The nearest multiple of 10^-decimals."""
    cdef TensorBase scale, scaled
    cdef int there = BINARY_MUL if decimals > 0 else BINARY_DIV
    cdef int back = BINARY_DIV if decimals > 0 else BINARY_MUL
    if a.dtype_.category != FLOATING:
        raise not_implemented("round_cpu", a.dtype_)
    scale = scalar_of(a.dtype_, 10.0 ** abs(decimals))
    scaled = unary_raw(UNARY_ROUND, binary_raw(there, a, scale, a.dtype_))
    return record(RoundBackward1.__new__(RoundBackward1), a,
                  binary_raw(back, scaled, scale, a.dtype_))


def round(input, *, decimals=0, out=None):
    """The nearest integer, halves to even; `decimals` counts digits after the point."""
    if decimals == 0:
        return one(UNARY_ROUND, input, out, "round")
    return deliver_exactly(round_decimals(check_tensor(input, "round", "input"), decimals), out,
                           "round", (input,))


def round_(self, *, decimals=0):
    """`round` in place."""
    if decimals == 0:
        return one_(UNARY_ROUND, self, "round_")
    return replace(self, round_decimals(check_tensor(self, "round_", "self"), decimals))


# ---------------------------------------------------------------- fractions

cdef class FracBackward0(Node):
    """The fraction moves as its number does."""

    cdef tuple apply(self, tuple grads):
        return (grads[0],)


cdef TensorBase frac_op(TensorBase a):
    if a.dtype_.category != FLOATING:
        raise not_implemented("frac_cpu", a.dtype_)
    return record(FracBackward0.__new__(FracBackward0), a,
                  binary_raw(BINARY_SUB, a, unary_raw(UNARY_TRUNC, a), a.dtype_))


def frac(input, *, out=None):
    """What `trunc` takes away."""
    return deliver_exactly(frac_op(check_tensor(input, "frac", "input")), out, "frac", (input,))


def frac_(self):
    """`frac` in place."""
    return replace(self, frac_op(check_tensor(self, "frac_", "self")))


cdef class FrexpBackward0(Node):
    """d mantissa = dx / 2^exponent."""

    cdef tuple apply(self, tuple grads):
        return (mul_op(grads[0], unpack(self.s0, self)),)


FREXP = named_outputs("frexp", "mantissa", "exponent")


def frexp(input, *, out=None):
    """(mantissa, exponent) with input = mantissa 2^exponent and 0.5 <= abs(mantissa) < 1."""
    cdef TensorBase a = check_tensor(input, "frexp", "input")
    cdef TensorBase mantissa, exponent
    cdef Node node
    if a.dtype_.category != FLOATING:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    parts = numpy.frexp(numbers_of(a))
    mantissa = from_array(parts[0], a.dtype_)
    exponent = from_array(parts[1], of_code(I32))
    if records1(a):
        node = FrexpBackward0.__new__(FrexpBackward0)
        record(node, a, mantissa)
        powers = numpy.ldexp(numpy.float64(1), -parts[1])
        node.s0 = save(cast_raw(from_array(powers, of_code(F64)), a.dtype_))
        node.n_outputs = 2
    if out is None:
        return FREXP((mantissa, exponent))
    return FREXP((deliver_exactly(mantissa, out[0], "frexp", (input,)),
                  deliver_exactly(exponent, out[1], "frexp", (input,))))


# ---------------------------------------------------------------- degrees

cdef class AngleNode(Node):
    """A constant factor, in s0."""

    cdef tuple apply(self, tuple grads):
        return (mul_number(grads[0], self.s0),)


cdef class Deg2RadBackward0(AngleNode):
    pass


cdef class Rad2DegBackward0(AngleNode):
    pass


cdef TensorBase turned(TensorBase a, double factor, type cls):
    cdef TensorBase x = a
    cdef Node node = <Node> cls.__new__(cls)
    if a.dtype_.category != FLOATING:
        x = cast_raw(a, default_float())
    node.s0 = factor
    return record(node, a, binary_number_raw(BINARY_MUL, x, factor, x.dtype_))


def deg2rad(input, *, out=None):
    """Degrees to radians."""
    result = turned(check_tensor(input, "deg2rad", "input"), M_PI / 180, Deg2RadBackward0)
    return deliver_pointwise(result, out, "deg2rad", (input,))


def deg2rad_(self):
    """`deg2rad` in place."""
    return replace(self, turned(check_tensor(self, "deg2rad_", "self"), M_PI / 180,
                                Deg2RadBackward0))


def rad2deg(input, *, out=None):
    """Radians to degrees."""
    result = turned(check_tensor(input, "rad2deg", "input"), 180 / M_PI, Rad2DegBackward0)
    return deliver_pointwise(result, out, "rad2deg", (input,))


def rad2deg_(self):
    """`rad2deg` in place."""
    return replace(self, turned(check_tensor(self, "rad2deg_", "self"), 180 / M_PI,
                                Rad2DegBackward0))


# ---------------------------------------------------------------- signs

cdef class SgnBackward0(FlatNode):
    pass


cdef TensorBase sgn_op(TensorBase a):
    return record(SgnBackward0.__new__(SgnBackward0), a, unary_raw(UNARY_SIGN, a))


def sgn(input, *, out=None):
    """The sign of each element; other than `sign` for complex numbers only."""
    return deliver_exactly(sgn_op(check_tensor(input, "sgn", "input")), out, "sgn", (input,))


def sgn_(self):
    """`sgn` in place."""
    return replace(self, sgn_op(check_tensor(self, "sgn_", "self")))


cdef object tested(TensorBase result, object out, str where, tuple operands):
    """`deliver` of a test, whose output must be bool."""
    if out is not None and check_out(result, out, where).dtype_ is not result.dtype_:
        raise RuntimeError(f"{where} does not support non-boolean outputs.")
    return deliver_pointwise(result, out, where, operands)


def signbit(input, *, out=None):
    """True for negative elements, -0.0 among them."""
    cdef TensorBase a = check_tensor(input, "signbit", "input")
    if a.dtype_.category == FLOATING:
        result = from_array(numpy.signbit(numbers_of(a)), of_code(BOOL))
    elif a.dtype_.category == BOOLEAN:
        result = full_raw(of_code(BOOL), a, False)
    else:
        result = compare_number(BINARY_LT, a, 0)
    return tested(result, out, "signbit", (input,))


cdef TensorBase infinite(TensorBase a, double which):
    if a.dtype_.category != FLOATING:
        return full_raw(of_code(BOOL), a, False)
    return compare_number(BINARY_EQ, a, which)


def isposinf(input, *, out=None):
    """True where an element is plus infinity."""
    return tested(infinite(check_tensor(input, "isposinf", "input"), float("inf")), out,
                  "isposinf", (input,))


def isneginf(input, *, out=None):
    """True where an element is minus infinity."""
    return tested(infinite(check_tensor(input, "isneginf", "input"), -float("inf")), out,
                  "isneginf", (input,))


def isreal(input):
    """True everywhere: minitorch has no complex dtypes."""
    return full_raw(of_code(BOOL), check_tensor(input, "isreal", "input"), True)


# ---------------------------------------------------------------- nan_to_num

cdef class NanToNumBackward0(Node):
    """The gradient passes where the number was finite."""

    saved_names = ("self",)

    cdef tuple apply(self, tuple grads):
        return (masked(grads[0], unary_raw(UNARY_ISFINITE, unpack(self.s0, self))),)


cdef TensorBase nan_to_num_op(TensorBase a, object nan, object posinf, object neginf):
    cdef TensorBase result
    cdef Node node
    if a.dtype_.category != FLOATING:
        return clone_raw(a)
    limits = finfo(a.dtype_)
    result = a.detach()
    for mask, value, otherwise in (
            (unary_raw(UNARY_ISNAN, a), nan, 0.0),
            (infinite(a, float("inf")), posinf, limits.max),
            (infinite(a, -float("inf")), neginf, limits.min)):
        result = where_op(mask, scalar_of(a.dtype_, otherwise if value is None else value), result)
    if not records1(a):
        return result
    node = NanToNumBackward0.__new__(NanToNumBackward0)
    node.s0 = save(a)
    return record(node, a, result)


def nan_to_num(input, nan=None, posinf=None, neginf=None, *, out=None):
    """NaN as `nan` (default 0), infinities as `posinf` and `neginf` (default: the extremes)."""
    cdef TensorBase a = check_tensor(input, "nan_to_num", "input")
    result = nan_to_num_op(a, nan, posinf, neginf)
    if out is not None and check_out(result, out, "nan_to_num").dtype_ is not a.dtype_:
        raise RuntimeError(f"nan_to_num: dtype of out: {type_name((<TensorBase> out).dtype_)} "
                           f"should be same as input: {type_name(a.dtype_)}")
    return deliver_pointwise(result, out, "nan_to_num", (input,))


def nan_to_num_(self, nan=None, posinf=None, neginf=None):
    """`nan_to_num` in place."""
    cdef TensorBase a = check_tensor(self, "nan_to_num_", "self")
    return replace(a, nan_to_num_op(before_change(a) if records1(a) else a, nan, posinf, neginf))
