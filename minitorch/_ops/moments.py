"""Covariances and correlations of variables, and rows that are kept within a norm."""

import math
import warnings

from minitorch._core.dtype import bool_, float32
from minitorch._ops.choice import where
from minitorch._ops.forms import inplace_form
from minitorch._ops.rule import RuleNode, given, scalar_type, tensor_arg, wrapped
from minitorch._ops.statistics import vector_norm

__all__ = ["corrcoef", "cov", "renorm", "renorm_"]


def in_rows(x, where_):
    """The variables as the rows of a matrix; a vector is one of them."""
    if x.dim() > 2:
        raise RuntimeError(f"{where_}(): expected input to have two or fewer dimensions but got an "
                           f"input with {x.dim()} dimensions")
    return x if x.dim() == 2 else x.reshape(1, -1)


def checked_weights(weights, name, count, whole):
    """Weights of the observations, one for each, of which none is negative."""
    tensor_arg(weights, "cov", name)
    if weights.dim() > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {name} "
                           f"with {weights.dim()} dimensions")
    if whole and (weights.is_floating_point() or weights.dtype is bool_):
        raise RuntimeError(f"cov(): expected {name} to have integral dtype but got {name} with "
                           f"{scalar_type(weights.dtype)} dtype")
    if not whole and not weights.is_floating_point():
        raise RuntimeError(f"cov(): expected {name} to have floating point dtype but got {name} "
                           f"with {scalar_type(weights.dtype)} dtype")
    if weights.numel() != count:
        raise RuntimeError(f"cov(): expected {name} to have the same numel as there are "
                           f"observations in the input but got {weights.numel()} != {count}")
    if count and weights.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return weights


def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances of variables, of which each column is one observation.

    Parameters
    ----------
    input : Tensor
        (variables, observations), or one variable's observations.
    correction : int
        Taken from the number of observations that the sum is divided by (default 1).
    fweights : Tensor, optional
        How often each observation counts, integers.
    aweights : Tensor, optional
        How much each observation weighs, floats.

    Returns
    -------
    Tensor
        (variables, variables), or a number for one variable.

    Raises
    ------
    RuntimeError
        If `input` has more than two dimensions or bools, or weights do not fit.
    """
    x = in_rows(tensor_arg(input, "cov", "input"), "cov")
    if x.dtype is bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    count = x.shape[1]
    w, total = None, count
    if fweights is not None:
        w = checked_weights(fweights, "fweights", count, True)
    if aweights is not None:
        checked_weights(aweights, "aweights", count, False)
        w = aweights if w is None else w * aweights
    if w is not None:
        total = w.sum()
        if total == 0:
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = (x if w is None else x * w).sum(1) / total
    free = total - correction
    if aweights is not None and correction != 0:
        free = total - correction * (w * aweights).sum() / total
    if free <= 0:
        warnings.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than "
                      "the number of observations.", stacklevel=2)
        free = 0
    x = x - mean.unsqueeze(1)
    return (x.mm((x if w is None else x * w).t()) / free).squeeze()


def corrcoef(input):
    """Pearson's correlation coefficients of variables; see `cov`."""
    c = cov(in_rows(tensor_arg(input, "corrcoef", "input"), "corrcoef"))
    if c.dim() == 0:
        return c / c
    deviation = c.diagonal().sqrt()
    return (c / deviation.unsqueeze(1) / deviation).clamp(-1, 1)


def slice_norms(x, p, others):
    """The p-norms of the slices, along the other axes; half precision in float32."""
    half = x.is_floating_point() and x.element_size() == 2
    return vector_norm(x, p, others, True, dtype=float32 if half else None)


class RenormBackward0(RuleNode):
    """Of ``x f`` with ``f = maxnorm / (norm + 1e-7)``, where the norm is too large."""

    def slopes(self, grad, x):
        """``f grad - f / (norm + 1e-7) sum(grad x) d norm / dx``."""
        norm = slice_norms(x, self.p, self.others)
        large = norm > self.maxnorm
        norm = where(large, norm, 1.0)
        scale = self.maxnorm / (norm + 1e-7)
        if self.p == math.inf:
            peaks = x.abs() == norm
            along = x.sign() * peaks / peaks.sum(self.others, keepdim=True).clamp(min=1)
        else:
            along = x.sign() * (x.abs() / norm) ** (self.p - 1)
        total = (grad * x).sum(self.others, keepdim=True)
        return (where(large, scale * (grad - total * along / (norm + 1e-7)), grad).to(x.dtype),)


def renorm(input, p, dim, maxnorm, *, out=None):
    """The slices along an axis, each scaled down to a p-norm of `maxnorm` if it has a larger one.

    Raises
    ------
    RuntimeError
        If `input` has fewer than two dimensions, or `p` or `maxnorm` is out of range.
    """
    x = tensor_arg(input, "renorm", "input")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if x.dim() < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {x.dim()} dimensions")
    others = [axis for axis in range(x.dim()) if axis != wrapped(dim, x.dim())]
    plain = x.detach()
    norm = slice_norms(plain, p, others)
    value = plain * where(norm > maxnorm, maxnorm / (norm + 1e-7), 1.0).to(x.dtype)
    made = RenormBackward0.record(value, (x,), (x,), p=p, others=others, maxnorm=maxnorm)
    return given(made, out)


renorm_ = inplace_form(renorm)
