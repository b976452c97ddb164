"""Batch normalisation and its derivative.

Source of the formulas: Ioffe and Szegedy, "Batch Normalization" (arXiv:1502.03167).
"""

from minitorch._core.dtype cimport FLOATING, dtype, of_code
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect3, records3, save, set_function, unpack
from minitorch._core.shape cimport product
from minitorch._core.tensor cimport TensorBase, channels_last, new_like, new_tensor
from minitorch._kernels cimport norm as kernels
from minitorch._kernels.norm cimport NormShape
from minitorch._kernels.types cimport F32
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, copy_raw
from minitorch._ops.binary cimport add_number, mul_op, sub_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.power cimport pow_number
from minitorch._ops.reduce cimport mean_op, sum_op
from minitorch._ops.view cimport reshape_to


# ---------------------------------------------------------------- checks

cdef TensorBase check_per_channel(object value, Py_ssize_t channels, TensorBase x, str name):
    """An optional tensor with one element for each channel."""
    cdef TensorBase t
    if value is None:
        return None
    t = check_tensor(value, "batch_norm", name)
    if t.numel_ != channels or t.ndim_ != 1:
        raise RuntimeError(f"{name} should contain {channels} elements not {t.numel_}")
    if x.dtype_.itemsize == 2:
        if t.dtype_.code != F32 and t.dtype_ is not x.dtype_:
            raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    elif t.dtype_ is not x.dtype_:
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float"
                           if x.dtype_.code == F32 else
                           f"batch_norm: expected {name} of dtype {x.dtype_!r}, got {t.dtype_!r}")
    return t


cdef TensorBase dense(TensorBase x, NormShape* s):
    """`x` as (N, C, pixels) or (N, pixels, C) in one block; the shape is filled in."""
    s.batch, s.channels = x.shape_[0], x.shape_[1]
    s.pixels = product(x.ndim_ - 2, x.shape_ + 2)
    s.channels_last = channels_last(x)
    return x if s.channels_last else contiguous_raw(x)


cdef TensorBase like_order(TensorBase g, TensorBase x):
    """A gradient in the order of memory of the input."""
    cdef TensorBase out
    if channels_last(g) == channels_last(x) and (g.contiguous or channels_last(g)):
        return g
    out = new_like(x, g.dtype_)
    copy_raw(out, g)
    return out


# ---------------------------------------------------------------- raw kernels

cdef TensorBase per_channel(TensorBase like, Py_ssize_t channels):
    return new_tensor(like.dtype_, 1, &channels)


cdef char* data_or_null(TensorBase t) noexcept:
    return NULL if t is None else t.data()


cdef int batch_statistics(TensorBase mean, TensorBase invstd, TensorBase running_mean,
                          TensorBase running_var, TensorBase x, NormShape* s, double momentum,
                          double eps) except -1:
    cdef TensorBase rm = None if running_mean is None else contiguous_raw(running_mean)
    cdef TensorBase rv = None if running_var is None else contiguous_raw(running_var)
    cdef char* pm = data_or_null(rm)
    cdef char* pv = data_or_null(rv)
    if x.code() == F32:
        with nogil:
            kernels.batch_norm_stats(<float*> mean.data(), <float*> invstd.data(), <float*> pm,
                                     <float*> pv, <const float*> x.data(), s, momentum, eps)
    else:
        with nogil:
            kernels.batch_norm_stats(<double*> mean.data(), <double*> invstd.data(), <double*> pm,
                                     <double*> pv, <const double*> x.data(), s, momentum, eps)
    if rm is not running_mean:
        copy_raw(running_mean, rm)
    if rv is not running_var:
        copy_raw(running_var, rv)
    return 0


cdef TensorBase inverse_of(TensorBase var, double eps):
    cdef TensorBase out = per_channel(var, var.numel_)
    cdef TensorBase v = contiguous_raw(var)
    if v.code() == F32:
        kernels.inverse_std(<float*> out.data(), <const float*> v.data(), v.numel_, eps)
    else:
        kernels.inverse_std(<double*> out.data(), <const double*> v.data(), v.numel_, eps)
    return out


cdef TensorBase apply_raw(TensorBase x, TensorBase mean, TensorBase invstd, TensorBase weight,
                          TensorBase bias, NormShape* s):
    cdef TensorBase y = new_like(x, x.dtype_)
    cdef TensorBase w = None if weight is None else contiguous_raw(weight)
    cdef TensorBase b = None if bias is None else contiguous_raw(bias)
    cdef char* pw = data_or_null(w)
    cdef char* pb = data_or_null(b)
    if x.code() == F32:
        with nogil:
            kernels.batch_norm_apply(<float*> y.data(), <const float*> x.data(),
                                     <const float*> mean.data(), <const float*> invstd.data(),
                                     <const float*> pw, <const float*> pb, s)
    else:
        with nogil:
            kernels.batch_norm_apply(<double*> y.data(), <const double*> x.data(),
                                     <const double*> mean.data(), <const double*> invstd.data(),
                                     <const double*> pw, <const double*> pb, s)
    return y


# ---------------------------------------------------------------- derivative

cdef class NativeBatchNormBackward0(Node):
    """dx, dweight and dbias; the kernel's formulas stand in `_kernels/norm.pxd`."""

    cdef TensorBase mean, invstd
    cdef bint training
    cdef double eps

    saved_names = ("input", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase weight = unpack(self.s1, self)
        if grad_enabled() and records3(g, x, weight):
            return self.recorded(g, x, weight)
        return self.fused(g, x, weight)

    cdef tuple fused(self, TensorBase g, TensorBase x, TensorBase weight):
        """All gradients in two passes over the input."""
        cdef NormShape s
        cdef TensorBase dx = None
        cdef TensorBase dw = per_channel(x, x.shape_[1])
        cdef TensorBase db = per_channel(x, x.shape_[1])
        cdef TensorBase w = None if weight is None else contiguous_raw(weight)
        cdef char* pw = data_or_null(w)
        cdef char* px = NULL
        cdef bint training = self.training
        cdef TensorBase mean = self.mean
        cdef TensorBase invstd = self.invstd
        x = dense(x, &s)
        g = like_order(g, x)
        if self.needs(0):
            dx = new_like(x, x.dtype_)
            px = dx.data()
        if x.code() == F32:
            with nogil:
                kernels.batch_norm_backward(
                    <float*> px, <float*> dw.data(), <float*> db.data(), <const float*> g.data(),
                    <const float*> x.data(), <const float*> mean.data(),
                    <const float*> invstd.data(), <const float*> pw, &s, training)
        else:
            with nogil:
                kernels.batch_norm_backward(
                    <double*> px, <double*> dw.data(), <double*> db.data(),
                    <const double*> g.data(), <const double*> x.data(),
                    <const double*> mean.data(), <const double*> invstd.data(),
                    <const double*> pw, &s, training)
        return (dx, dw if self.needs(1) else None, db if self.needs(2) else None)

    cdef tuple recorded(self, TensorBase g, TensorBase x, TensorBase weight):
        """The same of differentiable operations, for higher derivatives."""
        cdef tuple axes = (0,) + tuple(range(2, x.ndim_))
        cdef tuple shape = (1, x.shape_[1]) + (1,) * (x.ndim_ - 2)
        if self.training:
            mean = mean_op(x, axes, True)
            centred = sub_op(x, mean)
            invstd = pow_number(add_number(mean_op(mul_op(centred, centred), axes, True),
                                           self.eps), -0.5)
        else:
            centred = sub_op(x, reshape_to(self.mean, shape))
            invstd = reshape_to(self.invstd, shape)
        normed = mul_op(centred, invstd)
        dx = dw = db = None
        if self.needs(0):
            scaled = g if weight is None else mul_op(g, reshape_to(weight, shape))
            dx = scaled
            if self.training:
                dx = sub_op(sub_op(scaled, mean_op(scaled, axes, True)),
                            mul_op(normed, mean_op(mul_op(scaled, normed), axes, True)))
            dx = mul_op(dx, invstd)
        if self.needs(1):
            dw = sum_op(mul_op(g, normed), axes, False)
        if self.needs(2):
            db = sum_op(g, axes, False)
        return (dx, dw, db)


# ---------------------------------------------------------------- entry

cdef TensorBase normalised(TensorBase x, TensorBase weight, TensorBase bias,
                           TensorBase running_mean, TensorBase running_var, bint training,
                           double momentum, double eps):
    cdef NormShape s
    cdef TensorBase plain = dense(x, &s)
    cdef TensorBase mean, invstd, y
    cdef NativeBatchNormBackward0 node
    if training:
        mean, invstd = per_channel(x, s.channels), per_channel(x, s.channels)
        batch_statistics(mean, invstd, running_mean, running_var, plain, &s, momentum, eps)
    else:
        mean, invstd = contiguous_raw(running_mean), inverse_of(running_var, eps)
    y = apply_raw(plain, mean, invstd, weight, bias, &s)
    if records3(x, weight, bias):
        node = NativeBatchNormBackward0.__new__(NativeBatchNormBackward0)
        connect3(node, x, weight, bias)
        node.s0, node.s1 = save(x), save(weight)
        node.invstd, node.training, node.eps = invstd, training, eps
        # the running statistics may move on before the backward
        node.mean = mean if training else clone_of(mean)
        set_function(y, node, 0)
    return y


cdef TensorBase clone_of(TensorBase t):
    cdef TensorBase out = new_like(t, t.dtype_)
    copy_raw(out, t)
    return out


def batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps):
    """Normalise each channel; see `minitorch.nn.functional.batch_norm`."""
    cdef TensorBase x = check_tensor(input, "batch_norm", "input")
    cdef TensorBase w, b, rm, rv
    cdef Py_ssize_t channels
    if x.dtype_.category != FLOATING:
        raise NotImplementedError("\"batch_norm\" not implemented for "
                                  f"'{x.dtype_.name.capitalize()}'")
    if x.ndim_ < 2:
        raise RuntimeError(f"batch_norm: expected at least 2 dimensions, got {x.ndim_}")
    channels = x.shape_[1]
    rm = check_per_channel(running_mean, channels, x, "running_mean")
    rv = check_per_channel(running_var, channels, x, "running_var")
    w = check_per_channel(weight, channels, x, "weight")
    b = check_per_channel(bias, channels, x, "bias")
    if not training:
        for value, name in ((rm, "running_mean"), (rv, "running_var")):
            if value is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
    if x.dtype_.itemsize >= 4:
        return normalised(x, w, b, rm, rv, training, momentum, eps)
    return half_norm(x, w, b, rm, rv, training, momentum, eps)


cdef TensorBase half_norm(TensorBase x, TensorBase w, TensorBase b, TensorBase rm, TensorBase rv,
                          bint training, double momentum, double eps):
    """Half precision by way of float32; the parameters may be of either."""
    cdef dtype single = of_code(F32)
    cdef TensorBase mean = None if rm is None else cast_raw(rm, single)
    cdef TensorBase var = None if rv is None else cast_raw(rv, single)
    out = normalised(to_dtype(x, single), None if w is None else to_dtype(w, single),
                     None if b is None else to_dtype(b, single), mean, var, training, momentum,
                     eps)
    if training:
        for running, moved in ((rm, mean), (rv, var)):
            if running is not moved:
                copy_raw(running, moved)
    return to_dtype(out, x.dtype_)
