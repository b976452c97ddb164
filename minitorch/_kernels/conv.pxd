"""2-D convolution and its three gradients, float and double."""

from minitorch._kernels.dispatch cimport mt_epilogue
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
cdef Py_ssize_t conv_out_size(
    Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t padding,
    Py_ssize_t dilation) noexcept nogil

# ---- the choice of algorithm ----

cdef enum Algorithm:
    DEPTHWISE
    FEW_CHANNELS
    SKINNY
    WINOGRAD_2          # F(2x2, 3x3)
    WINOGRAD_4          # F(4x4, 3x3)
    DIRECT

# `packed`: whether the weights' packed form need not be made, being kept from an earlier call.
cdef Algorithm route_forward(const ConvShape* shape, bint wide, bint packed) noexcept nogil
cdef Algorithm route_backward_input(const ConvShape* shape, bint wide, bint packed) noexcept nogil
cdef Algorithm route_backward_weight(const ConvShape* shape, bint wide) noexcept nogil

# ---- packed weights ----

# Size of the form in which an algorithm reads the weights, for the forward or for the input
# gradient; 0 where it reads them as they lie.
cdef Py_ssize_t packed_bytes(
    const ConvShape* shape, Algorithm algorithm, bint wide, bint backward) noexcept nogil
cdef int pack_weights(
    floating* packed, const floating* w, const ConvShape* shape, Algorithm algorithm,
    bint backward) except -1 nogil

# ---- the four maps ----
# All of these overwrite their first argument, split the work over the pool, give the same bits
# for any number of threads, take empty batches, and raise MemoryError when memory is short.
# `packed` is what pack_weights made, or NULL: then it is made on the way.

# y = after(x * w); `after` may be NULL; its residual has the layout of y, which must then be
# channels last
cdef int conv2d_forward(
    floating* y, const floating* x, const floating* w, const void* packed,
    const mt_epilogue* after, const ConvShape* shape, Algorithm algorithm) except -1 nogil

# dx = dy * flipped w
cdef int conv2d_backward_input(
    floating* dx, const floating* dy, const floating* w, const void* packed,
    const ConvShape* shape, Algorithm algorithm) except -1 nogil

# dw = sum over images and pixels of dy x
cdef int conv2d_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* shape,
    Algorithm algorithm) except -1 nogil

# db[o] = sum over images and pixels of dy
cdef int conv2d_backward_bias(
    floating* db, const floating* dy, const ConvShape* shape) except -1 nogil
