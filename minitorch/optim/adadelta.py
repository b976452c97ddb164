"""Adadelta: steps in the units of the parameter, from running squares of both."""

from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
    zeros_for,
)

__all__ = ["Adadelta"]


class Adadelta(StatefulOptimizer):
    """Adadelta, arXiv:1212.5701.

    Per parameter p with gradient g (negated if `maximize`), at each step::

        g = g + weight_decay * p
        v = rho * v + (1 - rho) * g^2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d^2
        p = p - lr * d

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Factor of the step (default 1.0).
    rho : float
        Decay rate of both running squares, in [0, 1] (default 0.9).
    eps : float
        Added under the roots (default 1e-6).
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
    The state of a parameter is ``step``, ``square_avg`` and ``acc_delta``.
    """

    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ):
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(eps=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        return {
            "step": scalar_state(0),
            "square_avg": zeros_for(param),
            "acc_delta": zeros_for(param),
        }

    def _update_one(self, param, grad, state, group):
        rho, eps = group["rho"], group["eps"]
        grad = decayed(param, grad, group["weight_decay"])
        square, moved = state["square_avg"], state["acc_delta"]
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = (moved + eps).sqrt() / (square + eps).sqrt() * grad
        moved.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        param.sub_(scalar(group["lr"]) * delta)
