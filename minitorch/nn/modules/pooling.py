"""Pooling layers in one to three dimensions, and those that undo them."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


def _single(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _repeated(value, n):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


# ---------------------------------------------------------------- max


class _MaxPoolNd(Module):
    __constants__ = [
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "return_indices",
        "ceil_mode",
    ]

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input):
        return getattr(F, self._function)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The largest value of each window of a signal; the arguments of :class:`MaxPool2d`.

    Notes
    -----
    Shape: input (N, C, L) or (C, L).
    """

    _function = "max_pool1d"


class MaxPool2d(_MaxPoolNd):
    """The largest value of each window; :func:`minitorch.nn.functional.max_pool2d` has the words.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        Step of the window; `kernel_size` if left out.
    padding : int or (int, int)
        Border of minus infinity.
    dilation : int or (int, int)
        Step within the window.
    return_indices : bool
        Also return where the values stood.
    ceil_mode : bool
        Count a last window that sticks out.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output with
    H_out = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride + 1).
    """

    _function = "max_pool2d"


class MaxPool3d(_MaxPoolNd):
    """The largest value of each window of a volume; the arguments of :class:`MaxPool2d`.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W).
    """

    _function = "max_pool3d"


# ---------------------------------------------------------------- average


class _AvgPoolNd(Module):
    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean of each window of a signal; :func:`minitorch.nn.functional.avg_pool1d`.

    Parameters
    ----------
    kernel_size : int
        Size of the window.
    stride : int, optional
        Step of the window; `kernel_size` if left out.
    padding : int
        Border of zeros.
    ceil_mode : bool
        Count a last window that sticks out.
    count_include_pad : bool
        Count the border in the divisor (default True).

    Notes
    -----
    Shape: input (N, C, L) or (C, L).
    """

    __constants__ = ["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input):
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _AvgPoolOfImages(_AvgPoolNd):
    __constants__ = [
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    ]

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input):
        return getattr(F, self._function)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolOfImages):
    """The mean of each window; :func:`minitorch.nn.functional.avg_pool2d` has the words.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        Step of the window; `kernel_size` if left out.
    padding : int or (int, int)
        Border of zeros.
    ceil_mode : bool
        Count a last window that sticks out.
    count_include_pad : bool
        Count the border in the divisor (default True).
    divisor_override : int, optional
        Divide by this.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output with
    H_out = floor((H + 2 padding - kernel) / stride + 1).
    """

    _function = "avg_pool2d"


class AvgPool3d(_AvgPoolOfImages):
    """The mean of each window of a volume; the arguments of :class:`AvgPool2d`.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W).
    """

    _function = "avg_pool3d"


# ---------------------------------------------------------------- power averages


class _LPPoolNd(Module):
    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input):
        return getattr(F, self._function)(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self):
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """Power averages of windows; :func:`minitorch.nn.functional.lp_pool1d` has the words.

    Parameters
    ----------
    norm_type : float
        The power.
    kernel_size : int
        Size of the window.
    stride : int, optional
        Step of the window; `kernel_size` if left out.
    ceil_mode : bool
        Count a last window that sticks out.

    Notes
    -----
    Shape: input (N, C, L) or (C, L).
    """

    _function = "lp_pool1d"


class LPPool2d(_LPPoolNd):
    """Power averages of the windows of images; the arguments of :class:`LPPool1d`.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W).
    """

    _function = "lp_pool2d"


class LPPool3d(_LPPoolNd):
    """Power averages of the windows of volumes; the arguments of :class:`LPPool1d`.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W).
    """

    _function = "lp_pool3d"


# ---------------------------------------------------------------- adaptive


class _AdaptivePoolNd(Module):
    __constants__ = ["output_size"]

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        return getattr(F, self._function)(input, self.output_size)

    def extra_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePoolNd):
    """Means over a grid of windows, whatever the length of the signal.

    Parameters
    ----------
    output_size : int

    Notes
    -----
    Shape: input (N, C, L) or (C, L), output (N, C, output_size).
    """

    _function = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_AdaptivePoolNd):
    """Means over a grid of windows, whatever the size of the image.

    Parameters
    ----------
    output_size : int, None or (int or None, int or None)
        Rows and columns of the result; None keeps the input's.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output (N, C, *output_size).
    """

    _function = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_AdaptivePoolNd):
    """Means over a grid of windows, whatever the size of the volume.

    Parameters
    ----------
    output_size : int, None or three of int or None
        None keeps the input's.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W), output (N, C, *output_size).
    """

    _function = "adaptive_avg_pool3d"


class _AdaptiveMaxPoolNd(_AdaptivePoolNd):
    __constants__ = ["output_size", "return_indices"]

    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input):
        return getattr(F, self._function)(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima over a grid of windows; the arguments of :class:`AdaptiveMaxPool2d`.

    Notes
    -----
    Shape: input (N, C, L) or (C, L), output (N, C, output_size).
    """

    _function = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maxima over a grid of windows, whatever the size of the image.

    Parameters
    ----------
    output_size : int, None or (int or None, int or None)
        Rows and columns of the result; None keeps the input's.
    return_indices : bool
        Also return where the values stood.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output (N, C, *output_size).
    """

    _function = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maxima over a grid of windows; the arguments of :class:`AdaptiveMaxPool2d`.

    Notes
    -----
    Shape: input (N, C, D, H, W) or (C, D, H, W), output (N, C, *output_size).
    """

    _function = "adaptive_max_pool3d"


# ---------------------------------------------------------------- unpooling


class _MaxUnpoolNd(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        n = self._dimensions
        self.kernel_size = _repeated(kernel_size, n)
        self.stride = _repeated(stride if stride is not None else kernel_size, n)
        self.padding = _repeated(padding, n)

    def forward(self, input, indices, output_size=None):
        return getattr(F, f"max_unpool{self._dimensions}d")(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Put the maxima of a signal back where they stood; the arguments of :class:`MaxUnpool2d`.

    Notes
    -----
    Shape: input and indices (N, C, L) or (C, L).
    """

    _dimensions = 1


class MaxUnpool2d(_MaxUnpoolNd):
    """Put maxima back where they stood, zeros elsewhere.

    ``layer(input, indices, output_size=None)`` takes what ``MaxPool2d(..., return_indices=True)``
    gave; :func:`minitorch.nn.functional.max_unpool2d` has the words.

    Parameters
    ----------
    kernel_size, stride, padding : int or (int, int)
        As they were in the pooling.

    Notes
    -----
    Shape: input and indices (N, C, H, W) or (C, H, W), output with
    H_out = (H - 1) stride - 2 padding + kernel, or as `output_size` says.
    """

    _dimensions = 2


class MaxUnpool3d(_MaxUnpoolNd):
    """Put the maxima of a volume back where they stood; the arguments of :class:`MaxUnpool2d`.

    Notes
    -----
    Shape: input and indices (N, C, D, H, W) or (C, D, H, W).
    """

    _dimensions = 3
