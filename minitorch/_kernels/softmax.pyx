"""Softmax, log-softmax and the negative log-likelihood, each with its backward."""

from libc.math cimport INFINITY, exp, expf, log

from minitorch._kernels.parallel cimport parallel_for
from minitorch._kernels.types cimport floating

cdef enum:
    LANES = 32          # neighbours along `inner` that are worked on together
    CHUNK = 8192        # elements of one task

cdef struct Rows:
    bint wide, logarithm
    void* out
    const void* x       # forward: x; backward: dy
    const void* y       # backward only
    Py_ssize_t n, inner, blocks     # blocks of LANES along inner


cdef inline floating exponential(floating x) noexcept nogil:
    if floating is float:
        return expf(x)
    else:
        return exp(x)


cdef void normalise(
    floating* y, const floating* x, Py_ssize_t n, Py_ssize_t inner, Py_ssize_t lanes,
    bint logarithm,
) noexcept nogil:
    """softmax or log_softmax of `lanes` neighbouring columns of n values, `inner` apart"""
    cdef floating top[LANES]
    cdef double total[LANES]
    cdef Py_ssize_t i, j
    for j in range(lanes):
        top[j], total[j] = -INFINITY, 0
    for i in range(n):
        for j in range(lanes):
            if x[i * inner + j] > top[j] or x[i * inner + j] != x[i * inner + j]:
                top[j] = x[i * inner + j]       # a NaN stays: nothing compares greater
    for i in range(n):
        for j in range(lanes):
            if logarithm:
                total[j] += exponential(x[i * inner + j] - top[j])
            else:
                y[i * inner + j] = exponential(x[i * inner + j] - top[j])
                total[j] += y[i * inner + j]
    for j in range(lanes):
        total[j] = log(total[j]) if logarithm else 1 / total[j]
    for i in range(n):
        for j in range(lanes):
            if logarithm:
                y[i * inner + j] = <floating>(x[i * inner + j] - top[j] - total[j])
            else:
                y[i * inner + j] = <floating>(y[i * inner + j] * total[j])


cdef void differentiate(
    floating* dx, const floating* dy, const floating* y, Py_ssize_t n, Py_ssize_t inner,
    Py_ssize_t lanes, bint logarithm,
) noexcept nogil:
    """The gradient of `normalise`."""
    cdef double total[LANES]
    cdef Py_ssize_t i, j, at
    for j in range(lanes):
        total[j] = 0
    for i in range(n):
        for j in range(lanes):
            at = i * inner + j
            total[j] += dy[at] if logarithm else <double>dy[at] * y[at]
    for i in range(n):
        for j in range(lanes):
            at = i * inner + j
            if logarithm:
                dx[at] = <floating>(dy[at] - exponential(y[at]) * total[j])
            else:
                dx[at] = <floating>(y[at] * (dy[at] - total[j]))


cdef void rows_of_type(
    floating* out, const Rows* r, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    cdef const floating* x = <const floating*>r.x
    cdef const floating* y = <const floating*>r.y
    cdef Py_ssize_t task, column, at, lanes
    for task in range(begin, end):
        column = task % r.blocks * LANES
        at = task // r.blocks * r.n * r.inner + column
        lanes = min(<Py_ssize_t>LANES, r.inner - column)
        if y == NULL:
            normalise(out + at, x + at, r.n, r.inner, lanes, r.logarithm)
        else:
            differentiate(out + at, x + at, y + at, r.n, r.inner, lanes, r.logarithm)


cdef void rows_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Rows* r = <const Rows*>ctx
    if r.wide:
        rows_of_type(<double*>r.out, r, begin, end)
    else:
        rows_of_type(<float*>r.out, r, begin, end)


cdef void run(
    floating* out, const floating* x, const floating* y, bint logarithm,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
) noexcept nogil:
    cdef Rows r
    r.wide, r.logarithm = floating is double, logarithm
    r.out, r.x, r.y, r.n, r.inner = out, x, y, n, inner
    r.blocks = (inner + LANES - 1) // LANES
    if n > 0:
        parallel_for(rows_task, &r, outer * r.blocks,
                     max(1, CHUNK // (n * min(inner, <Py_ssize_t>LANES))) if inner else 1)


cdef void softmax(
    floating* y, const floating* x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
) noexcept nogil:
    """y = exp(x - max) / sum exp(x - max)"""
    run(y, x, <const floating*>NULL, False, outer, n, inner)


cdef void softmax_backward(
    floating* dx, const floating* dy, const floating* y,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
) noexcept nogil:
    """dx = y * (dy - sum dy y)"""
    run(dx, dy, y, False, outer, n, inner)


cdef void log_softmax(
    floating* y, const floating* x, Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
) noexcept nogil:
    """y = x - max - log sum exp(x - max)"""
    run(y, x, <const floating*>NULL, True, outer, n, inner)


cdef void log_softmax_backward(
    floating* dx, const floating* dy, const floating* y,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner,
) noexcept nogil:
    """dx = dy - exp(y) * sum dy"""
    run(dx, dy, y, True, outer, n, inner)


# ---- negative log-likelihood ----
# One pass over the targets: far less work than the softmax before it, so one thread does it.

cdef Py_ssize_t first_bad_target(
    const int64_t* target, Py_ssize_t count, Py_ssize_t classes, int64_t ignore_index,
) noexcept nogil:
    """First i where not (target[i] == ignore_index or 0 <= target[i] < classes), else -1"""
    cdef Py_ssize_t i
    for i in range(count):
        if target[i] != ignore_index and not 0 <= target[i] < classes:
            return i
    return -1


cdef void nll_loss(
    floating* loss, floating* total_weight, const floating* logp, const int64_t* target,
    const floating* weight, Py_ssize_t batch, Py_ssize_t classes, Py_ssize_t pixels,
    int64_t ignore_index, Reduction reduction,
) noexcept nogil:
    """l[b, p] = -weight[t] * logp[b, t, p] with t = target[b, p]; 0 where t is ignored"""
    cdef double total = 0, weights = 0, w
    cdef Py_ssize_t b, p
    cdef int64_t t
    cdef floating value
    for b in range(batch):
        for p in range(pixels):
            t = target[b * pixels + p]
            w, value = 0, 0
            if t != ignore_index:
                w = 1 if weight == NULL else weight[t]
                value = <floating>(-w * logp[(b * classes + t) * pixels + p])
            weights += w
            total += value
            if reduction == REDUCE_NONE:
                loss[b * pixels + p] = value
    total_weight[0] = <floating>weights
    if reduction == REDUCE_MEAN:
        loss[0] = <floating>(total / weights)
    elif reduction == REDUCE_SUM:
        loss[0] = <floating>total


cdef void nll_loss_backward(
    floating* dlogp, const floating* dloss, const int64_t* target, const floating* weight,
    const floating* total_weight, Py_ssize_t batch, Py_ssize_t classes, Py_ssize_t pixels,
    int64_t ignore_index, Reduction reduction,
) noexcept nogil:
    """dlogp[b, t, p] = -weight[t] * dloss[b, p], all else 0"""
    cdef Py_ssize_t b, p, i
    cdef int64_t t
    cdef floating scale
    for i in range(batch * classes * pixels):
        dlogp[i] = 0
    for b in range(batch):
        for p in range(pixels):
            t = target[b * pixels + p]
            if t == ignore_index:
                continue
            scale = dloss[b * pixels + p if reduction == REDUCE_NONE else 0]
            if reduction == REDUCE_MEAN:
                scale /= total_weight[0]
            dlogp[(b * classes + t) * pixels + p] = -scale if weight == NULL \
                else -scale * weight[t]
