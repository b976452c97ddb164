"""Single elements in memory, from and to Python numbers."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t
from libc.string cimport memcpy

from minitorch._kernels.convert cimport load_double, store_double
from minitorch._kernels.types cimport BF16, BOOL, F16, F32, F64, I8, I16, I32, I64, U8, Code


cdef object read_item(Code code, const char* p):
    """One element as a Python bool, int or float."""
    cdef float f
    cdef double d
    cdef int64_t q
    cdef int32_t i
    cdef int16_t h
    if code == F32:
        memcpy(&f, p, 4)
        return f
    if code == F64:
        memcpy(&d, p, 8)
        return d
    if code == I64:
        memcpy(&q, p, 8)
        return q
    if code == BOOL:
        return p[0] != 0
    if code == U8:
        return <uint8_t> p[0]
    if code == I8:
        return <int8_t> p[0]
    if code == I16:
        memcpy(&h, p, 2)
        return h
    if code == I32:
        memcpy(&i, p, 4)
        return i
    return load_double(p, code)  # float16, bfloat16


cdef int write_item(Code code, char* p, object value) except -1:
    """Write a Python number as one element; C rules of conversion."""
    cdef float f
    cdef double d
    cdef int64_t q
    cdef int32_t i
    cdef int16_t h
    if code == F32:
        f = <float> <double> value
        memcpy(p, &f, 4)
    elif code == F64:
        d = value
        memcpy(p, &d, 8)
    elif code == BOOL:
        p[0] = 1 if value else 0
    elif code == F16 or code == BF16:
        store_double(p, value, code)
    else:
        q = int(value)
        if code == I64:
            memcpy(p, &q, 8)
        elif code == I32:
            i = <int32_t> q
            memcpy(p, &i, 4)
        elif code == I16:
            h = <int16_t> q
            memcpy(p, &h, 2)
        else:
            p[0] = <char> q
    return 0
