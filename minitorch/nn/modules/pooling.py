"""MaxPool2d, AvgPool2d and AdaptiveAvgPool2d."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = ["AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d"]


class MaxPool2d(Module):
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
        return F.max_pool2d(
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


class AvgPool2d(Module):
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
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool2d(Module):
    """Means over a grid of windows, whatever the size of the image.

    Parameters
    ----------
    output_size : int, None or (int or None, int or None)
        Rows and columns of the result; None keeps the input's.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output (N, C, *output_size).
    """

    __constants__ = ["output_size"]

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self):
        return f"output_size={self.output_size}"
