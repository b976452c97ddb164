"""Convolution of images with few channels, such as the first layer of a network."""

from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# Few input channels, no groups, no dilation along the rows.
cdef bint few_channels_fits(const ConvShape* shape) noexcept nogil

# x in either layout (shape.x_channels_last), y NHWC; weights packed by direct_pack; `after` may
# be NULL.
cdef int few_channels_forward(
    floating* y, const floating* x, const floating* packed, const mt_epilogue* after,
    const ConvShape* shape) except -1 nogil

# dw in the weight's layout, dy NHWC
cdef int few_channels_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* shape) except -1 nogil
