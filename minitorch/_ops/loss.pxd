"""Softmax and what the losses share; see `loss.pyx`."""

from minitorch._core.tensor cimport TensorBase
from minitorch._kernels.softmax cimport Reduction

cdef TensorBase softmax_op(TensorBase x, int dim, bint log)
cdef Reduction reduction_of(str name) except *
