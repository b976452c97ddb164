"""dtype objects and PyTorch's type promotion."""

from minitorch._kernels.types cimport Code

# Categories of promotion: a higher one wins whatever the width.
cdef enum Category:
    BOOLEAN = 0
    INTEGRAL = 1
    FLOATING = 2

cdef class dtype:
    cdef readonly str name           # "float32"
    cdef readonly Py_ssize_t itemsize
    cdef readonly bint is_floating_point
    cdef readonly bint is_signed
    cdef Code code
    cdef Category category
    cdef readonly object numpy_dtype  # None for bfloat16, which numpy lacks
    cdef bytes format                # code of the buffer protocol

cdef dtype of_code(Code code)
# "Float" and "float": what PyTorch's errors call a dtype, in Python's and in C++'s words.
cdef str type_name(dtype d)
cdef str cxx_name(dtype d)
cdef dtype promote(dtype a, dtype b)
cdef dtype default_float()
cdef dtype check_dtype(object value, str where)
cdef dtype from_buffer_format(const char* format, Py_ssize_t itemsize)
