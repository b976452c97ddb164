"""im2col and col2im for both memory layouts, and the change between the layouts.

im2col_nhwc feeds the product kernels panel by panel.  The other three are whole-image forms:
readable references for tests and for kernels that want the full matrix.
"""

from libc.string cimport memcpy, memset

from minitorch._kernels.dispatch cimport kernels, mt_gemm_kernels
from minitorch._kernels.parallel cimport SCRATCH_CONV_TASK, parallel_for, scratch
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating


# ---- NHWC ----

cdef struct Run:
    # Columns that lie side by side in memory: a row of the window, or a single tap.
    Py_ssize_t length           # elements
    Py_ssize_t pixels           # taps in the run
    Py_ssize_t per_row          # runs in a window row


cdef inline Run run_of(const ConvShape* s) noexcept nogil:
    cdef Run run
    cdef bint whole_row = s.dilation_w == 1 and s.groups == 1
    run.pixels = s.kernel_width if whole_row else 1
    run.per_row = 1 if whole_row else s.kernel_width
    run.length = run.pixels * (s.in_channels // s.groups)
    return run


cdef inline void copy_clipped(
    floating* to, const floating* source, Py_ssize_t begin, Py_ssize_t end,
    Py_ssize_t valid_begin, Py_ssize_t valid_end,
) noexcept nogil:
    """to[i - begin] = source[i] for i in [begin, end), 0 where i is not in the valid range"""
    cdef Py_ssize_t first = max(begin, valid_begin), last = min(end, valid_end)
    if first == begin and last == end:
        memcpy(to, source + begin, (end - begin) * sizeof(floating))
    elif first >= last:
        memset(to, 0, (end - begin) * sizeof(floating))
    else:
        memset(to, 0, (first - begin) * sizeof(floating))
        memcpy(to + (first - begin), source + first, (last - first) * sizeof(floating))
        memset(to + (last - begin), 0, (end - last) * sizeof(floating))


cdef void im2col_nhwc(
    floating* rows, Py_ssize_t row_step, const floating* x, const ConvShape* s,
    Py_ssize_t group, Py_ssize_t first_column, Py_ssize_t last_column,
    Py_ssize_t first, Py_ssize_t last,
) noexcept nogil:
    """rows[p, (kh, kw, c)] = x[n, oh * sh - ph + kh * dh, ow * sw - pw + kw * dw, c]"""
    cdef Run run = run_of(s)
    cdef Py_ssize_t channels = s.in_channels // s.groups
    cdef Py_ssize_t index, column, begin, end, kh, kw, n, oh, ow, ih, iw, _pixel
    cdef const floating* source
    cdef floating* to
    column = first_column
    while column < last_column:                     # one run after the other
        index = column // run.length
        begin = column - index * run.length
        end = min(run.length, begin + last_column - column)
        kh, kw = index // run.per_row, index % run.per_row
        n = first // (s.out_height * s.out_width)
        oh = first // s.out_width % s.out_height
        ow = first % s.out_width
        to = rows + column - first_column
        for _pixel in range(first, last):
            ih = oh * s.stride_h - s.padding_h + kh * s.dilation_h
            iw = ow * s.stride_w - s.padding_w + kw * s.dilation_w
            if ih < 0 or ih >= s.in_height:
                memset(to, 0, (end - begin) * sizeof(floating))
            else:
                source = x + ((n * s.in_height + ih) * s.in_width + iw) * s.in_channels \
                    + group * channels
                copy_clipped(to, source, begin, end, -iw * channels,
                             (s.in_width - iw) * channels)
            to += row_step
            ow += 1
            if ow == s.out_width:
                ow = 0
                oh += 1
                if oh == s.out_height:
                    oh = 0
                    n += 1
        column += end - begin


cdef void col2im_nhwc(
    floating* dx, const floating* rows, Py_ssize_t row_step, const ConvShape* s,
    Py_ssize_t group,
) noexcept nogil:
    """dx[oh * sh - ph + kh * dh, ow * sw - pw + kw * dw, c] += rows[(oh, ow), (kh, kw, c)]"""
    cdef Py_ssize_t channels = s.in_channels // s.groups
    cdef Py_ssize_t oh, ow, kh, kw, ih, iw, c
    cdef const floating* source
    cdef floating* to
    for oh in range(s.out_height):
        for ow in range(s.out_width):
            for kh in range(s.kernel_height):
                ih = oh * s.stride_h - s.padding_h + kh * s.dilation_h
                if ih < 0 or ih >= s.in_height:
                    continue
                for kw in range(s.kernel_width):
                    iw = ow * s.stride_w - s.padding_w + kw * s.dilation_w
                    if iw < 0 or iw >= s.in_width:
                        continue
                    source = rows + (oh * s.out_width + ow) * row_step \
                        + (kh * s.kernel_width + kw) * channels
                    to = dx + (ih * s.in_width + iw) * s.in_channels + group * channels
                    for c in range(channels):
                        to[c] += source[c]


# ---- NCHW ----

cdef void im2col_nchw(
    floating* columns, const floating* x, const ConvShape* s, Py_ssize_t group,
) noexcept nogil:
    """columns[(c, kh, kw), (oh, ow)] = x[c, oh * sh - ph + kh * dh, ow * sw - pw + kw * dw]"""
    cdef Py_ssize_t channels = s.in_channels // s.groups
    cdef Py_ssize_t c, kh, kw, oh, ow, ih, iw
    cdef const floating* plane
    for c in range(channels):
        plane = x + (group * channels + c) * s.in_height * s.in_width
        for kh in range(s.kernel_height):
            for kw in range(s.kernel_width):
                for oh in range(s.out_height):
                    ih = oh * s.stride_h - s.padding_h + kh * s.dilation_h
                    for ow in range(s.out_width):
                        iw = ow * s.stride_w - s.padding_w + kw * s.dilation_w
                        if 0 <= ih < s.in_height and 0 <= iw < s.in_width:
                            columns[ow] = plane[ih * s.in_width + iw]
                        else:
                            columns[ow] = 0
                    columns += s.out_width


cdef void col2im_nchw(
    floating* dx, const floating* columns, const ConvShape* s, Py_ssize_t group,
) noexcept nogil:
    """dx[c, oh * sh - ph + kh * dh, ow * sw - pw + kw * dw] += columns[(c, kh, kw), (oh, ow)]"""
    cdef Py_ssize_t channels = s.in_channels // s.groups
    cdef Py_ssize_t c, kh, kw, oh, ow, ih, iw
    cdef floating* plane
    for c in range(channels):
        plane = dx + (group * channels + c) * s.in_height * s.in_width
        for kh in range(s.kernel_height):
            for kw in range(s.kernel_width):
                for oh in range(s.out_height):
                    ih = oh * s.stride_h - s.padding_h + kh * s.dilation_h
                    for ow in range(s.out_width):
                        iw = ow * s.stride_w - s.padding_w + kw * s.dilation_w
                        if 0 <= ih < s.in_height and 0 <= iw < s.in_width:
                            plane[ih * s.in_width + iw] += columns[ow]
                    columns += s.out_width


# ---- from one layout to the other ----

cdef enum:
    STRIP = 64          # columns of one task
    SERIAL = 16384      # elements that one thread moves faster than two

cdef struct Transposition:
    const mt_gemm_kernels* kernel
    Py_ssize_t item
    char* dst
    const char* src
    Py_ssize_t rows, cols, strips


cdef void strips_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Transposition* t = <const Transposition*>ctx
    cdef Py_ssize_t task, image, col
    for task in range(begin, end):
        image = task // t.strips * t.rows * t.cols
        col = task % t.strips * STRIP
        t.kernel.transpose(t.dst + (image + col * t.rows) * t.item, t.rows,
                           t.src + (image + col) * t.item, t.cols,
                           t.rows, min(<Py_ssize_t>STRIP, t.cols - col))


cdef void transpose_batch(
    floating* dst, const floating* src, Py_ssize_t batch, Py_ssize_t rows, Py_ssize_t cols,
) noexcept nogil:
    """dst[b, j, i] = src[b, i, j]"""
    cdef Transposition t
    cdef bint wide = floating is double
    t.kernel, t.item = kernels().gemm[wide], sizeof(floating)
    t.dst, t.src, t.rows, t.cols = <char*>dst, <const char*>src, rows, cols
    t.strips = (cols + STRIP - 1) // STRIP
    parallel_for(strips_task, &t, batch * t.strips, max(1, SERIAL // max(1, rows * STRIP)))


cdef void weights_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Output channels: rows are input channels, columns taps."""
    cdef const Transposition* t = <const Transposition*>ctx
    cdef Py_ssize_t o, at
    for o in range(begin, end):
        at = o * t.rows * t.cols * t.item
        t.kernel.transpose(t.dst + at, t.rows, t.src + at, t.cols, t.rows, t.cols)


cdef const floating* taps_outside(
    const floating* w, const ConvShape* s,
) except? NULL nogil:
    """turned[o, tap, i] = w[o, i, tap]"""
    cdef Transposition t
    cdef bint wide = floating is double
    t.rows, t.cols = s.in_channels // s.groups, s.kernel_height * s.kernel_width
    if not taps_inside(s):
        return w
    t.kernel, t.item, t.src = kernels().gemm[wide], sizeof(floating), <const char*>w
    t.dst = <char*>scratch(SCRATCH_CONV_TASK, s.out_channels * t.rows * t.cols * t.item)
    if t.dst == NULL:
        with gil:
            raise MemoryError("convolution: no memory to turn the weights")
    parallel_for(weights_task, &t, s.out_channels, max(1, SERIAL // (t.rows * t.cols)))
    return <const floating*>t.dst
