"""Batch normalisation over (N, C, pixels) or (N, pixels, C), and the ReLU behind it.

Sums are kept in double.  MemoryError when working memory is short.
"""

from minitorch._kernels.dispatch cimport mt_norm_relu
from minitorch._kernels.types cimport floating

cdef struct NormShape:
    Py_ssize_t batch, channels, pixels
    bint channels_last        # (N, pixels, C) instead of (N, C, pixels); dense

# A ReLU behind the normalisation, known by its `result` (in the shape and order of x), or by the
# `scale` and `offset` of its operand x * scale + offset.  NULL where there is none.
ctypedef mt_norm_relu NormRelu

# mean[c] and invstd[c] = 1 / sqrt(biased variance + eps) of the batch; where running_mean or
# running_var is not NULL it becomes momentum * statistic + (1 - momentum) * itself, with the
# unbiased variance, as in PyTorch.
cdef int batch_norm_stats(
    floating* mean, floating* invstd, floating* running_mean, floating* running_var,
    const floating* x, const NormShape* shape, double momentum, double eps) except -1 nogil

# invstd = 1 / sqrt(var + eps), what evaluation needs of running_var
cdef void inverse_std(
    floating* invstd, const floating* var, Py_ssize_t channels, double eps) noexcept nogil

# scale and offset of y = x * scale + offset, the normalisation (x - mean) * invstd * weight + bias;
# weight and bias may be NULL (1 and 0)
cdef void batch_norm_coefficients(
    floating* scale, floating* offset, const floating* mean, const floating* invstd,
    const floating* weight, const floating* bias, Py_ssize_t channels) noexcept nogil

# y = relu(x * scale + offset + residual), the product and first sum rounded once where the
# hardware can; residual may be NULL, and the ReLU left out; y may be x
cdef void affine_act(
    floating* y, const floating* x, const floating* scale, const floating* offset,
    const floating* residual, bint relu, const NormShape* shape) noexcept nogil

# Of g = dy behind the ReLU: sums[c] = sum g,  sums[C + c] = sum g (x - mean);
# masked = g unless it is NULL
cdef int batch_norm_sums(
    double* sums, floating* masked, const floating* dy, const floating* x, const floating* mean,
    const NormRelu* relu, const NormShape* shape) except -1 nogil

# Of g = dy behind the ReLU (which may be NULL):
# dbias = sum g;  dweight = sum g (x - mean) invstd;
# training:   dx = (g - dbias / n - (x - mean) invstd dweight / n) invstd weight
# evaluation: dx = g invstd weight             (mean and invstd from the running statistics)
# Each of dx, dweight, dbias may be NULL when it is not wanted; dx may be dy.  `sums` is what
# batch_norm_sums found, or NULL.
cdef int batch_norm_backward(
    floating* dx, floating* dweight, floating* dbias,
    const floating* dy, const floating* x, const floating* mean, const floating* invstd,
    const floating* weight, const NormRelu* relu, const double* sums, const NormShape* shape,
    bint training) except -1 nogil

# sums[c] = sum over images and pixels of x
cdef int channel_sums(
    floating* sums, const floating* x, Py_ssize_t batch, Py_ssize_t channels,
    Py_ssize_t pixels, bint channels_last) except -1 nogil
