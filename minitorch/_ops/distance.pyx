# cython: auto_pickle=False
"""Distances and likenesses of vectors: pairwise, between all pairs, cosines, bilinear forms."""

import math

import numpy

from minitorch._core.dtype cimport FLOATING, dtype, type_name
from minitorch._core.node cimport Node
from minitorch._core.record cimport (
    connect1, connect2, records1, records2, save, save_output, set_function, unpack)
from minitorch._core.shape cimport size_text
from minitorch._core.tensor cimport TensorBase, alias, shape_of
from minitorch._ops._base cimport check_tensor, common_dtype
from minitorch._ops.choice import where
from minitorch._ops.copy cimport to_dtype
from minitorch._ops.creation import from_numpy
from minitorch._ops.expand import broadcast_tensors
from minitorch._ops.join import cat
from minitorch._ops.linear import matmul
from minitorch._ops.reduce cimport sum_to_op
from minitorch._ops.statistics import norm

# Differences of all pairs are formed in pieces of about so many numbers.
cdef enum:
    PIECE = 1 << 22


# ---------------------------------------------------------------- cosines

def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """``x1 . x2 / (max(|x1|, eps) max(|x2|, eps))`` along a dimension.

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast.
    dim : int
        The dimension of the vectors.
    eps : float
        Least length that is divided by; the gradient takes no notice of it.

    Returns
    -------
    Tensor
        Without `dim`.

    Raises
    ------
    RuntimeError
        If neither dtype is floating.
    """
    cdef TensorBase a = check_tensor(x1, "cosine_similarity", "x1")
    cdef TensorBase b = check_tensor(x2, "cosine_similarity", "x2")
    cdef dtype common = common_dtype(a, False, b, False)
    if common.category != FLOATING:
        raise RuntimeError("expected common dtype to be floating point, yet common dtype is "
                           f"{type_name(common)}")
    unit = []
    for t in broadcast_tensors(*[to_dtype(t, common) if t.dtype_.category != FLOATING else t
                                 for t in (a, b)]):
        length = norm(t, 2, dim, True).clone()
        # the limit is no part of the graph: a short vector keeps the gradient of its direction
        alias(length).clamp_(eps)
        unit.append(t / length)
    return (unit[0] * unit[1]).sum(dim)


# ---------------------------------------------------------------- pairs of vectors

def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """``|x1 - x2 + eps|_p`` along the last dimension.

    Parameters
    ----------
    x1, x2 : Tensor
        (N, D) or (D), or any shapes that broadcast.
    p : float
        Of the norm.
    eps : float
        Added to each difference, so that the norm has a gradient.
    keepdim : bool
        Keep the last dimension, with size 1.
    """
    return norm(x1 - x2 + eps, p, max(x1.dim(), x2.dim()) - 1, keepdim)


cdef object slope_of_norm(object g, object difference, object length, double p):
    """g times the derivative of |difference|_p; 0 where the length is 0, as in PyTorch."""
    if p == 0:
        return difference * 0
    sign = difference.sign()
    if p == 1:
        return g * sign
    if p == math.inf:
        return g * sign * (difference.abs() == length).to(sign.dtype)
    safe = where(length == 0, 1, length)
    if p == 2:
        return where(length == 0, 0, g / safe) * difference
    size = difference.abs()
    if p < 2:
        size = where(size == 0, 1, size)  # the sign is 0 there
    return where(length == 0, 0, g / safe ** (p - 1)) * sign * size ** (p - 1)


# ---------------------------------------------------------------- all pairs of two sets

cdef class CdistBackward0(Node):
    """Saves the distances too, which all but p = 1 divide by."""

    cdef double p
    cdef bint by_product

    saved_names = ("x1", "x2", "cdist")

    cdef tuple apply(self, tuple grads):
        cdef TensorBase a = unpack(self.s0, self)
        cdef TensorBase b = unpack(self.s1, self)
        g, length = grads[0], unpack(self.s2, self)
        if self.by_product:
            share = where(length == 0, 0, g / where(length == 0, 1, length))
            da = a * share.sum(-1, True) - matmul(share, b)
            across = share.transpose(-1, -2)
            db = b * across.sum(-1, True) - matmul(across, a)
        else:
            slope = slope_of_norm(g.unsqueeze(-1), a.unsqueeze(-2) - b.unsqueeze(-3),
                                  length.unsqueeze(-1), self.p)
            da, db = slope.sum(-2), -slope.sum(-3)
        return (sum_to_op(da, shape_of(a)) if self.needs(0) else None,
                sum_to_op(db, shape_of(b)) if self.needs(1) else None)


cdef object by_differences(object a, object b, double p):
    """The distances, row by row or in larger pieces of `a`."""
    batch = max(a.numel() // max(a.shape[-2] * a.shape[-1], 1),
                b.numel() // max(b.shape[-2] * b.shape[-1], 1), 1)
    rows = max(PIECE // max(batch * b.shape[-2] * b.shape[-1], 1), 1)
    found = [norm(part.unsqueeze(-2) - b.unsqueeze(-3), p, -1)
             for part in a.split(rows, -2)]
    return found[0] if len(found) == 1 else cat(found, -2)


cdef object by_product(object a, object b):
    """sqrt(|a|^2 + |b|^2 - 2 a.b): faster for many vectors, with the error of a difference."""
    squares = (a * a).sum(-1, True) + (b * b).sum(-1, True).transpose(-1, -2)
    return (squares - 2 * matmul(a, b.transpose(-1, -2))).clamp_(0).sqrt_()


cdef dict MODES = {None: 0, "use_mm_for_euclid_dist_if_necessary": 0, "use_mm_for_euclid_dist": 1,
                   "donot_use_mm_for_euclid_dist": 2}


def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The distances ``|x1[i] - x2[j]|_p`` of all pairs.

    Parameters
    ----------
    x1, x2 : Tensor
        (..., P, M) and (..., R, M); the dimensions before the last two broadcast.
    p : float
        Of the norm: 0 or more, infinity too.
    compute_mode : str
        "use_mm_for_euclid_dist_if_necessary" computes distances of p = 2 by a matrix product if
        P or R is above 25; "use_mm_for_euclid_dist" always, "donot_use_mm_for_euclid_dist" never.

    Returns
    -------
    Tensor
        (..., P, R).

    Raises
    ------
    ValueError, RuntimeError
        For another `compute_mode`, a negative `p`, or tensors that do not fit.
    """
    cdef TensorBase a = check_tensor(x1, "cdist", "x1")
    cdef TensorBase b = check_tensor(x2, "cdist", "x2")
    cdef TensorBase t, out
    cdef CdistBackward0 node
    if compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, t in (("X1", a), ("X2", b)):
        if t.ndim_ < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {t.ndim_}D")
    for name, t in (("X1", a), ("X2", b)):
        if t.dtype_.category != FLOATING:
            raise RuntimeError("cdist only supports floating-point dtypes, "
                               f"{name} got: {type_name(t.dtype_)}")
    columns = a.shape_[a.ndim_ - 1], b.shape_[b.ndim_ - 1]
    if columns[0] != columns[1]:
        raise RuntimeError("X1 and X2 must have the same number of columns. X1: "
                           f"{columns[0]} X2: {columns[1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    mode = MODES[compute_mode]
    large = a.shape_[a.ndim_ - 2] > 25 or b.shape_[b.ndim_ - 2] > 25
    product = p == 2 and (mode == 1 or mode == 0 and large)
    plain_a, plain_b = alias(a), alias(b)
    out = by_product(plain_a, plain_b) if product else by_differences(plain_a, plain_b, p)
    if records2(a, b):
        node = CdistBackward0.__new__(CdistBackward0)
        connect2(node, a, b)
        node.p, node.by_product, node.n_outputs = p, product, 1
        set_function(out, node, 0)
        node.s0, node.s1, node.s2 = save(a), save(b), save_output(out)
    return out


# ---------------------------------------------------------------- all pairs of one set

cdef class PdistBackward0(Node):
    cdef double p
    cdef object first, second

    saved_names = ("self", "pdist")

    cdef tuple apply(self, tuple grads):
        x, length = unpack(self.s0, self), unpack(self.s1, self)
        difference = x.index_select(0, self.first) - x.index_select(0, self.second)
        slope = slope_of_norm(grads[0].unsqueeze(-1), difference, length.unsqueeze(-1), self.p)
        zero = x.new_zeros(x.shape)
        return (zero.index_add(0, self.first, slope).index_add(0, self.second, -slope),)


def pdist(input, p=2.0):
    """The distances of all pairs of rows: the upper triangle of ``cdist(input, input, p)``.

    Parameters
    ----------
    input : Tensor
        (N, M).
    p : float
        Of the norm: 0 or more, infinity too.

    Returns
    -------
    Tensor
        (N (N - 1) / 2): the pairs (0, 1), (0, 2), ..., (1, 2), ...
    """
    cdef TensorBase x = check_tensor(input, "pdist", "input")
    cdef TensorBase out
    cdef PdistBackward0 node
    if x.ndim_ != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x.ndim_}D")
    if x.dtype_.category != FLOATING:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = [from_numpy(numpy.ascontiguousarray(places))
                     for places in numpy.triu_indices(x.shape_[0], 1)]
    plain = alias(x)
    out = norm(plain.index_select(0, first) - plain.index_select(0, second), p, -1)
    if records1(x):
        node = PdistBackward0.__new__(PdistBackward0)
        connect1(node, x)
        node.p, node.first, node.second, node.n_outputs = p, first, second, 1
        set_function(out, node, 0)
        node.s0, node.s1 = save(x), save_output(out)
    return out


# ---------------------------------------------------------------- bilinear forms

def bilinear(input1, input2, weight, bias=None):
    """``input1 @ weight[k] @ input2 + bias[k]`` for each k.

    Parameters
    ----------
    input1, input2 : Tensor
        (*, I) and (*, J), with the same leading dimensions.
    weight : Tensor
        (K, I, J).
    bias : Tensor, optional
        (K).

    Returns
    -------
    Tensor
        (*, K).

    Raises
    ------
    RuntimeError
        If the shapes do not fit.
    """
    cdef TensorBase a = check_tensor(input1, "bilinear", "input1")
    cdef TensorBase b = check_tensor(input2, "bilinear", "input2")
    cdef TensorBase w = check_tensor(weight, "bilinear", "weight")
    cdef int i
    if a.ndim_ != b.ndim_:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {a.ndim_} and "
                           f"{b.ndim_}")
    for i in range(a.ndim_ - 1):
        if a.shape_[i] != b.shape_[i]:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {i}: got "
                               f"{a.shape_[i]} and {b.shape_[i]}")
    if w.ndim_ != 3:
        raise RuntimeError(f"bilinear(): weight must be 3-D, got {size_text(w.ndim_, w.shape_)}")
    for name, t, i in (("input1", input1, 1), ("input2", input2, 2)):
        if t.shape[-1] != w.shape_[i]:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got "
                               f"{t.shape[-1]} but expected {w.shape_[i]}")
    if bias is not None and bias.shape[0] != w.shape_[0]:
        raise RuntimeError(f"bilinear(): bias size does not match weight size: got "
                           f"{bias.shape[0]} but expected {w.shape_[0]}")
    outputs, rows, columns = weight.shape
    flat1, flat2 = input1.reshape(-1, rows), input2.reshape(-1, columns)
    half = matmul(flat1, weight.permute(1, 0, 2).reshape(rows, outputs * columns))
    form = matmul(half.reshape(-1, outputs, columns), flat2.unsqueeze(-1)).squeeze(-1)
    result = form.reshape(*input1.shape[:-1], outputs)
    return result if bias is None else result + bias
