"""Resampling along one axis; see `resample.pxd`.

Sources: Keys, "Cubic Convolution Interpolation for Digital Image Processing" (1981); Turkowski,
"Filters for Common Resampling Tasks" (1990); the placing of pixels is PyTorch's.
"""

from libc.math cimport M_PI, ceil, sin
from libc.stdint cimport int64_t

from minitorch._kernels.parallel cimport parallel_for

cdef enum:
    CHUNK = 16384       # products of one task


# ---- filters ----

cdef inline floating cubic_near(floating x, floating a) noexcept nogil:
    """Keys' kernel for |x| <= 1."""
    return ((a + 2) * x - (a + 3)) * x * x + 1


cdef inline floating cubic_far(floating x, floating a) noexcept nogil:
    """Keys' kernel for 1 <= |x| <= 2."""
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a


cdef inline double sinc(double x) noexcept nogil:
    return 1.0 if x == 0 else sin(M_PI * x) / (M_PI * x)


cdef floating kernel_at(Filter filter, floating x) noexcept nogil:
    """The weight of a pixel at the distance `x`, in pixels of the coarser grid."""
    cdef floating a = <floating> -0.5
    if x < 0:
        x = -x
    if filter == FILTER_LINEAR_ANTIALIAS:
        return 1 - x if x < 1 else 0
    if filter == FILTER_CUBIC_ANTIALIAS:
        if x < 1:
            return cubic_near(x, a)
        return cubic_far(x, a) if x < 2 else 0
    return <floating> (sinc(x) * sinc(x / 3)) if x < 3 else 0


cdef int reach(Filter filter) noexcept nogil:
    """How far the kernel of an antialiasing filter reaches to each side."""
    if filter == FILTER_LANCZOS_ANTIALIAS:
        return 3
    return 2 if filter == FILTER_CUBIC_ANTIALIAS else 1


# ---- taps ----

cdef inline void push(Taps* a, Py_ssize_t* n, Py_ssize_t column, double weight) noexcept nogil:
    a.column[n[0]], a.weight[n[0]] = column, weight
    n[0] += 1


cdef Py_ssize_t taps_room(Filter filter, Py_ssize_t rows, double scale) noexcept nogil:
    if filter >= FILTER_LINEAR_ANTIALIAS:
        return rows * (2 * <Py_ssize_t> ceil(reach(filter) * max(scale, 1.0)) + 1)
    return rows * (4 if filter == FILTER_CUBIC else (2 if filter == FILTER_LINEAR else 1))


cdef inline Py_ssize_t floor_of(floating x) noexcept nogil:
    cdef Py_ssize_t i = <Py_ssize_t> x
    return i - 1 if i > x else i


cdef void nearest_row(Taps* a, Py_ssize_t* n, Py_ssize_t j, Filter filter,
                      floating scale) noexcept nogil:
    cdef floating place = j if filter == FILTER_NEAREST else j + <floating> 0.5
    push(a, n, min(floor_of(place * scale), a.columns - 1), 1)


cdef void smooth_row(Taps* a, Py_ssize_t* n, Py_ssize_t j, Filter filter, floating scale,
                     bint align_corners) noexcept nogil:
    """The two or four pixels around a place."""
    cdef floating half = <floating> 0.5
    cdef floating x = scale * j if align_corners else scale * (j + half) - half
    cdef floating t, c = <floating> -0.75
    cdef Py_ssize_t i, last = a.columns - 1
    if filter == FILTER_LINEAR:
        if a.rows == a.columns:
            x = j
        x = max(x, <floating> 0)
    i = min(floor_of(x), last)
    t = min(max(x - i, <floating> 0), <floating> 1)
    if filter == FILTER_LINEAR:
        push(a, n, i, 1 - t)
        if t > 0 and i < last:
            push(a, n, i + 1, t)
        elif t > 0:
            a.weight[n[0] - 1] = 1
        return
    push(a, n, min(max(i - 1, 0), last), cubic_far(t + 1, c))
    push(a, n, max(i, 0), cubic_near(t, c))
    push(a, n, min(max(i + 1, 0), last), cubic_near(1 - t, c))
    push(a, n, min(max(i + 2, 0), last), cubic_far(2 - t, c))


cdef void antialias_row(Taps* a, Py_ssize_t* n, Py_ssize_t j, Filter filter,
                        floating scale) noexcept nogil:
    """All pixels under the kernel, which is as wide as the coarser grid wants; the sum is 1."""
    cdef floating half = <floating> 0.5
    cdef floating stretch = max(scale, <floating> 1)
    cdef floating centre = scale * (j + half)
    cdef floating width = reach(filter) * stretch
    cdef Py_ssize_t low = max(<Py_ssize_t> (centre - width + half), 0)
    cdef Py_ssize_t high = min(<Py_ssize_t> (centre + width + half), a.columns)
    cdef Py_ssize_t i, first = n[0]
    cdef floating w, total = 0
    high = min(high, low + 2 * <Py_ssize_t> ceil(width) + 1)
    for i in range(low, high):
        w = kernel_at(filter, (i - centre + half) * (1 / stretch))
        total += w
        push(a, n, i, w)
    if total != 0:
        for i in range(first, n[0]):
            a.weight[i] = <floating> a.weight[i] / total


cdef void fill_taps(Taps* a, Filter filter, floating scale, bint align_corners) noexcept nogil:
    cdef Py_ssize_t j, n = 0
    a.shift = 0
    for j in range(a.rows):
        a.start[j] = n
        if filter <= FILTER_NEAREST_EXACT:
            nearest_row(a, &n, j, filter, scale)
        elif filter <= FILTER_CUBIC:
            smooth_row(a, &n, j, filter, scale, align_corners)
        else:
            antialias_row(a, &n, j, filter, scale)
    a.start[a.rows] = n


cdef void merge_taps(Taps* a) noexcept nogil:
    cdef Py_ssize_t j, t, first, n = 0
    for j in range(a.rows):
        t, first = a.start[j], n
        a.start[j] = n
        while t < a.start[j + 1]:
            if n > first and a.column[n - 1] == a.column[t]:
                a.weight[n - 1] += a.weight[t]
            else:
                push(a, &n, a.column[t], a.weight[t])
            t += 1
    a.start[a.rows] = n


cdef void round_taps(Taps* a) noexcept nogil:
    cdef Py_ssize_t t
    cdef double largest = 0, w
    cdef int bits = 0
    for t in range(a.start[a.rows]):
        largest = max(largest, a.weight[t])
    while bits < 22 and <int64_t> (0.5 + largest * (<int64_t> 1 << (bits + 1))) < 1 << 15:
        bits += 1
    for t in range(a.start[a.rows]):
        w = a.weight[t] * (<int64_t> 1 << bits)
        a.weight[t] = <double> <int64_t> (w - 0.5 if w < 0 else w + 0.5)
    a.shift = bits


cdef void transpose_taps(Taps* b, const Taps* a) noexcept nogil:
    cdef Py_ssize_t i, j, t, at
    b.rows, b.columns, b.shift = a.columns, a.rows, a.shift
    for i in range(b.rows + 1):
        b.start[i] = 0
    # start[i + 1] counts, then ends where row i begins, then where the next entry goes
    for t in range(a.start[a.rows]):
        b.start[a.column[t] + 1] += 1
    for i in range(b.rows):
        b.start[i + 1] += b.start[i]
    for i in range(b.rows, 0, -1):
        b.start[i] = b.start[i - 1]
    for j in range(a.rows):
        for t in range(a.start[j], a.start[j + 1]):
            at = b.start[a.column[t] + 1]
            b.column[at], b.weight[at] = j, a.weight[t]
            b.start[a.column[t] + 1] = at + 1


# ---- applying ----

cdef struct Job:
    void* y
    const void* x
    const Taps* a
    Py_ssize_t inner
    int itemsize        # 4 float, 8 double, 1 uint8_t


cdef inline void blend(sample* y, const sample* x, const Taps* a, Py_ssize_t first,
                       Py_ssize_t last, Py_ssize_t inner) noexcept nogil:
    """One row of the result, `inner` values side by side."""
    cdef Py_ssize_t i, t
    cdef int64_t total
    cdef const sample* from_
    cdef sample w
    if sample is uint8_t:
        for i in range(inner):
            total = (<int64_t> 1 << a.shift) >> 1
            for t in range(first, last):
                total += <int64_t> a.weight[t] * x[a.column[t] * inner + i]
            total >>= a.shift
            y[i] = <uint8_t> min(max(total, <int64_t> 0), <int64_t> 255)
    else:
        if first == last:
            for i in range(inner):
                y[i] = 0
        for t in range(first, last):
            from_ = x + a.column[t] * inner
            w = <sample> a.weight[t]
            if t > first:
                for i in range(inner):
                    y[i] += w * from_[i]
            elif w == 1:        # not a product: bits of a NaN and the sign of a zero stay
                for i in range(inner):
                    y[i] = from_[i]
            else:
                for i in range(inner):
                    y[i] = w * from_[i]


cdef void rows_of_type(sample* y, const sample* x, const Taps* a, Py_ssize_t inner,
                       Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t _, t, j = begin % a.rows
    cdef sample total
    x += begin // a.rows * a.columns * inner
    y += begin * inner
    for _ in range(begin, end):
        if sample is not uint8_t and inner == 1 and a.start[j] < a.start[j + 1]:
            t = a.start[j]
            total = x[a.column[t]] * <sample> a.weight[t]
            for t in range(t + 1, a.start[j + 1]):
                total += x[a.column[t]] * <sample> a.weight[t]
            y[0] = total
        else:
            blend(y, x, a, a.start[j], a.start[j + 1], inner)
        y += inner
        j += 1
        if j == a.rows:
            j = 0
            x += a.columns * inner


cdef void rows_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Job* job = <const Job*> ctx
    if job.itemsize == 4:
        rows_of_type(<float*> job.y, <const float*> job.x, job.a, job.inner, begin, end)
    elif job.itemsize == 8:
        rows_of_type(<double*> job.y, <const double*> job.x, job.a, job.inner, begin, end)
    else:
        rows_of_type(<uint8_t*> job.y, <const uint8_t*> job.x, job.a, job.inner, begin, end)


cdef void apply_taps(sample* y, const sample* x, const Taps* a, Py_ssize_t outer,
                     Py_ssize_t inner) noexcept nogil:
    cdef Job job
    cdef Py_ssize_t work
    job.y, job.x, job.a, job.inner, job.itemsize = y, x, a, inner, sizeof(sample)
    if a.rows == 0 or outer == 0 or inner == 0:
        return
    work = (a.start[a.rows] // a.rows + 1) * inner
    parallel_for(rows_task, &job, outer * a.rows, max(CHUNK // work, 1))
