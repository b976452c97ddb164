"""NAdam: Adam that looks ahead by Nesterov's momentum."""

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

__all__ = ["NAdam"]


class NAdam(StatefulOptimizer):
    """NAdam, Dozat, "Incorporating Nesterov Momentum into Adam" (2016).

    Per parameter p with gradient g (negated if `maximize`), at step t::

        g = g + weight_decay * p                   (decoupled: p = p - lr * weight_decay * p)
        mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2)
        M = mu(1) * ... * mu(t)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        d = sqrt(v / (1 - beta2^t)) + eps
        p = p - lr * ((1 - mu(t)) / (1 - M) * g + mu(t + 1) / (1 - M * mu(t + 1)) * m) / d

    Parameters
    ----------
    params : iterable
        See :class:`Adam`.
    lr : float or Tensor
        Learning rate (default 2e-3).
    betas : (float, float)
        Decay rates, in [0, 1) (default (0.9, 0.999)).
    eps : float
        Added to the root (default 1e-8).
    weight_decay : float
        L2 penalty (default 0).
    momentum_decay : float
        (default 4e-3)
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
    The state of a parameter is ``step``, ``mu_product``, ``exp_avg`` and ``exp_avg_sq``.
    """

    _late_options = {**StatefulOptimizer._late_options, "decoupled_weight_decay": False}
    _scalars = ("step", "mu_product")
    _captured = "params, mu_products and state_steps"

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=4e-3,
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
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _new_state(self, param, group):
        return {
            "step": scalar_state(0),
            "mu_product": scalar_state(1),
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
        step = state["step"].item()
        momentum_decay = group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * momentum_decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * momentum_decay))
        state["mu_product"] *= mu
        product = state["mu_product"]
        # A recorded step goes on in the dtype of the product, as PyTorch's does.
        product = product.clone() if group["differentiable"] else product.item()
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = (square / (1 - beta2**step)).sqrt() + group["eps"]
        param.sub_(lr * (1.0 - mu) / (1.0 - product) * grad / root)
        # A copy: the mean goes on being changed in place.
        param.sub_(lr * mu_next / (1.0 - product * mu_next) * mean.clone() / root)
