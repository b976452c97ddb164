"""Conv2d."""

import math

from minitorch._ops.creation import empty
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = ["Conv2d"]

_PADDING_NAMES = ("same", "valid")
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _names(options):
    return "{" + ", ".join(repr(option) for option in options) + "}"


class Conv2d(Module):
    """Slide learned kernels over images; :func:`minitorch.nn.functional.conv2d` has the formula.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output.
    kernel_size : int or (int, int)
        Rows and columns of the kernel.
    stride : int or (int, int)
        Step of the kernel (default 1).
    padding : int, (int, int), "valid" or "same"
        Border on each side (default 0); "same" keeps the size, for `stride` 1.
    dilation : int or (int, int)
        Step between the kernel's entries (default 1).
    groups : int
        Split the channels into groups that do not see each other (default 1).
    bias : bool
        Learn an offset per output channel (default True).
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the border holds.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If `groups` does not divide the channels, or for unknown padding words.

    Notes
    -----
    Shape: input (N, C_in, H, W) or (C_in, H, W), output (N, C_out, H_out, W_out) with
    H_out = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride + 1); weight
    (C_out, C_in / groups, kH, kW), bias (C_out). Both start as U(-k, k) with
    k = 1 / sqrt(C_in / groups * kH * kW).

    Examples
    --------
    >>> nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)
    """

    __constants__ = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "output_padding",
        "in_channels",
        "out_channels",
        "kernel_size",
    ]

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = padding if isinstance(padding, str) else _pair(padding)
        self.dilation = _pair(dilation)
        self.transposed = False
        self.output_padding = (0, 0)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_options()
        self._reversed_padding_repeated_twice = self._border()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check_options(self):
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if self.out_channels % self.groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(self.padding, str):
            if self.padding not in _PADDING_NAMES:
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, "
                    f"should be one of {_names(_PADDING_NAMES)}"
                )
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {_names(_PADDING_MODES)}, "
                f"but got padding_mode='{self.padding_mode}'"
            )

    def _border(self):
        """Return the padding as F.pad takes it: (left, right, top, bottom)."""
        if self.padding == "valid":
            return [0, 0, 0, 0]
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [side for total in reversed(totals) for side in (total // 2, -(-total // 2))]
        rows, columns = self.padding
        return [columns, columns, rows, rows]

    def reset_parameters(self):
        """Draw weight and bias anew."""
        # The numbers are drawn in logical order, whatever the memory layout.
        with no_grad():
            if self.weight.is_contiguous():
                init.kaiming_uniform_(self.weight, a=math.sqrt(5))
            else:
                drawn = self.weight.detach().contiguous()
                self.weight.copy_(init.kaiming_uniform_(drawn, a=math.sqrt(5)))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = (0, 0)
        return F.conv2d(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text
