"""What numpy computes for convolutions and pools, any number of dimensions, a window at a time."""

import itertools

import numpy as np


def each(value, n):
    """One number for each dimension."""
    return tuple(value) if isinstance(value, tuple | list) else (value,) * n


def _window(corner, kernel, stride, dilation):
    """The places of the window at `corner` of a grid."""
    return tuple(
        slice(c * s, c * s + d * (k - 1) + 1, d)
        for c, k, s, d in zip(corner, kernel, stride, dilation, strict=True)
    )


def _groups(channels, groups):
    size = channels // groups
    return [slice(g * size, (g + 1) * size) for g in range(groups)]


def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of (N, C, *) or (C, *), one output place at a time."""
    n = weight.ndim - 2
    if x.ndim == n + 1:
        return conv(x[None], weight, bias, stride, padding, dilation, groups)[0]
    kernel, stride, dilation = weight.shape[2:], each(stride, n), each(dilation, n)
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        sides = [(total // 2, total - total // 2) for total in totals]
    else:
        sides = [(p, p) for p in each(padding, n)]
    x = np.pad(x, [(0, 0), (0, 0), *sides])
    out = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)
    ]
    y = np.zeros((x.shape[0], weight.shape[0], *out))
    for corner in np.ndindex(*out):
        window = x[(..., *_window(corner, kernel, stride, dilation))]
        for inputs, outputs in zip(
            _groups(x.shape[1], groups), _groups(weight.shape[0], groups), strict=True
        ):
            axes = list(range(1, n + 2))
            y[(slice(None), outputs, *corner)] = np.tensordot(
                window[:, inputs], weight[outputs], (axes, axes)
            )
    return y if bias is None else y + bias.reshape(-1, *[1] * n)


def conv_transpose(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose, one input place at a time."""
    n = weight.ndim - 2
    if x.ndim == n + 1:
        options = stride, padding, output_padding, groups, dilation
        return conv_transpose(x[None], weight, bias, *options)[0]
    kernel, stride, dilation = weight.shape[2:], each(stride, n), each(dilation, n)
    padding, extra = each(padding, n), each(output_padding, n)
    full = [
        (size - 1) * s + d * (k - 1) + 1 + e
        for size, k, s, d, e in zip(x.shape[2:], kernel, stride, dilation, extra, strict=True)
    ]
    y = np.zeros((x.shape[0], weight.shape[1] * groups, *full))
    for corner in np.ndindex(*x.shape[2:]):
        for inputs, outputs in zip(
            _groups(x.shape[1], groups), _groups(y.shape[1], groups), strict=True
        ):
            value = x[(slice(None), inputs, *corner)]
            place = (slice(None), outputs, *_window(corner, kernel, stride, dilation))
            y[place] += np.tensordot(value, weight[inputs], (1, 0))
    kept = [slice(p, size - p) for p, size in zip(padding, full, strict=True)]
    y = y[(..., *kept)]
    return y if bias is None else y + bias.reshape(-1, *[1] * n)


def _starts(size, kernel, stride, padding, dilation, ceil_mode):
    """Where the windows along one axis start, PyTorch's rule for ceil_mode included."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-span // stride) if ceil_mode else span // stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return [i * stride - padding for i in range(count)]


def _adaptive_windows(size, windows):
    return [
        range(i * size // windows, -(-(i + 1) * size // windows)) for i in range(windows)
    ]


def _fixed_windows(shape, kernel, stride, padding, dilation, ceil_mode):
    """For each axis the windows as ranges, which may leave the axis."""
    n = len(shape)
    kernel = each(kernel, n)
    stride = kernel if stride is None else each(stride, n)
    rows = zip(shape, kernel, stride, each(padding, n), each(dilation, n), strict=True)
    return [
        [range(a, a + d * (k - 1) + 1, d) for a in _starts(size, k, s, p, d, ceil_mode)]
        for size, k, s, p, d in rows
    ]


def _maxima(x, axes):
    n = len(axes)
    out = [len(windows) for windows in axes]
    lead = x.shape[:-n]
    values, places = np.empty((*lead, *out)), np.empty((*lead, *out), dtype=np.int64)
    shape = x.shape[-n:]
    for corner in np.ndindex(*out):
        spots = [
            spot
            for spot in itertools.product(*[axes[i][c] for i, c in enumerate(corner)])
            if all(0 <= s < size for s, size in zip(spot, shape, strict=True))
        ]
        for image in np.ndindex(*lead):
            best = max(spots, key=lambda spot, image=image: x[(*image, *spot)])
            values[(*image, *corner)] = x[(*image, *best)]
            places[(*image, *corner)] = np.ravel_multi_index(best, shape)
    return values, places


def max_pool(n):
    """Make the reference of max pooling in `n` dimensions."""

    def reference(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        axes = _fixed_windows(x.shape[-n:], kernel_size, stride, padding, dilation, ceil_mode)
        return _maxima(x, axes)

    return reference


def _targets(shape, output_size):
    wanted = each(output_size, len(shape))
    return [have if want is None else want for have, want in zip(shape, wanted, strict=True)]


def adaptive_max_pool(n):
    """Make the reference of adaptive max pooling in `n` dimensions."""

    def reference(x, output_size):
        shape = x.shape[-n:]
        sizes = zip(shape, _targets(shape, output_size), strict=True)
        return _maxima(x, [_adaptive_windows(size, windows) for size, windows in sizes])

    return reference


def _means(x, axes, padding, include_pad, divisor):
    n = len(axes)
    shape = x.shape[-n:]
    result = np.empty((*x.shape[:-n], *[len(windows) for windows in axes]))
    for corner in np.ndindex(*result.shape[-n:]):
        windows = [axes[i][c] for i, c in enumerate(corner)]
        inside = [[s for s in w if 0 <= s < size] for w, size in zip(windows, shape, strict=True)]
        counted = [
            [s for s in w if s < size + p]
            for w, size, p in zip(windows, shape, padding, strict=True)
        ]
        count = np.prod([len(w) for w in (counted if include_pad else inside)])
        chosen = x[(..., *np.ix_(*inside))].sum(tuple(range(-n, 0)))
        result[(..., *corner)] = chosen / (divisor or count)
    return result


def avg_pool(n):
    """Make the reference of average pooling in `n` dimensions."""

    def reference(
        x,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        axes = _fixed_windows(x.shape[-n:], kernel_size, stride, padding, 1, ceil_mode)
        return _means(x, axes, each(padding, n), count_include_pad, divisor_override)

    return reference


def adaptive_avg_pool(n):
    """Make the reference of adaptive average pooling in `n` dimensions."""

    def reference(x, output_size):
        shape = x.shape[-n:]
        sizes = zip(shape, _targets(shape, output_size), strict=True)
        axes = [_adaptive_windows(size, windows) for size, windows in sizes]
        return _means(x, axes, (0,) * n, True, None)

    return reference


def lp_pool(n):
    """Make the reference of power averages in `n` dimensions, for positive inputs."""

    def reference(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        mean = avg_pool(n)(x**norm_type, kernel_size, stride, 0, ceil_mode)
        return (mean * np.prod(each(kernel_size, n))) ** (1 / norm_type)

    return reference


def max_unpool(n):
    """Make the reference of max unpooling in `n` dimensions: kernels that do not overlap."""

    def reference(x, indices, kernel_size):
        sizes = [size * kernel_size for size in x.shape[-n:]]
        result = np.zeros((*x.shape[:-n], int(np.prod(sizes))))
        for spot in np.ndindex(*x.shape):
            result[(*spot[:-n], indices[spot])] = x[spot]
        return result.reshape(*x.shape[:-n], *sizes)

    return reference


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Sliding blocks as columns, one block at a time."""
    kernel, dilation, stride = each(kernel_size, 2), each(dilation, 2), each(stride, 2)
    border = [(p, p) for p in each(padding, 2)]
    x = np.pad(x, [*[(0, 0)] * (x.ndim - 2), *border])
    out = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, d, s in zip(x.shape[-2:], kernel, dilation, stride, strict=True)
    ]
    blocks = [
        x[(..., *_window(corner, kernel, stride, dilation))].reshape(*x.shape[:-3], -1)
        for corner in np.ndindex(*out)
    ]
    return np.stack(blocks, axis=-1)


def fold(columns, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The transpose of `unfold`, as a product with its matrix."""
    size, kernel = each(output_size, 2), each(kernel_size, 2)
    channels = columns.shape[-2] // (kernel[0] * kernel[1])
    pixels = channels * size[0] * size[1]
    basis = np.eye(pixels).reshape(pixels, channels, *size)
    matrix = unfold(basis, kernel_size, dilation, padding, stride).reshape(pixels, -1)
    lead = columns.shape[:-2]
    flat = columns.reshape(*lead, -1) @ matrix.T
    return flat.reshape(*lead, channels, *size)
