# cython: auto_pickle=False
"""Choices element by element: `where`, and `clamp` between bounds."""

from minitorch._core.dtype cimport (
    BOOLEAN, FLOATING, cxx_name, default_float, dtype, of_code, type_name)
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    check_writable, connect1, records1, records2, records3, save, set_function, unpack)
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.pointwise cimport (
    BINARY_GE, BINARY_GT, BINARY_LE, BINARY_LOGICAL_OR, BINARY_LT, BINARY_MAXIMUM, BINARY_MINIMUM,
    where_loop)
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport (
    binary_number_raw, binary_raw, cast_raw, common_dtype, copy_raw, new_output3, operand,
    run_list)
from minitorch._ops.binary cimport (
    BinaryNode, before_change, compare_number, compare_op, link, logical_and_raw, zero_of)
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.errors cimport no_overload, not_implemented
from minitorch._ops.out cimport deliver_exactly, deliver_pointwise
from minitorch._ops.scalars cimport check_fits, dtype_with_number, is_number
from minitorch._ops.ternary cimport TernaryNode, common_dtype3, finish3, link3
from minitorch._ops.writing cimport check_inplace_result, check_out


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
    cdef TensorBase a, b, cond, result
    if not isinstance(condition, TensorBase) or (input is None) != (other is None):
        given = [value for value in (condition, input, other) if value is not None]
        raise no_overload("where", tuple(given), "Tensor condition; Tensor condition, Tensor "
                          "input, Tensor other, *, Tensor out = None; Tensor condition, Number "
                          "self, Tensor other; Tensor condition, Tensor input, Number other; "
                          "Tensor condition, Number self, Number other")
    cond = <TensorBase> condition
    if input is None:
        from minitorch._ops.index import nonzero
        return nonzero(condition, as_tuple=True)
    if cond.dtype_.category != BOOLEAN and cond.dtype_.name != "uint8":
        raise RuntimeError("where expected condition to be a boolean tensor, but got a tensor "
                           f"with dtype {type_name(cond.dtype_)}")
    a, b = operand(input, &na, "where", "input"), operand(other, &nb, "where", "other")
    common = common_dtype(a, na, b, nb)
    if na and nb and (<dtype> common).category == FLOATING:
        common = default_float()
    result = where_op(cast_raw(cond, of_code(BOOL)), to_dtype(a, common), to_dtype(b, common))
    if out is not None and check_out(result, out, "where").dtype_ is not result.dtype_:
        raise RuntimeError(f"Expected out type to be {type_name(result.dtype_)} but got "
                           f"{type_name((<TensorBase> out).dtype_)}")
    return deliver_pointwise(result, out, "where", (condition, input, other))


# ---------------------------------------------------------------- clamp

cdef class ClampNode(Node):
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


cdef class ClampBackward1(ClampNode):
    pass


cdef class ClampMinBackward0(ClampNode):
    pass


cdef class ClampMaxBackward0(ClampNode):
    pass


cdef TensorBase clamp_numbers(TensorBase a, object low, object high, bint inplace, type cls):
    """min(max(a, low), high) for bounds that are numbers or None."""
    cdef dtype compute = a.dtype_
    cdef bint records = records1(a)
    cdef TensorBase result
    cdef Node node = None
    for bound in (low, high):
        if bound is not None:
            compute = dtype_with_number(compute, bound)
    if compute.category == BOOLEAN:
        raise not_implemented("clamp_scalar_cpu" if low is not None and high is not None
                              else "clamp_min_scalar_cpu" if low is not None
                              else "clamp_max_scalar_cpu", compute)
    for bound in (low, high):
        if bound is not None:
            check_fits(bound, compute)
    if inplace:
        check_writable(a, records)
        if compute.category > a.dtype_.category:
            raise RuntimeError(f"result type {type_name(compute)} can't be cast to the desired "
                               f"output type {cxx_name(a.dtype_)}")
    if records:
        node = <Node> cls.__new__(cls)
        connect1(node, a)
        node.s0 = save(before_change(a) if inplace else a)
        node.s1, node.s2, node.n_outputs = low, high, 1
    result = cast_raw(a, compute)
    if low is not None:
        result = binary_number_raw(BINARY_MAXIMUM, result, low, compute)
    if high is not None:
        result = binary_number_raw(BINARY_MINIMUM, result, high, compute)
    if inplace:
        copy_raw(a, result)
        result = a
    return finish3(result, node, inplace)


# ---------------------------------------------------------------- clamp by tensors

cdef class BoundNode(BinaryNode):
    """One bound: the gradient goes to the value where it was kept, else to the bound."""

    saved_names = ("self", "bound")

    cdef tuple shared(self, TensorBase g, int keeps):
        x, bound = unpack(self.s0, self), unpack(self.s1, self)
        kept, zero = compare_op(keeps, x, bound), zero_of(g)
        return (self.back_to_a(where_op(kept, g, zero)) if self.needs(0) else None,
                self.back_to_b(where_op(kept, zero, g)) if self.needs(1) else None)


cdef class ClampMinBackward1(BoundNode):
    saved_names = ("self", "min")

    cdef tuple apply(self, tuple grads):
        return self.shared(grads[0], BINARY_GE)


cdef class ClampMaxBackward1(BoundNode):
    saved_names = ("self", "max")

    cdef tuple apply(self, tuple grads):
        return self.shared(grads[0], BINARY_LE)


cdef class ClampBackward0(TernaryNode):
    """Both bounds: the gradient goes to the value within them, else to the bound it met.

    The upper bound wins where it is the smaller one.
    """

    saved_names = ("self", "min", "max")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x, low, high, g = grads[0]
        x, low, high = unpack(self.s0, self), unpack(self.s1, self), unpack(self.s2, self)
        zero = zero_of(g)
        dx = dlow = dhigh = None
        if self.needs(0):
            inside = logical_and_raw(compare_op(BINARY_GE, x, low), compare_op(BINARY_LE, x, high))
            dx = self.back(0, where_op(inside, g, zero))
        if self.needs(1):
            met = logical_and_raw(compare_op(BINARY_LT, low, high), compare_op(BINARY_LT, x, low))
            dlow = self.back(1, where_op(met, g, zero))
        if self.needs(2):
            met = binary_raw(BINARY_LOGICAL_OR, compare_op(BINARY_GT, x, high),
                             compare_op(BINARY_LT, high, low), of_code(BOOL))
            dhigh = self.back(2, where_op(met, g, zero))
        return (dx, dlow, dhigh)


cdef TensorBase clamp_tensors(TensorBase a, TensorBase low, TensorBase high, bint inplace,
                              bint alone):
    """The same for bounds that are tensors; a lone bound of `clamp` has the node of both."""
    cdef TensorBase bound = low if high is None else high
    cdef dtype compute
    cdef bint records
    cdef TensorBase result, x
    cdef Node node = None
    if low is not None and high is not None:
        compute = common_dtype3(a, low, high)
        records = records3(a, low, high)
    else:
        compute = common_dtype(a, False, bound, False)
        records = records2(a, bound)
    if compute.category == BOOLEAN and low is not None and high is not None:
        raise not_implemented("clamp_cpu", compute)
    if inplace:
        check_writable(a, records)
        for t in (low, high):
            if t is not None:
                check_inplace_result(a, t, compute)
    x = before_change(a) if inplace and records else a
    result = cast_raw(a, compute)
    if low is not None:
        result = binary_raw(BINARY_MAXIMUM, result, low, compute)
    if high is not None:
        result = binary_raw(BINARY_MINIMUM, result, high, compute)
    if records:
        node = bounds_node(x, low, high, result, alone)
    if inplace:
        copy_raw(a, result)
        result = a
    return finish3(result, node, inplace)


cdef Node bounds_node(TensorBase x, TensorBase low, TensorBase high, TensorBase result,
                      bint alone):
    cdef TernaryNode three
    cdef BinaryNode two
    if low is not None and high is not None or not alone:
        three = ClampBackward0.__new__(ClampBackward0)
        # a missing bound is one that is never met
        if low is None:
            low = scalar_of(x.dtype_, -float("inf"))
        if high is None:
            high = scalar_of(x.dtype_, float("inf"))
        link3(three, x, low, high, result)
        three.s0, three.s1, three.s2 = save(x), save(low), save(high)
        return three
    if high is None:
        two = ClampMinBackward1.__new__(ClampMinBackward1)
    else:
        two, low = ClampMaxBackward1.__new__(ClampMaxBackward1), high
    link(two, x, low, result)
    two.s0, two.s1 = save(x), save(low)
    return two


# ---------------------------------------------------------------- functions

cdef object read_bounds(object input, object low, object high, str where):
    """Whether the bounds are tensors; an error for what they cannot be."""
    of_tensors = [isinstance(b, TensorBase) for b in (low, high) if b is not None]
    numbers_only = all([b is None or is_number(b) for b in (low, high)])
    if not isinstance(input, TensorBase) or not (numbers_only or all(of_tensors)):
        raise no_overload(where, tuple([b for b in (input, low, high) if b is not None]),
                          "Tensor input, Tensor min = None, Tensor max = None; "
                          "Tensor input, Number min = None, Number max = None")
    if not of_tensors:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return of_tensors[0]


cdef TensorBase clamped(object input, object low, object high, bint inplace, type cls, str where):
    if read_bounds(input, low, high, where):
        return clamp_tensors(<TensorBase> input, low, high, inplace, cls is not ClampBackward1)
    return clamp_numbers(<TensorBase> input, low, high, inplace, cls)


cdef object delivered(object input, object low, object high, object out, type cls, str where):
    result = clamped(input, low, high, False, cls, where)
    if isinstance(low, TensorBase) or isinstance(high, TensorBase):
        return deliver_pointwise(result, out, where, (input, low, high))
    return deliver_exactly(result, out, where, (input,))


def clamp(input, min=None, max=None, *, out=None):
    """Limit each element to [min, max]; the bounds are numbers or tensors.

    Raises
    ------
    RuntimeError
        If neither bound is given.
    """
    return delivered(input, min, max, out, ClampBackward1, "clamp")


def clamp_(self, min=None, max=None):
    """`clamp` in place."""
    return clamped(self, min, max, True, ClampBackward1, "clamp_")


def clamp_min(input, min, *, out=None):
    """Limit each element from below."""
    return delivered(input, min, None, out, ClampMinBackward0, "clamp_min")


def clamp_max(input, max, *, out=None):
    """Limit each element from above."""
    return delivered(input, None, max, out, ClampMaxBackward0, "clamp_max")


def clamp_min_(self, min):
    """`clamp_min` in place."""
    return clamped(self, min, None, True, ClampMinBackward0, "clamp_min_")


def clamp_max_(self, max):
    """`clamp_max` in place."""
    return clamped(self, None, max, True, ClampMaxBackward0, "clamp_max_")


clip, clip_ = clamp, clamp_
