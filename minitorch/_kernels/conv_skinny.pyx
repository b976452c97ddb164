"""Convolution with a handful of output pixels.

There a layer's time is the time to read its weights, each of which meets a few pixels only:
packing them first would double it.  So the pixels are written out instead (im2col, a few rows),
in the order of the weights' memory, and the weights are read once as they lie.
"""

from libc.string cimport memset

from minitorch._kernels.dispatch cimport (
    MT_SKINNY_PIXELS, MT_SKINNY_ROWS, kernels, mt_epilogue, mt_skinny_kernels)
from minitorch._kernels.im2col cimport col2im_nhwc, im2col_nhwc, taps_inside
from minitorch._kernels.parallel cimport SCRATCH_CONV_SHARED, parallel_for, scratch
from minitorch._kernels.shapes cimport ConvShape

cdef enum:
    FEW_PIXELS = 16
    COLUMNS = 1024          # of a task of the input gradient: its sums stay in the near cache
    SERIAL = 100_000        # multiply-adds below which a second thread does not pay

cdef struct Skinny:
    const mt_skinny_kernels* kernel
    const ConvShape* s
    Py_ssize_t pixels, n                # n: columns, taps * channels
    float* columns                      # (pixels, n), in the order of a weight's row
    const float* rows[FEW_PIXELS]       # its rows
    float* y                            # (pixels, out_channels): y or dy
    float* w                            # (out_channels, n): w or dw
    const mt_epilogue* after


cdef bint skinny_fits(const ConvShape* s) noexcept nogil:
    return s.groups == 1 and s.batch * s.out_height * s.out_width <= FEW_PIXELS


cdef bint skinny_is_direct(const ConvShape* s) noexcept nogil:
    return (skinny_fits(s) and not taps_inside(s)
            and s.batch * s.out_height * s.out_width <= MT_SKINNY_PIXELS)


cdef int start(Skinny* g, const ConvShape* s) except -1 nogil:
    """Room for the pixels written out, twice: in the order of the image and of the weight."""
    cdef Py_ssize_t p
    g.kernel, g.s = kernels().skinny, s
    g.pixels = s.batch * s.out_height * s.out_width
    g.n = s.kernel_height * s.kernel_width * s.in_channels
    g.after = NULL
    g.columns = <float*>scratch(SCRATCH_CONV_SHARED,
                                2 * max(1, g.pixels * g.n) * sizeof(float))
    if g.columns == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the pixels' neighbourhoods")
    for p in range(g.pixels):
        g.rows[p] = g.columns + p * g.n
    return 0


cdef void write_columns(Skinny* g, const float* x) noexcept nogil:
    """columns[p] = what output pixel p sees"""
    cdef const ConvShape* s = g.s
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width, p
    cdef float* spare = g.columns + g.pixels * g.n
    cdef float* to = spare if taps_inside(s) else g.columns
    im2col_nhwc(to, g.n, x, s, 0, 0, g.n, 0, g.pixels)
    if taps_inside(s):
        for p in range(g.pixels):
            kernels().gemm[0].transpose(g.columns + p * g.n, taps, spare + p * g.n,
                                        s.in_channels, taps, s.in_channels)


# ---- forward ----

cdef void dots_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Groups of output channels, as many as there are lanes."""
    cdef const Skinny* g = <const Skinny*>ctx
    cdef Py_ssize_t out_channels = g.s.out_channels, lanes = g.kernel.lanes, group, o
    for group in range(begin, end):
        o = group * lanes
        g.kernel.dots(g.y + o, out_channels, g.rows, g.pixels, g.w + o * g.n,
                      min(lanes, out_channels - o), g.n)


cdef Py_ssize_t grain(const Skinny* g, Py_ssize_t rows) noexcept nogil:
    """Groups of so many rows that a task takes at least."""
    return max(1, SERIAL // max(1, g.n * rows * g.pixels))


cdef int skinny_forward(
    float* y, const float* x, const float* w, const mt_epilogue* after, const ConvShape* s,
) except -1 nogil:
    """y[p, o] = after(sum columns[p, k] w[o, k]), at most MT_SKINNY_PIXELS pixels"""
    cdef Skinny g
    cdef Py_ssize_t p
    start(&g, s)
    g.y, g.w = y, <float*>w
    write_columns(&g, x)
    if g.pixels > 0:
        parallel_for(dots_task, &g, (s.out_channels + g.kernel.lanes - 1) // g.kernel.lanes,
                     grain(&g, g.kernel.lanes))
    if after != NULL:
        for p in range(g.pixels):
            kernels().gemm[0].finish(y + p * s.out_channels, s.out_channels, after)
    return 0


# ---- input gradient ----

cdef void combine_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Some columns, all weights."""
    cdef const Skinny* g = <const Skinny*>ctx
    cdef Py_ssize_t part, first
    for part in range(begin, end):
        first = part * COLUMNS
        g.kernel.combine(g.columns + first, g.n, g.y, g.s.out_channels, g.pixels, g.w + first,
                         g.n, g.s.out_channels, min(<Py_ssize_t>COLUMNS, g.n - first))


cdef int skinny_backward_input(
    float* dx, const float* dy, const float* w, const ConvShape* s,
) except -1 nogil:
    """columns[p, k] = sum dy[p, o] w[o, k], added up where the windows overlap"""
    cdef Skinny g
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width, p, image
    cdef Py_ssize_t per_image = s.out_height * s.out_width
    cdef float* columns
    start(&g, s)
    g.y, g.w = <float*>dy, <float*>w
    memset(dx, 0, s.batch * s.in_height * s.in_width * s.in_channels * sizeof(float))
    if g.pixels == 0 or s.out_channels == 0:
        return 0
    parallel_for(combine_task, &g, (g.n + COLUMNS - 1) // COLUMNS, 1)
    columns = g.columns
    if taps_inside(s):
        columns = g.columns + g.pixels * g.n
        for p in range(g.pixels):
            kernels().gemm[0].transpose(columns + p * g.n, s.in_channels, g.columns + p * g.n,
                                        taps, s.in_channels, taps)
    for image in range(s.batch):
        col2im_nhwc(dx + image * s.in_height * s.in_width * s.in_channels,
                    columns + image * per_image * g.n, g.n, s, 0)
    return 0


# ---- weight gradient ----

cdef void outer_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Groups of MT_SKINNY_ROWS output channels."""
    cdef const Skinny* g = <const Skinny*>ctx
    cdef Py_ssize_t out_channels = g.s.out_channels, group, o
    for group in range(begin, end):
        o = group * MT_SKINNY_ROWS
        g.kernel.outer(g.w + o * g.n, min(<Py_ssize_t>MT_SKINNY_ROWS, out_channels - o),
                       g.y + o, out_channels, g.rows, g.pixels, g.n)


cdef int skinny_backward_weight(
    float* dw, const float* dy, const float* x, const ConvShape* s,
) except -1 nogil:
    """dw[o, k] = sum dy[p, o] columns[p, k]"""
    cdef Skinny g
    start(&g, s)
    g.y, g.w = <float*>dy, dw
    write_columns(&g, x)
    parallel_for(outer_task, &g, (s.out_channels + MT_SKINNY_ROWS - 1) // MT_SKINNY_ROWS,
                 grain(&g, MT_SKINNY_ROWS))
    return 0
