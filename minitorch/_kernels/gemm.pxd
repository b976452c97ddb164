"""Matrix product, the one door to it."""

from minitorch._kernels.dispatch cimport mt_gemm_kernels
from minitorch._kernels.types cimport floating

# C := alpha * A.B + beta * C;  C (m, n), A (m, k), B (k, n).
# Element (i, j) of A lies at a[i * a_row + j * a_col], of B at b[i * b_row + j * b_col], so that
# transposes and any other strides are a matter of the two numbers; C is row-major with
# `c_row` elements from row to row.  beta == 0 never reads C.  C must not overlap A or B.
# Raises MemoryError when working memory is short.
cdef int gemm(
    floating* c, Py_ssize_t c_row,
    const floating* a, Py_ssize_t a_row, Py_ssize_t a_col,
    const floating* b, Py_ssize_t b_row, Py_ssize_t b_col,
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
    floating alpha, floating beta,
) except -1 nogil

# For kernels that run the tiles themselves: one panel of nr columns of B, zeros on the right.
cdef void pack_panel(
    floating* packed, const floating* b, Py_ssize_t b_row, Py_ssize_t b_col,
    Py_ssize_t depth, Py_ssize_t width, const mt_gemm_kernels* kernel) noexcept nogil
