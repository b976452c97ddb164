"""Elementwise nonlinearities, softmax and dropout."""

import warnings

from minitorch._ops import activation as _activation
from minitorch._ops import dropout as _dropout
from minitorch._ops import loss as _loss

__all__ = [
    "dropout",
    "gelu",
    "log_softmax",
    "relu",
    "relu_",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
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


def gelu(input, approximate="none"):
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
    return _activation.gelu(input, approximate=approximate)


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


def dropout(input, p=0.5, training=True, inplace=False):
    """Set each entry to 0 with probability `p` and scale the others by ``1 / (1 - p)``.

    Parameters
    ----------
    input : Tensor
        Any shape.
    p : float
        Probability of a zero.
    training : bool
        False returns the input as it is.
    inplace : bool
        Overwrite `input`.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1].
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return _dropout.dropout(input, p, training, inplace)
