# cython: auto_pickle=False
"""Batch normalisation and its derivative, alone or with a ReLU (and a residual sum) behind it.

Source of the formulas: Ioffe and Szegedy, "Batch Normalization" (arXiv:1502.03167).

With a ReLU behind it the outcome is computed in one pass, and only the rectified tensor exists;
the graph recorded is the one of the separate operations.  Backward, the ReLU's mask is applied
within the two passes of the normalisation: where no residual was added, the engine leaves it to
`apply_after`; where one was, `masked` computes the masked gradient, which the residual wants too,
and the sums over it at once.
"""

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.record cimport (
    SavedTensor, connect1, connect3, records1, records2, records3, save, save_output,
    set_function, unpack)
from minitorch._core.shape cimport product
from minitorch._core.tensor cimport (
    TensorBase, channels_last, new_like, new_tensor, same_geometry)
from minitorch._kernels cimport norm as kernels
from minitorch._kernels.norm cimport NormRelu, NormShape
from minitorch._kernels.pointwise cimport BINARY_ADD, UNARY_RELU
from minitorch._kernels.types cimport F32, F64
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, copy_raw
from minitorch._ops.activation cimport MaskingNode, ReluBackward0
from minitorch._ops.binary cimport (
    AddBackward0, add_number, link, mul_op, sub_op, two_inplace)
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.power cimport pow_number
from minitorch._ops.reduce cimport mean_op, sum_op
from minitorch._ops.unary cimport one_, unary_op
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
                           "mixed dtype (CPU): all inputs must share same datatype.")
    return t


cdef TensorBase dense(TensorBase x, NormShape* s):
    """`x` as (N, C, pixels) or (N, pixels, C) in one block; the shape is filled in."""
    s.batch, s.channels = x.shape_[0], x.shape_[1]
    s.pixels = product(x.ndim_ - 2, x.shape_ + 2)
    s.channels_last = channels_last(x)
    return x if s.channels_last else contiguous_raw(x)


cdef TensorBase dense_only(TensorBase x):
    cdef NormShape s
    return dense(x, &s)


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


cdef int coefficients(TensorBase scale, TensorBase offset, TensorBase mean, TensorBase invstd,
                      TensorBase weight, TensorBase bias) except -1:
    """The normalisation as x * scale + offset."""
    cdef TensorBase w = None if weight is None else contiguous_raw(weight)
    cdef TensorBase b = None if bias is None else contiguous_raw(bias)
    cdef char* pw = data_or_null(w)
    cdef char* pb = data_or_null(b)
    if scale.code() == F32:
        kernels.batch_norm_coefficients(
            <float*> scale.data(), <float*> offset.data(), <const float*> mean.data(),
            <const float*> invstd.data(), <const float*> pw, <const float*> pb, scale.numel_)
    else:
        kernels.batch_norm_coefficients(
            <double*> scale.data(), <double*> offset.data(), <const double*> mean.data(),
            <const double*> invstd.data(), <const double*> pw, <const double*> pb, scale.numel_)
    return 0


cdef TensorBase affine_raw(TensorBase x, TensorBase scale, TensorBase offset,
                           TensorBase residual, bint relu, const NormShape* s):
    """relu(x * scale + offset + residual) in one pass; the residual lies in memory as x does."""
    cdef TensorBase y = new_like(x, x.dtype_)
    cdef char* pr = data_or_null(residual)
    if x.code() == F32:
        with nogil:
            kernels.affine_act(<float*> y.data(), <const float*> x.data(),
                               <const float*> scale.data(), <const float*> offset.data(),
                               <const float*> pr, relu, s)
    else:
        with nogil:
            kernels.affine_act(<double*> y.data(), <const double*> x.data(),
                               <const double*> scale.data(), <const double*> offset.data(),
                               <const double*> pr, relu, s)
    return y


# ---------------------------------------------------------------- derivative

cdef class NativeBatchNormBackward0(MaskingNode):
    """dx, dweight and dbias; the kernel's formulas stand in `_kernels/norm.pxd`."""

    cdef TensorBase mean, invstd
    cdef bint training
    cdef double eps
    # with a ReLU right behind: its operand is x * scale + offset
    cdef TensorBase scale, offset
    # what `masked` computed ahead: a gradient, its version and the sums over it
    cdef TensorBase summed, sums
    cdef unsigned long summed_version

    saved_names = ("input", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase weight = unpack(self.s1, self)
        if grad_enabled() and records3(g, x, weight):
            return self.recorded(g, x, weight)
        return self.fused(g, x, weight, NULL)

    cdef tuple apply_after(self, tuple grads, object left):
        """With the mask of the ReLU, whose result is `left` or else known by its operand."""
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase weight = unpack(self.s1, self)
        cdef TensorBase result = left
        cdef NormRelu relu
        relu.result = relu.scale = relu.offset = NULL
        if result is None:
            relu.scale, relu.offset = self.scale.data(), self.offset.data()
        else:
            result = like_order(result, dense_only(x))
            relu.result = result.data()
        return self.fused(grads[0], x, weight, &relu)

    cdef TensorBase masked(self, TensorBase g, TensorBase result):
        cdef SavedTensor saved = self.s0
        cdef TensorBase x, out, sums
        cdef NormShape s
        cdef NormRelu relu
        cdef Py_ssize_t wanted = 2 * self.mean.numel_
        if not (self.needs(1) or self.needs(2) or (self.needs(0) and self.training)):
            return None             # no sums wanted
        if (saved is None or saved.unpack_hook is not None
                or saved.tensor.storage.version != saved.version):
            return None             # `apply` will say what is wrong
        x = dense(saved.tensor, &s)
        if not (same_geometry(g, x) and same_geometry(result, x) and g.dtype_ is x.dtype_
                and result.dtype_ is x.dtype_):
            return None
        out = new_like(x, x.dtype_)
        sums = new_tensor(of_code(F64), 1, &wanted)
        relu.result, relu.scale, relu.offset = result.data(), NULL, NULL
        sums_raw(sums, out, g, x, self.mean, &relu, &s)
        # both at once: other threads may run this node too
        self.summed, self.sums, self.summed_version = out, sums, out.storage.version
        return out

    cdef tuple fused(self, TensorBase g, TensorBase x, TensorBase weight, const NormRelu* relu):
        """All gradients in two passes over the input, or the second of them alone."""
        cdef NormShape s
        cdef TensorBase dx = None
        cdef TensorBase dw = per_channel(x, x.shape_[1]) if self.needs(1) else None
        cdef TensorBase db = per_channel(x, x.shape_[1]) if self.needs(2) else None
        cdef TensorBase ahead = None
        cdef double* sums = NULL
        x = dense(x, &s)
        if g is self.summed and g.storage.version == self.summed_version:
            ahead = self.sums               # held: another thread may put its own in their place
            sums = <double*> ahead.data()
        g = like_order(g, x)
        if self.needs(0):
            dx = new_like(x, x.dtype_)
        backward_raw(dx, dw, db, g, x, self.mean, self.invstd, weight, relu, sums, &s,
                     self.training)
        self.summed = self.sums = None
        return (dx, dw, db)

    cdef void release(self) noexcept:
        MaskingNode.release(self)
        self.summed = self.sums = None

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


cdef int sums_raw(TensorBase sums, TensorBase masked, TensorBase g, TensorBase x,
                  TensorBase mean, const NormRelu* relu, const NormShape* s) except -1:
    cdef double* to = <double*> sums.data()
    if x.code() == F32:
        with nogil:
            kernels.batch_norm_sums(to, <float*> masked.data(), <const float*> g.data(),
                                    <const float*> x.data(), <const float*> mean.data(), relu, s)
    else:
        with nogil:
            kernels.batch_norm_sums(to, <double*> masked.data(), <const double*> g.data(),
                                    <const double*> x.data(), <const double*> mean.data(), relu,
                                    s)
    return 0


cdef int backward_raw(TensorBase dx, TensorBase dw, TensorBase db, TensorBase g, TensorBase x,
                      TensorBase mean, TensorBase invstd, TensorBase weight,
                      const NormRelu* relu, const double* sums, const NormShape* s,
                      bint training) except -1:
    cdef TensorBase w = None if weight is None else contiguous_raw(weight)
    cdef char* pw = data_or_null(w)
    cdef char* px = data_or_null(dx)
    cdef char* pdw = data_or_null(dw)
    cdef char* pdb = data_or_null(db)
    if x.code() == F32:
        with nogil:
            kernels.batch_norm_backward(
                <float*> px, <float*> pdw, <float*> pdb, <const float*> g.data(),
                <const float*> x.data(), <const float*> mean.data(),
                <const float*> invstd.data(), <const float*> pw, relu, sums, s, training)
    else:
        with nogil:
            kernels.batch_norm_backward(
                <double*> px, <double*> pdw, <double*> pdb, <const double*> g.data(),
                <const double*> x.data(), <const double*> mean.data(),
                <const double*> invstd.data(), <const double*> pw, relu, sums, s, training)
    return 0


# ---------------------------------------------------------------- entry

cdef class PendingNorm:
    """A normalisation that is recorded and whose coefficients are known, short of its last pass."""

    cdef TensorBase x, scale, offset        # x is dense
    cdef NormShape shape
    cdef NativeBatchNormBackward0 node      # None when nothing is recorded

    def outcome(self):
        """The normalised tensor."""
        return normalised(self)

    def relu(self, residual, bint inplace):
        """relu(y + residual) for the outcome y, as the separate operations give it.

        Parameters
        ----------
        residual : Tensor or None
            Added in place, that is ``y += residual``.
        inplace : bool
            Whether the ReLU is one that overwrites its operand, which the version tells.
        """
        return rectified(self, residual, inplace)


cdef PendingNorm prepare(TensorBase x, TensorBase weight, TensorBase bias,
                         TensorBase running_mean, TensorBase running_var, bint training,
                         double momentum, double eps):
    cdef PendingNorm made = PendingNorm.__new__(PendingNorm)
    cdef TensorBase mean, invstd
    cdef NativeBatchNormBackward0 node
    made.x = dense(x, &made.shape)
    if training:
        mean, invstd = per_channel(x, x.shape_[1]), per_channel(x, x.shape_[1])
        batch_statistics(mean, invstd, running_mean, running_var, made.x, &made.shape, momentum,
                         eps)
    else:
        mean, invstd = contiguous_raw(running_mean), inverse_of(running_var, eps)
    made.scale, made.offset = per_channel(x, x.shape_[1]), per_channel(x, x.shape_[1])
    coefficients(made.scale, made.offset, mean, invstd, weight, bias)
    if records3(x, weight, bias):
        node = NativeBatchNormBackward0.__new__(NativeBatchNormBackward0)
        connect3(node, x, weight, bias)
        node.s0, node.s1 = save(x), save(weight)
        node.invstd, node.training, node.eps = invstd, training, eps
        # the running statistics may move on before the backward
        node.mean = mean if training else clone_of(mean)
        made.node = node
    return made


cdef TensorBase normalised(PendingNorm p):
    """The outcome of a normalisation alone."""
    cdef TensorBase y = affine_raw(p.x, p.scale, p.offset, None, False, &p.shape)
    if p.node is not None:
        set_function(y, p.node, 0)
    return y


cdef TensorBase rectified(PendingNorm p, TensorBase residual, bint inplace):
    """relu(y + residual), with the nodes of the separate operations."""
    cdef TensorBase y
    cdef AddBackward0 add
    cdef ReluBackward0 node
    if residual is not None and not (residual.dtype_ is p.x.dtype_
                                     and same_geometry(residual, p.x)):
        y = two_inplace(BINARY_ADD, normalised(p), residual, "add_")
        return one_(UNARY_RELU, y, "relu_") if inplace else unary_op(UNARY_RELU, y)
    y = affine_raw(p.x, p.scale, p.offset, residual, True, &p.shape)
    if inplace:
        y.storage.version = 1 if residual is None else 2
    if p.node is not None:
        set_function(y, p.node, 0)
    if residual is not None and records2(y, residual):
        add = AddBackward0.__new__(AddBackward0)
        link(add, y, residual, y)
        set_function(y, add, 0)
    if records1(y):
        node = ReluBackward0.__new__(ReluBackward0)
        connect1(node, y)
        set_function(y, node, 0)
        node.s0 = save_output(y)
        node.source = p.node
        if residual is None:
            p.node.scale, p.node.offset = p.scale, p.offset
            node.absorber = p.node
    return y


cdef TensorBase clone_of(TensorBase t):
    cdef TensorBase out = new_like(t, t.dtype_)
    copy_raw(out, t)
    return out


cdef list check_operands(TensorBase x, object running_mean, object running_var, object weight,
                         object bias, bint training):
    """[weight, bias, running_mean, running_var] as tensors that fit `x`, or None."""
    cdef Py_ssize_t channels
    if x.dtype_.category != FLOATING:
        raise NotImplementedError("\"batch_norm\" not implemented for "
                                  f"'{type_name(x.dtype_)}'")
    if x.ndim_ < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [-{x.ndim_ or 1}, "
                         f"{x.ndim_ - 1 if x.ndim_ else 0}], but got 1)")
    channels = x.shape_[1]
    rm = check_per_channel(running_mean, channels, x, "running_mean")
    rv = check_per_channel(running_var, channels, x, "running_var")
    w = check_per_channel(weight, channels, x, "weight")
    b = check_per_channel(bias, channels, x, "bias")
    if not training:
        for value, name in ((rm, "running_mean"), (rv, "running_var")):
            if value is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
    return [w, b, rm, rv]


def batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps):
    """Normalise each channel; see `minitorch.nn.functional.batch_norm`."""
    cdef TensorBase x = check_tensor(input, "batch_norm", "input")
    w, b, rm, rv = check_operands(x, running_mean, running_var, weight, bias, training)
    if x.dtype_.itemsize >= 4:
        return normalised(prepare(x, w, b, rm, rv, training, momentum, eps))
    return half_norm(x, w, b, rm, rv, training, momentum, eps)


def pending_batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps):
    """`batch_norm` of a float32 or float64 image up to its last pass; see `PendingNorm`."""
    cdef TensorBase x = check_tensor(input, "batch_norm", "input")
    w, b, rm, rv = check_operands(x, running_mean, running_var, weight, bias, training)
    return prepare(x, w, b, rm, rv, training, momentum, eps)


def norm_coefficients(running_mean, running_var, weight, bias, eps):
    """(scale, offset) that turn `batch_norm` in evaluation into ``input * scale + offset``.

    The very numbers that `batch_norm` computes with; all arguments are float32 or float64
    tensors of one size, weight and bias may be None.  Not recorded.
    """
    cdef TensorBase mean = contiguous_raw(check_tensor(running_mean, "batch_norm", "running_mean"))
    cdef TensorBase scale = per_channel(mean, mean.numel_)
    cdef TensorBase offset = per_channel(mean, mean.numel_)
    coefficients(scale, offset, mean, inverse_of(running_var, eps), weight, bias)
    return scale, offset


def affine_act(input, scale, offset, residual, bint relu):
    """relu(input * scale + offset + residual) by channel, not recorded.

    `scale` and `offset` are as `norm_coefficients` gives them; `residual` is None or a tensor of
    the shape, dtype and memory order of the input.
    """
    cdef NormShape s
    cdef TensorBase x = dense(check_tensor(input, "affine_act", "input"), &s)
    cdef TensorBase r = residual
    if r is not None and not (r.dtype_ is x.dtype_ and same_geometry(r, x)):
        raise RuntimeError("affine_act: residual must lie in memory as the input does")
    return affine_raw(x, scale, offset, r, relu, &s)


cdef TensorBase half_norm(TensorBase x, TensorBase w, TensorBase b, TensorBase rm, TensorBase rv,
                          bint training, double momentum, double eps):
    """Half precision by way of float32; the parameters may be of either."""
    cdef dtype single = of_code(F32)
    cdef TensorBase mean = None if rm is None else cast_raw(rm, single)
    cdef TensorBase var = None if rv is None else cast_raw(rv, single)
    out = normalised(prepare(
        to_dtype(x, single), None if w is None else to_dtype(w, single),
        None if b is None else to_dtype(b, single), mean, var, training, momentum, eps))
    if training:
        for running, moved in ((rm, mean), (rv, var)):
            if running is not moved:
                copy_raw(running, moved)
    return to_dtype(out, x.dtype_)
