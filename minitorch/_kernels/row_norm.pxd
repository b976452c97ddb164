"""Normalisation of each row of a block by its own mean and variance: layer and group norm.

A row holds `channels` planes of `pixels` values that share a mean; the weights of its planes are
those of its group.  Layer normalisation is one group of planes of one pixel.  Sums are double;
the same bits for any number of threads.
"""

from minitorch._kernels.types cimport floating

cdef struct RowShape:
    Py_ssize_t batch, groups            # rows
    Py_ssize_t channels, pixels         # planes of a row, values of a plane

# mean and invstd = 1 / sqrt(biased variance + eps) of each row, and
# y = (x - mean) * invstd * weight + bias; weight and bias (groups * channels) may be NULL
cdef void row_norm(
    floating* y, floating* mean, floating* invstd,                          # OUT
    const floating* x, const floating* weight, const floating* bias,        # IN
    const RowShape* shape, double eps) noexcept nogil

# Of normed = (x - mean) * invstd, per row of n values with h = dy * weight:
# dx = (h - sum h / n - normed * sum (h * normed) / n) * invstd
# dweight = sum over the batch and the pixels of dy * normed;  dbias = sum dy
# Each of dx, dweight and dbias may be NULL when it is not wanted.
cdef int row_norm_backward(
    floating* dx, floating* dweight, floating* dbias,                       # OUT
    const floating* dy, const floating* x, const floating* mean, const floating* invstd,
    const floating* weight, const RowShape* shape) except -1 nogil
