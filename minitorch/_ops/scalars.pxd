"""Python numbers as operands."""

from minitorch._core.dtype cimport dtype
from minitorch._core.tensor cimport TensorBase

cdef bint is_number(object value) noexcept
cdef TensorBase number_tensor(object value)
cdef int write_number(object value, dtype d, char* item) except -1
cdef int check_fits(object value, dtype d) except -1
cdef dtype dtype_with_number(dtype d, object number)
