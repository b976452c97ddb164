# cython: auto_pickle=False
"""Indexing with brackets: views for integers, slices, None and `...`; gathers for the rest.

An index is read once, from left to right.  Its basic parts are applied as views; index
tensors and masks are collected, one entry for each axis of the view, and then gathered or
written in one go by numpy on the tensors' own memory.
"""

import warnings

import numpy

from minitorch._core.dtype cimport FLOATING, dtype, type_name
from minitorch._core.dtype import from_numpy_dtype
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    check_writable, connect1, connect2, records1, set_function)
from minitorch._core.shape cimport size_text
from minitorch._core.storage cimport same_memory
from minitorch._core.tensor cimport TensorBase, scalar_of
from minitorch._kernels.types cimport BOOL, I32, I64, U8
from minitorch._ops._base cimport check_tensor
from minitorch._ops.array cimport from_array
from minitorch._ops.copy cimport (
    ORDER_PRESERVE, clone_op, copy_op, fill_op, to_copy_op)
from minitorch._ops.out cimport deliver_typed
from minitorch._ops.places cimport (
    finish, frozen, gather_raw, index_arrays, is_mask, nonzero_array, picked_shape, put_raw,
    records_change, target)
from minitorch._ops.reduce cimport sum_to_op
from minitorch._ops.scalars cimport is_number
from minitorch._ops.strided cimport alias_op, select_op, shape_tuple, slice_op, zeros_of
from minitorch._ops.view cimport reshape_to, unsqueeze_op


# ---------------------------------------------------------------- reading an index

cdef class Reader:
    """One reading of an index: the view made so far, and the entries that gather.

    `found[i]` is None or what indexes axis i of `view`: an index tensor, or a mask, which
    counts for as many axes as it has.
    """

    cdef TensorBase view
    cdef list found
    cdef int axis
    cdef bint advanced

    cdef int add(self, TensorBase index, int axes) except -1:
        while len(self.found) < self.axis:
            self.found.append(None)
        self.found.append(index)
        for _ in range(axes - 1):
            self.found.append(None)
        self.axis += axes
        self.advanced = True
        return 0

    cdef int take(self, Py_ssize_t at) except -1:
        """An integer: a view of one place."""
        cdef Py_ssize_t size = self.view.shape_[self.axis]
        if at < -size or at >= size:
            raise IndexError(f"index {at} is out of bounds for dimension {self.axis} with size "
                             f"{size}")
        self.view = select_op(self.view, self.axis, at + size if at < 0 else at)
        return 0

    cdef int cut(self, object part) except -1:
        """A slice: a view of a range."""
        cdef Py_ssize_t start, stop, step
        if part.step is not None:
            if as_number(part.step) == 0:
                raise ValueError("slice step cannot be zero")
            if as_number(part.step) < 0:
                raise ValueError("step must be greater than zero")
        start, stop, step = slice(as_number(part.start), as_number(part.stop),
                                  as_number(part.step)).indices(self.view.shape_[self.axis])
        self.view = slice_op(self.view, self.axis, start, max(start, stop), step)
        self.axis += 1
        return 0

    cdef int truth(self, bint value) except -1:
        """True or False: a new axis of size 1 or 0."""
        self.view = unsqueeze_op(self.view, self.axis)
        self.add(from_array(numpy.zeros(1 if value else 0, numpy.int64),
                            from_numpy_dtype(numpy.dtype(numpy.int64))), 1)
        return 0

    cdef int tensor(self, TensorBase index) except -1:
        if index.dtype_.category == FLOATING:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        if index.ndim_ == 0:
            if index.code() == BOOL or index.code() == U8:
                self.truth(index.item() != 0)
            else:
                self.take(index.item())
            return 0
        self.add(index, index.ndim_ if is_mask(index) else 1)
        return 0


cdef object as_number(object bound):
    """A bound of a slice as an integer or None."""
    if bound is None or hasattr(bound, "__index__"):
        return bound
    raise TypeError("slice indices must be integers or None or have an __index__ method")


cdef TensorBase tensor_from(object sequence):
    """A list, range or array as an index tensor."""
    if not isinstance(sequence, numpy.ndarray):
        sequence = [x.item() if isinstance(x, TensorBase) and x.ndim == 0 else
                    (x.tolist() if isinstance(x, TensorBase) else x) for x in sequence]
        if not sequence:
            return tensor_from(numpy.empty(0, numpy.int64))
        array = numpy.array(sequence)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"new(): invalid data type '{type(sequence[0]).__name__}'")
        sequence = array
    array = numpy.array(sequence, order="C")
    return from_array(array, from_numpy_dtype(array.dtype))


cdef bint means_tuple(object index):
    """Whether PyTorch still reads a short list as a tuple: if it holds more than numbers."""
    if not isinstance(index, list) or len(index) >= 32:
        return False
    for item in index:
        if (item is None or item is Ellipsis
                or isinstance(item, (TensorBase, slice, list, tuple, range, numpy.ndarray))):
            warnings.warn(
                "Using a non-tuple sequence for multidimensional indexing is deprecated and will "
                "be changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 "
                "this will be interpreted as tensor index, x[torch.tensor(seq)], which will result "
                "either in an error or a different result", stacklevel=3)
            return True
    return False


cdef int axes_of(object item) except -1:
    """How many axes of the tensor one part of an index uses up."""
    cdef TensorBase t
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    if isinstance(item, TensorBase):
        t = <TensorBase> item
        return t.ndim_ if is_mask(t) else 1
    return 1


cdef tuple parts_of(object index):
    """The parts of an index, sequences among them made into tensors."""
    if not isinstance(index, tuple):
        index = tuple(index) if means_tuple(index) else (index,)
    for item in index:
        if isinstance(item, (list, tuple, range, numpy.ndarray, str)):
            return tuple([tensor_from(x) if isinstance(x, (list, tuple, range, numpy.ndarray, str))
                          else x for x in index])
    return index


cdef Reader read_index(TensorBase t, object index):
    """Apply the basic parts of `index` as views and collect the rest."""
    cdef Reader reader = Reader.__new__(Reader)
    cdef tuple parts
    cdef int used = 0
    reader.view, reader.found = t, []
    if type(index) is int:
        parts, used = (index,), 1
    else:
        parts = parts_of(index)
        for item in parts:
            used += axes_of(item)
    if used > t.ndim_:
        if t.ndim_ == 0 and not isinstance(index, tuple):
            raise IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
                             "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number")
        raise IndexError(f"too many indices for tensor of dimension {t.ndim_}")
    for item in parts:
        if type(item) is int:
            reader.take(item)
        elif isinstance(item, slice):
            reader.cut(item)
        elif item is None:
            reader.view = unsqueeze_op(reader.view, reader.axis)
            reader.axis += 1
        elif item is Ellipsis:
            reader.axis += t.ndim_ - used
            # a second `...` stands for no axis
            used = t.ndim_
        elif isinstance(item, bool):
            reader.truth(item)
        elif isinstance(item, TensorBase):
            reader.tensor(<TensorBase> item)
        elif hasattr(item, "__index__") and not isinstance(item, numpy.bool_):
            reader.take(item)
        else:
            kind = type(item)
            name = kind.__name__ if kind.__module__ == "builtins" else \
                f"{kind.__module__}.{kind.__name__}"
            raise IndexError("only integers, slices (`:`), ellipsis (`...`), None and long or "
                             f"byte Variables are valid indices (got {name})")
    return reader


# ---------------------------------------------------------------- gather

cdef class IndexBackward0(Node):
    """Adds the gradient at the places that were read."""

    cdef tuple sizes
    cdef tuple arrays

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        return (put_arrays(zeros_of(g, self.sizes), self.arrays, g, True, True),)


cdef TensorBase index_arrays_op(TensorBase t, tuple arrays):
    """``t[arrays]``; recorded."""
    cdef TensorBase out = gather_raw(t, arrays)
    cdef IndexBackward0 node
    if records1(t):
        node = IndexBackward0.__new__(IndexBackward0)
        node.sizes, node.arrays = shape_tuple(t), frozen(arrays)
        connect1(node, t)
        set_function(out, node, 0)
    return out


cdef TensorBase index_op(TensorBase t, list indices):
    """The elements at index tensors and masks, None for axes that stay; recorded."""
    return index_arrays_op(t, index_arrays(t, indices))


def getitem(input, index):
    """``x[index]``.

    Integers, slices, None and ``...`` give views; index tensors, lists, arrays and masks gather
    into a new tensor.

    Raises
    ------
    IndexError
        For an index out of range, too many of them, or a type that is no index.
    ValueError
        For a slice with a negative step.
    """
    cdef TensorBase t = check_tensor(input, "__getitem__", "input")
    cdef Reader reader = read_index(t, index)
    if reader.advanced:
        return index_op(reader.view, reader.found)
    return alias_op(t) if reader.view is t else reader.view


# ---------------------------------------------------------------- put

cdef class IndexPutBackward0(Node):
    """Zeros (or the whole, when values were added) for the tensor; the places for the values."""

    cdef tuple arrays
    cdef bint accumulate
    cdef tuple sizes

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase whole = None, part = None
        if self.needs(0):
            whole = g if self.accumulate else put_arrays(g, self.arrays, zeros_of(g, ()), False,
                                                         False)
        if self.needs(1):
            part = sum_to_op(index_arrays_op(g, self.arrays), self.sizes)
        return (whole, part)


cdef TensorBase put_arrays(TensorBase t, tuple arrays, TensorBase values, bint accumulate,
                           bint inplace):
    """t[arrays] = values or += values, all checked; in place, or in a copy of `t`."""
    cdef TensorBase out = target(t, values, inplace)
    cdef IndexPutBackward0 node = None
    if records_change(t, values):
        node = IndexPutBackward0.__new__(IndexPutBackward0)
        node.arrays, node.accumulate = frozen(arrays), accumulate
        node.sizes = shape_tuple(values)
        connect2(node, t, values)
    put_raw(out, arrays, values, accumulate)
    return finish(out, node, inplace)


cdef TensorBase index_put_op(TensorBase t, list indices, TensorBase values, bint accumulate,
                             bint inplace):
    """`index_put`, checked; in place, or in a copy."""
    cdef tuple arrays, wanted
    if inplace:
        check_writable(t, records_change(t, values))
    if values.dtype_ is not t.dtype_:
        raise RuntimeError("Index put requires the source and destination dtypes match, got "
                           f"{type_name(t.dtype_)} for the destination and "
                           f"{type_name(values.dtype_)} for the source.")
    arrays = index_arrays(t, indices)
    wanted = picked_shape(t, arrays)
    values = without_leading(values, len(wanted))
    if not broadcasts(shape_tuple(values), wanted):
        raise RuntimeError(f"shape mismatch: value tensor of shape "
                           f"{size_text(values.ndim_, values.shape_)} cannot be broadcast to "
                           f"indexing result of shape {list(wanted)}")
    if same_memory(values.storage, t.storage):
        values = clone_op(values, ORDER_PRESERVE)
    return put_arrays(t, arrays, values, accumulate, inplace)


cdef bint broadcasts(tuple shape, tuple wanted):
    if len(shape) > len(wanted):
        return False
    for size, place in zip(reversed(shape), reversed(wanted)):
        if size != place and size != 1:
            return False
    return True


cdef TensorBase without_leading(TensorBase values, Py_ssize_t ndim):
    """Leading axes of size 1 do not count in an assignment."""
    cdef int lead = 0
    while values.ndim_ - lead > ndim and values.shape_[lead] == 1:
        lead += 1
    return reshape_to(values, shape_tuple(values)[lead:]) if lead else values


def setitem(input, index, value):
    """``x[index] = value``, with autograd's history.

    Parameters
    ----------
    input : Tensor
    index : as for `getitem`
    value : Tensor or number
        Broadcast to the places.

    Raises
    ------
    TypeError
        If `value` is neither tensor nor number.
    IndexError, ValueError
        As for `getitem`.
    RuntimeError
        If the shape of `value` does not fit, or autograd forbids the change.
    """
    cdef TensorBase t = check_tensor(input, "__setitem__", "input")
    cdef bint number = not isinstance(value, TensorBase)
    cdef Reader reader
    if number and not is_number(value):
        if isinstance(value, complex):
            raise RuntimeError("value cannot be converted to type "
                               f"{type_name(t.dtype_).lower()} without overflow")
        raise TypeError(f"can't assign a {type(value).__name__} to a "
                        f"torch.{type_name(t.dtype_)}Tensor")
    reader = read_index(t, index)
    if reader.advanced:
        set_places(reader.view, reader.found, value, number)
        return
    if covers(index, t):
        reader.view = t
    if number:
        fill_op(reader.view, value)
    else:
        copy_op(reader.view, without_leading(<TensorBase> value, reader.view.ndim_))


cdef bint covers(object index, TensorBase t) noexcept:
    """Whether an index means the whole tensor, which is then changed itself, not a view of it."""
    return index is Ellipsis or (isinstance(index, slice) and t.ndim_ > 0
                                 and index == slice(None)) or (isinstance(index, tuple) and len(index) == 0)


cdef int set_places(TensorBase view, list indices, object value, bint number) except -1:
    cdef TensorBase values
    if number:
        values = scalar_of(view.dtype_, value)
    else:
        values = <TensorBase> value
        if values.ndim_ == 0 and is_mask_only(indices):
            # PyTorch fills a mask with a 0-d tensor of any dtype
            values = to_copy_op(values, view.dtype_, ORDER_PRESERVE, False)
    index_put_op(view, indices, values, False, True)
    return 0


cdef bint is_mask_only(list indices):
    cdef list found = [i for i in indices if i is not None]
    return len(found) == 1 and (<TensorBase> found[0]).code() == BOOL


cdef list read_indices(object indices, str where):
    """The `indices` argument: a tuple of index tensors, None for axes that stay."""
    cdef list out = []
    cdef TensorBase index
    if isinstance(indices, TensorBase) or not isinstance(indices, (tuple, list)):
        raise TypeError(f"{where}(): argument 'indices' (position 1) must be tuple of Tensors, "
                        f"not {type(indices).__name__}")
    for item in indices:
        if item is None:
            out.append(None)
            continue
        index = check_tensor(item, where, "indices")
        if index.code() not in (I64, I32, BOOL, U8):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        out.append(index)
        if is_mask(index):
            out += [None] * (index.ndim_ - 1)
    return out


def index_put_(input, indices, values, accumulate=False):
    """Write `values` at the places that a tuple of index tensors names; returns the tensor.

    With `accumulate`, values are added, also where places coincide.
    """
    cdef TensorBase t = check_tensor(input, "index_put_", "input")
    return index_put_op(t, read_indices(indices, "index_put_"),
                        check_tensor(values, "index_put_", "values"), accumulate, True)


def index_put(input, indices, values, accumulate=False):
    """`index_put_` on a copy."""
    cdef TensorBase t = check_tensor(input, "index_put", "input")
    return index_put_op(t, read_indices(indices, "index_put"),
                        check_tensor(values, "index_put", "values"), accumulate, False)


# ---------------------------------------------------------------- nonzero

def nonzero(input, *, out=None, as_tuple=False):
    """The places of the elements that are not 0.

    Returns
    -------
    Tensor or tuple of Tensor
        int64 of shape (count, ndim), or one tensor of shape (count,) for each axis.
    """
    cdef TensorBase t = check_tensor(input, "nonzero", "input")
    cdef dtype whole = from_numpy_dtype(numpy.dtype(numpy.int64))
    arrays = nonzero_array(t)
    if as_tuple:
        if out is not None:
            raise RuntimeError("nonzero(): argument 'out' does not go with as_tuple=True")
        return tuple([from_array(numpy.ascontiguousarray(a, numpy.int64), whole) for a in arrays])
    if t.ndim_ == 0:
        found = from_array(numpy.zeros((len(arrays[0]), 0), numpy.int64), whole)
    else:
        found = from_array(numpy.stack(arrays, 0).astype(numpy.int64, copy=False).T, whole)
    return deliver_typed(found, out, "nonzero: Expected out tensor to have scalar type {wanted} but "
                         "got scalar type{got}")


def argwhere(input):
    """The places of the elements that are not 0, as rows."""
    return nonzero(input)
