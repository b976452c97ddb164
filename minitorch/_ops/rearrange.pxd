"""Copies of the elements in other places; see `rearrange.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase flip_op(TensorBase t, tuple dims)
cdef TensorBase roll_op(TensorBase t, tuple shifts, tuple dims)
cdef TensorBase triangle_op(TensorBase t, Py_ssize_t diagonal, bint upper, bint inplace)
cdef TensorBase repeat_op(TensorBase t, tuple repeats)
cdef TensorBase diag_embed_op(TensorBase t, Py_ssize_t shift, int dim1, int dim2)
