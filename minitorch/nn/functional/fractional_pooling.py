"""fractional_max_pool2d and fractional_max_pool3d: windows at pseudorandom places.

Source: Graham, "Fractional Max-Pooling" (2014), arXiv:1412.6071.
"""

import math

import numpy as np

from minitorch._core.dtype import bfloat16
from minitorch._ops.creation import from_numpy
from minitorch._ops.random import rand

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]

_AXES = ("time", "height", "width")


def _repeated(value, name, n):
    found = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    if len(found) == 1:
        found = found * n
    if len(found) != n:
        ints = "Ints" if n == 2 else "three Ints"
        raise RuntimeError(
            f"fractional_max_pool{n}d: {name} must either be a single Int or tuple of {ints}"
        )
    return found


def _size_wanted(input, output_size, output_ratio, n):
    where = f"fractional_max_pool{n}d"
    if output_size is not None:
        return _repeated(output_size, "output_size", n)
    if output_ratio is None:
        raise ValueError(f"{where} requires specifying either an output_size or an output_ratio")
    ratios = _repeated(output_ratio, "output_ratio", n)
    return tuple(int(size * r) for size, r in zip(input.shape[-n:], ratios, strict=True))


def _check(input, kernel, size, samples, n):
    where = f"fractional_max_pool{n}d()" if n == 2 else f"fractional_max_pool{n}d_out()"
    shape = list(input.shape)
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{where}: Expected {n + 1}D or {n + 2}D tensor, but got: {shape}")
    for dim in range(len(shape) - n - 1, len(shape)):
        if shape[dim] == 0:
            raise RuntimeError(
                f"{where}: Expected input to have non-zero size for non-batch dimensions, but got"
                f"{shape} with dimension {dim} being empty."
            )
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    batch = 1 if len(shape) == n + 1 else shape[0]
    if samples.dim() != 3 or samples.shape[0] < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != shape[-n - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != n:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {n}; got {samples.shape[2]}.")
    for axis, have, k, out in zip(_AXES[-n:], shape[-n:], kernel, size, strict=True):
        if out + k - 1 > have - (n == 3):  # PyTorch wants a volume to be larger by one
            raise RuntimeError(
                f"{where}: pool {axis} {k} too large relative to input {axis} {have}"
            )


def _starts(samples, have, out, kernel):
    """Where the windows of one axis start, for each sample: (planes, out)."""
    starts = np.empty((len(samples), out), dtype=np.int64)
    if out > 1:
        alpha = samples.dtype.type(have - kernel) / samples.dtype.type(out - 1)
        steps = np.arange(out, dtype=samples.dtype)
        moved = ((steps + samples[:, None]) * alpha).astype(np.int64)
        starts[:] = moved - (samples * alpha).astype(np.int64)[:, None]
    if out > 0:
        starts[:, -1] = have - kernel
    return starts


def _places(values, starts, kernel, shape):
    """Flat places of the maxima: the first, but the last NaN; (planes, *out)."""
    n = len(shape)
    planes = len(values)
    best = None
    for tap in np.ndindex(*kernel):
        place = 0
        for axis in range(n):
            along = starts[axis] + tap[axis]
            along = along.reshape(planes, *[-1 if i == axis else 1 for i in range(n)])
            place = place * shape[axis] + along
        found = np.take_along_axis(values, place.reshape(planes, -1), 1).reshape(place.shape)
        if best is None:
            best, places = found, place
            continue
        with np.errstate(invalid="ignore"):
            better = (found > best) | np.isnan(found)
        best, places = np.where(better, found, best), np.where(better, place, places)
    return places


def _fractional_max_pool(input, kernel_size, output_size, output_ratio, samples, n):
    size = _size_wanted(input, output_size, output_ratio, n)
    kernel = _repeated(kernel_size, "kernel_size", n)
    if samples is None:
        batch = 1 if input.dim() == n + 1 else input.shape[0]
        samples = rand(batch, input.shape[-n - 1], n, dtype=input.dtype)
    _check(input, kernel, size, samples, n)
    lead, shape = input.shape[:-n], input.shape[-n:]
    planes = math.prod(lead)
    flat = input.reshape(planes, -1)
    # numpy has no bfloat16; float16 rounds the places as PyTorch's does
    values, drawn = (
        (t.float() if t.dtype is bfloat16 else t).detach().numpy() for t in (flat, samples)
    )
    # the samples of a plane are for its last axis first where it is an image
    drawn = drawn[: planes // lead[-1]].reshape(planes, n) if planes else drawn.reshape(-1, n)[:0]
    order = range(n) if n == 3 else (1, 0)
    starts = [
        _starts(drawn[:, column], shape[axis], size[axis], kernel[axis])
        for axis, column in enumerate(order)
    ]
    places = _places(values, starts, kernel, shape)
    indices = from_numpy(np.ascontiguousarray(places.reshape(planes, -1)))
    result = flat.gather(1, indices).reshape(*lead, *size)
    return result, indices.reshape(*lead, *size)


def fractional_max_pool2d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """Take the largest value of windows whose places are drawn at random for each plane.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (C, H, W), floating.
    kernel_size : int or (int, int)
        Size of the windows, which may overlap.
    output_size : int or (int, int), optional
        Rows and columns of the result.
    output_ratio : float or (float, float), optional
        The same as a share of the input's; one of the two is needed.
    return_indices : bool
        Also return the positions ``h * W + w`` of the values (int64).
    _random_samples : Tensor, optional
        (N, C, 2), between 0 and 1: what is drawn otherwise.

    Raises
    ------
    ValueError
        If no size is given.
    RuntimeError
        If the windows do not fit.
    """
    values, indices = _fractional_max_pool(
        input, kernel_size, output_size, output_ratio, _random_samples, 2
    )
    return (values, indices) if return_indices else values


def fractional_max_pool3d(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """Take maxima of windows at random places of volumes; see :func:`fractional_max_pool2d`.

    Parameters
    ----------
    input : Tensor
        (N, C, D, H, W) or (C, D, H, W), floating.
    kernel_size, output_size, output_ratio, return_indices
        As for :func:`fractional_max_pool2d`, one number or three.
    _random_samples : Tensor, optional
        (N, C, 3).
    """
    values, indices = _fractional_max_pool(
        input, kernel_size, output_size, output_ratio, _random_samples, 3
    )
    return (values, indices) if return_indices else values


def fractional_max_pool2d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """(values, indices) of :func:`fractional_max_pool2d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return fractional_max_pool2d(
        input, kernel_size, output_size, output_ratio, True, _random_samples
    )


def fractional_max_pool3d_with_indices(
    input,
    kernel_size,
    output_size=None,
    output_ratio=None,
    return_indices=False,
    _random_samples=None,
):
    """(values, indices) of :func:`fractional_max_pool3d`, whatever `return_indices` says."""
    del return_indices  # PyTorch's signature has it, without effect
    return fractional_max_pool3d(
        input, kernel_size, output_size, output_ratio, True, _random_samples
    )
