# cython: auto_pickle=False
"""Layer and group normalisation, each with its derivative.

Sources of the formulas: Ba et al., "Layer Normalization" (arXiv:1607.06450); Wu and He, "Group
Normalization" (arXiv:1803.08494).
"""

from minitorch._core.dtype cimport FLOATING, dtype, of_code, type_name
from minitorch._core.grad_mode cimport grad_enabled
from minitorch._core.node cimport Node
from minitorch._core.record cimport connect3, records3, save, set_function, unpack
from minitorch._core.shape cimport Dims, dims_from, product, size_text
from minitorch._core.tensor cimport (
    TensorBase, alias, channels_last, new_like, new_tensor, shape_of)
from minitorch._kernels cimport row_norm as kernels
from minitorch._kernels.row_norm cimport RowShape
from minitorch._kernels.types cimport F32, F64
from minitorch._ops._base cimport cast_raw, check_tensor, contiguous_raw, copy_raw, full_raw
from minitorch._ops.binary cimport add_number, add_op, mul_number, mul_op, neg_op, sub_op
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.power cimport pow_number
from minitorch._ops.reduce cimport expand_op, mean_op, sum_op
from minitorch._ops.view cimport reshape_to


cdef char* data_or_null(TensorBase t) noexcept:
    return NULL if t is None else t.data()


cdef TensorBase widened(TensorBase t, dtype d):
    """Contiguous, in the dtype of the kernels; None stays None."""
    return None if t is None else contiguous_raw(cast_raw(t, d))


cdef TensorBase in_order_of(TensorBase y, TensorBase x):
    """A contiguous result in channels_last and the dtype of `x`, where that has them."""
    cdef TensorBase out
    if not channels_last(x):
        return cast_raw(y, x.dtype_)
    out = new_like(x, x.dtype_)
    copy_raw(out, y)
    return out


# ---------------------------------------------------------------- derivative

cdef class RowNormNode(Node):
    """dx, dweight, dbias; the kernel's formulas stand in `_kernels/row_norm.pxd`."""

    cdef RowShape shape
    cdef TensorBase mean, invstd
    cdef double eps
    cdef dtype weight_dtype, bias_dtype
    cdef tuple weight_shape

    saved_names = ("input", "weight")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = grads[0]
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase weight = unpack(self.s1, self)
        if len(grads) > 1 and (grads[1] is not None or grads[2] is not None):
            return self.with_statistics(grads, x, weight)
        if grad_enabled() and records3(g, x, weight):
            return self.recorded(g, x, weight)
        return self.fused(g, x, weight)

    cdef TensorBase parameter_like(self, int i):
        """Room for the gradient of the weight or the bias, or None where it is not wanted."""
        cdef Py_ssize_t n = self.shape.groups * self.shape.channels
        return new_tensor(self.mean.dtype_, 1, &n) if self.needs(i) else None

    cdef tuple fused(self, TensorBase g, TensorBase x, TensorBase weight):
        cdef dtype d = self.mean.dtype_
        cdef TensorBase dx = None
        cdef TensorBase dw = self.parameter_like(1)
        cdef TensorBase db = self.parameter_like(2)
        cdef TensorBase dense = widened(x, d), dy = widened(g, d), w = widened(weight, d)
        if self.needs(0):
            dx = new_tensor(d, x.ndim_, x.shape_)
        if x.numel_:
            backward_raw(dx, dw, db, dy, dense, self.mean, self.invstd, w, &self.shape)
        else:
            dw = None if dw is None else full_raw(d, dw, 0)
            db = None if db is None else full_raw(d, db, 0)
        return (None if dx is None else in_order_of(dx, x),
                None if dw is None else reshape_to(cast_raw(dw, self.weight_dtype),
                                                   self.weight_shape),
                None if db is None else reshape_to(cast_raw(db, self.bias_dtype),
                                                   self.weight_shape))

    cdef tuple with_statistics(self, tuple grads, TensorBase x, TensorBase weight):
        """The same where gradients came to the mean and to invstd, too.

        dmean / dx = 1 / n;  dinvstd / dx = -(x - mean) invstd^3 / n.
        """
        cdef dtype d = self.mean.dtype_
        cdef Py_ssize_t n = self.shape.channels * self.shape.pixels
        cdef tuple rows = (self.shape.batch, self.shape.groups, self.shape.channels,
                           self.shape.pixels)
        cdef tuple found = (None, None, None)
        if grads[0] is not None:
            found = self.recorded(grads[0], x, weight)
        if not self.needs(0):
            return found
        centred, invstd = self.centred(x, rows)
        slope = None
        if grads[1] is not None:
            slope = reshape_to(to_dtype(grads[1], d), rows[:2] + (1, 1))
        if grads[2] is not None:
            g = reshape_to(to_dtype(grads[2], d), rows[:2] + (1, 1))
            steep = mul_op(centred, neg_op(mul_op(g, pow_number(invstd, 3))))
            slope = steep if slope is None else add_op(steep, slope)
        extra = expand_op(mul_number(slope, 1.0 / n), rows)
        extra = to_dtype(reshape_to(extra, tuple(shape_of(x))), x.dtype_)
        dx = extra if found[0] is None else add_op(found[0], extra)
        return (dx,) + found[1:]

    cdef tuple centred(self, TensorBase x, tuple rows):
        """x - mean and invstd of differentiable operations, seen as `rows`."""
        wide = reshape_to(to_dtype(x, self.mean.dtype_), rows)
        centred = sub_op(wide, mean_op(wide, (2, 3), True))
        variance = mean_op(mul_op(centred, centred), (2, 3), True)
        return centred, pow_number(add_number(variance, self.eps), -0.5)

    cdef tuple recorded(self, TensorBase g, TensorBase x, TensorBase weight):
        """The same of differentiable operations, for higher derivatives."""
        cdef dtype d = self.mean.dtype_
        cdef tuple rows = (self.shape.batch, self.shape.groups, self.shape.channels,
                           self.shape.pixels)
        g = reshape_to(to_dtype(g, d), rows)
        centred, invstd = self.centred(x, rows)
        normed = mul_op(centred, invstd)
        dx = dw = db = None
        if self.needs(0):
            h = g
            if weight is not None:
                h = mul_op(g, reshape_to(to_dtype(weight, d), (1,) + rows[1:3] + (1,)))
            dx = sub_op(sub_op(h, mean_op(h, (2, 3), True)),
                        mul_op(normed, mean_op(mul_op(h, normed), (2, 3), True)))
            dx = to_dtype(reshape_to(mul_op(dx, invstd), tuple(shape_of(x))), x.dtype_)
        if self.needs(1):
            dw = to_dtype(reshape_to(sum_op(mul_op(g, normed), (0, 3), False), self.weight_shape),
                          self.weight_dtype)
        if self.needs(2):
            db = to_dtype(reshape_to(sum_op(g, (0, 3), False), self.weight_shape),
                          self.bias_dtype)
        return (dx, dw, db)


cdef class NativeLayerNormBackward0(RowNormNode):
    pass


cdef class NativeGroupNormBackward0(RowNormNode):
    pass


cdef int backward_raw(TensorBase dx, TensorBase dw, TensorBase db, TensorBase g, TensorBase x,
                      TensorBase mean, TensorBase invstd, TensorBase w,
                      const RowShape* s) except -1:
    cdef char* px = data_or_null(dx)
    cdef char* pdw = data_or_null(dw)
    cdef char* pdb = data_or_null(db)
    cdef char* pw = data_or_null(w)
    if x.code() == F32:
        with nogil:
            kernels.row_norm_backward(
                <float*> px, <float*> pdw, <float*> pdb, <const float*> g.data(),
                <const float*> x.data(), <const float*> mean.data(),
                <const float*> invstd.data(), <const float*> pw, s)
    else:
        with nogil:
            kernels.row_norm_backward(
                <double*> px, <double*> pdw, <double*> pdb, <const double*> g.data(),
                <const double*> x.data(), <const double*> mean.data(),
                <const double*> invstd.data(), <const double*> pw, s)
    return 0


# ---------------------------------------------------------------- forward

cdef int forward_raw(TensorBase y, TensorBase mean, TensorBase invstd, TensorBase x,
                     TensorBase w, TensorBase b, const RowShape* s, double eps) except -1:
    cdef char* pw = data_or_null(w)
    cdef char* pb = data_or_null(b)
    if x.code() == F32:
        with nogil:
            kernels.row_norm(<float*> y.data(), <float*> mean.data(), <float*> invstd.data(),
                             <const float*> x.data(), <const float*> pw, <const float*> pb, s,
                             eps)
    else:
        with nogil:
            kernels.row_norm(<double*> y.data(), <double*> mean.data(), <double*> invstd.data(),
                             <const double*> x.data(), <const double*> pw, <const double*> pb, s,
                             eps)
    return 0


cdef tuple row_norm_op(TensorBase x, TensorBase w, TensorBase b, const RowShape* s, double eps,
                       type node_class, const Dims* rows):
    """(result, mean, invstd), the result recorded; `rows` is the shape of the statistics."""
    cdef dtype d = of_code(F64) if x.dtype_.code == F64 else of_code(F32)
    cdef TensorBase mean = new_tensor(d, rows.n, rows.at)
    cdef TensorBase invstd = new_tensor(d, rows.n, rows.at)
    cdef TensorBase y = new_tensor(d, x.ndim_, x.shape_)
    cdef RowNormNode node
    forward_raw(y, mean, invstd, widened(x, d), widened(w, d), widened(b, d), s, eps)
    y = in_order_of(y, x) if node_class is NativeGroupNormBackward0 else cast_raw(y, x.dtype_)
    if records3(x, w, b):
        node = <RowNormNode> node_class.__new__(node_class)
        connect3(node, x, w, b)
        node.s0, node.s1 = save(x), save(w)
        node.shape, node.mean, node.invstd, node.eps = s[0], mean, invstd, eps
        if w is not None:
            node.weight_dtype, node.weight_shape = w.dtype_, tuple(shape_of(w))
        if b is not None:
            node.bias_dtype, node.weight_shape = b.dtype_, tuple(shape_of(b))
        set_function(y, node, 0)
    return y, mean, invstd


cdef tuple with_statistics(tuple made_and_kind, bint recorded):
    """The statistics as outputs, of the result's node too, in the dtype that PyTorch gives them.
    """
    cdef tuple made = made_and_kind[0]
    cdef dtype kind = made_and_kind[1]
    cdef Node node = (<TensorBase> made[0]).grad_fn_ if recorded else None
    cdef list results = [made[0]]
    cdef TensorBase t
    cdef int i
    for i in range(1, 3):
        t = cast_raw(made[i], kind)
        t = alias(t) if t is made[i] else t
        if node is not None:
            set_function(t, node, i)
        results.append(t)
    return tuple(results)


cdef int check_parameters(TensorBase x, TensorBase w, TensorBase b, str kernel) except -1:
    if x.dtype_.category != FLOATING:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{type_name(x.dtype_)}'")
    for t in (w, b):
        if t is None or (<TensorBase> t).dtype_ is x.dtype_:
            continue
        if x.dtype_.code == F64:
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
        if x.dtype_.itemsize != 2 or (<TensorBase> t).dtype_.code != F32:
            raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    return 0


cdef TensorBase optional(object value, str where, str name):
    return None if value is None else check_tensor(value, where, name)


cdef dtype statistics_dtype(TensorBase x, TensorBase w, TensorBase b):
    """float32 beside parameters of float32."""
    if w is not None or b is not None:
        return (b if w is None else w).dtype_
    return x.dtype_


# ---------------------------------------------------------------- layer_norm

cdef tuple layer_norm_op(object input, object normalized_shape, object weight, object bias,
                         double eps, str where):
    cdef TensorBase x = check_tensor(input, where, "input")
    cdef TensorBase w = optional(weight, where, "weight"), b = optional(bias, where, "bias")
    cdef Dims inner, rows
    cdef RowShape s
    cdef int i, lead
    cdef bint fits
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(f"{where}(): argument 'normalized_shape' (position 2) must be tuple of "
                        f"ints, not {type(normalized_shape).__name__}")
    dims_from(normalized_shape, &inner, where, "normalized_shape")
    text = size_text(inner.n, inner.at)
    if inner.n == 0:
        raise RuntimeError("Expected normalized_shape to be at least 1-dimensional, i.e., "
                           "containing at least one element, but got normalized_shape = []")
    for t, name in ((w, "weight"), (b, "bias")):
        if t is not None and tuple(shape_of(t)) != tuple(normalized_shape):
            raise RuntimeError(f"Expected {name} to be of same shape as normalized_shape, but got "
                               f"{name} of shape {list(t.shape)} and normalized_shape = {text}")
    lead = x.ndim_ - inner.n
    fits = lead >= 0
    for i in range(inner.n):
        fits = fits and x.shape_[lead + i] == inner.at[i]
    if not fits:
        raise RuntimeError(f"Given normalized_shape={text}, expected input with shape [*, "
                           f"{text[1:]}, but got input of size{size_text(x.ndim_, x.shape_)}")
    check_parameters(x, w, b, "LayerNormKernelImpl")
    rows.n = x.ndim_
    for i in range(x.ndim_):
        rows.at[i] = x.shape_[i] if i < lead else 1
    s.batch, s.groups, s.channels, s.pixels = product(lead, x.shape_), 1, product(
        inner.n, inner.at), 1
    made = row_norm_op(x, w, b, &s, eps, NativeLayerNormBackward0, &rows)
    return made, statistics_dtype(x, w, b)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """Normalise over the last axes; see `minitorch.nn.functional.layer_norm`.

    `cudnn_enable` chooses between kernels that the CPU does not have.
    """
    return layer_norm_op(input, normalized_shape, weight, bias, eps, "layer_norm")[0][0]


def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """(`layer_norm`, the means, 1 / sqrt(variances + eps))."""
    return with_statistics(layer_norm_op(input, normalized_shape, weight, bias, eps,
                                         "native_layer_norm"), False)


# ---------------------------------------------------------------- group_norm

cdef tuple group_norm_op(TensorBase x, TensorBase w, TensorBase b, Py_ssize_t groups, double eps):
    cdef RowShape s
    cdef Dims rows
    check_parameters(x, w, b, "GroupNormKernelImpl")
    s.batch, s.groups, s.channels = x.shape_[0], groups, x.shape_[1] // groups
    s.pixels = product(x.ndim_ - 2, x.shape_ + 2)
    rows.n, rows.at[0], rows.at[1] = 2, s.batch, groups
    return (row_norm_op(x, w, b, &s, eps, NativeGroupNormBackward0, &rows),
            statistics_dtype(x, w, b))


cdef int check_groups(TensorBase x, TensorBase w, TensorBase b, Py_ssize_t groups) except -1:
    shape = size_text(x.ndim_, x.shape_)
    if x.ndim_ < 2:
        raise RuntimeError("Expected at least 2 dimensions for input tensor but received "
                           f"{x.ndim_}")
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if x.shape_[1] % groups:
        raise RuntimeError("Expected number of channels in input to be divisible by num_groups, "
                           f"but got input of shape {shape} and num_groups={groups}")
    for t, name in ((w, "weight"), (b, "bias")):
        if t is not None and tuple(shape_of(t)) != (x.shape_[1],):
            raise RuntimeError(f"Expected {name} to be a vector of size equal to the number of "
                               f"channels in input, but got {name} of shape {list(t.shape)} and "
                               f"input of shape {shape}")
    return 0


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True):
    """Normalise groups of channels; see `minitorch.nn.functional.group_norm`.

    `cudnn_enabled` chooses between kernels that the CPU does not have.
    """
    cdef TensorBase x = check_tensor(input, "group_norm", "input")
    cdef TensorBase w = optional(weight, "group_norm", "weight")
    cdef TensorBase b = optional(bias, "group_norm", "bias")
    check_groups(x, w, b, num_groups)
    return group_norm_op(x, w, b, num_groups, eps)[0][0]


def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """(`group_norm`, the means, 1 / sqrt(variances + eps)) of an input with N * C * HxW elements.
    """
    cdef TensorBase x = check_tensor(input, "native_group_norm", "input")
    cdef TensorBase w = optional(weight, "native_group_norm", "weight")
    cdef TensorBase b = optional(bias, "native_group_norm", "bias")
    check_groups(x, w, b, group)
    if (N, C) != (x.shape_[0], x.shape_[1]) or N * C * HxW != x.numel_:
        raise RuntimeError(f"native_group_norm: N={N}, C={C} and HxW={HxW} are not those of an "
                           f"input of shape {size_text(x.ndim_, x.shape_)}")
    return with_statistics(group_norm_op(x, w, b, group, eps), True)
