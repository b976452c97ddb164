"""ASGD: gradient descent whose average over the last steps is kept beside it."""

from minitorch.autograd.grad_mode import no_grad
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
    zeros_for,
)

__all__ = ["ASGD"]


class ASGD(StatefulOptimizer):
    """Averaged stochastic gradient descent, Polyak and Juditsky (1992).

    Per parameter p with gradient g (negated if `maximize`), at step t, with eta = lr and mu = 1
    at first::

        g = g + weight_decay * p
        p = (1 - lambd * eta) * p - eta * g
        ax = ax + mu * (p - ax)                    the average; just p while mu is 1
        eta = lr / (1 + lambd * lr * t)^alpha
        mu = 1 / max(1, t - t0)

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 1e-2).
    lambd : float
        Decay of the parameter (default 1e-4).
    alpha : float
        Power of the decay of eta (default 0.75).
    t0 : float
        The step at which averaging starts (default 1e6).
    weight_decay : float
        L2 penalty (default 0).
    foreach, maximize, differentiable, capturable
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If `lr` or `weight_decay` is negative.

    Notes
    -----
    The state of a parameter is ``step``, ``eta``, ``mu`` and ``ax``.
    """

    _scalars = ("step", "eta", "mu")
    _captured = "params, mus, etas, and state_steps"

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay=0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        check_lr(lr)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
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
            "eta": scalar_state(group["lr"]),
            "mu": scalar_state(1),
            "ax": zeros_for(param),
        }

    def _update_one(self, param, grad, state, group):
        lr, lambd = scalar(group["lr"]), group["lambd"]
        grad = decayed(param, grad, group["weight_decay"])
        eta = state["eta"].item()
        param.mul_(1 - lambd * eta)
        param.add_(grad, alpha=-eta)
        average, mu = state["ax"], state["mu"].item()
        if mu == 1:
            average.copy_(param)
        else:
            average.add_((param - average) * mu)
        step = state["step"].item()
        with no_grad():
            state["eta"].fill_(float(lr / (1 + lambd * lr * step) ** group["alpha"]))
            state["mu"].fill_(1 / max(1, step - group["t0"]))
