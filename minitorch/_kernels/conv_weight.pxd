"""Gradients of convolution with respect to weight and bias, on NHWC images."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# The layout flags of `shape` other than w_channels_last are ignored: x and dy are NHWC.
cdef int direct_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* shape) except -1 nogil
