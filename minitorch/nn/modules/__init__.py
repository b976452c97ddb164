"""The layers, one family a file; ``minitorch.nn`` gives them all, and so does this package."""

from minitorch.nn.modules import utils  # noqa: F401

__all__ = []


def _gather(namespace, names):
    """Take the module classes among `names` over from ``minitorch.nn``, which lists them once."""
    from minitorch.nn.modules.module import Module

    for name in names:
        value = namespace[name]
        if isinstance(value, type) and issubclass(value, Module):
            globals()[name] = value
            __all__.append(name)
