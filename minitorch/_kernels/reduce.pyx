"""Reductions and scans along the middle axis of a contiguous (outer, n, inner) block.

Arithmetic runs in one of four compute types (float, double, int64, bool); other dtypes are
cast in short blocks on the stack. The axis is cut into blocks of fixed length, each folded
by a vector kernel of ``isa/reduce.inc.h``, and the partial results are folded in halves, a
tree whose form depends on n only: same bits for any number of threads, and rounding errors
that grow with log n.
"""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from minitorch._kernels.convert cimport cast_loop, item_size, store_double, store_int64
from minitorch._kernels.dispatch cimport kernels, mt_kernels
from minitorch._kernels.parallel cimport parallel_for
from minitorch._kernels.pointwise cimport (
    BINARY_ADD, BINARY_BITWISE_AND, BINARY_BITWISE_OR, BINARY_MAXIMUM, BINARY_MINIMUM,
    BINARY_MUL, binary_loop, mt_loop)
from minitorch._kernels.types cimport BOOL, F16, F32, F64, I64

cdef extern from *:
    """
    #include "isa/isa.h"
    #define ROW_KERNEL(table, fold, type) (table)->reduce->row[fold][type]
    #define COLUMNS_KERNEL(table, fold, type) (table)->reduce->columns[fold][type]
    """
    ctypedef void (*mt_fold_row)(void* acc, const void* x, Py_ssize_t n,
                                 const void* center) noexcept nogil
    ctypedef void (*mt_fold_columns)(void* acc, const void* x, Py_ssize_t n, Py_ssize_t width,
                                     Py_ssize_t stride, const void* center) noexcept nogil
    cdef enum Fold "mt_fold":
        FOLD_SUM, FOLD_SQUARES, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_ANY, FOLD_ALL
    cdef enum FoldType "mt_fold_type":
        FOLD_F32, FOLD_F64, FOLD_I64, FOLD_U8
    mt_fold_row ROW_KERNEL(const mt_kernels* table, int fold, int type) noexcept nogil
    mt_fold_columns COLUMNS_KERNEL(const mt_kernels* table, int fold, int type) noexcept nogil

cdef enum:
    ROW_BLOCK = 4096        # elements of a row folded at once
    COLUMN_BLOCK = 64       # rows folded into the same partial sums
    WIDTH = 1024            # columns folded at once: their partial sums stay in cache
    NARROW = 16             # below this many columns, as many rows are folded side by side
    GRAIN = 32768           # elements per task
    PARALLEL_FROM = 262144  # elements below which waking a thread costs more than it saves

ctypedef fused number:
    float
    double
    int64_t


cdef struct Job:
    mt_fold_row row
    mt_fold_columns columns
    mt_fold_columns join    # of partial results: squares are added
    int fold
    int in_code
    int code                # of the arithmetic
    Py_ssize_t outer
    Py_ssize_t n
    Py_ssize_t inner
    Py_ssize_t block        # length of a block along n, and how many there are
    Py_ssize_t blocks
    Py_ssize_t strips       # of WIDTH columns
    const char* x           # (outer, n, inner) of in_code
    char* part              # (outer, blocks, inner) of code
    const char* center      # (outer, inner) of code, or NULL


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return (a + b - 1) // b


cdef inline const char* computable(const Job* job, char* buffer, Py_ssize_t at,
                                   Py_ssize_t count) noexcept nogil:
    """`count` neighbours of x from element `at` on in the compute type; buffer may be used."""
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    ptrs[1] = <char*> job.x + at * item_size(job.in_code)
    if job.in_code == job.code:
        return ptrs[1]
    ptrs[0] = buffer
    steps[0], steps[1] = item_size(job.code), item_size(job.in_code)
    cast_loop(job.code, job.in_code)(ptrs, steps, count)
    return buffer


cdef void set_neutral(char* out, int fold, int code, Py_ssize_t n) noexcept nogil:
    """out[0..n) = the number that folding leaves alone."""
    cdef char[8] value
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    if fold == FOLD_MAX or fold == FOLD_MIN:
        if code == I64:
            store_int64(value, <int64_t> 1 << 63 if fold == FOLD_MAX else ~(<int64_t> 1 << 63),
                        code)
        else:
            store_double(value, -INFINITY if fold == FOLD_MAX else INFINITY, code)
    else:
        store_int64(value, fold == FOLD_PROD or fold == FOLD_ALL, code)
    ptrs[0], ptrs[1] = out, value
    steps[0], steps[1] = item_size(code), 0
    cast_loop(code, code)(ptrs, steps, n)


cdef void fold_row_block(const Job* job, char* acc, Py_ssize_t outer, Py_ssize_t begin,
                         Py_ssize_t end) noexcept nogil:
    """*acc = x[outer, begin:end] folded; inner is 1."""
    cdef char[ROW_BLOCK * 8] buffer
    cdef const char* x = computable(job, buffer, outer * job.n + begin, end - begin)
    cdef const char* center = job.center
    if center != NULL:
        center += outer * item_size(job.code)
    job.row(acc, x, end - begin, center)


cdef void fold_column_block(const Job* job, char* acc, Py_ssize_t outer, Py_ssize_t begin,
                            Py_ssize_t end, Py_ssize_t left, Py_ssize_t width) noexcept nogil:
    """acc[0..width) = x[outer, begin:end, left:left + width] folded."""
    cdef char[WIDTH * 8] buffer
    cdef Py_ssize_t at = (outer * job.n + begin) * job.inner + left, i
    cdef const char* center = job.center
    if center != NULL:
        center += (outer * job.inner + left) * item_size(job.code)
    if job.in_code == job.code:
        job.columns(acc, job.x + at * item_size(job.code), end - begin, width, job.inner, center)
        return
    for i in range(end - begin):
        job.columns(acc, computable(job, buffer, at + i * job.inner, width), 1, width, width,
                    center)


cdef void fold_narrow_block(const Job* job, char* acc, Py_ssize_t outer, Py_ssize_t begin,
                            Py_ssize_t end) noexcept nogil:
    """acc[0..inner) = x[outer, begin:end] folded, NARROW rows side by side as one wide row."""
    cdef char[NARROW * NARROW * 8] wide
    cdef char[NARROW * NARROW * 8] centers
    cdef Py_ssize_t width = NARROW * job.inner, rows = (end - begin) // NARROW, i
    cdef Py_ssize_t item = item_size(job.code)
    cdef const char* x = job.x + (outer * job.n + begin) * job.inner * item
    cdef const char* center = NULL
    if job.center != NULL:
        center = job.center + outer * job.inner * item
        for i in range(NARROW):
            memcpy(centers + i * job.inner * item, center, job.inner * item)
    set_neutral(wide, job.fold, job.code, width)
    job.columns(wide, x, rows, width, width, NULL if center == NULL else centers)
    job.join(acc, wide, NARROW, job.inner, job.inner, NULL)
    job.columns(acc, x + rows * width * item, end - begin - rows * NARROW, job.inner, job.inner,
                center)


cdef void fold_units(void* ctx, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Units of one outer index, one block, one strip, in that order."""
    cdef const Job* job = <const Job*> ctx
    cdef Py_ssize_t unit, strip, block, outer, begin, end, left, width
    cdef char* acc
    for unit in range(first, last):
        strip = unit % job.strips
        block = unit // job.strips % job.blocks
        outer = unit // job.strips // job.blocks
        begin = block * job.block
        end = min(begin + job.block, job.n)
        left = strip * WIDTH
        width = min(job.inner - left, <Py_ssize_t> WIDTH)
        acc = job.part + ((outer * job.blocks + block) * job.inner + left) * item_size(job.code)
        if job.inner == 1:
            fold_row_block(job, acc, outer, begin, end)
        elif job.inner < NARROW and job.in_code == job.code:
            fold_narrow_block(job, acc, outer, begin, end)
        else:
            fold_column_block(job, acc, outer, begin, end, left, width)


cdef int joining_op(int fold) noexcept nogil:
    """The elementwise operation that joins two partial results."""
    if fold == FOLD_PROD:
        return BINARY_MUL
    if fold == FOLD_MAX:
        return BINARY_MAXIMUM
    if fold == FOLD_MIN:
        return BINARY_MINIMUM
    if fold == FOLD_ANY:
        return BINARY_BITWISE_OR
    return BINARY_BITWISE_AND if fold == FOLD_ALL else BINARY_ADD


cdef void join_parts(const Job* job) noexcept nogil:
    """Fold the blocks' results in halves; the result of outer index o is part[o, 0]."""
    cdef mt_loop join = binary_loop(joining_op(job.fold), job.code)
    cdef Py_ssize_t item = item_size(job.code), outer, blocks, kept
    cdef char* ptrs[3]
    cdef Py_ssize_t[3] steps
    steps[0] = steps[1] = steps[2] = item
    for outer in range(job.outer):
        blocks = job.blocks
        while blocks > 1:
            kept = (blocks + 1) // 2
            ptrs[0] = ptrs[1] = job.part + outer * job.blocks * job.inner * item
            ptrs[2] = ptrs[0] + kept * job.inner * item
            join(ptrs, steps, (blocks - kept) * job.inner)
            blocks = kept


cdef void fold(Job* job, char* result, char* part, int which,
               const char* center) noexcept nogil:
    """result (outer, inner) of job.code; part has room for job.blocks times as much."""
    cdef int kind = (FOLD_U8 if job.code == BOOL else FOLD_I64 if job.code == I64
                     else FOLD_F64 if job.code == F64 else FOLD_F32)
    cdef Py_ssize_t units = job.outer * job.blocks * job.strips, outer, size
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    job.fold = which
    job.row = ROW_KERNEL(kernels(), which, kind)
    job.columns = COLUMNS_KERNEL(kernels(), which, kind)
    job.join = COLUMNS_KERNEL(kernels(), FOLD_SUM if which == FOLD_SQUARES else which, kind)
    job.part = result if job.blocks == 1 else part
    job.center = center
    set_neutral(job.part, which, job.code, job.outer * job.blocks * job.inner)
    size = min(job.n, job.block) * min(job.inner, <Py_ssize_t> WIDTH)
    if job.outer * job.n * job.inner < PARALLEL_FROM:
        fold_units(job, 0, units)
    else:
        parallel_for(fold_units, job, units, max(<Py_ssize_t> 1, GRAIN // size))
    if job.blocks > 1:
        join_parts(job)
        steps[0] = steps[1] = item_size(job.code)
        for outer in range(job.outer):
            ptrs[0] = result + outer * job.inner * steps[0]
            ptrs[1] = part + outer * job.blocks * job.inner * steps[0]
            cast_loop(job.code, job.code)(ptrs, steps, job.inner)


# Indices.

cdef struct Search:
    const Job* job
    const char* values      # (outer, inner) of job.code
    int64_t* indices        # (outer, inner)


cdef inline bint same(number a, number b) noexcept nogil:
    return a == b or (a != a and b != b)


cdef void search_strip(const Search* search, Py_ssize_t outer, Py_ssize_t left, Py_ssize_t width,
                       number tag) noexcept nogil:
    """indices[outer, left:left + width] = the first i at which x is the extreme value."""
    cdef const Job* job = search.job
    cdef char[ROW_BLOCK * 8] buffer
    cdef const number* values = <const number*> search.values + outer * job.inner + left
    cdef int64_t* indices = search.indices + outer * job.inner + left
    cdef Py_ssize_t begin = outer * job.n * job.inner + left, missing = width, i, j, at, rows
    cdef const number* x
    for j in range(width):
        indices[j] = -1
    # One row of width columns at a time, or ROW_BLOCK rows of a single column.
    rows = ROW_BLOCK if job.inner == 1 else 1
    i = 0
    while i < job.n and missing:
        rows = min(rows, job.n - i)
        x = <const number*> computable(job, buffer, begin + i * job.inner, rows * width)
        for at in range(rows):
            for j in range(width):
                if indices[j] < 0 and same(x[at * width + j], values[j]):
                    indices[j] = i + at
                    missing -= 1
            if not missing:
                break
        i += rows


cdef void search_units(void* ctx, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef const Search* search = <const Search*> ctx
    cdef const Job* job = search.job
    cdef Py_ssize_t unit, outer, left, width
    for unit in range(first, last):
        outer = unit // job.strips
        left = unit % job.strips * WIDTH
        width = min(job.inner - left, <Py_ssize_t> WIDTH)
        if job.code == F32:
            search_strip[float](search, outer, left, width, 0)
        elif job.code == F64:
            search_strip[double](search, outer, left, width, 0)
        else:
            search_strip[int64_t](search, outer, left, width, 0)


cdef void find_indices(const Job* job, const char* values, int64_t* indices) noexcept nogil:
    """indices (outer, inner) of the first element equal to values."""
    cdef Search search
    search.job, search.values, search.indices = job, values, indices
    parallel_for(search_units, &search, job.outer * job.strips,
                 max(<Py_ssize_t> 1, GRAIN // (job.n * min(job.inner, <Py_ssize_t> WIDTH))))


# From sums to results.

cdef void finish(number* values, Py_ssize_t count, int op, double divisor) noexcept nogil:
    """Divide by the number of elements and take roots, as the operation asks."""
    cdef Py_ssize_t i
    for i in range(count):
        if op == REDUCE_MEAN or op == REDUCE_VAR or op == REDUCE_STD:
            values[i] = <number> (values[i] / <number> divisor)
        if op == REDUCE_STD or op == REDUCE_NORM2:
            values[i] = <number> sqrt(values[i])


cdef void finish_values(char* values, int code, Py_ssize_t count, int op,
                        double divisor) noexcept nogil:
    if code == F32:
        finish(<float*> values, count, op, divisor)
    elif code == F64:
        finish(<double*> values, count, op, divisor)


cdef inline bint gives_float(int op) noexcept nogil:
    return op in (REDUCE_MEAN, REDUCE_VAR, REDUCE_STD, REDUCE_NORM2, REDUCE_SUM_SQUARES)


cdef int compute_code(int op, int out_code, int in_code) noexcept nogil:
    """The dtype of the arithmetic: never narrower than the input or the output asks."""
    if op == REDUCE_ANY or op == REDUCE_ALL:
        return BOOL
    if op in (REDUCE_AMAX, REDUCE_AMIN, REDUCE_ARGMAX, REDUCE_ARGMIN, REDUCE_MAX, REDUCE_MIN):
        return F64 if in_code == F64 else I64 if in_code < F16 else F32
    if in_code < F16:
        return F64 if gives_float(op) or out_code >= F16 else I64
    return F64 if in_code == F64 or out_code == F64 else F32


cdef int fold_of(int op) noexcept nogil:
    if op in (REDUCE_AMAX, REDUCE_ARGMAX, REDUCE_MAX):
        return FOLD_MAX
    if op in (REDUCE_AMIN, REDUCE_ARGMIN, REDUCE_MIN):
        return FOLD_MIN
    if op == REDUCE_PROD:
        return FOLD_PROD
    if op == REDUCE_ANY:
        return FOLD_ANY
    if op == REDUCE_ALL:
        return FOLD_ALL
    return FOLD_SQUARES if op in (REDUCE_NORM2, REDUCE_SUM_SQUARES) else FOLD_SUM


cdef void run(int op, Job* job, char* values, char* part, char* means,
              double param) noexcept nogil:
    """values (outer, inner) of job.code = the reduction."""
    cdef Py_ssize_t count = job.outer * job.inner
    cdef double divisor = job.n
    if op == REDUCE_VAR or op == REDUCE_STD:
        fold(job, means, part, FOLD_SUM, NULL)
        finish_values(means, job.code, count, REDUCE_MEAN, divisor)
        fold(job, values, part, FOLD_SQUARES, means)
        divisor = max(0.0, divisor - param)
    else:
        fold(job, values, part, fold_of(op), NULL)
    finish_values(values, job.code, count, op, divisor)


cdef int reduce_op(int op, char* out, int out_code, int64_t* indices, const char* x,
                   int in_code, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
                   double param) noexcept nogil:
    """out (outer, inner) = x (outer, n, inner) reduced over n; see the .pxd."""
    cdef Job job
    cdef char[512] small
    cdef char* memory = small
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    cdef Py_ssize_t count = outer * inner, item, needed
    if not 0 <= op < N_REDUCE:
        return -3
    if count == 0:
        return 0
    if n == 0 and REDUCE_AMAX <= op <= REDUCE_MIN:
        return -2
    job.in_code, job.code = in_code, compute_code(op, out_code, in_code)
    job.outer, job.n, job.inner, job.x = outer, n, inner, x
    job.block = (ROW_BLOCK if inner == 1 else
                 COLUMN_BLOCK * NARROW if inner < NARROW else COLUMN_BLOCK)
    job.blocks = max(<Py_ssize_t> 1, ceil_div(n, job.block))
    job.strips = ceil_div(inner, WIDTH)
    item = item_size(job.code)
    # Values and means of every reduced element, then the blocks' partial results.
    needed = count * item * (2 + (job.blocks if job.blocks > 1 else 0))
    if needed > <Py_ssize_t> sizeof(small):
        memory = <char*> malloc(needed)
        if memory == NULL:
            return -1
    run(op, &job, memory, memory + 2 * count * item, memory + count * item, param)
    if indices != NULL:
        find_indices(&job, memory, indices)
    if out != NULL:
        ptrs[0], ptrs[1] = out, memory
        steps[0], steps[1] = item_size(out_code), item
        cast_loop(out_code, job.code)(ptrs, steps, count)
    if memory != small:
        free(memory)
    return 0


# Scans.

cdef struct Scan:
    Job job
    int op
    int out_code
    char* out


cdef void scan_strip(const Scan* scan, Py_ssize_t outer, Py_ssize_t left, Py_ssize_t width,
                     number one) noexcept nogil:
    """Running sums or products of columns left:left + width of one outer index."""
    cdef const Job* job = &scan.job
    cdef number[WIDTH] acc
    cdef number[WIDTH] row
    cdef char[WIDTH * 8] buffer
    cdef Py_ssize_t begin = outer * job.n * job.inner + left, i = 0, at, j, rows, here
    cdef const number* x
    cdef char* ptrs[2]
    cdef Py_ssize_t[2] steps
    steps[0], steps[1] = item_size(scan.out_code), sizeof(number)
    for j in range(width):
        acc[j] = one if scan.op == SCAN_PROD else 0
    # One row of width columns at a time, or WIDTH rows of a single column.
    rows = WIDTH if job.inner == 1 else 1
    while i < job.n:
        rows = min(rows, job.n - i)
        here = begin + i * job.inner
        x = <const number*> computable(job, buffer, here, rows * width)
        for at in range(rows):
            for j in range(width):
                acc[j] = (acc[j] * x[at * width + j] if scan.op == SCAN_PROD
                          else acc[j] + x[at * width + j])
                row[at * width + j] = acc[j]
        ptrs[0], ptrs[1] = scan.out + here * steps[0], <char*> row
        cast_loop(scan.out_code, job.code)(ptrs, steps, rows * width)
        i += rows


cdef void scan_units(void* ctx, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    cdef const Scan* scan = <const Scan*> ctx
    cdef Py_ssize_t unit, outer, left, width
    for unit in range(first, last):
        outer = unit // scan.job.strips
        left = unit % scan.job.strips * WIDTH
        width = min(scan.job.inner - left, <Py_ssize_t> WIDTH)
        if scan.job.code == I64:
            scan_strip[int64_t](scan, outer, left, width, 1)
        else:
            scan_strip[double](scan, outer, left, width, 1)


cdef int scan_op(int op, char* out, int out_code, const char* x, int in_code, Py_ssize_t outer,
                 Py_ssize_t n, Py_ssize_t inner) noexcept nogil:
    """out[o, i, j] = sum or product of x[o, :i + 1, j]"""
    cdef Scan scan
    if op != SCAN_SUM and op != SCAN_PROD:
        return -3
    if outer * n * inner == 0:
        return 0
    scan.op, scan.out, scan.out_code = op, out, out_code
    scan.job.in_code, scan.job.x = in_code, x
    scan.job.code = I64 if in_code < F16 and out_code < F16 else F64
    scan.job.outer, scan.job.n, scan.job.inner = outer, n, inner
    scan.job.strips = ceil_div(inner, WIDTH)
    parallel_for(scan_units, &scan, outer * scan.job.strips,
                 max(<Py_ssize_t> 1, GRAIN // (n * min(inner, <Py_ssize_t> WIDTH))))
    return 0
