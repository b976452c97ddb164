"""Rprop: a step size for each element, moved by the signs of the gradient alone."""

from minitorch._ops.creation import full_like, ones_like
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_lr,
    scalar_state,
    zeros_for,
)

__all__ = ["Rprop"]


class Rprop(StatefulOptimizer):
    """Resilient backpropagation, Riedmiller and Braun (1993).

    Per element with gradient g (negated if `maximize`), with size = lr at first::

        if g * previous > 0:   size = min(size * etas[1], step_sizes[1])
        elif g * previous < 0: size = max(size * etas[0], step_sizes[0]);  g = 0
        p = p - sign(g) * size
        previous = g

    It needs gradients of the whole data, not of batches.

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        The first step size (default 1e-2).
    etas : (float, float)
        Factors of the step size, below and above 1 (default (0.5, 1.2)).
    step_sizes : (float, float)
        Bounds of the step size (default (1e-6, 50)).
    capturable, foreach, maximize, differentiable
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If `lr` is negative, or not 0 < etas[0] < 1 < etas[1].

    Notes
    -----
    The state of a parameter is ``step``, ``prev`` and ``step_size``.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        return {
            "step": scalar_state(0),
            "prev": zeros_for(param),
            "step_size": full_like(param.grad, float(group["lr"]), requires_grad=False),
        }

    def _update_one(self, param, grad, state, group):
        shrink, grow = group["etas"]
        previous, size = state["prev"], state["step_size"]
        agreement = (grad * previous.clone()).sign()
        turned = agreement < 0
        factor = ones_like(size).masked_fill_(agreement > 0, grow).masked_fill_(turned, shrink)
        size.mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.masked_fill(turned, 0)
        # A copy: the sizes go on being changed in place.
        param.sub_(grad.sign() * size.clone())
        previous.copy_(grad)
