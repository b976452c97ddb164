# cython: auto_pickle=False
"""Reading and writing where a mask is true."""

import numpy

from minitorch._core.dtype cimport dtype, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, connect2, records1, save, set_function, unpack
from minitorch._core.shape cimport Dims, broadcast
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.types cimport BOOL
from minitorch._ops._base cimport check_tensor
from minitorch._ops.array cimport array_of
from minitorch._ops.choice cimport masked
from minitorch._ops.expand cimport expand_to
from minitorch._ops.index cimport index_arrays_op, put_arrays
from minitorch._ops.out cimport deliver_typed
from minitorch._ops.places cimport finish, gather_raw, records_change, target
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.strided cimport shape_tuple, zeros_of
from minitorch._ops.view cimport reshape_to


cdef tuple common_shape(TensorBase a, TensorBase b):
    cdef Dims common
    broadcast(a.ndim_, a.shape_, b.ndim_, b.shape_, &common)
    return tuple([common.at[i] for i in range(common.n)])


cdef TensorBase broadcast_with(TensorBase t, tuple sizes):
    return t if shape_tuple(t) == sizes else expand_to(t, sizes)


# ---------------------------------------------------------------- masked_fill

cdef class MaskedFillBackward0(Node):
    """Nothing where the mask is true."""

    saved_names = ("mask",)

    cdef tuple apply(self, tuple grads):
        return (masked_fill_op(grads[0], unpack(self.s0, self), 0, None, False),)


cdef class MaskedFillBackward1(Node):
    """Nothing where the mask is true, whose sum is the value's."""

    saved_names = ("mask",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase mask = unpack(self.s0, self)
        return (masked_fill_op(grads[0], mask, 0, None, False) if self.needs(0) else None,
                sum_op(masked(grads[0], mask), None, False) if self.needs(1) else None)


cdef TensorBase masked_fill_op(TensorBase t, TensorBase mask, object number, TensorBase value,
                               bint inplace):
    """t[mask] = value, or `number` when `value` is None; recorded."""
    cdef TensorBase out = target(t, value, inplace)
    cdef TensorBase item = scalar_of(t.dtype_, number if value is None else value.item())
    cdef Node node = None
    if records_change(t, value):
        if value is None:
            node = MaskedFillBackward0.__new__(MaskedFillBackward0)
            connect1(node, t)
        else:
            node = MaskedFillBackward1.__new__(MaskedFillBackward1)
            connect2(node, t, value)
        node.s0 = save(mask)
    numpy.copyto(array_of(out), array_of(item), where=array_of(mask))
    return finish(out, node, inplace)


cdef object masked_fill_args(object input, object mask_, object value, bint inplace):
    cdef TensorBase t = check_tensor(input, "masked_fill", "input")
    cdef TensorBase mask = check_tensor(mask_, "masked_fill", "mask")
    cdef TensorBase given = None
    cdef tuple common
    if mask.code() != BOOL:
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype "
                           f"{scalar_name(mask.dtype_)}")
    if isinstance(value, TensorBase):
        given = <TensorBase> value
        if given.ndim_:
            raise RuntimeError("masked_fill_ only supports a 0-dimensional value tensor, but got "
                               f"tensor with {given.ndim_} dimension(s).")
    elif not is_number(value):
        raise TypeError("masked_fill(): argument 'value' must be Number or Tensor, not "
                        f"{type(value).__name__}")
    common = common_shape(t, mask)
    if inplace and common != shape_tuple(t):
        raise RuntimeError(f"output with shape {list(shape_tuple(t))} doesn't match the broadcast "
                           f"shape {list(common)}")
    return masked_fill_op(t if inplace else broadcast_with(t, common), mask, value, given, inplace)


cdef str scalar_name(dtype d):
    return {"float32": "float", "float64": "double", "int64": "long int", "int32": "int",
            "uint8": "unsigned char", "int8": "signed char", "int16": "short int"}.get(
        d.name, type_name(d))


def masked_fill(input, mask, value):
    """A copy with a number, or 0-d tensor, where a boolean mask is true; both are broadcast."""
    return masked_fill_args(input, mask, value, False)


def masked_fill_(input, mask, value):
    """`masked_fill` in place; the mask is broadcast."""
    return masked_fill_args(input, mask, value, True)


# ---------------------------------------------------------------- masked_select

cdef class MaskedSelectBackward0(Node):
    """The gradient at the places that were read."""

    cdef tuple sizes, arrays

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (put_arrays(zeros_of(g, self.sizes), self.arrays, g, False, True),)


def masked_select(input, mask, *, out=None):
    """The elements where a boolean mask is true, as one axis; both are broadcast."""
    cdef TensorBase t = check_tensor(input, "masked_select", "input")
    cdef TensorBase where = check_tensor(mask, "masked_select", "mask")
    cdef TensorBase found
    cdef tuple common, arrays
    cdef MaskedSelectBackward0 node
    if where.code() != BOOL:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    # a 0-d tensor is read as one of one axis
    common = common_shape(t, where) or (1,)
    t = broadcast_with(t, common)
    arrays = places_of(where, common)
    found = reshape_to(gather_raw(t, arrays), (-1,))
    if records1(t):
        node = MaskedSelectBackward0.__new__(MaskedSelectBackward0)
        node.sizes, node.arrays = common, arrays
        connect1(node, t)
        set_function(found, node, 0)
    return deliver_typed(found, out,
                         "masked_select(): self and result must have the same scalar type")


cdef tuple places_of(TensorBase mask, tuple sizes):
    """One index array per axis, for a mask broadcast to `sizes` of one axis or more."""
    return numpy.nonzero(numpy.broadcast_to(array_of(mask), sizes))


# ---------------------------------------------------------------- masked_scatter

cdef class MaskedScatterBackward0(Node):
    """Nothing where the mask is true for the tensor; those places for the source."""

    saved_names = ("mask",)
    cdef tuple sizes, arrays

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase whole = None, part = None
        if self.needs(0):
            whole = masked_fill_op(g, unpack(self.s0, self), 0, None, False)
        if self.needs(1):
            total = 1
            for size in self.sizes:
                total *= size
            part = reshape_to(index_arrays_op(g, self.arrays), (-1,))
            first = numpy.arange(part.numel_)
            part = put_arrays(zeros_of(g, (total,)), (first,), part, False, True)
            part = reshape_to(part, self.sizes)
        return (whole, part)


cdef TensorBase masked_scatter_op(object input, object mask_, object source_, bint inplace):
    cdef TensorBase t = check_tensor(input, "masked_scatter", "input")
    cdef TensorBase mask = check_tensor(mask_, "masked_scatter", "mask")
    cdef TensorBase source = check_tensor(source_, "masked_scatter", "source")
    cdef TensorBase out
    cdef MaskedScatterBackward0 node = None
    cdef tuple common, arrays
    if mask.code() != BOOL:
        raise RuntimeError("masked_scatter_ only supports boolean masks, but got mask with dtype "
                           f"{scalar_name(mask.dtype_)}")
    if source.dtype_ is not t.dtype_:
        raise RuntimeError("masked_scatter: expected self and source to have same dtypes but got"
                           f"{type_name(t.dtype_)} and {type_name(source.dtype_)}")
    common = common_shape(t, mask)
    if inplace and common != shape_tuple(t):
        raise RuntimeError(f"output with shape {list(shape_tuple(t))} doesn't match the broadcast "
                           f"shape {list(common)}")
    if not inplace:
        t = broadcast_with(t, common)
    arrays = places_of(mask, common) if common else ()
    count = int(numpy.count_nonzero(numpy.broadcast_to(array_of(mask), common)))
    if count > source.numel_:
        raise RuntimeError("Number of elements of source < number of ones in mask "
                           f"({source.numel_} < {count})")
    out = target(t, source, inplace)
    if records_change(t, source):
        node = MaskedScatterBackward0.__new__(MaskedScatterBackward0)
        node.s0, node.arrays, node.sizes = save(mask), arrays, shape_tuple(source)
        connect2(node, t, source)
    values = array_of(source).reshape(-1)[:count]
    array_of(out)[numpy.broadcast_to(array_of(mask), common)] = values
    return finish(out, node, inplace)


def masked_scatter(input, mask, source):
    """A copy with the first elements of `source`, in order, where a boolean mask is true."""
    return masked_scatter_op(input, mask, source, False)


def masked_scatter_(input, mask, source):
    """`masked_scatter` in place; the mask is broadcast."""
    return masked_scatter_op(input, mask, source, True)
