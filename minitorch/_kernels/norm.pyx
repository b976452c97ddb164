"""Batch normalisation, and the ReLU and residual sum behind it: statistics, apply, backward.

Sums are double, kept per chunk of pixels (NHWC) or per channel (NCHW) and added in order, so
that they are the same for any number of threads.  The variance comes from one pass over
x - shift, where the shift is the mean of a few values of the channel: close enough to the mean
that nothing is lost to cancellation.
"""

from libc.math cimport sqrt
from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_norm_kernels, mt_norm_relu
from minitorch._kernels.parallel cimport (
    SCRATCH_REDUCE_SHARED, chunk_count, chunk_length, parallel_for, scratch)
from minitorch._kernels.types cimport floating

cdef enum:
    CHUNK = 32768           # elements of one task
    SAMPLES = 16            # values of a channel whose mean is the shift
    STREAM_FROM = 1 << 24   # bytes of an image that would only push others out of the caches

cdef struct Pass:
    # One sweep over an image: sums of x, or of dy and dy * (x - shift), or a map of x.
    const mt_norm_kernels* kernel
    Py_ssize_t item
    const char* x
    const char* dy
    char* out               # of maps; of sums: dy behind the ReLU, or NULL
    const NormRelu* relu    # NULL when there is none
    Py_ssize_t batch, channels, pixels
    bint channels_last
    const char* shift       # of each channel, in the type of the image
    double* first           # [chunk][channels], or [channels] for NCHW
    double* second          # the same; NULL when not wanted
    double* spare           # room for 4 numbers a channel, next to the sums
    Py_ssize_t chunk        # pixels of a chunk
    # maps, one value a channel, in the type of the image
    const char* a
    const char* b
    const char* c
    const char* residual
    bint rectified          # relu of the map
    bint stream             # write the map past the caches


cdef Pass pass_over(
    const void* x, bint wide, Py_ssize_t batch, Py_ssize_t channels, Py_ssize_t pixels,
    bint channels_last,
) noexcept nogil:
    cdef Pass p
    memset(&p, 0, sizeof(Pass))
    p.kernel = kernels().norm[wide]
    p.item = sizeof(double) if wide else sizeof(float)
    p.x = <const char*>x
    p.batch, p.channels, p.pixels = batch, channels, pixels
    p.channels_last = channels_last or pixels == 1
    if p.channels_last:
        p.batch, p.pixels = 1, batch * pixels
    return p


cdef inline double value_at(const Pass* p, const char* data, Py_ssize_t i) noexcept nogil:
    if p.item == sizeof(double):
        return (<const double*>data)[i]
    return (<const float*>data)[i]


cdef inline const char* moved(const char* data, Py_ssize_t bytes) noexcept nogil:
    """NULL stays NULL."""
    if data == NULL:
        return NULL
    return data + bytes


cdef inline const mt_norm_relu* relu_at(
    mt_norm_relu* place, const Pass* p, Py_ssize_t at, Py_ssize_t channel,
) noexcept nogil:
    """The ReLU of a pass for the pixels from byte `at` on and the channels from `channel` on."""
    if p.relu == NULL:
        return NULL
    place.result = moved(<const char*>p.relu.result, at)
    place.scale = moved(<const char*>p.relu.scale, channel * p.item)
    place.offset = moved(<const char*>p.relu.offset, channel * p.item)
    return place


# ---- sums by channel ----

cdef void sum_rows_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """NHWC: a chunk of pixels, all channels."""
    cdef const Pass* p = <const Pass*>ctx
    cdef Py_ssize_t chunk = begin // p.chunk, at = begin * p.channels * p.item
    cdef double* first = p.first + chunk * p.channels
    cdef double* second = NULL if p.second == NULL else p.second + chunk * p.channels
    cdef mt_norm_relu place
    if p.dy == NULL:
        p.kernel.row_sums(first, second, p.x + at, p.shift, end - begin, p.channels)
    else:
        p.kernel.row_dots(first, second, <void*>moved(p.out, at), p.dy + at, p.x + at,
                          relu_at(&place, p, at, 0), p.shift, end - begin, p.channels)


cdef void sum_planes_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """NCHW: some channels, all images."""
    cdef const Pass* p = <const Pass*>ctx
    cdef Py_ssize_t c, n, at
    cdef const char* shift
    cdef mt_norm_relu place
    for c in range(begin, end):
        shift = moved(p.shift, c * p.item)
        for n in range(p.batch):
            at = (n * p.channels + c) * p.pixels * p.item
            if p.dy == NULL:
                p.kernel.plane_sums(p.first + c, NULL if p.second == NULL else p.second + c,
                                    p.x + at, shift, p.pixels)
            else:
                p.kernel.plane_dots(p.first + c, p.second + c, <void*>moved(p.out, at),
                                    p.dy + at, p.x + at, relu_at(&place, p, at, c), shift,
                                    p.pixels)


cdef int make_room(Pass* p, bint two) except -1 nogil:
    """Zeroed partial sums, and spare room; they last until the next pass of this thread."""
    cdef Py_ssize_t grain = max(1, CHUNK // max(1, p.channels)), chunks = 1, count
    if p.channels_last:
        p.chunk = chunk_length(p.pixels, grain)
        chunks = max(1, chunk_count(p.pixels, grain))
    count = chunks * p.channels
    p.first = <double*>scratch(SCRATCH_REDUCE_SHARED,
                               (2 * count + 4 * p.channels + 1) * sizeof(double))
    if p.first == NULL:
        with gil:
            raise MemoryError("sums by channel: no memory for partial sums")
    memset(p.first, 0, 2 * count * sizeof(double))
    p.second = p.first + count if two else NULL
    p.spare = p.first + 2 * count
    return 0


cdef void sum_by_channel(Pass* p) noexcept nogil:
    """first[c] and second[c]: the sums over all chunks."""
    cdef Py_ssize_t grain = max(1, CHUNK // max(1, p.channels)), i, c
    if not p.channels_last:
        parallel_for(sum_planes_task, p, p.channels,
                     max(1, CHUNK // max(1, p.batch * p.pixels)))
        return
    parallel_for(sum_rows_task, p, p.pixels, grain)
    for i in range(1, chunk_count(p.pixels, grain)):
        for c in range(p.channels):
            p.first[c] += p.first[i * p.channels + c]
            if p.second != NULL:
                p.second[c] += p.second[i * p.channels + c]


cdef double sampled_mean(const Pass* p, Py_ssize_t channel) noexcept nogil:
    """The mean of some values of a channel, far apart; 0 if they are not finite."""
    cdef Py_ssize_t n = p.batch * p.pixels, count = min(n, <Py_ssize_t>SAMPLES), i, at
    cdef double total = 0
    for i in range(count):
        at = i * n // count
        if p.channels_last:
            at = at * p.channels + channel
        else:
            at = (at // p.pixels * p.channels + channel) * p.pixels + at % p.pixels
        total += value_at(p, p.x, at)
    return total / count if count > 0 and total - total == 0 else 0


cdef void shift_by_samples(Pass* p, floating* shift) noexcept nogil:
    """shift[c] near the mean of x[:, c, :]"""
    cdef Py_ssize_t c
    p.shift = <const char*>shift
    for c in range(p.channels):
        shift[c] = <floating>sampled_mean(p, c)


cdef int channel_sums(
    floating* sums, const floating* x, Py_ssize_t batch, Py_ssize_t channels,
    Py_ssize_t pixels, bint channels_last,
) except -1 nogil:
    """sums[c] = sum x[:, c, :]"""
    cdef Pass p = pass_over(x, floating is double, batch, channels, pixels, channels_last)
    cdef Py_ssize_t c
    make_room(&p, False)
    sum_by_channel(&p)
    for c in range(channels):
        sums[c] = <floating>p.first[c]
    return 0


# ---- maps by channel ----

cdef void map_rows_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Pass* p = <const Pass*>ctx
    cdef Py_ssize_t at = begin * p.channels * p.item
    cdef mt_norm_relu place
    if p.dy == NULL:
        p.kernel.row_affine(p.out + at, p.x + at, p.a, p.c, moved(p.residual, at), p.rectified,
                            p.stream, end - begin, p.channels)
    else:
        p.kernel.row_blend(p.out + at, p.dy + at, p.x + at, relu_at(&place, p, at, 0), p.a, p.b,
                           p.c, p.stream, end - begin, p.channels)


cdef void map_planes_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Pass* p = <const Pass*>ctx
    cdef Py_ssize_t plane, c, at
    cdef mt_norm_relu place
    for plane in range(begin, end):
        c = plane % p.channels
        at = plane * p.pixels * p.item
        if p.dy == NULL:
            p.kernel.plane_affine(p.out + at, p.x + at, p.a + c * p.item, p.c + c * p.item,
                                  moved(p.residual, at), p.rectified, p.pixels)
        else:
            p.kernel.plane_blend(p.out + at, p.dy + at, p.x + at, relu_at(&place, p, at, c),
                                 p.a + c * p.item, moved(p.b, c * p.item), p.c + c * p.item,
                                 p.pixels)


cdef void map_by_channel(Pass* p) noexcept nogil:
    """out = relu(x * a + c + residual), or dy * a + x * b + c"""
    cdef Py_ssize_t row = p.channels * p.item
    p.stream = (p.channels_last and row * p.pixels >= STREAM_FROM and row % 64 == 0
                and <size_t>p.out % 64 == 0 and p.out != p.x and p.out != p.dy)
    if p.channels_last:
        parallel_for(map_rows_task, p, p.pixels, max(1, CHUNK // max(1, p.channels)))
    else:
        parallel_for(map_planes_task, p, p.batch * p.channels,
                     max(1, CHUNK // max(1, p.pixels)))


# ---- batch normalisation ----

cdef int batch_norm_stats(
    floating* mean, floating* invstd, floating* running_mean, floating* running_var,
    const floating* x, const NormShape* s, double momentum, double eps,
) except -1 nogil:
    """mean = sum x / n;  var = sum (x - mean)^2 / n;  invstd = 1 / sqrt(var + eps)"""
    cdef Pass p = pass_over(x, floating is double, s.batch, s.channels, s.pixels,
                            s.channels_last)
    cdef double n = s.batch * s.pixels, mu, squares
    cdef Py_ssize_t c
    cdef floating* shift
    make_room(&p, True)
    shift = <floating*>p.spare
    shift_by_samples(&p, shift)
    sum_by_channel(&p)
    for c in range(s.channels):
        mu = p.first[c] / n
        squares = p.second[c] - p.first[c] * mu     # n times the biased variance
        if squares < 0:
            squares = 0
        mu += shift[c]
        mean[c] = <floating>mu
        invstd[c] = <floating>(1 / sqrt(squares / n + eps))
        if running_mean != NULL:
            running_mean[c] = <floating>(momentum * mu + (1 - momentum) * running_mean[c])
        if running_var != NULL:
            running_var[c] = <floating>(momentum * (squares / (n - 1))
                                        + (1 - momentum) * running_var[c])
    return 0


cdef void inverse_std(
    floating* invstd, const floating* var, Py_ssize_t channels, double eps,
) noexcept nogil:
    """invstd = 1 / sqrt(var + eps)"""
    cdef Py_ssize_t c
    for c in range(channels):
        invstd[c] = <floating>(1 / sqrt(<double>var[c] + eps))


cdef void batch_norm_coefficients(
    floating* scale, floating* offset, const floating* mean, const floating* invstd,
    const floating* weight, const floating* bias, Py_ssize_t channels,
) noexcept nogil:
    """scale = invstd * weight;  offset = bias - mean * scale"""
    cdef Py_ssize_t c
    for c in range(channels):
        scale[c] = invstd[c] if weight == NULL else invstd[c] * weight[c]
        offset[c] = (0 if bias == NULL else bias[c]) - mean[c] * scale[c]


cdef void affine_act(
    floating* y, const floating* x, const floating* scale, const floating* offset,
    const floating* residual, bint relu, const NormShape* s,
) noexcept nogil:
    """y = relu(x * scale + offset + residual)"""
    cdef Pass p = pass_over(x, floating is double, s.batch, s.channels, s.pixels,
                            s.channels_last)
    p.out, p.a, p.c = <char*>y, <const char*>scale, <const char*>offset
    p.residual, p.rectified = <const char*>residual, relu
    map_by_channel(&p)


cdef int batch_norm_sums(
    double* sums, floating* masked, const floating* dy, const floating* x, const floating* mean,
    const NormRelu* relu, const NormShape* s,
) except -1 nogil:
    """sums = (sum g, sum g (x - mean)) where g = dy behind the ReLU;  masked = g"""
    cdef Pass p = pass_over(x, floating is double, s.batch, s.channels, s.pixels,
                            s.channels_last)
    cdef Py_ssize_t c
    make_room(&p, True)
    p.dy, p.out, p.relu, p.shift = <const char*>dy, <char*>masked, relu, <const char*>mean
    sum_by_channel(&p)
    for c in range(s.channels):
        sums[c] = p.first[c]
        sums[s.channels + c] = p.second[c]
    return 0


cdef int batch_norm_backward(
    floating* dx, floating* dweight, floating* dbias,
    const floating* dy, const floating* x, const floating* mean, const floating* invstd,
    const floating* weight, const NormRelu* relu, const double* sums, const NormShape* s,
    bint training,
) except -1 nogil:
    """dx = dy * a + x * b + d, with the coefficients that the formulas in norm.pxd give"""
    cdef Pass p = pass_over(x, floating is double, s.batch, s.channels, s.pixels,
                            s.channels_last)
    cdef Py_ssize_t c
    make_room(&p, True)
    p.dy, p.relu, p.shift = <const char*>dy, relu, <const char*>mean
    if sums == NULL and (dweight != NULL or dbias != NULL or (dx != NULL and training)):
        sum_by_channel(&p)
    elif sums != NULL:
        for c in range(s.channels):
            p.first[c] = sums[c]
            p.second[c] = sums[s.channels + c]
    for c in range(s.channels):
        if dbias != NULL:
            dbias[c] = <floating>p.first[c]
        if dweight != NULL:
            dweight[c] = <floating>(p.second[c] * invstd[c])
    if dx != NULL:
        p.out = <char*>dx
        blend_gradients(dx, &p, mean, invstd, weight, training)
    return 0


cdef void blend_gradients(
    floating* dx, Pass* p, const floating* mean, const floating* invstd,
    const floating* weight, bint training,
) noexcept nogil:
    """The pass that writes dx from dy and x once the sums are known."""
    cdef floating* a = <floating*>p.spare
    cdef floating* b = a + p.channels
    cdef floating* d = b + p.channels
    cdef double n = p.batch * p.pixels, scale, slope
    cdef Py_ssize_t c
    for c in range(p.channels):
        scale = <double>invstd[c] * (1 if weight == NULL else weight[c])
        slope = p.second[c] * invstd[c] * invstd[c] / n
        a[c] = <floating>scale
        b[c] = <floating>(-scale * slope)
        d[c] = <floating>(scale * (slope * mean[c] - p.first[c] / n))
    p.a, p.b, p.c = <const char*>a, <const char*>b, <const char*>d
    if not training:                # dx = dy * a; x may hold infinities that must not count
        p.b = NULL
    map_by_channel(p)
