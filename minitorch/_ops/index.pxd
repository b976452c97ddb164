"""Indexing with brackets and lists of index tensors; see `index.pyx`."""

from minitorch._core.node cimport Node
from minitorch._core.tensor cimport TensorBase

cdef TensorBase index_op(TensorBase t, list indices)
cdef TensorBase index_put_op(TensorBase t, list indices, TensorBase values, bint accumulate,
                             bint inplace)
cdef object nonzero_array(TensorBase t)

# For families that read and write places: index arrays of numpy, one per axis, checked.
cdef TensorBase index_arrays_op(TensorBase t, tuple arrays)
cdef TensorBase put_arrays(TensorBase t, tuple arrays, TensorBase values, bint accumulate,
                           bint inplace)
cdef TensorBase gather_raw(TensorBase t, tuple arrays)
cdef int put_raw(TensorBase t, tuple arrays, TensorBase values, bint accumulate) except -1
cdef tuple frozen(tuple arrays)
cdef TensorBase target(TensorBase t, TensorBase other, bint inplace)
cdef bint records_change(TensorBase t, TensorBase other) noexcept
cdef TensorBase finish(TensorBase out, Node node, bint inplace)
