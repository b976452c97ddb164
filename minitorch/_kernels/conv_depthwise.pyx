"""Convolution of each channel by itself, on NHWC images: vectors run along the channels.

A matrix product would have a single column per group; this is a sum over taps instead.  The
weights are turned to (tap, channel) first; both layouts of w are (channel, tap) in memory.
"""

from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_depthwise_kernels
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SHARED, SCRATCH_CONV_TASK, chunk_count, chunk_length, parallel_for, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef enum:
    CHUNK = 16384           # multiply-adds of one task, forward
    PIXELS = 1024           # pixels of one partial sum of the weight gradient

cdef struct Depthwise:
    const mt_depthwise_kernels* kernel
    const ConvShape* shape
    bint wide, backward
    void* target            # y, or dx
    const void* source      # x, or dy
    const void* dy          # weight gradient: target is its partial sums
    const void* bias
    const void* weights     # (tap, channel)
    Py_ssize_t chunk
    bint out_of_memory


cdef inline Py_ssize_t source_of(
    Py_ssize_t at, Py_ssize_t tap, Py_ssize_t stride, Py_ssize_t padding, Py_ssize_t dilation,
    bint backward,
) noexcept nogil:
    """Where the tap of an output pixel reads, or (backward) which output pixel read `at`
    through the tap; negative when none."""
    cdef Py_ssize_t place
    if not backward:
        return at * stride - padding + tap * dilation
    place = at + padding - tap * dilation
    return place // stride if place >= 0 and place % stride == 0 else -1


cdef Py_ssize_t point_at_taps(
    const void** pixels, const void** weights, const floating* source,
    const floating* all_weights, const Depthwise* d,
    Py_ssize_t image, Py_ssize_t i, Py_ssize_t j,
) noexcept nogil:
    """Pointers to what target pixel (image, i, j) sums, and to the weights; returns how many."""
    cdef const ConvShape* s = d.shape
    cdef Py_ssize_t height = s.out_height if d.backward else s.in_height
    cdef Py_ssize_t width = s.out_width if d.backward else s.in_width
    cdef Py_ssize_t kh, kw, h, w, count = 0
    for kh in range(s.kernel_height):
        h = source_of(i, kh, s.stride_h, s.padding_h, s.dilation_h, d.backward)
        if h < 0 or h >= height:
            continue
        for kw in range(s.kernel_width):
            w = source_of(j, kw, s.stride_w, s.padding_w, s.dilation_w, d.backward)
            if w < 0 or w >= width:
                continue
            pixels[count] = source + ((image * height + h) * width + w) * s.in_channels
            weights[count] = all_weights + (kh * s.kernel_width + kw) * s.in_channels
            count += 1
    return count


cdef void sum_pixels(
    floating* target, Depthwise* d, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """target[p, c] = bias[c] + sum over taps source[p(tap), c] weight[tap, c]"""
    cdef const ConvShape* s = d.shape
    cdef Py_ssize_t height = s.in_height if d.backward else s.out_height
    cdef Py_ssize_t width = s.in_width if d.backward else s.out_width
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width, p, count
    cdef const void** pixels = <const void**>scratch(
        SCRATCH_CONV_TASK, 2 * taps * sizeof(void*))
    if pixels == NULL:
        d.out_of_memory = True
        return
    for p in range(begin, end):
        count = point_at_taps(pixels, pixels + taps, <const floating*>d.source,
                              <const floating*>d.weights, d,
                              p // (height * width), p // width % height, p % width)
        d.kernel.gather(target + p * s.in_channels, pixels, pixels + taps, count, d.bias,
                        s.in_channels)


cdef void sum_weights(
    floating* sums, Depthwise* d, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """sums[chunk, tap, c] = sum over the chunk's output pixels dy[p, c] x[p(tap), c]"""
    cdef const ConvShape* s = d.shape
    cdef Py_ssize_t channels = s.in_channels, taps = s.kernel_height * s.kernel_width
    cdef Py_ssize_t p, t, count
    cdef const void** pixels = <const void**>scratch(
        SCRATCH_CONV_TASK, 2 * taps * sizeof(void*))
    if pixels == NULL:
        d.out_of_memory = True
        return
    sums += begin // d.chunk * taps * channels
    memset(sums, 0, taps * channels * sizeof(floating))
    for p in range(begin, end):
        count = point_at_taps(pixels, pixels + taps, <const floating*>d.source, sums, d,
                              p // (s.out_height * s.out_width),
                              p // s.out_width % s.out_height, p % s.out_width)
        for t in range(count):
            d.kernel.accumulate(<void*>pixels[taps + t], <const floating*>d.dy + p * channels,
                                pixels[t], channels)


cdef void pixels_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Depthwise* d = <Depthwise*>ctx
    if d.wide:
        sum_pixels(<double*>d.target, d, begin, end)
    else:
        sum_pixels(<float*>d.target, d, begin, end)


cdef void weights_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Depthwise* d = <Depthwise*>ctx
    if d.wide:
        sum_weights(<double*>d.target, d, begin, end)
    else:
        sum_weights(<float*>d.target, d, begin, end)


cdef int check_memory(bint short) except -1 nogil:
    if short:
        with gil:
            raise MemoryError("depthwise convolution: no working memory")
    return 0


cdef int run(
    floating* target, const floating* source, const floating* w, const floating* bias,
    const ConvShape* s, bint backward,
) except -1 nogil:
    cdef Depthwise d
    cdef bint wide = floating is double
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width
    cdef Py_ssize_t pixels = s.in_height * s.in_width if backward else s.out_height * s.out_width
    cdef floating* turned = <floating*>scratch(
        SCRATCH_CONV_SHARED, taps * s.in_channels * sizeof(floating))
    check_memory(turned == NULL)
    kernels().gemm[wide].transpose(turned, s.in_channels, w, taps, s.in_channels, taps)
    d.kernel, d.shape, d.wide, d.backward = kernels().depthwise[wide], s, wide, backward
    d.target, d.source, d.bias, d.weights = target, source, bias, turned
    d.out_of_memory = False
    parallel_for(pixels_task, &d, s.batch * pixels, CHUNK // (taps * s.in_channels) + 1)
    return check_memory(d.out_of_memory)


cdef int depthwise_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* s,
) except -1 nogil:
    """y[n, oh, ow, c] = bias[c] + sum w[c, kh, kw] x[n, oh sh - ph + kh dh, ..., c]"""
    return run(y, x, w, bias, s, False)


cdef int depthwise_backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* s,
) except -1 nogil:
    """dx[n, ih, iw, c] = sum w[c, kh, kw] dy[n, oh, ow, c] where ih = oh sh - ph + kh dh"""
    return run(dx, dy, w, <const floating*>NULL, s, True)


cdef int depthwise_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
) except -1 nogil:
    """dw[c, kh, kw] = sum dy[n, oh, ow, c] x[n, oh sh - ph + kh dh, ow sw - pw + kw dw, c]"""
    cdef Depthwise d
    cdef bint wide = floating is double
    cdef Py_ssize_t count = s.kernel_height * s.kernel_width * s.in_channels
    cdef Py_ssize_t pixels = s.batch * s.out_height * s.out_width, chunk, i
    cdef Py_ssize_t chunks = chunk_count(pixels, PIXELS)
    cdef floating* sums = <floating*>scratch(
        SCRATCH_CONV_SHARED, max(<Py_ssize_t>1, chunks) * count * sizeof(floating))
    check_memory(sums == NULL)
    d.kernel, d.shape, d.wide, d.backward = kernels().depthwise[wide], s, wide, False
    d.target, d.source, d.dy, d.weights = sums, x, dy, NULL
    d.chunk = chunk_length(pixels, PIXELS)
    d.out_of_memory = False
    if chunks == 0:
        memset(sums, 0, count * sizeof(floating))
    parallel_for(weights_task, &d, pixels, PIXELS)
    for chunk in range(1, chunks):
        for i in range(count):
            sums[i] += sums[chunk * count + i]
    kernels().gemm[wide].transpose(dw, s.kernel_height * s.kernel_width, sums, s.in_channels,
                                   s.kernel_height * s.kernel_width, s.in_channels)
    return check_memory(d.out_of_memory)
