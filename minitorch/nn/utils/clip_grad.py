"""Bounding gradients between backward and step."""

import warnings
from types import GeneratorType

from minitorch._ops.creation import tensor as make_tensor
from minitorch._ops.join import stack
from minitorch._ops.statistics import norm
from minitorch.autograd.grad_mode import no_grad
from minitorch.tensor import Tensor

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]


def _listed(tensors):
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters):
    return [param.grad for param in _listed(parameters) if param.grad is not None]


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Return the p-norm of all entries of all tensors.

    Parameters
    ----------
    tensors : iterable of Tensor, or Tensor
        Gradients, mostly.
    norm_type : float
        The p; may be ``inf`` (default 2).
    error_if_nonfinite : bool
        Raise if the norm is nan or infinite (default False).
    foreach : bool, optional
        PyTorch's choice of implementation; there is one here, with the same result.

    Returns
    -------
    Tensor
        A scalar, 0 for no tensors.

    Raises
    ------
    RuntimeError
        If the norm is not finite and `error_if_nonfinite` is set.
    """
    tensors = _listed(tensors)
    norm_type = float(norm_type)
    if not tensors:
        return make_tensor(0.0)
    total = norm(stack([norm(tensor, norm_type) for tensor in tensors]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the "
            "gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Multiply all gradients by ``max_norm / (total_norm + 1e-6)`` where that is below 1.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Whose gradients are scaled in place; those without are skipped.
    max_norm : float
        The bound.
    total_norm : Tensor
        As :func:`get_total_norm` gives it.
    foreach : bool, optional
        PyTorch's choice of implementation; there is one here, with the same result.
    """
    # The small number, PyTorch's guard against a norm of zero, is part of the result.
    factor = (float(max_norm) / (total_norm + 1e-6)).item()
    if factor >= 1.0:
        return
    for grad in _gradients(parameters):  # a NaN comes through
        grad.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
):
    """Scale all gradients so that their norm, taken together, is at most `max_norm`.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Whose gradients are scaled in place; those without are skipped.
    max_norm : float
        The bound.
    norm_type, error_if_nonfinite, foreach
        See :func:`get_total_norm`.

    Returns
    -------
    Tensor
        The norm before scaling, a scalar.

    Raises
    ------
    RuntimeError
        If the norm is not finite and `error_if_nonfinite` is set.
    """
    used_up = isinstance(parameters, GeneratorType)
    parameters = _listed(parameters)
    if used_up and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The old name of :func:`clip_grad_norm_`; warns."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated "
        "in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Limit every entry of the gradients to ``[-clip_value, clip_value]``, in place.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Those without a gradient are skipped.
    clip_value : float
        The bound.
    foreach : bool, optional
        PyTorch's choice of implementation; there is one here, with the same result.
    """
    clip_value = float(clip_value)
    for grad in _gradients(parameters):
        grad.clamp_(min=-clip_value, max=clip_value)
