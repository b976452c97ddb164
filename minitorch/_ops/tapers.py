"""Window functions, by which signals are faded in and out."""

import math

from minitorch._core.device import check_device
from minitorch._core.dtype import get_default_dtype
from minitorch._core.layout import check_layout
from minitorch._ops.creation import arange, empty, ones
from minitorch._ops.rule import scalar_type
from minitorch._ops.special import i0

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def taper(name, curve):
    """Make a window function; `curve` maps the places 0 .. n - 1 and n to the values."""
    def window(window_length, periodic=True, *args, dtype=None, layout=None, device=None,
               requires_grad=False, pin_memory=False, **facts):
        check_device(device)
        check_layout(layout, name)
        wanted = dtype or get_default_dtype()
        if not wanted.is_floating_point:
            raise RuntimeError(f"{name} expects floating point dtypes, got: "
                               f"{scalar_type(wanted)}")
        if window_length < 0:
            raise RuntimeError(f"{name} requires non-negative window_length, got window_length="
                               f"{window_length}")
        if window_length < 2:
            made = (ones if window_length else empty)(window_length, dtype=wanted)
        else:
            points = window_length + bool(periodic)
            # half precision is computed in float32 and rounded once
            places = arange(points, dtype=None if wanted.itemsize == 2 else wanted)
            made = curve(places, points, *args, **facts)[:window_length].to(wanted).clone()
        return made.requires_grad_(requires_grad)

    window.__name__ = window.__qualname__ = name
    return window


def cosines(*weights):
    """A sum of cosines of 0, 1, 2 ... waves over the window."""
    def curve(places, points):
        turn = places * (2 * math.pi / (points - 1))
        return sum(weight * (turn * k).cos() for k, weight in enumerate(weights))

    return curve


def _hamming(places, points, alpha=0.54, beta=0.46):
    return cosines(alpha, -beta)(places, points)


def _bartlett(places, points):
    return 1 - (places * (2 / (points - 1)) - 1).abs()


def _kaiser(places, points, beta=12.0):
    x = places * (2 / (points - 1)) - 1
    return i0(beta * (1 - x * x).clamp(min=0).sqrt()) / i0(places.new_tensor(beta))


hann_window = taper("hann_window", cosines(0.5, -0.5))
hann_window.__doc__ = """``0.5 - 0.5 cos``, of `window_length` points.

`periodic` (default True) leaves out the last point of a window of one point more, so that copies
can follow each other.
"""
hamming_window = taper("hamming_window", _hamming)
hamming_window.__doc__ = "``alpha - beta cos`` (default 0.54, 0.46); see `hann_window`."
blackman_window = taper("blackman_window", cosines(0.42, -0.5, 0.08))
blackman_window.__doc__ = "``0.42 - 0.5 cos + 0.08 cos 2``; see `hann_window`."
bartlett_window = taper("bartlett_window", _bartlett)
bartlett_window.__doc__ = "A triangle with 0 at both ends; see `hann_window`."
kaiser_window = taper("kaiser_window", _kaiser)
kaiser_window.__doc__ = "Kaiser's window of shape `beta` (default 12.0); see `hann_window`."
