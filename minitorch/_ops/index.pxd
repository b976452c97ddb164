"""Indexing with brackets and lists of index tensors; see `index.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase index_op(TensorBase t, list indices)
cdef TensorBase index_put_op(TensorBase t, list indices, TensorBase values, bint accumulate)
cdef object nonzero_array(TensorBase t)
