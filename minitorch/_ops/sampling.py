"""Draws from given probabilities."""

import numpy

from minitorch._core.dtype import float32, float64, int64
from minitorch._ops.creation import empty_like
from minitorch._ops.extremes import argmax
from minitorch._ops.random import exponential_, rand
from minitorch._ops.rule import given, numbers, scalar_type, tensor_arg, tensor_of
from minitorch._ops.sorting import topk

__all__ = ["multinomial"]


def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Places drawn by the weights of a vector, or of each row of a matrix.

    Parameters
    ----------
    input : Tensor
        Weights, not all zero; they need not sum to 1.
    num_samples : int
    replacement : bool
        Whether a place may be drawn twice.

    Returns
    -------
    Tensor
        int64, of `num_samples` places (for each row).
    """
    x = tensor_arg(input, "multinomial", "input").detach()
    if x.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not x.is_floating_point():
        raise RuntimeError("multinomial only supports floating-point dtypes for input, got: "
                           f"{scalar_type(x.dtype)}")
    if x.shape[-1] > 1 << 24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > x.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without "
                           "replacement")
    if out is not None and out.dtype is not int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {scalar_type(out.dtype)}")
    if replacement and num_samples > 1:
        return given(with_replacement(x, num_samples, generator), out)
    if x.numel():
        if not (float(x.max()) < float("inf") and float(x.min()) >= 0):
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if bool((x.sum(-1) == 0).any()):
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    # weight / exponential number is largest at a place with that place's probability
    race = x / exponential_(empty_like(x), generator=generator)
    if num_samples == 1:
        return given(argmax(race, -1, keepdim=True), out)
    return given(topk(race, num_samples)[1], out)


def with_replacement(x, count, generator):
    """Uniform numbers looked up in the running sums of the weights."""
    weights = numbers(x if x.dtype in (float32, float64) else x.to(float32)).reshape(
        -1, x.shape[-1])
    if (weights < 0).any():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    if not numpy.isfinite(weights).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = "
                           "infinity or NaN)")
    if weights.shape[1] == 0 or (weights.sum(1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    draws = rand(weights.shape[0], count, dtype=float64, generator=generator)
    places = numpy.empty(draws.shape, numpy.int64)
    for row, found, at in zip(weights, places, numbers(draws), strict=True):
        sums = numpy.cumsum(row)
        sums = (sums / sums[-1]).astype(numpy.float64)
        sums[-1] = 1
        found[:] = numpy.searchsorted(sums, at)
    return tensor_of(places.reshape(*x.shape[:-1], count), int64)
