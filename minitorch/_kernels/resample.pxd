"""Resampling along one axis: a sparse matrix that is applied to each line of a block.

Interpolation of several axes is one such matrix an axis, padding by reflection or by the edge
too; the derivative of any of them is the transpose.
"""

from libc.stdint cimport uint8_t

from minitorch._kernels.types cimport floating

ctypedef fused sample:
    float
    double
    uint8_t

# Row j holds the entries start[j] to start[j + 1]: a column (in ascending order) and a weight.
cdef struct Taps:
    Py_ssize_t rows, columns
    Py_ssize_t* start           # rows + 1
    Py_ssize_t* column
    double* weight
    # for bytes the weights are whole numbers, and a sum of products counts 1 / 2^shift
    int shift

cdef enum Filter:
    FILTER_NEAREST              # the pixel at floor(j * scale)
    FILTER_NEAREST_EXACT        # the pixel nearest to the centre
    FILTER_LINEAR
    FILTER_CUBIC                # Keys' kernel with a = -0.75
    # the kernel stretched over all pixels that a smaller result covers
    FILTER_LINEAR_ANTIALIAS
    FILTER_CUBIC_ANTIALIAS      # a = -0.5
    FILTER_LANCZOS_ANTIALIAS    # a sinc with three lobes, times the middle lobe of a wider one

# How many entries `fill_taps` may write.
cdef Py_ssize_t taps_room(
    Filter filter, Py_ssize_t rows, double scale) noexcept nogil

# The weights of a filter; rows and columns of `a` say the sizes, scale is columns / rows or what
# the caller made of it.  Computed in the type of `scale`, so that results agree with PyTorch's.
cdef void fill_taps(
    Taps* a,                                                      # OUT
    Filter filter, floating scale, bint align_corners) noexcept nogil

# Entries of one row that read the same column become one.
cdef void merge_taps(Taps* a) noexcept nogil

# Weights for bytes: as many bits as leave the largest below 2^15.
cdef void round_taps(Taps* a) noexcept nogil

# b is the transpose of a; it has room for as many entries.
cdef void transpose_taps(Taps* b, const Taps* a) noexcept nogil

# y[o, j, :] = sum over the entries of row j of weight * x[o, column, :], for x of shape
# (outer, columns, inner)
cdef void apply_taps(
    sample* y,                                                    # OUT
    const sample* x, const Taps* a, Py_ssize_t outer, Py_ssize_t inner) noexcept nogil
