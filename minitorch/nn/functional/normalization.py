"""batch_norm, instance_norm, layer_norm, group_norm, rms_norm and local_response_norm."""

import math

from minitorch._ops import norm as _norm
from minitorch._ops import normalization as _composed
from minitorch._ops import row_norm as _row_norm
from minitorch.nn.functional.padding import pad
from minitorch.nn.functional.pooling import avg_pool2d

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
]


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
    if input.numel() == 0:
        return _composed.nothing_normalised(input, weight, bias)
    return _norm.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Normalise each channel of each example by itself; arXiv:1607.08022.

    Parameters
    ----------
    input : Tensor
        (N, C, *).
    running_mean, running_var : Tensor, optional
        (C). With `use_input_stats` they are moved in place towards the averages over the batch;
        otherwise they are what is normalised with.
    weight, bias : Tensor, optional
        (C): scale and shift afterwards.
    use_input_stats : bool
        Normalise with the input's own mean and biased variance.
    momentum : float
        Share of the new value in the running ones.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError
        With one value per channel, or one of the running statistics alone.
    RuntimeError
        If the running statistics are wanted and not there.
    """
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size "
            f"{input.shape}"
        )
    return _composed.instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, False
    )


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Normalise over the last axes of each example by itself; arXiv:1607.06450.

    Parameters
    ----------
    input : Tensor
        (*, *normalized_shape).
    normalized_shape : tuple of int
        The axes that share a mean and a (biased) variance.
    weight, bias : Tensor, optional
        Of that shape: scale and shift afterwards.
    eps : float
        Added to the variance.

    Raises
    ------
    RuntimeError
        If the shapes do not fit.
    """
    return _row_norm.layer_norm(input, normalized_shape, weight, bias, eps)


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
    batch, channels, *rest = input.shape
    _check_batch([batch * channels // num_groups, num_groups, *rest])
    return _row_norm.group_norm(input, num_groups, weight, bias, eps)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """``input / sqrt(mean(input^2) + eps) * weight`` over the last axes; arXiv:1910.07467.

    Parameters
    ----------
    input : Tensor
        (*, *normalized_shape).
    normalized_shape : tuple of int
        The axes that share a mean.
    weight : Tensor, optional
        Of that shape.
    eps : float, optional
        The machine epsilon of the dtype computed in (float32 for the halves) if left out.

    Raises
    ------
    RuntimeError
        If the shapes do not fit.
    """
    return _composed.rms_norm(input, normalized_shape, weight, eps)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """``input / (k + alpha * mean of squares over nearby channels) ** beta``.

    Source: Krizhevsky et al., "ImageNet Classification with Deep CNNs" (2012).

    Parameters
    ----------
    input : Tensor
        (N, C, *) with at least three dimensions.
    size : int
        Channels of the window around each; outside of the input they count as zeros.
    alpha, beta, k : float
        The constants of the formula.

    Raises
    ------
    ValueError
        For fewer dimensions.
    """
    if input.dim() < 3:
        raise ValueError(
            "Expected 3D or higher dimensionality                          "
            f"input (got {input.dim()} dimensions)"
        )
    if input.numel() == 0:
        return input
    # channels as the rows of an image with one channel
    squares = (input * input).reshape(input.shape[0], 1, input.shape[1], -1)
    bordered = pad(squares, (0, 0, size // 2, (size - 1) // 2))
    means = avg_pool2d(bordered, (size, 1), stride=1).reshape(input.shape)
    return input / (means * alpha + k) ** beta
