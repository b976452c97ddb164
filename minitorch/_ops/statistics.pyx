# cython: auto_pickle=False
"""Variances, norms and logsumexp.  Half precision is computed in float32 and rounded once."""

import math
import numbers

from minitorch._core.dtype cimport FLOATING, check_dtype, default_float, dtype as DType, of_code, type_name
from minitorch._core.record cimport records1, save, save_output, set_function, unpack
from minitorch._core.tensor cimport TensorBase, alias
from minitorch._kernels.pointwise cimport (
    BINARY_EQ, BINARY_LOGICAL_OR, UNARY_ABS, UNARY_EXP, UNARY_ISINF, UNARY_ISNAN,
    UNARY_LOG, UNARY_LOGICAL_NOT, UNARY_SIGN)
from minitorch._kernels.reduce cimport (
    REDUCE_AMAX, REDUCE_AMIN, REDUCE_MEAN, REDUCE_NORM2, REDUCE_STD, REDUCE_SUM, REDUCE_VAR)
from minitorch._kernels.types cimport BF16, BOOL, F16, F32
from minitorch._ops._base cimport binary_raw, cast_raw, check_tensor, full_raw, unary_raw
from minitorch._ops.binary cimport add_op, div_op, mul_number, mul_op, sub_op
from minitorch._ops.choice cimport masked
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.out cimport deliver_same
from minitorch._ops.power cimport pow_number
from minitorch._ops.reduce cimport (
    Axes, ReducingNode, axes_count, axes_tuple, either, expand_op, flag, link_reducing,
    mean_op, nonzero_raw, read_axes, reduce_raw, sum_op)
from minitorch._ops.strided cimport shape_tuple
from minitorch._ops.unary cimport unary_op
from minitorch._ops.writing cimport deliver


cdef TensorBase widened(TensorBase x):
    """The values to compute with, without history: half precision as float32."""
    if x.dtype_.code == F16 or x.dtype_.code == BF16:
        return cast_raw(x, of_code(F32))
    return alias(x)


# ---------------------------------------------------------------- variance

cdef class SpreadNode(ReducingNode):
    """Base of the nodes of variances and deviations."""

    cdef double correction
    cdef bint whole

    cdef TensorBase variance_slope(self, TensorBase g, TensorBase x):
        """2 (x - mean) / (n - correction) times a gradient that has all axes."""
        cdef object dims = axes_tuple(&self.axes, x.ndim_)
        cdef double freedom = axes_count(&self.axes, x) - self.correction
        cdef TensorBase mean = mean_op(x, dims, True)
        if self.whole and freedom <= 0:
            return mul_op(g, endless(x, mean))
        centred = sub_op(x, mean)
        return mul_op(mul_number(g, 2.0 / freedom if freedom else math.inf), centred)

    cdef TensorBase deviation_slope(self, TensorBase g, TensorBase x, TensorBase result):
        """Through d sqrt(v) = dv / (2 sqrt(v)), and 0 where nothing deviates."""
        half = div_op(g, mul_number(result, 2))
        return self.variance_slope(masked(half, nonzero_raw(result)), x)

    cdef TensorBase mean_slope(self, TensorBase g, TensorBase x):
        cdef Py_ssize_t n = axes_count(&self.axes, x)
        return expand_op(mul_number(g, 1.0 / n if n else math.inf), shape_tuple(x))


cdef TensorBase endless(TensorBase x, TensorBase mean):
    """NaN where an element is the mean, infinite elsewhere."""
    cdef TensorBase same = binary_raw(BINARY_EQ, x, mean, x.dtype_)
    cdef TensorBase out = full_raw(x.dtype_, x, math.inf)
    return sub_op(out, masked(out, same))


cdef class VarBackward0(SpreadNode):
    """d var(x) = 2 (x - mean) / (n - correction) dx."""

    saved_names = ("self",)

    cdef tuple apply(self, tuple grads):
        return (self.variance_slope(self.spread(grads[0]), unpack(self.s0, self)),)


cdef class StdBackward0(SpreadNode):
    """d std(x) = (x - mean) / ((n - correction) std) dx."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        x, result = unpack(self.s0, self), unpack(self.s1, self)
        return (self.deviation_slope(self.spread(grads[0]), x, self.spread(result)),)


cdef class VarMeanBackward0(SpreadNode):
    """The slopes of the variance and of the mean."""

    saved_names = ("self",)

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        out = None if grads[0] is None else self.variance_slope(self.spread(grads[0]), x)
        return (with_mean(self, out, grads[1], x),)


cdef class StdMeanBackward0(SpreadNode):
    """The slopes of the deviation and of the mean."""

    saved_names = ("self", "result0")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase x = unpack(self.s0, self)
        cdef TensorBase result
        out = None
        if grads[0] is not None:
            result = self.spread(unpack(self.s1, self))
            out = self.deviation_slope(self.spread(grads[0]), x, result)
        return (with_mean(self, out, grads[1], x),)


cdef TensorBase with_mean(SpreadNode node, TensorBase out, TensorBase g, TensorBase x):
    """`out` and the gradient of the mean together; either may be None."""
    if g is None:
        return out
    mean = node.mean_slope(node.spread(g), x)
    return mean if out is None else add_op(out, mean)


cdef int link_spread(SpreadNode node, TensorBase x, Axes* axes, bint whole, double correction,
                     bint keepdim, TensorBase result) except -1:
    link_reducing(node, x, axes, keepdim, result)
    node.correction, node.whole = correction, whole or x.ndim_ == 0
    node.s0 = save(x)
    return 0


cdef double correction_of(object unbiased, object correction, str where) except? -1:
    """What is subtracted from the number of elements."""
    if unbiased is not None and correction is not None:
        raise TypeError(f"{where}() received an invalid combination of arguments: 'unbiased' "
                        "excludes 'correction'")
    if unbiased is not None:
        if not isinstance(unbiased, bool):
            raise TypeError(f"{where}() received an invalid combination of arguments: 'unbiased' "
                            f"must be bool, not {type(unbiased).__name__}")
        return 1.0 if unbiased else 0.0
    if correction is None:
        return 1.0
    if isinstance(correction, bool) or not isinstance(correction, numbers.Real):
        raise TypeError(f"{where}(): argument 'correction' must be Number, not "
                        f"{type(correction).__name__}")
    return correction


cdef tuple variance_args(object input, object dim, object unbiased, object axis, str where):
    """(tensor, dim, unbiased): a bool in the place of `dim` is `unbiased`."""
    cdef TensorBase x = check_tensor(input, where, "input")
    dim = either(dim, axis, where, "axis")
    if isinstance(dim, bool):
        if unbiased is not None:
            raise TypeError(f"{where}() received an invalid combination of arguments: 'unbiased' "
                            "is given twice")
        dim, unbiased = None, dim
    if x.dtype_.category != FLOATING:
        whose = where if where.endswith("_mean") else "std and var"
        raise RuntimeError(f"{whose} only support floating point and complex dtypes")
    return x, dim, unbiased


cdef bint is_whole(object dim) noexcept:
    return dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0)


cdef TensorBase variance(int op, TensorBase x, object dim, double correction, bint keepdim):
    cdef Axes axes
    cdef TensorBase result
    cdef SpreadNode node
    read_axes(dim, x, &axes, "var")
    result = reduce_raw(op, x, &axes, keepdim, x.dtype_, correction)
    if records1(x):
        node = (VarBackward0.__new__(VarBackward0) if op == REDUCE_VAR
                else StdBackward0.__new__(StdBackward0))
        link_spread(node, x, &axes, is_whole(dim), correction, keepdim, result)
        if op == REDUCE_STD:
            node.s1 = save_output(result)
    return result


cdef tuple variance_and_mean(int op, TensorBase x, object dim, double correction, bint keepdim):
    cdef Axes axes
    cdef TensorBase result, mean
    cdef SpreadNode node
    read_axes(dim, x, &axes, "var_mean")
    result = reduce_raw(op, x, &axes, keepdim, x.dtype_, correction)
    mean = reduce_raw(REDUCE_MEAN, x, &axes, keepdim, x.dtype_, 0)
    if records1(x):
        node = (VarMeanBackward0.__new__(VarMeanBackward0) if op == REDUCE_VAR
                else StdMeanBackward0.__new__(StdMeanBackward0))
        link_spread(node, x, &axes, is_whole(dim), correction, keepdim, result)
        set_function(mean, node, 1)
        if op == REDUCE_STD:
            node.s1 = save_output(result)
    return result, mean


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None, axis=None,
        keepdims=None):
    """The variance of all elements, or along the axes `dim`.

    Parameters
    ----------
    input : Tensor
        Of a floating dtype.
    dim : int or tuple of int, optional
        A bool here is taken for `unbiased`.
    unbiased : bool, optional
        True stands for ``correction=1``, False for 0.
    keepdim : bool
        Keep the reduced axes with size 1.
    correction : number, optional
        The sum of squares is divided by the number of elements less this (default 1).

    Raises
    ------
    RuntimeError
        For a tensor that is not floating.
    """
    x, dim, unbiased = variance_args(input, dim, unbiased, axis, "var")
    by = correction_of(unbiased, correction, "var")
    return deliver(variance(REDUCE_VAR, x, dim, by, flag(keepdim, keepdims, "var")), out)


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None, axis=None,
        keepdims=None):
    """The square root of the variance; arguments as in `var`."""
    x, dim, unbiased = variance_args(input, dim, unbiased, axis, "std")
    by = correction_of(unbiased, correction, "std")
    return deliver(variance(REDUCE_STD, x, dim, by, flag(keepdim, keepdims, "std")), out)


def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None, axis=None,
             keepdims=None):
    """The pair (variance, mean); arguments as in `var`."""
    x, dim, unbiased = variance_args(input, dim, unbiased, axis, "var_mean")
    by = correction_of(unbiased, correction, "var_mean")
    return variance_and_mean(REDUCE_VAR, x, dim, by, flag(keepdim, keepdims, "var_mean"))


def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None, axis=None,
             keepdims=None):
    """The pair (standard deviation, mean); arguments as in `var`."""
    x, dim, unbiased = variance_args(input, dim, unbiased, axis, "std_mean")
    by = correction_of(unbiased, correction, "std_mean")
    return variance_and_mean(REDUCE_STD, x, dim, by, flag(keepdim, keepdims, "std_mean"))


# ---------------------------------------------------------------- norms

cdef class LinalgVectorNormBackward0(ReducingNode):
    """d |x|_p = sign(x) (|x| / |x|_p)^(p - 1) dx, and 0 where the norm is 0."""

    cdef double ord

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase g = self.spread(grads[0])
        cdef TensorBase x = to_dtype(unpack(self.s0, self), g.dtype_)
        cdef TensorBase norm = self.spread(unpack(self.s1, self))
        if self.ord == 0:
            return (None,)
        return (self.cast_back(norm_slope(g, x, norm, self.ord,
                                          axes_tuple(&self.axes, x.ndim_))),)


cdef TensorBase norm_slope(TensorBase g, TensorBase x, TensorBase norm, double p, object dims):
    cdef TensorBase size, mask
    # recorded, though flat: a second derivative is zero, not refused
    sign = unary_op(UNARY_SIGN, x)
    if p == 1:
        return mul_op(g, sign)
    if p == 2:
        return mul_op(g, masked(div_op(x, norm), nonzero_raw(norm)))
    size = unary_op(UNARY_ABS, x)
    if p == math.inf or p == -math.inf:
        mask = binary_raw(BINARY_LOGICAL_OR, binary_raw(BINARY_EQ, size, norm, size.dtype_),
                          unary_raw(UNARY_ISNAN, size), of_code(BOOL))
        share = div_op(g, sum_op(mask, dims, True))
        return mul_op(sign, mul_op(share, mask))
    if p < 1:
        scaled = mul_op(sign, masked(pow_number(size, p - 1), nonzero_raw(x)))
        return mul_op(mul_op(scaled, g), pow_number(norm, 1 - p))
    if p < 2:
        scaled = mul_op(sign, pow_number(size, p - 1))
    else:
        scaled = mul_op(x, pow_number(size, p - 2))
    return mul_op(scaled, masked(div_op(g, pow_number(norm, p - 1)), nonzero_raw(norm)))


cdef TensorBase norm_raw(TensorBase x, double p, Axes* axes, bint keepdim, DType out):
    cdef TensorBase size
    if p == 2:
        return reduce_raw(REDUCE_NORM2, alias(x), axes, keepdim, out, 0)
    if p == 0:
        return reduce_raw(REDUCE_SUM, nonzero_raw(x), axes, keepdim, out, 0)
    size = unary_raw(UNARY_ABS, widened(x))
    if p == math.inf or p == -math.inf:
        size = reduce_raw(REDUCE_AMAX if p > 0 else REDUCE_AMIN, size, axes, keepdim, size.dtype_,
                          0)
    elif p == 1:
        size = reduce_raw(REDUCE_SUM, size, axes, keepdim, size.dtype_, 0)
    else:
        size = reduce_raw(REDUCE_SUM, pow_number(size, p), axes, keepdim, size.dtype_, 0)
        size = pow_number(size, 1 / p)
    return cast_raw(size, out)


cdef int check_norm(TensorBase x, double p, Axes* axes, bint whole) except -1:
    """A maximum, and a sum to a negative power, need an element."""
    cdef int i
    if x.numel_ or 0 <= p < math.inf:
        return 0
    if whole:
        raise RuntimeError(f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor "
                           "because the operation does not have an identity")
    for i in range(x.ndim_):
        if axes.reduced[i] and x.shape_[i] == 0:
            raise RuntimeError(f"linalg.vector_norm cannot compute the {p:g} norm on the dimension "
                               f"{i}because this dimension is empty and the operation does not "
                               "have an identity")
    return 0


cdef DType norm_dtype(TensorBase x, object wanted):
    """The result's dtype, not narrower than the input's."""
    cdef DType out = x.dtype_
    if out.category != FLOATING:
        raise RuntimeError("linalg.vector_norm: Expected a floating point or complex tensor as "
                           f"input. Got {type_name(out)}")
    if wanted is None:
        return out
    out = check_dtype(wanted, "linalg.vector_norm")
    if out.category != FLOATING:
        raise RuntimeError("linalg.vector_norm: dtype should be floating point or complex, but got "
                           f"{type_name(out)}")
    if out is not x.dtype_ and out.itemsize <= x.dtype_.itemsize:
        raise RuntimeError("linalg.vector_norm: the dtype of the input "
                           f"({type_name(x.dtype_)}) should be convertible without narrowing to the "
                           f"specified dtype ({type_name(out)})")
    return out


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """The p-norm of all elements, or along the axes `dim`: (sum |x|^p)^(1/p).

    Parameters
    ----------
    x : Tensor
        Of a floating dtype.
    ord : number
        p; inf and -inf stand for the largest and smallest absolute value, 0 for the number of
        elements that are not zero.
    dim : int or tuple of int, optional
    keepdim : bool
        Keep the reduced axes with size 1.
    dtype : dtype, optional
        Computed and returned in this dtype, which must not be narrower.

    Raises
    ------
    RuntimeError
        For a dtype that is not floating, or an empty tensor where the norm needs an element.
    """
    cdef TensorBase t = check_tensor(x, "linalg_vector_norm", "self")
    cdef TensorBase result
    cdef Axes axes
    cdef LinalgVectorNormBackward0 node
    cdef bint keep = flag(keepdim, None, "linalg_vector_norm")
    if isinstance(ord, bool) or not isinstance(ord, numbers.Real):
        raise TypeError("linalg_vector_norm(): argument 'ord' (position 2) must be Number, not "
                        f"{type(ord).__name__}")
    d = norm_dtype(t, dtype)
    read_axes(dim, t, &axes, "linalg_vector_norm")
    check_norm(t, ord, &axes, is_whole(dim))
    result = norm_raw(cast_raw(t, d), ord, &axes, keep, d)
    if records1(t):
        node = LinalgVectorNormBackward0.__new__(LinalgVectorNormBackward0)
        link_reducing(node, t, &axes, keep, result)
        node.ord, node.s0, node.s1 = ord, save(t), save_output(result)
    return deliver_same(result, out, None)


def norm(input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    """The p-norm of all elements, or along the axes `dim`; "fro" and None stand for 2.

    "nuc" is the nuclear norm of matrices, the sum of their singular values.
    """
    check_tensor(input, "norm", "input")
    if p == "nuc":
        from minitorch._ops.norms import nuclear_norm
        return nuclear_norm(input, (-2, -1) if dim is None else dim, keepdim, out=out)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    order = 2 if p is None or isinstance(p, str) else p
    return vector_norm(input, order, dim, keepdim, dtype=dtype, out=out)


def tensor_norm(self, p="fro", dim=None, keepdim=False, dtype=None):
    """The method form of `norm`, which has no `out`."""
    return norm(self, p, dim, keepdim, dtype=dtype)


# ---------------------------------------------------------------- logsumexp

cdef class LogsumexpBackward0(ReducingNode):
    """The gradient is shared as softmax does: exp(x - result)."""

    saved_names = ("self", "result")

    cdef tuple apply(self, tuple grads):
        x = unpack(self.s0, self)
        result = self.spread(unpack(self.s1, self))
        return (mul_op(self.spread(grads[0]), unary_op(UNARY_EXP, sub_op(x, result))),)


cdef TensorBase logsumexp_raw(TensorBase x, Axes* axes, bint keepdim, DType out):
    """log(sum(exp(x))), moved by the largest element, which must not overflow."""
    cdef TensorBase top, moved, total
    if x.dtype_.category != FLOATING:
        x = cast_raw(x, out)
    x = widened(x)
    if x.numel_ == 0:
        total = reduce_raw(REDUCE_SUM, x, axes, keepdim, x.dtype_, 0)
        return cast_raw(unary_op(UNARY_LOG, total), out)
    top = reduce_raw(REDUCE_AMAX, x, axes, True, x.dtype_, 0)
    top = masked(top, unary_raw(UNARY_LOGICAL_NOT, unary_raw(UNARY_ISINF, top)))
    moved = unary_op(UNARY_EXP, sub_op(x, top))
    total = unary_op(UNARY_LOG, reduce_raw(REDUCE_SUM, moved, axes, True, x.dtype_, 0))
    total = add_op(total, top)
    return cast_raw(total if keepdim else dropped(total, axes), out)


cdef TensorBase dropped(TensorBase t, Axes* axes):
    """A fresh `t` without its reduced axes, which have size 1; no view to the outside."""
    from minitorch._ops.view import reshape
    cdef int i
    cdef TensorBase out
    out = reshape(t, tuple([t.shape_[i] for i in range(t.ndim_) if not axes.reduced[i]]))
    out.base = None
    return out


def logsumexp(input, dim=None, keepdim=False, *, out=None, axis=None, keepdims=None):
    """log(sum(exp(input))) along the axes `dim`, without overflow.

    Parameters
    ----------
    input : Tensor
        Integers are computed in the default dtype.
    dim : int or tuple of int
    keepdim : bool
        Keep the reduced axes with size 1.
    """
    cdef TensorBase x = check_tensor(input, "logsumexp", "input")
    cdef TensorBase result
    cdef Axes axes
    cdef LogsumexpBackward0 node
    cdef bint keep = flag(keepdim, keepdims, "logsumexp")
    dim = either(dim, axis, "logsumexp", "axis")
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not "
                        "NoneType")
    read_axes(dim, x, &axes, "logsumexp")
    result = logsumexp_raw(x, &axes, keep, x.dtype_ if x.dtype_.category == FLOATING
                           else default_float())
    if records1(x):
        node = LogsumexpBackward0.__new__(LogsumexpBackward0)
        link_reducing(node, x, &axes, keep, result)
        node.s0, node.s1 = save(x), save_output(result)
    return deliver(result, out)
