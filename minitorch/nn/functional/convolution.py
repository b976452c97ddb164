"""conv1d, conv2d, conv3d and their transposes."""

from minitorch._ops import conv as _conv
from minitorch._ops.conv_forms import conv_tbc

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide a kernel over signals; :func:`conv2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C_in, L) or (C_in, L).
    weight : Tensor
        (C_out, C_in / groups, k).
    bias : Tensor, optional
        (C_out).
    stride, padding, dilation, groups
        As for :func:`conv2d`, one number each.
    """
    return _conv.conv1d(input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide a kernel over images: cross-correlation, as deep learning calls convolution.

    Parameters
    ----------
    input : Tensor
        (N, C_in, H, W) or (C_in, H, W); floating, or integer (then exact and slow).
    weight : Tensor
        (C_out, C_in / groups, kH, kW).
    bias : Tensor, optional
        (C_out).
    stride, dilation : int or (int, int)
        Step of the kernel, and of the entries within it.
    padding : int, (int, int), "valid" or "same"
        Zeros on each side; "valid" is none, "same" keeps the size (`stride` 1 only).
    groups : int
        Split the channels into groups that do not see each other.

    Returns
    -------
    Tensor
        (N, C_out, H_out, W_out) with H_out = floor((H + 2 padding - dilation (kH - 1) - 1) /
        stride + 1). In channels_last if `input` or `weight` is.

    Raises
    ------
    RuntimeError
        If shapes, dtypes or options do not fit.
    """
    return _conv.conv2d(input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide a kernel over volumes; :func:`conv2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C_in, D, H, W) or (C_in, D, H, W).
    weight : Tensor
        (C_out, C_in / groups, kD, kH, kW).
    bias : Tensor, optional
        (C_out).
    stride, padding, dilation, groups
        As for :func:`conv2d`, one number or three.
    """
    return _conv.conv3d(input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Spread each place of signals over a kernel; :func:`conv_transpose2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C_in, L) or (C_in, L).
    weight : Tensor
        (C_in, C_out / groups, k).
    bias, stride, padding, output_padding, groups, dilation
        As for :func:`conv_transpose2d`, one number each.
    """
    return _conv.conv_transpose1d(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Spread each pixel over a kernel: the transpose of :func:`conv2d`, not its inverse.

    Parameters
    ----------
    input : Tensor
        (N, C_in, H, W) or (C_in, H, W); floating or int64.
    weight : Tensor
        (C_in, C_out / groups, kH, kW).
    bias : Tensor, optional
        (C_out).
    stride, dilation : int or (int, int)
        Step of the kernel in the result, and of the entries within it.
    padding : int or (int, int)
        Cut off on each side of the result.
    output_padding : int or (int, int)
        Rows and columns more at the far side, fewer than `stride` or `dilation`: of the sizes
        that a convolution of this stride maps to one, it chooses another.
    groups : int
        Split the channels into groups that do not see each other.

    Returns
    -------
    Tensor
        (N, C_out, H_out, W_out) with H_out = (H - 1) stride - 2 padding + dilation (kH - 1) +
        output_padding + 1.

    Raises
    ------
    RuntimeError
        If shapes, dtypes or options do not fit.
    """
    return _conv.conv_transpose2d(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Spread each voxel over a kernel; :func:`conv_transpose2d` has the words.

    Parameters
    ----------
    input : Tensor
        (N, C_in, D, H, W) or (C_in, D, H, W).
    weight : Tensor
        (C_in, C_out / groups, kD, kH, kW).
    bias, stride, padding, output_padding, groups, dilation
        As for :func:`conv_transpose2d`, one number or three.
    """
    return _conv.conv_transpose3d(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )
