# cython: auto_pickle=False
"""Choices element by element: `where`, and `clamp` between bounds."""

from minitorch._core.dtype cimport BOOLEAN, FLOATING, default_float, dtype, of_code
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    bump, check_writable, connect1, records1, records2, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.pointwise cimport (
    BINARY_GE, BINARY_LE, BINARY_MAXIMUM, BINARY_MINIMUM, where_loop)
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport (
    binary_number_raw, cast_raw, check_inplace_result, check_tensor, common_dtype, copy_raw,
    deliver, new_output3, operand, run_list, set_history)
from minitorch._ops.binary cimport (
    BinaryNode, before_change, compare_number, link, logical_and_raw, two, two_inplace, zero_of)
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.scalars cimport dtype_with_number


# ---------------------------------------------------------------- where

cdef class WhereBackward0(BinaryNode):
    """The gradient goes to the operand that was taken."""

    saved_names = ("condition",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase cond = unpack(self.s0, self)
        zero = zero_of(g)
        return (self.back_to_a(where_op(cond, g, zero)) if self.needs(0) else None,
                self.back_to_b(where_op(cond, zero, g)) if self.needs(1) else None)


cdef TensorBase where_op(TensorBase cond, TensorBase a, TensorBase b):
    """cond ? a : b, in the dtype of both."""
    cdef TensorBase out = new_output3(a.dtype_, cond, a, b)
    cdef BinaryNode node
    run_list(where_loop(<int> a.dtype_.itemsize), out, [cond, a, b])
    if records2(a, b):
        node = WhereBackward0.__new__(WhereBackward0)
        link(node, a, b, out)
        node.s0 = save(cond)
        set_function(out, node, 0)
    return out


cdef TensorBase masked(TensorBase g, TensorBase mask):
    """g where `mask` is true, else 0."""
    return where_op(mask, g, zero_of(g))


def where(condition, input=None, other=None, *, out=None):
    """`input` where `condition` is true, else `other`; alone, the indices of true elements."""
    cdef bint na, nb
    cdef TensorBase a, b, cond = check_tensor(condition, "where", "condition")
    if input is None and other is None:
        from minitorch._ops.index import nonzero
        return nonzero(condition, as_tuple=True)
    if cond.dtype_.category != BOOLEAN and cond.dtype_.name != "uint8":
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor "
                           f"with dtype {cond.dtype_!r}")
    a, b = operand(input, &na, "where", "input"), operand(other, &nb, "where", "other")
    common = common_dtype(a, na, b, nb)
    if na and nb and (<dtype> common).category == FLOATING:
        common = default_float()
    return deliver(where_op(cast_raw(cond, of_code(BOOL)), to_dtype(a, common),
                            to_dtype(b, common)), out)


# ---------------------------------------------------------------- clamp

cdef class ClampBackward1(Node):
    """The gradient passes where the value lay within the bounds, the bounds included."""

    saved_names = ("self", "min", "max")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase g = grads[0]
        inside = None
        if self.s1 is not None:
            inside = compare_number(BINARY_GE, x, self.s1)
        if self.s2 is not None:
            below = compare_number(BINARY_LE, x, self.s2)
            inside = below if inside is None else logical_and_raw(inside, below)
        return (masked(g, inside),)


cdef TensorBase clamp_numbers(TensorBase a, object low, object high, TensorBase into):
    """min(max(a, low), high) for bounds that are numbers or None."""
    cdef dtype compute = a.dtype_
    cdef bint records = records1(a)
    cdef TensorBase out = into
    cdef Node node = None
    for bound in (low, high):
        if bound is not None:
            compute = dtype_with_number(compute, bound)
    if compute.category == BOOLEAN:
        raise RuntimeError("clamp is not implemented for bool tensors")
    if into is not None:
        check_writable(a, records)
        check_inplace_result(a, a, compute)
    if records:
        node = ClampBackward1.__new__(ClampBackward1)
        connect1(node, a)
        node.s0 = save(a if into is None else before_change(a))
        node.s1, node.s2, node.n_outputs = low, high, 1
    x = cast_raw(a, compute)
    result = x
    if low is not None:
        result = binary_number_raw(BINARY_MAXIMUM, result, low, compute)
    if high is not None:
        result = binary_number_raw(BINARY_MINIMUM, result, high, compute)
    if into is None:
        out = result
    else:
        copy_raw(into, result)
        bump(into)
    if node is not None:
        if into is None:
            set_function(out, node, 0)
        else:
            set_history(into, node)
    return out


def clamp(input, min=None, max=None, *, out=None):
    """Limit each element to [min, max]; the bounds are numbers or tensors.

    Raises
    ------
    RuntimeError
        If neither bound is given.
    """
    cdef TensorBase a = check_tensor(input, "clamp", "input")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        result = a
        for op, bound in ((BINARY_MAXIMUM, min), (BINARY_MINIMUM, max)):
            if bound is not None:
                result = two(op, result, bound, "clamp")
        return deliver(result, out)
    return deliver(clamp_numbers(a, min, max, None), out)


def clamp_(self, min=None, max=None):
    """`clamp` in place."""
    cdef TensorBase a = check_tensor(self, "clamp_", "self")
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if isinstance(min, TensorBase) or isinstance(max, TensorBase):
        for op, bound in ((BINARY_MAXIMUM, min), (BINARY_MINIMUM, max)):
            if bound is not None:
                two_inplace(op, a, bound, "clamp_")
        return self
    return clamp_numbers(a, min, max, a)


def clamp_min(input, min, *, out=None):
    """Limit each element from below."""
    return clamp(input, min=min, out=out)


def clamp_max(input, max, *, out=None):
    """Limit each element from above."""
    return clamp(input, max=max, out=out)


def clamp_min_(self, min):
    """`clamp_min` in place."""
    return clamp_(self, min=min)


def clamp_max_(self, max):
    """`clamp_max` in place."""
    return clamp_(self, max=max)


clip, clip_ = clamp, clamp_
