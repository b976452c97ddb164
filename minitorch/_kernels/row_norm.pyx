"""Layer and group normalisation by rows; see `row_norm.pxd`."""

from libc.math cimport sqrt
from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_norm_kernels
from minitorch._kernels.parallel cimport (
    SCRATCH_OTHER_SHARED, chunk_count, chunk_length, parallel_for, scratch)

cdef enum:
    CHUNK = 16384           # elements of one task

cdef struct Job:
    const mt_norm_kernels* kernel
    const RowShape* s
    bint wide
    double eps
    void* out               # y or dx
    void* mean
    void* invstd
    const void* x
    const void* dy
    const void* weight
    const void* bias
    # sums for the weights: of each plane, or of each chunk of rows and each channel
    double* by_dy
    double* by_dot
    Py_ssize_t chunk


cdef Job job_of(const RowShape* s, bint wide, const void* x) noexcept nogil:
    cdef Job job
    memset(&job, 0, sizeof(Job))
    job.kernel, job.s, job.wide, job.x = kernels().norm[wide], s, wide, x
    return job


cdef inline const floating* part(const void* data, Py_ssize_t at, floating kind) noexcept nogil:
    """Element `at` of an array in the type of `kind`; NULL stays NULL."""
    return NULL if data == NULL else <const floating*> data + at


# ---- forward ----

cdef void row_forward(const Job* job, Py_ssize_t row, floating kind) noexcept nogil:
    cdef const RowShape* s = job.s
    cdef Py_ssize_t n = s.channels * s.pixels, c, i, first = row % s.groups * s.channels
    cdef const floating* x = part(job.x, row * n, kind)
    cdef floating* y = <floating*> job.out + row * n
    cdef const floating* weight = part(job.weight, first, kind)
    cdef const floating* bias = part(job.bias, first, kind)
    cdef double total = 0, rest = 0, squares = 0
    cdef floating mean, scale, a, b
    job.kernel.plane_sums(&total, NULL, x, NULL, n)
    mean = <floating> (total / n)
    # the second pass, over a row that the first has brought near, is free of cancellation
    job.kernel.plane_sums(&rest, &squares, x, &mean, n)
    squares = max(squares - rest * rest / n, 0.0)
    scale = <floating> (1 / sqrt(squares / n + job.eps))
    (<floating*> job.mean)[row], (<floating*> job.invstd)[row] = mean, scale
    if s.pixels > 1:
        for c in range(s.channels):
            a = scale if weight == NULL else scale * weight[c]
            b = (0 if bias == NULL else bias[c]) - mean * a
            i = c * s.pixels
            job.kernel.plane_affine(y + i, x + i, &a, &b, NULL, False, s.pixels)
    elif weight == NULL and bias == NULL:
        for i in range(n):
            y[i] = (x[i] - mean) * scale
    elif bias == NULL:
        for i in range(n):
            y[i] = (x[i] - mean) * scale * weight[i]
    elif weight == NULL:
        for i in range(n):
            y[i] = (x[i] - mean) * scale + bias[i]
    else:
        for i in range(n):
            y[i] = (x[i] - mean) * scale * weight[i] + bias[i]


cdef void forward_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Job* job = <const Job*> ctx
    cdef Py_ssize_t row
    for row in range(begin, end):
        if job.wide:
            row_forward(job, row, <double> 0)
        else:
            row_forward(job, row, <float> 0)


cdef void row_norm(
    floating* y, floating* mean, floating* invstd, const floating* x, const floating* weight,
    const floating* bias, const RowShape* s, double eps,
) noexcept nogil:
    """y = (x - mean) * invstd * weight + bias"""
    cdef Job job = job_of(s, floating is double, x)
    job.out, job.mean, job.invstd, job.weight, job.bias = y, mean, invstd, weight, bias
    job.eps = eps
    parallel_for(forward_task, &job, s.batch * s.groups,
                 max(1, CHUNK // max(1, s.channels * s.pixels)))


# ---- backward ----

cdef void row_backward(const Job* job, Py_ssize_t row, floating kind) noexcept nogil:
    cdef const RowShape* s = job.s
    cdef Py_ssize_t n = s.channels * s.pixels, c, i, first = row % s.groups * s.channels
    cdef const floating* x = part(job.x, row * n, kind)
    cdef const floating* dy = part(job.dy, row * n, kind)
    cdef const floating* weight = part(job.weight, first, kind)
    cdef floating* dx = NULL if job.out == NULL else <floating*> job.out + row * n
    cdef floating mean = part(job.mean, row, kind)[0], invstd = part(job.invstd, row, kind)[0]
    cdef floating a, b, d
    cdef double total = 0, dots = 0, p, q, slope, w
    if s.pixels > 1:
        for c in range(s.channels):
            p, q, i = 0, 0, row * s.channels + c
            job.kernel.plane_dots(&p, &q, NULL, dy + c * s.pixels, x + c * s.pixels, NULL, &mean,
                                  s.pixels)
            w = 1 if weight == NULL else weight[c]
            total, dots = total + w * p, dots + w * q
            job.by_dy[i], job.by_dot[i] = p, q * invstd
    elif dx != NULL:
        if weight != NULL:
            for i in range(n):
                dx[i] = dy[i] * weight[i]
            dy = dx
        job.kernel.plane_dots(&total, &dots, NULL, dy, x, NULL, &mean, n)
    if dx == NULL:
        return
    slope = dots * invstd * invstd / n
    a, b, d = invstd, <floating> (-invstd * slope), <floating> (
        invstd * (slope * mean - total / n))
    if s.pixels == 1 or weight == NULL:
        job.kernel.plane_blend(dx, dy, x, NULL, &a, &b, &d, n)
        return
    for c in range(s.channels):
        a, i = invstd * weight[c], c * s.pixels
        job.kernel.plane_blend(dx + i, dy + i, x + i, NULL, &a, &b, &d, s.pixels)


cdef void backward_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Job* job = <const Job*> ctx
    cdef Py_ssize_t row
    for row in range(begin, end):
        if job.wide:
            row_backward(job, row, <double> 0)
        else:
            row_backward(job, row, <float> 0)


cdef void columns_of(const Job* job, Py_ssize_t begin, Py_ssize_t end,
                     floating kind) noexcept nogil:
    """Planes of one pixel: sums over a chunk of rows of dy and of dy * normed."""
    cdef Py_ssize_t groups = job.s.groups, n = job.s.channels, row, i
    cdef Py_ssize_t chunk = begin // job.chunk
    cdef const floating* x
    cdef const floating* dy
    cdef floating mean, scale
    cdef double* sums
    cdef double* dots
    for row in range(begin, end):
        sums = job.by_dy + (chunk * groups + row % groups) * n
        dots = job.by_dot + (chunk * groups + row % groups) * n
        x, dy = part(job.x, row * n, kind), part(job.dy, row * n, kind)
        mean, scale = part(job.mean, row, kind)[0], part(job.invstd, row, kind)[0]
        for i in range(n):
            sums[i] += dy[i]
            dots[i] += dy[i] * ((x[i] - mean) * scale)


cdef void columns_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Job* job = <const Job*> ctx
    if job.wide:
        columns_of(job, begin, end, <double> 0)
    else:
        columns_of(job, begin, end, <float> 0)


cdef int row_norm_backward(
    floating* dx, floating* dweight, floating* dbias, const floating* dy, const floating* x,
    const floating* mean, const floating* invstd, const floating* weight, const RowShape* s,
) except -1 nogil:
    """dx, dweight and dbias, as the formulas in row_norm.pxd say"""
    cdef Job job = job_of(s, floating is double, x)
    cdef Py_ssize_t rows = s.batch * s.groups, channels = s.groups * s.channels
    cdef Py_ssize_t grain = max(1, CHUNK // max(1, s.channels * s.pixels))
    # what the sums for the weights consist of: images, or chunks of rows
    cdef Py_ssize_t pieces = s.batch, i, c
    cdef bint params = dweight != NULL or dbias != NULL
    if s.pixels == 1:
        job.chunk = chunk_length(rows, grain)
        pieces = chunk_count(rows, grain) if params else 0
    job.by_dy = <double*> scratch(SCRATCH_OTHER_SHARED,
                                  (2 * pieces * channels + 1) * sizeof(double))
    if job.by_dy == NULL:
        with gil:
            raise MemoryError("row normalisation: no memory for partial sums")
    job.by_dot = job.by_dy + pieces * channels
    job.out, job.dy, job.weight = dx, dy, weight
    job.mean, job.invstd = <void*> mean, <void*> invstd
    if dx != NULL or s.pixels != 1:
        parallel_for(backward_task, &job, rows, grain)
    if not params:
        return 0
    if s.pixels == 1:
        memset(job.by_dy, 0, 2 * pieces * channels * sizeof(double))
        parallel_for(columns_task, &job, rows, grain)
    for i in range(1, pieces):
        for c in range(channels):
            job.by_dy[c] += job.by_dy[i * channels + c]
            job.by_dot[c] += job.by_dot[i * channels + c]
    for c in range(channels):
        if dweight != NULL:
            dweight[c] = <floating> job.by_dot[c] if pieces else 0
        if dbias != NULL:
            dbias[c] = <floating> job.by_dy[c] if pieces else 0
    return 0
