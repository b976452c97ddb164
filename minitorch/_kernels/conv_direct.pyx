"""Implicit-GEMM convolution on NHWC images.

Output pixels are the rows of a matrix product whose depth is (tap, source channel): for each
pixel and tap, one pointer to the source pixel that the tap sees, or to a row of zeros.  The
weights are packed in panels of output channels.  Nothing is copied, except where a pixel has so
few channels that a row of its neighbourhood is worth writing out (im2col).

The input gradient is the same product with the roles of the channels exchanged.  With stride s
the pixels of dx fall into s * s phases; each phase sees its own taps, at stride one.
"""

from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_gemm_kernels, mt_tile
from minitorch._kernels.gemm cimport pack_panel
from minitorch._kernels.im2col cimport im2col_nhwc
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SHARED, SCRATCH_CONV_TASK, parallel_for, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef enum:
    MAX_MR = 12
    BAND_TILES = 20         # pixels of one task, in tiles: their pointers and rows stay in L2
    ENOUGH_TASKS = 16       # split the output channels too when there are fewer bands
    FEW_CHANNELS = 8        # below it, write the neighbourhoods out
    SERIAL = 100_000        # multiply-adds below which a second thread does not pay

cdef struct Gather:
    const mt_gemm_kernels* kernel
    bint wide                               # double instead of float
    # what the taps read: (images, source_h, source_w, source_channels)
    const void* source
    const void* zeros                       # a row of `depth` zeros
    Py_ssize_t images, source_h, source_w, source_channels
    # what is written: grid element (i, j) goes to pixel (first + i * step, ...) of target
    void* target
    Py_ssize_t target_h, target_w, target_channels
    Py_ssize_t grid_h, grid_w, first_h, first_w, target_step_h, target_step_w
    # grid element (i, j) sees source pixel (i * step_h + tap_h[t], j * step_w + tap_w[t])
    Py_ssize_t step_h, step_w, taps
    Py_ssize_t* tap_h
    Py_ssize_t* tap_w
    Py_ssize_t* tap_at                      # the tap's place in the kernel, kh * kw_size + kw
    # weights: element (depth d, column j) of tap t of group g lies at
    # w[g * group_step + d * depth_step + j * column_step + tap_at[t] * tap_step]
    const void* w
    Py_ssize_t group_step, depth_step, column_step, tap_step
    void* packed                            # [group][panel][tap][depth][nr]
    Py_ssize_t groups, depth, width, panels     # width: target channels of a group
    const void* bias
    const ConvShape* im2col                 # not NULL: write the neighbourhoods out
    # tasks: bands of pixels x groups x parts of a group's panels
    Py_ssize_t band, parts
    bint out_of_memory


# ---- weights ----

cdef void pack_weights(
    const floating* w, const Gather* g, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """One (group, panel, tap) after the other."""
    cdef Py_ssize_t item, tap, panel, group, column
    for item in range(begin, end):
        tap = item % g.taps
        panel = item // g.taps % g.panels
        group = item // (g.taps * g.panels)
        column = panel * g.kernel.nr
        pack_panel(<floating*>g.packed + item * g.depth * g.kernel.nr,
                   w + group * g.group_step + column * g.column_step
                   + g.tap_at[tap] * g.tap_step,
                   g.depth_step, g.column_step, g.depth,
                   min(g.kernel.nr, g.width - column), g.kernel)


cdef void pack_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Gather* g = <const Gather*>ctx
    if g.wide:
        pack_weights(<const double*>g.w, g, begin, end)
    else:
        pack_weights(<const float*>g.w, g, begin, end)


# ---- pixels ----

cdef void point_at_pixels(
    const void** rows, void** targets, const floating* source, const Gather* g,
    Py_ssize_t group, Py_ssize_t first, Py_ssize_t count, Py_ssize_t taps,
) noexcept nogil:
    """Pointers of one tile of pixels: rows[tap, pixel] and targets[pixel]."""
    cdef Py_ssize_t image, i, j, p, t, h, w
    cdef const floating* base
    image = first // (g.grid_h * g.grid_w)
    i = first // g.grid_w % g.grid_h
    j = first % g.grid_w
    for p in range(count):
        base = source + image * g.source_h * g.source_w * g.source_channels + group * g.depth
        for t in range(taps):
            h = i * g.step_h + g.tap_h[t]
            w = j * g.step_w + g.tap_w[t]
            if 0 <= h < g.source_h and 0 <= w < g.source_w:
                rows[t * count + p] = base + (h * g.source_w + w) * g.source_channels
            else:
                rows[t * count + p] = g.zeros
        h = g.first_h + i * g.target_step_h
        w = g.first_w + j * g.target_step_w
        targets[p] = <floating*>g.target + group * g.width \
            + ((image * g.target_h + h) * g.target_w + w) * g.target_channels
        j += 1
        if j == g.grid_w:
            j = 0
            i += 1
            if i == g.grid_h:
                i = 0
                image += 1


cdef void write_neighbourhoods(
    const void** rows, floating* written, const floating* source, const Gather* g,
    Py_ssize_t group, Py_ssize_t first, Py_ssize_t count,
) noexcept nogil:
    """The im2col rows of one tile of pixels, and pointers to them as if there were one tap."""
    cdef Py_ssize_t length = g.taps * g.depth, p
    im2col_nhwc(written, length, source, g.im2col, group, 0, length, first, first + count)
    for p in range(count):
        rows[p] = written + p * length


cdef void band_times_panels(
    const floating* source, Gather* g, Py_ssize_t first, Py_ssize_t last, Py_ssize_t group,
    Py_ssize_t first_panel, Py_ssize_t last_panel,
) noexcept nogil:
    """target[pixels first..last, channels of the panels] = sum over taps and depth + bias"""
    cdef Py_ssize_t mr = g.kernel.mr, nr = g.kernel.nr
    cdef bint writes = g.im2col != NULL
    cdef Py_ssize_t length = g.taps * g.depth
    cdef Py_ssize_t taps = 1 if writes else g.taps, depth = length if writes else g.depth
    cdef Py_ssize_t p, panel, pixels = last - first
    cdef Py_ssize_t pointers = (taps + 1) * pixels * sizeof(void*)
    cdef char* block
    cdef const void** rows
    cdef void** targets
    cdef floating* written
    cdef mt_tile tile
    block = <char*>scratch(SCRATCH_CONV_TASK, pointers + (
        pixels * length * sizeof(floating) if writes else 0))
    if block == NULL:
        g.out_of_memory = True
        return
    targets, rows = <void**>block, <const void**>block + pixels
    written = <floating*>(block + pointers)
    p = 0
    while p < pixels:
        point_at_pixels(rows + p * taps, targets + p, source, g, group, first + p,
                        min(mr, pixels - p), 0 if writes else taps)
        if writes:
            write_neighbourhoods(rows + p, written + p * length, source, g, group,
                                 first + p, min(mr, pixels - p))
        p += mr
    tile.alpha, tile.beta = 1, 0
    tile.bias = NULL
    if g.bias != NULL:
        tile.bias = <const floating*>g.bias + group * g.width
    for panel in range(first_panel, last_panel):
        tile.column = panel * nr
        tile.width = min(nr, g.width - tile.column)
        p = 0
        while p < pixels:
            tile.rows = targets + p
            g.kernel.rows[min(mr, pixels - p)](
                rows + p * taps, taps, depth,
                <const floating*>g.packed + (group * g.panels + panel) * length * nr, &tile)
            p += mr


cdef void pixels_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Gather* g = <Gather*>ctx
    cdef Py_ssize_t pixels = g.images * g.grid_h * g.grid_w
    cdef Py_ssize_t part_size = (g.panels + g.parts - 1) // g.parts
    cdef Py_ssize_t task, first, last, group, first_panel, last_panel
    for task in range(begin, end):
        first_panel = task % g.parts * part_size
        last_panel = min(first_panel + part_size, g.panels)
        group = task // g.parts % g.groups
        first = task // (g.parts * g.groups) * g.band
        last = min(first + g.band, pixels)
        if g.wide:
            band_times_panels(<const double*>g.source, g, first, last, group,
                              first_panel, last_panel)
        else:
            band_times_panels(<const float*>g.source, g, first, last, group,
                              first_panel, last_panel)


# ---- one gather from beginning to end ----

cdef inline Py_ssize_t aligned(Py_ssize_t nbytes) noexcept nogil:
    return (nbytes + 63) // 64 * 64


cdef int start(Gather* g, Py_ssize_t max_taps) except -1 nogil:
    """Working memory: zeros, the tap tables, packed weights for up to max_taps taps."""
    cdef Py_ssize_t item = sizeof(double) if g.wide else sizeof(float)
    cdef Py_ssize_t nr, table = aligned(max_taps * sizeof(Py_ssize_t))
    cdef char* block
    g.kernel = kernels().gemm[g.wide]
    nr = g.kernel.nr
    g.panels = (g.width + nr - 1) // nr
    g.im2col = NULL
    g.out_of_memory = False
    block = <char*>scratch(
        SCRATCH_CONV_SHARED, 3 * table + aligned(g.depth * item)
        + g.groups * g.panels * max_taps * g.depth * nr * item)
    if block == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the packed weights")
    g.tap_h = <Py_ssize_t*>block
    g.tap_w = <Py_ssize_t*>(block + table)
    g.tap_at = <Py_ssize_t*>(block + 2 * table)
    g.zeros = block + 3 * table
    g.packed = block + 3 * table + aligned(g.depth * item)
    memset(<void*>g.zeros, 0, g.depth * item)
    return 0


cdef int run(Gather* g) except -1 nogil:
    """Packs the weights of the taps in the table and fills the grid."""
    cdef Py_ssize_t pixels = g.images * g.grid_h * g.grid_w
    cdef Py_ssize_t pack_items = g.groups * g.panels * g.taps
    cdef Py_ssize_t bands, tasks, work
    if pixels == 0 or g.width == 0:
        return 0
    g.band = BAND_TILES * g.kernel.mr
    bands = (pixels + g.band - 1) // g.band
    g.parts = max(1, min(g.panels, ENOUGH_TASKS // (bands * g.groups)))
    tasks = bands * g.groups * g.parts
    work = g.groups * g.depth * g.width * g.taps
    parallel_for(pack_task, g, pack_items, pack_items if work <= SERIAL else 1)
    parallel_for(pixels_task, g, tasks, tasks if work * pixels <= SERIAL else 1)
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a band of pixels")
    return 0


cdef void read_weight_steps(
    Gather* g, const ConvShape* s, Py_ssize_t* out_step, Py_ssize_t* in_step,
) noexcept nogil:
    """Steps between output channels, input channels and taps in the memory of w."""
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width
    cdef Py_ssize_t per_group = s.in_channels // s.groups
    out_step[0] = taps * per_group
    in_step[0] = 1 if s.w_channels_last else taps
    g.tap_step = per_group if s.w_channels_last else 1
    g.group_step = s.out_channels // s.groups * out_step[0]


cdef int direct_forward(
    floating* y, const floating* x, const floating* w, const floating* bias,
    const ConvShape* s,
) except -1 nogil:
    """y[n, oh, ow, o] = bias[o] + sum w[o, kh, kw, i] x[n, oh sh - ph + kh dh, ..., i]"""
    cdef Gather g
    cdef Py_ssize_t kh, kw
    g.wide = floating is double
    g.source, g.target, g.w, g.bias = x, y, w, bias
    g.images, g.groups = s.batch, s.groups
    g.source_h, g.source_w, g.source_channels = s.in_height, s.in_width, s.in_channels
    g.target_h, g.target_w, g.target_channels = s.out_height, s.out_width, s.out_channels
    g.grid_h, g.grid_w = s.out_height, s.out_width
    g.first_h = g.first_w = 0
    g.target_step_h = g.target_step_w = 1
    g.step_h, g.step_w = s.stride_h, s.stride_w
    g.depth, g.width = s.in_channels // s.groups, s.out_channels // s.groups
    read_weight_steps(&g, s, &g.column_step, &g.depth_step)
    start(&g, s.kernel_height * s.kernel_width)
    g.taps = 0
    for kh in range(s.kernel_height):
        for kw in range(s.kernel_width):
            g.tap_h[g.taps] = kh * s.dilation_h - s.padding_h
            g.tap_w[g.taps] = kw * s.dilation_w - s.padding_w
            g.tap_at[g.taps] = g.taps
            g.taps += 1
    if g.depth < FEW_CHANNELS and g.taps > 1:
        g.im2col = s
    return run(&g)


cdef void taps_of_phase(
    Gather* g, const ConvShape* s, Py_ssize_t phase_h, Py_ssize_t phase_w,
) noexcept nogil:
    """The taps through which output pixels see dx[phase_h + i * sh, phase_w + j * sw]:
    oh = i + (phase_h + ph - kh * dh) / sh where that divides, and the like for ow."""
    cdef Py_ssize_t kh, kw, h, w
    g.taps = 0
    for kh in range(s.kernel_height):
        h = phase_h + s.padding_h - kh * s.dilation_h
        if h % s.stride_h != 0:
            continue
        for kw in range(s.kernel_width):
            w = phase_w + s.padding_w - kw * s.dilation_w
            if w % s.stride_w != 0:
                continue
            g.tap_h[g.taps] = h // s.stride_h
            g.tap_w[g.taps] = w // s.stride_w
            g.tap_at[g.taps] = kh * s.kernel_width + kw
            g.taps += 1


cdef int direct_backward_input(
    floating* dx, const floating* dy, const floating* w, const ConvShape* s,
) except -1 nogil:
    """dx[n, ih, iw, i] = sum w[o, kh, kw, i] dy[n, oh, ow, o] where ih = oh sh - ph + kh dh"""
    cdef Gather g
    cdef Py_ssize_t phase_h, phase_w
    g.wide = floating is double
    g.source, g.target, g.w, g.bias = dy, dx, w, NULL
    g.images, g.groups = s.batch, s.groups
    g.source_h, g.source_w, g.source_channels = s.out_height, s.out_width, s.out_channels
    g.target_h, g.target_w, g.target_channels = s.in_height, s.in_width, s.in_channels
    g.target_step_h, g.target_step_w = s.stride_h, s.stride_w
    g.step_h = g.step_w = 1
    g.depth, g.width = s.out_channels // s.groups, s.in_channels // s.groups
    read_weight_steps(&g, s, &g.depth_step, &g.column_step)
    start(&g, s.kernel_height * s.kernel_width)
    for phase_h in range(min(s.stride_h, s.in_height)):
        for phase_w in range(min(s.stride_w, s.in_width)):
            g.first_h, g.first_w = phase_h, phase_w
            g.grid_h = (s.in_height - phase_h + s.stride_h - 1) // s.stride_h
            g.grid_w = (s.in_width - phase_w + s.stride_w - 1) // s.stride_w
            taps_of_phase(&g, s, phase_h, phase_w)
            run(&g)
    return 0
