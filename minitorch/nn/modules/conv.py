"""Conv1d, Conv2d, Conv3d and their transposes."""

import math

from minitorch._ops.creation import empty
from minitorch.autograd.grad_mode import no_grad
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

_PADDING_NAMES = ("same", "valid")
_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def _repeated(value, n):
    """One number for each dimension of space."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def _names(options):
    return "{" + ", ".join(repr(option) for option in options) + "}"


class _ConvNd(Module):
    """What the layers share: the options, the parameters and the text."""

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
        dimensions,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        dilation,
        transposed,
        output_padding,
        groups,
        bias,
        padding_mode,
        device,
        dtype,
    ):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _repeated(kernel_size, dimensions)
        self.stride = _repeated(stride, dimensions)
        self.padding = padding if isinstance(padding, str) else _repeated(padding, dimensions)
        self.dilation = _repeated(dilation, dimensions)
        self.transposed = transposed
        self.output_padding = _repeated(output_padding, dimensions)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_options()
        self._reversed_padding_repeated_twice = self._border()
        outer, inner = (in_channels, out_channels) if transposed else (out_channels, in_channels)
        shape = (outer, inner // groups, *self.kernel_size)
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
        return [side for side in reversed(self.padding) for _ in range(2)]

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
            padding = 0
        return getattr(F, self._function)(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)

    def extra_repr(self):
        text = (
            f"{self.in_channels}, {self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if isinstance(self.padding, str) or any(self.padding):
            text += f", padding={self.padding}"
        if any(step != 1 for step in self.dilation):
            text += f", dilation={self.dilation}"
        if any(self.output_padding):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv1d(_ConvNd):
    """Slide learned kernels over signals; the arguments of :class:`Conv2d`, one number each.

    Notes
    -----
    Shape: input (N, C_in, L) or (C_in, L), output (N, C_out, L_out); weight
    (C_out, C_in / groups, k), bias (C_out).

    Examples
    --------
    >>> nn.Conv1d(16, 33, 3, stride=2)
    Conv1d(16, 33, kernel_size=(3,), stride=(2,))
    """

    _function = "conv1d"

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
        super().__init__(
            1,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            False,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class Conv2d(_ConvNd):
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

    _function = "conv2d"

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
        super().__init__(
            2,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            False,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class Conv3d(_ConvNd):
    """Slide learned kernels over volumes; the arguments of :class:`Conv2d`, one number or three.

    Notes
    -----
    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W), output (N, C_out, D_out, H_out, W_out);
    weight (C_out, C_in / groups, kD, kH, kW), bias (C_out).

    Examples
    --------
    >>> nn.Conv3d(16, 33, (3, 5, 2), padding=(4, 2, 0))
    Conv3d(16, 33, kernel_size=(3, 5, 2), stride=(1, 1, 1), padding=(4, 2, 0))
    """

    _function = "conv3d"

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
        super().__init__(
            3,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            False,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class _ConvTransposeNd(_ConvNd):
    """What the transposed layers share: the size asked for is made into an output padding."""

    def _check_options(self):
        if self.padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        super()._check_options()

    def forward(self, input, output_size=None):
        extra = self.output_padding
        if output_size is not None:
            extra = self._output_padding(input, list(output_size))
        return getattr(F, self._function)(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input, output_size):
        """Return what to add to the smallest size to get `output_size`."""
        space = len(self.kernel_size)
        leading = 2 if input.dim() == space + 2 else 1
        if len(output_size) == leading + space:
            output_size = output_size[leading:]
        if len(output_size) != space:
            raise ValueError(
                f"ConvTranspose{space}D: for {input.dim()}D input, output_size must have {space} "
                f"or {leading + space} elements (got {len(output_size)})"
            )
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[leading:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(least, output_size, most, strict=True)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range from {least} "
                f"to {most} (for an input of {input.size()[2:]})"
            )
        return [n - a for n, a in zip(output_size, least, strict=True)]


class ConvTranspose1d(_ConvTransposeNd):
    """Spread signals over learned kernels; the arguments of :class:`ConvTranspose2d`.

    Notes
    -----
    Shape: input (N, C_in, L) or (C_in, L), output (N, C_out, L_out); weight
    (C_in, C_out / groups, k), bias (C_out).
    """

    _function = "conv_transpose1d"

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__(
            1,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            True,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class ConvTranspose2d(_ConvTransposeNd):
    """Spread each pixel over a learned kernel: the transpose of :class:`Conv2d`.

    ``layer(input, output_size=None)`` takes the size wanted where `stride` leaves a choice.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output.
    kernel_size : int or (int, int)
        Rows and columns of the kernel.
    stride : int or (int, int)
        Step of the kernel in the output (default 1).
    padding : int or (int, int)
        Cut off on each side of the output (default 0).
    output_padding : int or (int, int)
        Rows and columns more at the far side (default 0).
    groups : int
        Split the channels into groups that do not see each other (default 1).
    bias : bool
        Learn an offset per output channel (default True).
    dilation : int or (int, int)
        Step between the kernel's entries (default 1).
    padding_mode : {"zeros"}
        No other makes sense here.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If `groups` does not divide the channels, for another padding mode, or an `output_size`
        out of reach.

    Notes
    -----
    Shape: input (N, C_in, H, W) or (C_in, H, W), output (N, C_out, H_out, W_out) with
    H_out = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1; weight
    (C_in, C_out / groups, kH, kW), bias (C_out). Both start as U(-k, k) with
    k = 1 / sqrt(C_out / groups * kH * kW).

    Examples
    --------
    >>> nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1)
    ConvTranspose2d(16, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
    """

    _function = "conv_transpose2d"

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__(
            2,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            True,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class ConvTranspose3d(_ConvTransposeNd):
    """Spread volumes over learned kernels; the arguments of :class:`ConvTranspose2d`.

    Notes
    -----
    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W), output (N, C_out, D_out, H_out, W_out);
    weight (C_in, C_out / groups, kD, kH, kW), bias (C_out).
    """

    _function = "conv_transpose3d"

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__(
            3,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            True,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
