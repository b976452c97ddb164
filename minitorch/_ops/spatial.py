"""Sampling of images at given places, and the places of an affine map.

Composed of differentiable operations, so derivatives of any order follow. Source: Jaderberg et
al., "Spatial Transformer Networks" (arXiv:1506.02025).
"""

import itertools

from minitorch._core.dtype import int64
from minitorch._ops.choice import where
from minitorch._ops.creation import linspace, ones, zeros
from minitorch._ops.join import stack
from minitorch._ops.normalization import type_name

__all__ = ["affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"]

MODES = ("bilinear", "nearest", "bicubic")
PADDING_MODES = ("zeros", "border", "reflection")


def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """The values of an image at places of its own; see `minitorch.nn.functional.grid_sample`.

    Parameters
    ----------
    input : Tensor
        (N, C, H, W) or (N, C, D, H, W).
    grid : Tensor
        (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3): (x, y, ...) from -1 to 1.
    interpolation_mode : {0, 1, 2}
        Bilinear, nearest, bicubic.
    padding_mode : {0, 1, 2}
        Zeros, border, reflection.
    align_corners : bool
        Whether -1 and 1 are the centres of the outermost pixels or their outer edges.
    """
    _check_grid(input, grid, interpolation_mode)
    mode, padding = MODES[interpolation_mode], PADDING_MODES[padding_mode]
    sizes = input.shape[2:]
    taps = []
    for axis, size in enumerate(sizes):
        # the grid counts from the last axis
        place = grid[..., len(sizes) - 1 - axis]
        taps.append(_taps(_unnormalised(place, size, align_corners), size, mode, padding,
                          align_corners))
    planes = input.reshape(*input.shape[:2], -1)
    total = None
    for chosen in itertools.product(*taps):
        part = _value(planes, sizes, chosen)
        total = part if total is None else total + part
    return total.reshape(*input.shape[:2], *grid.shape[1:-1])


def grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners):
    """:func:`grid_sampler` of (N, C, H, W) images."""
    _check_dimensions(input, grid, 4)
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def grid_sampler_3d(input, grid, interpolation_mode, padding_mode, align_corners):
    """:func:`grid_sampler` of (N, C, D, H, W) volumes."""
    _check_dimensions(input, grid, 5)
    return grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)


def _check_dimensions(input, grid, wanted):
    if input.dim() != wanted or grid.dim() != wanted:
        raise RuntimeError(
            f"grid_sampler(): expected {wanted}D input and grid with same number of dimensions, "
            f"but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )


def _check_grid(input, grid, mode):
    have = f"input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got {have}"
        )
    if grid.shape[-1] != input.dim() - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {input.dim() - 2} in last dimension, but "
            f"got grid with sizes {list(grid.shape)}"
        )
    for i in range(2, input.dim()):
        if input.shape[i] == 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                f"has sizes {list(input.shape)} with dimension {i} being empty"
            )
    wanted = 4 if input.dim() == 4 else 5
    _check_dimensions(input, grid, wanted)
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"expected scalar type {type_name(input)} but found {type_name(grid)}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(
            f'"grid_sampler_{wanted - 2}d_cpu_kernel_impl" not implemented for '
            f"'{type_name(input)}'"
        )
    if mode == 2 and input.dim() == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


# ---- places --------------------------------------------------------------------------------------


def _unnormalised(place, size, align_corners):
    """From [-1, 1] to pixels."""
    if align_corners:
        return (place + 1) / 2 * (size - 1)
    return ((place + 1) * size - 1) / 2


def _padded(place, size, padding, align_corners):
    """The place inside of the image that stands for one outside."""
    missing = place != place
    if padding == "zeros":
        return where(missing, -2.0, place)
    if padding == "reflection":
        place = _reflected(place, size, align_corners)
    place = where(missing, 0.0, place)
    # at the very edge, too, nothing changes with the place any more
    inside = (place > 0) & (place < size - 1)
    return where(inside, place, place.detach().clamp(0, size - 1))


def _reflected(place, size, align_corners):
    low, span = (0.0, size - 1.0) if align_corners else (-0.5, float(size))
    if span == 0:
        return place * 0
    offset = place - low
    offset = where(offset < 0, -offset, offset)
    flips = (offset.detach() / span).floor()
    rest = offset - flips * span
    return where(flips % 2 == 0, rest + low, span - rest + low)


# ---- taps: (index, weight or None, whether it lies inside or None) along one axis ----------------


def _taps(place, size, mode, padding, align_corners):
    if mode == "bicubic":
        return _cubic_taps(place, size, padding, align_corners)
    place = _padded(place, size, padding, align_corners)
    if mode == "nearest":
        # 0 times the way to the pixel: the slope with respect to the grid is zero, not missing
        nearest = place.detach().round()
        return [_tap(nearest, 1 + (place - nearest) * 0, size)]
    first = place.detach().floor()
    t = place - first
    return [_tap(first, 1 - t, size), _tap(first + 1, t, size)]


def _cubic_taps(place, size, padding, align_corners):
    """Keys' four pixels; each of them is brought inside by itself."""
    place = where(place != place, -2.0 * size, place)
    first = place.detach().floor()
    t, a = place - first, -0.75

    def near(x):
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x):
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    weights = far(t + 1), near(t), near(1 - t), far(2 - t)
    return [
        _tap(_padded(first + shift, size, padding, align_corners), weight, size)
        for shift, weight in enumerate(weights, -1)
    ]


def _tap(index, weight, size):
    inside = (index >= 0) & (index <= size - 1)
    return index.clamp(0, size - 1).to(int64), weight, inside


def _value(planes, sizes, chosen):
    """One pixel for each place, times its weight; nothing from outside."""
    index, weight, inside = chosen[0]
    for size, (further, factor, within) in zip(sizes[1:], chosen[1:], strict=True):
        index, weight, inside = index * size + further, weight * factor, inside & within
    batch, channels = planes.shape[:2]
    index = index.reshape(batch, 1, -1).expand(batch, channels, -1)
    weight = where(inside, weight, 0.0).reshape(batch, 1, -1)
    return planes.gather(2, index) * weight


# ---- affine_grid ---------------------------------------------------------------------------------


def affine_grid_generator(theta, size, align_corners):
    """The places that affine maps lead to; see `minitorch.nn.functional.affine_grid`."""
    sizes = tuple(size)[2:]
    batch = size[0]
    lines = []
    for axis, count in enumerate(sizes):
        if count > 1:
            line = linspace(-1, 1, count, dtype=theta.dtype)
            line = line if align_corners else line * ((count - 1) / count)
        else:
            line = zeros(count, dtype=theta.dtype)
        shape = [1] * len(sizes)
        shape[axis] = count
        lines.append(line.reshape(shape).expand(sizes))
    base = stack([*reversed(lines), ones(sizes, dtype=theta.dtype)], -1)
    points = base.reshape(1, -1, len(sizes) + 1).expand(batch, -1, -1)
    return points.bmm(theta.transpose(1, 2)).reshape(batch, *sizes, len(sizes))
