"""Matrix product: B is packed in panels, A is read in place or packed, a tile of C at a time
is summed in registers (isa/gemm_tile.inc.h).

Each element of C is summed in one order, whatever the number of threads: the depth is cut in
blocks of DEPTH_BLOCK, which are added one after the other.
"""

from libc.string cimport memcpy, memset

from minitorch._kernels.dispatch cimport kernels, mt_gemm_kernels, mt_tile
from minitorch._kernels.parallel cimport (
    SCRATCH_GEMM_SHARED, SCRATCH_GEMM_TASK, parallel_for, scratch)
from minitorch._kernels.types cimport floating

cdef enum:
    DEPTH_BLOCK = 512       # 12 rows of A and a panel of B for it stay in the near caches
    COLUMN_BLOCK = 4096     # packed B is at most DEPTH_BLOCK * COLUMN_BLOCK elements
    BAND_TILES = 8          # rows of one task, in tiles
    ENOUGH_TASKS = 16       # split columns too when there are fewer bands of rows
    TINY = 1024             # multiply-adds below which three plain loops are faster
    SERIAL = 100_000        # multiply-adds below which a second thread does not pay
    MAX_MR = 12

cdef struct Product:
    const mt_gemm_kernels* kernel
    bint wide                           # double instead of float
    void* c
    const void* a
    const void* b
    Py_ssize_t c_row, a_row, a_col, b_row, b_col
    Py_ssize_t m, n, k
    double alpha, beta
    # the block of B in work: packed [panel][depth][nr]
    void* packed
    Py_ssize_t first_column, columns, first_depth, depth
    Py_ssize_t band, groups             # tasks: bands of rows x groups of panels
    bint out_of_memory


cdef inline const mt_gemm_kernels* kernels_for(bint wide) noexcept nogil:
    return kernels().gemm[wide]


# ---- packing ----

cdef void pack_panel(
    floating* packed, const floating* b, Py_ssize_t b_row, Py_ssize_t b_col,
    Py_ssize_t depth, Py_ssize_t width, const mt_gemm_kernels* kernel,
) noexcept nogil:
    """packed[d, j] = b[d, j] for j < width, 0 for width <= j < nr"""
    cdef Py_ssize_t nr = kernel.nr, d, j
    if width < nr:
        memset(packed, 0, depth * nr * sizeof(floating))
    if b_row == 1 and b_col != 1:
        kernel.transpose(packed, nr, b, b_col, width, depth)
    elif b_col == 1:
        for d in range(depth):
            memcpy(packed + d * nr, b + d * b_row, width * sizeof(floating))
    else:
        for d in range(depth):
            for j in range(width):
                packed[d * nr + j] = b[d * b_row + j * b_col]


cdef void pack_panels(
    const floating* b, const Product* p, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    cdef floating* packed = <floating*>p.packed
    cdef Py_ssize_t nr = p.kernel.nr, panel, column
    for panel in range(begin, end):
        column = panel * nr
        pack_panel(packed + column * p.depth,
                   b + p.first_depth * p.b_row + (p.first_column + column) * p.b_col,
                   p.b_row, p.b_col, p.depth, min(nr, p.columns - column), p.kernel)


cdef void pack_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Product* p = <const Product*>ctx
    if p.wide:
        pack_panels(<const double*>p.b, p, begin, end)
    else:
        pack_panels(<const float*>p.b, p, begin, end)


cdef void pack_rows(
    floating* packed, const floating* a, Py_ssize_t a_row, Py_ssize_t a_col,
    Py_ssize_t rows, Py_ssize_t depth,
) noexcept nogil:
    """packed[d, i] = a[i, d] for one tile's rows"""
    cdef Py_ssize_t d, i
    for d in range(depth):
        for i in range(rows):
            packed[d * rows + i] = a[i * a_row + d * a_col]


# ---- tiles ----

cdef void band_times_panels(
    const floating* a, Product* p, Py_ssize_t first_row, Py_ssize_t last_row,
    Py_ssize_t first_panel, Py_ssize_t last_panel,
) noexcept nogil:
    """C[band, panels] := alpha * A[band, depth].B[depth, panels] + beta * C"""
    cdef Py_ssize_t mr = p.kernel.mr, nr = p.kernel.nr
    cdef Py_ssize_t panel, row, rows, i
    cdef const void* packed_b
    cdef floating* packed_a = NULL
    cdef const void* a_rows[MAX_MR]
    cdef void* c_rows[MAX_MR]
    cdef mt_tile tile
    if p.a_col != 1:
        packed_a = <floating*>scratch(
            SCRATCH_GEMM_TASK, (last_row - first_row) * p.depth * sizeof(floating))
        if packed_a == NULL:
            p.out_of_memory = True
            return
        row = first_row
        while row < last_row:
            pack_rows(packed_a + (row - first_row) * p.depth,
                      a + row * p.a_row + p.first_depth * p.a_col, p.a_row, p.a_col,
                      min(mr, last_row - row), p.depth)
            row += mr
    tile.rows = c_rows
    tile.alpha = p.alpha
    tile.beta = p.beta if p.first_depth == 0 else 1
    tile.after = NULL
    for panel in range(first_panel, last_panel):
        packed_b = <const floating*>p.packed + panel * nr * p.depth
        tile.column = panel * nr
        tile.width = min(nr, p.columns - tile.column)
        row = first_row
        while row < last_row:
            rows = min(mr, last_row - row)
            for i in range(rows):
                c_rows[i] = <floating*>p.c + (row + i) * p.c_row + p.first_column
            if packed_a != NULL:
                p.kernel.columns[rows](packed_a + (row - first_row) * p.depth, rows, p.depth,
                                       packed_b, &tile)
            else:
                for i in range(rows):
                    a_rows[i] = a + (row + i) * p.a_row + p.first_depth
                p.kernel.rows[rows](a_rows, 1, p.depth, &packed_b, &tile)
            row += mr


cdef void tile_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Product* p = <Product*>ctx
    cdef Py_ssize_t panels = (p.columns + p.kernel.nr - 1) // p.kernel.nr
    cdef Py_ssize_t group_size = (panels + p.groups - 1) // p.groups
    cdef Py_ssize_t task, first_row, last_row, first_panel, last_panel
    for task in range(begin, end):
        first_row = task // p.groups * p.band
        last_row = min(first_row + p.band, p.m)
        first_panel = task % p.groups * group_size
        last_panel = min(first_panel + group_size, panels)
        if p.wide:
            band_times_panels(<const double*>p.a, p, first_row, last_row, first_panel, last_panel)
        else:
            band_times_panels(<const float*>p.a, p, first_row, last_row, first_panel, last_panel)


cdef int blocked(Product* p) except -1 nogil:
    """The general product: block of columns, block of depth, packed panels, tiles."""
    cdef Py_ssize_t item = sizeof(double) if p.wide else sizeof(float)
    cdef Py_ssize_t nr = p.kernel.nr, bands, panels, tasks
    cdef bint serial
    p.band = min(BAND_TILES * p.kernel.mr, p.m)
    bands = (p.m + p.band - 1) // p.band
    panels = (min(p.n, COLUMN_BLOCK) + nr - 1) // nr
    p.packed = scratch(SCRATCH_GEMM_SHARED, panels * nr * min(p.k, DEPTH_BLOCK) * item)
    if p.packed == NULL:
        with gil:
            raise MemoryError("matrix product: no memory for the packed operand")
    p.out_of_memory = False
    p.first_column = 0
    while p.first_column < p.n:
        p.columns = min(COLUMN_BLOCK, p.n - p.first_column)
        panels = (p.columns + nr - 1) // nr
        p.groups = max(1, min(panels, ENOUGH_TASKS // bands))
        tasks = bands * p.groups
        p.first_depth = 0
        while p.first_depth < p.k:
            p.depth = min(DEPTH_BLOCK, p.k - p.first_depth)
            serial = p.m * p.columns * p.depth <= SERIAL
            parallel_for(pack_task, p, panels, panels if serial else 1)
            parallel_for(tile_task, p, tasks, tasks if serial else 1)
            p.first_depth += DEPTH_BLOCK
        p.first_column += COLUMN_BLOCK
    if p.out_of_memory:
        with gil:
            raise MemoryError("matrix product: no memory for a packed band")
    return 0


# ---- matrix times vector ----

cdef struct VectorProduct:
    const mt_gemm_kernels* kernel
    bint wide
    void* y
    const void* a
    const void* x                       # contiguous
    Py_ssize_t y_step, a_row, a_col, m, k
    double alpha, beta
    bint out_of_memory


cdef inline void put(floating* y, floating sum, floating alpha, floating beta) noexcept nogil:
    y[0] = alpha * sum if beta == 0 else alpha * sum + beta * y[0]


cdef void dot_rows(
    const floating* a, const VectorProduct* p, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """y[i] := alpha * A[i].x + beta * y[i], rows of A contiguous"""
    cdef Py_ssize_t i
    for i in range(begin, end):
        put(<floating*>p.y + i * p.y_step, <floating>p.kernel.dot(a + i * p.a_row, p.x, p.k),
            <floating>p.alpha, <floating>p.beta)


cdef void add_columns(
    const floating* a, VectorProduct* p, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    """The same, columns of A contiguous: sums of scaled columns, block of depth by block."""
    cdef Py_ssize_t count = end - begin, d, i
    cdef floating* block = <floating*>scratch(SCRATCH_GEMM_TASK, 2 * count * sizeof(floating))
    cdef floating* total = block + count
    if block == NULL:
        p.out_of_memory = True
        return
    memset(total, 0, count * sizeof(floating))
    d = 0
    while d < p.k:
        memset(block, 0, count * sizeof(floating))
        p.kernel.axpys(block, <const floating*>p.x + d, a + begin + d * p.a_col, p.a_col,
                       min(DEPTH_BLOCK, p.k - d), count)
        for i in range(count):
            total[i] += block[i]
        d += DEPTH_BLOCK
    for i in range(count):
        put(<floating*>p.y + (begin + i) * p.y_step, total[i],
            <floating>p.alpha, <floating>p.beta)


cdef void dot_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const VectorProduct* p = <const VectorProduct*>ctx
    if p.wide:
        dot_rows(<const double*>p.a, p, begin, end)
    else:
        dot_rows(<const float*>p.a, p, begin, end)


cdef void columns_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef VectorProduct* p = <VectorProduct*>ctx
    if p.wide:
        add_columns(<const double*>p.a, p, begin, end)
    else:
        add_columns(<const float*>p.a, p, begin, end)


cdef int times_vector(VectorProduct* p) except -1 nogil:
    """y := alpha * A.x + beta * y"""
    cdef Py_ssize_t grain = max(1, SERIAL // p.k)
    p.out_of_memory = False
    if p.a_col == 1:
        parallel_for(dot_task, p, p.m, grain)
    else:
        parallel_for(columns_task, p, p.m, max(grain, 256))
    if p.out_of_memory:
        with gil:
            raise MemoryError("matrix times vector: no memory for the sums")
    return 0


# ---- small sizes ----

cdef void plain_loops(
    floating* c, Py_ssize_t c_row,
    const floating* a, Py_ssize_t a_row, Py_ssize_t a_col,
    const floating* b, Py_ssize_t b_row, Py_ssize_t b_col,
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, floating alpha, floating beta,
) noexcept nogil:
    cdef Py_ssize_t i, j, d
    cdef floating total
    for i in range(m):
        for j in range(n):
            total = 0
            for d in range(k):
                total += a[i * a_row + d * a_col] * b[d * b_row + j * b_col]
            put(c + i * c_row + j, total, alpha, beta)


# ---- the door ----

cdef int gemm(
    floating* c, Py_ssize_t c_row,
    const floating* a, Py_ssize_t a_row, Py_ssize_t a_col,
    const floating* b, Py_ssize_t b_row, Py_ssize_t b_col,
    Py_ssize_t m, Py_ssize_t n, Py_ssize_t k,
    floating alpha, floating beta,
) except -1 nogil:
    """C := alpha * A.B + beta * C"""
    cdef Product p
    cdef VectorProduct v
    cdef bint wide = floating is double
    if m * n * k <= TINY:
        plain_loops(c, c_row, a, a_row, a_col, b, b_row, b_col, m, n, k, alpha, beta)
        return 0
    v.kernel, v.wide, v.alpha, v.beta, v.k = kernels_for(wide), wide, alpha, beta, k
    if n == 1 and b_row == 1 and (a_row == 1 or a_col == 1):
        v.y, v.a, v.x = c, a, b
        v.y_step, v.a_row, v.a_col, v.m = c_row, a_row, a_col, m
        return times_vector(&v)
    if m == 1 and a_col == 1 and (b_row == 1 or b_col == 1):   # c' = B' a'
        v.y, v.a, v.x = c, b, a
        v.y_step, v.a_row, v.a_col, v.m = 1, b_col, b_row, n
        return times_vector(&v)
    p.kernel, p.wide, p.alpha, p.beta = kernels_for(wide), wide, alpha, beta
    p.c, p.a, p.b = c, a, b
    p.c_row, p.a_row, p.a_col, p.b_row, p.b_col = c_row, a_row, a_col, b_row, b_col
    p.m, p.n, p.k = m, n, k
    return blocked(&p)
