"""Implicit-GEMM convolution on NHWC images: forward, and input gradient as a forward."""

from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# The layout flags of `shape` other than w_channels_last are ignored: x, y, dx, dy are NHWC.

# Packed weights: [group][panel of target channels][tap][source channel][nr]
cdef Py_ssize_t direct_packed_bytes(
    const ConvShape* shape, bint wide, bint backward) noexcept nogil
cdef int direct_pack(
    floating* packed, const floating* w, const ConvShape* shape, bint backward) except -1 nogil

# The share of the taps that the direct form really multiplies: below 1 where it leaves out those
# that see nothing but padding.
cdef double direct_share(const ConvShape* shape) noexcept nogil

# `after` may be NULL
cdef int direct_forward(
    floating* y, const floating* x, const floating* packed, const mt_epilogue* after,
    const ConvShape* shape) except -1 nogil
cdef int direct_backward_input(
    floating* dx, const floating* dy, const floating* packed,
    const ConvShape* shape) except -1 nogil
