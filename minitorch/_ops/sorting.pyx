# cython: auto_pickle=False
"""Sorting and what rests on it: argsort, topk, kthvalue, unique.

NaN counts as the largest number, as in PyTorch.  All sorts are stable.
"""

import numpy

from minitorch._core.dtype import from_numpy_dtype
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect1, records1, set_function
from minitorch._core.shape cimport wrap_dim
from minitorch._core.tensor cimport TensorBase
from minitorch._ops._base cimport check_tensor
from minitorch._ops.array cimport array_of, from_array, numbers_of
from minitorch._ops.index cimport put_arrays
from minitorch._ops.out cimport deliver_pair
from minitorch._ops.strided cimport shape_tuple, zeros_of
from minitorch._ops.view cimport reshape_to
from minitorch._ops.writing cimport deliver


class NamedOutputs(tuple):
    """A tuple of tensors with names, printed as PyTorch prints its own."""

    __slots__ = ()
    fields = ()
    kind = ""

    def __repr__(self):
        inner = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self))
        return f"torch.return_types.{self.kind}(\n{inner})"


def named_outputs(kind, *fields):
    """A class of `NamedOutputs` with the given names."""
    members = {name: property(lambda self, i=i: self[i]) for i, name in enumerate(fields)}
    return type(kind, (NamedOutputs,), {"__slots__": (), "fields": fields, "kind": kind,
                                        "__module__": "torch.return_types",
                                        **members})


SORT = named_outputs("sort", "values", "indices")
TOPK = named_outputs("topk", "values", "indices")
KTHVALUE = named_outputs("kthvalue", "values", "indices")


cdef object LONG = from_numpy_dtype(numpy.dtype(numpy.int64))


# ---------------------------------------------------------------- order

cdef object order_of(TensorBase t, int dim, bint descending):
    """The places of the elements in sorted order along an axis of an array of 1 axis or more."""
    array = numbers_of(t).reshape(shape_tuple(t) or (1,))
    if not descending:
        return numpy.argsort(array, axis=dim, kind="stable")
    # sorted backwards, equal elements stay in order when both ends are turned round
    places = numpy.argsort(numpy.flip(array, dim), axis=dim, kind="stable")
    return array.shape[dim] - 1 - numpy.flip(places, dim)


cdef object top_of(TensorBase t, int dim, Py_ssize_t k, bint largest):
    """The places of the `k` first elements of that order; of equal ones at its end, any."""
    cdef Py_ssize_t n
    array = numbers_of(t).reshape(shape_tuple(t) or (1,))
    n = array.shape[dim]
    if k == 0 or 4 * k > n or n < 64:
        return order_of(t, dim, largest).take(range(k), dim)
    # apart from the rest first, then in order, equal elements by their places
    apart = numpy.argpartition(array, n - k if largest else k - 1, dim)
    places = numpy.sort(apart.take(range(n - k, n) if largest else range(k), dim), dim)
    found = numpy.take_along_axis(array, places, dim)
    if largest:
        order = k - 1 - numpy.flip(
            numpy.argsort(numpy.flip(found, dim), axis=dim, kind="stable"), dim)
    else:
        order = numpy.argsort(found, axis=dim, kind="stable")
    return numpy.take_along_axis(places, order, dim)


cdef class PickedBackward(Node):
    """The gradient at the places that the sorted values came from."""

    cdef tuple sizes, arrays

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        if g is None:
            return (None,)
        flat = put_arrays(zeros_of(g, self.sizes or (1,)), self.arrays,
                          reshape_to(g, self.arrays[0].shape), False, True)
        return (reshape_to(flat, self.sizes),)


cdef class SortBackward0(PickedBackward):
    """The gradient at the places that the sorted values came from."""


cdef class TopkBackward0(PickedBackward):
    """The gradient at the places that the largest values came from."""


cdef class KthvalueBackward0(PickedBackward):
    """The gradient at the places that the values came from."""


cdef tuple picked(TensorBase t, int dim, object places, tuple sizes, PickedBackward node):
    """(values, indices) at `places` along an axis, both in shape `sizes`."""
    cdef TensorBase values, indices
    array = array_of(t).reshape(shape_tuple(t) or (1,))
    found = numpy.ascontiguousarray(numpy.take_along_axis(array, places, dim)).reshape(sizes)
    values = from_array(found, t.dtype_)
    indices = from_array(numpy.array(places, numpy.int64).reshape(sizes), LONG)
    if records1(t):
        n = places.ndim
        node.sizes = shape_tuple(t)
        node.arrays = tuple([
            places if axis == dim else numpy.broadcast_to(
                numpy.arange(places.shape[axis]).reshape((-1,) + (1,) * (n - 1 - axis)),
                places.shape) for axis in range(n)])
        connect1(node, t)
        set_function(values, node, 0)
        node.n_outputs = 2
    return values, indices


# ---------------------------------------------------------------- sort

def sort(input, dim=-1, descending=False, stable=False, *, out=None):
    """The elements in order along an axis, and where they were.

    Equal elements stay in order, whatever `stable` says.

    Parameters
    ----------
    input : Tensor
    dim : int
    descending, stable : bool

    Returns
    -------
    (values, indices)
        A named pair; `indices` is int64.
    """
    cdef TensorBase t = check_tensor(input, "sort", "input")
    cdef int axis = wrap_dim(dim, t.ndim_)
    made = picked(t, axis, order_of(t, axis, descending), shape_tuple(t),
                  SortBackward0.__new__(SortBackward0))
    return deliver_pair(made, out, SORT)


def msort(input, *, out=None):
    """The elements in order along the first axis."""
    return deliver(sort(input, 0)[0], out)


def argsort(input, dim=-1, descending=False, *, stable=False):
    """The places of the elements in order along an axis; see `sort`."""
    cdef TensorBase t = check_tensor(input, "argsort", "input")
    places = order_of(t, wrap_dim(dim, t.ndim_), descending).reshape(shape_tuple(t))
    return from_array(numpy.array(places, numpy.int64), LONG)


def topk(input, k, dim=-1, largest=True, sorted=True, *, out=None):
    """The `k` largest (or smallest) elements along an axis, and where they were.

    They come in order, whatever `sorted` says.

    Raises
    ------
    RuntimeError
        If the axis is shorter than `k`.
    """
    cdef TensorBase t = check_tensor(input, "topk", "input")
    cdef int axis = wrap_dim(dim, t.ndim_)
    cdef tuple sizes = shape_tuple(t)
    if t.dtype_.name == "bool":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if k < 0 or k > (sizes[axis] if sizes else 1):
        raise RuntimeError("selected index k out of range")
    places = top_of(t, axis, k, largest)
    if sizes:
        sizes = sizes[:axis] + (k,) + sizes[axis + 1:]
    elif k == 0:
        sizes = (0,)
    made = picked(t, axis, places, sizes, TopkBackward0.__new__(TopkBackward0))
    return deliver_pair(made, out, TOPK)


def kthvalue(input, k, dim=-1, keepdim=False, *, out=None):
    """The `k`-th smallest element (from 1) along an axis, and where it was.

    Raises
    ------
    RuntimeError
        If the axis is shorter than `k`.
    """
    cdef TensorBase t = check_tensor(input, "kthvalue", "input")
    cdef int axis = wrap_dim(dim, t.ndim_)
    cdef tuple sizes = shape_tuple(t)
    if t.dtype_.name == "bool":
        raise NotImplementedError("\"kthvalue_cpu\" not implemented for 'Bool'")
    if k < 1 or k > (sizes[axis] if sizes else 1):
        raise RuntimeError("kthvalue(): selected number k out of range for dimension "
                           f"{axis}")
    places = order_of(t, axis, False).take([k - 1], axis)
    if sizes:
        sizes = sizes[:axis] + ((1,) if keepdim else ()) + sizes[axis + 1:]
    made = picked(t, axis, places, sizes, KthvalueBackward0.__new__(KthvalueBackward0))
    return deliver_pair(made, out, KTHVALUE)


# ---------------------------------------------------------------- unique

cdef class UniqueNotImplemented(Node):
    """`unique` has no derivative."""

    def name(self):
        return "Unique2Backward0"


cdef object with_extras(TensorBase t, TensorBase values, object inverse, object counts,
                        bint return_inverse, bint return_counts):
    cdef Node node
    cdef list made = [values]
    if records1(t):
        node = UniqueNotImplemented.__new__(UniqueNotImplemented)
        connect1(node, t)
        set_function(values, node, 0)
    if return_inverse:
        made.append(from_array(numpy.array(inverse, numpy.int64), LONG))
    if return_counts:
        made.append(from_array(numpy.array(counts, numpy.int64), LONG))
    return made[0] if len(made) == 1 else tuple(made)


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements in order, or the different places along an axis.

    Parameters
    ----------
    input : Tensor
    sorted : bool
        They are sorted in either case.
    return_inverse, return_counts : bool
        Also return where each element of the input is found among them, and how often each
        occurs.
    dim : int, optional

    Returns
    -------
    Tensor or tuple of Tensor
    """
    cdef TensorBase t = check_tensor(input, "unique", "input")
    axis = None if dim is None else wrap_dim(dim, t.ndim_)
    values, inverse, counts = numpy.unique(numbers_of(t), return_inverse=True, return_counts=True,
                                           axis=axis, equal_nan=False)
    if axis is None:
        inverse = inverse.reshape(shape_tuple(t))
    return with_extras(t, from_array(numpy.ascontiguousarray(values), t.dtype_),
                       inverse.reshape(-1) if axis is not None else inverse, counts,
                       return_inverse, return_counts)


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements without repetitions of the one before, or so the places along an axis."""
    cdef TensorBase t = check_tensor(input, "unique_consecutive", "input")
    axis = 0 if dim is None else wrap_dim(dim, t.ndim_)
    array = numbers_of(t).reshape(-1) if dim is None else numbers_of(t)
    rows = numpy.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    first = numpy.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]).any(1)
    inverse = numpy.cumsum(first) - 1
    counts = numpy.diff(numpy.append(numpy.nonzero(first)[0], len(rows)))
    values = numpy.ascontiguousarray(array.compress(first, axis))
    return with_extras(t, from_array(values, t.dtype_),
                       inverse.reshape(shape_tuple(t)) if dim is None else inverse, counts,
                       return_inverse, return_counts)
