"""Implicit-GEMM convolution on NHWC images.

Output pixels are the rows of a matrix product whose depth is (tap, source channel): for each
pixel and tap, one pointer to the source pixel that the tap sees, or to a row of zeros.  The
weights are packed in panels of output channels.  Nothing is copied.

The input gradient is the same product with the roles of the channels exchanged.  With stride s
the pixels of dx fall into s * s phases; each phase sees its own taps, at stride one.

The target's grid is cut into regions: the phases, and, on small maps of many images, the
rectangles whose pixels have the same taps inside the image.  On a 2x2 map under a 3x3 kernel
five taps in nine see nothing but padding; a region leaves them out.
"""

from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_epilogue, mt_gemm_kernels, mt_tile
from minitorch._kernels.gemm cimport pack_panel
from minitorch._kernels.im2col cimport taps_outside
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_TASK, SCRATCH_CONV_ZEROS, parallel_for, scratch)
from minitorch._kernels.shapes cimport ConvShape
from minitorch._kernels.types cimport floating

cdef enum:
    MAX_PARTS = 16          # of an axis
    BAND_TILES = 20         # pixels of one task, in tiles: their pointers and rows stay in L2
    ENOUGH_TASKS = 16       # split the output channels too when there are fewer bands
    ENOUGH_IMAGES = 12      # to cut small maps into regions
    SERIAL = 100_000        # multiply-adds below which a second thread does not pay

cdef double ENOUGH_SEEN = 0.87      # of the taps: cutting saves less than it costs

cdef struct Part:
    # A range of one axis of the target's grid, and the taps that its pixels see.  Element i is
    # target pixel target + i * target_step; its tap a is the kernel's tap tap + a * tap_step
    # and sees source pixel source + a * source_tap + i * source_step.
    Py_ssize_t count, target
    Py_ssize_t taps, tap, tap_step
    Py_ssize_t source, source_tap

cdef struct Region:
    Part rows, columns
    Py_ssize_t pixels, first_task

cdef struct Gather:
    const mt_gemm_kernels* kernel
    bint wide                               # double instead of float
    # what the taps read: (images, source_h, source_w, source_channels)
    const void* source
    const void* zeros                       # a row of `depth` zeros
    Py_ssize_t images, source_h, source_w, source_channels
    # what is written
    void* target
    Py_ssize_t target_h, target_w, target_channels
    Py_ssize_t source_step_h, source_step_w, target_step_h, target_step_w
    Region regions[MAX_PARTS * MAX_PARTS]
    Py_ssize_t n_regions
    const void* packed
    Py_ssize_t groups, depth, width, panels     # width: target channels of a group
    Py_ssize_t kernel_width, all_taps
    const mt_epilogue* after
    # tasks of a region: bands of pixels x groups x parts of a group's panels
    Py_ssize_t band, parts
    bint out_of_memory


# ---- weights ----

cdef struct Packing:
    const mt_gemm_kernels* kernel
    bint wide
    void* packed
    const void* w
    # the weight from target channel `column` to source channel d through tap t of group g lies at
    # w[g * group_step + d * depth_step + column * column_step + t * tap_step]
    Py_ssize_t group_step, depth_step, column_step, tap_step
    Py_ssize_t depth, width, panels, taps


cdef Packing packing_of(const ConvShape* s, bint wide, bint backward) noexcept nogil:
    cdef Packing p
    cdef Py_ssize_t per_group = s.in_channels // s.groups, out_step, in_step
    p.kernel, p.wide = kernels().gemm[wide], wide
    p.taps = s.kernel_height * s.kernel_width
    out_step, in_step, p.tap_step = p.taps * per_group, 1, per_group
    p.group_step = s.out_channels // s.groups * out_step
    if backward:
        p.depth, p.width = s.out_channels // s.groups, per_group
        p.depth_step, p.column_step = out_step, in_step
    else:
        p.depth, p.width = per_group, s.out_channels // s.groups
        p.depth_step, p.column_step = in_step, out_step
    p.panels = (p.width + p.kernel.nr - 1) // p.kernel.nr
    return p


cdef void pack_items(
    const floating* w, const Packing* p, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """One (group, panel, tap) after the other."""
    cdef Py_ssize_t item, tap, panel, group, column
    for item in range(begin, end):
        tap = item % p.taps
        panel = item // p.taps % p.panels
        group = item // (p.taps * p.panels)
        column = panel * p.kernel.nr
        pack_panel(<floating*>p.packed + item * p.depth * p.kernel.nr,
                   w + group * p.group_step + column * p.column_step + tap * p.tap_step,
                   p.depth_step, p.column_step, p.depth,
                   min(p.kernel.nr, p.width - column), p.kernel)


cdef void pack_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Packing* p = <const Packing*>ctx
    if p.wide:
        pack_items(<const double*>p.w, p, begin, end)
    else:
        pack_items(<const float*>p.w, p, begin, end)


cdef Py_ssize_t direct_packed_bytes(
    const ConvShape* s, bint wide, bint backward,
) noexcept nogil:
    cdef Packing p = packing_of(s, wide, backward)
    return s.groups * p.panels * p.taps * p.depth * p.kernel.nr \
        * (sizeof(double) if wide else sizeof(float))


cdef int direct_pack(
    floating* packed, const floating* w, const ConvShape* s, bint backward,
) except -1 nogil:
    """packed[group, panel, tap, depth, column] = w"""
    cdef Packing p = packing_of(s, floating is double, backward)
    p.packed, p.w = packed, taps_outside(w, s)
    parallel_for(pack_task, &p, s.groups * p.panels * p.taps,
                 max(1, 16384 // max(1, p.depth * p.kernel.nr)))
    return 0


# ---- pixels ----

cdef void point_at_pixels(
    const void** rows, void** targets, const floating* source, const Gather* g,
    const Region* r, Py_ssize_t group, Py_ssize_t first, Py_ssize_t count,
) noexcept nogil:
    """Pointers of one tile of pixels: rows[tap, pixel] and targets[pixel]."""
    cdef Py_ssize_t image, i, j, p, a, _b, h, w
    cdef const void** at
    cdef const floating* base
    image = first // (r.rows.count * r.columns.count)
    i = first // r.columns.count % r.rows.count
    j = first % r.columns.count
    for p in range(count):
        base = source + image * g.source_h * g.source_w * g.source_channels + group * g.depth
        at = rows + p
        for a in range(r.rows.taps):
            h = r.rows.source + a * r.rows.source_tap + i * g.source_step_h
            w = r.columns.source + j * g.source_step_w
            for _b in range(r.columns.taps):
                if 0 <= h < g.source_h and 0 <= w < g.source_w:
                    at[0] = base + (h * g.source_w + w) * g.source_channels
                else:
                    at[0] = g.zeros
                at += count
                w += r.columns.source_tap
        h = r.rows.target + i * g.target_step_h
        w = r.columns.target + j * g.target_step_w
        targets[p] = <floating*>g.target + group * g.width \
            + ((image * g.target_h + h) * g.target_w + w) * g.target_channels
        j += 1
        if j == r.columns.count:
            j = 0
            i += 1
            if i == r.rows.count:
                i = 0
                image += 1


cdef mt_epilogue epilogue_of_group(const Gather* g, Py_ssize_t group) noexcept nogil:
    cdef mt_epilogue after
    cdef Py_ssize_t item = sizeof(double) if g.wide else sizeof(float)
    after = g.after[0]
    if after.scale != NULL:
        after.scale = <const char*>after.scale + group * g.width * item
    if after.offset != NULL:
        after.offset = <const char*>after.offset + group * g.width * item
    return after


cdef void band_times_panels(
    const floating* source, Gather* g, const Region* r, Py_ssize_t first, Py_ssize_t last,
    Py_ssize_t group, Py_ssize_t first_panel, Py_ssize_t last_panel,
) noexcept nogil:
    """target[pixels first..last, channels of the panels] = after(sum over taps and depth)"""
    cdef Py_ssize_t mr = g.kernel.mr, nr = g.kernel.nr
    cdef Py_ssize_t taps = r.rows.taps * r.columns.taps, p, panel, a, b, tap
    cdef Py_ssize_t pixels = last - first
    cdef const void** rows
    cdef const void** weights
    cdef void** targets
    cdef mt_tile tile
    cdef mt_epilogue after
    targets = <void**>scratch(SCRATCH_CONV_TASK,
                              ((taps + 1) * pixels + taps + 1) * sizeof(void*))
    if targets == NULL:
        g.out_of_memory = True
        return
    rows, weights = <const void**>targets + pixels, <const void**>targets + (taps + 1) * pixels
    p = 0
    while p < pixels:
        point_at_pixels(rows + p * taps, targets + p, source, g, r, group, first + p,
                        min(mr, pixels - p))
        p += mr
    tile.alpha, tile.beta, tile.after = 1, 0, NULL
    if g.after != NULL:
        after = epilogue_of_group(g, group)
        tile.after = &after
    for panel in range(first_panel, last_panel):
        tile.column = panel * nr
        tile.width = min(nr, g.width - tile.column)
        for a in range(r.rows.taps):
            for b in range(r.columns.taps):
                tap = (r.rows.tap + a * r.rows.tap_step) * g.kernel_width \
                    + r.columns.tap + b * r.columns.tap_step
                weights[a * r.columns.taps + b] = <const floating*>g.packed \
                    + ((group * g.panels + panel) * g.all_taps + tap) * g.depth * nr
        p = 0
        while p < pixels:
            tile.rows = targets + p
            g.kernel.rows[min(mr, pixels - p)](rows + p * taps, taps, g.depth, weights, &tile)
            p += mr


cdef void pixels_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Gather* g = <Gather*>ctx
    cdef Py_ssize_t part_size = (g.panels + g.parts - 1) // g.parts
    cdef Py_ssize_t task, first, last, group, first_panel, last_panel, at = 0
    cdef const Region* r
    for task in range(begin, end):
        while at + 1 < g.n_regions and g.regions[at + 1].first_task <= task:
            at += 1
        r = &g.regions[at]
        first_panel = (task - r.first_task) % g.parts * part_size
        last_panel = min(first_panel + part_size, g.panels)
        group = (task - r.first_task) // g.parts % g.groups
        first = (task - r.first_task) // (g.parts * g.groups) * g.band
        last = min(first + g.band, r.pixels)
        if g.wide:
            band_times_panels(<const double*>g.source, g, r, first, last, group,
                              first_panel, last_panel)
        else:
            band_times_panels(<const float*>g.source, g, r, first, last, group,
                              first_panel, last_panel)


# ---- regions ----

cdef struct Range:
    Py_ssize_t first, last


cdef inline Range seen_taps(
    const Part* part, Py_ssize_t i, Py_ssize_t source_step, Py_ssize_t source_size,
) noexcept nogil:
    """The taps of element i that lie inside the source: neighbours, as tap for tap the source
    moves one way."""
    cdef Range seen
    cdef Py_ssize_t a, at
    seen.first, seen.last = part.taps, part.taps
    for a in range(part.taps):
        at = part.source + a * part.source_tap + i * source_step
        if 0 <= at < source_size:
            if seen.first == part.taps:
                seen.first = a
            seen.last = a + 1
    if seen.first == part.taps:
        seen.last = seen.first = 0
    return seen


cdef Py_ssize_t split_part(
    Part* parts, const Part* whole, Py_ssize_t source_step, Py_ssize_t target_step,
    Py_ssize_t source_size, Py_ssize_t room,
) noexcept nogil:
    """Cuts `whole` where the taps inside the source change; the number of parts, or 0 if it
    is larger than `room`."""
    cdef Py_ssize_t n = 0, i
    cdef Range seen, before
    before.first = before.last = -1
    for i in range(whole.count):
        seen = seen_taps(whole, i, source_step, source_size)
        if n > 0 and seen.first == before.first and seen.last == before.last:
            parts[n - 1].count += 1
            continue
        if n == room:
            return 0
        parts[n] = whole[0]
        parts[n].count = 1
        parts[n].target = whole.target + i * target_step
        parts[n].taps = seen.last - seen.first
        parts[n].tap = whole.tap + seen.first * whole.tap_step
        parts[n].source = whole.source + seen.first * whole.source_tap + i * source_step
        before = seen
        n += 1
    return n


cdef double share_seen(
    const Part* whole, Py_ssize_t source_step, Py_ssize_t source_size,
) noexcept nogil:
    """Of all taps of all elements, how many lie inside the source."""
    cdef Py_ssize_t i, seen = 0
    cdef Range range_
    for i in range(whole.count):
        range_ = seen_taps(whole, i, source_step, source_size)
        seen += range_.last - range_.first
    return <double>seen / max(1, whole.count * whole.taps)


cdef inline bint worth_splitting(Py_ssize_t images, double share) noexcept nogil:
    """A region has `images` pixels at the least, which should fill a tile."""
    return images >= ENOUGH_IMAGES and share < ENOUGH_SEEN


cdef double direct_share(const ConvShape* s) noexcept nogil:
    cdef Part rows = whole_axis(s.out_height, s.kernel_height, s.padding_h, s.dilation_h)
    cdef Part columns = whole_axis(s.out_width, s.kernel_width, s.padding_w, s.dilation_w)
    cdef double share = share_seen(&rows, s.stride_h, s.in_height) \
        * share_seen(&columns, s.stride_w, s.in_width)
    return share if worth_splitting(s.batch, share) else 1


cdef void add_axes(Gather* g, const Part* rows, const Part* columns) noexcept nogil:
    """The regions of one phase."""
    cdef double share = share_seen(rows, g.source_step_h, g.source_h) \
        * share_seen(columns, g.source_step_w, g.source_w)
    cdef Part row_parts[MAX_PARTS]
    cdef Part column_parts[MAX_PARTS]
    cdef Py_ssize_t n_rows = 0, n_columns = 0, i, j
    if worth_splitting(g.images, share):
        n_rows = split_part(row_parts, rows, g.source_step_h, g.target_step_h, g.source_h,
                            MAX_PARTS)
        n_columns = split_part(column_parts, columns, g.source_step_w, g.target_step_w,
                               g.source_w, MAX_PARTS)
        if g.n_regions + n_rows * n_columns > MAX_PARTS * MAX_PARTS - 16:
            n_rows = n_columns = 0          # 16: every phase to come finds room
    if n_rows == 0 or n_columns == 0:
        row_parts[0], column_parts[0] = rows[0], columns[0]
        n_rows = n_columns = 1
    for i in range(n_rows):
        for j in range(n_columns):
            g.regions[g.n_regions].rows = row_parts[i]
            g.regions[g.n_regions].columns = column_parts[j]
            g.n_regions += 1


cdef int run(Gather* g) except -1 nogil:
    """Fills the target, region by region, as one job."""
    cdef Py_ssize_t tasks = 0, pixels = 0, bands, work, i
    cdef Region* r
    if g.width == 0:
        return 0
    g.band = BAND_TILES * g.kernel.mr
    for i in range(g.n_regions):
        r = &g.regions[i]
        r.pixels = g.images * r.rows.count * r.columns.count
        pixels += r.pixels
    bands = (pixels + g.band - 1) // g.band
    g.parts = max(1, min(g.panels, ENOUGH_TASKS // max(1, bands * g.groups)))
    for i in range(g.n_regions):
        r = &g.regions[i]
        r.first_task = tasks
        tasks += (r.pixels + g.band - 1) // g.band * g.groups * g.parts
    work = g.groups * g.depth * g.width * g.all_taps
    parallel_for(pixels_task, g, tasks, tasks if work * pixels <= SERIAL else 1)
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a band of pixels")
    return 0


cdef int start(Gather* g, const ConvShape* s) except -1 nogil:
    cdef Py_ssize_t nbytes = max(1, g.depth) * (sizeof(double) if g.wide else sizeof(float))
    cdef void* zeros = scratch(SCRATCH_CONV_ZEROS, nbytes)
    if zeros == NULL:
        with gil:
            raise MemoryError("convolution: no memory for a row of zeros")
    memset(zeros, 0, nbytes)
    g.zeros = zeros
    g.kernel = kernels().gemm[g.wide]
    g.images, g.groups = s.batch, s.groups
    g.kernel_width, g.all_taps = s.kernel_width, s.kernel_height * s.kernel_width
    g.panels = (g.width + g.kernel.nr - 1) // g.kernel.nr
    g.n_regions = 0
    g.out_of_memory = False
    return 0


# ---- forward ----

cdef Part whole_axis(
    Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t padding, Py_ssize_t dilation,
) noexcept nogil:
    cdef Part part
    part.count, part.target = size, 0
    part.taps, part.tap, part.tap_step = kernel, 0, 1
    part.source, part.source_tap = -padding, dilation
    return part


cdef int direct_forward(
    floating* y, const floating* x, const floating* packed, const mt_epilogue* after,
    const ConvShape* s,
) except -1 nogil:
    """y[n, oh, ow, o] = after(sum w[o, kh, kw, i] x[n, oh sh - ph + kh dh, ..., i])"""
    cdef Gather g
    cdef Part rows = whole_axis(s.out_height, s.kernel_height, s.padding_h, s.dilation_h)
    cdef Part columns = whole_axis(s.out_width, s.kernel_width, s.padding_w, s.dilation_w)
    g.wide = floating is double
    g.source, g.target, g.packed, g.after = x, y, packed, after
    g.source_h, g.source_w, g.source_channels = s.in_height, s.in_width, s.in_channels
    g.target_h, g.target_w, g.target_channels = s.out_height, s.out_width, s.out_channels
    g.source_step_h, g.source_step_w = s.stride_h, s.stride_w
    g.target_step_h = g.target_step_w = 1
    g.depth, g.width = s.in_channels // s.groups, s.out_channels // s.groups
    start(&g, s)
    add_axes(&g, &rows, &columns)
    return run(&g)


# ---- input gradient ----

cdef Part phase_axis(
    Py_ssize_t phase, Py_ssize_t size, Py_ssize_t kernel, Py_ssize_t stride,
    Py_ssize_t padding, Py_ssize_t dilation,
) noexcept nogil:
    """The taps through which output pixels see dx[phase + i * stride]:
    oh = i + (phase + padding - k * dilation) / stride where that divides."""
    cdef Part part
    cdef Py_ssize_t k, reach
    part.count = (size - phase + stride - 1) // stride
    part.target = phase
    part.taps, part.tap, part.tap_step = 0, 0, 1
    part.source, part.source_tap = 0, 0
    for k in range(kernel):
        reach = phase + padding - k * dilation
        if reach % stride != 0:
            continue
        if part.taps == 0:
            part.tap, part.source = k, reach // stride
        elif part.taps == 1:
            part.tap_step, part.source_tap = k - part.tap, reach // stride - part.source
        part.taps += 1
    return part


cdef int direct_backward_input(
    floating* dx, const floating* dy, const floating* packed, const ConvShape* s,
) except -1 nogil:
    """dx[n, ih, iw, i] = sum w[o, kh, kw, i] dy[n, oh, ow, o] where ih = oh sh - ph + kh dh"""
    cdef Gather g
    cdef Py_ssize_t phase_h, phase_w
    cdef Part rows, columns
    g.wide = floating is double
    g.source, g.target, g.packed, g.after = dy, dx, packed, NULL
    g.source_h, g.source_w, g.source_channels = s.out_height, s.out_width, s.out_channels
    g.target_h, g.target_w, g.target_channels = s.in_height, s.in_width, s.in_channels
    g.target_step_h, g.target_step_w = s.stride_h, s.stride_w
    g.source_step_h = g.source_step_w = 1
    g.depth, g.width = s.out_channels // s.groups, s.in_channels // s.groups
    start(&g, s)
    for phase_h in range(min(s.stride_h, s.in_height)):
        rows = phase_axis(phase_h, s.in_height, s.kernel_height, s.stride_h, s.padding_h,
                          s.dilation_h)
        for phase_w in range(min(s.stride_w, s.in_width)):
            columns = phase_axis(phase_w, s.in_width, s.kernel_width, s.stride_w, s.padding_w,
                                 s.dilation_w)
            if g.n_regions == MAX_PARTS * MAX_PARTS:    # a stride of 16 and more
                run(&g)
                g.n_regions = 0
            add_axes(&g, &rows, &columns)
    return run(&g)
