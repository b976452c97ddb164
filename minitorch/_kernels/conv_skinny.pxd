"""Convolution with a handful of output pixels, on NHWC images, float only."""

from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.shapes cimport ConvShape

# Few output pixels and no groups.
cdef bint skinny_fits(const ConvShape* shape) noexcept nogil

# Fewer still, and weights whose channels lie side by side: then skinny_forward gives the bits of
# the direct form with packed weights, without packing them.
cdef bint skinny_is_direct(const ConvShape* shape) noexcept nogil

# The weights are read as they lie in memory.  `after` may be NULL.
cdef int skinny_forward(
    float* y, const float* x, const float* w, const mt_epilogue* after,
    const ConvShape* shape) except -1 nogil

# In either layout of the weights.
cdef int skinny_backward_input(
    float* dx, const float* dy, const float* w, const ConvShape* shape) except -1 nogil
cdef int skinny_backward_weight(
    float* dw, const float* dy, const float* x, const ConvShape* shape) except -1 nogil
