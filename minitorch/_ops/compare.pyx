"""Comparisons, logical and bitwise operations: none has a derivative."""

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.record cimport bump, check_writable
from minitorch._core.tensor cimport TensorBase, same_shape
from minitorch._kernels.pointwise cimport *
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport binary_raw, check_tensor, common_dtype, copy_raw, operand
from minitorch._ops.errors cimport no_overload
from minitorch._ops.out cimport deliver_pointwise
from minitorch._ops.scalars cimport is_number
from minitorch._ops.writing cimport check_inplace_result


cdef TensorBase compare(int op, object input, object other, str where):
    cdef bint na, nb
    cdef TensorBase a = operand(input, &na, where, "input")
    cdef TensorBase b = operand(other, &nb, where, "other")
    return binary_raw(op, a, b, common_dtype(a, na, b, nb))


cdef object compare_inplace(int op, object self, object other, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(self, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    cdef dtype compute = common_dtype(a, False, b, nb)
    check_writable(a, False)
    check_inplace_result(a, b, of_code(BOOL) if op >= BINARY_LOGICAL_AND else compute)
    copy_raw(a, binary_raw(op, a, b, compute))
    bump(a)
    return self


# Which operands may be numbers: neither, the second, or either.
cdef enum:
    TENSORS, SECOND, EITHER

FORMS = {
    SECOND: "Tensor input, Tensor other, *, Tensor out = None; "
            "Tensor input, Number other, *, Tensor out = None",
    EITHER: "Tensor input, Tensor other, *, Tensor out = None; "
            "Number self, Tensor other; "
            "Tensor input, Number other, *, Tensor out = None",
}


cdef int check_kinds(object input, object other, int kinds, str where) except -1:
    if kinds == TENSORS:
        check_tensor(input, where, "input")
        check_tensor(other, where, "other")
        return 0
    a, b = isinstance(input, TensorBase), isinstance(other, TensorBase)
    if (a or kinds == EITHER and b and is_number(input)) and (b or is_number(other)):
        return 0
    raise no_overload(where, (input, other), FORMS[kinds])


def _make(name, int op, int kinds):
    """The Python function of an operation, its in-place form and its operators."""
    def function(input, other, *, out=None):
        check_kinds(input, other, kinds, name)
        return deliver_pointwise(compare(op, input, other, name), out, name, (input, other))

    def inplace(self, other):
        check_kinds(self, other, kinds, name + "_")
        return compare_inplace(op, self, other, name + "_")

    def operator(self, other):
        if isinstance(other, TensorBase) or is_number(other):
            return compare(op, self, other, name)
        return NotImplemented

    def reflected(self, other):
        if isinstance(other, TensorBase) or is_number(other):
            return compare(op, other, self, name)
        return NotImplemented

    def inplace_operator(self, other):
        if isinstance(other, TensorBase) or is_number(other):
            return compare_inplace(op, self, other, name + "_")
        return NotImplemented

    for made, label, doc in (
            (function, name, f"{name} of two tensors, or a tensor and a number, elementwise."),
            (inplace, name + "_", f"`{name}` in place."),
            (operator, f"op_{name}", f"`{name}` as an operator."),
            (reflected, f"op_r{name}", f"`{name}` as an operator, the tensor behind."),
            (inplace_operator, f"op_i{name}", f"`{name}` as an in-place operator.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = doc
        globals()[label] = made


for name_, op_, kinds_ in (
        ("eq", BINARY_EQ, SECOND), ("ne", BINARY_NE, SECOND), ("lt", BINARY_LT, SECOND),
        ("le", BINARY_LE, SECOND), ("gt", BINARY_GT, SECOND), ("ge", BINARY_GE, SECOND),
        ("logical_and", BINARY_LOGICAL_AND, TENSORS), ("logical_or", BINARY_LOGICAL_OR, TENSORS),
        ("logical_xor", BINARY_LOGICAL_XOR, TENSORS), ("bitwise_and", BINARY_BITWISE_AND, EITHER),
        ("bitwise_or", BINARY_BITWISE_OR, EITHER), ("bitwise_xor", BINARY_BITWISE_XOR, EITHER),
        ("bitwise_left_shift", BINARY_SHIFT_LEFT, EITHER),
        ("bitwise_right_shift", BINARY_SHIFT_RIGHT, EITHER)):
    _make(name_, op_, kinds_)

for alias_, name_ in (("not_equal", "ne"), ("less", "lt"), ("less_equal", "le"),
                      ("greater", "gt"), ("greater_equal", "ge")):
    globals()[alias_] = globals()[name_]
    globals()[alias_ + "_"] = globals()[name_ + "_"]


def equal(input, other):
    """True if both tensors have the same shape and the same elements; dtypes are promoted."""
    from minitorch._ops.reduce import all as all_
    cdef TensorBase a = check_tensor(input, "equal", "input")
    cdef TensorBase b = check_tensor(other, "equal", "other")
    if not same_shape(a, b):
        return False
    return all_(binary_raw(BINARY_EQ, a, b, common_dtype(a, False, b, False))).item()


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True where ``|input - other| <= atol + rtol * |other|``."""
    from minitorch._ops.arithmetic import add, mul, sub
    from minitorch._ops.unary import abs, isfinite, isnan
    cdef str where = "isclose"
    cdef TensorBase a = check_tensor(input, "isclose", "input").detach()
    cdef TensorBase b = check_tensor(other, "isclose", "other").detach()
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"{type_name(a.dtype_)} did not match {type_name(b.dtype_)}")
    if rtol < 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol}")
    if atol < 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol}")
    close = binary_raw(BINARY_EQ, a, b, a.dtype_)
    if equal_nan and a.dtype_.category == FLOATING:
        close = compare(BINARY_LOGICAL_OR, close,
                        compare(BINARY_LOGICAL_AND, isnan(a), isnan(b), where), where)
    if rtol == 0 and atol == 0:
        return close
    difference = abs(sub(a.double(), b.double()))
    bound = add(mul(abs(b.double()), rtol), atol)
    near = compare(BINARY_LOGICAL_AND, isfinite(difference),
                   compare(BINARY_LE, difference, bound, where), where)
    return compare(BINARY_LOGICAL_OR, close, near, where)


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True if all elements are close; see `isclose`."""
    from minitorch._ops.reduce import all as all_
    return all_(isclose(input, other, rtol, atol, equal_nan)).item()
