"""Stochastic gradient descent."""

from minitorch._ops.sgd import sgd_step_
from minitorch.autograd.grad_mode import enable_grad
from minitorch.optim.optimizer import Optimizer, use_grad_for_differentiable
from minitorch.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Per parameter p with gradient g (negated if `maximize`), at each step::

        g = g + weight_decay * p
        if momentum:
            b = g                                  the first time
            b = momentum * b + (1 - dampening) * g afterwards
            g = g + momentum * b if nesterov else b
        p = p - lr * g

    Parameters
    ----------
    params : iterable
        Tensors, ``(name, tensor)`` pairs, or dicts with ``"params"`` and options of their own.
        Those without a gradient, such as frozen ones, are skipped and get no state.
    lr : float or Tensor
        Learning rate (default 1e-3); a tensor has one element.
    momentum : float
        Share of the past in the step (default 0).
    dampening : float
        Taken off the gradient's share in the buffer (default 0).
    weight_decay : float
        L2 penalty (default 0).
    nesterov : bool
        Look ahead by the momentum (default False); needs `momentum` and no `dampening`.
    maximize : bool
        Climb instead of descending (default False).
    foreach, fused : bool, optional
        PyTorch's choices of implementation. All parameters always go through one fused pass here,
        so every value gives that; they are kept in the groups for checkpoints.
    differentiable : bool
        Record the step, to differentiate through it (default False). It then runs as separate
        operations.

    Raises
    ------
    ValueError
        If `lr`, `momentum` or `weight_decay` is negative, or `nesterov` lacks what it needs.
    RuntimeError
        If `fused` is combined with `differentiable` or `foreach`.

    Notes
    -----
    The learning rate multiplies the buffer, not what enters it, and the buffer starts as the
    gradient, undampened: Sutskever et al. and other frameworks differ in both.
    The state of a parameter is ``{"momentum_buffer": tensor}``.

    Examples
    --------
    >>> optim = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    >>> optim.zero_grad()
    >>> loss_fn(model(data), target).backward()
    >>> optim.step()
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        if fused and differentiable:
            raise RuntimeError("`fused` does not support `differentiable`")
        if fused and foreach:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def __setstate__(self, state):
        super().__setstate__(state)
        # What checkpoints of older versions lack.
        for group in self.param_groups:
            group.setdefault("nesterov", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("differentiable", False)
            group.setdefault("fused", False)

    @use_grad_for_differentiable
    def step(self, closure=None):
        """Update all parameters that have a gradient.

        Parameters
        ----------
        closure : callable, optional
            Called first, with gradients recorded; it computes the loss anew and returns it.

        Returns
        -------
        object
            What `closure` returned, or None.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step_group(group)
        return loss

    def _step_group(self, group):
        params = [param for param in group["params"] if param.grad is not None]
        if not params:
            return
        momentum = group["momentum"]
        if momentum:
            buffers = [self.state[param].get("momentum_buffer") for param in params]
        else:
            buffers = [None] * len(params)
        update = _differentiable_step if group["differentiable"] else _fused_step
        buffers = update(params, [param.grad for param in params], buffers, group)
        if momentum:
            for param, buffer in zip(params, buffers, strict=True):
                self.state[param]["momentum_buffer"] = buffer


def _number(value):
    return value.item() if isinstance(value, Tensor) else value


def _fused_step(params, grads, buffers, group):
    """Update in one compiled pass; return the momentum buffers."""
    return sgd_step_(
        params,
        grads,
        buffers,
        _number(group["lr"]),
        group["momentum"],
        group["dampening"],
        _number(group["weight_decay"]),
        group["nesterov"],
        group["maximize"],
    )


def _differentiable_step(params, grads, buffers, group):
    """The same formula as recorded operations; return the momentum buffers."""
    momentum = group["momentum"]
    new_buffers = []
    for param, grad, buffer in zip(params, grads, buffers, strict=True):
        if group["maximize"]:
            grad = -grad
        if isinstance(group["weight_decay"], Tensor) or group["weight_decay"] != 0:
            # A copy: the in-place update below would change what the product has saved.
            grad = grad + group["weight_decay"] * param.clone()
        if momentum:
            if buffer is None:
                buffer = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad + momentum * buffer if group["nesterov"] else buffer
        new_buffers.append(buffer)
        # The buffer goes on being changed in place, so the product must save a copy of it.
        param.sub_(group["lr"] * (grad.clone() if grad is buffer else grad))
    return new_buffers
