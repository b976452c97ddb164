"""Single elements in memory, from and to Python numbers."""

from minitorch._kernels.types cimport Code

cdef object read_item(Code code, const char* p)
cdef int write_item(Code code, char* p, object value) except -1
