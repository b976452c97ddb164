"""Results written into a tensor that is there already."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef int refuse_overlap(TensorBase t, TensorBase other) except -1
cdef int check_inplace_result(TensorBase t, TensorBase other, dtype result) except -1
cdef object deliver(TensorBase result, object out, str where=*)
cdef TensorBase check_out(TensorBase result, object out, str where)
cdef TensorBase write_out(TensorBase result, TensorBase to)
