"""What the optimizers with running statistics share: state, its scalars, the loop of a step."""

from minitorch._core.dtype import float32, float64, get_default_dtype
from minitorch._ops.creation import full, zeros_like
from minitorch.autograd.grad_mode import enable_grad
from minitorch.optim.optimizer import Optimizer, use_grad_for_differentiable
from minitorch.tensor import Tensor

__all__ = [
    "StatefulOptimizer",
    "check_betas",
    "check_fused",
    "check_lr",
    "check_not_negative",
    "decayed",
    "scalar",
    "scalar_state",
    "zeros_for",
]

# What PyTorch says where no device can replay a recorded graph of kernels.
_NO_CAPTURE = (
    "If capturable=True, {} must be on supported devices: "
    "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
)


def check_lr(lr):
    """Refuse a learning rate of several elements or below zero."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not 0.0 <= lr:
        raise ValueError(f"Invalid learning rate: {lr}")


def check_not_negative(**options):
    """Refuse an option below zero, or NaN; underscores of its name become blanks."""
    for name, value in options.items():
        if not 0.0 <= value:
            name = "epsilon" if name == "eps" else name
            raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas):
    """Refuse decay rates outside [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_fused(fused, differentiable, foreach):
    """Refuse what cannot go together with the fused implementation."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def scalar_state(value, fused=False):
    """A number of the state as PyTorch keeps it: a scalar tensor, float32 unless all is float64."""
    wide = not fused and get_default_dtype() is float64
    return full((), float(value), dtype=float64 if wide else float32)


def zeros_for(param):
    """Running values of a parameter, zero in its shape, dtype and memory format."""
    return zeros_like(param, requires_grad=False)


def scalar(value):
    """A hyper-parameter for arithmetic: a tensor of one element without its dimensions."""
    return value.squeeze() if isinstance(value, Tensor) and value.dim() else value


def decayed(param, grad, weight_decay):
    """The gradient with the L2 penalty's; a new tensor unless there is none."""
    if isinstance(weight_decay, Tensor) and weight_decay.requires_grad:
        # A copy: the step changes in place what the product has saved.
        return grad + param.clone() * weight_decay
    return grad.add(param, alpha=weight_decay) if weight_decay != 0 else grad


class StatefulOptimizer(Optimizer):
    """Base of optimizers that keep running values of each parameter.

    A subclass defines ``_new_state(param, group)`` and ``_update_one(param, grad, state, group)``,
    the formula in tensor operations, which ``differentiable`` records. It may replace ``_update``
    by a compiled pass over all parameters of a group.
    """

    # What checkpoints of older versions lack in their groups.
    _late_options = {"foreach": None, "maximize": False, "differentiable": False,
                     "capturable": False}
    # Scalars of the state, which older versions kept as numbers.
    _scalars = ("step",)
    # What must be on a capturing device, as the error names it.
    _captured = "params and state_steps"

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self._late_options.items():
                group.setdefault(name, value)
            for param in group["params"]:
                kept = self.state.get(param, {})
                for name in self._scalars:
                    if name in kept and not isinstance(kept[name], Tensor):
                        kept[name] = scalar_state(kept[name], group.get("fused"))

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
            params = [param for param in group["params"] if param.grad is not None]
            for param in params:
                state = self.state[param]
                if not state:
                    state.update(self._new_state(param, group))
                if group["differentiable"] and state["step"].requires_grad:
                    raise RuntimeError(
                        "`requires_grad` is not supported for `step` in differentiable mode"
                    )
            if params and group.get("capturable"):
                raise AssertionError(_NO_CAPTURE.format(self._captured))
            if params:
                self._update(params, group)
        return loss

    def _new_state(self, param, group):
        raise NotImplementedError

    def _update(self, params, group):
        for param in params:
            state = self.state[param]
            state["step"] += 1
            grad = -param.grad if group["maximize"] else param.grad
            self._update_one(param, grad, state, group)

    def _update_one(self, param, grad, state, group):
        raise NotImplementedError
