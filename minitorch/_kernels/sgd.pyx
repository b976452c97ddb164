"""Stochastic gradient descent: one pass over parameter, momentum buffer and gradient."""

from minitorch._kernels.dispatch cimport kernels, mt_sgd_kernels, mt_sgd_step
from minitorch._kernels.parallel cimport parallel_for
from minitorch._kernels.types cimport floating

cdef enum:
    CHUNK = 32768       # elements of one task

cdef struct Update:
    const mt_sgd_kernels* kernel
    Py_ssize_t item
    char* param
    char* buffer
    const char* grad
    mt_sgd_step how


cdef void update_task(void* ctx, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    cdef const Update* u = <const Update*>ctx
    cdef Py_ssize_t at = begin * u.item
    u.kernel.step(u.param + at, NULL if u.buffer == NULL else u.buffer + at, u.grad + at,
                  end - begin, &u.how)


cdef void sgd_step(
    floating* param, floating* buffer, const floating* grad, Py_ssize_t n,
    const SgdOptions* options, bint first,
) noexcept nogil:
    """param -= lr * (momentum * buffer + (1 - dampening) * (grad + weight_decay * param))"""
    cdef Update u
    cdef bint wide = floating is double
    u.kernel, u.item = kernels().sgd[wide], sizeof(floating)
    u.param, u.buffer, u.grad = <char*>param, <char*>buffer, <const char*>grad
    u.how.minus_lr, u.how.momentum = -options.lr, options.momentum
    u.how.one_minus_dampening = 1 - options.dampening
    u.how.weight_decay = options.weight_decay
    u.how.nesterov, u.how.maximize, u.how.first = options.nesterov, options.maximize, first
    parallel_for(update_task, &u, n, CHUNK)
