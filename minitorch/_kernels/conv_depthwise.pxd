"""Convolution of each channel by itself (groups == in_channels == out_channels), NHWC."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef int depthwise_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* shape) except -1 nogil
cdef int depthwise_backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* shape) except -1 nogil
cdef int depthwise_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* shape) except -1 nogil
