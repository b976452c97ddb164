"""Casts between dtypes: the loops are C, in ``isa/convert.inc.h``."""

from minitorch._kernels.dispatch cimport kernels, mt_kernels
from minitorch._kernels.pointwise cimport mt_loop
from minitorch._kernels.types cimport F64, I64

cdef extern from *:
    """
    #include "isa/isa.h"
    #define CAST_LOOP_OF(table, dst, src) (table)->convert->cast[dst][src]
    #define TRANSPOSE_OF(table, log2) (table)->convert->transpose[log2]
    """
    mt_loop CAST_LOOP_OF(const mt_kernels* table, int dst, int src) noexcept nogil
    mt_transpose TRANSPOSE_OF(const mt_kernels* table, int log2) noexcept nogil

cdef Py_ssize_t[10] ITEM_SIZES = [1, 1, 1, 2, 4, 8, 2, 2, 4, 8]


cdef mt_loop cast_loop(int dst_code, int src_code) noexcept nogil:
    """out = (dst) x, element by element."""
    return CAST_LOOP_OF(kernels(), dst_code, src_code)


cdef mt_transpose transpose_kernel(Py_ssize_t itemsize) noexcept nogil:
    """The transposed copy of items of 1, 2, 4 or 8 bytes."""
    cdef int log2 = 0 if itemsize == 1 else 1 if itemsize == 2 else 2 if itemsize == 4 else 3
    return TRANSPOSE_OF(kernels(), log2)


cdef Py_ssize_t item_size(int code) noexcept nogil:
    """Bytes of one element."""
    return ITEM_SIZES[code]


cdef inline void cast_one(char* out, int dst_code, char* x, int src_code) noexcept nogil:
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps = [0, 0]
    ptrs[0], ptrs[1] = out, x
    cast_loop(dst_code, src_code)(ptrs, steps, 1)


cdef void store_double(char* out, double value, int code) noexcept nogil:
    """*out = (code) value"""
    cast_one(out, code, <char*> &value, F64)


cdef void store_int64(char* out, long long value, int code) noexcept nogil:
    """*out = (code) value"""
    cast_one(out, code, <char*> &value, I64)


cdef double load_double(const char* x, int code) noexcept nogil:
    """(double) *x"""
    cdef double value = 0
    cast_one(<char*> &value, F64, <char*> x, code)
    return value


cdef long long load_int64(const char* x, int code) noexcept nogil:
    """(int64) *x"""
    cdef long long value = 0
    cast_one(<char*> &value, I64, <char*> x, code)
    return value
