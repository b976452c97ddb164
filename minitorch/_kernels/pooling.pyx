"""Pooling over windows of a plane, each with its backward.

Work is cut into slabs: an image and some channels that lie side by side (NHWC), or one plane
(NCHW).  Either way `lanes` values lie together at each pixel and pixels are `step` apart, so
that one loop serves both layouts.  Forward, the output rows of a slab are tasks of their own;
backward, a slab is one task's alone, which keeps the scatter in one order.
"""

from libc.math cimport INFINITY
from libc.string cimport memset

from minitorch._kernels.dispatch cimport kernels, mt_pooling_kernels
from minitorch._kernels.parallel cimport SCRATCH_OTHER_TASK, parallel_for, scratch
from minitorch._kernels.types cimport floating

cdef enum:
    LANES = 64          # channels of a slab, NHWC
    FEW_LANES = 16      # a cache line of floats, where slabs would be too few
    ENOUGH_SLABS = 8
    CHUNK = 16384       # elements read by one task

cdef enum Kind:
    MAX
    AVERAGE
    ADAPTIVE

cdef struct Job:
    const PoolShape* s
    Kind kind
    bint wide, backward
    bint count_include_pad
    Py_ssize_t divisor_override
    const mt_pooling_kernels* kernel
    # the plane that is read tap by tap (x or dx), and the one with a value a window (y or dy)
    void* plane
    void* pooled
    int64_t* indices
    Py_ssize_t lanes            # channels of a slab
    Py_ssize_t slabs            # of an image
    Py_ssize_t bands            # tasks of a slab: its output rows, or 1
    bint out_of_memory

cdef struct Window:
    # rows [top, bottom) step dilation, columns [left, right) likewise, all inside the plane
    Py_ssize_t top, bottom, left, right
    Py_ssize_t divisor


# ---- windows ----

cdef inline Py_ssize_t first_inside(Py_ssize_t start, Py_ssize_t dilation) noexcept nogil:
    """The first of start, start + dilation, ... that is not negative."""
    return start if start >= 0 else start + (-start + dilation - 1) // dilation * dilation


cdef Window average_window(const Job* job, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    cdef const PoolShape* s = job.s
    cdef Window w
    w.top = i * s.stride_h - s.padding_h
    w.left = j * s.stride_w - s.padding_w
    w.bottom = min(w.top + s.kernel_height, s.in_height + s.padding_h)
    w.right = min(w.left + s.kernel_width, s.in_width + s.padding_w)
    w.divisor = (w.bottom - w.top) * (w.right - w.left)
    w.top, w.left = max(w.top, <Py_ssize_t>0), max(w.left, <Py_ssize_t>0)
    w.bottom, w.right = min(w.bottom, s.in_height), min(w.right, s.in_width)
    if not job.count_include_pad:
        w.divisor = (w.bottom - w.top) * (w.right - w.left)
    if job.divisor_override:
        w.divisor = job.divisor_override
    return w


cdef Window adaptive_window(const PoolShape* s, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    cdef Window w
    w.top = i * s.in_height // s.out_height
    w.left = j * s.in_width // s.out_width
    w.bottom = ((i + 1) * s.in_height + s.out_height - 1) // s.out_height
    w.right = ((j + 1) * s.in_width + s.out_width - 1) // s.out_width
    w.divisor = (w.bottom - w.top) * (w.right - w.left)
    return w


cdef Window max_window(const PoolShape* s, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    cdef Window w
    if s.adaptive:
        return adaptive_window(s, i, j)
    w.top = i * s.stride_h - s.padding_h
    w.left = j * s.stride_w - s.padding_w
    w.bottom = min(w.top + (s.kernel_height - 1) * s.dilation_h + 1, s.in_height)
    w.right = min(w.left + (s.kernel_width - 1) * s.dilation_w + 1, s.in_width)
    w.top = first_inside(w.top, s.dilation_h)
    w.left = first_inside(w.left, s.dilation_w)
    w.divisor = 1
    return w


# ---- averages ----

cdef void average_row(
    floating* pooled, const floating* plane, const Job* job, Py_ssize_t i,
    Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    """pooled[j] = sum of plane over the window (i, j) / divisor"""
    cdef const PoolShape* s = job.s
    cdef Py_ssize_t j, h, v, c
    cdef double total[LANES]
    cdef const floating* pixel
    cdef Window w
    for j in range(s.out_width):
        w = adaptive_window(s, i, j) if job.kind == ADAPTIVE else average_window(job, i, j)
        for c in range(lanes):
            total[c] = 0
        for h in range(w.top, w.bottom):
            for v in range(w.left, w.right):
                pixel = plane + (h * s.in_width + v) * step
                for c in range(lanes):
                    total[c] += pixel[c]
        if w.top >= w.bottom or w.left >= w.right:
            w.divisor = 1                           # nothing but padding: 0, not 0 / 0
        for c in range(lanes):
            pooled[c] = <floating>(total[c] / w.divisor)
        pooled += step


cdef void spread_slab(
    floating* plane, const floating* pooled, const Job* job,
    Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    """plane over the window += pooled[i, j] / divisor"""
    cdef const PoolShape* s = job.s
    cdef Py_ssize_t i, j, h, v, c
    cdef floating share[LANES]
    cdef floating* pixel
    cdef Window w
    for i in range(s.out_height):
        for j in range(s.out_width):
            w = adaptive_window(s, i, j) if job.kind == ADAPTIVE else average_window(job, i, j)
            for c in range(lanes):
                share[c] = pooled[c] / w.divisor
            for h in range(w.top, w.bottom):
                for v in range(w.left, w.right):
                    pixel = plane + (h * s.in_width + v) * step
                    for c in range(lanes):
                        pixel[c] += share[c]
            pooled += step


# ---- maxima ----

cdef void max_row(
    floating* pooled, int64_t* indices, const floating* plane, Job* job, Py_ssize_t i,
    Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    """pooled[j] = max of plane over the window (i, j), indices[j] its place in the plane"""
    cdef const PoolShape* s = job.s
    cdef Py_ssize_t taps = s.kernel_height * s.kernel_width, j, c, count
    cdef void* block = scratch(SCRATCH_OTHER_TASK, taps * (sizeof(void*) + sizeof(int64_t)))
    cdef const void** pixels = <const void**>block
    cdef int64_t* places = <int64_t*>block + taps
    if block == NULL:
        job.out_of_memory = True
        return
    for j in range(s.out_width):
        count = point_at_window(pixels, places, plane, s, max_window(s, i, j), step)
        if count > 0:
            job.kernel.max_taps(pooled, indices, pixels, places, count, lanes)
        else:                                       # nothing but padding
            for c in range(lanes):
                pooled[c] = -INFINITY
                if indices != NULL:
                    indices[c] = 0
        pooled += step
        if indices != NULL:
            indices += step


cdef void max_row_of_plane(
    floating* pooled, int64_t* indices, const floating* plane, Job* job, Py_ssize_t i,
) noexcept nogil:
    """The same for one NCHW plane: the maximum of each column first, all columns at once."""
    cdef const PoolShape* s = job.s
    cdef Py_ssize_t taps = s.kernel_height, width = s.in_width, j, v, count = 0, h, best
    cdef char* block = <char*>scratch(SCRATCH_OTHER_TASK, taps * (sizeof(void*) + sizeof(int64_t))
                                      + width * (sizeof(int64_t) + sizeof(floating)))
    cdef const void** rows = <const void**>block
    cdef int64_t* row_places = <int64_t*>(rows + taps)
    cdef int64_t* places = row_places + taps            # of the column's maximum
    cdef floating* tops = <floating*>(places + width)
    cdef Window w = max_window(s, i, 0)
    if block == NULL:
        job.out_of_memory = True
        return
    h = w.top
    while h < w.bottom:
        rows[count], row_places[count] = plane + h * width, h * width
        count += 1
        h += s.dilation_h
    if count > 0:
        job.kernel.max_taps(tops, places, rows, row_places, count, width)
    for j in range(s.out_width):
        w = max_window(s, i, j)
        if count == 0 or w.left >= w.right:             # nothing but padding
            pooled[j] = -INFINITY
            if indices != NULL:
                indices[j] = 0
            continue
        best = v = w.left
        while v < w.right:
            if beats(tops[v], places[v] + v, tops[best], places[best] + best):
                best = v
            v += s.dilation_w
        pooled[j] = tops[best]
        if indices != NULL:
            indices[j] = places[best] + best


cdef inline bint beats(
    floating a, int64_t at_a, floating b, int64_t at_b,
) noexcept nogil:
    """Whether value a at its place is the maximum rather than b: the first, but the last NaN."""
    if a != a:
        return b == b or at_a > at_b
    return a > b or (a == b and at_a < at_b)


cdef Py_ssize_t point_at_window(
    const void** pixels, int64_t* places, const floating* plane, const PoolShape* s, Window w,
    Py_ssize_t step,
) noexcept nogil:
    """The window's pixels inside the plane, in scan order; returns how many."""
    cdef Py_ssize_t count = 0, h = w.top, v
    while h < w.bottom:
        v = w.left
        while v < w.right:
            places[count] = h * s.in_width + v
            pixels[count] = plane + places[count] * step
            count += 1
            v += s.dilation_w
        h += s.dilation_h
    return count


cdef void scatter_slab(
    floating* plane, const floating* pooled, const int64_t* indices, const Job* job,
    Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    """plane[indices] += pooled"""
    cdef Py_ssize_t windows = job.s.out_height * job.s.out_width, c, i
    if step == 1 and lanes == 1:
        for i in range(windows):
            plane[indices[i]] += pooled[i]
        return
    for _window in range(windows):
        for c in range(lanes):
            plane[indices[c] * step + c] += pooled[c]
        pooled += step
        indices += step


# ---- one slab after the other ----

cdef void clear_slab(
    floating* plane, Py_ssize_t pixels, Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    cdef Py_ssize_t p, c
    if step == lanes:
        memset(plane, 0, pixels * lanes * sizeof(floating))
        return
    for p in range(pixels):
        for c in range(lanes):
            plane[p * step + c] = 0


cdef void run_slab(
    floating* plane, floating* pooled, int64_t* indices, Job* job, Py_ssize_t band,
    Py_ssize_t step, Py_ssize_t lanes,
) noexcept nogil:
    cdef Py_ssize_t at = band * job.s.out_width * step      # of an output row
    if job.backward:
        clear_slab(plane, job.s.in_height * job.s.in_width, step, lanes)
        if job.kind == MAX:
            scatter_slab(plane, pooled, indices, job, step, lanes)
        else:
            spread_slab(plane, pooled, job, step, lanes)
    elif job.kind == MAX and not job.s.channels_last:
        max_row_of_plane(pooled + at, indices if indices == NULL else indices + at, plane, job,
                         band)
    elif job.kind == MAX:
        max_row(pooled + at, indices if indices == NULL else indices + at, plane, job, band,
                step, lanes)
    else:
        average_row(pooled + at, plane, job, band, step, lanes)


cdef void slabs_of_type(
    floating* plane, Job* job, Py_ssize_t begin, Py_ssize_t end,
) noexcept nogil:
    cdef const PoolShape* s = job.s
    cdef Py_ssize_t in_pixels = s.in_height * s.in_width
    cdef Py_ssize_t out_pixels = s.out_height * s.out_width
    cdef Py_ssize_t task, image, c, lanes, at_in, at_out
    cdef Py_ssize_t step = s.channels if s.channels_last else 1
    for task in range(begin, end):
        image = task // (job.slabs * job.bands)
        c = task // job.bands % job.slabs * job.lanes
        lanes = min(job.lanes, s.channels - c)
        at_in = image * s.channels * in_pixels + (c if s.channels_last else c * in_pixels)
        at_out = image * s.channels * out_pixels + (c if s.channels_last else c * out_pixels)
        run_slab(plane + at_in, <floating*>job.pooled + at_out,
                 NULL if job.indices == NULL else job.indices + at_out, job,
                 task % job.bands, step, lanes)


cdef void slabs_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Job* job = <Job*>ctx
    if job.wide:
        slabs_of_type(<double*>job.plane, job, begin, end)
    else:
        slabs_of_type(<float*>job.plane, job, begin, end)


cdef Py_ssize_t lanes_for(const PoolShape* s, bint backward) noexcept nogil:
    """Channels of a slab."""
    if not s.channels_last:
        return 1
    if backward and s.batch * (s.channels // LANES) < ENOUGH_SLABS:
        return FEW_LANES
    return LANES


cdef int run(
    floating* plane, floating* pooled, int64_t* indices, const PoolShape* s, Kind kind,
    bint backward, bint count_include_pad, Py_ssize_t divisor_override,
) except -1 nogil:
    cdef Job job
    cdef bint wide = floating is double
    cdef Py_ssize_t work
    job.s, job.kind, job.wide, job.backward = s, kind, wide, backward
    job.count_include_pad, job.divisor_override = count_include_pad, divisor_override
    job.kernel = kernels().pooling[wide]
    job.plane, job.pooled, job.indices = plane, pooled, indices
    job.lanes = lanes_for(s, backward)
    job.slabs = (s.channels + job.lanes - 1) // job.lanes
    job.bands = 1 if backward else s.out_height
    job.out_of_memory = False
    work = job.lanes * s.in_height * s.in_width // max(1, job.bands)
    parallel_for(slabs_task, &job, s.batch * job.slabs * job.bands, CHUNK // max(1, work) + 1)
    if job.out_of_memory:
        with gil:
            raise MemoryError("pooling: no memory for the places of a window")
    return 0


# ---- the doors ----

cdef int max_pool2d(
    floating* y, int64_t* indices, const floating* x, const PoolShape* s,
) except -1 nogil:
    """y[i, j] = max x[i sh - ph + kh dh, j sw - pw + kw dw]"""
    return run(<floating*>x, y, indices, s, MAX, False, False, 0)


cdef int max_pool2d_backward(
    floating* dx, const floating* dy, const int64_t* indices, const PoolShape* s,
) except -1 nogil:
    """dx[indices] += dy"""
    return run(dx, <floating*>dy, <int64_t*>indices, s, MAX, True, False, 0)


cdef int avg_pool2d(
    floating* y, const floating* x, const PoolShape* s,
    bint count_include_pad, Py_ssize_t divisor_override,
) except -1 nogil:
    """y[i, j] = sum x[i sh - ph + kh, j sw - pw + kw] / divisor"""
    return run(<floating*>x, y, NULL, s, AVERAGE, False, count_include_pad, divisor_override)


cdef int avg_pool2d_backward(
    floating* dx, const floating* dy, const PoolShape* s,
    bint count_include_pad, Py_ssize_t divisor_override,
) except -1 nogil:
    """dx[i sh - ph + kh, j sw - pw + kw] += dy[i, j] / divisor"""
    return run(dx, <floating*>dy, NULL, s, AVERAGE, True, count_include_pad, divisor_override)


cdef int adaptive_avg_pool2d(
    floating* y, const floating* x, const PoolShape* s,
) except -1 nogil:
    """y[i, j] = mean x[i H // OH : ceil((i + 1) H / OH), j W // OW : ceil((j + 1) W / OW)]"""
    return run(<floating*>x, y, NULL, s, ADAPTIVE, False, False, 0)


cdef int adaptive_avg_pool2d_backward(
    floating* dx, const floating* dy, const PoolShape* s,
) except -1 nogil:
    """dx over the window += dy[i, j] / its size"""
    return run(dx, <floating*>dy, NULL, s, ADAPTIVE, True, False, 0)
