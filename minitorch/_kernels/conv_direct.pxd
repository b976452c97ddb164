"""Implicit-GEMM convolution on NHWC images: forward, and input gradient as a forward."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# The layout flags of `shape` other than w_channels_last are ignored: x, y, dx, dy are NHWC.
cdef int direct_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* shape) except -1 nogil
cdef int direct_backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* shape) except -1 nogil
