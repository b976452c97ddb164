"""Modules whose values are going to be loaded or set anyway."""

import inspect

from minitorch.nn.modules.module import Module
from minitorch.random import fork_rng

__all__ = ["skip_init"]


def skip_init(module_cls, *args, **kwargs):
    """Make a module without drawing from the default generator.

    PyTorch leaves the values undefined, to save time; here they are the ones that the constructor
    draws, and the generator is put back, so that what is drawn afterwards is the same as there.

    Parameters
    ----------
    module_cls : type
        A module class that takes `device`.
    *args, **kwargs
        Of its constructor.

    Returns
    -------
    Module

    Raises
    ------
    RuntimeError
        If `module_cls` is no module class, or takes no `device`.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with fork_rng():
        return module_cls(*args, **kwargs)
