"""Indexing with brackets and lists of index tensors; see `index.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase index_op(TensorBase t, list indices)
cdef TensorBase index_put_op(TensorBase t, list indices, TensorBase values, bint accumulate,
                             bint inplace)
# The same for index arrays of numpy, one per axis, checked by the caller.
cdef TensorBase index_arrays_op(TensorBase t, tuple arrays)
cdef TensorBase put_arrays(TensorBase t, tuple arrays, TensorBase values, bint accumulate,
                           bint inplace)
