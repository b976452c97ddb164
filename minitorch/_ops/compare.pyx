"""Comparisons, logical and bitwise operations: none has a derivative."""

from minitorch._core.dtype cimport FLOATING, dtype, of_code
from minitorch._core.record cimport bump, check_writable
from minitorch._core.tensor cimport TensorBase, same_shape
from minitorch._kernels.pointwise cimport *
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport (
    binary_raw, check_inplace_result, check_tensor, common_dtype, copy_raw, deliver, operand)
from minitorch._ops.scalars cimport is_number


cdef TensorBase compare(int op, object input, object other, str where):
    cdef bint na, nb
    cdef TensorBase a = operand(input, &na, where, "input")
    cdef TensorBase b = operand(other, &nb, where, "other")
    cdef dtype compute = common_dtype(a, na, b, nb)
    if BINARY_BITWISE_AND <= op <= BINARY_SHIFT_RIGHT and compute.category == FLOATING:
        raise NotImplementedError(f"\"{where}_cpu\" not implemented for '{compute!r}'")
    return binary_raw(op, a, b, compute)


cdef object compare_inplace(int op, object self, object other, str where):
    cdef bint nb
    cdef TensorBase a = check_tensor(self, where, "self")
    cdef TensorBase b = operand(other, &nb, where, "other")
    cdef dtype compute = common_dtype(a, False, b, nb)
    check_writable(a, False)
    check_inplace_result(a, b, of_code(BOOL) if op >= BINARY_LOGICAL_AND else compute)
    if BINARY_BITWISE_AND <= op <= BINARY_SHIFT_RIGHT and compute.category == FLOATING:
        raise NotImplementedError(f"\"{where}_cpu\" not implemented for '{compute!r}'")
    copy_raw(a, binary_raw(op, a, b, compute))
    bump(a)
    return self


def _make(name, int op):
    """The Python function of an operation, its in-place form and its operator."""
    def function(input, other, *, out=None):
        return deliver(compare(op, input, other, name), out)

    def inplace(self, other):
        return compare_inplace(op, self, other, name + "_")

    def operator(self, other):
        if isinstance(other, TensorBase) or is_number(other):
            return compare(op, self, other, name)
        return NotImplemented

    def inplace_operator(self, other):
        if isinstance(other, TensorBase) or is_number(other):
            return compare_inplace(op, self, other, name + "_")
        return NotImplemented

    for made, label, doc in (
            (function, name, f"{name} of two tensors, or a tensor and a number, elementwise."),
            (inplace, name + "_", f"`{name}` in place."),
            (operator, f"op_{name}", f"`{name}` as an operator."),
            (inplace_operator, f"op_i{name}", f"`{name}` as an in-place operator.")):
        made.__name__ = made.__qualname__ = label
        made.__doc__ = doc
        globals()[label] = made


for name_, op_ in (
        ("eq", BINARY_EQ), ("ne", BINARY_NE), ("lt", BINARY_LT), ("le", BINARY_LE),
        ("gt", BINARY_GT), ("ge", BINARY_GE), ("logical_and", BINARY_LOGICAL_AND),
        ("logical_or", BINARY_LOGICAL_OR), ("logical_xor", BINARY_LOGICAL_XOR),
        ("bitwise_and", BINARY_BITWISE_AND), ("bitwise_or", BINARY_BITWISE_OR),
        ("bitwise_xor", BINARY_BITWISE_XOR), ("bitwise_left_shift", BINARY_SHIFT_LEFT),
        ("bitwise_right_shift", BINARY_SHIFT_RIGHT)):
    _make(name_, op_)

for alias_, name_ in (("not_equal", "ne"), ("less", "lt"), ("less_equal", "le"),
                      ("greater", "gt"), ("greater_equal", "ge")):
    globals()[alias_] = globals()[name_]
    globals()[alias_ + "_"] = globals()[name_ + "_"]


def equal(input, other):
    """True if both tensors have the same shape and the same elements.

    Raises
    ------
    RuntimeError
        If the dtypes differ.
    """
    from minitorch._ops.reduce import all as all_
    cdef TensorBase a = check_tensor(input, "equal", "input")
    cdef TensorBase b = check_tensor(other, "equal", "other")
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"Expected object of data type {a.dtype_!r} but got data type "
                           f"{b.dtype_!r} for argument #2 'other' in call to equal")
    if not same_shape(a, b):
        return False
    return all_(binary_raw(BINARY_EQ, a, b, a.dtype_)).item()


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True where ``|input - other| <= atol + rtol * |other|``."""
    from minitorch._ops.arithmetic import add, mul, sub
    from minitorch._ops.unary import abs, isfinite, isnan
    cdef str where = "isclose"
    cdef TensorBase a = check_tensor(input, "isclose", "input").detach()
    cdef TensorBase b = check_tensor(other, "isclose", "other").detach()
    if a.dtype_ is not b.dtype_:
        raise RuntimeError(f"{a.dtype_!r} did not match {b.dtype_!r}")
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
