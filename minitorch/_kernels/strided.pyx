"""Run inner loops over n-dimensional strided operands.

Dimensions are sorted by the output's strides and merged where every operand allows it, so
that dense tensors of any one layout (contiguous, channels_last, transposed) run as a
single long loop. Large jobs are cut into chunks of elements; which thread computes a chunk
does not change its result.
"""

from minitorch._kernels.convert cimport (
    cast_loop, item_size, load_int64, mt_transpose, transpose_kernel)
from minitorch._kernels.parallel cimport parallel_for
from minitorch._kernels.types cimport MAX_DIMS

cdef enum:
    GRAIN = 32768       # elements per task
    PARALLEL_FROM = 196608  # elements below which waking a thread costs more than it saves
    SHORT_ROW = 16      # rows below this length are turned ...
    TURNED = 512        # ... into rows of this length
    TILE_ROWS = 64      # a transposed copy reads 64 runs ...
    TILE_COLUMNS = 16   # ... of 16 neighbours: a cache line of floats each way

cdef struct Plan:
    mt_loop f
    int nargs
    int ndim
    Py_ssize_t shape[MAX_DIMS]
    Py_ssize_t strides[MAX_DIMS][MAX_ARGS]      # by dimension, so that one row steps all
    char* ptrs[MAX_ARGS]


cdef inline Py_ssize_t magnitude(Py_ssize_t x) noexcept nogil:
    return -x if x < 0 else x


cdef inline void copy_dim(Plan* plan, int to, int source) noexcept nogil:
    cdef int k
    plan.shape[to] = plan.shape[source]
    for k in range(plan.nargs):
        plan.strides[to][k] = plan.strides[source][k]


cdef void insert_dim(Plan* plan, Py_ssize_t size, const Py_ssize_t* const* byte_strides,
                     int dim) noexcept nogil:
    """Insert one dimension so that the output's strides stay in descending order."""
    cdef int k, at = plan.ndim
    cdef Py_ssize_t stride = magnitude(byte_strides[0][dim])
    while at > 0 and magnitude(plan.strides[at - 1][0]) < stride:
        copy_dim(plan, at, at - 1)
        at -= 1
    plan.shape[at] = size
    for k in range(plan.nargs):
        plan.strides[at][k] = byte_strides[k][dim]
    plan.ndim += 1


cdef inline void swap_dims(Plan* plan, int one, int other) noexcept nogil:
    cdef int k
    plan.shape[one], plan.shape[other] = plan.shape[other], plan.shape[one]
    for k in range(plan.nargs):
        plan.strides[one][k], plan.strides[other][k] = plan.strides[other][k], plan.strides[one][k]


cdef inline bint can_merge(const Plan* plan, int outer, int inner) noexcept nogil:
    cdef int k
    for k in range(plan.nargs):
        if plan.strides[outer][k] != plan.strides[inner][k] * plan.shape[inner]:
            return False
    return True


cdef void merge_dims(Plan* plan) noexcept nogil:
    """Make one dimension of neighbours that every operand walks through evenly."""
    cdef int dim, last = 0
    cdef Py_ssize_t merged
    for dim in range(1, plan.ndim):
        if can_merge(plan, last, dim):
            merged = plan.shape[last] * plan.shape[dim]
            copy_dim(plan, last, dim)
            plan.shape[last] = merged
        else:
            last += 1
            copy_dim(plan, last, dim)
    if plan.ndim:
        plan.ndim = last + 1


cdef Py_ssize_t make_plan(Plan* plan, mt_loop f, int nargs, char** ptrs, int ndim,
                          const Py_ssize_t* shape,
                          const Py_ssize_t* const* byte_strides) noexcept nogil:
    """Fill the plan and return the number of elements."""
    cdef int dim, k
    cdef Py_ssize_t total = 1
    plan.f, plan.nargs, plan.ndim = f, nargs, 0
    for k in range(nargs):
        plan.ptrs[k] = ptrs[k]
        plan.strides[0][k] = 0
    for dim in range(ndim):
        total *= shape[dim]
        if shape[dim] != 1:
            insert_dim(plan, shape[dim], byte_strides, dim)
    merge_dims(plan)
    return total


cdef inline Py_ssize_t run_rows(const Plan* plan, char** ptrs, Py_ssize_t rows) noexcept nogil:
    """f over `rows` complete rows; ptrs move past them. Returns rows."""
    cdef int last = plan.ndim - 1, nargs = plan.nargs, k
    cdef const Py_ssize_t* strides = plan.strides[last - 1]
    cdef mt_loop f = plan.f
    cdef Py_ssize_t _row
    for _row in range(rows):
        f(ptrs, plan.strides[last], plan.shape[last])
        for k in range(nargs):
            ptrs[k] += strides[k]
    return rows


cdef void run_range(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Elements begin..end of the plan, counted in the plan's order of dimensions."""
    cdef const Plan* plan = <const Plan*> ctx
    cdef int nargs = plan.nargs, last = plan.ndim - 1, dim, k
    cdef Py_ssize_t[MAX_DIMS] index
    cdef char* ptrs[MAX_ARGS]
    cdef Py_ssize_t rest = begin, count
    for k in range(nargs):
        ptrs[k] = plan.ptrs[k]
    for dim in range(last, -1, -1):
        index[dim] = rest % plan.shape[dim]
        rest //= plan.shape[dim]
        for k in range(nargs):
            ptrs[k] += index[dim] * plan.strides[dim][k]
    rest = end - begin
    while rest > 0:
        if index[last] == 0 and rest >= plan.shape[last] and last > 0:
            count = run_rows(plan, ptrs, min(rest // plan.shape[last],
                                             plan.shape[last - 1] - index[last - 1]))
            rest -= count * plan.shape[last]
            dim = last - 1
            index[dim] += count
        else:
            count = min(rest, plan.shape[last] - index[last])
            plan.f(ptrs, plan.strides[last], count)
            rest -= count
            dim = last
            index[dim] += count
            for k in range(nargs):
                ptrs[k] += count * plan.strides[dim][k]
        # Carry into the outer dimensions where one is complete.
        while dim > 0 and index[dim] == plan.shape[dim]:
            index[dim] = 0
            index[dim - 1] += 1
            for k in range(nargs):
                ptrs[k] += plan.strides[dim - 1][k] - plan.shape[dim] * plan.strides[dim][k]
            dim -= 1


cdef inline void run_split(const Plan* plan) noexcept nogil:
    """The whole plan, on all threads if it is large."""
    cdef Py_ssize_t total = 1
    cdef int dim
    for dim in range(plan.ndim):
        total *= plan.shape[dim]
    if total < PARALLEL_FROM:
        run_range(<void*> plan, 0, total)
    else:
        parallel_for(run_range, <void*> plan, total, GRAIN)


cdef void run_turned(Plan* plan) noexcept nogil:
    """Short rows (..., a, b) as (..., a / A, b, A), and what is left of a as (..., b, a % A)."""
    cdef int last = plan.ndim - 1, k
    cdef Py_ssize_t a = plan.shape[last - 1], whole = a // TURNED * TURNED
    cdef Plan rest
    if a > whole:
        rest = plan[0]
        rest.shape[last - 1] = a - whole
        for k in range(plan.nargs):
            rest.ptrs[k] += whole * plan.strides[last - 1][k]
        swap_dims(&rest, last - 1, last)
        run_split(&rest)
    if whole:
        copy_dim(plan, last + 1, last - 1)
        plan.shape[last - 1], plan.shape[last + 1] = whole // TURNED, TURNED
        for k in range(plan.nargs):
            plan.strides[last - 1][k] *= TURNED
        plan.ndim += 1
        run_split(plan)


cdef inline bint has_short_rows(const Plan* plan) noexcept nogil:
    cdef int last = plan.ndim - 1
    return (0 < last < MAX_DIMS - 1 and plan.shape[last] < SHORT_ROW
            and plan.shape[last - 1] > 2 * plan.shape[last])


cdef void apply_flat(mt_loop f, int nargs, char** ptrs, const Py_ssize_t* steps,
                     Py_ssize_t n) noexcept nogil:
    """f over n elements, operand k in steps of steps[k] bytes."""
    cdef Plan plan
    cdef int k
    if n < PARALLEL_FROM:
        if n > 0:
            f(ptrs, steps, n)
        return
    plan.f, plan.nargs, plan.ndim = f, nargs, 1
    plan.shape[0] = n
    for k in range(nargs):
        plan.ptrs[k] = ptrs[k]
        plan.strides[0][k] = steps[k]
    parallel_for(run_range, &plan, n, GRAIN)


cdef Py_ssize_t flat_size(int nargs, int ndim, const Py_ssize_t* shape,
                          const Py_ssize_t* const* byte_strides) noexcept nogil:
    """The number of elements if each operand walks evenly through all of them, else -1."""
    cdef int dim, k
    cdef Py_ssize_t total = shape[ndim - 1]
    for dim in range(ndim - 2, -1, -1):
        total *= shape[dim]
        for k in range(nargs):
            if byte_strides[k][dim] != byte_strides[k][dim + 1] * shape[dim + 1]:
                return -1
    return total


cdef bint try_flat(mt_loop f, int nargs, char** ptrs, int ndim, const Py_ssize_t* shape,
                   const Py_ssize_t* const* byte_strides) noexcept nogil:
    """The short way for scalars, vectors and contiguous operands. False if it is barred."""
    cdef Py_ssize_t[MAX_ARGS] steps
    cdef Py_ssize_t total = flat_size(nargs, ndim, shape, byte_strides) if ndim else 1
    cdef int k
    if total < 0:
        return False
    for k in range(nargs):
        steps[k] = byte_strides[k][ndim - 1] if ndim else 0
    apply_flat(f, nargs, ptrs, steps, total)
    return True


cdef void run_plan(Plan* plan) noexcept nogil:
    """A plan with at least one element."""
    if plan.ndim == 0:
        plan.f(plan.ptrs, plan.strides[0], 1)
    elif has_short_rows(plan):
        run_turned(plan)
    else:
        run_split(plan)


cdef int apply_loop(mt_loop f, int nargs, char** ptrs, int ndim, const Py_ssize_t* shape,
                    const Py_ssize_t* const* byte_strides) noexcept nogil:
    """f over every index of `shape`; see the .pxd for the arguments."""
    cdef Plan plan
    if nargs > MAX_ARGS or ndim > MAX_DIMS:
        return -1
    if try_flat(f, nargs, ptrs, ndim, shape, byte_strides):
        return 0
    if make_plan(&plan, f, nargs, ptrs, ndim, shape, byte_strides):
        run_plan(&plan)
    return 0


# Copies.

cdef struct Transpose:
    # A copy whose output is dense along the plan's last dimension and whose input is dense
    # along dimension `rows`; the other dimensions are walked one by one.
    Plan* plan
    int rows
    Py_ssize_t row_tiles
    mt_transpose kernel     # NULL where the copy casts


cdef void copy_tile_rows(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Strips of TILE_ROWS rows, counted over all outer indices."""
    cdef const Transpose* job = <const Transpose*> ctx
    cdef const Plan* plan = job.plan
    cdef int last = plan.ndim - 1, dim
    cdef Py_ssize_t unit, rest, at, row, row_end, tile, column
    cdef Py_ssize_t row_out = plan.strides[job.rows][0], row_x = plan.strides[job.rows][1]
    cdef Py_ssize_t column_out = plan.strides[last][0], column_x = plan.strides[last][1]
    cdef char* out
    cdef char* x
    cdef char* ptrs[2]
    for unit in range(begin, end):
        rest = unit // job.row_tiles
        row = unit % job.row_tiles * TILE_ROWS
        row_end = min(row + TILE_ROWS, plan.shape[job.rows])
        out, x = plan.ptrs[0], plan.ptrs[1]
        for dim in range(last - 1, -1, -1):
            if dim != job.rows:
                at = rest % plan.shape[dim]
                rest //= plan.shape[dim]
                out += at * plan.strides[dim][0]
                x += at * plan.strides[dim][1]
        if job.kernel != NULL:
            job.kernel(out + row * row_out, row_out, x + row * row_x, column_x, row_end - row,
                       plan.shape[last])
            continue
        for tile in range((plan.shape[last] + TILE_COLUMNS - 1) // TILE_COLUMNS):
            column = tile * TILE_COLUMNS
            for at in range(row, row_end):
                ptrs[0] = out + at * row_out + column * column_out
                ptrs[1] = x + at * row_x + column * column_x
                plan.f(ptrs, plan.strides[last],
                       min(<Py_ssize_t> TILE_COLUMNS, plan.shape[last] - column))


cdef int transposed_rows(const Plan* plan, Py_ssize_t out_item, Py_ssize_t x_item) noexcept nogil:
    """The dimension along which x is dense if the copy is a transpose, else -1."""
    cdef int dim, last = plan.ndim - 1
    if last < 1 or plan.strides[last][0] != out_item or plan.strides[last][1] == x_item:
        return -1
    for dim in range(last):
        if plan.strides[dim][1] == x_item:
            return dim
    return -1


cdef int strided_copy(char* out, int out_code, const Py_ssize_t* out_strides, const char* x,
                      int x_code, const Py_ssize_t* x_strides, int ndim,
                      const Py_ssize_t* shape) noexcept nogil:
    """out[...] = (out_code) x[...]"""
    cdef Plan plan
    cdef Transpose job
    cdef char* ptrs[2]
    cdef const Py_ssize_t* strides[2]
    cdef mt_loop f = cast_loop(out_code, x_code)
    cdef Py_ssize_t total, units
    ptrs[0], ptrs[1] = out, <char*> x
    strides[0], strides[1] = out_strides, x_strides
    if ndim > MAX_DIMS:
        return -1
    if try_flat(f, 2, ptrs, ndim, shape, strides):
        return 0
    total = make_plan(&plan, f, 2, ptrs, ndim, shape, strides)
    if total == 0:
        return 0
    job.plan = &plan
    job.rows = transposed_rows(&plan, item_size(out_code), item_size(x_code))
    if job.rows < 0:
        run_plan(&plan)
        return 0
    job.kernel = transpose_kernel(item_size(x_code)) if out_code == x_code else NULL
    job.row_tiles = (plan.shape[job.rows] + TILE_ROWS - 1) // TILE_ROWS
    units = total // plan.shape[plan.ndim - 1] // plan.shape[job.rows] * job.row_tiles
    if total < PARALLEL_FROM:
        copy_tile_rows(&job, 0, units)
    else:
        parallel_for(copy_tile_rows, &job, units,
                     max(<Py_ssize_t> 1, GRAIN // (TILE_ROWS * plan.shape[plan.ndim - 1])))
    return 0


cdef int fill(char* out, const char* value, int code, int ndim, const Py_ssize_t* shape,
              const Py_ssize_t* out_strides) noexcept nogil:
    """out[...] = *value"""
    cdef Py_ssize_t[MAX_DIMS] zeros
    cdef char* ptrs[2]
    cdef const Py_ssize_t* strides[2]
    cdef int dim
    if ndim > MAX_DIMS:
        return -1
    ptrs[0], ptrs[1] = out, <char*> value
    strides[0], strides[1] = out_strides, zeros
    for dim in range(ndim):
        zeros[dim] = 0
    return apply_loop(cast_loop(code, code), 2, ptrs, ndim, shape, strides)


cdef bint any_zero(const char* x, int code, int ndim, const Py_ssize_t* shape,
                   const Py_ssize_t* x_strides) noexcept nogil:
    """Is any element zero? What a division of integers asks before it starts."""
    cdef Py_ssize_t[MAX_DIMS] index
    cdef Py_ssize_t total = 1, _i
    cdef int dim
    for dim in range(ndim):
        index[dim] = 0
        total *= shape[dim]
    for _i in range(total):
        if load_int64(x, code) == 0:
            return True
        for dim in range(ndim - 1, -1, -1):
            index[dim] += 1
            x += x_strides[dim]
            if index[dim] < shape[dim]:
                break
            x -= shape[dim] * x_strides[dim]
            index[dim] = 0
    return False
