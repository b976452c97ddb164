"""Distances and likenesses of vectors: pairwise, between all pairs, cosines, bilinear forms."""

import math

import numpy

from minitorch._core.dtype import TYPE_NAMES
from minitorch._core.tensor import TensorBase
from minitorch._ops.choice import where
from minitorch._ops.creation import from_numpy
from minitorch._ops.expand import broadcast_tensors
from minitorch._ops.join import cat
from minitorch._ops.linear import matmul
from minitorch._ops.out import result_type
from minitorch._ops.rule import RuleNode
from minitorch._ops.statistics import norm

# Differences of all pairs are formed in pieces of about so many numbers.
PIECE = 1 << 22


def _check_tensors(where, **arguments):
    for name, value in arguments.items():
        if not isinstance(value, TensorBase):
            raise TypeError(f"{where}(): argument '{name}' must be Tensor, not "
                            f"{type(value).__name__}")


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
    _check_tensors("cosine_similarity", x1=x1, x2=x2)
    common = result_type(x1, x2)
    if not common.is_floating_point:
        raise RuntimeError("expected common dtype to be floating point, yet common dtype is "
                           f"{TYPE_NAMES[str(common)[6:]]}")
    unit = []
    for t in broadcast_tensors(*(t if t.is_floating_point() else t.to(common)
                                 for t in (x1, x2))):
        length = norm(t, 2, dim, True).clone()
        # the limit is no part of the graph: a short vector keeps the gradient of its direction
        length.detach().clamp_(eps)
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


def _slope_of_norm(g, difference, length, p):
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

class CdistBackward0(RuleNode):
    """Keeps the distances too, which all but p = 1 divide by."""

    def slopes(self, g, a, b, length):
        if self.by_product:
            share = where(length == 0, 0, g / where(length == 0, 1, length))
            across = share.transpose(-1, -2)
            da = a * share.sum(-1, True) - matmul(share, b)
            db = b * across.sum(-1, True) - matmul(across, a)
        else:
            slope = _slope_of_norm(g.unsqueeze(-1), a.unsqueeze(-2) - b.unsqueeze(-3),
                                   length.unsqueeze(-1), self.p)
            da, db = slope.sum(-2), -slope.sum(-3)
        return da.sum_to_size(a.shape), db.sum_to_size(b.shape)


def _by_differences(a, b, p):
    """The distances, row by row or in larger pieces of `a`."""
    batch = max(a.numel() // max(a.shape[-2] * a.shape[-1], 1),
                b.numel() // max(b.shape[-2] * b.shape[-1], 1), 1)
    rows = max(PIECE // max(batch * b.shape[-2] * b.shape[-1], 1), 1)
    found = [norm(part.unsqueeze(-2) - b.unsqueeze(-3), p, -1) for part in a.split(rows, -2)]
    return found[0] if len(found) == 1 else cat(found, -2)


def _by_product(a, b):
    """sqrt(|a|^2 + |b|^2 - 2 a.b): faster for many vectors, with the error of a difference."""
    squares = (a * a).sum(-1, True) + (b * b).sum(-1, True).transpose(-1, -2)
    return (squares - 2 * matmul(a, b.transpose(-1, -2))).clamp_(0).sqrt_()


MODES = (None, "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
         "donot_use_mm_for_euclid_dist")


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
    _check_tensors("cdist", x1=x1, x2=x2)
    if compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, t in (("X1", x1), ("X2", x2)):
        if t.dim() < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {t.dim()}D")
    for name, t in (("X1", x1), ("X2", x2)):
        if not t.is_floating_point():
            raise RuntimeError("cdist only supports floating-point dtypes, "
                               f"{name} got: {TYPE_NAMES[str(t.dtype)[6:]]}")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError("X1 and X2 must have the same number of columns. X1: "
                           f"{x1.shape[-1]} X2: {x2.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    large = max(x1.shape[-2], x2.shape[-2]) > 25
    product = p == 2 and (compute_mode == MODES[2] or large and compute_mode != MODES[3])
    a, b = x1.detach(), x2.detach()
    out = _by_product(a, b) if product else _by_differences(a, b, p)
    return CdistBackward0.record(out, (x1, x2), (x1, x2, out), p=p, by_product=product)


# ---------------------------------------------------------------- all pairs of one set

class PdistBackward0(RuleNode):
    def slopes(self, g, x, length):
        difference = x.index_select(0, self.first) - x.index_select(0, self.second)
        slope = _slope_of_norm(g.unsqueeze(-1), difference, length.unsqueeze(-1), self.p)
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
    _check_tensors("pdist", input=input)
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    if not input.is_floating_point():
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = (from_numpy(numpy.ascontiguousarray(places))
                     for places in numpy.triu_indices(input.shape[0], 1))
    x = input.detach()
    out = norm(x.index_select(0, first) - x.index_select(0, second), p, -1)
    return PdistBackward0.record(out, (input,), (input, out), p=p, first=first, second=second)


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
    _check_tensors("bilinear", input1=input1, input2=input2, weight=weight)
    if input1.dim() != input2.dim():
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {input1.dim()} and "
                           f"{input2.dim()}")
    for i, (m, n) in enumerate(zip(input1.shape[:-1], input2.shape[:-1], strict=True)):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {i}: got "
                               f"{m} and {n}")
    if weight.dim() != 3:
        raise RuntimeError(f"bilinear(): weight must be 3-D, got {list(weight.shape)}")
    for name, t, i in (("input1", input1, 1), ("input2", input2, 2)):
        if t.shape[-1] != weight.shape[i]:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got "
                               f"{t.shape[-1]} but expected {weight.shape[i]}")
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise RuntimeError("bilinear(): bias size does not match weight size: got "
                           f"{bias.shape[0]} but expected {weight.shape[0]}")
    outputs, rows, columns = weight.shape
    flat1, flat2 = input1.reshape(-1, rows), input2.reshape(-1, columns)
    half = matmul(flat1, weight.permute(1, 0, 2).reshape(rows, outputs * columns))
    form = matmul(half.reshape(-1, outputs, columns), flat2.unsqueeze(-1)).squeeze(-1)
    result = form.reshape(*input1.shape[:-1], outputs)
    return result if bias is None else result + bias
