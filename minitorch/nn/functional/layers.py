"""linear, conv2d and flatten."""

from minitorch._ops import conv as _conv
from minitorch._ops import linear as _linear
from minitorch.nn.functional.padding import pad

__all__ = ["conv2d", "flatten", "linear"]


def linear(input, weight, bias=None):
    """``input @ weight.T + bias``.

    Parameters
    ----------
    input : Tensor
        (*, in_features).
    weight : Tensor
        (out_features, in_features), or (in_features).
    bias : Tensor, optional
        (out_features).

    Returns
    -------
    Tensor
        (*, out_features).

    Raises
    ------
    RuntimeError
        If the shapes or dtypes do not fit: "mat1 and mat2 shapes cannot be multiplied (...)".
    """
    return _linear.linear(input, weight, bias)


def flatten(input, start_dim=0, end_dim=-1):
    """Join the dimensions `start_dim` to `end_dim` into one."""
    return input.flatten(start_dim, end_dim)


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _same_padding(input, weight, stride, dilation):
    """Return the input and the symmetric padding that give an output of the input's size.

    The total is dilation * (kernel - 1) per dimension. An odd total needs one more zero behind
    than in front: that one is put in here, as PyTorch does.
    """
    if any(s != 1 for s in _pair(stride)):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for d, k in zip(_pair(dilation), weight.shape[-2:], strict=False)]
    if any(total % 2 for total in totals):
        extra_rows, extra_columns = (total % 2 for total in totals)
        input = pad(input, (0, extra_columns, 0, extra_rows))
    return input, tuple(total // 2 for total in totals)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide a kernel over images: cross-correlation, as deep learning calls convolution.

    Parameters
    ----------
    input : Tensor
        (N, C_in, H, W) or (C_in, H, W).
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
    if isinstance(padding, str):
        if padding == "valid":
            padding = 0
        elif padding == "same":
            input, padding = _same_padding(input, weight, stride, dilation)
        else:
            raise RuntimeError(f"Invalid padding string: '{padding}'")
    return _conv.conv2d(input, weight, bias, stride, padding, dilation, groups)
