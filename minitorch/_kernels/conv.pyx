"""2-D convolution and its gradients: the choice of algorithm, packed weights, layouts.

The algorithms work on NHWC images.  Contiguous (NCHW) images are turned on the way in and back
on the way out: native NCHW kernels were measured 1.2 to 2.8 times slower than NHWC ones, more
than the turning costs.
"""

import os

from minitorch._kernels.conv_depthwise cimport (
    depthwise_backward_input, depthwise_backward_weight, depthwise_forward)
from minitorch._kernels.conv_direct cimport (
    direct_backward_input, direct_forward, direct_pack, direct_packed_bytes, direct_share)
from minitorch._kernels.conv_few cimport (
    few_channels_backward_weight, few_channels_fits, few_channels_forward)
from minitorch._kernels.conv_skinny cimport (
    skinny_backward_input, skinny_backward_weight, skinny_fits, skinny_forward,
    skinny_is_direct)
from minitorch._kernels.conv_weight cimport direct_backward_weight
from minitorch._kernels.conv_winograd cimport (
    winograd_backward_input, winograd_backward_weight, winograd_fits, winograd_forward,
    winograd_pack, winograd_packed_bytes)
from minitorch._kernels.dispatch cimport kernels, mt_epilogue, mt_gemm_kernels
from minitorch._kernels.im2col cimport transpose_batch
from minitorch._kernels.norm cimport channel_sums
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SOURCE, SCRATCH_CONV_TARGET, SCRATCH_CONV_WEIGHTS, ScratchSlot, parallel_for,
    scratch)
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


# ---- routing ----
# The estimate of a way is the number of multiply-adds that take as long, for each pair of a
# source and a target channel.  Fitted to measurements on two cores with AVX-512 (Zen 4): there
# are about 115 of them in a nanosecond, and 8 bytes from far memory.  The choice rests on the
# shape alone, not on whether the packed weights happen to be kept: the same call gives the same
# bits at any time.

cdef enum:
    READ_WEIGHT = 12        # a packed weight that comes from far memory
    READ_NEAR_WEIGHT = 2    # the same from the caches
    PACK_WEIGHT = 12        # to write a packed weight: half of it, as it may be kept
    SUM_WEIGHT = 40         # to write and read the sum of a Winograd weight gradient, far
    SUM_NEAR_WEIGHT = 10    # and near
    SKINNY_PIXEL = 3        # a product of the skinny form
    SKINNY_SUMS = 8         # pixels above which its weight gradient rereads too much
    TRANSFORM = 12          # to bring a number to or from a Winograd position
    LEAST_CHANNELS = 16     # below it Winograd's transforms cost more than they save

cdef bint winograd_allowed = True


def get_winograd():
    """Whether convolutions may use Winograd's algorithm."""
    return winograd_allowed


def set_winograd(bint allowed):
    """Allow or forbid Winograd's algorithm, for all threads."""
    global winograd_allowed
    winograd_allowed = allowed


def _read_environment():
    value = os.environ.get("MINITORCH_WINOGRAD", "").strip()
    if value not in ("", "0", "1"):
        raise ValueError(f"MINITORCH_WINOGRAD must be 0 or 1, but is {value!r}")
    set_winograd(value != "0")


_read_environment()


cdef inline bint is_depthwise(const ConvShape* s) noexcept nogil:
    return s.groups == s.in_channels and s.groups == s.out_channels and s.groups > 1


cdef inline bint winograd_may(const ConvShape* s, bint wide) noexcept nogil:
    """float64 stays direct: it is there for exactness."""
    return (winograd_allowed and not wide and winograd_fits(s)
            and min(s.in_channels, s.out_channels) >= LEAST_CHANNELS)


cdef inline double winograd_multiplications(
    const ConvShape* s, Py_ssize_t height, Py_ssize_t width, Py_ssize_t size,
) noexcept nogil:
    """Tiles of a map, with what their transforms cost."""
    cdef double tiles = s.batch * ((height + size - 1) // size) * ((width + size - 1) // size)
    cdef double pairs = <double>s.in_channels * s.out_channels
    return tiles * (1 + TRANSFORM * (s.in_channels + s.out_channels) / pairs)


cdef inline bint weights_are_near(const ConvShape* s) noexcept nogil:
    """Whether they stay in a second-level cache."""
    return s.kernel_height * s.kernel_width * s.in_channels * s.out_channels // s.groups \
        <= 1 << 18


cdef Algorithm cheapest(
    const ConvShape* s, Py_ssize_t height, Py_ssize_t width, bint wide, bint backward,
) noexcept nogil:
    """The best way to fill a map of this size."""
    cdef double taps = s.kernel_height * s.kernel_width
    cdef double read = READ_NEAR_WEIGHT if weights_are_near(s) else READ_WEIGHT
    cdef double pixels = <double>s.batch * s.out_height * s.out_width
    cdef double best = taps * (pixels * direct_share(s) + read + PACK_WEIGHT), cost
    cdef Algorithm chosen = DIRECT
    if backward and skinny_fits(s) and not wide:        # nothing is packed
        cost = taps * (SKINNY_PIXEL * pixels + read)
        if cost < best:
            best, chosen = cost, SKINNY
    if winograd_may(s, wide):
        cost = 16 * (winograd_multiplications(s, height, width, 2) + read + PACK_WEIGHT)
        if cost < best:
            best, chosen = cost, WINOGRAD_2
        cost = 36 * (winograd_multiplications(s, height, width, 4) + read + PACK_WEIGHT)
        if cost < best:
            best, chosen = cost, WINOGRAD_4
    return chosen


cdef Algorithm route_forward(const ConvShape* s, bint wide) noexcept nogil:
    if is_depthwise(s):         # a matrix product would fill one column in 32
        return DEPTHWISE
    if few_channels_fits(s):    # 21 ms instead of 39 for a first layer at 16x3x224x224
        return FEW_CHANNELS
    return cheapest(s, s.out_height, s.out_width, wide, False)


cdef Algorithm route_backward_input(const ConvShape* s, bint wide) noexcept nogil:
    if is_depthwise(s):
        return DEPTHWISE
    return cheapest(s, s.in_height, s.in_width, wide, True)


cdef Algorithm route_backward_weight(const ConvShape* s, bint wide) noexcept nogil:
    cdef double pixels = <double>s.batch * s.out_height * s.out_width, best, cost
    cdef double sums = SUM_NEAR_WEIGHT if weights_are_near(s) else SUM_WEIGHT
    cdef Algorithm chosen = DIRECT
    if is_depthwise(s):
        return DEPTHWISE
    if few_channels_fits(s):
        return FEW_CHANNELS
    if skinny_fits(s) and not wide and pixels <= SKINNY_SUMS:   # the time to write it
        return SKINNY
    if winograd_may(s, wide):
        best = 9 * (pixels + 2 * PACK_WEIGHT)
        cost = 16 * (winograd_multiplications(s, s.out_height, s.out_width, 2) + sums)
        if cost < best:
            best, chosen = cost, WINOGRAD_2
        cost = 36 * (winograd_multiplications(s, s.out_height, s.out_width, 4) + sums)
        if cost < best:
            best, chosen = cost, WINOGRAD_4
    return chosen


# ---- packed weights ----

cdef inline int tile_size(Algorithm algorithm) noexcept nogil:
    """m of F(m x m, 3x3)."""
    return 2 if algorithm == WINOGRAD_2 else 4


cdef Py_ssize_t packed_bytes(
    const ConvShape* s, Algorithm algorithm, bint wide, bint backward,
) noexcept nogil:
    if algorithm == WINOGRAD_2 or algorithm == WINOGRAD_4:
        return winograd_packed_bytes(s, tile_size(algorithm), backward)
    if algorithm == DIRECT or algorithm == FEW_CHANNELS:
        return direct_packed_bytes(s, wide, backward)
    return 0


cdef int pack_weights(
    floating* packed, const floating* w, const ConvShape* s, Algorithm algorithm, bint backward,
) except -1 nogil:
    if algorithm == WINOGRAD_2 or algorithm == WINOGRAD_4:
        if floating is float:
            winograd_pack(packed, w, s, tile_size(algorithm), backward)
    elif algorithm == DIRECT or algorithm == FEW_CHANNELS:
        direct_pack(packed, w, s, backward)
    return 0


cdef const floating* packed_form(
    const void* packed, const floating* w, const ConvShape* s, Algorithm algorithm,
    bint backward,
) except? NULL nogil:
    """`packed`, or the same made for this call; `w` where it is read as it lies."""
    cdef Py_ssize_t nbytes
    cdef floating* made
    if packed != NULL:
        return <const floating*>packed
    nbytes = packed_bytes(s, algorithm, floating is double, backward)
    if nbytes == 0:
        return w
    made = <floating*>scratch(SCRATCH_CONV_WEIGHTS, nbytes)
    if made == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the packed weights")
    pack_weights(made, w, s, algorithm, backward)
    return made


# ---- the maps ----

cdef int conv2d_forward(
    floating* y, const floating* x, const floating* w, const void* packed,
    const mt_epilogue* after, const ConvShape* s, Algorithm algorithm,
) except -1 nogil:
    """y[n, o, oh, ow] = after(sum w[o, i, kh, kw] x[n, i, oh sh - ph + kh dh, ...])"""
    cdef Image out = image_of_y(s)
    cdef const floating* source = x
    cdef const floating* weights = w
    cdef floating* target = place_nhwc(y, out)
    cdef bint unpacked = floating is float and algorithm == DIRECT and packed == NULL \
        and skinny_is_direct(s)
    if not unpacked:
        weights = packed_form(packed, w, s, algorithm, False)
    if algorithm != FEW_CHANNELS:       # which reads either layout
        source = read_nhwc(x, image_of_x(s), SCRATCH_CONV_SOURCE)
    if algorithm == DEPTHWISE:
        depthwise_forward(target, source, w, <const floating*>bias_alone(after), s)
        if after != NULL and bias_alone(after) == NULL:
            finish_image(target, s, after)
    elif algorithm == FEW_CHANNELS:
        few_channels_forward(target, source, weights, after, s)
    elif algorithm == DIRECT and not unpacked:
        direct_forward(target, source, weights, after, s)
    elif floating is float:
        if unpacked:
            skinny_forward(target, source, w, after, s)
        else:
            winograd_forward(target, source, weights, after, s, tile_size(algorithm))
    put_back(y, target, out)
    return 0


# ---- epilogues of an algorithm that has none of its own ----

cdef const void* bias_alone(const mt_epilogue* after) noexcept nogil:
    """The offset, where it is all that an epilogue does."""
    if after == NULL or after.scale != NULL or after.residual or after.relu:
        return NULL
    return after.offset


cdef struct Finish:
    const mt_gemm_kernels* kernel
    char* y
    Py_ssize_t channels, item
    const mt_epilogue* after


cdef void finish_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Finish* f = <const Finish*>ctx
    cdef Py_ssize_t p
    for p in range(begin, end):
        f.kernel.finish(f.y + p * f.channels * f.item, f.channels, f.after)


cdef void finish_image(
    floating* y, const ConvShape* s, const mt_epilogue* after,
) noexcept nogil:
    """y = after(y), pixel by pixel"""
    cdef Finish f
    cdef bint wide = floating is double
    if after.scale == NULL and after.offset == NULL and not after.residual and not after.relu:
        return
    f.kernel, f.y, f.channels, f.item = kernels().gemm[wide], <char*>y, s.out_channels, \
        sizeof(floating)
    f.after = after
    parallel_for(finish_task, &f, s.batch * s.out_height * s.out_width,
                 max(1, 16384 // s.out_channels))


cdef int conv2d_backward_input(
    floating* dx, const floating* dy, const floating* w, const void* packed,
    const ConvShape* s, Algorithm algorithm,
) except -1 nogil:
    """dx[n, i, ih, iw] = sum w[o, i, kh, kw] dy[n, o, oh, ow], ih = oh sh - ph + kh dh, ..."""
    cdef Image out = image_of_x(s)
    cdef const floating* source = read_nhwc(dy, image_of_y(s), SCRATCH_CONV_SOURCE)
    cdef const floating* weights = packed_form(packed, w, s, algorithm, True)
    cdef floating* target = place_nhwc(dx, out)
    if algorithm == DEPTHWISE:
        depthwise_backward_input(target, source, w, s)
    elif algorithm == DIRECT:
        direct_backward_input(target, source, weights, s)
    elif floating is float:
        if algorithm == SKINNY:
            skinny_backward_input(target, source, w, s)
        else:
            winograd_backward_input(target, source, weights, s, tile_size(algorithm))
    put_back(dx, target, out)
    return 0


cdef int conv2d_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
    Algorithm algorithm,
) except -1 nogil:
    """dw[o, i, kh, kw] = sum dy[n, o, oh, ow] x[n, i, oh sh - ph + kh dh, ...]"""
    cdef const floating* gradient = read_nhwc(dy, image_of_y(s), SCRATCH_CONV_TARGET)
    cdef const floating* source = x
    if algorithm != FEW_CHANNELS:
        source = read_nhwc(x, image_of_x(s), SCRATCH_CONV_SOURCE)
    if algorithm == DEPTHWISE:
        depthwise_backward_weight(dw, gradient, source, s)
    elif algorithm == FEW_CHANNELS:
        few_channels_backward_weight(dw, gradient, source, s)
    elif algorithm == DIRECT:
        direct_backward_weight(dw, gradient, source, s)
    elif floating is float:
        if algorithm == SKINNY:
            skinny_backward_weight(dw, gradient, source, s)
        else:
            winograd_backward_weight(dw, gradient, source, s, tile_size(algorithm))
    return 0


cdef int conv2d_backward_bias(
    floating* db, const floating* dy, const ConvShape* s,
) except -1 nogil:
    """db[o] = sum dy[n, o, oh, ow]"""
    cdef Image image = image_of_y(s)
    return channel_sums(db, dy, image.batch, image.channels, image.pixels, image.channels_last)
