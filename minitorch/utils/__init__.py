"""Helpers beside the network: :mod:`~minitorch.utils.data`, :mod:`~minitorch.utils.checkpoint`,
:mod:`~minitorch.utils.summary`."""

__all__ = ["checkpoint", "data", "summary"]


def __getattr__(name):
    if name in __all__:
        import importlib

        return importlib.import_module("minitorch.utils." + name)
    raise AttributeError(f"module 'minitorch.utils' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
