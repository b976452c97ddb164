"""Slow reference implementations of resampling, borders and normalisations, in numpy float64.

Written from the definitions, without code of the package; an image is (N, C, *spatial).
"""

import itertools
import math

import numpy as np

# ---- interpolation: a matrix along each axis ----------------------------------------------------


def _nearest_rows(n, m, step, exact):
    places = [math.floor((j + 0.5 * exact) * step) for j in range(m)]
    return np.eye(n)[np.minimum(places, n - 1)]


def _hat(x):
    return max(1 - abs(x), 0)


def _cubic(x, a):
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0


def _lanczos(x):
    return np.sinc(x) * np.sinc(x / 3) if abs(x) < 3 else 0


def _smooth_rows(n, m, step, align_corners, kernel, reach):
    """Each pixel of the result mixes the pixels around its place; the edge goes on for ever."""
    matrix = np.zeros((m, n))
    for j in range(m):
        place = j * step if align_corners else (j + 0.5) * step - 0.5
        if reach == 1:
            place = max(place, 0)
        for i in range(math.floor(place) - reach + 1, math.floor(place) + reach + 1):
            matrix[j, min(max(i, 0), n - 1)] += kernel(place - i)
    return matrix


def _antialias_rows(n, m, step, kernel, reach):
    """The kernel is stretched over the pixels that one of the result covers; weights sum to 1."""
    matrix = np.zeros((m, n))
    stretch = max(step, 1)
    for j in range(m):
        centre = (j + 0.5) * step
        for i in range(n):
            if abs(i + 0.5 - centre) < reach * stretch:
                matrix[j, i] = kernel((i + 0.5 - centre) / stretch)
    return matrix / matrix.sum(1, keepdims=True)


def _area_rows(n, m):
    matrix = np.zeros((m, n))
    for j in range(m):
        first, last = j * n // m, -(-(j + 1) * n // m)
        matrix[j, first:last] = 1 / (last - first)
    return matrix


def _resampling(n, m, factor, mode, align_corners, antialias):
    if mode == "area":
        return _area_rows(n, m)
    step = n / m if factor is None else 1 / factor
    if mode.startswith("nearest"):
        return _nearest_rows(n, m, step, mode == "nearest-exact")
    if align_corners:
        step = (n - 1) / (m - 1) if m > 1 else 0
    if antialias:
        kernel, reach = {
            "bilinear": (_hat, 1),
            "bicubic": (lambda x: _cubic(x, -0.5), 2),
            "lanczos": (_lanczos, 3),
        }[mode]
        return _antialias_rows(n, m, step, kernel, reach)
    if mode == "bicubic":
        return _smooth_rows(n, m, step, align_corners, lambda x: _cubic(x, -0.75), 2)
    return _smooth_rows(n, m, step, align_corners, _hat, 1)


def interpolate(
    x,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=False,
    recompute_scale_factor=False,
    antialias=False,
):
    for i, n in enumerate(x.shape[2:]):
        factor = None
        if scale_factor is not None:
            factor = scale_factor if np.isscalar(scale_factor) else scale_factor[i]
            m = math.floor(n * factor)
            factor = None if recompute_scale_factor else factor
        else:
            m = size if np.isscalar(size) else size[i]
        matrix = _resampling(n, m, factor, mode, align_corners, antialias)
        x = np.moveaxis(np.tensordot(matrix, x, (1, 2 + i)), 0, 2 + i)
    return x


# ---- sampling ------------------------------------------------------------------------------------


def _inside(place, size, padding_mode, align_corners):
    low, high = (0, size - 1) if align_corners else (-0.5, size - 0.5)
    if padding_mode == "reflection" and high > low:
        span = high - low
        offset = (place - low) % (2 * span)
        place = low + min(offset, 2 * span - offset)
    return place if padding_mode == "zeros" else min(max(place, 0), size - 1)


def _places(place, size, mode, padding_mode, align_corners):
    """(pixel, weight) pairs along one axis."""
    place = (place + 1) / 2 * (size - 1) if align_corners else ((place + 1) * size - 1) / 2
    bounds = size, padding_mode, align_corners
    if mode == "bicubic":
        first = math.floor(place)
        return [
            (_inside(i, *bounds), _cubic(place - i, -0.75)) for i in range(first - 1, first + 3)
        ]
    place = _inside(place, *bounds)
    if mode == "nearest":
        return [(round(place), 1.0)]
    first = math.floor(place)
    return [(first, first + 1 - place), (first + 1, place - first)]


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    sizes = x.shape[2:]
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for n, *at in np.ndindex(grid.shape[:-1]):
        point = grid[(n, *at)][::-1]
        options = mode, padding_mode, align_corners
        axes = [_places(p, size, *options) for p, size in zip(point, sizes, strict=True)]
        for chosen in itertools.product(*axes):
            pixel = tuple(int(i) for i, _ in chosen)
            if all(0 <= i < size for i, size in zip(pixel, sizes, strict=True)):
                weight = math.prod(w for _, w in chosen)
                out[(n, slice(None), *at)] += weight * x[(n, slice(None), *pixel)]
    return out


def affine_grid(theta, size, align_corners=False):
    sizes = size[2:]
    out = np.empty((size[0], *sizes, len(sizes)))
    for n, *at in np.ndindex(size[0], *sizes):
        point = [
            (2 * i / (m - 1) - 1 if m > 1 else 0) if align_corners else (2 * i + 1) / m - 1
            for i, m in zip(at, sizes, strict=True)
        ]
        out[(n, *at)] = theta[n] @ [*point[::-1], 1]
    return out


# ---- borders and shuffles ------------------------------------------------------------------------


def _cut(x, pairs):
    """What negative entries leave."""
    ranges = zip(x.shape, pairs, strict=True)
    return x[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in ranges)]


def pad(x, pad, mode="constant", value=0):
    pairs = [(pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    name = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}.get(mode)
    grown = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if mode == "constant":
        return np.pad(_cut(x, pairs), grown, constant_values=value or 0)
    if mode == "circular":
        return np.pad(_cut(x, pairs), grown, mode=name)
    return _cut(np.pad(x, grown, mode=name), pairs)


def pixel_shuffle(x, r):
    *lead, c, h, w = x.shape
    blocks = x.reshape(*lead, c // r**2, r, r, h, w)
    n = len(lead)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return blocks.transpose(order).reshape(*lead, c // r**2, h * r, w * r)


def pixel_unshuffle(x, r):
    *lead, c, h, w = x.shape
    blocks = x.reshape(*lead, c, h // r, r, w // r, r)
    n = len(lead)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return blocks.transpose(order).reshape(*lead, c * r**2, h // r, w // r)


def channel_shuffle(x, groups):
    n, c, *rest = x.shape
    return x.reshape(n, groups, c // groups, *rest).swapaxes(1, 2).reshape(x.shape)


# ---- normalisations ------------------------------------------------------------------------------


def _by_moments(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def _column(vector, x):
    return vector.reshape(-1, *[1] * (x.ndim - 2))


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    out = _by_moments(x, tuple(range(-len(shape), 0)), eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


def group_norm(x, groups, weight=None, bias=None, eps=1e-5):
    out = _by_moments(x.reshape(x.shape[0], groups, -1), (2,), eps).reshape(x.shape)
    out = out if weight is None else out * _column(weight, x)
    return out if bias is None else out + _column(bias, x)


def instance_norm(x, running_mean=None, running_var=None, weight=None, bias=None, eps=1e-5):
    return group_norm(x, x.shape[1], weight, bias, eps)


def rms_norm(x, shape, weight=None, eps=1e-5):
    out = x / np.sqrt((x**2).mean(tuple(range(-len(shape), 0)), keepdims=True) + eps)
    return out if weight is None else out * weight


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        near = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(1)) ** beta
    return out
