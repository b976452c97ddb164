"""Bounding gradients between backward and step."""

import math

from minitorch._ops.creation import tensor as make_tensor
from minitorch.autograd.grad_mode import no_grad
from minitorch.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def _gradients(parameters):
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _norm(grad, norm_type):
    """Return the p-norm of all entries, as a scalar tensor."""
    magnitudes = grad.detach().abs()
    if norm_type == math.inf:
        return magnitudes.max()
    if norm_type == 1.0:
        return magnitudes.sum()
    if norm_type == 2.0:
        return (magnitudes * magnitudes).sum().sqrt()
    return (magnitudes**norm_type).sum() ** (1.0 / norm_type)


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
    norm_type : float
        The p of the p-norm; may be ``inf``, and must be positive.
    error_if_nonfinite : bool
        Raise if the norm is nan or infinite (default False).
    foreach : bool, optional
        PyTorch's choice of implementation; there is one here, with the same result.

    Returns
    -------
    Tensor
        The norm before scaling, a scalar.

    Raises
    ------
    RuntimeError
        If the norm is not finite and `error_if_nonfinite` is set.
    ValueError
        If `norm_type` is not positive.
    """
    norm_type = float(norm_type)
    if not norm_type > 0:
        raise ValueError(f"norm_type must be positive, but got {norm_type}")
    grads = _gradients(parameters)
    if not grads:
        return make_tensor(0.0)
    with no_grad():
        norms = make_tensor([_norm(grad, norm_type).item() for grad in grads], dtype=grads[0].dtype)
        total = _norm(norms, norm_type)
        value = total.item()
        if error_if_nonfinite and not math.isfinite(value):
            raise RuntimeError(
                f"The total norm of order {norm_type} for gradients from `parameters` is "
                "non-finite, so it cannot be clipped. To disable this error and scale the "
                "gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
            )
        # PyTorch's guard against a norm of zero, part of its result.
        factor = float(max_norm) / (value + 1e-6)
        if not factor >= 1.0:
            for grad in grads:
                grad.mul_(factor)
    return total


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
    with no_grad():
        for grad in _gradients(parameters):
            grad.clamp_(min=-clip_value, max=clip_value)
