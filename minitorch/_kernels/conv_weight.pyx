"""Weight gradient of convolution on NHWC images: dw = dy' . im2col(x).

The depth of this product is the pixels of the whole batch, the largest number of all, so the
neighbourhoods are written out panel by panel, for a block of pixels at a time that stays in the
near caches.  Sums run over a block in registers and over blocks in memory, which also keeps
them accurate: a single float sum over 50,000 pixels would lose several digits.

Work is cut into (chunk of pixels, panel): chunks only when there are few panels, each with
partial sums of its own, added in order at the end.
"""

from minitorch._kernels.dispatch cimport kernels, mt_gemm_kernels, mt_tile
from minitorch._kernels.im2col cimport im2col_nhwc
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SHARED, SCRATCH_CONV_TASK, parallel_for, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef enum:
    MAX_MR = 12
    PIXEL_BLOCK = 256
    ENOUGH_TASKS = 16
    SERIAL = 100_000        # multiply-adds below which a second thread does not pay

cdef struct WeightGradient:
    const mt_gemm_kernels* kernel
    const ConvShape* shape
    bint wide                       # double instead of float
    const void* x
    const void* dy
    void* sums                      # [chunk][out_channels][columns]
    void* dw
    Py_ssize_t pixels, columns, panels      # columns of a group: taps * channels of a group
    Py_ssize_t chunks, chunk                # number, and pixels of each
    bint out_of_memory


cdef void sum_panel(
    floating* sums, const floating* dy, const floating* x, WeightGradient* g,
    Py_ssize_t chunk, Py_ssize_t group, Py_ssize_t panel,
) noexcept nogil:
    """sums[chunk, o, columns of panel] = sum over the chunk's pixels dy[p, o] im2col[p, column]
    for the output channels o of the group"""
    cdef const ConvShape* s = g.shape
    cdef Py_ssize_t mr = g.kernel.mr, nr = g.kernel.nr
    cdef Py_ssize_t per_group = s.out_channels // s.groups
    cdef Py_ssize_t first_column = panel * nr
    cdef Py_ssize_t first = chunk * g.chunk, last = min(first + g.chunk, g.pixels)
    cdef Py_ssize_t p, count, o, rows, i
    cdef floating* packed = <floating*>scratch(
        SCRATCH_CONV_TASK, PIXEL_BLOCK * nr * sizeof(floating))
    cdef void* targets[MAX_MR]
    cdef mt_tile tile
    if packed == NULL:
        g.out_of_memory = True
        return
    sums += (chunk * s.out_channels + group * per_group) * g.columns
    dy += group * per_group
    tile.rows, tile.alpha, tile.beta, tile.bias = targets, 1, 0, NULL
    tile.column, tile.width = first_column, min(nr, g.columns - first_column)
    p = first
    while p < last:
        count = min(<Py_ssize_t>PIXEL_BLOCK, last - p)
        im2col_nhwc(packed, nr, x, s, group, first_column, first_column + tile.width,
                    p, p + count)
        o = 0
        while o < per_group:
            rows = min(mr, per_group - o)
            for i in range(rows):
                targets[i] = sums + (o + i) * g.columns
            g.kernel.columns[rows](dy + p * s.out_channels + o, s.out_channels, count,
                                   packed, &tile)
            o += mr
        tile.beta = 1
        p += count


cdef void panels_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef WeightGradient* g = <WeightGradient*>ctx
    cdef Py_ssize_t task, panel, group, chunk
    for task in range(begin, end):
        panel = task % g.panels
        group = task // g.panels % g.shape.groups
        chunk = task // (g.panels * g.shape.groups)
        if g.wide:
            sum_panel(<double*>g.sums, <const double*>g.dy, <const double*>g.x, g,
                      chunk, group, panel)
        else:
            sum_panel(<float*>g.sums, <const float*>g.dy, <const float*>g.x, g,
                      chunk, group, panel)


cdef void finish_channels(
    floating* dw, const floating* sums, const WeightGradient* g,
    Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """dw[o] = sum over chunks sums[chunk, o], in the memory order of the weight."""
    cdef Py_ssize_t taps = g.shape.kernel_height * g.shape.kernel_width
    cdef Py_ssize_t channels = g.shape.in_channels // g.shape.groups
    cdef Py_ssize_t chunk_step = g.shape.out_channels * g.columns
    cdef Py_ssize_t o, t, i, chunk, at
    cdef floating total
    for o in range(begin, end):
        for t in range(taps):
            for i in range(channels):
                at = o * g.columns + t * channels + i
                total = sums[at]
                for chunk in range(1, g.chunks):
                    total += sums[chunk * chunk_step + at]
                if not g.shape.w_channels_last:
                    at = o * g.columns + i * taps + t
                dw[at] = total


cdef void finish_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const WeightGradient* g = <const WeightGradient*>ctx
    if g.wide:
        finish_channels(<double*>g.dw, <const double*>g.sums, g, begin, end)
    else:
        finish_channels(<float*>g.dw, <const float*>g.sums, g, begin, end)


cdef int direct_backward_weight(
    floating* dw, const floating* dy, const floating* x, const ConvShape* s,
) except -1 nogil:
    """dw[o, kh, kw, i] = sum dy[n, oh, ow, o] x[n, oh sh - ph + kh dh, ow sw - pw + kw dw, i]"""
    cdef WeightGradient g
    cdef Py_ssize_t count = s.out_channels * s.kernel_height * s.kernel_width \
        * (s.in_channels // s.groups)
    cdef Py_ssize_t blocks, tasks, i
    cdef bint in_place
    g.wide = floating is double
    g.kernel, g.shape = kernels().gemm[g.wide], s
    g.x, g.dy, g.dw = x, dy, dw
    g.pixels = s.batch * s.out_height * s.out_width
    g.columns = s.kernel_height * s.kernel_width * (s.in_channels // s.groups)
    if g.pixels == 0 or count == 0:
        for i in range(count):
            dw[i] = 0
        return 0
    g.panels = (g.columns + g.kernel.nr - 1) // g.kernel.nr
    blocks = (g.pixels + PIXEL_BLOCK - 1) // PIXEL_BLOCK
    g.chunks = max(1, min(blocks, ENOUGH_TASKS // (g.panels * s.groups)))
    g.chunk = (blocks + g.chunks - 1) // g.chunks * PIXEL_BLOCK
    g.chunks = (g.pixels + g.chunk - 1) // g.chunk
    in_place = g.chunks == 1 and (s.w_channels_last or s.kernel_height * s.kernel_width == 1
                                  or s.in_channels == s.groups)
    g.sums = dw if in_place else scratch(
        SCRATCH_CONV_SHARED, g.chunks * count * sizeof(floating))
    if g.sums == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the sums of the weight gradient")
    g.out_of_memory = False
    tasks = g.chunks * s.groups * g.panels
    parallel_for(panels_task, &g, tasks, tasks if count * g.pixels <= SERIAL else 1)
    if not in_place:
        parallel_for(finish_task, &g, s.out_channels,
                     max(1, SERIAL // (g.columns * g.chunks)))
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a panel of pixels")
    return 0
