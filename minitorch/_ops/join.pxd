"""Joining and cutting tensors; see `join.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase cat_op(list tensors, int dim)
cdef TensorBase stack_op(list tensors, int dim)
cdef tuple split_op(TensorBase t, list sizes, int dim, str name)
cdef tuple unbind_op(TensorBase t, int dim)
