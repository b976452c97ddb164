"""Casts between all dtypes, with PyTorch's (C's) rules, and scalars as bytes."""

from minitorch._kernels.pointwise cimport mt_loop

# A loop with one input; never NULL for codes below N_CODES.
cdef mt_loop cast_loop(int dst_code, int src_code) noexcept nogil
cdef Py_ssize_t item_size(int code) noexcept nogil
# out[r * out_row + c * item] = x[r * item + c * x_column], for items of 1, 2, 4 or 8 bytes.
ctypedef void (*mt_transpose)(char* out, Py_ssize_t out_row, const char* x, Py_ssize_t x_column,
                              Py_ssize_t rows, Py_ssize_t columns) noexcept nogil
cdef mt_transpose transpose_kernel(Py_ssize_t itemsize) noexcept nogil

# Write one number as `code` to out (up to 8 bytes), as a cast from double or int64 would.
cdef void store_double(char* out, double value, int code) noexcept nogil
cdef void store_int64(char* out, long long value, int code) noexcept nogil
cdef double load_double(const char* x, int code) noexcept nogil
cdef long long load_int64(const char* x, int code) noexcept nogil
