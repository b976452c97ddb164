"""Filling tensors with start values, in place and unrecorded.

With the same seed the values are PyTorch's: each function draws the same numbers in the same
order. Sources: Glorot and Bengio 2010 (xavier), He et al. 2015 (kaiming), Saxe et al. 2013
(orthogonal), Martens 2010 (sparse).
"""

import math
import warnings

from minitorch._core.dtype import bfloat16, float16
from minitorch._ops.choice import where
from minitorch._ops.creation import empty_like, from_numpy
from minitorch._ops.random import randperm
from minitorch.autograd.grad_mode import no_grad

__all__ = [
    "calculate_gain",
    "constant",
    "constant_",
    "dirac",
    "dirac_",
    "eye",
    "eye_",
    "kaiming_normal",
    "kaiming_normal_",
    "kaiming_uniform",
    "kaiming_uniform_",
    "normal",
    "normal_",
    "ones_",
    "orthogonal",
    "orthogonal_",
    "sparse",
    "sparse_",
    "trunc_normal_",
    "uniform",
    "uniform_",
    "xavier_normal",
    "xavier_normal_",
    "xavier_uniform",
    "xavier_uniform_",
    "zeros_",
]

_LINEAR = (
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "sigmoid",
)


def calculate_gain(nonlinearity, param=None):
    """Return the factor that keeps the variance of activations through a nonlinearity.

    Parameters
    ----------
    nonlinearity : str
        "linear", "conv1d" ... "conv_transpose3d", "sigmoid" (1), "tanh" (5/3), "relu" (sqrt 2),
        "leaky_relu" (sqrt(2 / (1 + slope^2))) or "selu" (3/4).
    param : number, optional
        The negative slope of "leaky_relu", 0.01 if left out.

    Raises
    ------
    ValueError
        For another name, or a slope that is no number.
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        if isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


# ---- plain distributions and constants -----------------------------------------------------------


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with U(a, b) and return `tensor`; `generator` None is the default one."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with N(mean, std^2) and return `tensor`; `generator` None is the default one."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor, val):
    """Fill with `val` and return `tensor`."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor):
    """Fill with 1 and return `tensor`."""
    return constant_(tensor, 1.0)


def zeros_(tensor):
    """Fill with 0 and return `tensor`."""
    with no_grad():
        return tensor.zero_()


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with N(mean, std^2) restricted to [a, b] and return `tensor`.

    Values outside are drawn again; where [a, b] holds less than 30 % of the normal distribution,
    uniform candidates are accepted or rejected by their density instead.

    Parameters
    ----------
    tensor : Tensor
        Floating point, any shape.
    mean, std : float
        Of the normal distribution before it is cut.
    a, b : float
        The bounds.
    generator : Generator, optional
        The default one if left out.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    with no_grad():
        if inside > 0.3:
            _redraw_outside(tensor, mean, std, a, b, generator)
        else:
            _reject_uniform(tensor, mean, std, a, b, generator)
    return tensor


def _normal_cdf(x):
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _redraw_outside(tensor, mean, std, a, b, generator):
    # The bounds as the tensor's dtype rounds them, so that a rounded value counts as inside.
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    result = tensor.normal_(mean, std, generator=generator)
    while True:
        outside = (result < low) | (result > high)
        if not outside.any():
            break
        fresh = empty_like(result).normal_(mean, std, generator=generator)
        result = where(outside, fresh, result)
    if result is not tensor:
        tensor.copy_(result)


def _reject_uniform(tensor, mean, std, a, b, generator):
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def accepted(candidates):
        """Accept with probability density / peak, compared as logarithms."""
        log_density = candidates.sub(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return empty_like(tensor).uniform_(generator=generator).log_() <= log_density

    result = tensor.uniform_(a, b, generator=generator)
    pending = ~accepted(result)
    while pending.any():
        candidates = empty_like(tensor).uniform_(a, b, generator=generator)
        result = where(pending, candidates, result)
        pending = pending & ~accepted(candidates)
    if result is not tensor:
        tensor.copy_(result)


# ---- identities ----------------------------------------------------------------------------------


def eye_(tensor):
    """Fill a matrix with the identity and return it; ValueError unless it has 2 dimensions."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        tensor.zero_()
        for i in range(min(tensor.shape)):
            tensor[i, i] = 1
    return tensor


def dirac_(tensor, groups=1):
    """Fill a convolution weight so that it copies as many channels as it can; return it.

    Parameters
    ----------
    tensor : Tensor
        (out, in/groups, *kernel) with 1, 2 or 3 kernel dimensions.
    groups : int
        Each group copies its own channels.

    Raises
    ------
    ValueError
        For another number of dimensions, or `groups` that do not divide the first.
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    center = tuple(size // 2 for size in kernel)
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, in_channels)):
                tensor[(group * per_group + channel, channel, *center)] = 1
    return tensor


# ---- scaled by the fan ---------------------------------------------------------------------------


def _calculate_fan_in_and_fan_out(tensor):
    """Return the numbers of inputs of one output unit, and of outputs of one input unit."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    outputs, inputs, *kernel = tensor.shape
    area = math.prod(kernel)
    return inputs * area, outputs * area


def _calculate_correct_fan(tensor, mode):
    mode = mode.lower()
    valid_modes = ["fan_in", "fan_out"]
    if mode not in valid_modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {valid_modes}")
    return _calculate_fan_in_and_fan_out(tensor)[valid_modes.index(mode)]


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Fill with U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out)), and return `tensor`."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill with N(0, std^2), std = gain * sqrt(2 / (fan_in + fan_out)), and return `tensor`."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _is_empty(tensor):
    if 0 not in tensor.shape:
        return False
    warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return True


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill with U(-bound, bound), bound = gain * sqrt(3 / fan), and return `tensor`.

    Parameters
    ----------
    tensor : Tensor
        At least 2 dimensions: (out, in, *kernel).
    a : float
        Negative slope, for "leaky_relu".
    mode : {"fan_in", "fan_out"}
        Keep the variance of the activations or of the gradients.
    nonlinearity : str
        What follows; see :func:`calculate_gain`.
    generator : Generator, optional
        The default one if left out.

    Raises
    ------
    ValueError
        For a tensor with fewer dimensions, or another mode or nonlinearity.
    """
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill with N(0, std^2), std = gain / sqrt(fan), and return `tensor`.

    The arguments and errors are those of :func:`kaiming_uniform_`.
    """
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


# ---- structured ----------------------------------------------------------------------------------


def orthogonal_(tensor, gain=1, generator=None):
    """Fill with a (semi-)orthogonal matrix times `gain` and return `tensor`.

    More than two dimensions are seen as a matrix (shape[0], rest). The QR factors are made unique
    by the signs of R's diagonal, so that the distribution is uniform (arXiv:math-ph/0609050).

    Raises
    ------
    ValueError
        For fewer than 2 dimensions.
    NotImplementedError
        For half precision.
    """
    import numpy

    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    if tensor.dtype in (float16, bfloat16):
        name = "Half" if tensor.dtype is float16 else "BFloat16"
        raise NotImplementedError(f"\"geqrf_cpu\" not implemented for '{name}'")
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    with no_grad():
        drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
        matrix = drawn.numpy()
        q, r = numpy.linalg.qr(matrix.T if rows < columns else matrix)
        q = q * numpy.sign(numpy.diag(r))
        if rows < columns:
            q = q.T
        values = numpy.ascontiguousarray(q.reshape(tuple(tensor.shape)))
        tensor.copy_(from_numpy(values))
        return tensor.mul_(gain)


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Fill a matrix with N(0, std^2), zero a fraction of each column, and return it.

    Parameters
    ----------
    tensor : Tensor
        (rows, columns).
    sparsity : float
        The fraction of each column that is zero; rounded up to whole rows.
    std : float
        Of the entries that are not zero.
    generator : Generator, optional
        Of the normal values. The zero rows are drawn from the default generator, as in PyTorch.

    Raises
    ------
    ValueError
        Unless `tensor` has 2 dimensions.
    """
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[randperm(rows)[:zeros], column] = 0
    return tensor


# ---- older names ---------------------------------------------------------------------------------


def _deprecated(function):
    """The name without the underscore, which warns."""
    name = function.__name__

    def older(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{name[:-1]}` is now deprecated in favor of `nn.init.{name}`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    older.__name__ = older.__qualname__ = name[:-1]
    older.__doc__ = f"The older name of :func:`{name}`; warns."
    return older


uniform = _deprecated(uniform_)
normal = _deprecated(normal_)
constant = _deprecated(constant_)
eye = _deprecated(eye_)
dirac = _deprecated(dirac_)
xavier_uniform = _deprecated(xavier_uniform_)
xavier_normal = _deprecated(xavier_normal_)
kaiming_uniform = _deprecated(kaiming_uniform_)
kaiming_normal = _deprecated(kaiming_normal_)
orthogonal = _deprecated(orthogonal_)
sparse = _deprecated(sparse_)
