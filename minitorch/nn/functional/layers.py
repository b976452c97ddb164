"""linear and flatten."""

from minitorch._ops import linear as _linear

__all__ = ["flatten", "linear"]


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
