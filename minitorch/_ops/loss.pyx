"""Softmax and the losses, with their derivatives."""

from libc.stdint cimport int64_t

from minitorch._core.dtype cimport FLOATING, of_code, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect1, connect2, records1, records2, save, save_output, set_function, unpack)
from minitorch._core.shape cimport product, size_text, wrap_dim
from minitorch._core.tensor cimport TensorBase, new_tensor, same_shape, shape_of
from minitorch._kernels cimport softmax as kernels
from minitorch._kernels.softmax cimport REDUCE_MEAN, REDUCE_NONE, REDUCE_SUM, Reduction
from minitorch._kernels.types cimport F32, I64, U8
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, full_raw
from minitorch._ops.binary cimport mul_op, neg_op, sub_op
from minitorch._ops.copy cimport to_dtype
from minitorch._kernels.pointwise cimport UNARY_EXP
from minitorch._ops.reduce cimport sum_op
from minitorch._ops.unary cimport unary_op
from minitorch._ops.view cimport reshape_to
from minitorch._ops.writing cimport deliver


# ---------------------------------------------------------------- softmax

cdef class SoftmaxNode(Node):
    saved_names = ("result", "dim")


cdef class SoftmaxBackward0(SoftmaxNode):
    """dx = y (dy - sum dy y)."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase y = unpack(self.s0, self)
        if records2(g, y):
            gy = mul_op(g, y)
            return (sub_op(gy, mul_op(y, sum_op(gy, self.s1, True))),)
        return (softmax_slope(g, y, self.s1, False),)


cdef class LogSoftmaxBackward0(SoftmaxNode):
    """dx = dy - exp(y) sum dy."""

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase y = unpack(self.s0, self)
        if records2(g, y):
            return (sub_op(g, mul_op(unary_op(UNARY_EXP, y), sum_op(g, self.s1, True))),)
        return (softmax_slope(g, y, self.s1, True),)


cdef TensorBase softmax_raw(TensorBase x, int dim, bint log):
    """softmax or its logarithm along `dim` of a float or double tensor."""
    cdef TensorBase dense = contiguous_raw(x)
    cdef TensorBase y = new_tensor(x.dtype_, x.ndim_, x.shape_)
    cdef Py_ssize_t outer = product(dim, x.shape_)
    cdef Py_ssize_t n = x.shape_[dim] if x.ndim_ else 1
    cdef Py_ssize_t inner = product(x.ndim_ - dim - 1, x.shape_ + dim + 1) if x.ndim_ else 1
    cdef float* yf = <float*> y.data()
    cdef const float* xf = <const float*> dense.data()
    cdef double* yd = <double*> y.data()
    cdef const double* xd = <const double*> dense.data()
    cdef bint single = x.code() == F32
    if y.numel_ == 0:
        return y
    with nogil:
        if single and log:
            kernels.log_softmax(yf, xf, outer, n, inner)
        elif single:
            kernels.softmax(yf, xf, outer, n, inner)
        elif log:
            kernels.log_softmax(yd, xd, outer, n, inner)
        else:
            kernels.softmax(yd, xd, outer, n, inner)
    return y


cdef TensorBase softmax_slope(TensorBase g, TensorBase y, int dim, bint log):
    """The derivative of `softmax_raw`, unrecorded."""
    cdef TensorBase dy = contiguous_raw(g)
    cdef TensorBase dx = new_tensor(y.dtype_, y.ndim_, y.shape_)
    cdef Py_ssize_t outer = product(dim, y.shape_)
    cdef Py_ssize_t n = y.shape_[dim] if y.ndim_ else 1
    cdef Py_ssize_t inner = product(y.ndim_ - dim - 1, y.shape_ + dim + 1) if y.ndim_ else 1
    cdef float* xf = <float*> dx.data()
    cdef const float* gf = <const float*> dy.data()
    cdef const float* yf = <const float*> y.data()
    cdef double* xd = <double*> dx.data()
    cdef const double* gd = <const double*> dy.data()
    cdef const double* yd = <const double*> y.data()
    cdef bint single = y.code() == F32
    if dx.numel_ == 0:
        return dx
    with nogil:
        if single and log:
            kernels.log_softmax_backward(xf, gf, yf, outer, n, inner)
        elif single:
            kernels.softmax_backward(xf, gf, yf, outer, n, inner)
        elif log:
            kernels.log_softmax_backward(xd, gd, yd, outer, n, inner)
        else:
            kernels.softmax_backward(xd, gd, yd, outer, n, inner)
    return dx


cdef TensorBase softmax_op(TensorBase x, int dim, bint log):
    cdef TensorBase y
    cdef Node node
    if x.dtype_.itemsize < 4:
        return to_dtype(softmax_op(to_dtype(x, of_code(F32)), dim, log), x.dtype_)
    y = softmax_raw(x, dim, log)
    if records1(x):
        if log:
            node = LogSoftmaxBackward0.__new__(LogSoftmaxBackward0)
        else:
            node = SoftmaxBackward0.__new__(SoftmaxBackward0)
        connect1(node, x)
        set_function(y, node, 0)
        node.s0, node.s1 = save_output(y), dim
    return y


cdef TensorBase checked_softmax(object input, object dim, bint log, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    if dim is None:
        raise TypeError(f"{where}() missing required argument: 'dim'")
    axis = wrap_dim(dim, x.ndim_)
    if x.dtype_.category != FLOATING:
        last = "lastdim_" if x.ndim_ and axis == x.ndim_ - 1 else ""
        raise NotImplementedError(f"\"{where}_{last}kernel_impl\" not implemented for "
                                  f"'{type_name(x.dtype_)}'")
    return softmax_op(x, axis, log)


def softmax(input, dim=None, dtype=None, *, out=None):
    """exp(x) / sum exp(x) along `dim`."""
    return deliver(checked_softmax(input if dtype is None else input.to(dtype), dim, False,
                                       "softmax"), out)


def log_softmax(input, dim=None, dtype=None, *, out=None):
    """The logarithm of `softmax`, computed without overflow."""
    return deliver(checked_softmax(input if dtype is None else input.to(dtype), dim, True,
                                       "log_softmax"), out)


# ---------------------------------------------------------------- negative log-likelihood

cdef Reduction reduction_of(str name) except *:
    if name == "none":
        return REDUCE_NONE
    if name == "mean":
        return REDUCE_MEAN
    if name == "sum":
        return REDUCE_SUM
    raise ValueError(f"{name} is not a valid value for reduction")


cdef class NllLossBackward0(Node):
    """dlogp at each target is -weight dl; the loss is linear in logp."""

    cdef TensorBase target, weight, total
    cdef int64_t ignore
    cdef Reduction reduction

    saved_names = ("self",)

    cdef tuple apply(self, tuple grads):
        return (nll_slope_op(grads[0], unpack(self.s0, self), self),)


cdef class NllLoss2DBackward0(NllLossBackward0):
    pass


cdef class NllLossBackwardBackward(Node):
    """The slope is linear in the loss's gradient: its transpose is the loss itself.

    It does not depend on the values of the input, for which 0 comes out.
    """

    cdef NllLossBackward0 loss

    def name(self):
        return "NllLossBackwardBackward0"

    cdef tuple apply(self, tuple grads):
        cdef NllLossBackward0 of = self.loss
        cdef TensorBase g = grads[0]
        return (nll_op(g, of.target, of.weight, of.ignore, of.reduction)
                if self.needs(0) else None,
                full_raw(g.dtype_, g, 0) if self.needs(1) else None)


cdef int blocks(TensorBase x, Py_ssize_t* sizes) noexcept:
    """(batch, classes, pixels) of a (C), (N, C) or (N, C, ...) tensor."""
    sizes[0] = 1 if x.ndim_ == 1 else x.shape_[0]
    sizes[1] = x.shape_[0] if x.ndim_ == 1 else x.shape_[1]
    sizes[2] = product(x.ndim_ - 2, x.shape_ + 2) if x.ndim_ > 2 else 1
    return 0


cdef TensorBase nll_op(TensorBase x, TensorBase target, TensorBase weight, int64_t ignore,
                       Reduction reduction):
    """The loss of checked operands: x float or double, target int64, weight of x's dtype."""
    cdef Py_ssize_t s[3]
    cdef TensorBase dense = contiguous_raw(x)
    cdef TensorBase total = new_tensor(x.dtype_, 0, NULL)
    cdef TensorBase out
    cdef NllLossBackward0 node
    cdef char* w = NULL if weight is None else weight.data()
    cdef const int64_t* at = <const int64_t*> target.data()
    blocks(x, s)
    if reduction == REDUCE_NONE:
        out = new_tensor(x.dtype_, target.ndim_, target.shape_)
    else:
        out = new_tensor(x.dtype_, 0, NULL)
    if x.code() == F32:
        with nogil:
            kernels.nll_loss(<float*> out.data(), <float*> total.data(),
                             <const float*> dense.data(), at, <const float*> w, s[0], s[1], s[2],
                             ignore, reduction)
    else:
        with nogil:
            kernels.nll_loss(<double*> out.data(), <double*> total.data(),
                             <const double*> dense.data(), at, <const double*> w, s[0], s[1],
                             s[2], ignore, reduction)
    if records1(x):
        if x.ndim_ > 2:
            node = NllLoss2DBackward0.__new__(NllLoss2DBackward0)
        else:
            node = NllLossBackward0.__new__(NllLossBackward0)
        connect1(node, x)
        node.target, node.weight, node.total = target, weight, total
        node.ignore, node.reduction, node.s0 = ignore, reduction, save(x)
        set_function(out, node, 0)
    return out


cdef TensorBase nll_slope_op(TensorBase g, TensorBase x, NllLossBackward0 of):
    cdef Py_ssize_t s[3]
    cdef TensorBase dense = contiguous_raw(g)
    cdef TensorBase dx = new_tensor(x.dtype_, x.ndim_, x.shape_)
    cdef TensorBase total = of.total
    cdef NllLossBackwardBackward node
    cdef char* w = NULL if of.weight is None else of.weight.data()
    cdef const int64_t* at = <const int64_t*> of.target.data()
    cdef int64_t ignore = of.ignore
    cdef Reduction reduction = of.reduction
    blocks(dx, s)
    if g.code() == F32:
        with nogil:
            kernels.nll_loss_backward(<float*> dx.data(), <const float*> dense.data(), at,
                                      <const float*> w, <const float*> total.data(), s[0], s[1],
                                      s[2], ignore, reduction)
    else:
        with nogil:
            kernels.nll_loss_backward(<double*> dx.data(), <const double*> dense.data(), at,
                                      <const double*> w, <const double*> total.data(), s[0],
                                      s[1], s[2], ignore, reduction)
    if records2(g, x):
        node = NllLossBackwardBackward.__new__(NllLossBackwardBackward)
        connect2(node, g, x)
        node.loss = of
        set_function(dx, node, 0)
    return dx


cdef int check_shapes(TensorBase x, TensorBase target) except -1:
    cdef int i
    if x.ndim_ == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim_ == 1:
        if target.ndim_ > 1 or target.numel_ != 1:
            raise ValueError(f"For a 1-D input, the target must be 0-D or hold one number, got "
                             f"{shape_of(target)}") if target.ndim_ == 0 else \
                RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        return 0
    if target.ndim_ == 0 or x.shape_[0] != target.shape_[0]:
        found = target.shape_[0] if target.ndim_ else 0
        raise ValueError(f"Expected input batch_size ({x.shape_[0]}) to match target batch_size "
                         f"({found}).")
    if x.ndim_ == 2 and target.ndim_ != 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    expected = (x.shape_[0],) + tuple([x.shape_[i] for i in range(2, x.ndim_)])
    if tuple(shape_of(target)) != expected:
        raise RuntimeError(f"Expected target size {list(expected)}, got "
                           f"{size_text(target.ndim_, target.shape_)}")
    return 0


cdef TensorBase checked_target(TensorBase x, object target, int64_t ignore, str where):
    """The class numbers as contiguous int64, all within bounds."""
    cdef TensorBase t = check_tensor(target, where, "target")
    cdef Py_ssize_t bad, s[3]
    check_shapes(x, t)
    if t.dtype_.code != I64 and t.dtype_.code != U8:
        raise RuntimeError("expected target dtype to be Long or Byte, but got "
                           f"{type_name(t.dtype_)}")
    t = contiguous_raw(cast_raw(t, of_code(I64)))
    blocks(x, s)
    bad = kernels.first_bad_target(<const int64_t*> t.data(), t.numel_, s[1], ignore)
    if bad >= 0:
        raise IndexError(f"Target {(<const int64_t*> t.data())[bad]} is out of bounds.")
    return t


cdef TensorBase checked_weight(TensorBase x, object weight, str where):
    cdef TensorBase w
    cdef Py_ssize_t classes = x.shape_[0] if x.ndim_ == 1 else x.shape_[1]
    if weight is None:
        return None
    w = check_tensor(weight, where, "weight")
    if w.ndim_ != 1 or w.numel_ != classes:
        raise RuntimeError(f"weight tensor should be defined either for all {classes} classes or "
                           f"no classes but got weight tensor of shape: "
                           f"{size_text(w.ndim_, w.shape_)}")
    if w.dtype_ is not x.dtype_:
        raise RuntimeError(f"expected scalar type {type_name(x.dtype_)} but found "
                           f"{type_name(w.dtype_)}")
    return contiguous_raw(w)


cdef TensorBase checked_input(object input, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    if x.dtype_.category != FLOATING:
        raise NotImplementedError(f"\"{where}\" not implemented for '{type_name(x.dtype_)}'")
    return x


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """-input at the target classes; see `minitorch.nn.functional.nll_loss`."""
    cdef Reduction kind = reduction_of(reduction)
    cdef TensorBase x = checked_input(input, "nll_loss_out_frame")
    if x.ndim_ == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.dtype_.itemsize < 4:
        wide = None if weight is None else to_dtype(weight, of_code(F32))
        return to_dtype(nll_loss(to_dtype(x, of_code(F32)), target, wide, ignore_index, reduction),
                        x.dtype_)
    w = checked_weight(x, weight, "nll_loss")
    return nll_op(x, checked_target(x, target, ignore_index, "nll_loss"), w, ignore_index, kind)


# ---------------------------------------------------------------- cross entropy

cdef object reduced(object losses, Reduction reduction, object divisor):
    """Sum, mean by `divisor`, or the losses themselves."""
    if reduction == REDUCE_NONE:
        return losses
    total = losses.sum()
    return total if reduction == REDUCE_SUM else total / divisor


cdef object smoothed(TensorBase logp, TensorBase target, TensorBase weight, int64_t ignore,
                     Reduction reduction, double smoothing):
    """(1 - e) nll + e / C sum_c -w_c logp_c, over the rows that count."""
    cdef int axis = 0 if logp.ndim_ == 1 else 1
    cdef Py_ssize_t classes = logp.shape_[axis]
    shape = [1] * logp.ndim_
    shape[axis] = classes
    hard = nll_op(logp, target, weight, ignore, reduction)
    spread = neg_op(logp)
    if weight is not None:
        spread = mul_op(spread, reshape_to(weight, tuple(shape)))
    spread = sum_op(spread, axis, False)
    counted = target != ignore
    if logp.ndim_ == 1:
        counted = counted.reshape(())
    spread = mul_op(spread, to_dtype(counted, logp.dtype_))
    if weight is None:
        divisor = counted.sum().to(logp.dtype_)
    else:
        safe = target * counted.reshape(shape_of(target))
        divisor = (weight[safe] * counted.reshape(shape_of(target))).sum()
    if reduction == REDUCE_NONE and logp.ndim_ == 1:
        spread = spread.reshape(shape_of(hard))
    soft = reduced(spread, reduction, divisor)
    return hard * (1 - smoothing) + soft * (smoothing / classes)


cdef object of_probabilities(TensorBase logp, TensorBase target, TensorBase weight,
                             Reduction reduction, double smoothing):
    """-sum_c w_c p_c logp_c; the mean is over rows."""
    cdef int axis = 0 if logp.ndim_ == 1 else 1
    cdef Py_ssize_t classes = logp.shape_[axis]
    probabilities = target
    if smoothing > 0:
        probabilities = target * (1 - smoothing) + smoothing / classes
    terms = logp * probabilities
    if weight is not None:
        shape = [1] * logp.ndim_
        shape[axis] = classes
        terms = terms * reshape_to(weight, tuple(shape))
    if reduction == REDUCE_NONE:
        return neg_op(sum_op(terms, axis, False))
    total = neg_op(sum_op(terms, None, False))
    return total if reduction == REDUCE_SUM else total / (logp.numel_ // max(classes, 1))


def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean",
                  label_smoothing=0.0):
    """The negative log-likelihood of logits; see `minitorch.nn.functional.cross_entropy`."""
    cdef Reduction kind = reduction_of(reduction)
    cdef TensorBase x = checked_input(input, "log_softmax_lastdim_kernel_impl")
    cdef TensorBase t = check_tensor(target, "cross_entropy", "target")
    cdef TensorBase logp
    cdef int axis = 0 if x.ndim_ <= 1 else 1
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing must be between 0.0 and 1.0. Got: "
                           f"{label_smoothing:g}")
    if x.ndim_ == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.dtype_.itemsize < 4:
        single = of_code(F32)
        wide = None if weight is None else to_dtype(weight, single)
        classes = to_dtype(t, single) if t.dtype_.category == FLOATING else t
        return to_dtype(cross_entropy(to_dtype(x, single), classes, wide, ignore_index, reduction,
                                      label_smoothing), x.dtype_)
    w = checked_weight(x, weight, "cross_entropy")
    if same_shape(x, t) and not (x.ndim_ == 1 and t.dtype_.category != FLOATING and x.numel_ == 1):
        if t.dtype_.category != FLOATING:
            if x.ndim_ == 1:
                raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
            raise RuntimeError("Expected floating point type for target with class probabilities, "
                               f"got {type_name(t.dtype_)}")
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return of_probabilities(softmax_op(x, axis, True), t, w, kind, label_smoothing)
    classes = checked_target(x, target, ignore_index, "cross_entropy")
    logp = softmax_op(x, axis, True)
    if label_smoothing > 0:
        return smoothed(logp, classes, w, ignore_index, kind, label_smoothing)
    return nll_op(logp, classes, w, ignore_index, kind)
