"""2-D convolution and its gradients: layouts in and out, and the choice of algorithm.

The algorithms work on NHWC images.  Contiguous (NCHW) images are turned on the way in and back
on the way out: native NCHW kernels were measured 1.2 to 2.8 times slower than NHWC ones, more
than the turning costs.
"""

from minitorch._kernels.conv_depthwise cimport (
    depthwise_backward_input, depthwise_backward_weight, depthwise_forward)
from minitorch._kernels.conv_direct cimport direct_backward_input, direct_forward
from minitorch._kernels.conv_weight cimport direct_backward_weight
from minitorch._kernels.im2col cimport transpose_batch
from minitorch._kernels.norm cimport channel_sums
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SOURCE, SCRATCH_CONV_TARGET, ScratchSlot, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating


cdef Py_ssize_t conv_out_size(
    Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t padding,
    Py_ssize_t dilation,
) noexcept nogil:
    """(size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1, rounding down"""
    cdef Py_ssize_t last = size + 2 * padding - dilation * (kernel - 1) - 1
    if last < 0:
        return 0
    return last // stride + 1


# ---- layouts ----

cdef struct Image:
    Py_ssize_t batch, channels, pixels
    bint channels_last


cdef Image image_of_x(const ConvShape* s) noexcept nogil:
    cdef Image image
    image.batch, image.channels = s.batch, s.in_channels
    image.pixels = s.in_height * s.in_width
    # with one channel or one pixel both layouts are the same memory
    image.channels_last = s.x_channels_last or image.channels == 1 or image.pixels == 1
    return image


cdef Image image_of_y(const ConvShape* s) noexcept nogil:
    cdef Image image
    image.batch, image.channels = s.batch, s.out_channels
    image.pixels = s.out_height * s.out_width
    image.channels_last = s.y_channels_last or image.channels == 1 or image.pixels == 1
    return image


cdef floating* room(
    floating* unused, Image image, ScratchSlot slot,
) except? NULL nogil:
    """Working memory for an image of the size of `image`."""
    cdef Py_ssize_t count = image.batch * image.channels * image.pixels
    cdef void* block = scratch(slot, count * sizeof(floating))
    if block == NULL:
        with gil:
            raise MemoryError("convolution: no memory to change the layout of an image")
    return <floating*>block


cdef const floating* read_nhwc(
    const floating* data, Image image, ScratchSlot slot,
) except? NULL nogil:
    """`data` itself when it is NHWC, else a turned copy."""
    cdef floating* turned = <floating*>data
    if not image.channels_last:
        turned = room(turned, image, slot)
        transpose_batch(turned, data, image.batch, image.channels, image.pixels)
    return turned


cdef floating* place_nhwc(floating* data, Image image) except? NULL nogil:
    """Where to write NHWC results for `data`; put_back brings them there."""
    return data if image.channels_last else room(data, image, SCRATCH_CONV_TARGET)


cdef void put_back(floating* data, const floating* nhwc, Image image) noexcept nogil:
    if data != nhwc:
        transpose_batch(data, nhwc, image.batch, image.pixels, image.channels)


# ---- the doors ----

cdef int conv2d_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* s,
) except -1 nogil:
    """y[n, o, oh, ow] = bias[o] + sum w[o, i, kh, kw] x[n, i, oh sh - ph + kh dh, ...]"""
    cdef Image out = image_of_y(s)
    cdef const floating* source = read_nhwc(x, image_of_x(s), SCRATCH_CONV_SOURCE)
    cdef floating* target = place_nhwc(y, out)
    forward(target, source, w, bias, s)
    put_back(y, target, out)
    return 0


cdef int conv2d_backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* s,
) except -1 nogil:
    """dx[n, i, ih, iw] = sum w[o, i, kh, kw] dy[n, o, oh, ow], ih = oh sh - ph + kh dh, ..."""
    cdef Image out = image_of_x(s)
    cdef const floating* source = read_nhwc(dy, image_of_y(s), SCRATCH_CONV_SOURCE)
    cdef floating* target = place_nhwc(dx, out)
    backward_input(target, source, w, s)
    put_back(dx, target, out)
    return 0


cdef int conv2d_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
) except -1 nogil:
    """dw[o, i, kh, kw] = sum dy[n, o, oh, ow] x[n, i, oh sh - ph + kh dh, ...]"""
    cdef const floating* source = read_nhwc(x, image_of_x(s), SCRATCH_CONV_SOURCE)
    cdef const floating* gradient = read_nhwc(dy, image_of_y(s), SCRATCH_CONV_TARGET)
    return backward_weight(dw, gradient, source, s)


cdef int conv2d_backward_bias(
    floating* db, const floating* dy, const ConvShape* s,
) except -1 nogil:
    """db[o] = sum dy[n, o, oh, ow]"""
    cdef Image image = image_of_y(s)
    return channel_sums(db, dy, image.batch, image.channels, image.pixels, image.channels_last)


# ---- routing ----
# Images are NHWC from here on.  Faster algorithms for special shapes get their branch here,
# each with the measured reason; what is below takes any shape.

cdef bint is_depthwise(const ConvShape* s) noexcept nogil:
    return s.groups == s.in_channels and s.groups == s.out_channels and s.groups > 1


cdef int forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* s,
) except -1 nogil:
    if is_depthwise(s):     # a matrix product would fill one column in 32
        return depthwise_forward(y, x, w, bias, s)
    return direct_forward(y, x, w, bias, s)


cdef int backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* s,
) except -1 nogil:
    if is_depthwise(s):
        return depthwise_backward_input(dx, dy, w, s)
    return direct_backward_input(dx, dy, w, s)


cdef int backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
) except -1 nogil:
    if is_depthwise(s):
        return depthwise_backward_weight(dw, dy, x, s)
    return direct_backward_weight(dw, dy, x, s)
