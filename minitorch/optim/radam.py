"""RAdam: Adam that waits with the running square until its variance is known."""

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

__all__ = ["RAdam"]


class RAdam(StatefulOptimizer):
    """Rectified Adam, arXiv:1908.03265.

    Per parameter p with gradient g (negated if `maximize`), at step t::

        g = g + weight_decay * p                   (decoupled: p = p - lr * weight_decay * p)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        R = 2 / (1 - beta2) - 1
        r = R - 2 * t * beta2^t / (1 - beta2^t)
        if r > 5:
            c = sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r))
            p = p - lr * m / (1 - beta1^t) * sqrt(1 - beta2^t) / (sqrt(v) + eps) * c
        else:
            p = p - lr * m / (1 - beta1^t)

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 1e-3).
    betas : (float, float)
        Decay rates, in [0, 1) (default (0.9, 0.999)).
    eps : float
        Added to the root (default 1e-8).
    weight_decay : float
        L2 penalty (default 0).
    decoupled_weight_decay : bool
        Decay the parameter itself, as AdamW does (default False).
    foreach, maximize, differentiable, capturable
        See :class:`Adam`.

    Raises
    ------
    ValueError
        If an option is outside its range.

    Notes
    -----
    The state of a parameter is ``step``, ``exp_avg`` and ``exp_avg_sq``.
    """

    _late_options = {**StatefulOptimizer._late_options, "decoupled_weight_decay": False}

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        return {
            "step": scalar_state(0),
            "exp_avg": zeros_for(param),
            "exp_avg_sq": zeros_for(param),
        }

    def _update_one(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        lr = scalar(group["lr"])
        if not group["decoupled_weight_decay"]:
            grad = decayed(param, grad, group["weight_decay"])
        elif group["weight_decay"] != 0:
            param.mul_(1 - lr * group["weight_decay"])
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        step = state["step"].item()
        correction = 1 - beta2**step
        update = mean / (1 - beta1**step) * lr
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / correction
        if length > 5.0:
            # `longest` is above `length` here, so no factor is negative.
            rect = (length - 4) * (length - 2) * longest
            rect = (rect / ((longest - 4) * (longest - 2) * length)) ** 0.5
            update = update * (correction**0.5 / (square.sqrt() + group["eps"])) * rect
        param.sub_(update)
