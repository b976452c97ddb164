"""Images to rows of pixels' neighbourhoods and back, and the layout changes NCHW <-> NHWC."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# Columns [first_column, last_column) of the im2col matrix of one group, for the output pixels
# [first, last) of the whole batch; x is NHWC.  Row p - first of `rows`, row_step elements after
# the one before, holds what output pixel p sees: taps in order, channels of the group inside,
# zeros where the window hangs over the edge.
cdef void im2col_nhwc(
    floating* rows, Py_ssize_t row_step, const floating* x, const ConvShape* shape,
    Py_ssize_t group, Py_ssize_t first_column, Py_ssize_t last_column,
    Py_ssize_t first, Py_ssize_t last) noexcept nogil

# The adjoint of im2col_nhwc over all output pixels of one image: dx (H, W, C) += rows.
cdef void col2im_nhwc(
    floating* dx, const floating* rows, Py_ssize_t row_step, const ConvShape* shape,
    Py_ssize_t group) noexcept nogil

# The same for one NCHW image: columns (channels of one group * kernel, out pixels)
cdef void im2col_nchw(
    floating* columns, const floating* x, const ConvShape* shape, Py_ssize_t group) noexcept nogil
cdef void col2im_nchw(
    floating* dx, const floating* columns, const ConvShape* shape,
    Py_ssize_t group) noexcept nogil

# dst (batch, cols, rows) = src (batch, rows, cols) with its last two axes swapped, on the pool:
# NCHW -> NHWC with rows = C, cols = H * W, and back with the two exchanged.
cdef void transpose_batch(
    floating* dst, const floating* src,
    Py_ssize_t batch, Py_ssize_t rows, Py_ssize_t cols) noexcept nogil

# Whether a weight's taps lie side by side, (in, kh, kw), rather than its channels.
cdef inline bint taps_inside(const ConvShape* s) noexcept nogil:
    return (not s.w_channels_last and s.kernel_height * s.kernel_width > 1
            and s.in_channels > s.groups)

# The weights as (out_channels, kh, kw, channels of a group): `w` itself when they are, else turned,
# in SCRATCH_CONV_TASK of the calling thread.
cdef const floating* taps_outside(
    const floating* w, const ConvShape* shape) except? NULL nogil
