"""Parameters as one vector, and back."""

from minitorch._ops.join import cat
from minitorch.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters):
    """Return all values in one 1-d tensor, each parameter in logical (row-major) order.

    Parameters
    ----------
    parameters : iterable of Tensor
        As ``module.parameters()`` gives them. The result is differentiable with respect to them.
    """
    # reshape, not view: a channels_last weight cannot be viewed flat.
    return cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Cut `vec` into pieces and make them the data of the parameters.

    Parameters
    ----------
    vec : Tensor
        1-d, as :func:`parameters_to_vector` gives it; the parameters share its storage afterwards.
    parameters : iterable of Tensor
        Their shapes say where to cut.

    Raises
    ------
    TypeError
        If `vec` is no Tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec)}")
    start = 0
    for parameter in parameters:
        stop = start + parameter.numel()
        parameter.data = vec[start:stop].view(parameter.shape).data
        start = stop
