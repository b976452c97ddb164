"""The steps of Adam, RMSprop and Adagrad: a gradient divided by the root of its running square.

They are one formula with parts left out, so they are one function. It works on blocks that stay
in the first-level cache, one plain loop a part, which every compiler turns into vector code.
"""

from libc.math cimport sqrt, sqrtf

from minitorch._kernels.types cimport floating

cdef enum:
    BLOCK = 512          # elements; three such rows of double are 12 kB

cdef struct AdaptiveOptions:
    double shrink        # factor of the parameter: decoupled weight decay
    double weight_decay  # share of the parameter in the gradient: L2 penalty
    double mean_take     # share of a new gradient in the running mean
    double square_keep, square_take     # shares of old and new in the running square
    double root_divisor  # of the root of the running square: bias correction
    double eps, minus_lr, momentum
    bint maximize, centered

# NULL for what a rule does without. `mean` is the numerator of the step, unless `centered`: then
# its square is taken off the running square, and the gradient is the numerator.
cdef struct AdaptiveState:
    char* param
    const char* grad
    char* mean
    char* square
    char* top            # the largest running square so far
    char* velocity       # the buffer of momentum


cdef inline floating root(floating x) noexcept nogil:
    if floating is float:
        return sqrtf(x)
    return sqrt(x)


cdef inline void adaptive_block(
    floating* p, const floating* grad, floating* mean, floating* square, floating* top,
    floating* velocity, Py_ssize_t n, const AdaptiveOptions* o,
) noexcept nogil:
    """At most BLOCK elements of one parameter.

    g      = (-1 if maximize else 1) * grad + weight_decay * (p *= shrink)
    mean   = mean + mean_take * (g - mean)
    square = square_keep * square + square_take * g * g
    d      = sqrt(max(top, square) or square - mean^2 or square) / root_divisor + eps
    p      = p + minus_lr * (velocity = momentum * velocity + g / d, or mean / d, or g / d)
    """
    cdef floating g[BLOCK]
    cdef floating d[BLOCK]
    cdef const floating* numerator = g
    cdef floating a, b, c
    cdef Py_ssize_t i
    a = -1 if o.maximize else 1
    for i in range(n):
        g[i] = a * grad[i]
    if o.shrink != 1:
        a = <floating>o.shrink
        for i in range(n):
            p[i] = p[i] * a
    if o.weight_decay != 0:
        a = <floating>o.weight_decay
        for i in range(n):
            g[i] = g[i] + a * p[i]
    if mean != NULL:
        # The form of lerp that is exact at the nearer end.
        a, b = <floating>o.mean_take, <floating>(1 - o.mean_take)
        if o.mean_take < 0.5:
            for i in range(n):
                mean[i] = mean[i] + a * (g[i] - mean[i])
        else:
            for i in range(n):
                mean[i] = g[i] - (g[i] - mean[i]) * b
        if not o.centered:
            numerator = mean
    a, b = <floating>o.square_keep, <floating>o.square_take
    for i in range(n):
        square[i] = square[i] * a + b * g[i] * g[i]
    if top != NULL:
        for i in range(n):
            a = square[i]
            # the second comparison lets a NaN through
            top[i] = a if a > top[i] or a != a else top[i]
            d[i] = top[i]
    elif o.centered:
        for i in range(n):
            d[i] = square[i] - mean[i] * mean[i]
    else:
        for i in range(n):
            d[i] = square[i]
    a, b, c = <floating>o.root_divisor, <floating>o.eps, <floating>o.minus_lr
    for i in range(n):
        d[i] = root(d[i]) / a + b
    if velocity != NULL:
        a = <floating>o.momentum
        for i in range(n):
            velocity[i] = velocity[i] * a + g[i] / d[i]
            p[i] = p[i] + c * velocity[i]
    else:
        for i in range(n):
            p[i] = p[i] + c * numerator[i] / d[i]
