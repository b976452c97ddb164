"""Stochastic gradient descent with momentum, one pass over a parameter."""

from minitorch._kernels.types cimport floating

cdef struct SgdOptions:
    double lr, momentum, dampening, weight_decay
    bint nesterov, maximize

# g = -grad if maximize else grad;  g += weight_decay * param
# momentum != 0:  buffer = g if first else momentum * buffer + (1 - dampening) * g
#                 g = g + momentum * buffer if nesterov else buffer
# param -= lr * g
# All dense, n elements; buffer is NULL when momentum is 0, and overwritten when `first`.
cdef void sgd_step(
    floating* param, floating* buffer, const floating* grad, Py_ssize_t n,
    const SgdOptions* options, bint first) noexcept nogil
