"""Max, average and adaptive average pooling in 2-D, each with its backward."""

from libc.stdint cimport int64_t

from minitorch._kernels.types cimport floating

cdef struct PoolShape:
    Py_ssize_t batch, channels
    Py_ssize_t in_height, in_width
    Py_ssize_t out_height, out_width        # given: ceil_mode is the caller's affair
    Py_ssize_t kernel_height, kernel_width  # adaptive pooling ignores this and what follows
    Py_ssize_t stride_h, stride_w
    Py_ssize_t padding_h, padding_w
    Py_ssize_t dilation_h, dilation_w       # max pooling only
    bint adaptive                           # max pooling: windows as for adaptive averages, of
                                            # at most the kernel's size
    bint channels_last                      # of x, y, indices, dx, dy alike; all dense

# All overwrite their first argument (and indices), split the work over the pool, give the same
# bits for any number of threads, take empty batches; MemoryError when memory is short.

# y = max of each window, indices = its place h * in_width + w in the plane: the first maximum
# in scan order, the last NaN if there is one (as in PyTorch).  indices may be NULL.
cdef int max_pool2d(
    floating* y, int64_t* indices, const floating* x, const PoolShape* shape) except -1 nogil
# dx[indices] += dy, in scan order
cdef int max_pool2d_backward(
    floating* dx, const floating* dy, const int64_t* indices,
    const PoolShape* shape) except -1 nogil

# y = sum of each window / divisor; divisor is divisor_override unless 0, else the window's
# size with padding (count_include_pad) or without.
cdef int avg_pool2d(
    floating* y, const floating* x, const PoolShape* shape,
    bint count_include_pad, Py_ssize_t divisor_override) except -1 nogil
cdef int avg_pool2d_backward(
    floating* dx, const floating* dy, const PoolShape* shape,
    bint count_include_pad, Py_ssize_t divisor_override) except -1 nogil

# y[i, j] = mean of x over rows [i*H//OH, ceil((i+1)*H/OH)) and the like for columns
cdef int adaptive_avg_pool2d(
    floating* y, const floating* x, const PoolShape* shape) except -1 nogil
cdef int adaptive_avg_pool2d_backward(
    floating* dx, const floating* dy, const PoolShape* shape) except -1 nogil
