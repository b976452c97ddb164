"""Reductions and scans along the middle axis of a contiguous (outer, n, inner) block.

The same bits for any number of threads: work is split by shape only and partial results
are combined in a fixed tree.
"""

from libc.stdint cimport int64_t

cdef enum ReduceOp:
    REDUCE_SUM          # ints and bool: out_code I64 (or any other code, by a cast)
    REDUCE_MEAN
    REDUCE_PROD
    REDUCE_AMAX         # NaN wins
    REDUCE_AMIN
    REDUCE_ARGMAX       # `indices` only, `out` is NULL; first index; NaN wins
    REDUCE_ARGMIN
    REDUCE_MAX          # values to `out` and first index to `indices`
    REDUCE_MIN
    REDUCE_ANY          # out_code BOOL
    REDUCE_ALL
    REDUCE_VAR          # param is the correction: sum (x - mean)^2 / max(0, n - param)
    REDUCE_STD
    REDUCE_NORM2        # sqrt(sum x^2)
    REDUCE_SUM_SQUARES
    N_REDUCE

cdef enum ScanOp:
    SCAN_SUM
    SCAN_PROD

# out has (outer, inner) elements of out_code, x (outer, n, inner) of in_code; indices is
# NULL or (outer, inner). Arithmetic: float for F16, BF16, F32; double for F64; int64 for
# integers and bool, and double for their means, variances and norms.
# Returns 0, -1 out of memory, -2 the op wants n > 0, -3 no such op for the dtype.
cdef int reduce_op(
    int op,
    char* out, int out_code, int64_t* indices,                    # OUT
    const char* x, int in_code,                                   # IN
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner, double param) noexcept nogil

# Running sums and products along n; out has x's shape. Floats run in double.
cdef int scan_op(
    int op,
    char* out, int out_code,                                      # OUT
    const char* x, int in_code,                                   # IN
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil
