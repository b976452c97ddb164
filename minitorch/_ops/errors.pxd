"""Errors for arguments of the wrong kind; see `errors.pyx`. To be raised by the caller."""

from minitorch._core.dtype cimport dtype

cdef object not_tensor(object value, str where, str argument)
cdef object no_overload(str where, tuple given, str expected)
cdef object not_implemented(str kernel, dtype d)
cdef object no_kernel(int op, dtype d)
