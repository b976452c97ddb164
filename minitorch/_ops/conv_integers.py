"""Convolution of integers, on arrays of numpy: exact, and wrapping where the dtype does.

One product of matrices a tap of the kernel: the part of the input that the tap sees, all groups
at once.
"""

import numpy as np


def _places(kernel, windows, stride, dilation):
    """Yield each tap with the slices of the padded input that it sees."""
    for tap in np.ndindex(*kernel):
        yield tap, tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(tap, dilation, windows, stride, strict=True)
        )


def _grouped(x, groups):
    """(N, C, *) as (N, groups, C / groups, places)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, -1)


def convolve(x, w, bias, stride, padding, dilation, groups):
    """(N, C, *) with weights (O, C / groups, *)."""
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    windows = [
        (n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True)
    ]
    weights = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    y = np.zeros((x.shape[0], groups, w.shape[0] // groups, np.prod(windows, dtype=int)), x.dtype)
    for tap, place in _places(w.shape[2:], windows, stride, dilation):
        y += weights[(..., *tap)] @ _grouped(x[(..., *place)], groups)
    y = y.reshape(x.shape[0], w.shape[0], *windows)
    return y if bias is None else y + bias.reshape(-1, *[1] * len(windows))


def convolve_transposed(x, w, bias, sizes, stride, padding, dilation, groups):
    """The transpose: (N, C, *) with weights (C, O / groups, *) to a result of `sizes`."""
    windows = x.shape[2:]
    spans = [
        max((n - 1) * s + d * (k - 1) + 1, p + size)
        for n, s, d, k, p, size in zip(
            windows, stride, dilation, w.shape[2:], padding, sizes[2:], strict=True
        )
    ]
    y = np.zeros((*sizes[:2], *spans), x.dtype)
    weights = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(1, 2)
    source = _grouped(x, groups)
    for tap, place in _places(w.shape[2:], windows, stride, dilation):
        part = weights[(..., *tap)] @ source
        y[(..., *place)] += part.reshape(*sizes[:2], *windows)
    kept = tuple(slice(p, p + n) for p, n in zip(padding, sizes[2:], strict=True))
    y = y[(..., *kept)]
    return np.ascontiguousarray(y if bias is None else y + bias.reshape(-1, *[1] * len(kept)))
