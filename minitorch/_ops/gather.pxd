"""Reading and writing along one axis; see `gather.pyx`."""

from minitorch._core.tensor cimport TensorBase

cdef TensorBase gather_op(TensorBase t, int dim, TensorBase index)
cdef TensorBase index_select_op(TensorBase t, int dim, TensorBase index)
