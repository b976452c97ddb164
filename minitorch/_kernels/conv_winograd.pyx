"""Winograd convolution on NHWC images (arXiv:1509.09308; the transforms: isa/winograd.h).

The image is cut into overlapping tiles.  Each tile becomes tile * tile numbers a channel, its
positions; at each position the convolution is a product over channels of (tiles, channels in)
with (channels in, channels out); the products are turned back into pixels.  F(4x4) needs a
quarter of the multiplications of the direct form, F(2x2) four ninths.

Two orders of work.  *Chunks*: a task takes some tiles through all three steps, so that what lies
between stays in its near cache.  *Phases*: each step is done for all tiles before the next, with
the products split by position; for few tiles, or where the transformed weights are too large to
be read again for each chunk.

The input gradient at stride one is the same convolution with the kernel turned by 180 degrees
and the roles of the channels exchanged.  The weight gradient sums at each position, over tiles,
the outer products of the transformed gradient and the transformed image.
"""

from libc.string cimport memset

from minitorch._kernels.dispatch cimport (
    kernels, mt_epilogue, mt_gemm_kernels, mt_tile, mt_winograd_kernels)
from minitorch._kernels.im2col cimport taps_inside, taps_outside
from minitorch._kernels.parallel cimport (
    SCRATCH_CONV_SHARED, SCRATCH_CONV_TASK, SCRATCH_CONV_ZEROS, SCRATCH_GEMM_TASK, parallel_for,
    scratch)
from minitorch._kernels.shapes cimport ConvShape

cdef enum:
    MAX_MR = 12
    MAX_POSITIONS = 36
    DEPTH_BLOCK = 256               # channels summed in registers: longer sums lose digits
    CHUNK_TILES = 24                # their positions stay in the second-level cache
    ENOUGH_CHUNKS = 8               # with fewer, phases share the work better
    NEAR_WEIGHTS = 5 * 256 * 1024   # bytes of transformed weights that a near cache holds
    ENOUGH_NEAR_CHUNKS = 4          # with those
    LEAST_TILES = 8
    FAR_WEIGHTS = 16 * 1024 * 1024  # bytes of transformed weights that chunks must not reread
    PHASE_BYTES = 12 * 1024 * 1024  # of positions at once: a part of the shared cache
    PAD = 16                        # floats between positions, so that they do not collide

cdef struct Winograd:
    const mt_winograd_kernels* kernel
    const mt_gemm_kernels* gemm
    # a correlation of `source` (images, source_h, source_w, depth), padded by pad, to `target`
    const float* source
    float* target
    const float* zeros
    Py_ssize_t images, source_h, source_w, depth, target_h, target_w, width, pad_h, pad_w
    Py_ssize_t size, positions, tiles_h, tiles_w, tiles, panels
    const float* u                  # [position][panel][depth][nr]
    const mt_epilogue* after
    # a block of tiles in work: v [position][tile][depth], m [position][tile][width]
    Py_ssize_t first, count, chunk
    Py_ssize_t v_pos, m_pos, v_panel
    float* v
    float* m
    # the weight gradient: m [position][tile][width] holds dy, sums [position][width][depth]
    const float* gradient
    float* sums
    float* dw
    bint turns                      # dw has its taps inside
    bint out_of_memory


cdef bint winograd_fits(const ConvShape* s) noexcept nogil:
    return (s.kernel_height == 3 and s.kernel_width == 3 and s.stride_h == 1 and s.stride_w == 1
            and s.dilation_h == 1 and s.dilation_w == 1 and s.groups == 1
            and s.padding_h <= 2 and s.padding_w <= 2)


cdef inline const mt_winograd_kernels* transforms(int size) noexcept nogil:
    return kernels().winograd[0 if size == 2 else 1]


# ---- tiles ----

cdef struct TilePlace:
    Py_ssize_t image, row, column       # of the tile's first target pixel


cdef inline TilePlace place_of(const Winograd* g, Py_ssize_t tile) noexcept nogil:
    cdef TilePlace place
    place.image = tile // (g.tiles_h * g.tiles_w)
    place.row = tile // g.tiles_w % g.tiles_h * g.size
    place.column = tile % g.tiles_w * g.size
    return place


cdef inline void point_at_source(
    const float** pixels, const Winograd* g, TilePlace place,
) noexcept nogil:
    """The pixels that the target pixels of a tile see; zeros outside the image."""
    cdef Py_ssize_t side = g.size + 2, i, j, h, w
    cdef const float* image = g.source + place.image * g.source_h * g.source_w * g.depth
    for i in range(side):
        h = place.row - g.pad_h + i
        for j in range(side):
            w = place.column - g.pad_w + j
            if 0 <= h < g.source_h and 0 <= w < g.source_w:
                pixels[i * side + j] = image + (h * g.source_w + w) * g.depth
            else:
                pixels[i * side + j] = g.zeros


cdef inline void point_at_target(
    float** pixels, float* target, float* outside, const Winograd* g, TilePlace place,
) noexcept nogil:
    """The pixels of a tile in an image like the target; `outside` beyond its edge."""
    cdef Py_ssize_t i, j, h, w
    cdef float* image = target + place.image * g.target_h * g.target_w * g.width
    for i in range(g.size):
        h = place.row + i
        for j in range(g.size):
            w = place.column + j
            pixels[i * g.size + j] = outside if h >= g.target_h or w >= g.target_w \
                else image + (h * g.target_w + w) * g.width


cdef void transform_source(const Winograd* g, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """v = positions of the tiles [begin, end) of the block in work."""
    cdef const float* pixels[MAX_POSITIONS]
    cdef Py_ssize_t t
    cdef Py_ssize_t panel = g.gemm.nr, tile_step = g.depth
    if g.v_panel != panel:          # in panels: [position][panel][tile][nr]
        tile_step = panel
    for t in range(begin, end):
        point_at_source(pixels, g, place_of(g, g.first + t))
        g.kernel.input(g.v + t * tile_step, g.v_pos, panel, g.v_panel, pixels, g.depth)


cdef void transform_target(const Winograd* g, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """target pixels = products of the tiles [begin, end) of the block in work."""
    cdef float* pixels[MAX_POSITIONS]
    cdef Py_ssize_t t
    for t in range(begin, end):
        point_at_target(pixels, g.target, NULL, g, place_of(g, g.first + t))
        g.kernel.output(pixels, g.m + t * g.width, g.m_pos, g.width, g.after)


cdef void transform_gradient(const Winograd* g, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """m = positions of the gradient's tiles."""
    cdef float* pixels[MAX_POSITIONS]
    cdef Py_ssize_t t
    for t in range(begin, end):
        point_at_target(pixels, <float*>g.gradient, <float*>g.zeros, g, place_of(g, g.first + t))
        g.kernel.gradient(g.m + t * g.width, g.m_pos, <const float**>pixels, g.width)


# ---- forward and input gradient ----

cdef void multiply(
    const Winograd* g, Py_ssize_t position, Py_ssize_t first_panel, Py_ssize_t last_panel,
) noexcept nogil:
    """m[position, :, panels] = v[position] . u[position, panels] for the block in work"""
    cdef Py_ssize_t mr = g.gemm.mr, nr = g.gemm.nr, panel, t, rows, i, first, depth
    cdef const float* v = g.v + position * g.v_pos
    cdef float* m = g.m + position * g.m_pos
    cdef const void* sources[MAX_MR]
    cdef void* targets[MAX_MR]
    cdef const void* weights
    cdef mt_tile tile
    tile.rows = targets
    tile.alpha, tile.after = 1, NULL
    for panel in range(first_panel, last_panel):
        tile.column = panel * nr
        tile.width = min(nr, g.width - tile.column)
        first = 0
        while first < g.depth:
            depth = min(<Py_ssize_t>DEPTH_BLOCK, g.depth - first)
            tile.beta = 0 if first == 0 else 1
            weights = g.u + ((position * g.panels + panel) * g.depth + first) * nr
            t = 0
            while t < g.count:
                rows = min(mr, g.count - t)
                for i in range(rows):
                    sources[i] = v + (t + i) * g.depth + first
                    targets[i] = m + (t + i) * g.width
                g.gemm.rows[rows](sources, 1, depth, &weights, &tile)
                t += rows
            first += DEPTH_BLOCK


cdef void chunks_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Winograd* shared = <Winograd*>ctx
    cdef Winograd g = shared[0]
    cdef Py_ssize_t chunk, position
    g.v = <float*>scratch(SCRATCH_CONV_TASK, g.positions * (g.v_pos + g.m_pos) * sizeof(float))
    if g.v == NULL:
        shared.out_of_memory = True
        return
    g.m = g.v + g.positions * g.v_pos
    for chunk in range(begin, end):
        g.first = chunk * g.chunk
        g.count = min(g.chunk, g.tiles - g.first)
        transform_source(&g, 0, g.count)
        for position in range(g.positions):
            multiply(&g, position, 0, g.panels)
        transform_target(&g, 0, g.count)


cdef void source_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    transform_source(<const Winograd*>ctx, begin, end)


cdef void multiply_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """One (position, panel) after the other."""
    cdef const Winograd* g = <const Winograd*>ctx
    cdef Py_ssize_t item, panel
    for item in range(begin, end):
        panel = item % g.panels
        multiply(g, item // g.panels, panel, panel + 1)


cdef void target_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    transform_target(<const Winograd*>ctx, begin, end)


cdef Py_ssize_t tiles_of_block(const Winograd* g) noexcept nogil:
    """Tiles whose positions fit the shared cache, in blocks of equal size."""
    cdef Py_ssize_t most = max(
        CHUNK_TILES, PHASE_BYTES // (g.positions * (g.depth + g.width) * sizeof(float)))
    cdef Py_ssize_t blocks = (g.tiles + most - 1) // most
    return (g.tiles + blocks - 1) // blocks


cdef int make_positions(Winograd* g) except -1 nogil:
    """Room for v and m of a block, once the steps between positions are set."""
    g.v = <float*>scratch(SCRATCH_CONV_TASK,
                          g.positions * (g.v_pos + g.m_pos) * sizeof(float))
    if g.v == NULL:
        with gil:
            raise MemoryError("convolution: no memory for transformed tiles")
    g.m = g.v + g.positions * g.v_pos
    g.first = 0
    return 0


cdef int run_in_phases(Winograd* g) except -1 nogil:
    cdef Py_ssize_t block = tiles_of_block(g)
    g.v_pos, g.m_pos = block * g.depth + PAD, block * g.width + PAD
    make_positions(g)
    while g.first < g.tiles:
        g.count = min(block, g.tiles - g.first)
        parallel_for(source_task, g, g.count, 2)
        parallel_for(multiply_task, g, g.positions * g.panels, 2)
        parallel_for(target_task, g, g.count, 2)
        g.first += g.count
    return 0


cdef int run(Winograd* g) except -1 nogil:
    """The correlation, once its geometry is set."""
    cdef Py_ssize_t u_bytes = g.positions * g.panels * g.gemm.nr * g.depth * sizeof(float)
    if g.tiles == 0:
        return 0
    g.chunk = CHUNK_TILES
    if u_bytes <= NEAR_WEIGHTS:     # cheap to read again: smaller chunks rather than phases
        g.chunk = max(<Py_ssize_t>LEAST_TILES,
                      min(g.chunk, (g.tiles + ENOUGH_NEAR_CHUNKS - 1) // ENOUGH_NEAR_CHUNKS))
    elif g.tiles < ENOUGH_CHUNKS * CHUNK_TILES or u_bytes > FAR_WEIGHTS:
        return run_in_phases(g)
    g.v_pos, g.m_pos = g.chunk * g.depth + PAD, g.chunk * g.width + PAD
    parallel_for(chunks_task, g, (g.tiles + g.chunk - 1) // g.chunk, 1)
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for transformed tiles")
    return 0


cdef int set_tiles(Winograd* g, int size) except -1 nogil:
    """What follows from the geometry and the size of a tile."""
    cdef float* zeros
    g.kernel = transforms(size)
    g.gemm = kernels().gemm[0]
    g.size = size
    g.positions = (size + 2) * (size + 2)
    g.tiles_h = (g.target_h + size - 1) // size
    g.tiles_w = (g.target_w + size - 1) // size
    g.tiles = g.images * g.tiles_h * g.tiles_w
    g.panels = (g.width + g.gemm.nr - 1) // g.gemm.nr
    g.v_panel = g.gemm.nr
    g.out_of_memory = False
    zeros = <float*>scratch(SCRATCH_CONV_ZEROS, max(g.depth, g.width) * sizeof(float))
    if zeros == NULL:
        with gil:
            raise MemoryError("convolution: no memory for a row of zeros")
    memset(zeros, 0, max(g.depth, g.width) * sizeof(float))
    g.zeros = zeros
    return 0


cdef void read_forward(Winograd* g, const ConvShape* s) noexcept nogil:
    """The geometry of y = x * w."""
    g.images, g.depth, g.width = s.batch, s.in_channels, s.out_channels
    g.source_h, g.source_w = s.in_height, s.in_width
    g.target_h, g.target_w = s.out_height, s.out_width
    g.pad_h, g.pad_w = s.padding_h, s.padding_w


cdef int winograd_forward(
    float* y, const float* x, const float* packed, const mt_epilogue* after,
    const ConvShape* s, int size,
) except -1 nogil:
    """y = after(x * w)"""
    cdef Winograd g
    cdef mt_epilogue nothing
    memset(&nothing, 0, sizeof(nothing))
    g.source, g.target, g.u = x, y, packed
    g.after = &nothing if after == NULL else after
    read_forward(&g, s)
    set_tiles(&g, size)
    return run(&g)


cdef int winograd_backward_input(
    float* dx, const float* dy, const float* packed, const ConvShape* s, int size,
) except -1 nogil:
    """dx = dy * turned w, padded by 2 - padding"""
    cdef Winograd g
    cdef mt_epilogue nothing
    memset(&nothing, 0, sizeof(nothing))
    g.source, g.target, g.u, g.after = dy, dx, packed, &nothing
    g.images, g.depth, g.width = s.batch, s.out_channels, s.in_channels
    g.source_h, g.source_w = s.out_height, s.out_width
    g.target_h, g.target_w = s.in_height, s.in_width
    g.pad_h, g.pad_w = 2 - s.padding_h, 2 - s.padding_w
    set_tiles(&g, size)
    return run(&g)


# ---- weights ----

cdef struct Packing:
    const mt_winograd_kernels* kernel
    float* u
    const float* w                  # (out, 3, 3, in)
    Py_ssize_t in_channels, out_channels, depth, width, panel, panels, positions, split
    bint backward


cdef enum:
    PACK_DEPTH = 64                 # depth of one task


cdef void pack_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """One (panel, part of the depth) after the other."""
    cdef const Packing* p = <const Packing*>ctx
    cdef Py_ssize_t item, panel, first, count, width, per_filter = 9 * p.in_channels
    cdef float* u
    for item in range(begin, end):
        panel = item // p.split
        first = item % p.split * PACK_DEPTH
        count = min(<Py_ssize_t>PACK_DEPTH, p.depth - first)
        width = min(p.panel, p.width - panel * p.panel)
        u = p.u + (panel * p.depth + first) * p.panel
        if p.backward:              # columns are input channels; the last tap comes first
            p.kernel.filter(u, p.panels * p.depth * p.panel, p.panel,
                            p.w + first * per_filter + panel * p.panel + 8 * p.in_channels,
                            per_filter, 1, -p.in_channels, count, width, p.panel)
        else:
            p.kernel.filter(u, p.panels * p.depth * p.panel, p.panel,
                            p.w + panel * p.panel * per_filter + first,
                            1, per_filter, p.in_channels, count, width, p.panel)


cdef Py_ssize_t winograd_packed_bytes(
    const ConvShape* s, int size, bint backward,
) noexcept nogil:
    cdef Py_ssize_t nr = kernels().gemm[0].nr
    cdef Py_ssize_t depth = s.out_channels if backward else s.in_channels
    cdef Py_ssize_t width = s.in_channels if backward else s.out_channels
    return (size + 2) * (size + 2) * ((width + nr - 1) // nr) * nr * depth * sizeof(float)


cdef int winograd_pack(
    float* packed, const float* w, const ConvShape* s, int size, bint backward,
) except -1 nogil:
    """packed[position, panel, depth, column] = (G w G')[position]"""
    cdef Packing p
    p.kernel = transforms(size)
    p.panel = kernels().gemm[0].nr
    p.u, p.w, p.backward = packed, taps_outside(w, s), backward
    p.in_channels, p.out_channels = s.in_channels, s.out_channels
    p.depth = s.out_channels if backward else s.in_channels
    p.width = s.in_channels if backward else s.out_channels
    p.panels = (p.width + p.panel - 1) // p.panel
    p.split = (p.depth + PACK_DEPTH - 1) // PACK_DEPTH
    parallel_for(pack_task, &p, p.panels * p.split, max(1, 4096 // (p.panel * PACK_DEPTH)))
    return 0


# ---- weight gradient ----

cdef void gradient_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Both operands of some tiles of the block in work."""
    transform_source(<const Winograd*>ctx, begin, end)
    transform_gradient(<const Winograd*>ctx, begin, end)


cdef void sum_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """sums[position, o, panel] += over tiles m[position, tile, o] v[position, panel, tile]"""
    cdef const Winograd* g = <const Winograd*>ctx
    cdef Py_ssize_t mr = g.gemm.mr, nr = g.gemm.nr
    cdef Py_ssize_t panels = (g.depth + nr - 1) // nr
    cdef Py_ssize_t item, position, panel, o, rows, i
    cdef float* sums
    cdef void* targets[MAX_MR]
    cdef mt_tile tile
    tile.rows = targets
    tile.alpha, tile.beta, tile.after = 1, 0 if g.first == 0 else 1, NULL
    for item in range(begin, end):
        position, panel = item // panels, item % panels
        sums = g.sums + position * g.width * g.depth
        tile.column = panel * nr
        tile.width = min(nr, g.depth - tile.column)
        o = 0
        while o < g.width:
            rows = min(mr, g.width - o)
            for i in range(rows):
                targets[i] = sums + (o + i) * g.depth
            g.gemm.columns[rows](g.m + position * g.m_pos + o, g.width, g.count,
                                 g.v + position * g.v_pos + panel * g.v_panel, &tile)
            o += rows


cdef void weights_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """dw[o] from the sums, in the order of the weight's memory."""
    cdef Winograd* g = <Winograd*>ctx
    cdef Py_ssize_t o
    cdef float* taps = NULL
    if g.turns:
        taps = <float*>scratch(SCRATCH_GEMM_TASK, 9 * g.depth * sizeof(float))
        if taps == NULL:
            g.out_of_memory = True
            return
    for o in range(begin, end):
        g.kernel.filter_gradient(
            g.dw + o * 9 * g.depth if taps == NULL else taps, g.depth,
            g.sums + o * g.depth, g.width * g.depth, g.depth)
        if taps != NULL:
            g.gemm.transpose(g.dw + o * 9 * g.depth, 9, taps, g.depth, 9, g.depth)


cdef int winograd_backward_weight(
    float* dw, const float* dy, const float* x, const ConvShape* s, int size,
) except -1 nogil:
    """dw = G' [ sum over tiles (B' x B) . (A dy A') ] G"""
    cdef Winograd g
    cdef Py_ssize_t block, panels
    g.source, g.gradient, g.dw = x, dy, dw
    read_forward(&g, s)
    set_tiles(&g, size)
    g.turns = taps_inside(s)
    if g.tiles == 0:
        memset(dw, 0, 9 * g.depth * g.width * sizeof(float))
        return 0
    block = tiles_of_block(&g)
    panels = (g.depth + g.gemm.nr - 1) // g.gemm.nr
    g.v_panel = block * g.gemm.nr
    g.v_pos, g.m_pos = panels * g.v_panel + PAD, block * g.width + PAD
    make_positions(&g)
    g.sums = <float*>scratch(SCRATCH_CONV_SHARED,
                             g.positions * g.depth * g.width * sizeof(float))
    if g.sums == NULL:
        with gil:
            raise MemoryError("convolution: no memory for the sums of the weight gradient")
    while g.first < g.tiles:
        g.count = min(block, g.tiles - g.first)
        parallel_for(gradient_task, &g, g.count, 2)
        parallel_for(sum_task, &g, g.positions * panels, 1)
        g.first += g.count
    parallel_for(weights_task, &g, s.out_channels, max(1, 4096 // g.depth))
    if g.out_of_memory:
        with gil:
            raise MemoryError("convolution: no memory for a row of weights")
    return 0
