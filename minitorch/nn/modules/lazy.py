"""Modules that learn the shapes of their parameters from the first input."""

from itertools import chain

from minitorch.autograd.grad_mode import no_grad
from minitorch.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """Comes before a Module class whose parameters start as UninitializedParameter.

    A subclass writes ``initialize_parameters(*args, **kwargs)``, which gets the arguments of the
    first forward and calls ``materialize`` on each parameter and buffer; the module's class is
    `cls_to_become` from then on. Loading a state_dict gives the shapes too.

    Attributes
    ----------
    cls_to_become : type or None
        The class afterwards; None keeps it.
    """

    cls_to_become = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(_materialize, with_module=True)
        self._initialize_hook = self.register_forward_pre_hook(_infer, with_kwargs=True)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, value in chain(self._parameters.items(), self._buffers.items()):
            if is_lazy(value) and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = value

    def initialize_parameters(self, *args, **kwargs):
        """Give the parameters their shapes and values; subclasses define it."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self):
        """Whether a parameter or buffer of this module has no shape yet."""
        return any(map(is_lazy, chain(self._parameters.values(), self._buffers.values())))


def _materialize(module, state_dict, prefix, *unused):
    """Before a load: take the shapes that the state_dict knows."""
    with no_grad():
        for name, value in chain(module._parameters.items(), module._buffers.items()):
            loaded = state_dict.get(prefix + name)
            if is_lazy(value) and loaded is not None and not is_lazy(loaded):
                value.materialize(loaded.shape)


def _infer(module, args, kwargs):
    """Before the first forward: initialise, and be lazy no more."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    module._load_hook.remove()
    del module._initialize_hook, module._load_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become
