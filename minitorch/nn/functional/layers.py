"""linear, batch_norm, group_norm and flatten."""

import math

from minitorch._ops import linear as _linear
from minitorch._ops import norm as _norm

__all__ = ["batch_norm", "flatten", "group_norm", "linear"]


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


def _check_batch(shape):
    if shape[0] * math.prod(shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {shape}"
        )


def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """``(input - mean) / sqrt(var + eps) * weight + bias`` per channel; arXiv:1502.03167.

    Parameters
    ----------
    input : Tensor
        (N, C, *).
    running_mean, running_var : Tensor or None
        (C). In training they are moved in place towards the batch's mean and unbiased variance;
        otherwise they are what is normalised with.
    weight, bias : Tensor, optional
        (C).
    training : bool
        Normalise with the batch's mean and biased variance.
    momentum : float
        Share of the new value in the running ones.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError
        In training with one value per channel, or a negative (in training: zero) `eps`.
    """
    if training:
        _check_batch(input.shape)
        if eps <= 0.0:
            raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return _norm.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Normalise each group of channels of each example by itself; arXiv:1803.08494.

    Parameters
    ----------
    input : Tensor
        (N, C, *).
    num_groups : int
        Divides C.
    weight, bias : Tensor, optional
        (C): scale and shift afterwards.
    eps : float
        Added to the variance.

    Raises
    ------
    RuntimeError
        If the groups do not divide the channels, or weight or bias is of another size.
    ValueError
        If there is one value only.
    """
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    shape = input.shape
    batch, channels, *rest = shape
    _check_batch([batch * channels // num_groups, num_groups, *rest])
    if channels % num_groups != 0:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(shape)} and num_groups={num_groups}"
        )
    for name, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and vector.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {list(vector.shape)} and input of shape {list(shape)}"
            )
    grouped = input.reshape(batch, num_groups, -1)
    centered = grouped - grouped.mean(-1, keepdim=True)
    variance = (centered * centered).mean(-1, keepdim=True)
    result = (centered / (variance + eps).sqrt()).reshape(shape)
    column = (channels, *[1] * len(rest))
    if weight is not None:
        result = result * weight.reshape(column)
    return result if bias is None else result + bias.reshape(column)
