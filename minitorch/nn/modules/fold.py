"""Unfold and Fold."""

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module

__all__ = ["Fold", "Unfold"]


class _SlidingBlocks(Module):
    __constants__ = ["kernel_size", "dilation", "padding", "stride"]

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Unfold(_SlidingBlocks):
    """Lay sliding blocks side by side; :func:`minitorch.nn.functional.unfold` has the words.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or (int, int)
        As for a convolution.

    Notes
    -----
    Shape: input (N, C, H, W) or (C, H, W), output (N, C kH kW, number of blocks).
    """

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(_SlidingBlocks):
    """Add blocks up to images; :func:`minitorch.nn.functional.fold` has the words.

    Parameters
    ----------
    output_size : int or (int, int)
        Rows and columns of the images.
    kernel_size, dilation, padding, stride : int or (int, int)
        As for :class:`Unfold`.

    Notes
    -----
    Shape: input (N, C kH kW, number of blocks) or without N, output (N, C, *output_size).
    """

    __constants__ = ["output_size", *_SlidingBlocks.__constants__]

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input):
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self):
        return f"output_size={self.output_size}, {super().extra_repr()}"
