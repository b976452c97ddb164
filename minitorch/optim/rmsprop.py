"""RMSprop: the gradient over the root of its running square."""

from minitorch._ops.adaptive import adaptive_step_, advance_
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
    zeros_for,
)

__all__ = ["RMSprop"]


class RMSprop(StatefulOptimizer):
    """RMSprop, of G. Hinton's course (lecture 6).

    Per parameter p with gradient g (negated if `maximize`), at each step::

        g = g + weight_decay * p
        v = alpha * v + (1 - alpha) * g^2
        if centered:                               the variance; arXiv:1308.0850
            m = alpha * m + (1 - alpha) * g
            d = sqrt(v - m^2) + eps
        else:
            d = sqrt(v) + eps
        if momentum:
            b = momentum * b + g / d
            p = p - lr * b
        else:
            p = p - lr * g / d

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 1e-2); a tensor has one element.
    alpha : float
        Decay rate of the running square (default 0.99).
    eps : float
        Added to the root, not under it (default 1e-8).
    weight_decay, momentum : float
        (default 0)
    centered : bool
        Divide by the estimated deviation (default False).
    capturable, foreach, maximize, differentiable
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If an option is negative.

    Notes
    -----
    The state of a parameter is ``step``, ``square_avg``, and ``momentum_buffer`` and ``grad_avg``
    where they are in use.
    """

    _late_options = {"momentum": 0, "centered": False, **StatefulOptimizer._late_options}

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        check_lr(lr)
        check_not_negative(eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        state = {"step": scalar_state(0), "square_avg": zeros_for(param)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_for(param)
        if group["centered"]:
            state["grad_avg"] = zeros_for(param)
        return state

    def _update(self, params, group):
        if group["differentiable"]:
            super()._update(params, group)
            return
        states = [self.state[param] for param in params]
        advance_([state["step"] for state in states])
        alpha, momentum = group["alpha"], group["momentum"]
        options = (1.0, float(group["weight_decay"]), 1 - alpha, alpha, 1 - alpha, 1.0,
                   group["eps"], -float(group["lr"]), momentum)
        mean = "grad_avg" if group["centered"] else None
        velocity = "momentum_buffer" if momentum > 0 else None
        adaptive_step_(
            params,
            [param.grad for param in params],
            [(mean and s[mean], s["square_avg"], None, velocity and s[velocity]) for s in states],
            [options] * len(params),
            maximize=group["maximize"],
            centered=group["centered"],
        )

    def _update_one(self, param, grad, state, group):
        alpha, momentum = group["alpha"], group["momentum"]
        lr = scalar(group["lr"])
        grad = decayed(param, grad, group["weight_decay"])
        square = state["square_avg"]
        square.mul_(alpha).add_((1 - alpha) * grad * grad)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha).clone()
            root = (square - mean * mean).sqrt() + group["eps"]
        else:
            root = square.sqrt() + group["eps"]
        update = grad / root
        if momentum > 0:
            update = state["momentum_buffer"].mul_(momentum).add_(update).clone()
        param.sub_(lr * update)
