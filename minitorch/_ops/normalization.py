"""Normalisations that PyTorch composes of other operations: batch_norm, instance_norm, rms_norm.

In the argument order of PyTorch's functions of these names; `minitorch.nn.functional` has the
documented ones.  `cudnn_enabled` chooses between kernels that the CPU does not have.
"""

from minitorch._core.dtype import finfo, float32, float64
from minitorch._ops import norm as _norm

__all__ = ["batch_norm", "instance_norm", "rms_norm"]


def batch_norm(
    input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled
):
    """Normalise each channel over the batch; see `minitorch.nn.functional.batch_norm`."""
    if input.numel() == 0:
        return nothing_normalised(input, weight, bias)
    return _norm.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def nothing_normalised(input, weight, bias):
    """An empty result that depends on all arguments; the running statistics stay."""
    out = input.clone()
    if weight is not None:
        out = out * weight[0]
    return out if bias is None else out + bias[0]


def instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled
):
    """Normalise each channel of each example; see `minitorch.nn.functional.instance_norm`."""
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            "running_mean and running_var must either both be None or neither be None"
        )
    batch, channels = input.shape[:2]

    def repeated(vector):
        return None if vector is None else vector.repeat(batch)

    # every channel of every example is a channel of one example
    mean, var = repeated(running_mean), repeated(running_var)
    joined = input.contiguous().view((1, batch * channels, *input.shape[2:]))
    out = batch_norm(
        joined,
        repeated(weight),
        repeated(bias),
        mean,
        var,
        use_input_stats,
        momentum,
        eps,
        cudnn_enabled,
    )
    if running_mean is not None:
        running_mean.copy_(mean.view(batch, channels).mean(0))
        running_var.copy_(var.view(batch, channels).mean(0))
    return out.view(input.shape)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide by the root of the mean square; see `minitorch.nn.functional.rms_norm`."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            "rms_norm(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            + type(normalized_shape).__name__
        )
    inner = tuple(normalized_shape)
    if not inner:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least "
            "one element, but got normalized_shape = []"
        )
    if weight is not None and tuple(weight.shape) != inner:
        raise RuntimeError(
            "Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight.shape)} and normalized_shape = {list(inner)}"
        )
    if tuple(input.shape[-len(inner) :]) != inner:
        raise RuntimeError(
            f"Given normalized_shape={list(inner)}, expected input with shape "
            f"[*{str(list(inner))[1:]}, but got input of size{list(input.shape)}"
        )
    if not input.is_floating_point():
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{type_name(input)}'")
    wide = input if input.dtype is float64 else input.to(float32)
    if eps is None:
        eps = finfo(wide.dtype).eps
    axes = tuple(range(-len(inner), 0))
    out = wide * (wide.pow(2).mean(axes, keepdim=True) + eps).rsqrt()
    if weight is not None:
        out = out * weight
    return out.to(input.dtype)


def type_name(tensor):
    """What PyTorch's errors call the dtype of a tensor."""
    return tensor.type().rpartition(".")[2].removesuffix("Tensor")
