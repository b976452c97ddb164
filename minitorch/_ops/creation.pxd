"""How factory functions read their common arguments."""

from minitorch._core.dtype cimport dtype
from minitorch._core.shape cimport Dims
from minitorch._core.tensor cimport TensorBase

cdef int check_options(str where, object layout, object device, object pin_memory) except -1
cdef TensorBase finished(TensorBase made, bint requires_grad)
cdef TensorBase empty_of(tuple size, object dtype_, object memory_format, str where)
