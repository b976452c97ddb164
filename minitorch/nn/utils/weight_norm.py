"""Weights as a direction and a length, the old way: by a hook before forward."""

import warnings

from minitorch._ops.statistics import norm
from minitorch.nn.parameter import Parameter

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


def _length(v, dim):
    """The norm of each slice along `dim`, with the other dimensions of size 1; -1: of the whole."""
    if dim == -1:
        return norm(v, 2)
    return norm(v, 2, [d for d in range(v.dim()) if d != dim % v.dim()], keepdim=True)


class WeightNorm:
    """The hook that computes ``weight = g * v / |v|`` before each forward."""

    def __init__(self, name, dim):
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module):
        """Return the weight of now."""
        v = getattr(module, self.name + "_v")
        return v * (getattr(module, self.name + "_g") / _length(v, self.dim))

    @staticmethod
    def apply(module, name, dim):
        """Split the parameter `name` of a module, and hook up its computation."""
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated "
            "in favor of `torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two weight_norm hooks on the same parameter {name}"
                )
        fn = WeightNorm(name, dim)
        weight = getattr(module, name)
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(_length(weight, fn.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, fn.compute_weight(module))
        module.register_forward_pre_hook(fn)
        return fn

    def remove(self, module):
        """Make the weight of now a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"]
        del module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name="weight", dim=0):
    """Train the direction and the lengths of a weight in its place; arXiv:1602.07868.

    The parameter `name` becomes two, ``name_v`` in its shape and ``name_g`` with the lengths.

    Parameters
    ----------
    module : Module
        Changed in place.
    name : str
        Of the parameter (default ``"weight"``).
    dim : int or None
        The dimension along which each slice has a length of its own (default 0); None is one
        length for all.

    Returns
    -------
    Module
        The same one.

    Raises
    ------
    RuntimeError
        If it is done already.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name="weight"):
    """Undo :func:`weight_norm`, with the weight of now.

    Raises
    ------
    ValueError
        If there is nothing to undo.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
