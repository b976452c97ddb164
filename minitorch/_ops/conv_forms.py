"""Other ways to call a convolution: the general form, and time first."""

from minitorch._ops import conv

__all__ = ["conv_tbc", "convolution"]

_FORWARD = {3: conv.conv1d, 4: conv.conv2d, 5: conv.conv3d}
_TRANSPOSED = {3: conv.conv_transpose1d, 4: conv.conv_transpose2d, 5: conv.conv_transpose3d}


def convolution(
    input, weight, bias, stride, padding, dilation, transposed, output_padding, groups
):
    """Convolve in as many dimensions as `weight` has, forward or `transposed`.

    Parameters
    ----------
    input, weight : Tensor
        Batched; one to three dimensions after the first two.
    bias : Tensor or None
    stride, padding, dilation, output_padding : sequence of int
        One number or one for each dimension.
    transposed : bool
    groups : int
    """
    if weight.dim() not in _FORWARD or input.dim() != weight.dim():
        if weight.dim() < 3:
            raise RuntimeError("weight should have at least three dimensions")
        raise RuntimeError(
            f"Expected {weight.dim()}-dimensional input for {weight.dim()}-dimensional weight "
            f"{list(weight.shape)}, but got {input.dim()}-dimensional input of size "
            f"{list(input.shape)} instead"
        )
    if transposed:
        return _TRANSPOSED[weight.dim()](
            input, weight, bias, stride, padding, output_padding, groups, dilation
        )
    return _FORWARD[weight.dim()](input, weight, bias, stride, padding, dilation, groups)


def conv_tbc(input, weight, bias, pad=0):
    """Convolve signals (time, batch, channels) with kernels (time, in, out).

    Parameters
    ----------
    input : Tensor
        (L, N, C_in).
    weight : Tensor
        (k, C_in, C_out).
    bias : Tensor
        (C_out).
    pad : int
        Zeros on each side.

    Raises
    ------
    RuntimeError
        If the shapes do not fit.
    """
    if input.dim() != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if weight.dim() != 3:
        raise RuntimeError(
            "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels."
        )
    if bias.dim() != 1:
        raise RuntimeError("Bias must be 1-D")
    if input.shape[2] != weight.shape[1]:
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if weight.shape[2] != bias.shape[0]:
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    result = conv.conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return result.permute(2, 0, 1).contiguous()
