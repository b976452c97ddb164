"""Adamax: Adam with the largest gradient in place of the root of the running square."""

from minitorch._ops.arithmetic import maximum
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_betas,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
    zeros_for,
)

__all__ = ["Adamax"]


class Adamax(StatefulOptimizer):
    """Adamax, arXiv:1412.6980, section 7.

    Per parameter p with gradient g (negated if `maximize`), at step t::

        g = g + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, |g| + eps)
        p = p - lr / (1 - beta1^t) * m / u

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 2e-3).
    betas : (float, float)
        Decay rates, in [0, 1) (default (0.9, 0.999)).
    eps : float
        Added to the magnitude of the gradient (default 1e-8).
    weight_decay : float
        L2 penalty (default 0).
    foreach, maximize, differentiable, capturable
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If an option is outside its range.

    Notes
    -----
    The state of a parameter is ``step``, ``exp_avg`` and ``exp_inf``.
    """

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        check_lr(lr)
        check_not_negative(eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        return {
            "step": scalar_state(0),
            "exp_avg": zeros_for(param),
            "exp_inf": zeros_for(param),
        }

    def _update_one(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        grad = decayed(param, grad, group["weight_decay"])
        mean, largest = state["exp_avg"], state["exp_inf"]
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(maximum(largest * beta2, grad.abs() + group["eps"]))
        rate = scalar(group["lr"]) / (1 - beta1 ** state["step"].item())
        # Copies: both go on being changed in place.
        param.sub_(rate * mean.clone() / largest.clone())
