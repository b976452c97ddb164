"""Borders as modules: constant, zero, reflection, replication and circular, in 1d, 2d and 3d."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """:func:`minitorch.nn.functional.pad` with fixed arguments.

    Parameters
    ----------
    padding : int or tuple of int
        (before, after) of the last axis, then of the last but one, ...; one number is for all.
        Negative numbers cut off.

    Notes
    -----
    Shape: input (N, C, *) or (C, *) with as many axes behind as the name says; the constant modes
    take any input with that many axes or more. Output likewise, each axis longer by its padding.
    """

    __constants__ = ["padding"]

    # The subclass's: how many axes are padded, and how.
    _axes = 0
    _mode = "constant"

    def __init__(self, padding):
        super().__init__()
        entries = 2 * self._axes
        self.padding = (padding,) * entries if isinstance(padding, int) else tuple(padding)

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    __constants__ = ["padding", "value"]

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class _ReflectionPad(_Pad):
    _mode = "reflect"


class _ReplicationPad(_Pad):
    _mode = "replicate"


class _CircularPad(_Pad):
    _mode = "circular"

    def forward(self, input):
        low, high = self._axes + 1, self._axes + 2
        if input.dim() not in (low, high):
            raise ValueError(f"expected {low}D or {high}D input (got {input.dim()}D input)")
        return super().forward(input)


class ConstantPad1d(_ConstantPad):
    """Put borders of `value` around the last axis.

    Examples
    --------
    >>> nn.ConstantPad1d((1, 2), 3.5)(torch.zeros(1, 2))
    tensor([[3.5000, 0.0000, 0.0000, 3.5000, 3.5000]])
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """Put borders of `value` around the last two axes; see :class:`ConstantPad1d`."""

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """Put borders of `value` around the last three axes; see :class:`ConstantPad1d`."""

    _axes = 3


class _ZeroPad:
    """The constant mode with zeros."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """Put zeros around the last axis."""


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """Put zeros around the last two axes."""


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """Put zeros around the last three axes."""


class ReflectionPad1d(_ReflectionPad):
    """Mirror the last axis at its ends, without the end itself.

    Examples
    --------
    >>> nn.ReflectionPad1d(2)(torch.arange(4.0).reshape(1, 4))
    tensor([[2., 1., 0., 1., 2., 3., 2., 1.]])
    """

    _axes = 1


class ReflectionPad2d(_ReflectionPad):
    """Mirror the last two axes at their ends; see :class:`ReflectionPad1d`."""

    _axes = 2


class ReflectionPad3d(_ReflectionPad):
    """Mirror the last three axes at their ends; see :class:`ReflectionPad1d`."""

    _axes = 3


class ReplicationPad1d(_ReplicationPad):
    """Repeat the ends of the last axis.

    Examples
    --------
    >>> nn.ReplicationPad1d((1, 2))(torch.arange(3.0).reshape(1, 3))
    tensor([[0., 0., 1., 2., 2., 2.]])
    """

    _axes = 1


class ReplicationPad2d(_ReplicationPad):
    """Repeat the ends of the last two axes; see :class:`ReplicationPad1d`."""

    _axes = 2


class ReplicationPad3d(_ReplicationPad):
    """Repeat the ends of the last three axes; see :class:`ReplicationPad1d`."""

    _axes = 3


class CircularPad1d(_CircularPad):
    """Continue the last axis with its other end.

    Examples
    --------
    >>> nn.CircularPad1d((1, 2))(torch.arange(4.0).reshape(1, 4))
    tensor([[3., 0., 1., 2., 3., 0., 1.]])
    """

    _axes = 1


class CircularPad2d(_CircularPad):
    """Continue the last two axes with their other ends; see :class:`CircularPad1d`."""

    _axes = 2


class CircularPad3d(_CircularPad):
    """Continue the last three axes with their other ends; see :class:`CircularPad1d`."""

    _axes = 3
