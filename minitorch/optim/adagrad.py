"""Adagrad: the gradient over the root of the sum of all its squares."""

from minitorch._ops.adaptive import adaptive_step_, advance_
from minitorch._ops.creation import full_like
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_fused,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
)

__all__ = ["Adagrad"]


class Adagrad(StatefulOptimizer):
    """Adagrad, Duchi, Hazan and Singer, JMLR 12 (2011).

    Per parameter p with gradient g (negated if `maximize`), at step t::

        g = g + weight_decay * p
        s = s + g^2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 1e-2); a tensor has one element.
    lr_decay, weight_decay : float
        (default 0)
    initial_accumulator_value : float
        What the sum starts from (default 0).
    eps : float
        Added to the root (default 1e-10).
    foreach, maximize, differentiable, fused
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If an option is negative.
    RuntimeError
        If `fused` is combined with `differentiable` or `foreach`.

    Notes
    -----
    The state of a parameter, ``step`` and ``sum``, is there from the beginning.
    """

    _late_options = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        check_lr(lr)
        check_not_negative(
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, differentiable, foreach)
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param].update(self._new_state(param, group))

    def _new_state(self, param, group):
        start = self.defaults["initial_accumulator_value"]
        return {
            "step": scalar_state(0, group["fused"]),
            "sum": full_like(param, start, requires_grad=False),
        }

    def _update(self, params, group):
        if group["differentiable"]:
            super()._update(params, group)
            return
        states = [self.state[param] for param in params]
        steps = advance_([state["step"] for state in states])
        adaptive_step_(
            params,
            [param.grad for param in params],
            [(None, state["sum"], None, None) for state in states],
            [
                (1.0, float(group["weight_decay"]), 0.0, 1.0, 1.0, 1.0, group["eps"],
                 -float(_rate(step, group)), 0.0)
                for step in steps
            ],
            maximize=group["maximize"],
        )

    def _update_one(self, param, grad, state, group):
        grad = decayed(param, grad, group["weight_decay"])
        root = state["sum"].add_(grad * grad).sqrt() + group["eps"]
        param.sub_(_rate(state["step"].item(), group) * grad / root)


def _rate(step, group):
    return scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
