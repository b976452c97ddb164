"""Convolution of images with few channels.

With three channels a tap is no depth to run along.  But in an NHWC image the taps of a kernel
row lie side by side, kernel_width * channels numbers, and from pixel to pixel they move on by
stride * channels.  So a band of rows is copied once, with its padding and from either layout,
and from there on a kernel row is one tap of that depth: no neighbourhood is written out.

The packed weights of the direct form, [panel][kh][kw][channel][nr], serve as they are.
"""

from libc.string cimport memcpy, memset

from minitorch._kernels.dispatch cimport kernels, mt_epilogue, mt_gemm_kernels, mt_tile
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SHARED, SCRATCH_CONV_TASK, parallel_for, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef enum:
    FEW = 5                 # channels; a copied row of more is no gain over a gather
    MAX_MR = 12
    MAX_KERNEL = 32         # rows and columns of the kernel
    BAND_PIXELS = 1024      # output pixels of one task: the copied rows stay in the near cache
    ENOUGH_BANDS = 8
    ENOUGH_CHUNKS = 16      # partial sums of the weight gradient

cdef struct Band:
    const mt_gemm_kernels* kernel
    const ConvShape* s
    bint wide
    const void* x
    Py_ssize_t line                         # elements of a copied row
    Py_ssize_t band, bands                  # output rows of a task; tasks of an image
    # forward
    void* y
    const void* packed
    Py_ssize_t panels
    const mt_epilogue* after
    # weight gradient
    const void* dy
    void* dw
    void* sums                              # [chunk][kh, kw, channel][out_channels]
    Py_ssize_t chunk, chunks                # bands of a chunk
    bint out_of_memory


cdef bint few_channels_fits(const ConvShape* s) noexcept nogil:
    return (s.in_channels < FEW and s.groups == 1 and s.dilation_w == 1
            and 1 < s.kernel_width <= MAX_KERNEL and s.kernel_height <= MAX_KERNEL)


cdef void copy_rows(
    floating* lines, const floating* x, const Band* b, Py_ssize_t image, Py_ssize_t first,
    Py_ssize_t count,
) noexcept nogil:
    """lines[i] = padded row first + i of an image, (column, channel)"""
    cdef const ConvShape* s = b.s
    cdef Py_ssize_t channels = s.in_channels, i, h, v, c
    cdef Py_ssize_t left = s.padding_w * channels, row = s.in_width * channels
    cdef Py_ssize_t plane = s.in_height * s.in_width
    cdef const floating* source
    cdef floating* line
    for i in range(count):
        line = lines + i * b.line
        h = first + i
        if h < 0 or h >= s.in_height:
            memset(line, 0, b.line * sizeof(floating))
            continue
        memset(line, 0, left * sizeof(floating))
        memset(line + left + row, 0, (b.line - left - row) * sizeof(floating))
        line += left
        if s.x_channels_last or channels == 1:
            source = x + (image * s.in_height + h) * row
            memcpy(line, source, row * sizeof(floating))
        else:
            source = x + image * channels * plane + h * s.in_width
            for v in range(s.in_width):
                for c in range(channels):
                    line[v * channels + c] = source[c * plane + v]


cdef inline Py_ssize_t rows_under(const ConvShape* s, Py_ssize_t out_rows) noexcept nogil:
    """Input rows that some output rows see."""
    return (out_rows - 1) * s.stride_h + (s.kernel_height - 1) * s.dilation_h + 1


cdef int start(Band* b, const ConvShape* s, bint wide) except -1 nogil:
    b.kernel, b.s, b.wide = kernels().gemm[wide], s, wide
    # at the end room for the last pixel's reach
    b.line = (s.in_width + 2 * s.padding_w + s.kernel_width) * s.in_channels
    b.band = max(1, min(s.out_height, BAND_PIXELS // s.out_width))
    # a few small images are cut finer, for all threads to have a part
    b.band = min(b.band, (s.batch * s.out_height + ENOUGH_BANDS - 1) // ENOUGH_BANDS)
    b.bands = (s.out_height + b.band - 1) // b.band
    b.panels = (s.out_channels + b.kernel.nr - 1) // b.kernel.nr
    b.out_of_memory = False
    return 0


# ---- forward ----

cdef void convolve_band(
    floating* lines, const floating* x, const Band* b, Py_ssize_t image, Py_ssize_t first,
    Py_ssize_t count,
) noexcept nogil:
    """Output rows first .. first + count of an image."""
    cdef const ConvShape* s = b.s
    cdef Py_ssize_t mr = b.kernel.mr, nr = b.kernel.nr
    cdef Py_ssize_t depth = s.kernel_width * s.in_channels, pixels = count * s.out_width
    cdef Py_ssize_t step = s.stride_w * s.in_channels, p, i, kh, panel, tile_rows, at, h, v
    cdef const void* rows[MAX_MR * MAX_KERNEL]
    cdef const void* weights[MAX_KERNEL]
    cdef void* targets[MAX_MR]
    cdef floating* y = <floating*>b.y \
        + (image * s.out_height + first) * s.out_width * s.out_channels
    cdef mt_tile tile
    tile.rows, tile.alpha, tile.beta, tile.after = targets, 1, 0, b.after
    copy_rows(lines, x, b, image, first * s.stride_h - s.padding_h, rows_under(s, count))
    p = h = v = 0
    while p < pixels:
        tile_rows = min(mr, pixels - p)
        for i in range(tile_rows):
            at = h * s.stride_h * b.line + v * step
            for kh in range(s.kernel_height):
                rows[kh * tile_rows + i] = lines + at + kh * s.dilation_h * b.line
            targets[i] = y + (p + i) * s.out_channels
            v += 1
            if v == s.out_width:
                v = 0
                h += 1
        for panel in range(b.panels):
            tile.column = panel * nr
            tile.width = min(nr, s.out_channels - tile.column)
            for kh in range(s.kernel_height):
                weights[kh] = <const floating*>b.packed \
                    + (panel * s.kernel_height + kh) * depth * nr
            b.kernel.rows[tile_rows](rows, s.kernel_height, depth, weights, &tile)
        p += tile_rows


cdef void forward_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Band* b = <Band*>ctx
    cdef Py_ssize_t task, first, count
    cdef Py_ssize_t item = sizeof(double) if b.wide else sizeof(float)
    cdef void* lines = scratch(SCRATCH_CONV_TASK, rows_under(b.s, b.band) * b.line * item)
    if lines == NULL:
        b.out_of_memory = True
        return
    for task in range(begin, end):
        first = task % b.bands * b.band
        count = min(b.band, b.s.out_height - first)
        if b.wide:
            convolve_band(<double*>lines, <const double*>b.x, b, task // b.bands, first, count)
        else:
            convolve_band(<float*>lines, <const float*>b.x, b, task // b.bands, first, count)


cdef int few_channels_forward(
    floating* y, const floating* x, const floating* packed, const mt_epilogue* after,
    const ConvShape* s,
) except -1 nogil:
    """y[n, oh, ow, o] = after(sum w[o, kh, kw, i] x[n, oh sh - ph + kh dh, ow sw - pw + kw, i])"""
    cdef Band b
    if s.batch * s.out_height * s.out_width == 0:
        return 0
    b.x, b.y, b.packed, b.after = x, y, packed, after
    start(&b, s, floating is double)
    parallel_for(forward_task, &b, s.batch * b.bands, 1)
    if b.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a band of rows")
    return 0


# ---- weight gradient ----

cdef void pack_gradient(
    floating* packed, const floating* dy, const Band* b, Py_ssize_t pixels,
) noexcept nogil:
    """packed[panel, pixel, column] = dy[pixel, panel * nr + column], 0 beyond the channels"""
    cdef Py_ssize_t nr = b.kernel.nr, out_channels = b.s.out_channels, panel, p, width
    for panel in range(b.panels):
        width = min(nr, out_channels - panel * nr)
        for p in range(pixels):
            memcpy(packed, dy + p * out_channels + panel * nr, width * sizeof(floating))
            if width < nr:
                memset(packed + width, 0, (nr - width) * sizeof(floating))
            packed += nr


cdef void sum_band(
    floating* lines, floating* packed, floating* sums, const floating* x, const floating* dy,
    const Band* b, Py_ssize_t image, Py_ssize_t first, Py_ssize_t count, bint fresh,
) noexcept nogil:
    """sums[kh, kw, i, o] += over the band's pixels x dy, one output row at a time: along it the
    numbers under a kernel row move on by stride * channels"""
    cdef const ConvShape* s = b.s
    cdef Py_ssize_t mr = b.kernel.mr, nr = b.kernel.nr
    cdef Py_ssize_t depth = s.kernel_width * s.in_channels, row, kh, panel, k, tile_rows, i
    cdef void* targets[MAX_MR]
    cdef const floating* line
    cdef mt_tile tile
    tile.rows, tile.alpha, tile.after = targets, 1, NULL
    copy_rows(lines, x, b, image, first * s.stride_h - s.padding_h, rows_under(s, count))
    dy += (image * s.out_height + first) * s.out_width * s.out_channels
    for row in range(count):
        pack_gradient(packed, dy + row * s.out_width * s.out_channels, b, s.out_width)
        tile.beta = 0 if fresh and row == 0 else 1
        for kh in range(s.kernel_height):
            line = lines + (row * s.stride_h + kh * s.dilation_h) * b.line
            k = 0
            while k < depth:
                tile_rows = min(mr, depth - k)
                for i in range(tile_rows):
                    targets[i] = sums + (kh * depth + k + i) * s.out_channels
                for panel in range(b.panels):
                    tile.column = panel * nr
                    tile.width = min(nr, s.out_channels - tile.column)
                    b.kernel.columns[tile_rows](
                        line + k, s.stride_w * s.in_channels, s.out_width,
                        packed + panel * s.out_width * nr, &tile)
                k += tile_rows


cdef void sums_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """One chunk of bands after the other, each into sums of its own."""
    cdef Band* b = <Band*>ctx
    cdef const ConvShape* s = b.s
    cdef Py_ssize_t item = sizeof(double) if b.wide else sizeof(float)
    cdef Py_ssize_t lines_bytes = (rows_under(s, b.band) * b.line * item + 63) // 64 * 64
    cdef Py_ssize_t size = s.kernel_height * s.kernel_width * s.in_channels * s.out_channels
    cdef Py_ssize_t chunk, band, first, count
    cdef char* lines = <char*>scratch(
        SCRATCH_CONV_TASK, lines_bytes + b.panels * b.kernel.nr * s.out_width * item)
    if lines == NULL:
        b.out_of_memory = True
        return
    for chunk in range(begin, end):
        for band in range(chunk * b.chunk, min((chunk + 1) * b.chunk, s.batch * b.bands)):
            first = band % b.bands * b.band
            count = min(b.band, s.out_height - first)
            if b.wide:
                sum_band(<double*>lines, <double*>(lines + lines_bytes),
                         <double*>b.sums + chunk * size, <const double*>b.x,
                         <const double*>b.dy, b, band // b.bands, first, count,
                         band == chunk * b.chunk)
            else:
                sum_band(<float*>lines, <float*>(lines + lines_bytes),
                         <float*>b.sums + chunk * size, <const float*>b.x,
                         <const float*>b.dy, b, band // b.bands, first, count,
                         band == chunk * b.chunk)


cdef void add_chunks(floating* dw, const floating* sums, const Band* b) noexcept nogil:
    """dw[o, ...] = sum over chunks sums[kh, kw, i, o], in the weight's order of memory"""
    cdef const ConvShape* s = b.s
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width
    cdef Py_ssize_t size = taps * s.in_channels * s.out_channels, t, i, o, chunk, at
    cdef floating total
    for t in range(taps):
        for i in range(s.in_channels):
            for o in range(s.out_channels):
                total = 0
                for chunk in range(b.chunks):
                    total += sums[chunk * size + (t * s.in_channels + i) * s.out_channels + o]
                at = t * s.in_channels + i if s.w_channels_last else i * taps + t
                dw[o * taps * s.in_channels + at] = total


cdef int few_channels_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
) except -1 nogil:
    """dw[o, kh, kw, i] = sum dy[n, oh, ow, o] x[n, oh sh - ph + kh dh, ow sw - pw + kw, i]"""
    cdef Band b
    cdef Py_ssize_t size = s.kernel_height * s.kernel_width * s.in_channels * s.out_channels
    if s.batch * s.out_height * s.out_width == 0:
        memset(dw, 0, size * sizeof(floating))
        return 0
    b.x, b.dy, b.dw = x, dy, dw
    start(&b, s, floating is double)
    b.chunks = min(<Py_ssize_t>ENOUGH_CHUNKS, s.batch * b.bands)
    b.chunk = (s.batch * b.bands + b.chunks - 1) // b.chunks
    b.chunks = (s.batch * b.bands + b.chunk - 1) // b.chunk
    b.sums = scratch(SCRATCH_CONV_SHARED, b.chunks * size * sizeof(floating))
    if b.sums == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the sums of the weight gradient")
    parallel_for(sums_task, &b, b.chunks, 1)
    if b.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a band of rows")
    add_chunks(dw, <const floating*>b.sums, &b)
    return 0
