"""Weight gradient of convolution on NHWC images: dw = dy' . im2col(x).

The depth of this product is the pixels of the whole batch, the largest number of all, so the
neighbourhoods are written out panel by panel, for a block of pixels at a time that stays in the
near caches.  Sums run over a block in registers and over blocks in memory, which also keeps
them accurate: a single float sum over 50,000 pixels would lose several digits.

Work is cut into (chunk of pixels, stack of panels).  A stack has as many panels as keep its sums
in the near caches: then x and dy are read from far memory once for the whole stack.  Chunks
appear only when there are few stacks; each has partial sums of its own, added in order at the
end.
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
    STACK_BYTES = 256 * 1024
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
    Py_ssize_t stacks, stack                # number in a group, and panels of each
    Py_ssize_t chunks, chunk                # number, and pixels of each
    bint out_of_memory


cdef void sum_block(
    floating* sums, const floating* dy, const floating* packed, const WeightGradient* g,
    Py_ssize_t first, Py_ssize_t count, mt_tile* tile,
) noexcept nogil:
    """sums[o, columns of the tile] += sum over a block of pixels dy[p, o] packed[p, column]"""
    cdef const ConvShape* s = g.shape
    cdef Py_ssize_t per_group = s.out_channels // s.groups
    cdef Py_ssize_t o = 0, rows, i
    cdef void* targets[MAX_MR]
    tile.rows = targets
    while o < per_group:
        rows = min(g.kernel.mr, per_group - o)
        for i in range(rows):
            targets[i] = sums + (o + i) * g.columns
        g.kernel.columns[rows](dy + first * s.out_channels + o, s.out_channels, count,
                               packed, tile)
        o += rows


cdef void sum_stack(
    floating* sums, const floating* dy, const floating* x, WeightGradient* g,
    Py_ssize_t chunk, Py_ssize_t group, Py_ssize_t stack,
) noexcept nogil:
    """sums[chunk, o, columns of the stack] = sum over the chunk's pixels of dy[p, o]
    im2col[p, column] for the output channels o of the group"""
    cdef const ConvShape* s = g.shape
    cdef Py_ssize_t nr = g.kernel.nr, per_group = s.out_channels // s.groups
    cdef Py_ssize_t first = chunk * g.chunk, last = min(first + g.chunk, g.pixels)
    cdef Py_ssize_t first_panel = stack * g.stack
    cdef Py_ssize_t last_panel = min(first_panel + g.stack, g.panels)
    cdef Py_ssize_t panel, count
    cdef floating* packed = <floating*>scratch(
        SCRATCH_CONV_TASK, PIXEL_BLOCK * nr * sizeof(floating))
    cdef mt_tile tile
    if packed == NULL:
        g.out_of_memory = True
        return
    sums += (chunk * s.out_channels + group * per_group) * g.columns
    dy += group * per_group
    tile.alpha, tile.beta, tile.after = 1, 0, NULL
    while first < last:
        count = min(<Py_ssize_t>PIXEL_BLOCK, last - first)
        for panel in range(first_panel, last_panel):
            tile.column = panel * nr
            tile.width = min(nr, g.columns - tile.column)
            im2col_nhwc(packed, nr, x, s, group, tile.column, tile.column + tile.width,
                        first, first + count)
            sum_block(sums, dy, packed, g, first, count, &tile)
        tile.beta = 1
        first += count


cdef void stacks_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef WeightGradient* g = <WeightGradient*>ctx
    cdef Py_ssize_t task, stack, group, chunk
    for task in range(begin, end):
        stack = task % g.stacks
        group = task // g.stacks % g.shape.groups
        chunk = task // (g.stacks * g.shape.groups)
        if g.wide:
            sum_stack(<double*>g.sums, <const double*>g.dy, <const double*>g.x, g,
                      chunk, group, stack)
        else:
            sum_stack(<float*>g.sums, <const float*>g.dy, <const float*>g.x, g,
                      chunk, group, stack)


cdef void plan(WeightGradient* g) noexcept nogil:
    """Cut the work, by its shape alone."""
    cdef Py_ssize_t item = sizeof(double) if g.wide else sizeof(float)
    cdef Py_ssize_t groups = g.shape.groups, blocks
    g.panels = (g.columns + g.kernel.nr - 1) // g.kernel.nr
    g.stack = max(1, STACK_BYTES // (g.shape.out_channels // groups * g.kernel.nr * item))
    g.stacks = (g.panels + g.stack - 1) // g.stack
    g.stack = (g.panels + g.stacks - 1) // g.stacks         # of equal size
    blocks = (g.pixels + PIXEL_BLOCK - 1) // PIXEL_BLOCK
    g.chunks = max(1, min(blocks, ENOUGH_TASKS // (g.stacks * groups)))
    if g.chunks < 4 and g.stacks * groups < ENOUGH_TASKS:   # more stacks rather than sums
        g.stacks = min(g.panels, (ENOUGH_TASKS + g.chunks * groups - 1) // (g.chunks * groups))
        g.stack = (g.panels + g.stacks - 1) // g.stacks
        g.stacks = (g.panels + g.stack - 1) // g.stack
    g.chunk = (blocks + g.chunks - 1) // g.chunks * PIXEL_BLOCK
    g.chunks = (g.pixels + g.chunk - 1) // g.chunk


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
    cdef Py_ssize_t tasks, i
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
    plan(&g)
    in_place = g.chunks == 1 and (s.w_channels_last or s.kernel_height * s.kernel_width == 1
                                  or s.in_channels == s.groups)
    g.sums = dw if in_place else scratch(
        SCRATCH_CONV_SHARED, g.chunks * count * sizeof(floating))
    if g.sums == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the sums of the weight gradient")
    g.out_of_memory = False
    tasks = g.chunks * s.groups * g.stacks
    parallel_for(stacks_task, &g, tasks, tasks if count * g.pixels <= SERIAL else 1)
    if not in_place:
        parallel_for(finish_task, &g, s.out_channels,
                     max(1, SERIAL // (g.columns * g.chunks)))
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a panel of pixels")
    return 0
