"""Elementwise nonlinearities, and the softmax family."""

import warnings

from minitorch._ops import activation as _activation
from minitorch._ops import creation as _creation
from minitorch._ops import loss as _loss
from minitorch._ops import piecewise as _piecewise
from minitorch._ops import smooth as _smooth
from minitorch._ops.piecewise import hardtanh_, leaky_relu_, rrelu_, threshold_
from minitorch._ops.smooth import celu_, selu_

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]


def relu(input, inplace=False):
    """``max(input, 0)``; the gradient at 0 is 0.

    Parameters
    ----------
    input : Tensor
        Any shape.
    inplace : bool
        Overwrite `input` and return it. It must not be a leaf that requires grad, nor be needed
        by the backward of the operation that made it.

    Returns
    -------
    Tensor
        Of the shape and dtype of `input`.
    """
    return _activation.relu_(input) if inplace else _activation.relu(input)


def relu_(input):
    """In-place :func:`relu`."""
    return _activation.relu_(input)


def sigmoid(input):
    """``1 / (1 + exp(-input))``, elementwise."""
    return input.sigmoid()


def tanh(input):
    """Hyperbolic tangent, elementwise."""
    return input.tanh()


def silu(input, inplace=False):
    """``input * sigmoid(input)``, elementwise; arXiv:1702.03118.

    Parameters
    ----------
    input : Tensor
        Floating point, any shape.
    inplace : bool
        Overwrite `input` and return it.
    """
    return _activation.silu(input, inplace)


def gelu(input, *, approximate="none", out=None):
    """``input * Phi(input)`` with the normal distribution function Phi; arXiv:1606.08415.

    Parameters
    ----------
    input : Tensor
        Floating point, any shape.
    approximate : {"none", "tanh"}
        "tanh": 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).

    Raises
    ------
    RuntimeError
        For another `approximate`.
    """
    return _activation.gelu(input, approximate=approximate, out=out)


def relu6(input, inplace=False):
    """``min(max(input, 0), 6)``, elementwise; in place when asked."""
    return _piecewise.relu6_(input) if inplace else _piecewise.relu6(input)


def threshold(input, threshold, value, inplace=False):
    """`input` where it is above `threshold`, else `value`.

    Parameters
    ----------
    input : Tensor
        Any shape, any dtype but bool.
    threshold, value : float
        The bound, and what takes the place of entries that do not exceed it.
    inplace : bool
        Overwrite `input` and return it.
    """
    if inplace:
        return _piecewise.threshold_(input, threshold, value)
    return _piecewise.threshold(input, threshold, value)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """Limit each entry to [`min_val`, `max_val`]; the gradient at the bounds is 0.

    Raises
    ------
    ValueError
        If `min_val` is greater than `max_val`.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if inplace:
        return _piecewise.hardtanh_(input, min_val, max_val)
    return _piecewise.hardtanh(input, min_val, max_val)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """`input` where it is positive, else ``negative_slope * input``."""
    if inplace:
        return _piecewise.leaky_relu_(input, negative_slope)
    return _piecewise.leaky_relu(input, negative_slope)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """:func:`leaky_relu` with a slope drawn from U(`lower`, `upper`) for each negative entry.

    Outside training the slope is the mean of the bounds. Source: arXiv:1505.00853.
    """
    if inplace:
        return _piecewise.rrelu_(input, lower, upper, training)
    return _piecewise.rrelu(input, lower, upper, training)


def prelu(input, weight):
    """`input` where it is positive, else ``weight * input``; arXiv:1502.01852.

    Parameters
    ----------
    input : Tensor
        Any shape; dimension 1 holds the channels.
    weight : Tensor
        One number, or (C): one for each channel.

    Raises
    ------
    RuntimeError
        If the sizes or dtypes do not fit.
    """
    return _piecewise.prelu(input, weight)


def hardswish(input, inplace=False):
    """``input * relu6(input + 3) / 6``, elementwise; arXiv:1905.02244."""
    return _piecewise.hardswish(input, inplace)


def hardsigmoid(input, inplace=False):
    """``relu6(input + 3) / 6``, elementwise."""
    return _piecewise.hardsigmoid(input, inplace)


def hardshrink(input, lambd=0.5, *, out=None):
    """`input` outside [-`lambd`, `lambd`], 0 within."""
    return _piecewise.hardshrink(input, lambd, out=out)


def softshrink(input, lambd=0.5, *, out=None):
    """`input` moved towards 0 by `lambd`, 0 within [-`lambd`, `lambd`].

    Raises
    ------
    RuntimeError
        If `lambd` is negative.
    """
    return _piecewise.softshrink(input, lambd, out=out)


def tanhshrink(input):
    """``input - tanh(input)``, elementwise."""
    return input - input.tanh()


def softsign(input):
    """``input / (1 + |input|)``, elementwise."""
    return input / (input.abs() + 1)


def elu(input, alpha=1.0, inplace=False):
    """`input` where it is positive, else ``alpha * (exp(input) - 1)``; arXiv:1511.07289."""
    return _smooth.elu(input, alpha, inplace)


def elu_(input, alpha=1.0):
    """In-place :func:`elu`."""
    return _smooth.elu(input, alpha, True)


def selu(input, inplace=False):
    """:func:`elu` with the two constants of self-normalising networks; arXiv:1706.02515."""
    return _smooth.selu(input, inplace)


def celu(input, alpha=1.0, inplace=False):
    """`input` where it is positive, else ``alpha * (exp(input / alpha) - 1)``; arXiv:1704.07483.

    Raises
    ------
    RuntimeError
        If `alpha` is 0.
    """
    return _smooth.celu(input, alpha, inplace)


def softplus(input, beta=1.0, threshold=20.0, *, out=None):
    """``log(1 + exp(beta * input)) / beta``; `input` where ``beta * input > threshold``."""
    return _smooth.softplus(input, beta, threshold, out=out)


def logsigmoid(input, *, out=None):
    """``log(sigmoid(input))``, without overflow."""
    return _smooth.logsigmoid(input, out=out)


def mish(input, inplace=False):
    """``input * tanh(softplus(input))``, elementwise; arXiv:1908.08681."""
    return _smooth.mish(input, inplace)


def glu(input, dim=-1, *, out=None):
    """The first half of `input` along `dim`, times the sigmoid of the second; arXiv:1612.08083.

    Raises
    ------
    RuntimeError
        If the size along `dim` is odd, or there is no dimension.
    """
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    return _smooth.glu(input, dim, out=out)


def _implicit_dim(name, ndim, stacklevel):
    """Return the dimension that PyTorch takes when none is given, with its warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. "
        "Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``exp(input) / sum(exp(input))`` along `dim`.

    Parameters
    ----------
    input : Tensor
        Any shape.
    dim : int
        The dimension that sums to one. Leaving it out is deprecated and warns.
    dtype : dtype, optional
        Cast to it first.
    """
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return _loss.softmax(input if dtype is None else input.to(dtype), dim)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """``log(softmax(input))`` along `dim`, without overflow; arguments as :func:`softmax`."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return _loss.log_softmax(input if dtype is None else input.to(dtype), dim)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """:func:`softmax` of ``-input``; arguments as there."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return _loss.softmax(-input, dim, dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """Draw from the Gumbel-softmax distribution; arXiv:1611.00712, arXiv:1611.01144.

    Parameters
    ----------
    logits : Tensor
        Log-probabilities, up to a constant.
    tau : float
        Temperature.
    hard : bool
        Return one-hot vectors, which get the gradient of the soft sample.
    eps : float
        Deprecated in PyTorch, where it does nothing; another value than the default warns.
    dim : int
        The dimension of the classes.

    Returns
    -------
    Tensor
        Of the shape of `logits`; the entries along `dim` sum to one.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    noise = _creation.empty(logits.shape, dtype=logits.dtype).exponential_()
    soft = _loss.softmax((logits - noise.log()) / tau, dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = _creation.zeros(logits.shape, dtype=logits.dtype).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
