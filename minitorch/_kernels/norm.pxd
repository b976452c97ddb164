"""Batch normalisation over (N, C, pixels) or (N, pixels, C); sums are kept in double."""

from minitorch._kernels.types cimport floating

cdef struct NormShape:
    Py_ssize_t batch, channels, pixels
    bint channels_last        # (N, pixels, C) instead of (N, C, pixels); dense

# mean[c] and invstd[c] = 1 / sqrt(biased variance + eps) of the batch; where running_mean or
# running_var is not NULL it becomes momentum * statistic + (1 - momentum) * itself, with the
# unbiased variance, as in PyTorch.  MemoryError when working memory is short.
cdef int batch_norm_stats(
    floating* mean, floating* invstd, floating* running_mean, floating* running_var,
    const floating* x, const NormShape* shape, double momentum, double eps) except -1 nogil

# invstd = 1 / sqrt(var + eps), what evaluation needs of running_var
cdef void inverse_std(
    floating* invstd, const floating* var, Py_ssize_t channels, double eps) noexcept nogil

# y = (x - mean) * invstd * weight + bias; weight and bias may be NULL (1 and 0); y may be x
cdef int batch_norm_apply(
    floating* y, const floating* x, const floating* mean, const floating* invstd,
    const floating* weight, const floating* bias, const NormShape* shape) except -1 nogil

# dbias = sum dy;  dweight = sum dy (x - mean) invstd;
# training:   dx = (dy - dbias / n - (x - mean) invstd dweight / n) invstd weight
# evaluation: dx = dy invstd weight            (mean and invstd from the running statistics)
# Each of dx, dweight, dbias may be NULL when it is not wanted; dx may be dy.
cdef int batch_norm_backward(
    floating* dx, floating* dweight, floating* dbias,
    const floating* dy, const floating* x, const floating* mean, const floating* invstd,
    const floating* weight, const NormShape* shape, bint training) except -1 nogil

# sums[c] = sum over images and pixels of x
cdef int channel_sums(
    floating* sums, const floating* x, Py_ssize_t batch, Py_ssize_t channels,
    Py_ssize_t pixels, bint channels_last) except -1 nogil
