"""2-D convolution and its three gradients, float and double."""

from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

# (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
cdef Py_ssize_t conv_out_size(
    Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t padding,
    Py_ssize_t dilation) noexcept nogil

# All of these overwrite their first argument, split the work over the pool, give the same bits
# for any number of threads, take empty batches, and raise MemoryError when memory is short.

# y = x * w + bias; bias (out_channels,) may be NULL
cdef int conv2d_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* shape) except -1 nogil

# dx = dy * flipped w
cdef int conv2d_backward_input(
    floating* dx, const floating* dy, const floating* w,
    const ConvShape* shape) except -1 nogil

# dw = sum over images and pixels of dy x
cdef int conv2d_backward_weight(
    floating* dw, const floating* dy, const floating* x,
    const ConvShape* shape) except -1 nogil

# db[o] = sum over images and pixels of dy
cdef int conv2d_backward_bias(
    floating* db, const floating* dy, const ConvShape* shape) except -1 nogil
