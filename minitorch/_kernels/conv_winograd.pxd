"""Winograd convolution, F(2x2, 3x3) and F(4x4, 3x3), on NHWC images, float only."""

from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.shapes cimport ConvShape

# Whether a convolution has the form: 3x3 kernel, stride and dilation 1, padding up to 2, no groups.
cdef bint winograd_fits(const ConvShape* shape) noexcept nogil

# `size` is 2 or 4, the rows and columns of results that a tile gives.
# The transformed weights for the forward, or for the input gradient.
cdef Py_ssize_t winograd_packed_bytes(
    const ConvShape* shape, int size, bint backward) noexcept nogil
cdef int winograd_pack(
    float* packed, const float* w, const ConvShape* shape, int size,
    bint backward) except -1 nogil

# y = after(x * w); `after` may be NULL
cdef int winograd_forward(
    float* y, const float* x, const float* packed, const mt_epilogue* after,
    const ConvShape* shape, int size) except -1 nogil

# dx, with weights packed for the backward
cdef int winograd_backward_input(
    float* dx, const float* dy, const float* packed, const ConvShape* shape,
    int size) except -1 nogil

cdef int winograd_backward_weight(
    float* dw, const float* dy, const float* x, const ConvShape* shape,
    int size) except -1 nogil
