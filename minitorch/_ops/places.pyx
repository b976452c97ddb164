# cython: auto_pickle=False
"""Reading and writing at index arrays, for all families that do so.

Places are a tuple for numpy with an index array or ``slice(None)`` for each axis.
"""

import warnings

import numpy

from libc.stdint cimport int32_t, int64_t
from minitorch._core.dtype cimport FLOATING, cxx_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport bump, check_writable, records1, records2, set_function
from minitorch._core.shape cimport extent, size_text
from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.types cimport BOOL, I32, I64, U8
from minitorch._ops._base cimport clone_raw
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.history cimport set_history
from minitorch._ops.strided cimport shape_tuple
from minitorch._ops.writing cimport check_out, deliver


# ---------------------------------------------------------------- index arrays

cdef object nonzero_array(TensorBase t):
    """The places of the elements that are not 0, one array for each axis."""
    return numpy.nonzero(numbers_of(t)) if t.ndim_ else \
        (numpy.zeros(1 if t.item() else 0, numpy.int64),)


cdef bint is_mask(TensorBase index) noexcept:
    """Whether an index tensor counts as a mask."""
    return index.code() == BOOL or index.code() == U8


cdef list split_mask(TensorBase mask, TensorBase t, int axis):
    """A mask as one index array for each of its axes."""
    cdef int i
    if mask.code() == U8:
        warnings.warn("indexing with dtype torch.uint8 is now deprecated, please use a dtype "
                      "torch.bool instead.", stacklevel=4)
    for i in range(mask.ndim_):
        if mask.shape_[i] != t.shape_[axis + i]:
            raise IndexError(
                f"The shape of the mask {size_text(mask.ndim_, mask.shape_)} at index {i} does not "
                f"match the shape of the indexed tensor {size_text(t.ndim_, t.shape_)} at index "
                f"{axis + i}")
    return list(numpy.nonzero(array_of(mask)))


cdef object index_array(TensorBase index, TensorBase t, int axis):
    """An index tensor as an array whose entries are checked against the axis."""
    cdef Py_ssize_t size = t.shape_[axis], low, high
    if index.code() != I64 and index.code() != I32:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    array = array_of(index)
    range_of(index, array, &low, &high)
    if low < -size or high >= size:
        if size == 0:
            raise IndexError("index is out of bounds for dimension with size 0")
        raise IndexError(f"index {high if high >= size else low} is out of bounds for "
                         f"dimension {axis} with size {size}")
    return array


cdef int range_of(TensorBase index, object array, Py_ssize_t* low, Py_ssize_t* high) except -1:
    """The smallest and largest entry of an index tensor; 0 and -1 of an empty one."""
    cdef const int64_t* wide
    cdef const int32_t* narrow
    cdef Py_ssize_t i, lo = 0, hi = -1, entry
    if index.numel_ and not index.contiguous:
        lo, hi = int(array.min()), int(array.max())
    elif index.numel_ and index.code() == I64:
        wide = <const int64_t*> index.data()
        lo = hi = wide[0]
        for i in range(1, index.numel_):
            entry = wide[i]
            lo = entry if entry < lo else lo
            hi = entry if entry > hi else hi
    elif index.numel_:
        narrow = <const int32_t*> index.data()
        lo = hi = narrow[0]
        for i in range(1, index.numel_):
            entry = narrow[i]
            lo = entry if entry < lo else lo
            hi = entry if entry > hi else hi
    low[0], high[0] = lo, hi
    return 0


cdef tuple index_arrays(TensorBase t, list indices):
    """Index tensors and masks as a tuple for numpy: an array or ``slice(None)`` per axis.

    Arrays that show an index tensor's own memory are checked but not copied.
    """
    cdef list out = []
    cdef TensorBase index
    cdef int axis = 0
    while axis < len(indices):
        index = indices[axis]
        if index is None:
            out.append(slice(None))
            axis += 1
        elif is_mask(index):
            out += split_mask(index, t, axis)
            axis += max(index.ndim_, 1)
        else:
            out.append(index_array(index, t, axis))
            axis += 1
    if len(out) > t.ndim_:
        raise IndexError(f"too many indices for tensor of dimension {t.ndim_} (got {len(out)})")
    check_broadcast([a for a in out if not isinstance(a, slice)])
    return tuple(out)


cdef int check_broadcast(list arrays) except -1:
    if len(arrays) < 2:
        return 0
    try:
        numpy.broadcast_shapes(*[a.shape for a in arrays])
    except ValueError:
        shapes = ", ".join([str(list(a.shape)) for a in arrays])
        raise IndexError("shape mismatch: indexing tensors could not be broadcast together with "
                         f"shapes {shapes}") from None
    return 0


cdef tuple frozen(tuple arrays):
    """Index arrays that no later change in place can reach."""
    return tuple([a if isinstance(a, slice) else a.copy() for a in arrays])


cdef object single_axis(tuple arrays):
    """(axis, array) when only one axis is indexed, else None."""
    found = None
    for axis, a in enumerate(arrays):
        if not isinstance(a, slice):
            if found is not None:
                return None
            found = (axis, a)
    return found


cdef TensorBase gather_raw(TensorBase t, tuple arrays):
    source = array_of(t)
    one = single_axis(arrays)
    if one is not None:
        # bounds are checked; "wrap" spares numpy a second pass and reads negatives rightly
        picked = numpy.take(source, one[1], axis=one[0], mode="wrap")
    else:
        picked = source[arrays]
    return from_array(numpy.ascontiguousarray(picked).reshape(picked.shape), t.dtype_)


cdef int put_raw(TensorBase t, tuple arrays, TensorBase values, bint accumulate) except -1:
    """t[arrays] = values or += values, values broadcast."""
    if not accumulate:
        array_of(t)[arrays] = array_of(values)
        return 0
    total = numbers_of(t)
    if not numpy.may_share_memory(total, array_of(t)):
        numpy.add.at(total, arrays, numbers_of(values))
        array_of(t)[...] = array_of(from_array(total, t.dtype_))
    elif total.dtype == bool:
        numpy.logical_or.at(total, arrays, numbers_of(values))
    else:
        numpy.add.at(total, arrays, numbers_of(values))
    return 0


cdef tuple picked_shape(TensorBase t, tuple arrays):
    """The shape of ``t[arrays]``."""
    empty = numpy.broadcast_to(numpy.zeros((), numpy.int8), shape_tuple(t))
    return empty[arrays].shape


# ---------------------------------------------------------------- out=

cdef object deliver_apart(TensorBase result, object out, list inputs, bint exact=True):
    """`deliver` for operations that PyTorch runs in the memory of `out`: no input may share it.

    With `exact` it must have the dtype of the result.
    """
    cdef TensorBase to, t
    cdef Py_ssize_t low, high, first, last
    if out is not None:
        to = check_out(result, out, None)
        if exact and to.dtype_ is not result.dtype_:
            raise RuntimeError(f"Expected out tensor to have dtype {cxx_name(result.dtype_)}, but "
                               f"got {cxx_name(to.dtype_)} instead")
        check_writable(to, False)
        extent(to.ndim_, to.shape_, to.strides_, &low, &high)
        for item in inputs:
            t = <TensorBase> item
            if t.storage is not to.storage or not t.numel_ or not to.numel_:
                continue
            extent(t.ndim_, t.shape_, t.strides_, &first, &last)
            if to.offset + low <= t.offset + last and t.offset + first <= to.offset + high:
                raise RuntimeError(
                    "unsupported operation: some elements of the input tensor and the written-to "
                    "tensor refer to a single memory location. Please clone() the tensor before "
                    "performing the operation.")
    return deliver(result, out)


# ---------------------------------------------------------------- writing with history

cdef TensorBase target(TensorBase t, TensorBase other, bint inplace):
    """What an operation is to write: `t` itself if autograd allows, or a copy of it."""
    if not inplace:
        return clone_raw(t)
    check_writable(t, records_change(t, other))
    return t


cdef bint records_change(TensorBase t, TensorBase other) noexcept:
    """Whether autograd follows a change of `t` by `other`, which may be None."""
    if t.dtype_.category != FLOATING:
        return False
    return records1(t) if other is None else records2(t, other)


cdef TensorBase finish(TensorBase out, Node node, bint inplace):
    """Enter a written tensor into the graph; `node` is None where nothing is recorded."""
    if inplace:
        bump(out)
        if node is not None:
            set_history(out, node)
    elif node is not None:
        set_function(out, node, 0)
    return out
