"""Softmax, log-softmax and the negative log-likelihood over dense (outer, n, inner) arrays."""

from libc.stdint cimport int64_t

from minitorch._kernels.types cimport floating

# y = exp(x - max) / sum exp(x - max) along n; y may be x
cdef void softmax(
    floating* y, const floating* x,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil
# dx = y * (dy - sum dy y); dx may be dy
cdef void softmax_backward(
    floating* dx, const floating* dy, const floating* y,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil

# y = x - max - log sum exp(x - max)
cdef void log_softmax(
    floating* y, const floating* x,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil
# dx = dy - exp(y) * sum dy
cdef void log_softmax_backward(
    floating* dx, const floating* dy, const floating* y,
    Py_ssize_t outer, Py_ssize_t n, Py_ssize_t inner) noexcept nogil

cdef enum Reduction:
    REDUCE_NONE = 0
    REDUCE_MEAN = 1
    REDUCE_SUM = 2

# Position of the first target that is neither ignore_index nor in [0, classes), or -1.
cdef Py_ssize_t first_bad_target(
    const int64_t* target, Py_ssize_t count, Py_ssize_t classes,
    int64_t ignore_index) noexcept nogil

# Negative log-likelihood of logp (batch, classes, pixels) at target (batch, pixels):
#   l = -weight[target] * logp[target], 0 where target == ignore_index
# loss is l (batch, pixels) for REDUCE_NONE, else one number: sum l, or sum l / total_weight.
# total_weight[0] = sum of weight[target] over what is not ignored.  weight may be NULL (ones).
# Targets must have passed first_bad_target.
cdef void nll_loss(
    floating* loss, floating* total_weight, const floating* logp, const int64_t* target,
    const floating* weight, Py_ssize_t batch, Py_ssize_t classes, Py_ssize_t pixels,
    int64_t ignore_index, Reduction reduction) noexcept nogil
# dlogp[target] = -weight[target] * dloss (/ total_weight for REDUCE_MEAN), 0 elsewhere;
# dloss (batch, pixels) for REDUCE_NONE, else one number
cdef void nll_loss_backward(
    floating* dlogp, const floating* dloss, const int64_t* target, const floating* weight,
    const floating* total_weight, Py_ssize_t batch, Py_ssize_t classes, Py_ssize_t pixels,
    int64_t ignore_index, Reduction reduction) noexcept nogil
