"""Switches of the convolution kernels.

Attributes
----------
winograd : bool
    Whether 3x3 convolutions at stride one may use Winograd's algorithm (default True, or what
    ``MINITORCH_WINOGRAD=0|1`` says). It needs a quarter to a half of the multiplications. Against
    float64, forward and input gradient stay within 2e-5 of the result's largest value, the weight
    gradient within 5e-5: five to ten times the error of the direct form with random values, and
    up to forty times for the weight gradient. float64 never uses it.

Notes
-----
Winograd's algorithm mixes the pixels of a tile: an infinity or NaN in the input makes all of the
tile's results NaN, 4x4 pixels, where the direct form reaches those that see it, 3x3.

Examples
--------
>>> minitorch.backends.conv.winograd = False
"""

import sys
import types

from minitorch._kernels import conv as _kernels

__all__ = ["winograd"]

winograd: bool      # the property below


class _ConvModule(types.ModuleType):
    """The module itself, with a checked attribute, as in ``torch.backends``."""

    @property
    def winograd(self):
        return _kernels.get_winograd()

    @winograd.setter
    def winograd(self, allowed):
        if not isinstance(allowed, bool):
            raise TypeError(f"winograd must be a bool, but is {type(allowed).__name__}")
        _kernels.set_winograd(allowed)


sys.modules[__name__].__class__ = _ConvModule
