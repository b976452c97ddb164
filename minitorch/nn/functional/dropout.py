"""The dropout family: elements or whole channels, to zero or to selu's lower end."""

import warnings

from minitorch._ops import dropout as _dropout

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


def _drop(name, input, p, training, inplace):
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return getattr(_dropout, name + "_" if inplace else name)(input, p, training)


def dropout(input, p=0.5, training=True, inplace=False):
    """Set each entry to 0 with probability `p` and scale the others by ``1 / (1 - p)``.

    Parameters
    ----------
    input : Tensor
        Floating point, any shape.
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
    return _drop("dropout", input, p, training, inplace)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """:func:`dropout` for selu networks: mean and variance stay what they were.

    Dropped entries become what selu makes of minus infinity; then all are scaled and moved.
    Arguments as :func:`dropout`. Source: arXiv:1706.02515.
    """
    return _drop("alpha_dropout", input, p, training, inplace)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """:func:`alpha_dropout` of whole channels of an (N, C, ...) `input`."""
    return _drop("feature_alpha_dropout", input, p, training, inplace)


def _drop_unbatched(input, p, training, inplace, batched):
    """Drop channels, those of a tensor without a batch dimension too."""
    if batched:
        return _drop("feature_dropout", input, p, training, inplace)
    if inplace:
        return _drop("feature_dropout", input.unsqueeze_(0), p, training, True).squeeze_(0)
    return _drop("feature_dropout", input.unsqueeze(0), p, training, False).squeeze(0)


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of an (N, C, L) or (C, L) `input`; arguments as :func:`dropout`.

    Raises
    ------
    RuntimeError
        For another number of dimensions.
    """
    ndim = input.dim()
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _drop_unbatched(input, p, training, inplace, ndim == 3)


def _warn_dimensions(name, ndim, spatial):
    warnings.warn(
        f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial} spatial dimensions, a channel dimension, and an optional batch dimension (i.e. "
        f"{spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of an (N, C, H, W) `input`; arguments as :func:`dropout`.

    Three dimensions are read as (N, C, L), with PyTorch's warning; numbers of dimensions other
    than three and four warn too.
    """
    ndim = input.dim()
    if ndim not in (3, 4):
        _warn_dimensions("dropout2d", ndim, 2)
    if ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D "
            "dropout behavior is desired - input is interpreted as shape (N, C, L), where C is the "
            "channel dim. This behavior will change in a future release to interpret the input as "
            "one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _drop("feature_dropout", input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of an (N, C, D, H, W) or (C, D, H, W) `input`.

    Arguments as :func:`dropout`; other numbers of dimensions warn.
    """
    ndim = input.dim()
    if ndim not in (4, 5):
        _warn_dimensions("dropout3d", ndim, 3)
    return _drop_unbatched(input, p, training, inplace, ndim == 5)
