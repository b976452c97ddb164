"""Adam, and AdamW: a running mean of the gradient over the root of its running square."""

from minitorch._ops.adaptive import adaptive_step_, advance_
from minitorch._ops.arithmetic import maximum
from minitorch.optim._stateful import (
    StatefulOptimizer,
    check_betas,
    check_fused,
    check_lr,
    check_not_negative,
    decayed,
    scalar,
    scalar_state,
    zeros_for,
)
from minitorch.tensor import Tensor

__all__ = ["Adam", "AdamW"]

_FOREACH_TENSOR = "{} as a Tensor is not supported for capturable=False and foreach=True"


class Adam(StatefulOptimizer):
    """Adam, arXiv:1412.6980.

    Per parameter p with gradient g (negated if `maximize`), at step t::

        g = g + weight_decay * p                   (decoupled: p = p - lr * weight_decay * p)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        top = max(top, v) if amsgrad else v
        p = p - lr / (1 - beta1^t) * m / (sqrt(top) / sqrt(1 - beta2^t) + eps)

    Parameters
    ----------
    params : iterable
        Tensors, ``(name, tensor)`` pairs, or dicts with ``"params"`` and options of their own.
        Those without a gradient, such as frozen ones, are skipped and get no state.
    lr : float or Tensor
        Learning rate (default 1e-3); a tensor has one element.
    betas : (float, float) or (Tensor, Tensor)
        Decay rates of the two running values, in [0, 1) (default (0.9, 0.999)).
    eps : float
        Added to the root (default 1e-8).
    weight_decay : float
        L2 penalty (default 0).
    amsgrad : bool
        Divide by the largest running square so far (default False); arXiv:1904.09237.
    foreach, fused : bool, optional
        PyTorch's choices of implementation. All parameters go through one fused pass here, so
        every value gives that; they are kept in the groups for checkpoints.
    maximize : bool
        Climb instead of descending (default False).
    capturable : bool
        For graphs of an accelerator; True is refused at the first step, as by PyTorch on a CPU.
    differentiable : bool
        Record the step, to differentiate through it (default False). It then runs as separate
        operations.
    decoupled_weight_decay : bool
        Decay the parameter itself, as :class:`AdamW` does (default False).

    Raises
    ------
    ValueError
        If an option is outside its range, `betas` mixes floats and tensors, or a tensor has
        several elements or is combined with `foreach`.
    RuntimeError
        If `fused` is combined with `differentiable` or `foreach`.

    Notes
    -----
    The state of a parameter is ``step`` (a float32 scalar), ``exp_avg``, ``exp_avg_sq`` and, with
    `amsgrad`, ``max_exp_avg_sq``.

    Examples
    --------
    >>> optim = torch.optim.Adam(model.parameters(), lr=1e-3)
    >>> optim.zero_grad()
    >>> loss_fn(model(data), target).backward()
    >>> optim.step()
    """

    _late_options = {
        "amsgrad": False, **StatefulOptimizer._late_options, "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ):
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(_FOREACH_TENSOR.format("lr"))
        check_lr(lr)
        check_not_negative(eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        _check_tensor_betas(betas, foreach and not capturable)
        defaults = {
            "lr": lr,
            "betas": tuple(scalar(beta) for beta in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused(fused, differentiable, foreach)

    def _new_state(self, param, group):
        state = {
            "step": scalar_state(0, group["fused"]),
            "exp_avg": zeros_for(param),
            "exp_avg_sq": zeros_for(param),
        }
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_for(param)
        return state

    def _update(self, params, group):
        if group["foreach"] and isinstance(group["lr"], Tensor):
            raise RuntimeError(_FOREACH_TENSOR.format("lr"))
        if group["differentiable"]:
            super()._update(params, group)
            return
        states = [self.state[param] for param in params]
        steps = advance_([state["step"] for state in states])
        options = {step: _options(step, group) for step in set(steps)}
        top = "max_exp_avg_sq" if group["amsgrad"] else None
        adaptive_step_(
            params,
            [param.grad for param in params],
            [(s["exp_avg"], s["exp_avg_sq"], top and s[top], None) for s in states],
            [options[step] for step in steps],
            maximize=group["maximize"],
        )

    def _update_one(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        lr = scalar(group["lr"])
        weight_decay = group["weight_decay"]
        if not group["decoupled_weight_decay"]:
            grad = decayed(param, grad, weight_decay)
        elif weight_decay != 0:
            param.mul_(1 - lr * weight_decay)
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).add_((1 - beta2) * grad * grad)
        largest = square
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            largest.copy_(maximum(largest.clone(), square))
        # PyTorch's form where the step is recorded: corrections in the dtype of the counter, the
        # rate inside the denominator. The copies are of what goes on being changed in place.
        step = state["step"].clone()
        minus_rate = -(lr / (1 - beta1**step))
        root = largest.sqrt() / ((1 - beta2**step).sqrt() * minus_rate)
        param.addcdiv_(mean.clone(), root + group["eps"] / minus_rate)


class AdamW(Adam):
    """Adam with decoupled weight decay, arXiv:1711.05101: ``p = p - lr * weight_decay * p``.

    The arguments are those of :class:`Adam`, with 1e-2 as `weight_decay`; the decay enters neither
    running value.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ):
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


def _check_tensor_betas(betas, foreach):
    kinds = [isinstance(beta, Tensor) for beta in betas]
    if not (all(kinds) or all(isinstance(beta, float) for beta in betas)):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, beta in enumerate(betas):
        if not kinds[i]:
            continue
        if foreach:
            raise ValueError(_FOREACH_TENSOR.format(f"betas[{i}]"))
        if beta.numel() != 1:
            raise ValueError(f"Tensor betas[{i}] must be 1-element")


def _options(step, group):
    """What the compiled pass needs for step number `step`; tensors among it become numbers."""
    beta1, beta2 = group["betas"]
    lr, decay = scalar(group["lr"]), scalar(group["weight_decay"])
    decoupled = group["decoupled_weight_decay"]
    return (
        float(1 - lr * decay) if decoupled else 1.0,
        0.0 if decoupled else float(decay),
        float(1 - beta1),
        float(beta2),
        float(1 - beta2),
        float((1 - beta2**step) ** 0.5),
        group["eps"],
        float(-(lr / (1 - beta1**step))),
        0.0,
    )
